//! How good detections are: matching one to one, scores with intervals over images, calibration.

use serde::{Deserialize, Serialize};

/// A crater as a person marked it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// Centre in pixel positions of the scene.
    pub x: f64,
    /// Centre.
    pub y: f64,
    /// Rim radius in pixels.
    pub radius_px: f64,
}
