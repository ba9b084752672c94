//! What step two looks at: numbers of a candidate in four groups, on patches turned to the sun.
//!
//! Knows no label and no classifier. Every number is of the candidate's own surroundings (within
//! `patch::REACH` radii), so that it does not change with the window.

mod colour;
mod patch;
mod shape;
mod texture;

use serde::{Deserialize, Serialize};

use crate::candidates::{Candidate, towards};
use crate::data::{Sun, Window};
use patch::{Patch, Pyramid};

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
    let size = ["diameter_px", "diameter_m"].map(str::to_owned).to_vec();
    let groups = [
        (Group::Size, size),
        (Group::Shape, shape::names()),
        (Group::Texture, texture::names()),
        (Group::Colour, colour::names()),
    ];
    groups.into_iter().flat_map(|(g, names)| names.into_iter().map(move |n| (g, n))).collect()
}

/// A window prepared for measuring many candidates.
pub struct Features<'a> {
    /// The window that is measured.
    pub window: &'a Window,
    /// Where the sun stood.
    pub sun: Option<Sun>,
    /// Metres a pixel.
    pub gsd_m: Option<f64>,
    grey: Pyramid,
    colours: colour::Planes,
}

impl<'a> Features<'a> {
    /// Prepares a window.
    pub fn new(window: &'a Window, sun: Option<&Sun>, gsd_m: Option<f64>) -> Self {
        let grey = Pyramid::of(&window.grey(), (window.x0, window.y0));
        Self { window, sun: sun.copied(), gsd_m, grey, colours: colour::Planes::of(window) }
    }

    /// The numbers of a candidate, as [`names`] lists them; NaN where one cannot be had (a band
    /// that is absent).
    pub fn of(&self, candidate: &Candidate) -> Vec<f32> {
        let up = self.sun.as_ref().map_or([0.0, -1.0], towards);
        let patch = Patch::cut(&self.grey, candidate, up);
        let diameter_px = 2.0 * candidate.radius_px;
        let gsd_m = self.gsd_m.map_or(f32::NAN, |gsd| gsd as f32);
        let mut row = vec![diameter_px, diameter_px * gsd_m];
        shape::measure(&patch, &mut row);
        texture::measure(&patch, &mut row);
        colour::measure(&self.colours, candidate, &mut row);
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Band;
    use crate::raster::Raster;

    #[test]
    fn a_row_has_a_number_for_each_name() {
        let plane = Raster {
            width: 40,
            height: 40,
            values: (0..1600).map(|i| (i * 7 % 31) as f32).collect(),
        };
        let window = Window::of(Band::Pan, plane);
        let candidate = Candidate { x: 20.0, y: 20.0, radius_px: 5.0, score: 1.0 };
        let row = Features::new(&window, None, None).of(&candidate);
        assert_eq!(row.len(), names().len());
        for ((group, name), value) in names().iter().zip(&row) {
            let may_lack = *group == Group::Colour || name == "diameter_m";
            assert!(may_lack || value.is_finite(), "{name} is {value}");
        }
    }
}
