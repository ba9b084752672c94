//! Raw logs to typed runs, once. Inside, a bad value cannot exist: a loss is finite and above
//! zero, a count is above zero, and every row that was left out is listed with its place.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use record::Journal;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::model::mccandlish::NormPair;
use crate::units::{Flop, Nats, ParameterCount, Steps, Tokens};

mod consistency;
mod curves;
mod draft;
mod facts;
mod flags;
mod folder;
mod gather;
mod lines;
mod long_history;
mod mlflow;
mod names;
mod number;
mod outlier;
mod protobuf;
mod python;
mod role;
mod rows;
mod schedule;
mod settle;
mod source;
mod step_table;
mod table;
mod tensorboard;
mod tfrecord;
mod wandb;

pub use role::Role;

use gather::Gather;
use source::Source;

/// The column that `--map` names to leave a quantity out.
pub const NO_COLUMN: &str = "-";

/// Reads runs from files and folders: tables with a row a run or a row a step, Weights & Biases
/// exports, TensorBoard event files, MLflow run folders, or folders of any of these. Several files
/// may belong together: a history finds its run by the run's id, whichever file tells the rest of
/// it.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.csv");
/// std::fs::write(&path, "params,tokens,val_loss\n125M,2.5e9,3.4\n350M,7e9,nan\n")?;
/// let import = scaling::data::import(&[path], &Default::default(), &mut record::Silent)?;
/// assert_eq!(import.runs[0].tokens, Some(scaling::units::Tokens(2.5e9)));
/// assert_eq!(import.rejected[0].why, "`val_loss` is NaN");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A file that cannot be read, is of no known kind, or holds no run.
pub fn import(
    paths: &[PathBuf],
    options: &Options,
    journal: &mut dyn Journal,
) -> Result<Import, Error> {
    let mut gather = Gather::new(options, journal);
    for (n_done, path) in paths.iter().enumerate() {
        gather.progress_files(n_done, paths.len());
        if path.is_dir() {
            folder::read(path, &mut gather)?;
        } else {
            let mut source = Source::open(path)?;
            let kind = kind(&mut source, options)?;
            read(source, kind, &mut gather)?;
        }
    }
    gather.progress_files(paths.len(), paths.len());
    gather.finish()
}

/// What a file is, by its first bytes.
enum Kind {
    Table(table::Table),
    /// Weights & Biases runs, one a line.
    Runs,
    /// TensorBoard events.
    Events,
}

/// Tells what a file is; an error where it is nothing that is read.
fn kind(source: &mut Source, options: &Options) -> Result<Kind, Error> {
    if tensorboard::is_event_file(source) {
        Ok(Kind::Events)
    } else if wandb::is_list_of_runs(source) {
        Ok(Kind::Runs)
    } else {
        let limit = options.limits.n_row_bytes;
        table::Table::sniff(source, &options.map, limit).map(Kind::Table)
    }
}

fn read(source: Source, kind: Kind, gather: &mut Gather<'_>) -> Result<(), Error> {
    match kind {
        Kind::Table(table) => table::read(source, table, gather),
        Kind::Runs => wandb::read_runs(source, gather),
        Kind::Events => tensorboard::read_file(source, gather),
    }
}

/// What the user says about an import.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The column of each quantity, over what its name suggests; [`NO_COLUMN`] for none.
    pub map: BTreeMap<Role, String>,
    /// How much is held in memory.
    pub limits: Limits,
}

/// How much of an import is held in memory, whatever the size of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Runs; more are refused.
    pub n_runs: usize,
    /// Points kept of one metric along one run; beyond it every second one is dropped, again
    /// and again, the last one never.
    pub n_points: usize,
    /// Points kept of all metrics of all runs; beyond it `n_points` is halved.
    pub n_points_total: usize,
    /// Rejected rows that are listed; all are counted.
    pub n_rejected_kept: usize,
    /// Bytes in one row; a longer one is refused.
    pub n_row_bytes: usize,
}

