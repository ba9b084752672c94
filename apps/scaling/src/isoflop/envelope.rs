//! Approach 1: at every compute, the size whose training curve is lowest.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Growth, Pair, power_laws};
use crate::Error;
use crate::data::{Checkpoint, TrainingRun};
use crate::units::{Flop, Nats, Parameters, Tokens};

/// Budgets at which the envelope is read, evenly spaced by their logarithms.
const N_BUDGETS: usize = 200;
/// Checkpoints over which a curve is averaged, so that one lucky batch does not win.
const N_SMOOTH: usize = 5;

/// The lower envelope of training curves, and a line through it.
///
/// Where the smallest or the largest model is lowest the best one may lie beyond, and that part of
/// the envelope is left out. Curves under a decaying learning rate lie above what a run that ends
/// there would reach, which makes large models look worse than they are at their early steps; the
/// paper's own answer is one run a length.
///
/// # Errors
/// Refused where fewer than four sizes have a curve with known tokens, or the envelope never lies
/// inside.
pub fn approach_1(runs: &[TrainingRun], n_bootstrap: usize, seed: u64) -> Result<Growth, Error> {
    let curves: Vec<Curve> = runs.iter().filter_map(Curve::of).collect();
    let envelope = |of: &[&Curve]| {
        let pairs = envelope(of);
        power_laws(&pairs).map(|laws| (laws, pairs))
    };
    let all: Vec<&Curve> = curves.iter().collect();
    let Some((laws, pairs)) = envelope(&all) else {
        return Err(Error::refused(
            format!(
                "the envelope of {} training curve(s) lies on no size between the smallest and \
                 the largest",
                curves.len()
            ),
            "give histories (step, loss) of at least four sizes, with their batch or tokens",
        ));
    };
    let draw = |k: usize| {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(k as u64);
        let drawn: Vec<&Curve> =
            all.iter().map(|_| all[random.random_range(0..all.len())]).collect();
        envelope(&drawn).map(|(laws, _)| laws)
    };
    let draws = (0..n_bootstrap).filter_map(draw).collect();
    let source = format!("lower envelope of {} training curves (approach 1)", curves.len());
    Ok(Growth::new(&source, laws, pairs).with_draws(draws, "bootstrap by run"))
}

/// The loss of a run by the compute spent so far.
struct Curve {
    n: f64,
    /// ln C and L, by C.
    points: Vec<(f64, f64)>,
}

impl Curve {
    fn of(run: &TrainingRun) -> Option<Self> {
        let n = run.parameters.total.or(run.parameters.unstated).or(run.parameters.body)?.0;
        let tokens_per_step = match (run.batch, run.tokens, run.steps) {
            (Some(batch), _, _) => batch.0,
            (None, Some(tokens), Some(steps)) => tokens.0 / steps.0,
            _ => return None,
        };
        let losses = losses(&run.history);
        let of_step = |(step, loss): (f64, f64)| {
            (step > 0.0).then(|| ((6.0 * n * tokens_per_step * step).ln(), loss))
        };
        let points: Vec<(f64, f64)> = smooth(&losses).into_iter().filter_map(of_step).collect();
        (points.len() >= 2).then_some(Self { n, points })
    }

    /// The loss at ln C, between checkpoints; none outside them.
    fn at(&self, ln_c: f64) -> Option<f64> {
        let after = self.points.partition_point(|p| p.0 < ln_c);
        if after == 0 || after == self.points.len() {
            return None;
        }
        let ((x0, y0), (x1, y1)) = (self.points[after - 1], self.points[after]);
        Some(y0 + (y1 - y0) * (ln_c - x0) / (x1 - x0))
    }
}

/// Held-out losses by step where there are some, else training losses.
pub(crate) fn losses(history: &[Checkpoint]) -> Vec<(f64, f64)> {
    let of = |f: fn(&Checkpoint) -> Option<f64>| -> Vec<(f64, f64)> {
        history.iter().filter_map(|c| Some((c.step, f(c)?))).collect()
    };
    let held_out = of(|c| c.val_loss);
    if held_out.len() >= 2 { held_out } else { of(|c| c.train_loss) }
}

pub(crate) fn smooth(losses: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let half = N_SMOOTH / 2;
    let mean = |i: usize| {
        // The window shrinks towards both ends, so that it stays centred.
        let reach = half.min(i).min(losses.len() - 1 - i);
        let window = &losses[i - reach..=i + reach];
        (losses[i].0, window.iter().map(|p| p.1).sum::<f64>() / window.len() as f64)
    };
    (0..losses.len()).map(mean).collect()
}

fn envelope(curves: &[&Curve]) -> Vec<Pair> {
    let mut sizes: Vec<f64> = curves.iter().map(|c| c.n).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    if sizes.len() < 4 {
        return vec![];
    }
    let ends = curves.iter().map(|c| (c.points[0].0, c.points[c.points.len() - 1].0));
    let (low, high) =
        ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), (a, b)| (l.min(a), h.max(b)));
    let lowest = |ln_c: f64| {
        let losses = curves.iter().filter_map(|c| Some((c.n, c.at(ln_c)?)));
        losses.min_by(|a, b| a.1.total_cmp(&b.1))
    };
    let pair = |i: usize| {
        let ln_c = low + (high - low) * i as f64 / N_BUDGETS as f64;
        let (n, loss) = lowest(ln_c)?;
        let inside = n > sizes[0] && n < sizes[sizes.len() - 1];
        inside.then(|| Pair {
            compute: Flop(ln_c.exp()),
            parameters: Parameters(n),
            tokens: Tokens(ln_c.exp() / (6.0 * n)),
            loss: Some(Nats(loss)),
        })
    };
    (0..=N_BUDGETS).filter_map(pair).collect()
}
