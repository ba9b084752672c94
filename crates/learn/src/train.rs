//! The training loop: one thread, one model, from the first update or from a checkpoint.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{AdamWConfig, GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData};
use record::Journal;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{self, State};
use crate::text::Order;
use crate::{Architecture, Error, LanguageModel, Recipe, Windows};

/// Trains a model and says what came of it. With a folder for checkpoints it begins where the
/// newest one ends; the result is the same as without the interruption.
///
/// # Errors
/// A loss that is no longer a number, a checkpoint that cannot be read or written, and
/// [`Error::Stopped`] where the watch asked for it.
pub fn train(
    architecture: &Architecture,
    recipe: &Recipe,
    training: &Windows<'_>,
    held_out: &Windows<'_>,
    mut watch: Watch<'_>,
) -> Result<Outcome, Error> {
    let device = Device::flex().autodiff();
    let clock = Clock::start();
    let fresh = State::new(architecture, recipe);
    let model = LanguageModel::new(architecture, recipe.seed, &device);
    let (mut state, mut model, mut optimiser) = match watch.checkpoints {
        Some(folder) => checkpoint::load(folder, &fresh, model, adam_w())?,
        None => (fresh, model, adam_w()),
    };
    let spent_before = state.cpu_seconds.unwrap_or(0.0);
    let spent = || clock.spent().map(|spent| spent_before + spent);
    let mut order = Order::new(training.len(), recipe.seed);
    let glance = held_out.every(watch.every_held_out);
    let moments = Moments::new(&watch, recipe.steps);
    let mut last_checkpoint = Instant::now();

    while state.step < recipe.steps {
        let step = state.step + 1;
        let batch = Batch::next(training, &mut order, step, recipe.batch_sequences);
        let is_noise_measured = moments.noises.contains(&step);
        let n_pieces = if is_noise_measured { N_PIECES.min(recipe.batch_sequences) } else { 1 };
        let gradient = Gradient::of(&model, &batch, n_pieces, &device);
        gradient.check(step)?;
        state.loss_sum += gradient.loss;
        state.n_losses += 1;
        if n_pieces > 1 {
            watch.point(&mut state, step, Metric::GradientNormSqSmall, gradient.piece_norm_sq);
            watch.point(&mut state, step, Metric::GradientNormSqBatch, gradient.norm_sq);
        }

        let learning_rate = recipe.learning_rate_at(step);
        let gradient = gradient.clipped(&model);
        model = optimiser.step(learning_rate, model, gradient);
        state.step = step;
        if moments.losses.contains(&step) {
            let mean = state.loss_sum / state.n_losses as f64;
            (state.loss_sum, state.n_losses) = (0.0, 0);
            watch.point(&mut state, step, Metric::TrainLoss, mean);
            watch.point(&mut state, step, Metric::LearningRate, learning_rate);
        }
        if moments.glances.contains(&step) {
            watch.point(&mut state, step, Metric::ValLoss, evaluate(&model, &glance));
        }

        let stop = step < recipe.steps && watch.stop.is_some_and(|stop| stop(step));
        if let Some(folder) = watch.checkpoints
            && (stop || last_checkpoint.elapsed() > watch.checkpoint_every)
        {
            state.cpu_seconds = spent();
            checkpoint::save(folder, &state, &model, &optimiser)?;
            last_checkpoint = Instant::now();
        }
        watch.progress(step, recipe.steps);
        if stop {
            return Err(Error::Stopped { step });
        }
    }
    let loss = evaluate(&model, held_out);
    Ok(Outcome { loss, history: state.history, cpu_seconds: spent() })
}

/// What a training came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The loss on all held-out windows after the last update, in nats a byte.
    pub loss: f64,
    /// What was measured on the way.
    pub history: Vec<Point>,
    /// Processor seconds of the thread, where the system tells.
    pub cpu_seconds: Option<f64>,
}

impl Outcome {
    /// The last training loss, a mean over the updates since the one before it.
    pub fn train_loss(&self) -> Option<f64> {
        let last = self.history.iter().rev().find(|p| p.metric == Metric::TrainLoss);
        last.map(|p| p.value)
    }
}

/// A value measured at a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Updates done.
    pub step: u64,
    /// What.
    pub metric: Metric,
    /// How much.
    #[serde(with = "crate::exact")]
    pub value: f64,
}

