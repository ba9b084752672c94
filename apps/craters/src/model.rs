//! A detector: everything that turns a window into craters, as one JSON document.
//!
//! Candidates are measured, scored by trees on their own looks, scored again with what their
//! neighbours scored, moved to where craters of such looks lay in training, and of those that
//! share a crater the most likely is kept. Knows no labels and no training.

pub(crate) mod context;
pub(crate) mod spots;
pub(crate) mod stack;
pub(crate) mod suppress;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::candidates::{self, Candidate, Place};
use crate::classify::tree::Question;
use crate::classify::{Calibration, Table, Tree};
use crate::data::{Sun, Window};
use crate::error::Result;
use crate::features::{self, Features, Group};
use crate::raster::Raster;
use stack::{Scored, Stack};

/// Both steps with what was learnt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detector {
    /// What it was trained on, and whether that was synthetic.
    pub trained_on: String,
    /// Step one.
    pub candidates: candidates::Settings,
    /// Metres a pixel of the training images, where they had one; scenes are resampled to it.
    pub gsd_m: Option<f64>,
    /// Detections below this probability are not craters.
    pub threshold: f32,
    /// The threshold for other smallest diameters: diameter in pixels, threshold.
    pub thresholds: Vec<(f64, f32)>,
    /// Whether it knows where the sun stands; a detector of the paper's recipe does not.
    pub knows_sun: bool,
    /// Above one: craters are spots of a few pixels, and patches are drawn out so many times
    /// before they are measured.
    pub magnify: usize,
    /// Names of the features that its trees ask, in their order.
    pub features: Vec<String>,
    /// The decision tree: its path explains a detection, and where there are no boosted trees it
    /// gives the score.
    pub tree: Tree,
    /// The boosted trees.
    pub stack: Option<Stack>,
    /// From log-odds to probability, for diameters in pixels from each number on; the first is 0.
    pub calibrations: Vec<(f64, Calibration)>,
}

/// A crater found in a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Centre, in pixel positions of the scene.
    pub x: f64,
    /// Centre.
    pub y: f64,
    /// Rim radius in pixels.
    pub radius_px: f64,
    /// Calibrated probability of being a crater.
    pub probability: f32,
    /// The decision tree's questions, first to last.
    pub path: Vec<Question>,
}

/// Least probability of a detection that is told.
const LEAST: f32 = 0.02;

/// The candidates of a window with their features: all that scoring needs of the image.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// In positions of the magnified window.
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) table: Table,
    /// Unit vector towards the sun, or up.
    pub(crate) up: [f32; 2],
    /// First pixel of the window in the scene.
    pub(crate) origin: [f64; 2],
    pub(crate) magnify: usize,
}

/// Finds and measures; `columns` chooses and orders the features. Within `margin` of the window's
/// edges nothing is measured.
pub(crate) fn measure(
    window: &Window,
    sun: Option<&Sun>,
    gsd_m: Option<f64>,
    settings: &candidates::Settings,
    magnify: usize,
    columns: &[usize],
    margin: usize,
) -> Measured {
    use rayon::prelude::*;
    let (own, drawn_out) = (window, magnified(window, magnify));
    let window = drawn_out.as_ref().unwrap_or(own);
    let gsd_m = gsd_m.map(|gsd| gsd / magnify as f64);
    let found = if magnify > 1 {
        let spots = spots::find(&own.grey(), settings);
        spots.iter().map(|spot| multiplied(spot, magnify)).collect()
    } else {
        let place = Place { x0: window.x0, y0: window.y0, margin };
        candidates::find_at(&window.grey(), place, sun, settings)
    };
    let features = Features::new(window, sun, gsd_m);
    let row = |candidate: &Candidate| {
        let mut all = features.of(candidate);
        if magnify > 1 {
            spots::measure(own, &divided(candidate, magnify), &mut all);
        }
        let mut row: Vec<f32> = columns.iter().map(|at| all[*at]).collect();
        row.push(candidate.score);
        row
    };
    let rows: Vec<Vec<f32>> = found.par_iter().map(row).collect();
    let mut table = Table::new(columns.len() + 1);
    rows.iter().for_each(|row| table.push(row));
    let up = sun.map_or([0.0, -1.0], candidates::towards);
    let origin = [window.x0 as f64, window.y0 as f64];
    Measured { candidates: found, table, up, origin, magnify }
}

/// Every feature there is with its group: those of patches, then those of spots.
pub(crate) fn all_names() -> Vec<(Group, String)> {
    let spots = spots::names().into_iter().map(|name| (Group::Colour, name));
    features::names().into_iter().chain(spots).collect()
}

/// Where each named feature stands in a row of [`Features::of`].
pub(crate) fn columns(names: &[String]) -> Result<Vec<usize>> {
    let all = all_names();
    let at = |name: &String| {
        all.iter().position(|(_, of)| of == name).ok_or_else(|| {
            Error::refused(
                format!("the detector asks for the feature `{name}`, which this program has not"),
                "use the program that trained it, or train it again",
            )
        })
    };
    names.iter().map(at).collect()
}

/// The name of the last column of every table: the response of step one.
pub const RESPONSE: &str = "candidate_response";

