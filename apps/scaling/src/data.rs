//! Raw logs to typed runs, once. Inside, a bad value cannot exist: a loss is finite and above
//! zero, a count is above zero, and every row that was left out is listed with its place.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::units::{Flop, Nats, ParameterCount, Steps, Tokens};

/// One training run, as far as its log tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingRun {
    /// Unique within its import.
    pub id: String,
    /// The suite, recipe or architecture it belongs to, where the log says one.
    pub group: Option<String>,
    /// N: how many parameters.
    pub parameters: ParameterCount,
    /// D: tokens processed, repeats counted.
    pub tokens: Option<Tokens>,
    /// U: tokens that are different.
    pub unique_tokens: Option<Tokens>,
    /// S: parameter updates.
    pub steps: Option<Steps>,
    /// B: tokens in one batch.
    pub batch: Option<Tokens>,
    /// C: training compute, as logged.
    pub compute: Option<Flop>,
    /// Peak learning rate.
    pub learning_rate: Option<f64>,
    /// What the learning rate does over the run.
    pub schedule: Option<Schedule>,
    /// Final loss on held-out text, else on training text (see `loss_is_training`).
    pub loss: Option<Nats>,
    /// Whether `loss` was measured on the training text.
    pub loss_is_training: bool,
    /// The seed, where logged.
    pub seed: Option<u64>,
    /// The loss along the run, by step.
    pub history: Vec<Checkpoint>,
    /// Where it was read.
    pub origin: Origin,
    /// What is odd about it. A flagged run stays in the list; the fit leaves it out and says so.
    pub flags: Vec<Flag>,
}

/// What the learning rate does over a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// One rate after the warm-up.
    Constant,
    /// Half a cosine down.
    Cosine,
    /// Straight down.
    Linear,
    /// Warm-up, a constant rate, then a decay.
    WarmupStableDecay,
    /// As the log names it.
    Other(String),
}

/// One logged moment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Parameter updates so far.
    pub step: f64,
    /// Training loss, where logged at this step.
    pub train_loss: Option<f64>,
    /// Held-out loss, where logged at this step.
    pub val_loss: Option<f64>,
    /// Learning rate, where logged at this step.
    pub learning_rate: Option<f64>,
}

/// Where something was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The file.
    pub file: PathBuf,
    /// The line in it, from 1, where it has lines.
    pub line: Option<u64>,
}

/// Why a run is left out of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Flag {
    /// It crashed, was killed or its loss became infinite.
    Failed {
        /// What the log says.
        why: String,
    },
    /// It stopped before its planned end.
    Unfinished {
        /// Steps done.
        done: f64,
        /// Steps planned.
        planned: f64,
    },
    /// Its loss is far from runs beside it.
    Outlier {
        /// What it was held against.
        why: String,
    },
    /// The same run, or the same values, stand elsewhere in the import.
    Duplicate {
        /// The run that is kept.
        of: String,
    },
    /// Its loss was read before its learning rate had come down.
    MidSchedule {
        /// What shows it.
        why: String,
    },
}

/// A row that did not become (part of) a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Where it stands.
    pub origin: Origin,
    /// What is wrong with it.
    pub why: String,
}

/// Everything read from the files of one import.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Import {
    /// The runs, in the order of the files.
    pub runs: Vec<TrainingRun>,
    /// Rows left out; only the first 1,000 are kept, `n_rejected` counts all.
    pub rejected: Vec<Rejected>,
    /// How many rows were left out.
    pub n_rejected: u64,
    /// How many rows were read.
    pub n_rows: u64,
    /// Which column was taken for what, and other things the reader should know.
    pub notes: Vec<String>,
}
