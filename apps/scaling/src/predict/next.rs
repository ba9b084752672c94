//! Which run to make next: the one that is expected to shrink the interval of the plan most.
//!
//! Preposterior analysis with a linear-Gaussian update (Raiffa and Schlaifer 1961; Bayesian
//! c-optimal design, Chaloner and Verdinelli 1995). The bootstrap draws stand for what is known
//! about the law. A run at x would observe `ln L(x) + noise`; of the quantity q asked about
//! (ln N*, or ln L at the target) it leaves, on average over what it may show,
//!
//! `Var(q | run) = Var(q) − Cov(q, ln L(x))² / (Var(ln L(x)) + σ²)`.
//!
//! It takes the law for granted; the last column says which runs would put that to the test.

use ::evaluate::bootstrap::quantile;
use serde::Serialize;

use super::candidates::Candidates;
use super::frontier::Frontier;
use super::mean;
use crate::Error;
use crate::data::TrainingRun;
use crate::judge::{self, Noise};
use crate::model::Quantity;
use crate::model::allocation::Split;
use crate::units::{Flop, Parameters, Tokens};

/// What is to be known better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// N* at the target.
    Size,
    /// The loss at the target.
    Loss,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// The budget that the plan is for.
    pub target: Flop,
    /// What is to be known better.
    pub about: About,
    /// The most that one run may take; the largest run so far where left out.
    pub per_run: Option<Flop>,
    /// How many runs to choose.
    pub n_runs: usize,
}

/// Runs worth making.
#[derive(Debug, Clone, Serialize)]
pub struct Advice {
    /// What is to be known better.
    pub about: About,
    /// The law whose draws were used.
    pub law: &'static str,
    /// The most that one run may take.
    pub per_run: Flop,
    /// The standard deviation of ln q now.
    pub sd_now: f64,
    /// The noise of one run.
    pub noise: Noise,
    /// Single runs, the best first.
    pub ranked: Vec<Worth>,
    /// Runs chosen one after the other, each the best given those before it.
    pub together: Vec<Worth>,
}

/// What one run is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Worth {
    /// N.
    pub parameters: Parameters,
    /// D.
    pub tokens: Tokens,
    /// C.
    pub compute: Flop,
    /// The standard deviation of ln q expected after it.
    pub sd_after: f64,
    /// By how much the interval is expected to shrink, as a fraction of its width.
    pub shrinks: f64,
    /// How far the chosen law and the runner-up differ there, in units of the noise.
    pub tells_apart: Option<f64>,
}

/// The runs worth making for `question`.
///
/// # Errors
/// Refused where the chosen law has no draws, does not take size and data, or no run fits the
/// budget.
pub fn advice(
    runs: &[TrainingRun],
    candidates: &Candidates,
    question: &Question,
) -> Result<Advice, Error> {
    let best = candidates.best();
    let fit = &best.fit;
    if fit.draws.len() < 100 {
        return Err(Error::refused(
            format!("{} bootstrap draws are too few to say what is unknown", fit.draws.len()),
            "add --bootstrap 1000",
        ));
    }
    let noise = judge::noise(runs, fit);
    let quantity = |theta: &[f64]| {
        let best = Frontier { law: fit.law, theta }.best(question.target)?;
        Some(match question.about {
            About::Size => best.split.parameters.0.ln(),
            About::Loss => best.loss.0.ln(),
        })
    };
    let kept: Vec<(&Vec<f64>, f64)> =
        fit.draws.iter().filter_map(|theta| Some((theta, quantity(theta)?))).collect();
    let q = clipped(kept.iter().map(|(_, q)| *q).collect());
    let per_run = question.per_run.or_else(|| largest(fit)).ok_or_else(|| {
        Error::refused("the compute of the runs is unknown", "add --per-run FLOP")
    })?;
    let grid = grid(fit, per_run)?;
    let at = |split: &Split, theta: &[f64]| Frontier { law: fit.law, theta }.loss(*split).ln();
    let columns: Vec<Vec<f64>> = grid
        .iter()
        .map(|split| clipped(kept.iter().map(|(theta, _)| at(split, theta)).collect()))
        .collect();
    let known = Covariance::of(&q, &columns, noise.sd * noise.sd);
    let worth = |j: usize, variance: f64| Worth {
        parameters: grid[j].parameters,
        tokens: grid[j].tokens,
        compute: grid[j].compute(),
        sd_after: variance.max(0.0).sqrt(),
        shrinks: 1.0 - (variance.max(0.0) / known.of_q).sqrt(),
        tells_apart: candidates.runner_up().map(|other| {
            let second = Frontier { law: other.fit.law, theta: &other.fit.theta };
            let first = Frontier { law: fit.law, theta: &fit.theta };
            (first.loss(grid[j]) / second.loss(grid[j])).ln().abs() / noise.sd
        }),
    };
    let mut ranked: Vec<Worth> = (0..grid.len()).map(|j| worth(j, known.left_by(j))).collect();
    ranked
        .sort_by(|a, b| b.shrinks.total_cmp(&a.shrinks).then(a.compute.0.total_cmp(&b.compute.0)));
    let mut together = vec![];
    let mut now = known.clone();
    for _ in 0..question.n_runs {
        let Some(j) = now.best() else { break };
        together.push(worth(j, now.left_by(j)));
        now.observe(j);
    }
    Ok(Advice {
        about: question.about,
        law: fit.law.name,
        per_run,
        sd_now: known.of_q.sqrt(),
        noise,
        ranked,
        together,
    })
}

