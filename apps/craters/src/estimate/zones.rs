//! Risk zones around craters, after Mahling, Höhle, Küchenhoff 2013 (J. R. Stat. Soc. C 62:181).
//!
//! Craters are bombs that exploded; unexploded ones fell in the same pattern. Where craters have
//! the intensity λ(x) and a share q of the bombs failed, unexploded bombs have the intensity
//! `λ(x)·q/(1 − q)`. Two zones follow:
//!
//! * by intensity: `{x : λ(x)·q/(1 − q) > c}`, c such that `P(any unexploded bomb outside) ≤ α`;
//! * a buffer: all within a distance of a crater, chosen so that each unexploded bomb lies inside
//!   with the stated probability.
//!
//! A statement holds for bombs inside the window of the survey, of the pattern that left craters,
//! with the share q that is put in. It says nothing of other munitions, and a place outside of a
//! zone is not free of risk.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use record::Interval;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::Result;

mod contour;
mod kernel;
mod nearest;

use kernel::{OUTSIDE, Surface};

/// How a zone is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// By intensity: at most `alpha` is the probability that any unexploded bomb lies outside.
    Intensity {
        /// Probability of any outside.
        alpha: f64,
    },
    /// A buffer: each unexploded bomb lies inside with at least this probability.
    Buffer {
        /// Probability for one bomb.
        level: f64,
    },
}

/// What a zone is made from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How it is drawn.
    pub method: Method,
    /// Share of bombs that failed.
    pub q: f64,
    /// Side of a cell, metres; none chooses about 200 cells along the window.
    pub cell_m: Option<f64>,
}

/// A zone on the ground.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    /// How it was drawn.
    pub settings: Settings,
    /// Its parts in metres: the first ring of each encloses it, the others are holes. Closed:
    /// the first position is repeated.
    pub polygons: Vec<Vec<Vec<[f64; 2]>>>,
    /// Cells inside the window: whether they belong to the zone, and the intensity.
    pub grid: Grid,
    /// Square metres.
    pub area_m2: f64,
    /// Share of the window's area.
    pub share_of_window: f64,
    /// Standard deviation of the kernel, or radius of the buffer, metres.
    pub reach_m: f64,
    /// Unexploded bombs expected outside, by the model.
    pub expected_outside: f64,
    /// What is promised, in a sentence.
    pub statement: String,
}

/// Values in square cells, rows from south to north.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// East of the first cell's western side.
    pub west_m: f64,
    /// North of the first row's southern side.
    pub south_m: f64,
    /// Side of a cell, metres.
    pub cell_m: f64,
    /// Cells in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Unexploded bombs a square kilometre; none outside of the window.
    pub per_km2: Vec<Option<f32>>,
    /// Whether a cell belongs to the zone.
    pub inside: Vec<bool>,
}

/// Fewest craters that give an intensity.
pub const FEWEST_CRATERS: usize = 10;

/// The zone around craters within a window, both in metres. The window is a ring of corners.
///
/// # Errors
/// Where there are too few craters, the window is no polygon, or a setting is out of range.
pub fn zone(craters: &[[f64; 2]], window: &[[f64; 2]], settings: &Settings) -> Result<Zone> {
    check(craters, window, settings)?;
    let surface = Surface::new(craters, window, settings.cell_m)?;
    let field = Field::of(&surface, settings);
    let polygons = contour::polygons(&surface.frame, &field.values, field.level);
    Ok(field.into_zone(&surface, settings, polygons))
}

fn check(craters: &[[f64; 2]], window: &[[f64; 2]], settings: &Settings) -> Result<()> {
    if craters.len() < FEWEST_CRATERS {
        return Err(Error::refused(
            format!("{} craters in the window give no intensity", craters.len()),
            format!("survey a larger area, or lower the threshold: {FEWEST_CRATERS} are needed"),
        ));
    }
    if window.len() < 3 || kernel::area(window) <= 0.0 {
        return Err(Error::refused("the window is no polygon", "give at least three corners"));
    }
    let share = match settings.method {
        Method::Intensity { alpha } => alpha,
        Method::Buffer { level } => level,
    };
    let is_open = |share: f64| 0.0 < share && share < 1.0;
    if !is_open(share) || !is_open(settings.q) {
        return Err(Error::refused(
            format!("q {} and probability {share} must lie between 0 and 1", settings.q),
            "give shares such as 0.1",
        ));
    }
    Ok(())
}

