//! The intensity of craters over a window: a Gaussian kernel, corrected for the edge.

use super::nearest::distance;
use crate::Error;
use crate::error::Result;

/// Square cells over a window.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) west_m: f64,
    pub(super) south_m: f64,
    pub(super) cell_m: f64,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Whether a cell's centre lies in the window.
    pub(super) inside: Vec<bool>,
}

/// Most cells of a grid: a quarter of a gigabyte of what is kept for each.
const MOST_CELLS: f64 = 4e6;
/// Cells along the longer side where none is asked for.
const N_CELLS: f64 = 200.0;

impl Frame {
    pub(super) fn new(window: &[[f64; 2]], cell_m: Option<f64>) -> Result<Self> {
        let [west, south, east, north] = bounds(window);
        let cell_m = cell_m.unwrap_or((east - west).max(north - south) / N_CELLS);
        let n_cells = ((east - west) / cell_m + 2.0) * ((north - south) / cell_m + 2.0);
        if !(cell_m > 0.0 && n_cells <= MOST_CELLS) {
            return Err(Error::refused(
                format!("cells of {cell_m} m over this window are {n_cells:.0}"),
                "take larger cells",
            ));
        }
        // One cell more on each side, outside of the window, so that every zone is closed.
        let width = ((east - west) / cell_m).ceil() as usize + 2;
        let height = ((north - south) / cell_m).ceil() as usize + 2;
        let (west_m, south_m) = (west - cell_m, south - cell_m);
        let mut frame = Self { west_m, south_m, cell_m, width, height, inside: Vec::new() };
        frame.inside = (0..width * height)
            .map(|at| contains(window, &frame.centre(at % width, at / width)))
            .collect();
        if !frame.inside.contains(&true) {
            return Err(Error::refused("no cell lies in the window", "take smaller cells"));
        }
        Ok(frame)
    }

    pub(super) fn centre(&self, column: usize, row: usize) -> [f64; 2] {
        let along = |origin: f64, at: usize| origin + (at as f64 + 0.5) * self.cell_m;
        [along(self.west_m, column), along(self.south_m, row)]
    }

    /// Column and row of a position, which may lie outside.
    pub(super) fn cell_of(&self, point: &[f64; 2]) -> (isize, isize) {
        let along = |origin: f64, at: f64| ((at - origin) / self.cell_m).floor() as isize;
        (along(self.west_m, point[0]), along(self.south_m, point[1]))
    }

    /// Index of the cell of a position.
    pub(super) fn index_of(&self, point: &[f64; 2]) -> Option<usize> {
        let (column, row) = self.cell_of(point);
        let within = 0 <= column
            && (column as usize) < self.width
            && 0 <= row
            && (row as usize) < self.height;
        within.then(|| row as usize * self.width + column as usize)
    }

    pub(super) fn diagonal_m(&self) -> f64 {
        self.cell_m * (self.width as f64).hypot(self.height as f64)
    }

    /// Blurs with a Gaussian along rows, then columns; nothing lies beyond the frame.
    fn blurred(&self, values: &[f64], sd_m: f64) -> Vec<f64> {
        let reach = (4.5 * sd_m / self.cell_m).ceil() as usize;
        let weight = |k: usize| (-0.5 * (k as f64 * self.cell_m / sd_m).powi(2)).exp();
        let mut kernel: Vec<f64> = (0..=reach).map(weight).collect();
        let total = kernel[0] + 2.0 * kernel[1..].iter().sum::<f64>();
        kernel.iter_mut().for_each(|weight| *weight /= total);
        let across = blur_rows(values, self.width, &kernel);
        let turned = transposed(&across, self.width, self.height);
        let down = blur_rows(&turned, self.height, &kernel);
        transposed(&down, self.height, self.width)
    }
}

fn blur_rows(values: &[f64], width: usize, kernel: &[f64]) -> Vec<f64> {
    let reach = kernel.len() - 1;
    let mut out = vec![0.0; values.len()];
    for (row, into) in values.chunks(width).zip(out.chunks_mut(width)) {
        for (x, value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            let (from, to) = (x.saturating_sub(reach), (x + reach + 1).min(width));
            for (at, sum) in into[from..to].iter_mut().enumerate() {
                *sum += value * kernel[(from + at).abs_diff(x)];
            }
        }
    }
    out
}

