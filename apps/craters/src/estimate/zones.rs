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

use kernel::Surface;

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
    /// Unexploded bombs a square kilometre; NaN outside of the window (written as null).
    pub per_km2: Vec<f32>,
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
                let level = surface.level(settings.q, alpha) as f32;
                Self { values: surface.density.clone(), level, reach_m: surface.bandwidth_m }
            }
            Method::Buffer { level } => {
                let radius = nearest::radius(&surface.points, level, surface.frame.diagonal_m());
                let distances = nearest::distances(&surface.frame, &surface.points, radius);
                let values = distances.into_iter().map(|metres| -metres).collect();
                Self { values, level: -radius as f32, reach_m: radius }
            }
        }
    }
}