/// A field over the cells whose values above a level are the zone.
struct Field {
    values: Vec<f32>,
    level: f32,
    reach_m: f64,
}

impl Field {
    fn of(surface: &Surface, settings: &Settings) -> Self {
        match settings.method {
            Method::Intensity { alpha } => {
                // What lies at the cut belongs to the zone; without a cut the whole window does.
                let cut = surface.cut(settings.q, alpha).unwrap_or(0.0);
                let level = if cut > 0.0 { (cut * (1.0 - 1e-6)) as f32 } else { -1.0 };
                Self { values: surface.density.clone(), level, reach_m: surface.bandwidth_m }
            }
            Method::Buffer { level } => {
                // Half a cell more: a position is known to its cell only.
                let whole = surface.frame.diagonal_m();
                let radius = nearest::radius(&surface.points, level, whole);
                let radius = radius + surface.frame.cell_m / 2.0;
                let distances = nearest::distances(&surface.frame, &surface.points, radius);
                let inside = surface.frame.inside.iter();
                let value = |(metres, inside): (f32, &bool)| {
                    if *inside { -metres } else { f32::MIN }
                };
                let values = distances.into_iter().zip(inside).map(value).collect();
                Self { values, level: -radius as f32, reach_m: radius }
            }
        }
    }
}

impl Field {
    fn into_zone(
        self,
        surface: &Surface,
        settings: &Settings,
        polygons: Vec<Vec<Vec<[f64; 2]>>>,
    ) -> Zone {
        let frame = &surface.frame;
        let odds = settings.q / (1.0 - settings.q);
        let cell_m2 = frame.cell_m * frame.cell_m;
        let n_inside = frame.inside.iter().filter(|inside| **inside).count();
        let is_zone = |(value, inside): (&f32, &bool)| *inside && *value > self.level;
        let inside: Vec<bool> = self.values.iter().zip(&frame.inside).map(is_zone).collect();
        let n_zone = inside.iter().filter(|inside| **inside).count();
        let outside = surface.density.iter().zip(&inside);
        let outside = outside.filter(|(density, inside)| !**inside && **density > OUTSIDE);
        let expected_outside =
            outside.map(|(density, _)| f64::from(*density)).sum::<f64>() * cell_m2 * odds;
        let per_km2 = |(density, inside): (&f32, &bool)| {
            inside.then(|| (f64::from(*density) * odds * 1e6) as f32)
        };
        Zone {
            settings: *settings,
            polygons,
            area_m2: n_zone as f64 * cell_m2,
            share_of_window: n_zone as f64 / n_inside as f64,
            reach_m: self.reach_m,
            expected_outside,
            statement: statement(settings, self.reach_m),
            grid: Grid {
                west_m: frame.west_m,
                south_m: frame.south_m,
                cell_m: frame.cell_m,
                width: frame.width,
                height: frame.height,
                per_km2: surface.density.iter().zip(&frame.inside).map(per_km2).collect(),
                inside,
            },
        }
    }
}

fn statement(settings: &Settings, reach_m: f64) -> String {
    let q = settings.q * 100.0;
    let model = format!(
        "if {q:.0} % of the bombs that fell here did not explode, and lie in the pattern of the \
         craters"
    );
    match settings.method {
        Method::Intensity { alpha } if alpha < settings.q => format!(
            "the zone is the whole window: craters can promise nothing smaller with a probability \
             outside below the share that failed ({alpha:.3} is below {:.3})",
            settings.q
        ),
        Method::Intensity { alpha } => format!(
            "{model}, the probability that any of them inside the window lies outside the zone is \
             at most {alpha:.3}"
        ),
        Method::Buffer { level } => format!(
            "{model}, each of them lies within {reach_m:.0} m of a crater with a probability of at \
             least {level:.3}"
        ),
    }
}

