//! Separable filters of bounded support on planes without holes, and planes of reduced size.

use crate::raster::Raster;

/// A plane at a reduced size. Its pixels lie on the scene's grid of that size, so that they hold
/// the same values wherever a window of the scene begins.
pub(crate) struct Level {
    /// The values.
    pub(crate) plane: Raster,
    /// Full pixels a pixel of this level.
    pub(crate) scale: f32,
    /// Position in the full plane of this level's first corner.
    pub(crate) shift: [f32; 2],
}

impl Level {
    /// A position of this level in the full plane.
    pub(crate) fn full(&self, x: f32, y: f32) -> [f32; 2] {
        [x * self.scale + self.shift[0], y * self.scale + self.shift[1]]
    }

    /// A position of the full plane in this level.
    pub(crate) fn own(&self, x: f32, y: f32) -> [f32; 2] {
        [(x - self.shift[0]) / self.scale, (y - self.shift[1]) / self.scale]
    }
}

/// The plane and its halves, quarters... until a side is below `least`. `origin` is where the
/// plane begins in its scene.
pub(crate) fn pyramid(plane: Raster, origin: (i64, i64), n: usize, least: usize) -> Vec<Level> {
    let mut levels = vec![Level { plane, scale: 1.0, shift: [0.0; 2] }];
    let mut corner = origin;
    for depth in 1..n {
        let last = &levels[depth - 1].plane;
        if last.width.min(last.height) < 2 * least {
            break;
        }
        let odd = (corner.0.rem_euclid(2) as usize, corner.1.rem_euclid(2) as usize);
        let plane = halved(last, odd);
        corner = (corner.0.div_euclid(2), corner.1.div_euclid(2));
        let side = 1_i64 << depth;
        let shift = [corner.0 * side - origin.0, corner.1 * side - origin.1].map(|s| s as f32);
        levels.push(Level { plane, scale: side as f32, shift });
    }
    levels
}

/// The plane at half the size: each pixel the mean of the numbers among four. Where the first
/// column (row) is odd in the scene, it is half of a pair.
fn halved(plane: &Raster, odd: (usize, usize)) -> Raster {
    let width = (plane.width + odd.0).div_ceil(2);
    let height = (plane.height + odd.1).div_ceil(2);
    let pair = |i: usize, odd: usize, n: usize| {
        let first = (2 * i).saturating_sub(odd);
        (first, (2 * i + 1 - odd).min(n - 1))
    };
    let mut values = Vec::with_capacity(width * height);
    for row in 0..height {
        let (top, bottom) = pair(row, odd.1, plane.height);
        let (upper, lower) = (plane.row(top), plane.row(bottom));
        for column in 0..width {
            let (left, right) = pair(column, odd.0, plane.width);
            let four = [upper[left], upper[right], lower[left], lower[right]];
            let mean = 0.25 * ((four[0] + four[1]) + (four[2] + four[3]));
            values.push(if mean.is_nan() { mean_of_numbers(four) } else { mean });
        }
    }
    Raster { width, height, values }
}

fn mean_of_numbers(four: [f32; 4]) -> f32 {
    let numbers = four.iter().filter(|v| !v.is_nan());
    numbers.clone().sum::<f32>() / numbers.count() as f32
}

/// The plane with its holes closed: a pixel without data takes the mean of the smallest block of
/// the scene's grid around it that has data, up to 64 pixels wide; where there is none, zero.
pub(crate) fn filled(plane: &Raster, origin: (i64, i64)) -> Raster {
    if plane.values.iter().all(|value| value.is_finite()) {
        return plane.clone();
    }
    let mut clean = plane.clone();
    clean.values.iter_mut().filter(|v| !v.is_finite()).for_each(|v| *v = f32::NAN);
    let mut levels = pyramid(clean, origin, 7, 1);
    for depth in (0..levels.len() - 1).rev() {
        let (fine, coarse) = levels.split_at_mut(depth + 1);
        fill_from(&mut fine[depth], &coarse[0]);
    }
    let mut whole = levels.swap_remove(0).plane;
    whole.values.iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = 0.0);
    whole
}

fn fill_from(fine: &mut Level, coarse: &Level) {
    for row in 0..fine.plane.height {
        for column in 0..fine.plane.width {
            let i = row * fine.plane.width + column;
            if fine.plane.values[i].is_nan() {
                let [x, y] = fine.full(column as f32 + 0.5, row as f32 + 0.5);
                let [x, y] = coarse.own(x, y);
                fine.plane.values[i] = coarse.plane.get(x as isize, y as isize);
            }
        }
    }
}

/// The plane under a Gaussian, cut at three sigmas; beyond the edge the nearest pixel's value.
pub(crate) fn gaussian(plane: &Raster, sigma: f32) -> Raster {
    let kernel = half_kernel(sigma);
    down(&across(plane, &kernel), &kernel)
}

/// The Gaussian's weights from its centre outwards; with the mirrored half they sum to one.
fn half_kernel(sigma: f32) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as usize;
    let weight = |i: usize| (-0.5 * (i as f32 / sigma).powi(2)).exp();
    let total = weight(0) + 2.0 * (1..=reach).map(weight).sum::<f32>();
    (0..=reach).map(|i| weight(i) / total).collect()
}

fn across(plane: &Raster, kernel: &[f32]) -> Raster {
    let (width, reach) = (plane.width, kernel.len() - 1);
    let mut values = vec![0.0; width * plane.height];
    let mut padded = vec![0.0; width + 2 * reach];
    for (row, out) in values.chunks_exact_mut(width).enumerate() {
        let line = plane.row(row);
        padded[..reach].fill(line[0]);
        padded[reach..reach + width].copy_from_slice(line);
        padded[reach + width..].fill(line[width - 1]);
        let centre = &padded[reach..reach + width];
        out.iter_mut().zip(centre).for_each(|(o, c)| *o = kernel[0] * c);
        for (i, weight) in kernel.iter().enumerate().skip(1) {
            let before = &padded[reach - i..reach - i + width];
            let after = &padded[reach + i..reach + i + width];
            add_pair(out, before, after, *weight);
        }
    }
    Raster { width, height: plane.height, values }
}

fn down(plane: &Raster, kernel: &[f32]) -> Raster {
    let (width, height) = (plane.width, plane.height);
    let mut values = vec![0.0; width * height];
    for (row, out) in values.chunks_exact_mut(width).enumerate() {
        out.iter_mut().zip(plane.row(row)).for_each(|(o, c)| *o = kernel[0] * c);
        for (i, weight) in kernel.iter().enumerate().skip(1) {
            let before = plane.row(row.saturating_sub(i));
            let after = plane.row((row + i).min(height - 1));
            add_pair(out, before, after, *weight);
        }
    }
    Raster { width, height, values }
}

fn add_pair(out: &mut [f32], before: &[f32], after: &[f32], weight: f32) {
    for ((o, b), a) in out.iter_mut().zip(before).zip(after) {
        *o += weight * (b + a);
    }
}
