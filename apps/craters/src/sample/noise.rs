//! Numbers that look random and depend on a place and a seed alone, so that any part of a scene
//! can be drawn without the rest. Knows nothing of what they are used for.

/// Mixes a seed and two whole numbers to 64 bits (the finaliser of SplitMix64, Steele, Lea,
/// Flood 2014).
pub(super) fn hash(seed: u64, i: i64, j: i64) -> u64 {
    let mut z = seed
        ^ (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (j as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f).rotate_left(31);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Uniform in [0, 1).
pub(super) fn uniform(seed: u64, i: i64, j: i64) -> f32 {
    unit(hash(seed, i, j))
}

/// The upper bits of a hash as a number in [0, 1).
pub(super) fn unit(bits: u64) -> f32 {
    (bits >> 40) as f32 / (1u64 << 24) as f32
}

/// Nearly normal, mean 0, deviation 1: the sum of four uniform numbers (Irwin-Hall).
pub(super) fn normal(seed: u64, i: i64, j: i64) -> f32 {
    let bits = hash(seed, i, j);
    let sum: f32 = (0..4).map(|k| ((bits >> (16 * k)) & 0xffff) as f32).sum();
    (sum / 65536.0 - 2.0) * 3.0f32.sqrt()
}

/// Octaves of smooth noise: deviation of the longest, and what each next one, half as long, has
/// of the one before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Octaves {
    /// Longest wavelength in metres.
    pub longest_m: f64,
    /// Shortest.
    pub shortest_m: f64,
    /// Deviation of the longest octave.
    pub amplitude: f32,
    /// Deviation of an octave as a share of the one before; 0.5 is a surface of slope one.
    pub gain: f32,
    /// Folds the noise at zero, so that valleys become sharp.
    pub is_ridged: bool,
}

/// Deviation of smooth noise of one octave with lattice values in [-1, 1).
const LATTICE_DEVIATION: f32 = 0.43;

impl Octaves {
    fn each(self) -> impl Iterator<Item = (u64, f64, f32)> {
        let n = (self.longest_m / self.shortest_m).log2().floor().max(0.0) as i32;
        (0..=n).map(move |k| {
            let amplitude = self.amplitude * self.gain.powi(k) / LATTICE_DEVIATION;
            (k as u64, self.longest_m / f64::from(1 << k), amplitude)
        })
    }

    fn fold(self, value: f32) -> f32 {
        if self.is_ridged { 2.0 * value.abs() - 0.5 } else { value }
    }

    /// The noise at a place in metres.
    pub(super) fn at(self, seed: u64, x_m: f64, y_m: f64) -> f32 {
        self.each()
            .map(|(k, step, amplitude)| {
                let seed = hash(seed, k as i64, 7);
                let (row, fy) = lattice(y_m / step);
                let (column, fx) = lattice(x_m / step);
                let left = between(seed, column, row, fy);
                let right = between(seed, column + 1, row, fy);
                amplitude * self.fold(left + (right - left) * fx)
            })
            .sum()
    }

    /// Adds the noise to a square of pixels whose first has its centre at `x_m`, `y_m`.
    pub(super) fn add(self, plane: &mut [f32], width: usize, seed: u64, at_m: [f64; 2], gsd: f64) {
        for (k, step, amplitude) in self.each() {
            let seed = hash(seed, k as i64, 7);
            for (row, line) in plane.chunks_exact_mut(width).enumerate() {
                let (lattice_row, fy) = lattice((at_m[1] + row as f64 * gsd) / step);
                self.add_line(line, seed, lattice_row, fy, [at_m[0] / step, gsd / step], amplitude);
            }
        }
    }

    fn add_line(
        self,
        line: &mut [f32],
        seed: u64,
        row: i64,
        fy: f32,
        [begin, stride]: [f64; 2],
        amplitude: f32,
    ) {
        let mut column = begin.floor() as i64;
        let mut left = between(seed, column, row, fy);
        let mut right = between(seed, column + 1, row, fy);
        for (i, value) in line.iter_mut().enumerate() {
            let x = begin + i as f64 * stride;
            while x >= (column + 1) as f64 {
                column += 1;
                left = right;
                right = between(seed, column + 1, row, fy);
            }
            let t = smooth((x - column as f64) as f32);
            *value += amplitude * self.fold(left + (right - left) * t);
        }
    }
}

/// The lattice point below, and the smoothed way from it to the next.
fn lattice(x: f64) -> (i64, f32) {
    let below = x.floor();
    (below as i64, smooth((x - below) as f32))
}

/// The value of a lattice column between two rows, in [-1, 1).
fn between(seed: u64, column: i64, row: i64, fy: f32) -> f32 {
    let upper = uniform(seed, column, row);
    let lower = uniform(seed, column, row + 1);
    2.0 * (upper + (lower - upper) * fy) - 1.0
}

/// 3t² - 2t³.
pub(super) fn smooth(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OCTAVES: Octaves =
        Octaves { longest_m: 32.0, shortest_m: 2.0, amplitude: 1.0, gain: 0.5, is_ridged: false };

    #[test]
    fn a_plane_of_noise_has_the_values_of_its_places() {
        let mut plane = vec![0.0; 40 * 40];
        OCTAVES.add(&mut plane, 40, 5, [-7.25, 3.25], 0.5);
        let here = OCTAVES.at(5, -7.25 + 33.0 * 0.5, 3.25 + 20.0 * 0.5);
        assert!((plane[20 * 40 + 33] - here).abs() < 1e-4);
    }

    #[test]
    fn noise_has_the_deviation_that_was_asked_for() {
        let values: Vec<f32> = (0..4000)
            .map(|i| OCTAVES.at(1, f64::from(i) * 40.7, f64::from(i % 61) * 33.1))
            .collect();
        let variance = values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32;
        let asked: f32 = (0..5).map(|k| 0.25f32.powi(k)).sum();
        assert!((variance / asked - 1.0).abs() < 0.25, "{variance} against {asked}");
    }

    #[test]
    fn normal_noise_has_mean_zero_and_deviation_one() {
        let values: Vec<f32> = (0..20_000).map(|i| normal(3, i, 0)).collect();
        let mean = values.iter().sum::<f32>() / 20_000.0;
        let variance = values.iter().map(|v| v * v).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }
}
