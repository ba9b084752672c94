//! From runs to a law with its uncertainty.

use record::{Interval, Journal};
use serde::Serialize;

use crate::Error;
use crate::data::TrainingRun;
use crate::model::{Law, Quantity};
use crate::units::Flop;

/// What a law is fitted to: rows of inputs in the law's order, and the loss seen there.
#[derive(Debug, Clone, PartialEq)]
pub struct Observations {
    /// What each column of `x` is.
    pub inputs: &'static [Quantity],
    /// One row an observation.
    pub x: Vec<Vec<f64>>,
    /// The observed loss in nats per token.
    pub loss: Vec<f64>,
    /// The run each row belongs to: rows of one run are drawn together by the bootstrap.
    pub run: Vec<usize>,
    /// The run's name, one a row.
    pub id: Vec<String>,
    /// C of each row: as logged, else 6ND; none where neither is known.
    pub compute: Vec<Option<Flop>>,
}

/// The rows of `law`'s inputs that `runs` hold. Flagged runs and runs without one of the inputs
/// are left out.
///
/// # Errors
/// Refused where no run has them all.
pub fn observe(law: &'static Law, runs: &[TrainingRun]) -> Result<Observations, Error> {
    let _ = (law, runs);
    unimplemented!()
}

/// Fits `law`: from many starts to the optimum, then again for every bootstrap draw. The same
/// observations and recipe give the same fit, whatever the number of threads.
///
/// # Errors
/// Refused where there are fewer rows than parameters and one.
pub fn fit(
    law: &'static Law,
    observations: Observations,
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Fit, Error> {
    let _ = (law, observations, recipe, journal);
    unimplemented!()
}

/// What is minimised, over r = ln L̂ − ln L.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Objective {
    /// Σ huber_δ(r): r²/2 within δ, δ(|r| − δ/2) beyond (Hoffmann et al. 2022, eq. 3).
    Huber {
        /// Where the square turns into a line.
        delta: f64,
    },
    /// Σ r²/2.
    LeastSquares,
}

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recipe {
    /// What is minimised.
    pub objective: Objective,
    /// Bootstrap draws, by run; 0 for none.
    pub n_bootstrap: usize,
    /// The seed of the bootstrap and of random starts.
    pub seed: u64,
}

impl Default for Recipe {
    /// Hoffmann's objective with δ = 1e-3, 4,000 draws, seed 0.
    fn default() -> Self {
        Self { objective: Objective::Huber { delta: 1e-3 }, n_bootstrap: 4000, seed: 0 }
    }
}

/// A fitted law.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The law.
    pub law: &'static Law,
    /// Its parameters at the optimum, in the law's order.
    pub theta: Vec<f64>,
    /// The objective there.
    pub objective: f64,
    /// How it was fitted.
    pub recipe: Recipe,
    /// What it was fitted to.
    pub observations: Observations,
    /// Starts tried, and how many of them ended at the optimum.
    pub n_starts: usize,
    /// See `n_starts`.
    pub n_reached: usize,
    /// The parameters refitted to each bootstrap draw.
    pub draws: Vec<Vec<f64>>,
}

impl Fit {
    /// The fitted loss at `x`, in nats.
    pub fn loss(&self, x: &[f64]) -> f64 {
        loss_at(self.law, x, &self.theta)
    }

    /// r = ln L̂ − ln L of every observation.
    pub fn residuals(&self) -> Vec<f64> {
        let rows = self.observations.x.iter().zip(&self.observations.loss);
        rows.map(|(x, l)| self.loss(x).ln() - l.ln()).collect()
    }

    /// The percentile interval of `quantity(θ)` over the bootstrap draws; none where there are
    /// too few draws in which it is a finite number.
    pub fn interval(&self, level: f64, quantity: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        let mut values: Vec<f64> =
            self.draws.iter().map(|theta| quantity(theta)).filter(|v| v.is_finite()).collect();
        if values.len() < 40 || values.len() * 2 < self.draws.len() {
            return None;
        }
        values.sort_by(f64::total_cmp);
        let tail = (1.0 - level) / 2.0;
        let method = format!("bootstrap by run, {} draws", values.len());
        Some(Interval::new(quantile(&values, tail), quantile(&values, 1.0 - tail), level, method))
    }
}

/// The loss of `law` at `x` with parameters `theta`, in nats.
pub fn loss_at(law: &Law, x: &[f64], theta: &[f64]) -> f64 {
    let mut gradient = vec![0.0; theta.len()];
    (law.loss)(x, theta, &mut gradient)
}

/// The `p`-quantile of sorted values, linear between neighbours (Hyndman and Fan 1996, type 7).
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = p * (sorted.len() - 1) as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    sorted[below] + (at - at.floor()) * (sorted[above] - sorted[below])
}
