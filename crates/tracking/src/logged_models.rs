//! Logged models: what a run has trained and kept, before or without a name in the registry.
//! Knows no JSON, and opens none of their files.
//!
//! - `search`: what is found by which filter.

mod search;

use std::collections::BTreeMap;

use store::{Row, Tx, values};

pub use search::{ModelDataset, ModelOrder, ModelQuery};

use crate::clock::{birth_ms, new_id, now_ms};
use crate::quoting::repr;
use crate::{Error, Tracking, experiments, runs};

/// A model that was logged.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedModel {
    /// `m-` and 32 hexadecimal digits.
    pub id: String,
    /// The experiment it lies in.
    pub experiment_id: String,
    /// Its name; need not be unique.
    pub name: String,
    /// Where it keeps its files.
    pub artifact_location: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it last changed.
    pub updated_ms: i64,
    /// What kind of model it is, in the client's words.
    pub model_type: String,
    /// Whether its files are there.
    pub status: ModelStatus,
    /// The run that made it; empty where none was said.
    pub source_run_id: String,
    /// What it was made with.
    pub params: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What was measured of it.
    pub metrics: Vec<ModelMetric>,
}

/// Whether the files of a logged model are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelStatus {
    /// They are on their way.
    Pending,
    /// They are there.
    Ready,
    /// They did not arrive.
    Failed,
}

impl ModelStatus {
    /// All of them, in the order of their numbers on the wire, which begin with 1.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Ready, Self::Failed];

    /// `READY`, say.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Ready => "READY",
            Self::Failed => "UPLOAD_FAILED",
        }
    }

    fn of_row(name: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.name() == name).unwrap_or(Self::Pending)
    }
}

/// One measurement of a logged model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelMetric {
    /// What was measured.
    pub key: String,
    /// Its value, which may be NaN.
    pub value: f64,
    /// When, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// At which step.
    pub step: i64,
    /// The run that measured.
    pub run_id: String,
    /// The dataset it was measured on, and its digest.
    pub dataset: Option<(String, String)>,
}

