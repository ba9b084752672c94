//! A candidate's surroundings as a small square: the sun up, the size in radii, the contrast one.

use crate::candidates::{Candidate, filters};
use crate::raster::Raster;

/// Samples along an edge of the patch.
pub(crate) const SIDE: usize = 24;
/// The patch reaches this many radii from the centre.
pub(crate) const REACH: f32 = 1.5;
/// Samples a radius.
pub(crate) const RADIUS: f32 = SIDE as f32 / (2.0 * REACH);

/// A plane at full, half, quarter... size.
pub(crate) struct Pyramid {
    levels: Vec<(Raster, [f32; 2])>,
}

impl Pyramid {
    /// Halves a plane until little is left. The pixels of a level lie on the scene's grid, so that
    /// they are the same wherever the window begins.
    pub(crate) fn of(plane: Raster, origin: (i64, i64)) -> Self {
        let mut levels = vec![(filters::filled(&plane), [0.0, 0.0])];
        let _ = origin;
        for level in 0..6 {
            let half = filters::halved(&levels[level].0);
            if half.width.min(half.height) < 4 {
                break;
            }
            levels.push((half, [0.0, 0.0]));
        }
        Self { levels }
    }

    /// The value at a position of the full plane, at the level whose pixels are about as large as
    /// the distance between samples.
    fn level(&self, spacing: f32) -> (&Raster, [f32; 2], f32) {
        let level = (spacing.max(1.0).log2().round() as usize).min(self.levels.len() - 1);
        let (plane, shift) = &self.levels[level];
        (plane, *shift, (level as f32).exp2())
    }
}

/// [`SIDE`] x [`SIDE`] values of mean zero and deviation one, the sun at the top.
pub(crate) struct Patch {
    /// Row by row.
    pub(crate) values: [f32; SIDE * SIDE],
    /// Slope to the right, per sample.
    pub(crate) dx: [f32; SIDE * SIDE],
    /// Slope downwards.
    pub(crate) dy: [f32; SIDE * SIDE],
}

impl Patch {
    /// Cuts the patch of a candidate; `up` is the unit vector in pixels that will point up.
    pub(crate) fn cut(pyramid: &Pyramid, candidate: &Candidate, up: [f32; 2]) -> Self {
        let spacing = candidate.radius_px / RADIUS;
        let (plane, shift, scale) = pyramid.level(spacing);
        let right = [-up[1], up[0]];
        let mut values = [0.0; SIDE * SIDE];
        for (i, value) in values.iter_mut().enumerate() {
            let [u, v] = place(i).map(|p| p * candidate.radius_px);
            let x = candidate.x + u * right[0] - v * up[0];
            let y = candidate.y + u * right[1] - v * up[1];
            *value = plane.at((x + shift[0]) / scale, (y + shift[1]) / scale);
        }
        normalise(&mut values);
        let (dx, dy) = slopes(&values);
        Self { values, dx, dy }
    }
}

/// Where a sample lies, in radii from the centre: to the right and downwards.
pub(crate) fn place(i: usize) -> [f32; 2] {
    let of = |k: usize| ((k as f32 + 0.5) / SIDE as f32 * 2.0 - 1.0) * REACH;
    [of(i % SIDE), of(i / SIDE)]
}

fn normalise(values: &mut [f32]) {
    let n = values.len() as f32;
    let mean = values.iter().sum::<f32>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n;
    let gain = 1.0 / (variance.sqrt() + 1e-6 * mean.abs() + f32::MIN_POSITIVE);
    values.iter_mut().for_each(|v| *v = (*v - mean) * gain);
}

fn slopes(values: &[f32; SIDE * SIDE]) -> ([f32; SIDE * SIDE], [f32; SIDE * SIDE]) {
    let (mut dx, mut dy) = ([0.0; SIDE * SIDE], [0.0; SIDE * SIDE]);
    for row in 1..SIDE - 1 {
        for column in 1..SIDE - 1 {
            let i = row * SIDE + column;
            dx[i] = 0.5 * (values[i + 1] - values[i - 1]);
            dy[i] = 0.5 * (values[i + SIDE] - values[i - SIDE]);
        }
    }
    (dx, dy)
}
