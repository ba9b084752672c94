//! What lies around a centre, sampled on rings.

use crate::raster::Raster;

const ANGLES: usize = 12;
/// Rings in radii, with what a bowl lit from one side shows there: its walls, its rim that falls
/// off the other way, and level ground.
const RINGS: [(f32, f32); 6] =
    [(0.3, 0.45), (0.6, 0.9), (0.85, 0.8), (1.1, -0.1), (1.35, -0.2), (1.7, 0.0)];

/// How well the surroundings agree with a hollow lit by the sun: the correlation of the samples
/// with the shading of a bowl, from -1 to 1. Without a sun: from the direction that fits best.
pub(crate) fn agreement(
    smooth: &Raster,
    x: f32,
    y: f32,
    radius: f32,
    sun: Option<[f32; 2]>,
) -> f32 {
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    let (mut east, mut south, mut norm) = (0.0, 0.0, 0.0);
    for (ring, shade) in RINGS {
        for k in 0..ANGLES {
            let (sin, cos) = (k as f32 * std::f32::consts::TAU / ANGLES as f32).sin_cos();
            let value = smooth.at(x + ring * radius * cos, y + ring * radius * sin);
            let weight = ring;
            sum += weight * value;
            squares += weight * value * value;
            n += weight;
            east += weight * value * shade * cos;
            south += weight * value * shade * sin;
            norm += weight * shade * shade * 0.5;
        }
    }
    let variance = (squares / n - (sum / n).powi(2)).max(1e-12);
    let along = match sun {
        Some([sx, sy]) => -(sx * east + sy * south),
        None => east.hypot(south),
    };
    along / (norm * n * variance).sqrt()
}
