//! From responses to circles: local maxima, and of neighbours the strongest.

use std::collections::HashMap;

use super::{Candidate, polar};
use crate::data::Sun;
use crate::raster::Raster;

/// A bowl of radius r, bright in proportion to the position along the sun, answers most to the
/// derivative of a Gaussian of this many r: `e^u = 1 + u + 2 u^2` with `u = r^2 / (2 sigma^2)`.
pub(crate) const SIGMA_OF_RADIUS: f32 = 0.394;

/// Unit vector towards the sun in pixels, y downwards.
pub(crate) fn towards(sun: &Sun) -> [f32; 2] {
    let azimuth = sun.azimuth_deg.to_radians();
    [azimuth.sin() as f32, -azimuth.cos() as f32]
}

/// Maxima of the shading dipole of a smoothed plane: a hollow is dark towards the sun and bright
/// away from it.
pub(crate) fn dipoles(smooth: &Raster, sun: Option<&Sun>, radius: f32) -> Vec<Candidate> {
    let sun = sun.map(towards);
    let response = slopes(smooth, sun);
    let (width, height) = (smooth.width, smooth.height);
    let mut found = Vec::new();
    for row in 1..height - 1 {
        let at = row * width;
        for column in 1..width - 1 {
            let i = at + column;
            if response[i] <= 0.0 || !is_peak(&response, width, i) {
                continue;
            }
            let (x, y) = (column as f32 + 0.5, row as f32 + 0.5);
            let score = polar::agreement(smooth, x, y, radius, sun);
            if 0.3 < score {
                found.push(Candidate { x, y, radius_px: radius, score });
            }
        }
    }
    found
}

/// The slope away from the sun; without a sun the steepest slope.
fn slopes(smooth: &Raster, sun: Option<[f32; 2]>) -> Vec<f32> {
    let (width, height) = (smooth.width, smooth.height);
    let mut response = vec![0.0; width * height];
    for row in 1..height - 1 {
        let (above, line, below) = (smooth.row(row - 1), smooth.row(row), smooth.row(row + 1));
        let out = &mut response[row * width..(row + 1) * width];
        for i in 1..width - 1 {
            let (dx, dy) = (line[i + 1] - line[i - 1], below[i] - above[i]);
            out[i] = match sun {
                Some([sx, sy]) => -(sx * dx + sy * dy),
                None => (dx * dx + dy * dy).sqrt(),
            };
        }
    }
    response
}

/// Whether a value is the largest of nine; of equal ones the last counts.
fn is_peak(values: &[f32], width: usize, i: usize) -> bool {
    let v = values[i];
    let before = [i - width - 1, i - width, i - width + 1, i - 1];
    let after = [i + 1, i + width - 1, i + width, i + width + 1];
    before.iter().all(|j| values[*j] <= v) && after.iter().all(|j| values[*j] < v)
}

/// The candidates that no stronger one of like place and size stands beside. Each is judged by
/// its neighbours alone, whether these stay or not, so that far things never decide.
pub(crate) fn strongest_of_neighbours(found: Vec<Candidate>) -> Vec<Candidate> {
    const CELL: f32 = 16.0;
    let mut cells: HashMap<(i32, i32), Vec<usize>> = HashMap::new();
    let cell = |c: &Candidate| ((c.x / CELL).floor() as i32, (c.y / CELL).floor() as i32);
    for (i, candidate) in found.iter().enumerate() {
        cells.entry(cell(candidate)).or_default().push(i);
    }
    let beaten = |c: &Candidate| {
        let reach = (c.radius_px / CELL).ceil() as i32;
        let (cx, cy) = cell(c);
        (cy - reach..=cy + reach)
            .flat_map(|y| (cx - reach..=cx + reach).map(move |x| (x, y)))
            .filter_map(|place| cells.get(&place))
            .flatten()
            .any(|i| beats(&found[*i], c))
    };
    found.iter().filter(|c| !beaten(c)).copied().collect()
}

fn beats(a: &Candidate, b: &Candidate) -> bool {
    let ratio = a.radius_px / b.radius_px;
    let near = 0.5 * a.radius_px.min(b.radius_px).max(2.0);
    b.score < a.score && 0.55 < ratio && ratio < 1.8 && (a.x - b.x).hypot(a.y - b.y) < near
}
