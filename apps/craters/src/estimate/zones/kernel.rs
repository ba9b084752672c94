//! The intensity of craters over a window: a Gaussian kernel, corrected for the edge.

use super::nearest;
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
    /// Whether a cell touches the window.
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
        // Two cells more on each side: those at the rim lie outside, so that every zone is closed.
        let width = ((east - west) / cell_m).ceil() as usize + 4;
        let height = ((north - south) / cell_m).ceil() as usize + 4;
        let (west_m, south_m) = (west - 2.0 * cell_m, south - 2.0 * cell_m);
        let mut frame = Self { west_m, south_m, cell_m, width, height, inside: Vec::new() };
        frame.inside = (0..width * height)
            .map(|at| frame.touches(window, &frame.centre(at % width, at / width)))
            .collect();
        if !frame.inside.contains(&true) {
            return Err(Error::refused("no cell lies in the window", "take smaller cells"));
        }
        Ok(frame)
    }

    /// Whether the centre or a corner of a cell lies in the window.
    fn touches(&self, window: &[[f64; 2]], centre: &[f64; 2]) -> bool {
        let half = self.cell_m / 2.0;
        let places = [(0.0, 0.0), (-half, -half), (half, -half), (-half, half), (half, half)];
        places.iter().any(|(x, y)| contains(window, &[centre[0] + x, centre[1] + y]))
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

    /// The right half of a Gaussian in cells, cut at four standard deviations, of sum one.
    fn kernel(&self, sd_m: f64) -> Vec<f64> {
        let reach = (4.0 * sd_m / self.cell_m).ceil() as usize;
        let weight = |k: usize| (-0.5 * (k as f64 * self.cell_m / sd_m).powi(2)).exp();
        let mut kernel: Vec<f64> = (0..=reach).map(weight).collect();
        let total = kernel[0] + 2.0 * kernel[1..].iter().sum::<f64>();
        kernel.iter_mut().for_each(|weight| *weight /= total);
        kernel
    }

    /// Blurs along rows, then columns; nothing lies beyond the frame.
    fn blurred(&self, values: &[f64], kernel: &[f64]) -> Vec<f64> {
        let across = blur_rows(values, self.width, kernel);
        let turned = transposed(&across, self.width, self.height);
        let down = blur_rows(&turned, self.height, kernel);
        transposed(&down, self.height, self.width)
    }
}

fn blur_rows(values: &[f64], width: usize, kernel: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; values.len()];
    for (row, into) in values.chunks(width).zip(out.chunks_mut(width)) {
        for (x, value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            let (left, right) = into.split_at_mut(x);
            for (sum, weight) in right.iter_mut().zip(kernel) {
                *sum += value * weight;
            }
            for (sum, weight) in left.iter_mut().rev().zip(&kernel[1..]) {
                *sum += value * weight;
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
    /// The craters.
    pub(super) points: Vec<[f64; 2]>,
    /// Craters a square metre; [`OUTSIDE`] outside of the window.
    pub(super) density: Vec<f32>,
    /// Of the narrowest part of the kernel.
    pub(super) bandwidth_m: f64,
    /// For each crater the density that all others make in its cell, smallest first.
    left_out: Vec<f64>,
}

/// Stands where there is no window: below every density.
pub(super) const OUTSIDE: f32 = -2.0;

/// Standard deviations of the kernel's parts, as multiples of the bandwidth.
const SCALES: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 16.0];

impl Surface {
    /// The kernel is the mean of Gaussians of h, 2h, 4h, 8h and 16h, with h the median distance of a
    /// crater to its nearest other. Here we leave the paper, whose kernel is one Gaussian: a crater
    /// that lies alone would have no intensity without itself, and what failed alone would not
    /// either. Each part is divided by its share within the window (Diggle 1985).
    pub(super) fn new(
        points: &[[f64; 2]],
        window: &[[f64; 2]],
        cell_m: Option<f64>,
    ) -> Result<Self> {
        Ok(Self::on(Frame::new(window, cell_m)?, points))
    }

    fn on(frame: Frame, points: &[[f64; 2]]) -> Self {
        let bandwidth_m =
            nearest::distances_between(points)[points.len() / 2].max(frame.cell_m / 2.0);
        let mask: Vec<f64> = frame.inside.iter().map(|inside| f64::from(*inside)).collect();
        let mut counts = vec![0.0; mask.len()];
        let cells: Vec<usize> = points.iter().filter_map(|point| frame.index_of(point)).collect();
        cells.iter().for_each(|cell| counts[*cell] += 1.0);
        let scale = 1.0 / (SCALES.len() as f64 * frame.cell_m * frame.cell_m);
        let mut density = vec![0.0; mask.len()];
        let mut own = vec![0.0; mask.len()];
        for multiple in SCALES {
            let kernel = frame.kernel(multiple * bandwidth_m);
            let edge = frame.blurred(&mask, &kernel);
            let blurred = frame.blurred(&counts, &kernel);
            for at in (0..mask.len()).filter(|at| frame.inside[*at]) {
                density[at] += scale * blurred[at] / edge[at];
                own[at] += scale * kernel[0] * kernel[0] / edge[at];
            }
        }
        let without_itself = |cell: &usize| (density[*cell] - own[*cell]).max(0.0);
        let mut left_out: Vec<f64> = cells.iter().map(without_itself).collect();
        left_out.sort_by(f64::total_cmp);
        let kept = |(value, inside): (f64, &bool)| if *inside { value as f32 } else { OUTSIDE };
        let density = density.into_iter().zip(&frame.inside).map(kept).collect();
        Self { density, points: points.to_vec(), bandwidth_m, left_out, frame }
    }

    /// The density c at which a zone is cut so that `P(any unexploded bomb outside) ≤ α`.
    ///
    /// Order all bombs, exploded or not, by the density that the others make at their place. Each of
    /// the k lowest exploded with probability 1 − q. With probability (1 − q)^k all of them did and
    /// are the k lowest craters, and nothing unexploded lies lower. So c is the k-th lowest density
    /// at a crater, itself left out, with `k = ⌊ln(1 − α)/ln(1 − q)⌋`. The paper takes c from the
    /// estimated intensity, which in the tails is a guess: on the positions of its own data such
    /// zones lost a bomb far more often than stated. Where k is zero, α being below q, no part of
    /// the window can be left out: None.
    pub(super) fn cut(&self, q: f64, alpha: f64) -> Option<f64> {
        let k = ((1.0 - alpha).ln() / (1.0 - q).ln() + 1e-9).floor() as usize;
        self.left_out.get(k.checked_sub(1)?).copied()
    }
}

/// The corners' bounds: west, south, east, north.
pub(super) fn bounds(points: &[[f64; 2]]) -> [f64; 4] {
    points
        .iter()
        .fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |b, p| {
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