/// What is measured on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Mean over the updates since the last one, each before its update.
    TrainLoss,
    /// On a part of the held-out windows.
    ValLoss,
    /// Of this update.
    #[serde(rename = "lr")]
    LearningRate,
    /// |G|² over a quarter of the batch, mean of the four quarters. McCandlish et al. 2018
    GradientNormSqSmall,
    /// |G|² over the whole batch, same weights.
    GradientNormSqBatch,
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TrainLoss => "train_loss",
            Self::ValLoss => "val_loss",
            Self::LearningRate => "lr",
            Self::GradientNormSqSmall => "gradient_norm_sq_small",
            Self::GradientNormSqBatch => "gradient_norm_sq_batch",
        })
    }
}

/// What happens beside the training, none of which changes its result.
pub struct Watch<'a> {
    /// Where checkpoints are kept; none are written without it.
    pub checkpoints: Option<&'a Path>,
    /// How long after the last checkpoint the next one is due.
    pub checkpoint_every: Duration,
    /// How many training losses are reported, their steps spaced evenly on a log scale.
    pub n_losses: u64,
    /// How often the held-out loss is measured on the way, spaced likewise.
    pub n_glances: u64,
    /// On the way, only every so many of the held-out windows are used.
    pub every_held_out: usize,
    /// At how many steps, evenly spaced, the gradient's noise is measured.
    pub n_noises: u64,
    /// Who is told.
    pub journal: Option<&'a mut dyn Journal>,
    /// Asked after each update: whether to stop here, with a checkpoint where there is a place.
    pub stop: Option<&'a dyn Fn(u64) -> bool>,
}

impl Default for Watch<'_> {
    /// 60 training losses, 15 held-out losses on a quarter of the windows, 32 noises, checkpoints
    /// 20 seconds apart and nowhere to put them.
    fn default() -> Self {
        Self {
            checkpoints: None,
            checkpoint_every: Duration::from_secs(20),
            n_losses: 60,
            n_glances: 15,
            every_held_out: 4,
            n_noises: 32,
            journal: None,
            stop: None,
        }
    }
}

impl Watch<'_> {
    fn point(&mut self, state: &mut State, step: u64, metric: Metric, value: f64) {
        state.history.push(Point { step, metric, value });
        if let Some(journal) = &mut self.journal {
            journal.metric(&metric.to_string(), step, value);
        }
    }

    fn progress(&mut self, done: u64, total: u64) {
        if let Some(journal) = &mut self.journal {
            journal.progress("steps", done, total);
        }
    }
}

/// The steps at which something is measured.
struct Moments {
    losses: BTreeSet<u64>,
    glances: BTreeSet<u64>,
    noises: BTreeSet<u64>,
}

impl Moments {
    fn new(watch: &Watch<'_>, steps: u64) -> Self {
        let even = |i: u64| (steps * i).div_ceil(watch.n_noises.max(1)).max(1);
        Self {
            losses: spaced(steps, 1, watch.n_losses),
            glances: spaced(steps, 10, watch.n_glances),
            noises: (1..=watch.n_noises).map(even).collect(),
        }
    }
}

/// At most `n` steps from `first` to `last`, evenly spaced on a log scale, the last one included.
fn spaced(last: u64, first: u64, n: u64) -> BTreeSet<u64> {
    let first = first.min(last) as f64;
    let ratio = last as f64 / first;
    let at = |i: u64| (first * ratio.powf(i as f64 / (n.max(2) - 1) as f64)).round() as u64;
    (0..n.max(2)).map(at).chain([last]).collect()
}

/// Cross-entropy over all windows, in nats a byte.
pub fn evaluate(model: &LanguageModel, windows: &Windows<'_>) -> f64 {
    let model = model.valid();
    let device = Device::flex();
    let mut sum = 0.0;
    for first in (0..windows.len()).step_by(EVALUATION_SEQUENCES) {
        let last = (first + EVALUATION_SEQUENCES).min(windows.len());
        let (bytes, targets) = Batch::of(windows, first..last).tensors(0, last - first, &device);
        let loss: f64 = model.loss(bytes, targets).into_scalar();
        sum += loss * (last - first) as f64;
    }
    sum / windows.len() as f64
}

/// AdamW as usual for language models: betas 0.9 and 0.95, no weight decay to speak of.
fn adam_w() -> ModuleOptimizer {
    AdamWConfig::new()
        .with_beta_1(0.9)
        .with_beta_2(0.95)
        .with_epsilon(1e-8)
        .with_weight_decay(WEIGHT_DECAY)
        .init()
}

