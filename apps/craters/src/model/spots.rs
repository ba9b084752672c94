//! Craters of a few pixels: no shading, no rim, a spot that is brighter or darker than what lies
//! around it. Found on the image's own pixels; what they show is measured as they are.

use crate::candidates::{Candidate, Settings};
use crate::data::{Band, Window};
use crate::raster::Raster;

/// Bands whose pixels are measured.
const BANDS: [(Band, &str); 5] = [
    (Band::Pan, "pan"),
    (Band::Blue, "blue"),
    (Band::Green, "green"),
    (Band::Red, "red"),
    (Band::Nir, "nir"),
];
/// Pixels to each side of the centre that are measured.
const REACH: isize = 3;
/// Rim radius of a spot in pixels, before it is corrected.
const RADIUS: f32 = 2.0;

/// Names of what [`measure`] measures.
pub(crate) fn names() -> Vec<String> {
    let mut names = Vec::new();
    for (_, band) in BANDS {
        for row in -REACH..=REACH {
            names.extend((-REACH..=REACH).map(|column| format!("spot_{band}_{row}_{column}")));
        }
        names.extend(["noise", "level"].map(|what| format!("spot_{band}_{what}")));
    }
    names
}

/// The pixels that are the most extreme of the nine around them, by how far they stand out.
pub(crate) fn find(grey: &Raster, settings: &Settings) -> Vec<Candidate> {
    let plane = standing_out(grey);
    let mut found = Vec::new();
    for row in 0..grey.height as isize {
        for column in 0..grey.width as isize {
            let value = plane.get(column, row);
            if is_extreme(&plane, column, row, value) {
                found.push(Candidate {
                    x: column as f32 + 0.5,
                    y: row as f32 + 0.5,
                    radius_px: RADIUS,
                    score: value.abs(),
                });
            }
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let quota = settings.quota_per_mp * (grey.width * grey.height) as f32 / 1e6;
    found.truncate(quota.ceil() as usize);
    found
}

/// The mean of the nine around each pixel less that of the 49, in shares of the latter.
fn standing_out(grey: &Raster) -> Raster {
    let mut plane = grey.clone();
    for row in 0..grey.height as isize {
        for column in 0..grey.width as isize {
            let (near, wide) = (mean(grey, column, row, 1), mean(grey, column, row, REACH));
            plane.values[row as usize * grey.width + column as usize] = near / wide - 1.0;
        }
    }
    plane
}

fn square(column: isize, row: isize, reach: isize) -> impl Iterator<Item = (isize, isize)> {
    (row - reach..=row + reach)
        .flat_map(move |y| (column - reach..=column + reach).map(move |x| (x, y)))
}

fn mean(plane: &Raster, column: isize, row: isize, reach: isize) -> f32 {
    let (mut sum, mut n) = (0.0, 0.0);
    for (x, y) in square(column, row, reach) {
        let value = plane.get(x, y);
        if !value.is_nan() {
            sum += value;
            n += 1.0;
        }
    }
    sum / n
}

fn is_extreme(plane: &Raster, column: isize, row: isize, value: f32) -> bool {
    let others = || square(column, row, 1).filter(|of| *of != (column, row));
    // Of equal neighbours the first in reading order counts.
    let before = |x: isize, y: isize| (y, x) < (row, column);
    let beats = |sign: f32| {
        others().all(|(x, y)| {
            let other = sign * plane.get(x, y);
            other.is_nan() || other < sign * value || (other == sign * value && !before(x, y))
        })
    };
    value.is_finite() && ((value > 0.0 && beats(1.0)) || (value < 0.0 && beats(-1.0)))
}

/// The pixels around a spot, each as a share of their median less one; how much they scatter; the
/// median. NaN where a band is absent.
pub(crate) fn measure(window: &Window, spot: &Candidate, row: &mut Vec<f32>) {
    let (x, y) = (spot.x.floor() as isize, spot.y.floor() as isize);
    for (band, _) in BANDS {
        let value = |(x, y)| window.band(band).map_or(f32::NAN, |plane| plane.get(x, y));
        let values: Vec<f32> = square(x, y, REACH).map(value).collect();
        let median = middle(values.clone());
        row.extend(values.iter().map(|value| value / median - 1.0));
        row.push(middle(values.iter().map(|value| (value / median - 1.0).abs()).collect()));
        row.push(median);
    }
}

fn middle(mut values: Vec<f32>) -> f32 {
    values.retain(|value| !value.is_nan());
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f32::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bright_pixel_and_a_dark_one_are_spots_and_level_ground_has_none() {
        let mut grey = Raster::filled(20, 20, 100.0);
        assert_eq!(find(&grey, &Settings::default()), []);
        grey.values[5 * 20 + 5] = 150.0;
        grey.values[14 * 20 + 12] = 60.0;
        let settings = Settings { quota_per_mp: 5000.0, ..Settings::default() };
        let spots = find(&grey, &settings);
        assert_eq!(spots.len(), 2);
        let mut row = Vec::new();
        measure(&Window::of(Band::Pan, grey), &spots[0], &mut row);
        assert_eq!(row.len(), names().len());
        assert!(row[..49].contains(&0.5));
    }
}
