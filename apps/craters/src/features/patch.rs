//! A candidate's surroundings as a small square: the sun up, the size in radii, the contrast one.

use std::sync::LazyLock;

use crate::candidates::Candidate;
use crate::candidates::filters::{self, Level};
use crate::raster::Raster;

/// Samples along an edge of the patch.
pub(crate) const SIDE: usize = 24;
/// The patch reaches this many radii from the centre.
pub(crate) const REACH: f32 = 1.5;
/// Samples a radius.
pub(crate) const RADIUS: f32 = SIDE as f32 / (2.0 * REACH);

/// A plane at full, half, quarter... size.
pub(crate) struct Pyramid {
    levels: Vec<Level>,
}

impl Pyramid {
    /// Halves a plane until little is left; `origin` is where it begins in its scene.
    pub(crate) fn of(plane: &Raster, origin: (i64, i64)) -> Self {
        let whole = filters::filled(plane, origin);
        Self { levels: filters::pyramid(whole, origin, 7, 4) }
    }

    /// The level whose pixels are about as large as the distance between samples.
    fn level(&self, spacing: f32) -> &Level {
        let level = spacing.max(1.0).log2().round() as usize;
        &self.levels[level.min(self.levels.len() - 1)]
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
    /// Size of the slope.
    pub(crate) size: [f32; SIDE * SIDE],
}

impl Patch {
    /// Cuts the patch of a candidate; `up` is the unit vector in pixels that will point up.
    pub(crate) fn cut(pyramid: &Pyramid, candidate: &Candidate, up: [f32; 2]) -> Self {
        let spacing = candidate.radius_px / RADIUS;
        let level = pyramid.level(spacing);
        let [x, y] = level.own(candidate.x, candidate.y);
        let radius = candidate.radius_px / level.scale;
        let [ux, uy] = up.map(|part| part * radius);
        let place = |s: &Spot| [x - s.u * uy - s.v * ux, y + s.u * ux - s.v * uy];
        let reach = 1.42 * REACH * radius + 1.5;
        let (width, height) = (level.plane.width as f32, level.plane.height as f32);
        let is_inner = reach < x && x + reach < width && reach < y && y + reach < height;
        let mut values = [0.0; SIDE * SIDE];
        for (value, spot) in values.iter_mut().zip(SPOTS.iter()) {
            let [x, y] = place(spot);
            *value = if is_inner { level.plane.inner(x, y) } else { level.plane.at(x, y) };
        }
        normalise(&mut values);
        let (dx, dy) = slopes(&values);
        let size = std::array::from_fn(|i| (dx[i] * dx[i] + dy[i] * dy[i]).sqrt());
        Self { values, dx, dy, size }
    }
}

/// Where a sample of the patch lies, in radii.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spot {
    /// To the right of the centre.
    pub(crate) u: f32,
    /// Below the centre.
    pub(crate) v: f32,
    /// From the centre.
    pub(crate) distance: f32,
    /// Cosine of the angle from the sun's direction.
    pub(crate) cos: f32,
    /// Cosine of twice that angle.
    pub(crate) cos_double: f32,
    /// Which twelfth of the circle.
    pub(crate) sector: usize,
}

/// The spots in the order of the patch's values.
pub(crate) static SPOTS: LazyLock<[Spot; SIDE * SIDE]> = LazyLock::new(|| {
    let of = |k: usize| ((k as f32 + 0.5) / SIDE as f32 * 2.0 - 1.0) * REACH;
    std::array::from_fn(|i| {
        let (u, v) = (of(i % SIDE), of(i / SIDE));
        let distance = u.hypot(v);
        let (sin, cos) = (u / distance, -v / distance);
        let turn = v.atan2(u) / std::f32::consts::TAU + 0.5;
        let sector = ((turn * 12.0) as usize).min(11);
        Spot { u, v, distance, cos, cos_double: cos * cos - sin * sin, sector }
    })
});

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
