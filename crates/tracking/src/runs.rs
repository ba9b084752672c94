//! Runs: what was tried, with which params, and what came of it.
//!
//! - [`tables`]: the tables of experiments, runs and metrics.
//! - [`log`]: params, tags and metrics of a run, alone and in batches.
//! - [`load`]: runs with all that belongs to them, from the tables.

pub(crate) mod load;
mod log;
mod tables;

use std::collections::BTreeMap;

use store::{Tx, values};

pub use log::Batch;
pub(crate) use tables::TABLES;

use crate::clock::{new_id, now_ms, random};
use crate::keys::Fresh;
use crate::{DatasetInput, Error, Lifecycle, Metric, ModelOutput, Tracking, experiments};

/// One computation and what was logged about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The experiment it lies in.
    pub experiment_id: String,
    /// Its name; need not be unique.
    pub name: String,
    /// Who began it.
    pub user: String,
    /// How far it is.
    pub status: RunStatus,
    /// When it began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// Where it keeps its files.
    pub artifact_uri: String,
    /// Whether it is deleted.
    pub lifecycle: Lifecycle,
    /// What it was told, by key.
    pub params: BTreeMap<String, String>,
    /// Tags by key.
    pub tags: BTreeMap<String, String>,
    /// The latest point of each metric, by key.
    pub metrics: Vec<Metric>,
    /// The datasets that it has read.
    pub inputs: Vec<DatasetInput>,
    /// The logged models that it has read.
    pub model_inputs: Vec<String>,
    /// The logged models that it has made.
    pub model_outputs: Vec<ModelOutput>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// It computes.
    Running,
    /// It waits.
    Scheduled,
    /// It ended well.
    Finished,
    /// It ended with an error.
    Failed,
    /// It was ended from outside.
    Killed,
}

impl RunStatus {
    /// All of them, in the order of their numbers on the wire, which begin with 1.
    pub const ALL: [Self; 5] =
        [Self::Running, Self::Scheduled, Self::Finished, Self::Failed, Self::Killed];

    /// `RUNNING`, say.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Scheduled => "SCHEDULED",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Killed => "KILLED",
        }
    }

    /// The status of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// What a new run is made of.
#[derive(Debug, Clone, Default)]
pub struct NewRun {
    /// The experiment it lies in.
    pub experiment_id: String,
    /// Its name; one is invented where none is given.
    pub name: Option<String>,
    /// Who begins it.
    pub user: String,
    /// When it begins.
    pub started_ms: Option<i64>,
    /// Its first tags. As in MLflow their keys and values may be any text.
    pub tags: Vec<(String, String)>,
}

/// What of a run shall change; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct RunChange {
    /// Its status.
    pub status: Option<RunStatus>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// Its name, and with it the tag `mlflow.runName`.
    pub name: Option<String>,
}

/// The tag that says a run's name too.
const NAME_TAG: &str = "mlflow.runName";

/// A run as far as writers need to know it.
pub(crate) struct Found {
    /// Its number in the tables.
    pub(crate) number: i64,
    /// The number of its experiment.
    pub(crate) experiment: i64,
    is_deleted: bool,
}

impl Tracking {
    /// Begins a run.
    ///
    /// # Errors
    /// There is no such experiment, it is deleted, or the name and its tag differ.
    pub fn create_run(&self, new: NewRun) -> Result<Run, Error> {
        let NewRun { experiment_id, name, user, started_ms, tags } = new;
        let (name, tags) = named(name, tags)?;
        let keys = self.keys.clone();
        let (run, fresh) = self.rows.write(move |tx| -> Result<_, Error> {
            let experiment = experiments::head(tx, &experiment_id)?;
            experiments::check_active(&experiment)?;
            let id = new_id();
            let artifact_uri = below(&experiment.artifact_location, &id);
            let number: Option<i64> = tx.first(
                "INSERT INTO runs (uuid, experiment, name, user_id, status, started_ms, \
                 artifact_uri, is_deleted) VALUES (?, ?, ?, ?, 'RUNNING', ?, ?, 0) RETURNING id",
                values![
                    &id,
                    crate::names::experiment_number(&experiment.id)?,
                    &name,
                    &user,
                    started_ms.unwrap_or(0),
                    &artifact_uri
                ],
                |row| row.get(0),
            )?;
            let number = number.ok_or_else(|| Error::internal("a new run got no number"))?;
            let mut fresh = Fresh::new();
            for (key, value) in &tags {
                log::put_tag(tx, &keys, &mut fresh, number, key, value)?;
            }
            let run = load::one(tx, number)?;
            Ok((run, fresh))
        })?;
        self.keys.remember(fresh);
        Ok(run)
    }

    /// The run of that id, deleted or not, with all that was logged.
    ///
    /// # Errors
    /// There is none.
    pub fn run(&self, id: &str) -> Result<Run, Error> {
        self.rows.read(|tx| {
            let number = find(tx, id)?.number;
            load::one(tx, number)
        })
    }

