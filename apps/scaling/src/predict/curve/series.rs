//! A history as the laws of annealing take it: learning rates of every step after the warm-up, and
//! losses averaged over short stretches.

use super::Moment;
use crate::Error;
use crate::data::{Checkpoint, TrainingRun};

/// Blocks that a curve is cut into: the multi-power law costs their square.
const N_BLOCKS: f64 = 256.0;
/// The first steps after the warm-up, as a share of all, that no law is fitted to (Choshen et al.
/// 2025, arXiv 2410.11840, advise to drop a tenth).
const SHARE_SKIPPED: f64 = 0.1;
/// Fewer losses are no curve.
const FEWEST: usize = 20;

/// Rates by step, losses by block. Step 0 is the end of the warm-up.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// All steps, the warm-up included.
    pub n_steps: f64,
    pub n_warmup: f64,
    pub peak: f64,
    /// The sum of the rates of the warm-up.
    pub warmup_area: f64,
    /// The rate of step 0 (the peak) and of every one after it.
    pub rates: Vec<f64>,
    /// Steps in one block.
    pub block: usize,
    /// After which blocks there is a point, ascending.
    pub at: Vec<usize>,
    /// The step of each point, the warm-up included.
    pub steps: Vec<f64>,
    /// The loss of each point; nothing for a schedule.
    pub losses: Vec<f64>,
    /// The mean loss of the last two percent of steps.
    pub own_final: f64,
}

impl Series {
    pub(super) fn of(run: &TrainingRun) -> Result<Self, Error> {
        let (losses, rates) = (losses(&run.history), rates(&run.history));
        if losses.len() < FEWEST {
            return Err(Error::refused(
                format!(
                    "{} has {} losses along it, and a curve takes {FEWEST}",
                    run.id,
                    losses.len()
                ),
                "log the loss every few steps",
            ));
        }
        if rates.len() < 2 {
            return Err(Error::refused(
                format!("{} has no learning rates along it", run.id),
                "log the learning rate beside the loss, or say its column with \
                 --map learning_rate=COLUMN",
            ));
        }
        let all = interpolated(&rates, losses[losses.len() - 1].0);
        let peak = all.iter().copied().fold(0.0, f64::max);
        let top = all.iter().position(|r| *r >= 0.999 * peak).unwrap_or(0);
        let mut series = Self::cut(&all, top, None);
        series.fill(&losses);
        Ok(series)
    }

    /// A schedule in blocks as long as those of `like`, with a point after each.
    pub(super) fn of_schedule(rates: &[f64], n_warmup: usize, like: &Self) -> Self {
        let mut series = Self::cut(rates, n_warmup.saturating_sub(1), Some(like.block));
        let n_blocks = (series.rates.len() - 1) / series.block;
        series.at = (1..=n_blocks).collect();
        series.place();
        series
    }

    /// The same rates in blocks as long as those of `like`, with a point after each block.
    pub(super) fn in_blocks_of(mut self, like: &Self) -> Self {
        self.block = like.block;
        self.at = (1..=(self.rates.len() - 1) / self.block).collect();
        self.losses.clear();
        self.place();
        self
    }

    fn cut(all: &[f64], top: usize, block: Option<usize>) -> Self {
        let rates = all[top..].to_vec();
        let block = block.unwrap_or((rates.len() as f64 / N_BLOCKS).ceil() as usize);
        Self {
            n_steps: all.len() as f64,
            n_warmup: top as f64,
            peak: rates[0],
            warmup_area: all[..top].iter().sum(),
            rates,
            block: block.max(1),
            at: vec![],
            steps: vec![],
            losses: vec![],
            own_final: f64::NAN,
        }
    }

    /// Averages losses around the end of each block.
    fn fill(&mut self, losses: &[(f64, f64)]) {
        let n_blocks = (self.rates.len() - 1) / self.block;
        let mut sums = vec![(0.0, 0.0); n_blocks + 1];
        for (step, loss) in losses {
            let after = (step - self.n_warmup) / self.block as f64;
            let nearest = after.round();
            if nearest >= 1.0 && nearest <= n_blocks as f64 {
                let sum = &mut sums[nearest as usize];
                *sum = (sum.0 + loss, sum.1 + 1.0);
            }
        }
        let skipped = (SHARE_SKIPPED * n_blocks as f64).ceil() as usize;
        for (i, (sum, n)) in sums.iter().enumerate().skip(skipped.max(1)) {
            if *n > 0.0 {
                self.at.push(i);
                self.losses.push(sum / n);
            }
        }
        self.place();
        let last = losses[losses.len() - 1].0;
        let tail: Vec<f64> =
            losses.iter().filter(|(step, _)| *step >= 0.98 * last).map(|p| p.1).collect();
        self.own_final = tail.iter().sum::<f64>() / tail.len() as f64;
    }