const WEIGHT_DECAY: f32 = 0.01;

/// A longer gradient is shortened to this.
const LONGEST_GRADIENT: f64 = 1.0;

/// A batch is cut into so many pieces where the gradient's noise is measured.
const N_PIECES: usize = 4;

const EVALUATION_SEQUENCES: usize = 32;

/// Windows to read and to predict.
struct Batch {
    bytes: Vec<i64>,
    targets: Vec<i64>,
    length: usize,
}

impl Batch {
    fn next(windows: &Windows<'_>, order: &mut Order, step: u64, n_sequences: usize) -> Self {
        let first = (step - 1) * n_sequences as u64;
        Self::of(windows, (first..first + n_sequences as u64).map(|n| order.window(n)))
    }

    fn of(windows: &Windows<'_>, indices: impl Iterator<Item = usize>) -> Self {
        let mut batch = Self { bytes: vec![], targets: vec![], length: windows.length };
        for index in indices {
            let (bytes, targets) = windows.get(index);
            batch.bytes.extend(bytes.iter().copied().map(i64::from));
            batch.targets.extend(targets.iter().copied().map(i64::from));
        }
        batch
    }

    fn n_sequences(&self) -> usize {
        self.bytes.len() / self.length
    }

    /// Sequences `from..to` as `(batch, position)`.
    fn tensors(&self, from: usize, to: usize, device: &Device) -> (Tensor<2, Int>, Tensor<2, Int>) {
        let tensor = |all: &[i64]| {
            let part = all[from * self.length..to * self.length].to_vec();
            Tensor::from_data(TensorData::new(part, [to - from, self.length]), device)
        };
        (tensor(&self.bytes), tensor(&self.targets))
    }
}

/// The gradient of a batch.
struct Gradient {
    loss: f64,
    gradients: GradientsParams,
    norm_sq: f64,
    /// Mean over the pieces of the squared norm of a piece's own gradient.
    piece_norm_sq: f64,
}

impl Gradient {
    /// The mean of the gradients of `n_pieces` pieces of equal size, each a mean over its
    /// sequences; what the pieces leave over goes to the last.
    fn of(model: &LanguageModel, batch: &Batch, n_pieces: usize, device: &Device) -> Self {
        let n_sequences = batch.n_sequences();
        let mut sum = GradientsAccumulator::new();
        let (mut mean_loss, mut piece_norm_sq) = (0.0, 0.0);
        let mut from = 0;
        for piece in 1..=n_pieces {
            let to = n_sequences * piece / n_pieces;
            let share = (to - from) as f64 / n_sequences as f64;
            let (bytes, targets) = batch.tensors(from, to, device);
            let loss = model.loss(bytes, targets);
            mean_loss += share * loss.clone().into_scalar::<f64>();
            let loss = if n_pieces > 1 { loss.mul_scalar(share) } else { loss };
            let gradients = GradientsParams::from_grads(loss.backward(), model);
            if n_pieces > 1 {
                piece_norm_sq += norm_sq(model, &gradients) / share / share / n_pieces as f64;
            }
            sum.accumulate(model, gradients);
            from = to;
        }
        let gradients = sum.grads();
        let norm_sq = norm_sq(model, &gradients);
        Self { loss: mean_loss, gradients, norm_sq, piece_norm_sq }
    }

    fn check(&self, step: u64) -> Result<(), Error> {
        let is_number = self.loss.is_finite() && self.norm_sq.is_finite();
        if is_number { Ok(()) } else { Err(Error::Diverged { step, loss: self.loss }) }
    }

    /// Shortened to [`LONGEST_GRADIENT`] where it is longer. Pascanu et al. 2013
    fn clipped(self, model: &LanguageModel) -> GradientsParams {
        let norm = self.norm_sq.sqrt();
        if norm <= LONGEST_GRADIENT {
            return self.gradients;
        }
        let mut scale = Scale { by: LONGEST_GRADIENT / norm, gradients: self.gradients };
        model.visit(&mut scale);
        scale.gradients
    }
}

fn norm_sq(model: &LanguageModel, gradients: &GradientsParams) -> f64 {
    let mut visitor = NormSq { gradients, sum: 0.0 };
    model.visit(&mut visitor);
    visitor.sum
}

