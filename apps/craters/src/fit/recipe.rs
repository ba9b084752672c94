//! What a training does differently from another: one small file.

use serde::{Deserialize, Serialize};

use crate::candidates;
use crate::classify::{boost, tree};
use crate::features::Group;

/// Whether the sun is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Shading is signed by the sun; boosted trees beside the tree that explains.
    SunAware,
    /// An approximation of Lin, Qin, Edgerton, Kong 2020: sun-blind, one tree, few patches, eight
    /// flips and turns of each. Its parameters were not to be had; what stands here is ours.
    Paper,
}

/// How a detector is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recipe {
    /// Its name.
    pub name: String,
    /// What the detector will say it was trained on.
    pub trained_on: String,
    /// Whether the sun is known.
    pub mode: Mode,
    /// Of everything random.
    pub seed: u64,
    /// Step one.
    pub candidates: candidates::Settings,
    /// Above one: craters are spots of a few pixels, and patches are drawn out so many times
    /// before they are measured.
    pub magnify: usize,
    /// Groups of features that the trees may ask.
    pub groups: Vec<Group>,
    /// Smaller craters were marked here and there only: what matches no label below this diameter
    /// is no example of anything.
    pub complete_from_px: f64,
    /// Smallest diameters to choose a threshold for; the first is that of the detector, and the
    /// calibration's.
    pub floors_px: Vec<f64>,
    /// Folds by image, for scores of trees that have not seen the image.
    pub folds: usize,
    /// The tree that explains.
    pub tree: tree::Settings,
    /// The boosted trees of the first and second look.
    pub boosted: boost::Settings,
    /// Sums of trees, of different seeds, that each look is the mean of.
    pub seeds: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            name: "sun-aware".to_owned(),
            trained_on: "unnamed images".to_owned(),
            mode: Mode::SunAware,
            seed: 1,
            candidates: candidates::Settings::default(),
            magnify: 1,
            groups: vec![Group::Colour, Group::Shape, Group::Size, Group::Texture],
            complete_from_px: 8.0,
            floors_px: vec![10.0, 16.0],
            folds: 3,
            tree: tree::Settings::default(),
            boosted: boost::Settings::default(),
            seeds: 1,
        }
    }
}

impl Recipe {
    /// The paper's recipe as far as it is known: an approximation.
    pub fn paper() -> Self {
        Self {
            name: "paper (approximation)".to_owned(),
            mode: Mode::Paper,
            tree: tree::Settings { depth: 6, leaves: 32, rows_of_leaf: 16 },
            ..Self::default()
        }
    }

    /// The recipe of the detector that comes with the program: synthetic scenes only.
    pub fn shipped() -> Self {
        let mut recipe = Self {
            name: "shipped".to_owned(),
            trained_on: "synthetic scenes (training law, seeds 1 to 48, 1024 px)".to_owned(),
            complete_from_px: 0.0,
            boosted: boost::Settings { trees: 150, ..boost::Settings::default() },
            ..Self::default()
        };
        recipe.candidates.max_diameter_px = 100.0;
        recipe
    }

    /// The same with smaller trees where there are few labels.
    pub fn for_labels(&self, n: usize) -> Self {
        let mut recipe = self.clone();
        if n < 400 {
            let few = boost::Settings {
                trees: 80,
                leaves: 6,
                depth: 4,
                least_curvature: 2.0,
                ..recipe.boosted
            };
            recipe.boosted = few;
            recipe.tree.rows_of_leaf = recipe.tree.rows_of_leaf.min(8);
        }
        recipe
    }
}
