//! What a sensor makes of the light: blur, noise, columns of unequal gain, whole numbers.

use super::law::Parameters;
use super::noise::{hash, normal};
use crate::raster::Raster;

/// Largest digital number of 11 bits.
const HIGHEST: f32 = 2047.0;
/// Blur of the colour bands in pixels of the panchromatic one, which is four times finer.
const COLOUR_BLUR_PX: f32 = 1.7;
/// Shares of blue, green, red and near infrared in the panchromatic band.
pub(super) const PAN: [f32; 4] = [0.15, 0.30, 0.35, 0.20];

/// Blurs in place by a Gaussian of that deviation; the edge is repeated.
pub(super) fn blur(plane: &mut Raster, deviation_px: f32) {
    let half = (3.0 * deviation_px).ceil() as usize;
    let weights: Vec<f32> = (0..=2 * half)
        .map(|i| (-0.5 * ((i as f32 - half as f32) / deviation_px).powi(2)).exp())
        .collect();
    let total: f32 = weights.iter().sum();
    let weights: Vec<f32> = weights.iter().map(|weight| weight / total).collect();
    let (width, height) = (plane.width, plane.height);
    let mut across = vec![0.0; plane.values.len()];
    let mut padded = vec![0.0; width + 2 * half];
    for (line, out) in plane.values.chunks_exact(width).zip(across.chunks_exact_mut(width)) {
        padded[..half].fill(line[0]);
        padded[half..half + width].copy_from_slice(line);
        padded[half + width..].fill(line[width - 1]);
        for (k, weight) in weights.iter().enumerate() {
            add_scaled(out, &padded[k..k + width], *weight);
        }
    }
    plane.values.fill(0.0);
    for (row, out) in plane.values.chunks_exact_mut(width).enumerate() {
        for (k, weight) in weights.iter().enumerate() {
            let from = (row + k).saturating_sub(half).min(height - 1);
            add_scaled(out, &across[from * width..(from + 1) * width], *weight);
        }
    }
}

fn add_scaled(sum: &mut [f32], values: &[f32], by: f32) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += by * value;
    }
}

/// The panchromatic band, then blue, green, red and near infrared, in digital numbers without
/// noise. The colours are sharpened by the panchromatic band after Brovey: c · P / P_blurred.
pub(super) fn bands(p: &Parameters, seen: [Vec<f32>; 4], width: usize) -> [Raster; 5] {
    let raster = |values: Vec<f32>| Raster { width, height: values.len() / width, values };
    let sum = (0..seen[0].len()).map(|i| (0..4).map(|k| PAN[k] * seen[k][i]).sum::<f32>());
    let mut pan = raster(sum.collect());
    let mut coarse = pan.clone();
    blur(&mut pan, p.blur_px);
    blur(&mut coarse, COLOUR_BLUR_PX);
    let sharpening: Vec<f32> =
        pan.values.iter().zip(&coarse.values).map(|(fine, coarse)| fine / coarse).collect();
    let colours = seen.map(|values| {
        let mut band = raster(values);
        blur(&mut band, COLOUR_BLUR_PX);
        for (value, factor) in band.values.iter_mut().zip(&sharpening) {
            *value *= factor * p.gain;
        }
        band
    });
    pan.values.iter_mut().for_each(|value| *value *= p.gain);
    let [blue, green, red, nir] = colours;
    [pan, blue, green, red, nir]
}

/// A digital number with its noise, whole and within 11 bits. `column`, `row`: of the scene.
pub(super) fn read_out(p: &Parameters, signal: f32, seed: u64, column: i64, row: i64) -> f32 {
    let [shot, dark] = p.shot_dark;
    let noise = (shot * signal.max(0.0) + dark).sqrt() * normal(seed, column, row);
    (signal + noise).round().clamp(1.0, HIGHEST)
}

/// Gain of a column of the scene: detectors of a row differ a little.
pub(super) fn column_gain(p: &Parameters, seed: u64, column: i64) -> f32 {
    1.0 + p.banding * normal(hash(seed, 77, 0), column, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blurred_point_keeps_its_sum_and_its_place() {
        let mut plane = Raster::filled(21, 21, 0.0);
        plane.values[10 * 21 + 10] = 1.0;
        blur(&mut plane, 1.0);
        assert!((plane.values.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!((plane.get(10, 10) - 0.159).abs() < 0.003);
        assert_eq!(plane.get(8, 10), plane.get(12, 10));
    }
}