    /// Changes status, end or name of an active run.
    ///
    /// # Errors
    /// There is none, or it is deleted.
    pub fn update_run(&self, id: &str, change: RunChange) -> Result<Run, Error> {
        let id = id.to_owned();
        let keys = self.keys.clone();
        let (run, fresh) = self.rows.write(move |tx| -> Result<_, Error> {
            let number = active(tx, &id)?.number;
            let mut fresh = Fresh::new();
            if let Some(status) = change.status {
                let row = values![status.name(), number];
                tx.execute("UPDATE runs SET status = ? WHERE id = ?", row)?;
            }
            if let Some(ended_ms) = change.ended_ms {
                let row = values![ended_ms, number];
                tx.execute("UPDATE runs SET ended_ms = ? WHERE id = ?", row)?;
            }
            if let Some(name) = change.name.as_deref().filter(|name| !name.is_empty()) {
                rename(tx, &keys, &mut fresh, number, name)?;
            }
            Ok((load::one(tx, number)?, fresh))
        })?;
        self.keys.remember(fresh);
        Ok(run)
    }

    /// Puts a run into the bin.
    ///
    /// # Errors
    /// There is none.
    pub fn delete_run(&self, id: &str) -> Result<(), Error> {
        self.set_run_deleted(id, true)
    }

    /// Takes a run out of the bin.
    ///
    /// # Errors
    /// There is none.
    pub fn restore_run(&self, id: &str) -> Result<(), Error> {
        self.set_run_deleted(id, false)
    }

    fn set_run_deleted(&self, id: &str, is_deleted: bool) -> Result<(), Error> {
        let id = id.to_owned();
        self.rows.write(move |tx| {
            let number = find(tx, &id)?.number;
            let deleted_ms = is_deleted.then(now_ms);
            tx.execute(
                "UPDATE runs SET is_deleted = ?, deleted_ms = ? WHERE id = ?",
                values![is_deleted, deleted_ms, number],
            )?;
            Ok(())
        })
    }
}

/// The run of that id, deleted or not.
pub(crate) fn find(tx: &mut Tx, id: &str) -> Result<Found, Error> {
    let sql = "SELECT id, experiment, is_deleted FROM runs WHERE uuid = ?";
    let found = tx.first(sql, values![id], |row| {
        let is_deleted = row.get::<i64>(2)? != 0;
        Ok(Found { number: row.get(0)?, experiment: row.get(1)?, is_deleted })
    })?;
    found.ok_or_else(|| Error::absent(format!("Run with id={id} not found")))
}

/// Where the run of that id keeps its files; none where there is no such run.
pub(crate) fn artifact_uri(tx: &mut Tx, id: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT artifact_uri FROM runs WHERE uuid = ?";
    Ok(tx.first(sql, values![id], |row| row.get(0))?)
}

/// The run of that id, which has to be active.
pub(crate) fn active(tx: &mut Tx, id: &str) -> Result<Found, Error> {
    let found = find(tx, id)?;
    if !found.is_deleted {
        return Ok(found);
    }
    Err(Error::invalid(format!(
        "The run {id} must be in the 'active' state. Current state is deleted."
    )))
}

/// Sets the name and the tag that says it too.
fn rename(
    tx: &mut Tx,
    keys: &crate::keys::Keys,
    fresh: &mut Fresh,
    number: i64,
    name: &str,
) -> Result<(), Error> {
    tx.execute("UPDATE runs SET name = ? WHERE id = ?", values![name, number])?;
    log::put_tag(tx, keys, fresh, number, NAME_TAG, name)
}

type Tags = Vec<(String, String)>;

/// The name, from itself or from its tag or invented, and the tags with it.
fn named(name: Option<String>, mut tags: Tags) -> Result<(String, Tags), Error> {
    let of_tag = tags.iter().find(|(key, _)| key == NAME_TAG).map(|(_, value)| value.clone());
    let given = name.filter(|name| !name.is_empty());
    match (given, of_tag.filter(|name| !name.is_empty())) {
        (Some(name), Some(of_tag)) if name != of_tag => Err(Error::invalid(format!(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different \
             values (run_name='{name}', mlflow.runName='{of_tag}')."
        ))),
        (_, Some(name)) => Ok((name, tags)),
        (given, None) => {
            let name = given.unwrap_or_else(invented_name);
            tags.push((NAME_TAG.to_owned(), name.clone()));
            Ok((name, tags))
        }
    }
}

/// `swift-crater-417`, say.
pub(crate) fn invented_name() -> String {
    const HOW: [&str; 16] = [
        "amber", "brisk", "calm", "clever", "dusty", "early", "gentle", "hidden", "keen", "lucky",
        "mellow", "quiet", "rapid", "silver", "steady", "swift",
    ];
    const WHAT: [&str; 16] = [
        "badger", "beacon", "canyon", "comet", "crater", "delta", "falcon", "fjord", "glacier",
        "heron", "lantern", "meadow", "otter", "prairie", "summit", "tundra",
    ];
    let dice = random(2);
    let how = HOW[(dice % 16) as usize];
    let what = WHAT[(dice / 16 % 16) as usize];
    format!("{how}-{what}-{}", dice / 256 % 1000)
}

/// The place of a run's files below that of its experiment; what follows `?` stays at the end.
pub(crate) fn below(location: &str, id: &str) -> String {
    let (path, rest) = match location.find(['?', '#']) {
        Some(at) => location.split_at(at),
        None => (location, ""),
    };
    format!("{}/{id}/artifacts{rest}", path.trim_end_matches('/'))
}
