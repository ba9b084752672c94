//! Synthetic scenes as labelled images: what the detector that comes with the program is trained
//! on and judged by. Scores on them rank methods; they say nothing of real ground.

use super::LabelledImage;
use crate::evaluate::{Label, Truth};
use crate::sample::{self, Law};

/// Scenes of a law, one a seed, `size_px` pixels wide and high.
pub fn synthetic(law: Law, seeds: std::ops::Range<u64>, size_px: usize) -> Vec<LabelledImage> {
    seeds.map(|seed| image(law, seed, size_px)).collect()
}

fn image(law: Law, seed: u64, size_px: usize) -> LabelledImage {
    let scene = sample::scene(law, size_px, seed);
    let label = |of: &sample::Truth| Label { x: of.x, y: of.y, radius_px: of.radius_px };
    let labels = scene.craters.iter().map(label).collect();
    LabelledImage {
        name: format!("synthetic scene {seed}"),
        window: scene.window,
        sun: Some(scene.sun),
        gsd_m: Some(scene.gsd_m),
        truth: Truth { size: [size_px as f64; 2], labels, is_complete: true, ..Truth::default() },
    }
}
