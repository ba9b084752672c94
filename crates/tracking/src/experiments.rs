//! Experiments: the folders that runs lie in.

use std::collections::BTreeMap;

use store::{Row, Tx, Value, values};

use crate::clock::{birth_ms, now_ms};
use crate::names::{check_experiment_name, check_experiment_tag, experiment_number};
use crate::{Error, Kind, Tracking};

/// A group of runs with a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Experiment {
    /// A whole number as text.
    pub id: String,
    /// Unique, also among those deleted.
    pub name: String,
    /// Where its runs keep their files.
    pub artifact_location: String,
    /// Whether it is deleted.
    pub lifecycle: Lifecycle,
    /// When it was made.
    pub created_ms: i64,
    /// When its name or its state last changed.
    pub updated_ms: i64,
    /// Tags by key.
    pub tags: BTreeMap<String, String>,
}

/// Whether a thing is in use or in the bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// In use.
    Active,
    /// In the bin; it can be restored.
    Deleted,
}

impl Lifecycle {
    pub(crate) fn of(is_deleted: i64) -> Self {
        if is_deleted == 0 { Self::Active } else { Self::Deleted }
    }

    /// `active` or `deleted`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deleted => "deleted",
        }
    }
}

/// What a new experiment is made of.
#[derive(Debug, Clone, Default)]
pub struct NewExperiment {
    /// Its name, which nothing else may have.
    pub name: String,
    /// Where its runs keep their files; where it is absent, below `mlflow-artifacts:/`.
    pub artifact_location: Option<String>,
    /// Its first tags; of those with one key the last counts.
    pub tags: Vec<(String, String)>,
}

/// What MLflow allows for the place of an experiment's files.
const MOST_LOCATION: usize = 2048;

impl Tracking {
    /// Makes an experiment and returns its id.
    ///
    /// # Errors
    /// Its name is taken, or something breaks a limit.
    pub fn create_experiment(&self, new: NewExperiment) -> Result<String, Error> {
        check_experiment_name(&new.name)?;
        check_location(new.artifact_location.as_deref())?;
        for (key, value) in &new.tags {
            check_experiment_tag(key, value)?;
        }
        self.rows.write(move |tx| {
            refuse_taken(tx, &new.name)?;
            let id = insert(tx, &new)?;
            for (key, value) in &new.tags {
                set_tag(tx, id, key, value)?;
            }
            Ok(id.to_string())
        })
    }

    /// The experiment of that id, deleted or not.
    ///
    /// # Errors
    /// There is none.
    pub fn experiment(&self, id: &str) -> Result<Experiment, Error> {
        self.rows.read(|tx| {
            let head = head(tx, id)?;
            with_tags(tx, vec![head])?.pop().ok_or_else(|| absent(id))
        })
    }

    /// The experiment of that name, deleted or not.
    ///
    /// # Errors
    /// There is none.
    pub fn experiment_by_name(&self, name: &str) -> Result<Experiment, Error> {
        let sql = format!("SELECT {COLUMNS} FROM experiments WHERE name = ?");
        let found = self.rows.read(|tx| {
            let heads = tx.query(&sql, values![name], read_head)?;
            with_tags(tx, heads)
        })?;
        found
            .into_iter()
            .next()
            .ok_or_else(|| Error::absent(format!("Could not find experiment with name '{name}'")))
    }

    /// Gives an active experiment another name.
    ///
    /// # Errors
    /// There is none, it is deleted, or the name is taken.
    pub fn rename_experiment(&self, id: &str, name: &str) -> Result<(), Error> {
        check_experiment_name(name)?;
        let (id, name) = (id.to_owned(), name.to_owned());
        self.rows.write(move |tx| {
            let found = head(tx, &id)?;
            if found.lifecycle != Lifecycle::Active {
                let words = "Cannot rename a non-active experiment.";
                return Err(Error::new(Kind::InvalidState, words));
            }
            if found.name != name {
                refuse_taken(tx, &name)?;
            }
            let row = values![&name, now_ms(), experiment_number(&id)?];
            tx.execute("UPDATE experiments SET name = ?, updated_ms = ? WHERE id = ?", row)?;
            Ok(())
        })
    }

