//! A survey: what was found in one scene, kept in a folder, with who confirmed or rejected what.
//!
//! The folder holds `survey.json` (a [`Survey`]), `craters.json` (the [`Crater`]s, most likely
//! first), `reviews.jsonl` (a [`Review`] a line, only ever appended), `tiles/` (finished tiles of
//! a survey that may be resumed) and the files that were exported.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::classify::tree::Question;
use crate::data::{Band, Georeference, SceneOptions, Sun};

/// What was done, on what, with what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// Its name: that of its folder.
    pub name: String,
    /// The scene's file.
    pub scene: PathBuf,
    /// What the user said about the scene.
    pub options: SceneOptions,
    /// Pixels in a row of the scene.
    pub width: usize,
    /// Rows of the scene.
    pub height: usize,
    /// Bands of the scene.
    pub bands: Vec<Band>,
    /// Metres a pixel.
    pub gsd_m: Option<f64>,
    /// Where the scene lies.
    pub georeference: Option<Georeference>,
    /// Where the sun stood.
    pub sun: Option<Sun>,
    /// Whether the scene is of our own making: then every output says so.
    pub is_synthetic: bool,
    /// Digest of the detector, and what it was trained on.
    pub detector: String,
    /// Detections from this probability on are counted as craters.
    pub threshold: f32,
    /// Area with data in square kilometres, where the ground sampling distance is known.
    pub area_km2: Option<f64>,
    /// IMSMA's class of evidence, a setting: "indirect" unless the user says otherwise.
    pub evidence_class: String,
    /// What the reader must be told.
    pub warnings: Vec<String>,
}

/// A crater of a survey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Crater {
    /// Number within the survey, from 1.
    pub id: u64,
    /// Centre in pixel positions of the scene.
    pub x_px: f64,
    /// Centre.
    pub y_px: f64,
    /// Rim diameter in pixels.
    pub diameter_px: f64,
    /// Rim diameter in metres.
    pub diameter_m: Option<f64>,
    /// East and north in the scene's projection.
    pub position: Option<[f64; 2]>,
    /// Longitude and latitude, WGS84, degrees.
    pub lon_lat: Option<[f64; 2]>,
    /// Calibrated probability.
    pub probability: f64,
    /// Why: the questions of the decision tree.
    pub path: Vec<Question>,
    /// The last verdict of a person.
    pub verdict: Option<Verdict>,
}

/// What a person says of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is a crater.
    Confirmed,
    /// It is none.
    Rejected,
    /// Cannot be told from the image.
    Unsure,
}

/// One verdict, with who and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// The crater's number; none for one that the person added.
    pub crater: Option<u64>,
    /// Centre and diameter in pixels, as the person saw it.
    pub x_px: f64,
    /// Centre.
    pub y_px: f64,
    /// Rim diameter in pixels.
    pub diameter_px: f64,
    /// What was said.
    pub verdict: Verdict,
    /// Who said it.
    pub who: String,
    /// When, RFC 3339 in UTC.
    pub when: String,
}