/// What a new logged model is made of.
#[derive(Debug, Clone, Default)]
pub struct NewLoggedModel {
    /// The experiment it lies in.
    pub experiment_id: String,
    /// Its name; one is invented where none is given.
    pub name: Option<String>,
    /// What kind of model it is.
    pub model_type: String,
    /// The run that makes it.
    pub source_run_id: String,
    /// What it is made with.
    pub params: Vec<(String, String)>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

pub(crate) const TABLES: &[&str] = &["
    CREATE TABLE logged_models (
        id TEXT PRIMARY KEY,
        experiment BIGINT NOT NULL,
        name TEXT NOT NULL,
        artifact_location TEXT NOT NULL,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL,
        model_type TEXT NOT NULL,
        status TEXT NOT NULL,
        source_run_id TEXT NOT NULL,
        is_deleted BIGINT NOT NULL
    );
    CREATE INDEX logged_models_by_time ON logged_models (experiment, created_ms DESC, id);
    CREATE TABLE logged_model_params (
        model TEXT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (model, key)
    ) {clustered};
    CREATE TABLE logged_model_tags (
        model TEXT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (model, key)
    ) {clustered};
    CREATE TABLE logged_model_metrics (
        model TEXT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        timestamp_ms BIGINT NOT NULL,
        step BIGINT NOT NULL,
        run_id TEXT NOT NULL,
        value DOUBLE PRECISION,
        dataset_name TEXT,
        dataset_digest TEXT,
        PRIMARY KEY (model, key, timestamp_ms, step, run_id)
    ) {clustered};
"];

impl Tracking {
    /// Begins a logged model, whose files are to come.
    ///
    /// # Errors
    /// There is no such experiment, it is deleted, or the name is not allowed.
    pub fn create_logged_model(&self, new: NewLoggedModel) -> Result<LoggedModel, Error> {
        if let Some(name) = &new.name {
            check_name(name)?;
        }
        self.rows.write(move |tx| {
            let experiment = experiments::head(tx, &new.experiment_id)?;
            experiments::check_active(&experiment)?;
            let id = format!("m-{}", new_id());
            let location = runs::below(&experiment.artifact_location, &format!("models/{id}"));
            let now = birth_ms();
            tx.execute(
                "INSERT INTO logged_models (id, experiment, name, artifact_location, created_ms, \
                 updated_ms, model_type, status, source_run_id, is_deleted) VALUES (?, ?, ?, ?, ?, \
                 ?, ?, ?, ?, 0)",
                values![
                    &id,
                    crate::names::experiment_number(&experiment.id)?,
                    new.name.clone().unwrap_or_else(runs::invented_name),
                    &location,
                    now,
                    now,
                    &new.model_type,
                    ModelStatus::Pending.name(),
                    &new.source_run_id
                ],
            )?;
            for (key, value) in &new.params {
                put_param(tx, &id, key, value)?;
            }
            for (key, value) in &new.tags {
                put_tag(tx, &id, key, value)?;
            }
            read(tx, &id)
        })
    }

    /// The logged model of that id.
    ///
    /// # Errors
    /// There is none, or it is deleted and deleted ones are not asked for.
    pub fn logged_model(&self, id: &str, is_deleted_too: bool) -> Result<LoggedModel, Error> {
        self.rows.read(|tx| {
            if find(tx, id)? && !is_deleted_too {
                return Err(absent(id));
            }
            read(tx, id)
        })
    }

    /// Says whether the files of a logged model are there.
    ///
    /// # Errors
    /// There is no such model.
    pub fn finalize_logged_model(
        &self,
        id: &str,
        status: ModelStatus,
    ) -> Result<LoggedModel, Error> {
        let id = id.to_owned();
        self.rows.write(move |tx| {
            find(tx, &id)?;
            let row = values![status.name(), now_ms(), &id];
            tx.execute("UPDATE logged_models SET status = ?, updated_ms = ? WHERE id = ?", row)?;
            read(tx, &id)
        })
    }

    /// Puts a logged model into the bin.
    ///
    /// # Errors
    /// There is none.
    pub fn delete_logged_model(&self, id: &str) -> Result<(), Error> {
        let id = id.to_owned();
        self.rows.write(move |tx| {
            find(tx, &id)?;
            let row = values![now_ms(), &id];
            tx.execute(
                "UPDATE logged_models SET is_deleted = 1, updated_ms = ? WHERE id = ?",
                row,
            )?;
            Ok(())
        })
    }

    /// Logs what a model was made with. What is logged stays as it is.
    ///
    /// # Errors
    /// There is no such model, or a param has another value already.
    pub fn log_model_params(&self, id: &str, params: Vec<(String, String)>) -> Result<(), Error> {
        let id = id.to_owned();
        self.rows.write(move |tx| {
            find(tx, &id)?;
            for (key, value) in &params {
                put_param(tx, &id, key, value)?;
            }
            Ok(())
        })
    }

    /// Sets tags of a logged model.
    ///
    /// # Errors
    /// There is no such model.
    pub fn set_model_tags(&self, id: &str, tags: Vec<(String, String)>) -> Result<(), Error> {
        let id = id.to_owned();
        self.rows.write(move |tx| {
            find(tx, &id)?;
            for (key, value) in &tags {
                put_tag(tx, &id, key, value)?;
            }
            Ok(())
        })
    }

    /// Deletes a tag of a logged model.
    ///
    /// # Errors
    /// There is no such model or tag.
    pub fn delete_model_tag(&self, id: &str, key: &str) -> Result<(), Error> {
        let (id, key) = (id.to_owned(), key.to_owned());
        self.rows.write(move |tx| {
            find(tx, &id)?;
            let sql = "DELETE FROM logged_model_tags WHERE model = ? AND key = ?";
            if tx.execute(sql, values![&id, &key])? == 0 {
                return Err(Error::absent(format!(
                    "No tag with key {} found for model with ID {}.",
                    repr(&key),
                    repr(&id)
                )));
            }
            Ok(())
        })
    }
}

/// Logs a measurement of a model; the same key, time and step of the same run is measured once.
/// The model need not be known: a run may measure one that is kept elsewhere.
pub(crate) fn put_metric(tx: &mut Tx, id: &str, metric: &ModelMetric) -> Result<(), Error> {
    let exists = "SELECT 1 FROM logged_models WHERE id = ?";
    if tx.first(exists, values![id], |_| Ok(()))?.is_none() {
        return Ok(());
    }
    let (dataset_name, dataset_digest) = metric.dataset.clone().unzip();
    tx.execute(
        "INSERT INTO logged_model_metrics (model, key, timestamp_ms, step, run_id, value, \
         dataset_name, dataset_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        values![
            id,
            &metric.key,
            metric.timestamp_ms,
            metric.step,
            &metric.run_id,
            Some(metric.value).filter(|value| !value.is_nan()),
            dataset_name,
            dataset_digest
        ],
    )?;
    Ok(())
}

/// What a registered version needs to know of the logged model that it was.
pub(crate) struct Origin {
    pub(crate) artifact_location: String,
    pub(crate) source_run_id: Option<String>,
}

/// Where a logged model comes from; none where there is no such model.
pub(crate) fn origin(tx: &mut Tx, id: &str) -> Result<Option<Origin>, Error> {
    let sql = "SELECT artifact_location, source_run_id FROM logged_models WHERE id = ? AND is_deleted = 0";
    Ok(tx.first(sql, values![id], |row| {
        Ok(Origin { artifact_location: row.get(0)?, source_run_id: row.get(1)? })
    })?)
}

/// The tag that lists the registered versions of a logged model, as JSON.
const VERSIONS: &str = "mlflow.modelVersions";

/// Adds a registered version to the tag of a logged model that lists them.
pub(crate) fn note_version(tx: &mut Tx, id: &str, name: &str, version: i64) -> Result<(), Error> {
    if find(tx, id)? {
        return Err(absent(id));
    }
    let sql = "SELECT value FROM logged_model_tags WHERE model = ? AND key = ?";
    let known: Option<String> = tx.first(sql, values![id, VERSIONS], |row| row.get(0))?;
    let this = format!("{{\"name\": {}, \"version\": {version}}}", crate::quoting::json(name));
    let rest = known.as_deref().and_then(|list| list.strip_prefix('[')?.strip_suffix(']'));
    let all = match rest {
        Some(rest) if rest.contains(&this) => return Ok(()),
        Some(rest) if !rest.is_empty() => format!("[{rest}, {this}]"),
        _ => format!("[{this}]"),
    };
    put_tag(tx, id, VERSIONS, &all)
}

/// The refusal of a model that is not there.
pub(crate) fn absent(id: &str) -> Error {
    Error::absent(format!("Logged model with ID '{id}' not found."))
}

/// Whether the model of that id is deleted.
fn find(tx: &mut Tx, id: &str) -> Result<bool, Error> {
    let sql = "SELECT is_deleted FROM logged_models WHERE id = ?";
    let is_deleted: Option<i64> = tx.first(sql, values![id], |row| row.get(0))?;
    Ok(is_deleted.ok_or_else(|| absent(id))? != 0)
}

fn check_name(name: &str) -> Result<(), Error> {
    if !name.is_empty() && !name.contains(['/', ':', '.', '%', '"', '\'']) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Invalid model name ({}) provided. Model name must be a non-empty string and cannot contain \
         the following characters: ('/', ':', '.', '%', '\"', \"'\")",
        repr(name)
    )))
}

