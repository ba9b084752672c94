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

/// Bounds of the search over L₀, ln A, α, ln B, ln C, β and γ, in blocks.
const BOUNDS: [(f64, f64); 7] =
    [(0.0, 20.0), (-20.0, 20.0), (0.01, 3.0), (-5.0, 15.0), (-15.0, 15.0), (0.01, 3.0), (0.0, 2.0)];

impl MultiPowerFit {
    /// Fitted to losses at the points of a series, from near an earlier fit where there is one.
    pub(super) fn to(series: &Series, losses: &[f64], from: Option<&Self>) -> Option<Self> {
        let rates = series.block_rates();
        let warmup_area = series.warmup_area / series.block as f64;
        let residuals = |z: &[f64; 7], each: &mut dyn FnMut(f64, &[f64; 7])| {
            let k = parameters(z);
            for (i, loss) in series.at.iter().zip(losses) {
                let (value, g) = multi_power(&rates, warmup_area, *i, &k);
                let [l0, a, alpha, b, c, beta, gamma] = g.map(|g| g / loss);
                each(value / loss - 1.0, &[l0, k.a * a, alpha, k.b * b, k.c * c, beta, gamma]);
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
            in_blocks: parameters(&best.at),
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

fn parameters(z: &[f64; 7]) -> MultiPower {
    let &[floor, a, alpha, b, c, beta, gamma] = z;
    MultiPower { floor, a: a.exp(), alpha, b: b.exp(), c: c.exp(), beta, gamma }
}

/// The annealing takes a tenth of the loss over the whole fall; the power law what is above a
/// floor of 60 to 90 % of the last loss.
fn starts(series: &Series, losses: &[f64]) -> Vec<[f64; 7]> {
    let last = losses[losses.len() - 1];
    let forward = series.rates.iter().sum::<f64>() / series.block as f64;
    let fall = (series.rates[0] - series.rates[series.rates.len() - 1]).abs().max(1e-12);
    let mut starts = vec![];
    for (floor, alpha) in [(0.9, 0.5), (0.75, 0.3)] {
        for (c_at_peak, gamma) in [(0.05, 0.5), (1.0, 0.2), (1.0, 1.0)] {
            let a = (1.05 - floor) * last * forward.powf(alpha);
            let b = 0.1 * last / fall;
            // C·η^−γ·S of one over the share `c_at_peak` of the run.
            let c = series.rates[0].powf(gamma) / (c_at_peak * forward);
            starts.push([floor * last, a.ln(), alpha, b.ln(), c.ln(), 0.5, gamma]);
        }
    }
    starts
}