impl Detector {
    /// A detector from its JSON document.
    ///
    /// # Errors
    /// Says what is wrong with a document that is none of ours, or asks for features that this
    /// program has not.
    pub fn from_json(text: &str, path: &Path) -> Result<Self> {
        let detector: Self = serde_json::from_str(text).map_err(|error| {
            let line = error.line() as u64;
            Error::input(path, line, format!("no detector: {error}"), "train one anew")
        })?;
        columns(&detector.features)?;
        let n = detector.features.len() + 1;
        let is_sound = detector.tree.is_sound(n)
            && !detector.calibrations.is_empty()
            && detector.calibrations.iter().all(|of| of.1.is_sound())
            && (1..=16).contains(&detector.magnify)
            && detector.stack.as_ref().is_none_or(|stack| stack.is_sound(n));
        if !is_sound {
            let hint = "its trees or its calibration lead nowhere: train it anew";
            return Err(Error::input(path, None, "a damaged detector", hint));
        }
        Ok(detector)
    }

    /// The detector as a JSON document.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Names of the numbers that a question's `feature` counts through.
    pub fn question_names(&self) -> Vec<String> {
        self.features.iter().cloned().chain([RESPONSE.to_owned()]).collect()
    }

    /// The threshold for craters from this diameter on: that of the nearest diameter it has one
    /// for.
    pub fn threshold_at(&self, diameter_px: f64) -> f32 {
        let far = |of: &&(f64, f32)| (of.0 / diameter_px).ln().abs();
        let near = self.thresholds.iter().min_by(|a, b| far(a).total_cmp(&far(b)));
        near.map_or(self.threshold, |of| of.1)
    }

    /// The detections in a window, each crater once, most likely first, below the threshold too
    /// (down to a probability of 0.02): what to show is the caller's choice.
    pub fn detect(&self, window: &Window, sun: Option<&Sun>, gsd_m: Option<f64>) -> Vec<Detection> {
        self.detect_within(window, sun, gsd_m, 0)
    }

    /// As [`Detector::detect`], but what lies within `margin` pixels of an edge is there for its
    /// neighbours' sake only and is not searched.
    pub fn detect_within(
        &self,
        window: &Window,
        sun: Option<&Sun>,
        gsd_m: Option<f64>,
        margin: usize,
    ) -> Vec<Detection> {
        let Ok(columns) = columns(&self.features) else { return Vec::new() };
        let sun = sun.filter(|_| self.knows_sun);
        let measured =
            measure(window, sun, gsd_m, &self.candidates, self.magnify, &columns, margin);
        self.detections(&measured)
    }

    pub(crate) fn detections(&self, measured: &Measured) -> Vec<Detection> {
        let scored = suppress::strongest(&scored(&self.tree, self.stack.as_ref(), measured));
        let pixels = measured.magnify as f64;
        let told = scored.iter().map(|of| {
            let diameter_px = 2.0 * f64::from(of.circle.radius_px) / pixels;
            (of, calibrated(&self.calibrations, diameter_px, of.log_odds))
        });
        let mut detections: Vec<Detection> = told
            .filter(|(_, probability)| *probability >= LEAST)
            .map(|(of, probability)| {
                let path = self.tree.path(measured.table.row(of.row));
                detection(of, measured, probability, path)
            })
            .collect();
        detections.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        detections
    }
}

/// The probability of log-odds at a diameter.
pub(crate) fn calibrated(
    calibrations: &[(f64, Calibration)],
    diameter_px: f64,
    log_odds: f32,
) -> f32 {
    let of = calibrations.iter().rfind(|of| of.0 <= diameter_px);
    of.map_or(0.0, |of| of.1.probability(log_odds))
}

/// Every candidate with its score and its place.
pub(crate) fn scored(tree: &Tree, stack: Option<&Stack>, measured: &Measured) -> Vec<Scored> {
    if let Some(stack) = stack {
        return stack.score(measured);
    }
    let of = |(row, candidate): (usize, &Candidate)| {
        let share = tree.share(measured.table.row(row)).clamp(1e-3, 1.0 - 1e-3);
        let log_odds = (share / (1.0 - share)).ln();
        // Among candidates of one leaf the stronger response goes first.
        Scored { row, circle: *candidate, log_odds: log_odds + 1e-4 * candidate.score.tanh() }
    };
    measured.candidates.iter().enumerate().map(of).collect()
}

pub(crate) fn detection(
    of: &Scored,
    measured: &Measured,
    probability: f32,
    path: Vec<Question>,
) -> Detection {
    let pixels = measured.magnify as f64;
    Detection {
        x: measured.origin[0] + f64::from(of.circle.x) / pixels,
        y: measured.origin[1] + f64::from(of.circle.y) / pixels,
        radius_px: f64::from(of.circle.radius_px) / pixels,
        probability,
        path,
    }
}

fn multiplied(spot: &Candidate, times: usize) -> Candidate {
    let by = times as f32;
    Candidate { x: spot.x * by, y: spot.y * by, radius_px: spot.radius_px * by, score: spot.score }
}

fn divided(spot: &Candidate, times: usize) -> Candidate {
    let by = times as f32;
    Candidate { x: spot.x / by, y: spot.y / by, radius_px: spot.radius_px / by, score: spot.score }
}

/// A window drawn out, each plane bilinear between its pixels; none where it stays as it is.
fn magnified(window: &Window, times: usize) -> Option<Window> {
    if times <= 1 {
        return None;
    }
    let draw = |raster: &Raster| {
        let (width, height) = (raster.width * times, raster.height * times);
        let at = |i: usize| (i as f32 + 0.5) / times as f32;
        let values = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| raster.at(at(x), at(y)))
            .collect();
        Raster { width, height, values }
    };
    let bands = window.bands.iter().map(|(band, raster)| (*band, draw(raster))).collect();
    Some(Window { x0: window.x0, y0: window.y0, bands })
}
