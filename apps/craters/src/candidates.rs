//! Step one: loose circular candidates, found by shading along the sun, blobs and rims.

mod axis;
pub(crate) mod filters;
mod peaks;
mod polar;

use serde::{Deserialize, Serialize};

pub use axis::estimate_sun_axis;
pub(crate) use peaks::towards;

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

/// Steps of the ladder of radii in an octave.
const STEPS: usize = 4;

/// The candidates of a plane. Without a sun the shading is unsigned.
pub fn find(grey: &Raster, sun: Option<&Sun>, settings: &Settings) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut plane = filters::filled(grey);
    let mut scale = 1.0_f32;
    let mut radius = settings.min_diameter_px / 2.0;
    while 2.0 * radius <= settings.max_diameter_px && 8 <= plane.width.min(plane.height) {
        for step in 0..STEPS {
            let r = radius * 2.0_f32.powf(step as f32 / STEPS as f32);
            let smooth = filters::gaussian(&plane, peaks::SIGMA_OF_RADIUS * r / scale);
            found.extend(peaks::dipoles(&smooth, sun, r / scale).into_iter().map(|c| Candidate {
                x: c.x * scale,
                y: c.y * scale,
                radius_px: r,
                score: c.score,
            }));
        }
        radius *= 2.0;
        if 6.0 <= radius / scale {
            plane = filters::halved(&plane);
            scale *= 2.0;
        }
    }
    let mut kept = peaks::strongest_of_neighbours(found);
    kept.sort_by(|a, b| b.score.total_cmp(&a.score));
    let quota = settings.quota_per_mp * (grey.width * grey.height) as f32 / 1e6;
    kept.truncate(quota.ceil() as usize);
    kept
}