    /// Puts an active experiment and all of its runs into the bin.
    ///
    /// # Errors
    /// There is none that is active.
    pub fn delete_experiment(&self, id: &str) -> Result<(), Error> {
        self.set_lifecycle(id, Lifecycle::Active, Lifecycle::Deleted)
    }

    /// Takes a deleted experiment and all of its runs out of the bin.
    ///
    /// # Errors
    /// There is none that is deleted.
    pub fn restore_experiment(&self, id: &str) -> Result<(), Error> {
        self.set_lifecycle(id, Lifecycle::Deleted, Lifecycle::Active)
    }

    fn set_lifecycle(&self, id: &str, from: Lifecycle, to: Lifecycle) -> Result<(), Error> {
        let id = id.to_owned();
        self.rows.write(move |tx| {
            if head(tx, &id)?.lifecycle != from {
                return Err(absent(&id));
            }
            let (number, now) = (experiment_number(&id)?, now_ms());
            let is_deleted = to == Lifecycle::Deleted;
            tx.execute(
                "UPDATE experiments SET is_deleted = ?, updated_ms = ? WHERE id = ?",
                values![is_deleted, now, number],
            )?;
            tx.execute(
                "UPDATE runs SET is_deleted = ?, deleted_ms = ? WHERE experiment = ?",
                values![is_deleted, is_deleted.then_some(now), number],
            )?;
            Ok(())
        })
    }

    /// Sets a tag of an active experiment.
    ///
    /// # Errors
    /// There is no such experiment, it is deleted, or the tag breaks a limit.
    pub fn set_experiment_tag(&self, id: &str, key: &str, value: &str) -> Result<(), Error> {
        check_experiment_tag(key, value)?;
        let (id, key, value) = (id.to_owned(), key.to_owned(), value.to_owned());
        self.rows.write(move |tx| {
            let number = active(tx, &id)?;
            Ok(set_tag(tx, number, &key, &value)?)
        })
    }

    /// Deletes a tag of an active experiment.
    ///
    /// # Errors
    /// There is no such experiment or tag, or the experiment is deleted.
    pub fn delete_experiment_tag(&self, id: &str, key: &str) -> Result<(), Error> {
        let (id, key) = (id.to_owned(), key.to_owned());
        self.rows.write(move |tx| {
            let row = values![active(tx, &id)?, &key];
            let sql = "DELETE FROM experiment_tags WHERE experiment = ? AND key = ?";
            if tx.execute(sql, row)? == 0 {
                let words = format!("No tag with name: {key} in experiment with id {id}");
                return Err(Error::absent(words));
            }
            Ok(())
        })
    }

    /// Makes the experiment that every store has.
    pub(crate) fn ensure_default_experiment(&self) -> Result<(), Error> {
        let sql = "SELECT id FROM experiments WHERE id = 0";
        if self.rows.read(|tx| tx.first(sql, values![], |row| row.get::<i64>(0)))?.is_some() {
            return Ok(());
        }
        self.rows.write(|tx| {
            tx.execute(
                "INSERT INTO experiments (id, name, artifact_location, is_deleted, created_ms, \
                 updated_ms) VALUES (0, 'Default', 'mlflow-artifacts:/0', 0, ?, ?) \
                 ON CONFLICT DO NOTHING",
                values![now_ms(), now_ms()],
            )?;
            Ok(())
        })
    }
}

pub(crate) const COLUMNS: &str = "id, name, artifact_location, is_deleted, created_ms, updated_ms";

/// An experiment without its tags.
pub(crate) fn read_head(row: &Row) -> Result<Experiment, store::Error> {
    Ok(Experiment {
        id: row.get::<i64>(0)?.to_string(),
        name: row.get(1)?,
        artifact_location: row.get(2)?,
        lifecycle: Lifecycle::of(row.get(3)?),
        created_ms: row.get(4)?,
        updated_ms: row.get(5)?,
        tags: BTreeMap::new(),
    })
}

/// The experiment of that id, without its tags.
pub(crate) fn head(tx: &mut Tx, id: &str) -> Result<Experiment, Error> {
    let number = experiment_number(id)?;
    let sql = format!("SELECT {COLUMNS} FROM experiments WHERE id = ?");
    tx.first(&sql, values![number], read_head)?.ok_or_else(|| absent(&number.to_string()))
}