/// How often zones kept their promise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Thinnings.
    pub n: u64,
    /// Intensity: thinnings with no bomb outside. Buffer: bombs inside, of all thinnings.
    pub covered: u64,
    /// Of how many.
    pub of: u64,
    /// The share that was covered.
    pub share: f64,
    /// Of the share, were thinnings independent.
    pub interval: Interval,
    /// What was promised.
    pub promised: f64,
    /// Mean share of the window that the zone took.
    pub share_of_window: f64,
}

/// Coverage of the zone by intensity over thinnings of a real pattern: each position fails with
/// probability q, the zone is made from the rest, and all that failed must lie inside.
///
/// # Errors
/// As [`zone`].
pub fn coverage(
    points: &[[f64; 2]],
    window: &[[f64; 2]],
    q: f64,
    alpha: f64,
    n: u64,
    seed: u64,
) -> Result<Coverage> {
    coverage_of(
        points,
        window,
        &Settings { method: Method::Intensity { alpha }, q, cell_m: None },
        n,
        seed,
    )
}

/// As [`coverage`], of either method.
///
/// # Errors
/// As [`zone`].
pub fn coverage_of(
    points: &[[f64; 2]],
    window: &[[f64; 2]],
    settings: &Settings,
    n: u64,
    seed: u64,
) -> Result<Coverage> {
    check(points, window, settings)?;
    let one = |at: u64| thinning(points, window, settings, seed.wrapping_add(at));
    let outcomes: Vec<(u64, u64, f64)> = (0..n).into_par_iter().map(one).collect::<Result<_>>()?;
    let by_bomb = matches!(settings.method, Method::Buffer { .. });
    let (mut covered, mut of) = (0, 0);
    for (n_inside, n_failed, _) in &outcomes {
        covered += if by_bomb { *n_inside } else { u64::from(n_inside == n_failed) };
        of += if by_bomb { *n_failed } else { 1 };
    }
    let proportion = evaluate::proportion::Proportion::new(covered, of)
        .map_err(|error| Error::refused(error.to_string(), "take more thinnings"))?;
    Ok(Coverage {
        n,
        covered,
        of,
        share: proportion.value(),
        interval: proportion.clopper_pearson(0.95),
        promised: match settings.method {
            Method::Intensity { alpha } => 1.0 - alpha,
            Method::Buffer { level } => level,
        },
        share_of_window: outcomes.iter().map(|outcome| outcome.2).sum::<f64>() / n as f64,
    })
}

