//! Numbers drawn by chance: binomial and negative binomial counts from one uniform number each, and
//! points that fill a cube evenly. The same seed gives the same numbers.

/// A point set that fills the unit cube evenly: the additive recurrence of the generalised golden
/// ratio (Roberts 2018), `x_n = frac(x₀ + n·a)`, `a_k = φ_d^(−k)`, `φ_d` the root of
/// `x^(d+1) = x + 1`; `x₀` comes from the seed.
pub(super) struct Points<const D: usize> {
    steps: [f64; D],
    at: [f64; D],
}

impl<const D: usize> Points<D> {
    pub(super) fn new(seed: u64) -> Self {
        let mut root: f64 = 2.0;
        for _ in 0..64 {
            root = (1.0 + root).powf(1.0 / (D as f64 + 1.0));
        }
        let mut steps = [0.0; D];
        let mut at = [0.0; D];
        let mut state = seed;
        for k in 0..D {
            steps[k] = root.powi(-(k as i32 + 1));
            at[k] = unit(&mut state);
        }
        Self { steps, at }
    }

    pub(super) fn next(&mut self) -> [f64; D] {
        for (at, step) in self.at.iter_mut().zip(&self.steps) {
            *at = (*at + step).fract();
        }
        self.at.map(|u| u.clamp(1e-12, 1.0 - 1e-12))
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014), as a number between 0 and 1.
pub(super) fn unit(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Successes of `n` trials with probability `p`.
pub(super) fn binomial(n: u64, p: f64, u: f64) -> u64 {
    if n == 0 || p <= 0.0 {
        return 0;
    }
    if p >= 1.0 {
        return n;
    }
    let odds = p / (1.0 - p);
    let mode = (((n + 1) as f64 * p) as u64).min(n);
    let up = |k: u64| if k < n { (n - k) as f64 / (k + 1) as f64 * odds } else { 0.0 };
    from_mode(mode, ln_binomial(n, mode, p).exp(), up, u)
}

/// Failures before the `r`-th success, `r` real: `P(k) = Γ(k + r)/(k! Γ(r)) p^r (1 − p)^k`.
pub(super) fn negative_binomial(r: f64, p: f64, u: f64) -> u64 {
    if r <= 0.0 || p >= 1.0 {
        return 0;
    }
    let p = p.max(1e-9);
    let mode = if r > 1.0 { ((r - 1.0) * (1.0 - p) / p) as u64 } else { 0 };
    let k = mode as f64;
    let ln = ln_gamma(k + r) - ln_gamma(k + 1.0) - ln_gamma(r) + r * p.ln() + k * (1.0 - p).ln();
    from_mode(mode, ln.exp(), |k| (k as f64 + r) / (k as f64 + 1.0) * (1.0 - p), u)
}

/// The value that a uniform number falls on when the values are laid out from the mode outwards, in
/// turn above and below it. `up(k)` is `P(k + 1)/P(k)`.
fn from_mode(mode: u64, at_mode: f64, up: impl Fn(u64) -> f64, u: f64) -> u64 {
    let (mut above, mut below) = (mode, mode);
    let (mut p_above, mut p_below) = (at_mode, at_mode);
    let mut rest = u - at_mode;
    while rest > 0.0 {
        p_above *= up(above);
        above += 1;
        rest -= p_above;
        if rest <= 0.0 {
            return above;
        }
        if below > 0 {
            below -= 1;
            p_below /= up(below);
            rest -= p_below;
            if rest <= 0.0 {
                return below;
            }
        }
        // What rounding left over belongs to the far tails.
        if p_above < 1e-18 && (p_below < 1e-18 || below == 0) {
            break;
        }
    }
    mode
}

/// ln of the binomial probability of `k` of `n`.
pub(super) fn ln_binomial(n: u64, k: u64, p: f64) -> f64 {
    let (n, k) = (n as f64, k as f64);
    let ways = ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
    let part = |count: f64, p: f64| if count > 0.0 { count * p.ln() } else { 0.0 };
    ways + part(k, p) + part(n - k, 1.0 - p)
}

/// ln Γ(x) for x > 0: Stirling's series (DLMF 5.11.1) from 8 upwards, below it by
/// `Γ(x + 1) = x Γ(x)`.
pub(super) fn ln_gamma(x: f64) -> f64 {
    let (mut at, mut product) = (x, 1.0);
    while at < 8.0 {
        product *= at;
        at += 1.0;
    }
    let r = 1.0 / (at * at);
    let series = (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r / 1680.0))) / at;
    (at - 0.5) * at.ln() - at + 0.918_938_533_204_672_7 + series - product.ln()
}

/// The standard normal distribution, as the inverse of its quantile by bisection: it is asked four
/// times a record.
pub(super) fn normal_cdf(x: f64) -> f64 {
    if x.abs() > 7.0 {
        return if x < 0.0 { 0.0 } else { 1.0 };
    }
    let (mut low, mut high) = (1e-12, 1.0 - 1e-12);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        if normal_quantile(middle) < x { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The standard normal quantile (Acklam's rational approximation, relative error 1.2e-9).
pub(super) fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    let row = |c: &[f64], x: f64| c.iter().fold(0.0, |sum, c| sum * x + c);
    let tail = |p: f64| {
        let q = (-2.0 * p.ln()).sqrt();
        row(&C, q) / row(&D, q)
    };
    match p {
        p if p < 0.024_25 => tail(p),
        p if p > 1.0 - 0.024_25 => -tail(1.0 - p),
        p => {
            let q = p - 0.5;
            row(&A, q * q) * q / row(&B, q * q)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(n: usize, mut draw: impl FnMut(f64) -> u64) -> (f64, f64) {
        let mut points = Points::<1>::new(1);
        let values: Vec<f64> = (0..n).map(|_| draw(points.next()[0]) as f64).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64)
    }

    #[test]
    fn counts_have_the_moments_of_their_laws() {
        for (n, p) in [(10, 0.3), (1500, 0.86), (40, 0.001)] {
            let (mean, variance) = moments(20_000, |u| binomial(n, p, u));
            let expected = n as f64 * p;
            assert!((mean - expected).abs() < 0.01 * expected + 1e-3, "{mean} {expected}");
            assert!((variance / (expected * (1.0 - p)) - 1.0).abs() < 0.03, "{variance}");
        }
        for (r, p) in [(0.5, 0.6), (700.5, 0.86)] {
            let (mean, variance) = moments(20_000, |u| negative_binomial(r, p, u));
            let expected = r * (1.0 - p) / p;
            assert!((mean / expected - 1.0).abs() < 0.01, "{mean} {expected}");
            assert!((variance / (expected / p) - 1.0).abs() < 0.03, "{variance}");
        }
    }

    #[test]
    fn normal_quantiles_are_those_of_tables() {
        assert!((normal_quantile(0.975) - 1.959_963_985).abs() < 1e-8);
        assert!((normal_quantile(0.001) + 3.090_232_306).abs() < 1e-7);
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-10);
    }
}