/// The number of that experiment, which has to be active.
pub(crate) fn active(tx: &mut Tx, id: &str) -> Result<i64, Error> {
    let found = head(tx, id)?;
    check_active(&found)?;
    experiment_number(id)
}

pub(crate) fn check_active(found: &Experiment) -> Result<(), Error> {
    if found.lifecycle == Lifecycle::Active {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "The experiment {} must be in the 'active' state. Current state is {}.",
        found.id,
        found.lifecycle.name()
    )))
}

/// Adds the tags of experiments.
pub(crate) fn with_tags(
    tx: &mut Tx,
    mut experiments: Vec<Experiment>,
) -> Result<Vec<Experiment>, Error> {
    let sql = "SELECT key, value FROM experiment_tags WHERE experiment = ?";
    for experiment in &mut experiments {
        let number = experiment_number(&experiment.id)?;
        let tags = tx.query(sql, values![number], |row| Ok((row.get(0)?, row.get(1)?)))?;
        experiment.tags = tags.into_iter().collect();
    }
    Ok(experiments)
}

fn insert(tx: &mut Tx, new: &NewExperiment) -> Result<i64, Error> {
    let location = new.artifact_location.clone().filter(|location| !location.is_empty());
    let now = birth_ms();
    let id: Option<i64> = tx.first(
        "INSERT INTO experiments (name, artifact_location, is_deleted, created_ms, updated_ms) \
         VALUES (?, ?, 0, ?, ?) RETURNING id",
        values![&new.name, location.clone().unwrap_or_default(), now, now],
        |row| row.get(0),
    )?;
    let id = id.ok_or_else(|| Error::internal("a new experiment got no number"))?;
    if location.is_none() {
        tx.execute(
            "UPDATE experiments SET artifact_location = ? WHERE id = ?",
            values![format!("mlflow-artifacts:/{id}"), id],
        )?;
    }
    Ok(id)
}

fn set_tag(tx: &mut Tx, number: i64, key: &str, value: &str) -> Result<(), store::Error> {
    tx.execute(
        "INSERT INTO experiment_tags (experiment, key, value) VALUES (?, ?, ?) \
         ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value",
        values![number, key, value],
    )?;
    Ok(())
}

fn refuse_taken(tx: &mut Tx, name: &str) -> Result<(), Error> {
    let sql = "SELECT id FROM experiments WHERE name = ?";
    match tx.first(sql, &[Value::from(name)], |row| row.get::<i64>(0))? {
        None => Ok(()),
        Some(_) => Err(Error::exists(format!("Experiment(name={name}) already exists."))),
    }
}

/// Where a client keeps files itself; beside these only our own store is known.
const CLOUDS: &[&str] = &["s3", "gs", "abfs", "abfss", "wasb", "wasbs", "dbfs", "r2", "oci"];

fn check_location(location: Option<&str>) -> Result<(), Error> {
    let Some(location) = location else { return Ok(()) };
    if location.contains('#') {
        return Err(Error::invalid("'artifact_location' URL can't include fragments or params."));
    }
    let query = location.split_once('?').map_or("", |(_, query)| query);
    if query.contains("..") || query.contains('%') {
        return Err(Error::invalid("Invalid query string"));
    }
    if location.starts_with("runs:") {
        return Err(Error::invalid(format!(
            "Artifact location cannot be a runs:/ URI. Given: '{location}'"
        )));
    }
    if location.chars().count() > MOST_LOCATION {
        return Err(Error::invalid(format!(
            "Invalid artifact path length. The length of the artifact path cannot be greater than \
             {MOST_LOCATION} characters. To configure this limit, please set the \
             MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH environment variable."
        )));
    }
    let scheme = location.split_once(':').map_or("", |(scheme, _)| scheme);
    if scheme != "mlflow-artifacts" && !CLOUDS.contains(&scheme) {
        return Err(Error::invalid(format!(
            "Invalid artifact location '{location}': files lie in this server's own store \
             (`mlflow-artifacts:/…`), or where the client reaches them itself ({}).",
            CLOUDS.join(", ")
        )));
    }
    Ok(())
}

fn absent(id: &str) -> Error {
    Error::absent(format!("No Experiment with id={id} exists"))
}
