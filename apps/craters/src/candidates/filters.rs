//! Separable filters of bounded support on planes without holes.

use crate::raster::Raster;

/// The plane with its holes closed by the mean of what lies around them.
pub(crate) fn filled(plane: &Raster) -> Raster {
    if plane.values.iter().all(|value| value.is_finite()) {
        return plane.clone();
    }
    let finite: Vec<f32> = plane.values.iter().copied().filter(|v| v.is_finite()).collect();
    let mean = finite.iter().map(|v| f64::from(*v)).sum::<f64>() / finite.len().max(1) as f64;
    let values = plane.values.iter().map(|v| if v.is_finite() { *v } else { mean as f32 });
    Raster { width: plane.width, height: plane.height, values: values.collect() }
}

/// The plane at half the size: each pixel the mean of four.
pub(crate) fn halved(plane: &Raster) -> Raster {
    let (width, height) = (plane.width.div_ceil(2), plane.height.div_ceil(2));
    let mut values = Vec::with_capacity(width * height);
    for row in 0..height {
        let upper = plane.row(2 * row);
        let lower = plane.row((2 * row + 1).min(plane.height - 1));
        for column in 0..width {
            let (left, right) = (2 * column, (2 * column + 1).min(plane.width - 1));
            values.push(0.25 * (upper[left] + upper[right] + lower[left] + lower[right]));
        }
    }
    Raster { width, height, values }
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
