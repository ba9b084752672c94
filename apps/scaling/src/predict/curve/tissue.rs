//! Tissue's law on one curve: λ on a grid, α by golden section, the rest linear.

use super::Description;
use super::series::Series;
use crate::least_squares::linear;
use crate::model::annealing::{TISSUE, areas};

/// `L(s) = L₀ + A·S₁^−α − C·S₂`.
#[derive(Debug, Clone)]
pub(super) struct TissueFit {
    /// θ of [`TISSUE`]: L₀, A, α, C.
    theta: [f64; 4],
    lambda: f64,
}

/// 1 − λ, from a memory of ten steps to one of ten thousand.
const FORGETTING: [f64; 13] = [
    0.1, 0.0562, 0.0316, 0.0178, 0.01, 0.00562, 0.00316, 0.00178, 0.001, 0.000_562, 0.000_316,
    0.000_178, 0.0001,
];

impl TissueFit {
    /// Fitted to losses at the points of a series.
    pub(super) fn to(series: &Series, losses: &[f64]) -> Option<Self> {
        let fits = FORGETTING.iter().filter_map(|forgetting| {
            let lambda = 1.0 - forgetting;
            let (theta, squares) = at_lambda(&inputs(series, lambda), losses)?;
            Some((Self { theta, lambda }, squares))
        });
        fits.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(fit, _)| fit)
    }

    pub(super) fn losses(&self, series: &Series) -> Vec<f64> {
        let rows = inputs(series, self.lambda);
        rows.iter().map(|x| TISSUE.at(x, &self.theta)).collect()
    }

    pub(super) fn describe(&self) -> Description {
        let symbols = TISSUE.parameters.iter().map(|p| p.symbol);
        let mut parameters: Vec<(&'static str, f64)> = symbols.zip(self.theta).collect();
        parameters.push(("λ", self.lambda));
        Description { law: "Tissue", equation: TISSUE.equation, parameters }
    }
}

/// The same without annealing, C = 0: a baseline.
pub(super) fn without_annealing(series: &Series) -> Option<TissueFit> {
    let lambda = 0.999;
    let rows: Vec<[f64; 2]> =
        inputs(series, lambda).into_iter().map(|[forward, _]| [forward, 0.0]).collect();
    at_lambda(&rows, &series.losses).map(|(theta, _)| TissueFit { theta, lambda })
}

/// S₁ and S₂ at the points, the warm-up counted in S₁ alone.
fn inputs(series: &Series, lambda: f64) -> Vec<[f64; 2]> {
    let areas = areas(&series.rates, lambda);
    // S₁ leaves out step 0, whose rate is the last of the warm-up.
    let before = series.warmup_area;
    let row = |i: &usize| {
        let area = areas[(i * series.block).min(areas.len() - 1)];
        [before + area.forward, area.annealing]
    };
    series.at.iter().map(row).collect()
}

/// The best θ at one λ, with Σ(relative residual)².
fn at_lambda(rows: &[[f64; 2]], losses: &[f64]) -> Option<([f64; 4], f64)> {
    let at = |ln_alpha: f64| at_alpha(rows, losses, ln_alpha.exp());
    let squares = |ln_alpha: f64| at(ln_alpha).map_or(f64::INFINITY, |found| found.1);
    let ln_alpha = golden_section(squares, 0.05f64.ln(), 3.0f64.ln());
    at(ln_alpha)
}

/// L₀, A and C by weighted linear least squares; L₀ and C not below zero, A above it.
fn at_alpha(rows: &[[f64; 2]], losses: &[f64], alpha: f64) -> Option<([f64; 4], f64)> {
    let weights: Vec<f64> = losses.iter().map(|l| 1.0 / (l * l)).collect();
    let powers = || rows.iter().map(|[forward, annealing]| (forward.powf(-alpha), *annealing));
    let three: Vec<[f64; 3]> = powers().map(|(p, s)| [1.0, p, -s]).collect();
    let full = linear(&three, losses, Some(&weights)).filter(|fit| {
        let [floor, a, c] = fit.coefficients;
        floor >= 0.0 && a > 0.0 && c >= 0.0
    });
    if let Some(fit) = full {
        let [floor, a, c] = fit.coefficients;
        return Some(([floor, a, alpha, c], fit.squares));
    }
    let no_annealing: Vec<[f64; 2]> = powers().map(|(p, _)| [1.0, p]).collect();
    let no_floor: Vec<[f64; 2]> = powers().map(|(p, s)| [p, -s]).collect();
    let one = linear(&no_annealing, losses, Some(&weights)).and_then(|fit| {
        let [floor, a] = fit.coefficients;
        (floor >= 0.0 && a > 0.0).then_some(([floor, a, alpha, 0.0], fit.squares))
    });
    let two = linear(&no_floor, losses, Some(&weights)).and_then(|fit| {
        let [a, c] = fit.coefficients;
        (a > 0.0 && c >= 0.0).then_some(([0.0, a, alpha, c], fit.squares))
    });
    one.into_iter().chain(two).min_by(|a, b| a.1.total_cmp(&b.1))
}

/// Where `f` is lowest between `low` and `high`, to 1e-3.
fn golden_section(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    const INVERSE_PHI: f64 = 0.618_033_988_749_894_9;
    let inner = |low: f64, high: f64| INVERSE_PHI * (high - low);
    let (mut x1, mut x2) = (high - inner(low, high), low + inner(low, high));
    let (mut f1, mut f2) = (f(x1), f(x2));
    while high - low > 1e-3 {
        if f1 <= f2 {
            (high, x2, f2) = (x2, x1, f1);
            x1 = high - inner(low, high);
            f1 = f(x1);
        } else {
            (low, x1, f1) = (x1, x2, f2);
            x2 = low + inner(low, high);
            f2 = f(x2);
        }
    }
    f64::midpoint(low, high)
}