fn put_param(tx: &mut Tx, id: &str, key: &str, value: &str) -> Result<(), Error> {
    let sql = "SELECT value FROM logged_model_params WHERE model = ? AND key = ?";
    let known: Option<String> = tx.first(sql, values![id, key], |row| row.get(0))?;
    if let Some(known) = known.filter(|known| known != value) {
        return Err(Error::invalid(format!(
            "Changing param values is not allowed. Param with key='{key}' was already logged with \
             value='{known}' for logged model ID='{id}'. Attempted logging new value '{value}'."
        )));
    }
    tx.execute(
        "INSERT INTO logged_model_params (model, key, value) VALUES (?, ?, ?) ON CONFLICT DO \
         NOTHING",
        values![id, key, value],
    )?;
    Ok(())
}

fn put_tag(tx: &mut Tx, id: &str, key: &str, value: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO logged_model_tags (model, key, value) VALUES (?, ?, ?) ON CONFLICT (model, \
         key) DO UPDATE SET value = excluded.value",
        values![id, key, value],
    )?;
    Ok(())
}

/// The columns that [`read_head`] reads, of `logged_models m`.
const COLUMNS: &str = "m.id, m.experiment, m.name, m.artifact_location, m.created_ms, \
                       m.updated_ms, m.model_type, m.status, m.source_run_id";

fn read_head(row: &Row) -> Result<LoggedModel, store::Error> {
    let status: String = row.get(7)?;
    Ok(LoggedModel {
        id: row.get(0)?,
        experiment_id: row.get::<i64>(1)?.to_string(),
        name: row.get(2)?,
        artifact_location: row.get(3)?,
        created_ms: row.get(4)?,
        updated_ms: row.get(5)?,
        model_type: row.get(6)?,
        status: ModelStatus::of_row(&status),
        source_run_id: row.get(8)?,
        params: BTreeMap::new(),
        tags: BTreeMap::new(),
        metrics: Vec::new(),
    })
}

fn read(tx: &mut Tx, id: &str) -> Result<LoggedModel, Error> {
    let sql = format!("SELECT {COLUMNS} FROM logged_models m WHERE m.id = ?");
    let head = tx.first(&sql, values![id], read_head)?.ok_or_else(|| absent(id))?;
    with_belongings(tx, head)
}

fn with_belongings(tx: &mut Tx, mut model: LoggedModel) -> Result<LoggedModel, Error> {
    let pair = |row: &Row| Ok((row.get(0)?, row.get(1)?));
    let which = values![&model.id];
    let params = "SELECT key, value FROM logged_model_params WHERE model = ?";
    model.params = tx.query(params, which, pair)?.into_iter().collect();
    let tags = "SELECT key, value FROM logged_model_tags WHERE model = ?";
    model.tags = tx.query(tags, which, pair)?.into_iter().collect();
    model.metrics = tx.query(
        "SELECT key, value, timestamp_ms, step, run_id, dataset_name, dataset_digest FROM \
         logged_model_metrics WHERE model = ? ORDER BY key, timestamp_ms, step, run_id",
        which,
        read_metric,
    )?;
    Ok(model)
}

fn read_metric(row: &Row) -> Result<ModelMetric, store::Error> {
    let (name, digest): (Option<String>, Option<String>) = (row.get(5)?, row.get(6)?);
    Ok(ModelMetric {
        key: row.get(0)?,
        value: row.get::<Option<f64>>(1)?.unwrap_or(f64::NAN),
        timestamp_ms: row.get(2)?,
        step: row.get(3)?,
        run_id: row.get(4)?,
        dataset: name.zip(digest),
    })
}
