//! Which runs a sweep makes, in which order: the most telling first, so that one that is stopped
//! early has taught the most.

use learn::{Architecture, Recipe, Schedule, Text};
use serde::{Deserialize, Serialize};

use crate::Error;

/// The runs of a sweep, and what they have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Bytes in a sequence, for training and for the held-out loss.
    pub sequence_length: usize,
    /// Sequences of the held-out text on which the final loss is measured; a quarter of them on
    /// the way.
    pub held_out_windows: usize,
    /// In the order in which they are begun.
    pub runs: Vec<Run>,
}

/// One run of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// What the run is for: runs of one group are fitted together.
    pub group: String,
    /// What is trained.
    pub architecture: Architecture,
    /// How.
    pub recipe: Recipe,
    /// How much of the training text is used; all of it where nothing is said.
    pub unique_bytes: Option<usize>,
    /// How often the held-out loss is measured on the way.
    pub n_held_out_losses: u64,
}

/// The groups of the presets are an architecture alone (runs on their own cosine, over sizes,
/// tokens and seeds: what a law is fitted to), or an architecture and one of these.
pub(super) const BATCH_SCAN: &str = "batch scan";
const SMALL_DATA: &str = "small data";
const SCHEDULES: &str = "schedules";

impl Plan {
    /// The names that [`Plan::preset`] knows.
    pub const PRESETS: [&'static str; 3] = ["micro", "sample", "full"];

    /// A ready plan: `micro` takes some seconds of one core's time, `sample` about an hour and a
    /// quarter, `full` about four hours.
    ///
    /// # Errors
    /// A name that is not known.
    pub fn preset(name: &str) -> Result<Self, Error> {
        let (held_out_windows, runs) = match name {
            "micro" => (128, micro()),
            "sample" => (2048, sample()),
            "full" => (2048, full()),
            _ => {
                return Err(Error::refused(
                    format!("there is no preset `{name}`"),
                    format!("write one of {}", Self::PRESETS.join(", ")),
                ));
            }
        };
        Ok(Self { sequence_length: LENGTH, held_out_windows, runs: without_repeats(runs) })
    }

    /// Refuses what cannot be trained, before anything is.
    pub(super) fn check(&self, text: &Text) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::refused(what, "mend the plan"));
        if self.runs.is_empty() {
            return wrong("the plan has no runs".to_owned());
        }
        if self.sequence_length == 0 || self.held_out_windows == 0 {
            return wrong("a sequence length or a number of windows is zero".to_owned());
        }
        for (n, run) in self.runs.iter().enumerate() {
            let id = run.id();
            let recipe = &run.recipe;
            if recipe.steps == 0 || recipe.batch_sequences == 0 {
                return wrong(format!("run {id} has no steps or no sequences"));
            }
            if !(recipe.learning_rate.is_finite() && recipe.learning_rate > 0.0) {
                return wrong(format!("run {id} has a learning rate of {}", recipe.learning_rate));
            }
            let (Architecture::Transformer { n_layers, width, .. }
            | Architecture::Lstm { n_layers, width }) = run.architecture;
            if n_layers == 0 || width == 0 {
                return wrong(format!("run {id} has no layers or no channels"));
            }
            if let Architecture::Transformer { context, .. } = run.architecture
                && context < self.sequence_length
            {
                return wrong(format!(
                    "run {id} knows {context} positions, sequences have {}",
                    self.sequence_length
                ));
            }
            if self.runs[..n].iter().any(|other| other.id() == id) {
                return wrong(format!("run {id} stands twice in the plan"));
            }
            text.training(self.sequence_length, run.unique_bytes)?;
        }
        text.held_out(self.sequence_length, self.held_out_windows)?;
        Ok(())
    }
}

impl Run {
    /// Says everything that tells the run from others, in a form that a file may be named by.
    pub fn id(&self) -> String {
        let (Architecture::Transformer { n_layers, width, .. }
        | Architecture::Lstm { n_layers, width }) = self.architecture;
        let recipe = &self.recipe;
        let unique = self.unique_bytes.map(|u| format!("-u{u}")).unwrap_or_default();
        format!(
            "{}-l{n_layers}-d{width}-b{}-s{}-{}-lr{}{unique}-seed{}",
            self.architecture.name(),
            recipe.batch_sequences,
            recipe.steps,
            recipe.schedule.name(),
            recipe.learning_rate,
            recipe.seed,
        )
    }

