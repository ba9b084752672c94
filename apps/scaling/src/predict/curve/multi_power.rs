//! The multi-power law on one curve, by damped least squares from several starts.
//!
//! It is evaluated in blocks of m steps: with η the mean rate of a block and time in blocks, the
//! law keeps its form with `A' = A·m^−α`, `C' = C·m` and the warm-up's area over m.

use rayon::prelude::*;

use super::Description;
use super::series::Series;
use crate::least_squares::{Minimum, least_squares};
use crate::model::annealing::{MultiPower, multi_power};

/// Parameters in blocks, and how many steps a block has.
#[derive(Debug, Clone)]
pub(super) struct MultiPowerFit {
    in_blocks: MultiPower,
    block: usize,
    at: [f64; 7],
}

/// Bounds of the search over L₀, ln A, α, ln B, ln κ, β and γ, in blocks, with
/// `κ = C·η_peak^−γ·S₁(all)`: what the bracket of a fall at the start comes to by the end.
///
/// κ is not below ten: a fall of the rate has had most of its effect after a tenth of the run.
/// Hägele et al. 2024 find that a cooldown over a fifth of the steps gains all that a longer one
/// does; and without this bound one slow decay does not tell it from a change of the power law.
const BOUNDS: [(f64, f64); 7] = [
    (0.0, 20.0),
    (-20.0, 20.0),
    (0.01, 3.0),
    (-5.0, 15.0),
    (std::f64::consts::LN_10, 14.0),
    (0.01, 3.0),
    (0.0, 2.0),
];

/// What turns κ into C.
#[derive(Debug, Clone, Copy)]
struct Scale {
    ln_peak: f64,
    ln_forward: f64,
}

impl Scale {
    fn of(rates: &[f64]) -> Self {
        Self { ln_peak: rates[0].ln(), ln_forward: rates[1..].iter().sum::<f64>().ln() }
    }

    fn parameters(self, z: &[f64; 7]) -> MultiPower {
        let &[floor, a, alpha, b, kappa, beta, gamma] = z;
        let c = (kappa + gamma * self.ln_peak - self.ln_forward).exp();
        MultiPower { floor, a: a.exp(), alpha, b: b.exp(), c, beta, gamma }
    }
}

impl MultiPowerFit {
    /// Fitted to losses at the points of a series, from near an earlier fit where there is one.
    pub(super) fn to(series: &Series, losses: &[f64], from: Option<&Self>) -> Option<Self> {
        let rates = series.block_rates();
        let warmup_area = series.warmup_area / series.block as f64;
        let scale = Scale::of(&rates);
        let residuals = |z: &[f64; 7], each: &mut dyn FnMut(f64, &[f64; 7])| {
            let k = scale.parameters(z);
            for (i, loss) in series.at.iter().zip(losses) {
                let (value, g) = multi_power(&rates, warmup_area, *i, &k);
                let [l0, a, alpha, b, c, beta, gamma] = g.map(|g| g / loss);
                let by_gamma = gamma + k.c * c * scale.ln_peak;
                let row = [l0, k.a * a, alpha, k.b * b, k.c * c, beta, by_gamma];
                each(value / loss - 1.0, &row);
            }
            true
        };
        let search = |start: [f64; 7], n| least_squares(start, &BOUNDS, n, residuals);
        let best: Minimum<7> = match from {
            Some(fit) => search(fit.at, 12),
            None => starts(series, losses)
                .into_par_iter()
                .map(|start| search(start, 60))
                .min_by(|a, b| a.squares.total_cmp(&b.squares))?,
        };
        best.squares.is_finite().then(|| Self {
            in_blocks: scale.parameters(&best.at),
            block: series.block,
            at: best.at,
        })
    }

    pub(super) fn losses(&self, series: &Series) -> Vec<f64> {
        let rates = series.block_rates();
        let warmup_area = series.warmup_area / series.block as f64;
        let at = |i: &usize| multi_power(&rates, warmup_area, *i, &self.in_blocks).0;
        series.at.par_iter().map(at).collect()
    }

    pub(super) fn describe(&self) -> Description {
        let (k, m) = (&self.in_blocks, self.block as f64);
        let parameters = vec![
            ("L₀", k.floor),
            ("A", k.a * m.powf(k.alpha)),
            ("α", k.alpha),
            ("B", k.b),
            ("C", k.c / m),
            ("β", k.beta),
            ("γ", k.gamma),
        ];
        Description {
            law: "multi-power",
            equation: "L = L₀ + A·(S₁ + S_W)^−α − B·Σ(η_{k−1} − η_k)·[1 − (1 + C·η_k^−γ·S_k)^−β]",
            parameters,
        }
    }
}

/// The annealing takes a tenth of the loss over the whole fall; the power law what is above a
/// floor of 60 to 90 % of the last loss.
fn starts(series: &Series, losses: &[f64]) -> Vec<[f64; 7]> {
    let last = losses[losses.len() - 1];
    let forward = series.rates.iter().sum::<f64>() / series.block as f64;
    let fall = (series.rates[0] - series.rates[series.rates.len() - 1]).abs().max(1e-12);
    let mut starts = vec![];
    for (floor, alpha) in [(0.9, 0.5), (0.75, 0.3)] {
        for (kappa, gamma) in [(30.0f64, 0.5), (300.0, 0.2), (300.0, 1.0)] {
            let a = (1.05 - floor) * last * forward.powf(alpha);
            let b = 0.1 * last / fall;
            starts.push([floor * last, a.ln(), alpha, b.ln(), kappa.ln(), 0.5, gamma]);
        }
    }
    starts
}