fn transposed(values: &[f64], width: usize, height: usize) -> Vec<f64> {
    (0..width * height).map(|at| values[(at % height) * width + at / height]).collect()
}

/// The intensity of craters, and what is needed to cut it.
pub(super) struct Surface {
    pub(super) frame: Frame,
    /// The craters inside the window.
    pub(super) points: Vec<[f64; 2]>,
    /// Craters a square metre; zero outside of the window.
    pub(super) density: Vec<f32>,
    /// Of the kernel.
    pub(super) bandwidth_m: f64,
    /// For each crater the intensity that all others make at its place.
    left_out: Vec<f64>,
}

impl Surface {
    pub(super) fn new(
        points: &[[f64; 2]],
        window: &[[f64; 2]],
        cell_m: Option<f64>,
    ) -> Result<Self> {
        let frame = Frame::new(window, cell_m)?;
        Ok(Self::on(frame, points))
    }

    /// On a frame that is there.
    pub(super) fn on(frame: Frame, points: &[[f64; 2]]) -> Self {
        let bandwidth_m = bandwidth(points);
        // Diggle 1985: divided by the share of the kernel that lies within the window.
        let mask: Vec<f64> = frame.inside.iter().map(|inside| f64::from(*inside)).collect();
        let edge = frame.blurred(&mask, bandwidth_m);
        let mut counts = vec![0.0; mask.len()];
        for cell in points.iter().filter_map(|point| frame.index_of(point)) {
            counts[cell] += 1.0;
        }
        let cell_m2 = frame.cell_m * frame.cell_m;
        let corrected = |(at, value): (usize, f64)| match frame.inside[at] {
            true => (value / edge[at] / cell_m2) as f32,
            false => 0.0,
        };
        let blurred = frame.blurred(&counts, bandwidth_m);
        let density = blurred.into_iter().enumerate().map(corrected).collect();
        let left_out = left_out(points, bandwidth_m)
            .into_iter()
            .zip(points)
            .map(|(value, point)| match frame.index_of(point) {
                Some(cell) if edge[cell] > 0.05 => value / edge[cell],
                _ => value,
            })
            .collect();
        Self { frame, points: points.to_vec(), density, bandwidth_m, left_out }
    }
}

/// For each point the intensity that all others make at its place.
fn left_out(points: &[[f64; 2]], sd_m: f64) -> Vec<f64> {
    let norm = 1.0 / (2.0 * std::f64::consts::PI * sd_m * sd_m);
    let kernel = |a: &[f64; 2], b: &[f64; 2]| (-0.5 * (distance(a, b) / sd_m).powi(2)).exp();
    let at = |(at, point): (usize, &[f64; 2])| {
        let others = points.iter().enumerate().filter(|(other, _)| *other != at);
        norm * others.map(|(_, other)| kernel(point, other)).sum::<f64>()
    };
    points.iter().enumerate().map(at).collect()
}

/// The corners' bounds: west, south, east, north.
pub(super) fn bounds(points: &[[f64; 2]]) -> [f64; 4] {
    points.iter().fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |b, p| {
        [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])]
    })
}

/// Area of a ring by the shoelace formula.
pub(super) fn area(ring: &[[f64; 2]]) -> f64 {
    signed_area(ring).abs()
}

pub(super) fn signed_area(ring: &[[f64; 2]]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>() / 2.0
}

/// Whether a position lies in a ring, by crossings of a ray.
pub(super) fn contains(ring: &[[f64; 2]], point: &[f64; 2]) -> bool {
    let next = ring.iter().cycle().skip(1);
    let crosses = |(a, b): &(&[f64; 2], &[f64; 2])| {
        (a[1] > point[1]) != (b[1] > point[1])
            && point[0] < (b[0] - a[0]) * (point[1] - a[1]) / (b[1] - a[1]) + a[0]
    };
    ring.iter().zip(next).filter(crosses).count() % 2 == 1
}
