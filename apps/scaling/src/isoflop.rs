//! How the best size grows with compute, without a law of the loss: Chinchilla's approaches 1
//! (the lower envelope of training curves) and 2 (a parabola through each isoFLOP profile), and
//! plain least squares on pairs of compute and best size (Porian et al. 2024).
//!
//! Hoffmann et al. 2022, §3.1 and §3.2.

pub(crate) mod envelope;
mod parabola;

use serde::Serialize;

use crate::Error;
use crate::data::TrainingRun;
use crate::model::allocation::Split;
use crate::predict::{Estimate, interval_of};
use crate::units::{CountKind, Flop, Nats, Parameters, Tokens};

pub use crate::least_squares::PowerLaw;
pub use envelope::approach_1;
pub(crate) use parabola::minima;
pub use parabola::{Isoflop, Parabola, approach_2, profiles};

/// One final loss with what it took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// C, as logged, else 6ND.
    pub compute: Flop,
    /// N.
    pub parameters: Parameters,
    /// D.
    pub tokens: Tokens,
    /// L.
    pub loss: Nats,
}

/// The best size at one compute.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pair {
    /// C.
    pub compute: Flop,
    /// N*.
    pub parameters: Parameters,
    /// D*.
    pub tokens: Tokens,
    /// L*, where it is known.
    pub loss: Option<Nats>,
}

/// `N* = k·C^a` and `D* = k'·C^b`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Growth {
    /// How it was found, in words.
    pub source: String,
    /// N* by C.
    pub parameters: PowerLaw,
    /// D* by C.
    pub tokens: PowerLaw,
    /// a with its interval.
    pub a: Estimate,
    /// b with its interval.
    pub b: Estimate,
    /// The pairs that the lines go through.
    pub pairs: Vec<Pair>,
    /// What was left out, in words.
    pub left_out: Vec<String>,
    /// ln k and a, then ln k' and b, of each bootstrap draw.
    #[serde(skip)]
    pub draws: Vec<[f64; 4]>,
}

/// Final losses of runs that have size, data and loss, with that count; none where no run has.
pub fn points(runs: &[TrainingRun], count: CountKind) -> Option<Vec<Point>> {
    let point = |r: &TrainingRun| {
        let parameters = match count {
            CountKind::Body => r.parameters.body,
            CountKind::Total => r.parameters.total,
            CountKind::Unstated => r.parameters.unstated,
        }?;
        let tokens = r.tokens?;
        let compute = r.compute.unwrap_or(Split { parameters, tokens }.compute());
        Some(Point { compute, parameters, tokens, loss: r.loss? })
    };
    let points: Vec<Point> = runs.iter().filter(|r| r.flags.is_empty()).filter_map(point).collect();
    (!points.is_empty()).then_some(points)
}

/// How the best size grows among `points`: through them, where each budget has one size, as tables
/// of best sizes have; else through the lowest points of their isoFLOP profiles.
///
/// # Errors
/// As for [`growth`] and [`approach_2`].
pub fn growth_of(points: &[Point], n_bootstrap: usize, seed: u64) -> Result<Growth, Error> {
    let mut budgets: Vec<f64> = points.iter().map(|p| p.compute.0.ln()).collect();
    budgets.sort_by(f64::total_cmp);
    // Budgets that were chosen, one size each: steps of half or more, never two alike.
    if budgets.len() >= 3 && budgets.windows(2).all(|pair| pair[1] - pair[0] > 0.4) {
        let pair = |p: &Point| Pair {
            compute: p.compute,
            parameters: p.parameters,
            tokens: p.tokens,
            loss: Some(p.loss),
        };
        return growth(&points.iter().map(pair).collect::<Vec<_>>());
    }
    approach_2(points, n_bootstrap, seed)
}

/// Least squares of ln N* and ln D* on ln C (Porian et al. 2024, §2).
///
/// # Errors
/// Refused where fewer than three budgets are known.
pub fn growth(pairs: &[Pair]) -> Result<Growth, Error> {
    let laws = power_laws(pairs).ok_or_else(|| {
        Error::refused(
            format!("{} pair(s) of compute and best size show no growth", pairs.len()),
            "give the best size at three budgets or more",
        )
    })?;
    Ok(Growth::new("least squares on the logarithms of optimal pairs", laws, pairs.to_vec()))
}

impl Growth {
    fn new(source: &str, laws: [PowerLaw; 2], pairs: Vec<Pair>) -> Self {
        let [parameters, tokens] = laws;
        Self {
            source: source.to_owned(),
            parameters,
            tokens,
            a: Estimate::alone(parameters.exponent, source),
            b: Estimate::alone(tokens.exponent, source),
            pairs,
            left_out: vec![],
            draws: vec![],
        }
    }

    /// The same with the lines through each bootstrap draw, which give the intervals.
    fn with_draws(mut self, draws: Vec<[PowerLaw; 2]>, method: &str) -> Self {
        let both = |[n, d]: &[PowerLaw; 2]| {
            [n.coefficient.ln(), n.exponent, d.coefficient.ln(), d.exponent]
        };
        self.draws = draws.iter().map(both).collect();
        let column = |i: usize| self.draws.iter().map(|d| d[i]).collect();
        self.a.interval = interval_of(column(1), method);
        self.b.interval = interval_of(column(3), method);
        self
    }

    /// N* and D* at C.
    pub fn best_split(&self, c: Flop) -> [Estimate; 2] {
        let at = |law: &PowerLaw, i: usize| {
            let draws = self.draws.iter().map(|d| (d[i] + d[i + 1] * c.0.ln()).exp()).collect();
            let interval = interval_of(draws, "bootstrap");
            Estimate { value: law.at(c.0), interval, source: self.source.clone() }
        };
        [at(&self.parameters, 0), at(&self.tokens, 2)]
    }
}

/// The lines through at least three budgets.
fn power_laws(pairs: &[Pair]) -> Option<[PowerLaw; 2]> {
    let column = |f: &dyn Fn(&Pair) -> f64| pairs.iter().map(f).collect::<Vec<f64>>();
    let compute = column(&|p| p.compute.0);
    let mut budgets = compute.clone();
    budgets.sort_by(f64::total_cmp);
    budgets.dedup_by(|a, b| (*a / *b).ln().abs() < 0.01);
    if budgets.len() < 3 {
        return None;
    }
    Some([
        PowerLaw::fitted(&compute, &column(&|p| p.parameters.0))?,
        PowerLaw::fitted(&compute, &column(&|p| p.tokens.0))?,
    ])
}
