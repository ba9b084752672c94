//! What lies around a centre, sampled on rings.

use std::sync::LazyLock;

use crate::raster::Raster;

const ANGLES: usize = 12;
/// Rings in radii, with the shading along the sun that a hollow shows there: its walls, and
/// beyond its rim the slope that falls off the other way.
const RINGS: [(f32, f32); 6] =
    [(0.3, 0.5), (0.6, 0.9), (0.85, 0.9), (1.15, -0.2), (1.4, -0.2), (1.7, 0.0)];

/// A sample: where, in radii; its share of the area; what a hollow lit from up would show.
struct Sample {
    x: f32,
    y: f32,
    weight: f32,
    shade: f32,
}

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let ring = |(ring, (reach, shade)): (usize, (f32, f32))| {
        (0..ANGLES).map(move |k| {
            // Every second ring is turned by half a step.
            let turn = (k as f32 + 0.5 * (ring % 2) as f32) / ANGLES as f32;
            let (sin, cos) = (turn * std::f32::consts::TAU).sin_cos();
            Sample { x: reach * cos, y: reach * sin, weight: reach, shade }
        })
    };
    RINGS.into_iter().enumerate().flat_map(ring).collect()
});

/// A circle and how well its surroundings agree with a hollow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) radius: f32,
    pub(crate) agreement: f32,
}

/// How well the surroundings agree with a hollow lit by the sun: the correlation of the samples
/// with its shading, from -1 to 1. Without a sun: with the direction of light that fits best.
/// `noise` is the variance below which contrast means nothing.
pub(crate) fn agreement(
    plane: &Raster,
    [x, y, radius]: [f32; 3],
    sun: Option<[f32; 2]>,
    noise: f32,
) -> f32 {
    let centre = plane.at(x, y);
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    let (mut east, mut south, mut norm) = (0.0, 0.0, 0.0);
    for Sample { x: dx, y: dy, weight, shade } in SAMPLES.iter() {
        let value = plane.at(x + radius * dx, y + radius * dy) - centre;
        let weighted = weight * value;
        sum += weighted;
        squares += weighted * value;
        n += weight;
        // weight = distance, so that weighted * dx / weight = value * cos * ...
        east += value * shade * dx;
        south += value * shade * dy;
        norm += 0.5 * weight * shade * shade;
    }
    let variance = (squares / n - (sum / n).powi(2)).max(0.0) + noise;
    let along = match sun {
        Some([sx, sy]) => -(sx * east + sy * south),
        None => east.hypot(south),
    };
    along / (norm * n * variance).sqrt()
}

/// The circle nearby that agrees best: its centre shifted by steps along the sun and across it, its
/// radius changed by steps.
pub(crate) fn refined(plane: &Raster, start: Fit, sun: Option<[f32; 2]>, noise: f32) -> Fit {
    let [sx, sy] = sun.unwrap_or([0.0, -1.0]);
    let mut best = start;
    for (shift, growth) in [(0.25, 1.2), (0.25, 1.2), (0.12, 1.1), (0.06, 1.05)] {
        let step = shift * best.radius;
        let centre = best;
        let moves = [
            [step * sx, step * sy, 1.0],
            [-step * sx, -step * sy, 1.0],
            [-step * sy, step * sx, 1.0],
            [step * sy, -step * sx, 1.0],
            [0.0, 0.0, growth],
            [0.0, 0.0, 1.0 / growth],
        ];
        for [dx, dy, by] in moves {
            let place = [centre.x + dx, centre.y + dy, centre.radius * by];
            let agreement = agreement(plane, place, sun, noise);
            if best.agreement < agreement {
                let [x, y, radius] = place;
                best = Fit { x, y, radius, agreement };
            }
        }
    }
    best
}
