//! Experiments, runs and the registry of models: MLflow's rules and search language, not its JSON.
//!
//! - [`Tracking`]: everything that is tracked in one database.
//! - [`Experiment`], [`Run`], [`Metric`], [`DatasetInput`]: what is tracked.
//! - [`Query`] and [`Page`]: how it is searched.
//! - [`Error`]: what a client may be told, by MLflow's kinds.
//! - [`limits`]: how long a name may be and how much a request may carry.

mod clock;
mod counts;
mod datasets;
mod error;
mod experiments;
mod keys;
pub mod limits;
mod logged_models;
mod metrics;
mod names;
mod quoting;
mod registry;
mod runs;
mod search;
mod traces;

pub use datasets::{Dataset, DatasetInput, DatasetSummary, ModelOutput};
pub use error::{Error, Kind};
pub use experiments::{Experiment, Lifecycle, NewExperiment};
pub use logged_models::{
    LoggedModel, ModelDataset, ModelMetric, ModelOrder, ModelQuery, ModelStatus, NewLoggedModel,
};
pub use metrics::{Metric, MetricOfRun, Summary};
pub use registry::{ModelVersion, NewVersion, RegisteredModel, Stage};
pub use runs::{Batch, NewRun, Run, RunChange, RunStatus};
pub use search::{Page, Query, View};
pub use traces::{Assessment, NewSpan, Trace};

use store::Rows;

use crate::keys::Keys;

/// Everything that is tracked in one database. Clones are handles to the same.
#[derive(Clone)]
pub struct Tracking {
    rows: Rows,
    keys: Keys,
}

impl Tracking {
    /// Opens what is tracked in `rows`, and makes its tables where they are absent.
    ///
    /// # Errors
    /// The database's.
    pub fn open(rows: Rows) -> Result<Self, Error> {
        rows.migrate("runs", runs::TABLES)?;
        rows.migrate("registry", registry::TABLES)?;
        rows.migrate("logged models", logged_models::TABLES)?;
        rows.migrate("traces", traces::TABLES)?;
        let tracking = Self { rows, keys: Keys::default() };
        tracking.ensure_default_experiment()?;
        Ok(tracking)
    }

    /// The database below.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }
}