    /// D, tokens processed.
    pub fn tokens(&self, plan: &Plan) -> u64 {
        self.recipe.steps * (self.recipe.batch_sequences * plan.sequence_length) as u64
    }

    /// C, floating-point operations of the training.
    pub fn flop(&self, plan: &Plan) -> f64 {
        self.architecture.flop_per_token(plan.sequence_length) * self.tokens(plan) as f64
    }
}

/// Bytes in a sequence, in all presets.
const LENGTH: usize = 64;

/// Sequences in a batch, where the batch is not what is asked about.
const BATCH: usize = 16;

/// A run on about so many million tokens, by the rules below.
fn run(group: &str, architecture: Architecture, million_tokens: f64, batch: usize) -> Run {
    let steps = (million_tokens * 1e6 / (batch * LENGTH) as f64).round() as u64;
    Run {
        group: format!("{}{}{group}", architecture.name(), if group.is_empty() { "" } else { " " }),
        architecture,
        recipe: Recipe {
            steps,
            batch_sequences: batch,
            learning_rate: learning_rate(&architecture, batch),
            warm_up_steps: (steps / 20).clamp(1, 100),
            schedule: Schedule::Cosine,
            seed: 0,
        },
        unique_bytes: None,
        n_held_out_losses: 15,
    }
}

/// The peak learning rate, a rule of ours that is not tuned run by run:
/// c (24,576 / N)^(1/4) sqrt(B / 1,024 tokens), two digits, c = 0.004 for transformers and 0.016
/// for LSTMs. The root is Adam's rule for small batches (Malladi et al. 2022); c and the fourth
/// root are what short runs at a few sizes liked best.
fn learning_rate(architecture: &Architecture, batch: usize) -> f64 {
    let c = match architecture {
        Architecture::Transformer { .. } => 0.004,
        Architecture::Lstm { .. } => 0.016,
    };
    let by_size = (24_576.0 / architecture.n_body() as f64).powf(0.25);
    let by_batch = ((batch * LENGTH) as f64 / 1_024.0).sqrt();
    two_digits(c * by_size * by_batch)
}