fn largest(fit: &crate::fit::Fit) -> Option<Flop> {
    let most = fit.observations.compute.iter().flatten().map(|c| c.0).fold(0.0, f64::max);
    (most > 0.0).then_some(Flop(most))
}

/// Sizes and lengths from the smallest of the runs to four times the largest, a factor of two
/// apart, that one run's budget allows. Kept are the two arms of an L (the small sizes at every
/// length, every size at the short lengths), which cost little for what they tell, and the line of
/// the budget itself.
fn grid(fit: &crate::fit::Fit, per_run: Flop) -> Result<Vec<Split>, Error> {
    const ARM: usize = 2;
    let range = |quantity: Quantity| {
        let column = fit.law.inputs.iter().position(|q| *q == quantity)?;
        let values = fit.observations.x.iter().map(|row| row[column]);
        Some(values.fold((f64::INFINITY, 0.0f64), |(l, h), v| (l.min(v), h.max(v))))
    };
    let (Some(n), Some(d)) = (range(Quantity::Parameters), range(Quantity::Tokens)) else {
        return Err(Error::refused(
            format!("{} does not take size and data", fit.law.name),
            "choose a law that does with --law",
        ));
    };
    let steps = |(low, high): (f64, f64)| {
        let count = (4.0 * high / low).log2().floor() as usize;
        (0..=count).map(move |i| low * 2f64.powi(i as i32)).collect::<Vec<f64>>()
    };
    let mut grid = vec![];
    for (i, n) in steps(n).into_iter().enumerate() {
        for (j, d) in steps(d).into_iter().enumerate() {
            let split = Split { parameters: Parameters(n), tokens: Tokens(d) };
            let spent = split.compute().0 / per_run.0;
            if spent <= 1.0 && (i < ARM || j < ARM || spent > 0.4) {
                grid.push(split);
            }
        }
    }
    if grid.is_empty() {
        return Err(Error::refused(
            format!("even the smallest run takes more than {per_run}"),
            "raise --per-run",
        ));
    }
    Ok(grid)
}

/// Draws beyond the middle 99 % moved to its ends: a few wild refits must not rule the variance.
fn clipped(values: Vec<f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let Some((low, high)) = quantile(&sorted, 0.005).zip(quantile(&sorted, 0.995)) else {
        return values;
    };
    values.into_iter().map(|v| if v.is_finite() { v.clamp(low, high) } else { high }).collect()
}

/// What is known together about q and the loss at every candidate.
#[derive(Debug, Clone)]
struct Covariance {
    of_q: f64,
    with_q: Vec<f64>,
    among: Vec<Vec<f64>>,
    noise: f64,
}

impl Covariance {
    fn of(q: &[f64], columns: &[Vec<f64>], noise: f64) -> Self {
        let centred = |v: &[f64]| {
            let m = mean(v);
            v.iter().map(|x| x - m).collect::<Vec<f64>>()
        };
        let dot = |a: &[f64], b: &[f64]| {
            a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / (a.len() - 1) as f64
        };
        let q = centred(q);
        let columns: Vec<Vec<f64>> = columns.iter().map(|c| centred(c)).collect();
        Self {
            of_q: dot(&q, &q),
            with_q: columns.iter().map(|c| dot(&q, c)).collect(),
            among: columns.iter().map(|a| columns.iter().map(|b| dot(a, b)).collect()).collect(),
            noise,
        }
    }

    /// Var(q) after candidate j.
    fn left_by(&self, j: usize) -> f64 {
        self.of_q - self.with_q[j] * self.with_q[j] / (self.among[j][j] + self.noise)
    }

    fn best(&self) -> Option<usize> {
        (0..self.with_q.len()).min_by(|i, j| self.left_by(*i).total_cmp(&self.left_by(*j)))
    }

    /// Conditions everything on candidate j.
    fn observe(&mut self, j: usize) {
        let column = self.among[j].clone();
        let (by, with_q) = (column[j] + self.noise, self.with_q[j]);
        self.of_q -= with_q * with_q / by;
        for (i, value) in self.with_q.iter_mut().enumerate() {
            *value -= column[i] * with_q / by;
        }
        for (i, row) in self.among.iter_mut().enumerate() {
            for (k, value) in row.iter_mut().enumerate() {
                *value -= column[i] * column[k] / by;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two unknowns a and b: q = a + b, and candidates that show a, b and their sum.
    fn known() -> Covariance {
        let a: Vec<f64> = (0..200).map(|i| f64::from(i % 20) - 9.5).collect();
        let b: Vec<f64> = (0..200).map(|i| f64::from(i / 20) - 4.5).collect();
        let q: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        Covariance::of(&q, &[a, b, q.clone()], 1e-6)
    }

    #[test]
    fn the_candidate_that_shows_the_quantity_itself_leaves_nothing() {
        let known = known();
        assert_eq!(known.best(), Some(2));
        assert!(known.left_by(2) < 1e-5 && known.left_by(0) > 1.0);
    }

    #[test]
    fn two_runs_that_show_a_part_each_show_the_whole() {
        let mut known = known();
        known.observe(0);
        let left = known.left_by(1);
        assert!(left < 1e-4, "{left}");
    }

    #[test]
    fn a_run_seen_twice_tells_little_more() {
        let mut known = known();
        let once = known.left_by(0);
        known.observe(0);
        assert!((known.left_by(0) - once).abs() < 1e-5);
    }
}
