//! What step two looks at: numbers of a candidate in four groups, on patches turned to the sun.

use serde::{Deserialize, Serialize};

use crate::candidates::Candidate;
use crate::data::{Sun, Window};

/// The groups of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Spectral indices, inside against outside.
    Colour,
    /// Ellipse, rings, gradients, segment.
    Shape,
    /// Diameter in pixels and metres.
    Size,
    /// Local binary patterns, spectra of gradients.
    Texture,
}

/// Group and name of each feature, in the order of [`Features::of`].
pub fn names() -> Vec<(Group, String)> {
    vec![(Group::Size, "diameter_px".to_owned())]
}

/// A window prepared for measuring many candidates.
pub struct Features<'a> {
    /// The window that is measured.
    pub window: &'a Window,
    /// Where the sun stood.
    pub sun: Option<Sun>,
    /// Metres a pixel.
    pub gsd_m: Option<f64>,
}

impl<'a> Features<'a> {
    /// Prepares a window.
    pub fn new(window: &'a Window, sun: Option<&Sun>, gsd_m: Option<f64>) -> Self {
        Self { window, sun: sun.copied(), gsd_m }
    }

    /// The numbers of a candidate, as [`names`] lists them; NaN where one cannot be had (a band
    /// that is absent).
    pub fn of(&self, candidate: &Candidate) -> Vec<f32> {
        vec![2.0 * candidate.radius_px]
    }
}
