//! From a smoothed plane to circles: where the shading or a blob is strongest.

use super::filters::{self, Level};
use super::polar::{self, Fit};
use super::{Candidate, Octave, REACH, near};
use crate::data::Sun;
use crate::raster::Raster;

/// A bowl of radius r, bright in proportion to the position along the sun, answers most to the
/// derivative of a Gaussian of this many r: `e^u = 1 + u + 2 u^2` with `u = r^2 / (2 sigma^2)`.
const SIGMA_OF_RADIUS: f32 = 0.394;
/// A disc of radius b answers most to the Laplacian of a Gaussian of b / sqrt(2); what fills a
/// crater reaches about three quarters of its radius.
const BLOB_RADIUS: f32 = SIGMA_OF_RADIUS * std::f32::consts::SQRT_2 / 0.75;
/// Agreements below are not worth refining.
const WORTH_REFINING: f32 = 0.25;
/// A deviation of this share of the brightness is no contrast.
const NOISE: f32 = 0.004;

/// Unit vector towards the sun in pixels, y downwards.
pub(crate) fn towards(sun: &Sun) -> [f32; 2] {
    let azimuth = sun.azimuth_deg.to_radians();
    [azimuth.sin() as f32, -azimuth.cos() as f32]
}

/// The refined circles of an octave, in pixel positions of the full plane. Without data at the
/// centre or on more than a third of the rim there is none.
pub(super) fn of_octave(
    level: &Level,
    octave: &Octave,
    margin: usize,
    full: &Raster,
    sun: Option<&Sun>,
) -> Vec<Candidate> {
    let sun = sun.map(towards);
    let largest = octave.radii_px[octave.radii_px.len() - 1];
    let part = trimmed(level, (margin as f32 - 2.0 * REACH * largest - 8.0).max(0.0));
    let starts = near::strongest(starts(&part, octave, sun));
    let refined = starts.iter().map(|start| fitted(&part.plane, start, sun));
    refined
        .map(|fit| {
            let [x, y] = part.full(fit.x, fit.y);
            Candidate { x, y, radius_px: fit.radius * part.scale, score: fit.agreement }
        })
        .filter(|c| has_data(c, full))
        .collect()
}

/// Where the shading is strongest, in positions of the level, if a glance finds it worth while.
fn starts(level: &Level, octave: &Octave, sun: Option<[f32; 2]>) -> Vec<Candidate> {
    let mut starts = Vec::new();
    for radius_px in &octave.radii_px {
        let radius = radius_px / level.scale;
        let smooth = filters::gaussian(&level.plane, SIGMA_OF_RADIUS * radius);
        let shading = peaks(&slopes(&smooth, sun), smooth.width);
        let blobs = peaks(&curvatures(&smooth), smooth.width);
        let of = |radius: f32| move |(x, y)| [x, y, radius];
        let blob_radius = BLOB_RADIUS * radius;
        let circles = shading.into_iter().map(of(radius));
        for [x, y, radius] in circles.chain(blobs.into_iter().map(of(blob_radius))) {
            let noise = noise(&level.plane, x, y);
            let score = polar::glance(&level.plane, [x, y, radius], sun, noise);
            if WORTH_REFINING < score {
                starts.push(Candidate { x, y, radius_px: radius, score });
            }
        }
    }
    starts
}

/// The level without what lies further outside than the octave needs.
fn trimmed(level: &Level, edge_px: f32) -> Level {
    let edge = (edge_px / level.scale) as usize;
    let plane = &level.plane;
    if edge == 0 || plane.width.min(plane.height) <= 2 * edge {
        return Level { plane: plane.clone(), ..*level };
    }
    let (width, height) = (plane.width - 2 * edge, plane.height - 2 * edge);
    let rows = (edge..edge + height).flat_map(|row| &plane.row(row)[edge..edge + width]);
    let values = rows.copied().collect();
    let shift = level.full(edge as f32, edge as f32);
    Level { plane: Raster { width, height, values }, scale: level.scale, shift }
}