/// Through text, so that 0.0028 is the number that reads 0.0028.
fn two_digits(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

fn transformer(n_layers: usize, width: usize) -> Architecture {
    Architecture::Transformer { n_layers, width, context: LENGTH }
}

fn lstm(width: usize) -> Architecture {
    Architecture::Lstm { n_layers: 1, width }
}

/// Each on its own schedule, to the end.
fn grid(sizes: &[(usize, usize)], million_tokens: &[f64]) -> Vec<Run> {
    let size = |(n_layers, width): (usize, usize)| transformer(n_layers, width);
    million_tokens
        .iter()
        .flat_map(|d| sizes.iter().map(move |s| run("", size(*s), *d, BATCH)))
        .collect()
}

/// A constant rate after the warm-up, so that the loss at a step does not depend on where it ends.
fn batch_scan(
    n_layers: usize,
    width: usize,
    warm_up_steps: u64,
    million_tokens: &[(usize, f64)],
) -> Vec<Run> {
    let at = |(batch, d): &(usize, f64)| {
        let mut run = run(BATCH_SCAN, transformer(n_layers, width), *d, *batch);
        run.recipe.schedule = Schedule::Constant;
        run.recipe.warm_up_steps = warm_up_steps;
        run.n_held_out_losses = 40;
        run
    };
    million_tokens.iter().map(at).collect()
}

/// Many epochs over a small part of the text.
fn small_data(n_layers: usize, width: usize, unique_bytes: usize, million_tokens: f64) -> Run {
    let mut run = run(SMALL_DATA, transformer(n_layers, width), million_tokens, BATCH);
    run.unique_bytes = Some(unique_bytes);
    run.n_held_out_losses = 30;
    run
}

/// The same again with other seeds: how far apart the losses are is the noise.
fn seeds(n_layers: usize, width: usize, million_tokens: f64) -> Vec<Run> {
    let with = |seed| {
        let mut run = run("", transformer(n_layers, width), million_tokens, BATCH);
        run.recipe.seed = seed;
        run
    };
    [1, 2].map(with).into()
}

/// The same again with other schedules.
fn schedules(n_layers: usize, width: usize, million_tokens: f64) -> Vec<Run> {
    let with = |schedule| {
        let mut run = run(SCHEDULES, transformer(n_layers, width), million_tokens, BATCH);
        run.recipe.schedule = schedule;
        run
    };
    [Schedule::Constant, Schedule::Wsd].map(with).into()
}

/// LSTMs of one layer, each on its own schedule.
fn lstms(widths: &[usize], million_tokens: f64) -> Vec<Run> {
    widths.iter().map(|width| run("", lstm(*width), million_tokens, BATCH)).collect()
}

/// Two sizes at two amounts of text, one size more often, two batches, an LSTM.
fn micro() -> Vec<Run> {
    [
        grid(&[(1, 8), (1, 16)], &[0.05, 0.1]),
        lstms(&[8], 0.05),
        vec![small_data(1, 16, 16_384, 0.1)],
        batch_scan(1, 8, 5, &[(4, 0.1), (16, 0.15), (64, 0.4)]),
    ]
    .concat()
}

/// Five sizes a factor of four apart and one between, half a million to eight million tokens.
fn sample() -> Vec<Run> {
    let small = [(1, 8), (1, 16), (2, 16), (2, 32)];
    [
        grid(&small, &[1.0]),
        grid(&[(2, 64)], &[1.0]),
        lstms(&[8, 16, 32, 64], 1.0),
        grid(&small, &[2.0]),
        batch_scan(
            2,
            16,
            20,
            &[(16, 2.0), (4, 1.5), (64, 4.0), (256, 12.0), (8, 1.5), (32, 2.5), (128, 7.0)],
        ),
        grid(&small, &[0.5]),
        vec![small_data(2, 32, 100_000, 4.0)],
        grid(&[(2, 64)], &[2.0, 0.5]),
        seeds(2, 16, 2.0),
        grid(&[(1, 8), (1, 16), (2, 16)], &[4.0]),
        grid(&[(2, 128)], &[0.5]),
        lstms(&[8, 16, 32], 2.0),
        grid(&[(2, 32)], &[4.0]),
        seeds(2, 32, 2.0),
        grid(&[(2, 128)], &[1.0]),
        lstms(&[64], 2.0),
        schedules(2, 32, 2.0),
        vec![small_data(2, 64, 100_000, 3.0)],
        vec![small_data(2, 32, 300_000, 4.0)],
        grid(&[(2, 64)], &[4.0]),
        lstms(&[128], 1.0),
        grid(&small, &[8.0]),
        grid(&[(2, 128)], &[2.0]),
        vec![small_data(2, 64, 300_000, 4.0), small_data(2, 64, 1_000_000, 4.0)],
        lstms(&[128], 2.0),
        lstms(&[8, 16, 32, 64], 4.0),
        grid(&[(2, 64)], &[8.0]),
        grid(&[(2, 128)], &[4.0]),
    ]
    .concat()
}

/// The sample, and then larger and longer.
fn full() -> Vec<Run> {
    let sizes = [(1, 8), (1, 16), (2, 16), (2, 32), (2, 64)];
    [
        sample(),
        batch_scan(
            2,
            32,
            20,
            &[(4, 3.0), (8, 3.0), (16, 4.0), (32, 5.0), (64, 8.0), (128, 14.0), (256, 24.0)],
        ),
        grid(&sizes, &[16.0]),
        grid(&[(2, 128)], &[8.0]),
        grid(&[(3, 176)], &[1.0, 2.0, 4.0]),
        vec![small_data(2, 128, 300_000, 4.0), small_data(2, 128, 1_000_000, 8.0)],
        lstms(&[32, 64, 128], 8.0),
        lstms(&[256], 2.0),
        seeds(2, 64, 2.0),
    ]
    .concat()
}

fn without_repeats(runs: Vec<Run>) -> Vec<Run> {
    let mut ids = std::collections::BTreeSet::new();
    runs.into_iter().filter(|run| ids.insert(run.id())).collect()
}
