//! What `fieldkit scaling …` takes. Only words and their checks; the work is in the sibling
//! modules.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use scaling::fit::{Objective, Recipe};

/// Which logs are read, and how.
#[derive(Args)]
pub(crate) struct Source {
    /// Logs: CSV, a Weights & Biases export, TensorBoard event files, MLflow run folders, or a
    /// sweep of our own. Several files may belong together.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Say what columns are: loss=val_loss,parameters=n_params. Quantities: loss, train_loss,
    /// parameters, parameters_body, parameters_total, tokens, unique_tokens, epochs, steps,
    /// batch_tokens, batch_sequences, sequence_length, compute, learning_rate, seed, group, id.
    #[arg(long, value_name = "QUANTITY=COLUMN,…", value_delimiter = ',')]
    pub(crate) map: Vec<Mapping>,
    /// Use only the runs of this group (suite, recipe, stage or architecture).
    #[arg(long)]
    pub(crate) group: Option<String>,
    /// Leave out this many runs with the highest loss.
    #[arg(long, default_value_t = 0, value_name = "COUNT")]
    pub(crate) drop_highest: usize,
}

/// One `QUANTITY=COLUMN` pair.
#[derive(Clone)]
pub(crate) struct Mapping {
    pub(crate) quantity: String,
    pub(crate) column: String,
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (quantity, column) =
            text.split_once('=').ok_or_else(|| format!("`{text}` is not QUANTITY=COLUMN"))?;
        Ok(Self { quantity: quantity.trim().to_owned(), column: column.trim().to_owned() })
    }
}

/// How laws are fitted.
#[derive(Args)]
pub(crate) struct Fitting {
    /// Fit only these laws; `fieldkit scaling laws` lists them.
    #[arg(long = "law", value_name = "ID,…", value_delimiter = ',')]
    pub(crate) laws: Vec<String>,
    /// Starts of the search, beside the published constants.
    #[arg(long, default_value_t = 100, value_name = "COUNT", value_parser = starts, allow_negative_numbers = true)]
    pub(crate) starts: usize,
    /// Bootstrap draws, by run; 0 for no intervals.
    #[arg(long, default_value_t = 4000, value_name = "DRAWS", value_parser = draws, allow_negative_numbers = true)]
    pub(crate) bootstrap: usize,
    /// The seed of everything random.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// δ of the Huber loss on ln L; 0 for least squares on ln L.
    #[arg(long, default_value_t = 1e-3, value_name = "DELTA", value_parser = delta, allow_negative_numbers = true)]
    pub(crate) huber: f64,
}

impl Fitting {
    pub(crate) fn recipe(&self) -> Recipe {
        let objective = match self.huber {
            0.0 => Objective::LeastSquares,
            delta => Objective::Huber { delta },
        };
        Recipe { objective, n_starts: self.starts, n_bootstrap: self.bootstrap, seed: self.seed }
    }
}

fn starts(text: &str) -> Result<usize, String> {
    count(text, 1, 1_000_000)
}

fn draws(text: &str) -> Result<usize, String> {
    count(text, 0, 1_000_000)
}

fn count(text: &str, low: usize, high: usize) -> Result<usize, String> {
    let within = |n: &usize| (low..=high).contains(n);
    text.parse().ok().filter(within).ok_or_else(|| format!("write a count from {low} to {high}"))
}

fn delta(text: &str) -> Result<f64, String> {
    let is_right = |delta: &f64| delta.is_finite() && 0.0 <= *delta;
    text.parse().ok().filter(is_right).ok_or_else(|| "write a number from 0 up".to_owned())
}