fn fitted(plane: &Raster, start: &Candidate, sun: Option<[f32; 2]>) -> Fit {
    let Candidate { x, y, radius_px: radius, .. } = *start;
    let noise = noise(plane, x, y);
    let agreement = polar::agreement(plane, [x, y, radius], sun, noise);
    polar::refined(plane, Fit { x, y, radius, agreement }, sun, noise)
}

fn noise(plane: &Raster, x: f32, y: f32) -> f32 {
    (NOISE * plane.at(x, y)).powi(2) + f32::MIN_POSITIVE
}

fn has_data(c: &Candidate, full: &Raster) -> bool {
    let is_number = |x: f32, y: f32| full.get(x.floor() as isize, y.floor() as isize).is_finite();
    let on_rim = |k: &usize| {
        let (sin, cos) = (*k as f32 * std::f32::consts::TAU / 12.0).sin_cos();
        is_number(c.x + c.radius_px * cos, c.y + c.radius_px * sin)
    };
    is_number(c.x, c.y) && 8 <= (0..12).filter(on_rim).count()
}

/// The slope away from the sun; without a sun the steepest slope.
fn slopes(smooth: &Raster, sun: Option<[f32; 2]>) -> Vec<f32> {
    let (width, height) = (smooth.width, smooth.height);
    let mut response = vec![0.0; width * height];
    for row in 1..height - 1 {
        let (above, line, below) = (smooth.row(row - 1), smooth.row(row), smooth.row(row + 1));
        let out = &mut response[row * width..(row + 1) * width];
        let n = width - 2;
        let (left, right) = (&line[..n], &line[2..]);
        let (above, below) = (&above[1..=n], &below[1..=n]);
        let out = &mut out[1..=n];
        match sun {
            Some([sx, sy]) => {
                for i in 0..n {
                    out[i] = -(sx * (right[i] - left[i]) + sy * (below[i] - above[i]));
                }
            }
            None => {
                for i in 0..n {
                    let (dx, dy) = (right[i] - left[i], below[i] - above[i]);
                    out[i] = (dx * dx + dy * dy).sqrt();
                }
            }
        }
    }
    response
}

/// Size of the Laplacian: dark and bright blobs alike.
fn curvatures(smooth: &Raster) -> Vec<f32> {
    let (width, height) = (smooth.width, smooth.height);
    let mut response = vec![0.0; width * height];
    let n = width - 2;
    for row in 1..height - 1 {
        let (above, line, below) = (smooth.row(row - 1), smooth.row(row), smooth.row(row + 1));
        let (left, centre, right) = (&line[..n], &line[1..=n], &line[2..]);
        let (above, below) = (&above[1..=n], &below[1..=n]);
        let out = &mut response[row * width + 1..row * width + 1 + n];
        for i in 0..n {
            out[i] = (left[i] + right[i] + above[i] + below[i] - 4.0 * centre[i]).abs();
        }
    }
    response
}

/// The centres of the pixels above zero that are larger than all around them.
fn peaks(values: &[f32], width: usize) -> Vec<(f32, f32)> {
    let mut found = Vec::new();
    for row in 1..values.len() / width - 1 {
        for column in 1..width - 1 {
            let i = row * width + column;
            if 0.0 < values[i] && is_peak(values, width, i) {
                found.push((column as f32 + 0.5, row as f32 + 0.5));
            }
        }
    }
    found
}

/// Whether a value is the largest of nine; of equal ones the last counts.
fn is_peak(values: &[f32], width: usize, i: usize) -> bool {
    let v = values[i];
    let before = [i - 1, i - width - 1, i - width, i - width + 1];
    let after = [i + 1, i + width - 1, i + width, i + width + 1];
    after.iter().all(|j| values[*j] < v) && before.iter().all(|j| values[*j] <= v)
}