/// How many failed bombs lie inside, of how many, and the zone's share of the window.
fn thinning(
    points: &[[f64; 2]],
    window: &[[f64; 2]],
    settings: &Settings,
    seed: u64,
) -> Result<(u64, u64, f64)> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (failed, craters): (Vec<[f64; 2]>, Vec<[f64; 2]>) =
        points.iter().partition(|_| random.random::<f64>() < settings.q);
    let surface = Surface::new(&craters, window, settings.cell_m)?;
    let field = Field::of(&surface, settings);
    let frame = &surface.frame;
    let is_zone = |at: usize| frame.inside[at] && field.values[at] > field.level;
    // A position in a cell of the border, whose centre lies outside, has the cell's value.
    let n_inside = failed
        .iter()
        .filter(|point| frame.index_of(point).is_some_and(|at| field.values[at] > field.level));
    let n_zone = (0..frame.inside.len()).filter(|at| is_zone(*at)).count();
    let n_window = frame.inside.iter().filter(|inside| **inside).count();
    Ok((n_inside.count() as u64, failed.len() as u64, n_zone as f64 / n_window as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [[f64; 2]; 4] = [[0.0, 0.0], [1000.0, 0.0], [1000.0, 1000.0], [0.0, 1000.0]];

    /// Forty craters on a lattice in the south-western quarter.
    fn lattice() -> Vec<[f64; 2]> {
        (0..40)
            .map(|at| [55.0 + 60.0 * f64::from(at % 8), 60.0 + 70.0 * f64::from(at / 8)])
            .collect()
    }

    fn by_intensity(q: f64, alpha: f64) -> Settings {
        Settings { method: Method::Intensity { alpha }, q, cell_m: Some(20.0) }
    }

    /// Craters, and the window.
    fn real() -> Option<[Vec<[f64; 2]>; 2]> {
        let folder =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/craters/wwii_positions/");
        let read = |name: &str| -> Option<Vec<[f64; 2]>> {
            let text = std::fs::read_to_string(format!("{folder}{name}.csv")).ok()?;
            let position = |line: &str| {
                let (x, y) = line.split_once(',')?;
                Some([x.parse().ok()?, y.parse().ok()?])
            };
            text.lines().skip(1).map(position).collect()
        };
        let both =
            read("craterA").zip(read("craterA_window")).map(|(points, window)| [points, window]);
        if both.is_none() {
            eprintln!("skipped: {folder} is not here");
        }
        both
    }

    #[test]
    fn a_zone_lies_around_the_craters_and_within_the_window() {
        let zone = zone(&lattice(), &SQUARE, &by_intensity(0.1, 0.4)).unwrap();
        assert!(
            0.1 < zone.share_of_window && zone.share_of_window < 0.6,
            "{}",
            zone.share_of_window
        );
        let [west, south, east, north] = kernel::bounds(&zone.polygons.concat().concat());
        assert!(-21.0 < west && -21.0 < south && east < 800.0 && north < 800.0);
    }

    #[test]
    fn the_area_of_the_polygons_is_that_of_the_cells() {
        let zone = zone(&lattice(), &SQUARE, &by_intensity(0.1, 0.4)).unwrap();
        let rings = zone.polygons.iter().flatten();
        let area: f64 = rings.map(|ring| kernel::signed_area(&ring[..ring.len() - 1])).sum();
        assert!((area / zone.area_m2 - 1.0).abs() < 0.1, "{area} {}", zone.area_m2);
    }

    #[test]
    fn what_the_craters_cannot_promise_takes_the_whole_window() {
        let zone = zone(&lattice(), &SQUARE, &by_intensity(0.3, 0.05)).unwrap();
        assert_eq!(zone.share_of_window, 1.0);
        assert_eq!(zone.expected_outside, 0.0);
        assert!(zone.statement.contains("whole window"), "{}", zone.statement);
    }

    #[test]
    fn few_craters_and_odd_settings_are_refused() {
        assert!(zone(&lattice()[..9], &SQUARE, &by_intensity(0.1, 0.4)).is_err());
        assert!(zone(&lattice(), &SQUARE[..2], &by_intensity(0.1, 0.4)).is_err());
        assert!(zone(&lattice(), &SQUARE, &by_intensity(0.0, 0.4)).is_err());
        let settings = Settings { cell_m: Some(0.01), ..by_intensity(0.1, 0.4) };
        assert!(zone(&lattice(), &SQUARE, &settings).is_err());
    }

    /// A small version of the bench; below the promise by chance with a probability under 1e-3.
    #[test]
    fn zones_of_real_positions_keep_their_promise() {
        let Some([points, window]) = real() else { return };
        let settings = Settings { cell_m: Some(40.0), ..by_intensity(0.1, 0.2) };
        let found = coverage_of(&points, &window, &settings, 40, 1).unwrap();
        assert!(found.share > 0.6, "{found:?}");
        assert!(found.share_of_window < 0.95);
        let settings = Settings { method: Method::Buffer { level: 0.9 }, ..settings };
        let found = coverage_of(&points, &window, &settings, 20, 1).unwrap();
        assert!(found.share > 0.86, "{found:?}");
    }
}
