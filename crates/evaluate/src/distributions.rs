//! The few distributions that intervals and tests need.

use std::f64::consts::{PI, SQRT_2};

/// Φ(x), the normal distribution: `½·erfc(−x/√2)`.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    let t = x.abs() / SQRT_2;
    let upper = if t < 2.0 { 1.0 - erf_by_series(t) } else { erfc_by_fraction(t) };
    if x < 0.0 { upper / 2.0 } else { 1.0 - upper / 2.0 }
}

/// Φ⁻¹(p); infinite at 0 and 1.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    match p {
        p if p <= 0.0 => f64::NEG_INFINITY,
        p if p >= 1.0 => f64::INFINITY,
        // The lower tail keeps its digits, the upper one does not.
        p if p > 0.5 => -normal_quantile(1.0 - p),
        p => root(-40.0, 0.0, |x| normal_cdf(x) - p),
    }
}

/// I_x(a, b), the regularised incomplete beta function: the distribution of a beta variable. By
/// its continued fraction (DLMF 8.17.22) on the side where that converges fast, by
/// `I_x(a, b) = 1 − I_{1−x}(b, a)` (DLMF 8.17.4) on the other.
pub(crate) fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_cdf(b, a, 1.0 - x);
    }
    let ln_front = a * x.ln() + b * (-x).ln_1p() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    let numerator = |i: u32| {
        let m = f64::from(i / 2);
        if i.is_multiple_of(2) {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        }
    };
    ln_front.exp() / a / continued_fraction(numerator)
}

/// The two-sided sign test (Dixon and Mood 1946): how likely so uneven a split is where both
/// sides are equally likely. `min(1, 2·P(X ≥ max(k, n − k)))`, X binomial with p = ½.
pub(crate) fn sign_test(k: u64, rest: u64) -> f64 {
    let (more, n) = (k.max(rest) as f64, (k + rest) as f64);
    if n == 0.0 { 1.0 } else { (2.0 * beta_cdf(more, n - more + 1.0, 0.5)).min(1.0) }
}

/// Where `f`, which rises, crosses zero, by bisection.
pub(crate) fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if f(middle) < 0.0 { low = middle } else { high = middle }
    }
}

/// `erf(t) = 2/√π · e^(−t²) · Σ 2ⁿ t^(2n+1)/(2n+1)!!` (DLMF 7.6.2).
fn erf_by_series(t: f64) -> f64 {
    let (mut term, mut sum, mut n) = (t, t, 1.0);
    while term > sum * f64::EPSILON / 4.0 {
        term *= 2.0 * t * t / (2.0 * n + 1.0);
        sum += term;
        n += 1.0;
    }
    2.0 / PI.sqrt() * (-t * t).exp() * sum
}

/// `erfc(t) = e^(−t²)/(t·√π) · 1/(1 + q₁/(1 + q₂/(1 + …)))`, `qₙ = n/(2t²)` (DLMF 7.9.1).
fn erfc_by_fraction(t: f64) -> f64 {
    let fraction = continued_fraction(|n| f64::from(n) / (2.0 * t * t));
    (-t * t).exp() / (t * PI.sqrt()) / fraction
}

/// `1 + q₁/(1 + q₂/(1 + …))` by Lentz's method (DLMF 3.10(iii)).
fn continued_fraction(q: impl Fn(u32) -> f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |x: f64| if x.abs() < TINY { TINY } else { x };
    let (mut value, mut c, mut d) = (1.0, 1.0, 0.0);
    for n in 1..100_000 {
        d = 1.0 / away_from_zero(1.0 + q(n) * d);
        c = away_from_zero(1.0 + q(n) / c);
        value *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// ln Γ(x) for x > 0: Stirling's series (DLMF 5.11.1), from x ≥ 10 by `Γ(x + 1) = x·Γ(x)`.
fn ln_gamma(x: f64) -> f64 {
    let (mut at, mut product) = (x, 1.0);
    while at < 10.0 {
        product *= at;
        at += 1.0;
    }
    let r = 1.0 / (at * at);
    let series = 1.0 / 12.0
        - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r * (1.0 / 1188.0))));
    (at - 0.5) * at.ln() - at + (2.0 * PI).ln() / 2.0 + series / at - product.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64) {
        let off = (value - expected).abs() / expected.abs().max(1e-300);
        assert!(off < 1e-11 || value == expected, "{value} is not {expected}");
    }

    /// Expected values here and below: SciPy 1.16, `norm`, `betainc`, `binomtest`.
    #[test]
    fn the_normal_distribution_is_that_of_scipy() {
        close(normal_cdf(-6.0), 9.865_876_450_376_946e-10);
        close(normal_cdf(-1.5), 0.066_807_201_268_858_07);
        close(normal_cdf(0.0), 0.5);
        close(normal_cdf(0.3), 0.617_911_422_188_952_6);
        close(normal_cdf(2.5), 0.993_790_334_674_223_8);
        close(normal_cdf(3.7), 0.999_892_200_266_522_6);
    }

    #[test]
    fn normal_quantiles_are_those_of_scipy() {
        close(normal_quantile(1e-9), -5.997_807_015_007_686_5);
        close(normal_quantile(0.025), -1.959_963_984_540_054_5);
        close(normal_quantile(0.975), 1.959_963_984_540_054);
        close(normal_quantile(0.8), 0.841_621_233_572_914_3);
        close(normal_quantile(0.999_999), 4.753_424_308_817_087);
        assert!(normal_quantile(0.5).abs() < 1e-15);
        assert_eq!(
            (normal_quantile(0.0), normal_quantile(1.0)),
            (f64::NEG_INFINITY, f64::INFINITY)
        );
    }

    #[test]
    fn the_incomplete_beta_function_is_that_of_scipy() {
        close(beta_cdf(2.0, 3.0, 0.4), 0.5248);
        close(beta_cdf(0.5, 0.5, 0.1), 0.204_832_764_699_133_45);
        close(beta_cdf(100.0, 20.0, 0.8), 0.162_202_001_720_560_26);
        close(beta_cdf(1.0, 1000.0, 0.002), 0.864_935_477_553_316_5);
        assert_eq!((beta_cdf(2.0, 2.0, 0.0), beta_cdf(2.0, 2.0, 1.0)), (0.0, 1.0));
    }

    #[test]
    fn the_sign_test_is_that_of_scipy() {
        close(sign_test(8, 2), 0.109_375);
        close(sign_test(5, 5), 1.0);
        close(sign_test(30, 12), 0.007_915_897_334_896_727);
        close(sign_test(0, 6), 0.031_25);
        close(sign_test(600, 520), 0.018_207_019_279_300_136);
        close(sign_test(0, 0), 1.0);
    }
}
