//! Where records say that bombs fell, blurred by how wrong their places are: cells ranked within
//! one area. A ranking, never a probability of ordnance.

use serde::{Deserialize, Serialize};

use super::chance::normal_cdf;
use crate::Error;
use crate::error::Result;
use crate::records::{Record, datum};

/// What must stand beside every use of the ranking.
pub const STATEMENT: &str = "relative intensity of recorded bombs, given these records and their \
    errors: a ranking of cells within this area, not a probability of ordnance; a low rank says \
    nothing about what lies in a cell";

/// A record on the ground, metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Drop {
    /// East and north of the middle of the bombs.
    pub position: [f64; 2],
    /// Bombs.
    pub n_bombs: f64,
    /// One standard deviation of the place.
    pub error_m: f64,
    /// Direction of flight and metres from first to last bomb, where both are known.
    pub line: Option<[f64; 2]>,
}

/// Cells by rank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// West, south, side of a cell, cells in a row, rows.
    pub west_m: f64,
    /// South of the first row.
    pub south_m: f64,
    /// Side of a cell.
    pub cell_m: f64,
    /// Cells in a row.
    pub width: usize,
    /// Rows, from south to north.
    pub height: usize,
    /// Expected recorded bombs in each cell.
    pub bombs: Vec<f32>,
    /// 1 (least) to 10 (most), within this area.
    pub decile: Vec<u8>,
    /// What it is not.
    pub statement: String,
}

/// The narrowest blur: nobody's records are better than this.
const LEAST_ERROR_M: f64 = 50.0;
/// Places along a stick.
const N_ALONG: usize = 9;

impl Ranking {
    /// A row a cell: west, south and side in metres, expected recorded bombs, decile.
    pub fn csv(&self) -> String {
        let mut text = "west_m,south_m,side_m,recorded_bombs,decile\n".to_owned();
        for (at, (bombs, decile)) in self.bombs.iter().zip(&self.decile).enumerate() {
            let west = self.west_m + (at % self.width) as f64 * self.cell_m;
            let south = self.south_m + (at / self.width) as f64 * self.cell_m;
            text += &format!("{west:.1},{south:.1},{},{bombs:.4},{decile}\n", self.cell_m);
        }
        text
    }
}

/// Records on the ground of a projection, which is PROJ text.
///
/// # Errors
/// Where the text is no projection or a position lies outside of it.
pub fn drops(records: &[Record], proj: &str) -> Result<Vec<Drop>> {
    let lon_lats: Vec<[f64; 2]> = records.iter().map(|record| record.lon_lat).collect();
    let one = |(record, position): (&Record, [f64; 2])| Drop {
        position,
        n_bombs: f64::from(record.n_bombs),
        error_m: record.error_m,
        line: record.stick.and_then(|stick| Some([stick.heading_deg?, stick.length_m?])),
    };
    Ok(records.iter().zip(datum::to_metres(&lon_lats, proj)?).map(one).collect())
}

/// The area that holds records and nearly all of their blur: `[west, south, east, north]`, metres.
pub fn area_of(drops: &[Drop]) -> [f64; 4] {
    let far = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    drops.iter().fold(far, |area, drop| {
        let ([x, y], reach) = (drop.position, 2.0 * drop.error_m.max(LEAST_ERROR_M));
        [
            area[0].min(x - reach),
            area[1].min(y - reach),
            area[2].max(x + reach),
            area[3].max(y + reach),
        ]
    })
}

/// Ranks the cells of an area `[west, south, east, north]`, in metres.
///
/// # Errors
/// Where a cell is not 50 to 100 m wide, or there are no records or too many cells.
pub fn rank(drops: &[Drop], area: [f64; 4], cell_m: f64) -> Result<Ranking> {
    let [west_m, south_m, east, north] = area;
    let (width, height) = ((east - west_m) / cell_m, (north - south_m) / cell_m);
    if !(50.0..=100.0).contains(&cell_m)
        || drops.is_empty()
        || !(1.0..=4e6).contains(&(width * height))
    {
        return Err(Error::refused(
            format!("{} records in cells of {cell_m} m", drops.len()),
            "take cells of 50 to 100 m over the area of the records",
        ));
    }
    let (width, height) = (width.ceil() as usize, height.ceil() as usize);
    let mut bombs = vec![0.0; width * height];
    for drop in drops {
        for place in places(drop) {
            let columns = shares(place[0] - west_m, drop.error_m, cell_m, width);
            let rows = shares(place[1] - south_m, drop.error_m, cell_m, height);
            for (row, y) in rows.iter().enumerate().filter(|(_, y)| **y > 1e-9) {
                for (column, x) in columns.iter().enumerate() {
                    bombs[row * width + column] += (drop.n_bombs / place[2] * x * y) as f32;
                }
            }
        }
    }
    let decile = deciles(&bombs);
    let statement = STATEMENT.to_owned();
    Ok(Ranking { west_m, south_m, cell_m, width, height, bombs, decile, statement })
}

/// Where the bombs of a record lay, each place with the number of places.
fn places(drop: &Drop) -> Vec<[f64; 3]> {
    let [x, y] = drop.position;
    let Some([heading, length]) = drop.line else { return vec![[x, y, 1.0]] };
    let (east, north) = heading.to_radians().sin_cos();
    let along = |at: usize| length * (at as f64 / (N_ALONG - 1) as f64 - 0.5);
    (0..N_ALONG).map(|at| [x + east * along(at), y + north * along(at), N_ALONG as f64]).collect()
}

/// The share of a normal law around `at` in each cell along one axis.
fn shares(at: f64, error_m: f64, cell_m: f64, n: usize) -> Vec<f64> {
    let error_m = error_m.max(LEAST_ERROR_M);
    let below: Vec<f64> =
        (0..=n).map(|edge| normal_cdf((edge as f64 * cell_m - at) / error_m)).collect();
    below.windows(2).map(|ends| ends[1] - ends[0]).collect()
}

fn deciles(values: &[f32]) -> Vec<u8> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let rank = |value: &f32| sorted.partition_point(|other| other < value);
    values.iter().map(|value| (rank(value) * 10 / values.len()) as u8 + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drop(line: Option<[f64; 2]>) -> Drop {
        Drop { position: [1000.0, 1000.0], n_bombs: 10.0, error_m: 150.0, line }
    }

    #[test]
    fn bombs_are_spread_by_the_error_of_their_place_and_none_is_lost() {
        let ranking = rank(&[drop(None)], [0.0, 0.0, 2000.0, 2000.0], 100.0).unwrap();
        assert!((ranking.bombs.iter().sum::<f32>() - 10.0).abs() < 1e-3);
        assert_eq!(ranking.decile[10 * 20 + 10], 10);
        assert_eq!(ranking.decile[0], 1);
    }

    #[test]
    fn a_stick_is_spread_along_its_heading() {
        let line = Some([90.0, 1000.0]);
        let ranking = rank(&[drop(line)], [0.0, 0.0, 2000.0, 2000.0], 100.0).unwrap();
        let at = |column: usize, row: usize| ranking.bombs[row * 20 + column];
        assert!(at(14, 10) > 5.0 * at(10, 14), "{} {}", at(14, 10), at(10, 14));
    }

    #[test]
    fn fine_cells_are_refused() {
        assert!(rank(&[drop(None)], [0.0, 0.0, 2000.0, 2000.0], 10.0).is_err());
    }
}
