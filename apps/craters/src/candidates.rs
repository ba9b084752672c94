//! Step one: loose circular candidates, found by shading along the sun, blobs and rims.

use serde::{Deserialize, Serialize};

use crate::data::Sun;
use crate::raster::Raster;

/// A circle that may be a crater.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Centre, in pixel positions of the raster it was found in.
    pub x: f32,
    /// Centre.
    pub y: f32,
    /// Rim radius in pixels.
    pub radius_px: f32,
    /// The response that found it; larger is more likely.
    pub score: f32,
}

/// What step one looks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Smallest rim diameter in pixels.
    pub min_diameter_px: f32,
    /// Largest rim diameter in pixels.
    pub max_diameter_px: f32,
    /// At most this many candidates a megapixel, at each radius its share.
    pub quota_per_mp: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { min_diameter_px: 6.0, max_diameter_px: 400.0, quota_per_mp: 4000.0 }
    }
}

/// The candidates of a plane. Without a sun the shading is unsigned.
pub fn find(grey: &Raster, sun: Option<&Sun>, settings: &Settings) -> Vec<Candidate> {
    let _ = (grey, sun, settings);
    Vec::new()
}
