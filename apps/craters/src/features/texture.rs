//! Texture: local binary patterns, the spread inside and outside, the spectrum of gradients.

use super::patch::{Patch, SIDE, SPOTS};

/// Patterns with at most two changes, by their number of bright neighbours, and all others.
const PATTERNS: usize = 10;
const BANDS: usize = 4;

pub(super) fn names() -> Vec<String> {
    let mut names = Vec::new();
    for zone in ["inside", "outside"] {
        names.extend((0..PATTERNS).map(|k| format!("lbp_{zone}_{k}")));
    }
    names.extend((0..BANDS).map(|k| format!("gradient_detail_{k}")));
    let rest = ["deviation_inside", "slope_inside", "slope_outside", "slope_ratio"];
    names.extend(rest.map(str::to_owned));
    names
}

pub(super) fn measure(patch: &Patch, row: &mut Vec<f32>) {
    patterns(patch, row);
    row.extend(details(patch));
    row.extend(spread(patch));
}

/// Histograms of local binary patterns (Ojala, Pietikäinen, Mäenpää 2002, "riu2" of 8
/// neighbours), which no rotation by an eighth changes.
fn patterns(patch: &Patch, row: &mut Vec<f32>) {
    let side = SIDE as isize;
    let around = [1, side + 1, side, side - 1, -1, -side - 1, -side, -side + 1];
    let mut zones = [[0.0_f32; PATTERNS]; 2];
    for y in 1..SIDE - 1 {
        for x in 1..SIDE - 1 {
            let i = y * SIDE + x;
            let centre = patch.values[i];
            let mut bits = 0_u8;
            for (k, step) in around.iter().enumerate() {
                let brighter = centre < patch.values[(i as isize + step) as usize];
                bits |= u8::from(brighter) << k;
            }
            let changes = (bits ^ bits.rotate_left(1)).count_ones();
            let pattern = if changes <= 2 { bits.count_ones() as usize } else { PATTERNS - 1 };
            zones[usize::from(1.0 < SPOTS[i].distance)][pattern] += 1.0;
        }
    }
    for zone in zones {
        let total = zone.iter().sum::<f32>();
        row.extend(zone.map(|count| count / total));
    }
}

/// Mean size of the differences between samples 1, 2, 4 and 8 apart, each against their sum: the
/// spectrum of gradients in octaves.
fn details(patch: &Patch) -> [f32; BANDS] {
    let mut sums = [0.0_f32; BANDS];
    for (band, sum) in sums.iter_mut().enumerate() {
        let step = 1 << band;
        let rows: Vec<&[f32]> = patch.values.chunks_exact(SIDE).collect();
        for (line, lower) in rows.iter().zip(&rows[step..]) {
            for i in 0..SIDE - step {
                *sum += (line[i + step] - line[i]).abs() + (lower[i] - line[i]).abs();
            }
        }
        let n = 2.0 * ((SIDE - step) * (SIDE - step)) as f32;
        *sum /= n;
    }
    let total = sums.iter().sum::<f32>() + 1e-6;
    sums.map(|sum| sum / total)
}

fn spread(patch: &Patch) -> [f32; 4] {
    let (mut n, mut sum, mut squares) = (0.0_f32, 0.0, 0.0);
    let mut slopes = [[0.0_f32; 2]; 2];
    for (i, value) in patch.values.iter().enumerate() {
        let outside = 1.0 < SPOTS[i].distance;
        let zone = &mut slopes[usize::from(outside)];
        zone[0] += patch.size[i];
        zone[1] += 1.0;
        if !outside {
            n += 1.0;
            sum += value;
            squares += value * value;
        }
    }
    let deviation = (squares / n - (sum / n).powi(2)).max(0.0).sqrt();
    let [inside, outside] = slopes.map(|[sum, n]| sum / n);
    [deviation, inside, outside, inside / (outside + 1e-3)]
}