    fn place(&mut self) {
        let step = |i: &usize| self.n_warmup + (i * self.block) as f64;
        self.steps = self.at.iter().map(step).collect();
    }

    /// The first `share` of the points, with all rates.
    pub(super) fn first(&self, share: f64) -> Self {
        let n = (share * self.at.len() as f64).round() as usize;
        let mut part = self.clone();
        part.at.truncate(n);
        part.steps.truncate(n);
        part.losses.truncate(n);
        part
    }

    /// Only the last point.
    pub(super) fn last_point(&self) -> Self {
        let mut last = self.clone();
        last.at = self.at.last().copied().into_iter().collect();
        last.place();
        last
    }

    /// The rate of step 0 and the mean rate of each block.
    pub(super) fn block_rates(&self) -> Vec<f64> {
        let means = self.rates[1..].chunks_exact(self.block);
        let means = means.map(|chunk| chunk.iter().sum::<f64>() / chunk.len() as f64);
        std::iter::once(self.rates[0]).chain(means).collect()
    }

    /// How far the rate falls, as a share of the peak.
    pub(super) fn fall(&self) -> f64 {
        1.0 - self.rates.iter().copied().fold(f64::INFINITY, f64::min) / self.peak
    }

    /// A value given at the points, at any step between them.
    pub(super) fn value_at(&self, step: f64, values: &[f64]) -> f64 {
        let after = self.steps.partition_point(|s| *s < step).min(values.len() - 1);
        let Some(before) = after.checked_sub(1) else { return values[0] };
        let (s0, s1) = (self.steps[before], self.steps[after]);
        let share = ((step - s0) / (s1 - s0)).clamp(0.0, 1.0);
        values[before] + share * (values[after] - values[before])
    }

    /// About twenty moments of a schedule, the last one always.
    pub(super) fn moments(&self, losses: &[f64]) -> Vec<Moment> {
        let n = self.at.len();
        let stride = (n / 20).max(1);
        let moment = |i: usize| Moment {
            step: self.steps[i],
            learning_rate: self.rates[self.at[i] * self.block],
            loss: losses[i],
        };
        (0..n).filter(|i| (n - 1 - i).is_multiple_of(stride)).map(moment).collect()
    }
}

/// Held-out losses where they make a curve, else training losses.
fn losses(history: &[Checkpoint]) -> Vec<(f64, f64)> {
    let of = |f: fn(&Checkpoint) -> Option<f64>| -> Vec<(f64, f64)> {
        history.iter().filter_map(|c| Some((c.step, f(c)?))).collect()
    };
    let held_out = of(|c| c.val_loss);
    if held_out.len() >= FEWEST { held_out } else { of(|c| c.train_loss) }
}

fn rates(history: &[Checkpoint]) -> Vec<(f64, f64)> {
    history.iter().filter_map(|c| Some((c.step, c.learning_rate?))).collect()
}

/// The rate of every step up to `last`, in a line between those logged.
fn interpolated(logged: &[(f64, f64)], last: f64) -> Vec<f64> {
    let first = logged[0].0;
    let last = last.max(logged[logged.len() - 1].0);
    let mut after = 0;
    let mut at = |step: f64| {
        while after < logged.len() && logged[after].0 < step {
            after += 1;
        }
        let Some(next) = logged.get(after) else { return logged[logged.len() - 1].1 };
        let Some(before) = after.checked_sub(1).map(|i| logged[i]) else { return next.1 };
        before.1 + (next.1 - before.1) * (step - before.0) / (next.0 - before.0)
    };
    // A log that begins late is taken to begin at its first rate.
    (0..=(last - first.min(1.0)) as usize).map(|i| at(first.min(1.0) + i as f64)).collect()
}