struct NormSq<'a> {
    gradients: &'a GradientsParams,
    sum: f64,
}

impl ModuleVisitor for NormSq<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.sum += gradient.square().sum().into_scalar::<f64>();
        }
    }
}

struct Scale {
    by: f64,
    gradients: GradientsParams,
}

impl ModuleVisitor for Scale {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            self.gradients.register(param.id, gradient.mul_scalar(self.by));
        }
    }
}

/// The processor time of this thread.
struct Clock {
    started: Option<f64>,
}

impl Clock {
    fn start() -> Self {
        Self { started: Self::now() }
    }

    fn spent(&self) -> Option<f64> {
        Some(Self::now()? - self.started?)
    }

    /// Linux tells it in nanoseconds; elsewhere it stays unknown.
    fn now() -> Option<f64> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(text.split_whitespace().next()?.parse::<f64>().ok()? * 1e-9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Text;
    use burn::optim::SgdConfig;

    fn setting() -> (Text, Device) {
        (Text::new((0..4000u32).map(|i| (i * i % 251) as u8).collect()), Device::flex().autodiff())
    }

    fn models(device: &Device) -> [LanguageModel; 2] {
        [
            LanguageModel::new(
                &Architecture::Transformer { n_layers: 2, width: 16, context: 8 },
                1,
                device,
            ),
            LanguageModel::new(&Architecture::Lstm { n_layers: 2, width: 8 }, 1, device),
        ]
    }

    #[test]
    fn a_small_step_down_the_gradient_lowers_the_loss_by_its_squared_length() {
        let (text, device) = setting();
        let windows = text.training(8, None).expect("long enough");
        let batch = Batch::of(&windows, 0..16);
        for model in models(&device) {
            let loss = |model: &LanguageModel| {
                let (bytes, targets) = batch.tensors(0, 16, &device);
                model.loss(bytes, targets).into_scalar::<f64>()
            };
            let gradient = Gradient::of(&model, &batch, 1, &device);
            let step = 0.02;
            let (before, expected) = (loss(&model), step * gradient.norm_sq);
            let moved = |by: f64| {
                let gradient = Gradient::of(&model, &batch, 1, &device).gradients;
                ModuleOptimizer::from(SgdConfig::new().build()).step(by, model.clone(), gradient)
            };
            // The middle difference has no second-order part.
            let measured = (loss(&moved(-step)) - loss(&moved(step))) / 2.0;
            assert!((gradient.loss - before).abs() < 1e-5);
            assert!((measured / expected - 1.0).abs() < 0.02, "{measured} {expected}");
        }
    }

    #[test]
    fn the_gradient_of_a_batch_is_the_mean_of_its_pieces() {
        let (text, device) = setting();
        let windows = text.training(8, None).expect("long enough");
        for (model, n_sequences) in models(&device).iter().zip([16, 6]) {
            let batch = Batch::of(&windows, 0..n_sequences);
            let whole = Gradient::of(model, &batch, 1, &device);
            let pieces = Gradient::of(model, &batch, 4, &device);
            assert!((whole.loss - pieces.loss).abs() < 1e-5);
            assert!((whole.norm_sq / pieces.norm_sq - 1.0).abs() < 1e-3);
            assert!(pieces.piece_norm_sq > pieces.norm_sq);
        }
    }

    #[test]
    fn a_long_gradient_is_shortened_and_a_short_one_is_left() {
        let (text, device) = setting();
        let windows = text.training(8, None).expect("long enough");
        let batch = Batch::of(&windows, 0..4);
        let model = &models(&device)[0];
        let clipped = |norm_sq: f64| {
            let gradient = Gradient::of(model, &batch, 1, &device);
            let true_norm_sq = gradient.norm_sq;
            let clipped = Gradient { norm_sq, ..gradient }.clipped(model);
            super::norm_sq(model, &clipped) / true_norm_sq
        };
        assert!((clipped(0.5) - 1.0).abs() < 1e-5);
        assert!((clipped(4.0) - 0.25).abs() < 1e-5);
    }

    #[test]
    fn measured_steps_are_spaced_on_a_log_scale_and_end_with_the_last() {
        assert_eq!(Vec::from_iter(spaced(1000, 1, 4)), [1, 10, 100, 1000]);
        assert_eq!(Vec::from_iter(spaced(3, 10, 5)), [3]);
    }
}