impl Default for Limits {
    /// 100,000 runs, 2,000 points a metric and 8 million in all (128 MB), 1,000 rejected rows,
    /// 16 MiB a row.
    fn default() -> Self {
        Self {
            n_runs: 100_000,
            n_points: 2_000,
            n_points_total: 8_000_000,
            n_rejected_kept: 1_000,
            n_row_bytes: 16 << 20,
        }
    }
}

/// The `--map` of the command line: `loss=val_loss,n=params_no_embed`.
///
/// # Errors
/// A quantity that is not known, or a pair without `=`.
pub fn parse_map(text: &str) -> Result<BTreeMap<Role, String>, Error> {
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    pairs
        .map(|pair| {
            let (quantity, column) = pair.split_once('=').unwrap_or((pair, ""));
            let role = Role::named(quantity.trim()).filter(|_| !column.trim().is_empty());
            role.map(|role| (role, column.trim().to_owned())).ok_or_else(|| {
                let names: Vec<&str> = Role::NAMED.iter().map(|(name, _)| *name).collect();
                Error::refused(
                    format!("--map does not understand `{}`", pair.trim()),
                    format!("write QUANTITY=COLUMN, with one of {}", names.join(", ")),
                )
            })
        })
        .collect()
}

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
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Parameter updates so far.
    pub step: f64,
    /// Training loss, where logged at this step.
    pub train_loss: Option<f64>,
    /// Held-out loss, where logged at this step.
    pub val_loss: Option<f64>,
    /// Learning rate, where logged at this step.
    pub learning_rate: Option<f64>,
    /// Squared gradient norms over a small and a large batch (in sequences), where logged at
    /// this step: what McCandlish's noise scale is computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_norms: Option<NormPair>,
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
        /// Steps planned, where the log tells.
        planned: Option<f64>,
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

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { why } => write!(f, "failed: {why}"),
            Self::Unfinished { done, planned: Some(planned) } => {
                write!(f, "unfinished: {done} of {planned} steps done")
            }
            Self::Unfinished { done, planned: None } => {
                write!(f, "unfinished: its log ends at step {done}")
            }
            Self::Outlier { why } => write!(f, "outlier: {why}"),
            Self::Duplicate { of } => write!(f, "duplicate of `{of}`"),
            Self::MidSchedule { why } => write!(f, "mid-schedule: {why}"),
        }
    }
}

/// How many updates a model took to a loss at one batch size: a point of the trade-off between
/// steps and examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepsToLoss {
    /// The model, as the log names it.
    pub model: Option<String>,
    /// The suite, recipe or architecture it belongs to, where the log says one.
    pub group: Option<String>,
    /// N.
    pub parameters: ParameterCount,
    /// The loss to reach.
    pub target: Nats,
    /// B.
    pub batch: Tokens,
    /// S, the first update at which the loss was reached.
    pub steps: Steps,
    /// Where it was read.
    pub origin: Origin,
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
    /// Steps to a loss by batch size, where a file tells them.
    pub steps_to_loss: Vec<StepsToLoss>,
    /// Rows left out; only the first 1,000 are kept, `n_rejected` counts all.
    pub rejected: Vec<Rejected>,
    /// How many rows were left out.
    pub n_rejected: u64,
    /// How many rows were read.
    pub n_rows: u64,
    /// Which column was taken for what, and other things the reader should know.
    pub notes: Vec<String>,
}

impl Import {
    /// Leaves out the `n` runs of highest loss, flagged or not.
    pub fn drop_highest(&mut self, n: usize) {
        let loss = |run: &TrainingRun| run.loss.map_or(f64::NEG_INFINITY, |loss| loss.0);
        let mut losses: Vec<f64> = self.runs.iter().map(loss).collect();
        losses.sort_by(|a, b| b.total_cmp(a));
        let Some(highest_kept) = losses.get(n).copied() else {
            self.runs.clear();
            return;
        };
        self.runs.retain(|run| loss(run) <= highest_kept);
    }
}
