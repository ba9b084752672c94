//! What runs read and made: datasets with their digests, and logged models.

use std::collections::BTreeMap;

use store::{Tx, values};

use crate::names::{check_run_id, experiment_number};
use crate::{Error, Tracking, limits, runs};

/// Data that a run has read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// What its content is known by.
    pub digest: String,
    /// What kind of place it came from.
    pub source_type: String,
    /// Where it came from.
    pub source: String,
    /// Its columns.
    pub schema: Option<String>,
    /// Its statistics.
    pub profile: Option<String>,
}

/// Data that a run has read, and as what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatasetInput {
    /// The data.
    pub dataset: Dataset,
    /// Tags of its use by this run; `mlflow.data.context` says as what.
    pub tags: BTreeMap<String, String>,
}

/// A logged model that a run has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelOutput {
    /// The model.
    pub model_id: String,
    /// The step of the training.
    pub step: i64,
}

/// One dataset of an experiment in one use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetSummary {
    /// The experiment.
    pub experiment_id: String,
    /// The dataset's name.
    pub name: String,
    /// Its digest.
    pub digest: String,
    /// As what it was read: `training`, say.
    pub context: Option<String>,
}

/// The tag of an input that says as what it was read.
pub(crate) const CONTEXT: &str = "mlflow.data.context";

/// How many summaries a search gives.
const MOST_SUMMARIES: i64 = 1000;

impl Tracking {
    /// Says that a run has read datasets and logged models. What was said before stays.
    ///
    /// # Errors
    /// There is no such run, it is deleted, or something breaks a limit.
    pub fn log_inputs(
        &self,
        run_id: &str,
        datasets: Vec<DatasetInput>,
        model_ids: Vec<String>,
    ) -> Result<(), Error> {
        check_run_id(run_id)?;
        datasets.iter().try_for_each(check)?;
        let run_id = run_id.to_owned();
        self.rows.write(move |tx| {
            let run = runs::active(tx, &run_id)?;
            for input in &datasets {
                insert_input(tx, &run, input)?;
            }
            for model_id in &model_ids {
                tx.execute(
                    "INSERT INTO run_models (run, is_output, model_id, step) VALUES (?, 0, ?, 0) \
                     ON CONFLICT DO NOTHING",
                    values![run.number, model_id],
                )?;
            }
            Ok(())
        })
    }

    /// Says that a run has made logged models.
    ///
    /// # Errors
    /// There is no such run, or it is deleted.
    pub fn log_outputs(&self, run_id: &str, models: Vec<ModelOutput>) -> Result<(), Error> {
        let run_id = run_id.to_owned();
        self.rows.write(move |tx| {
            let run = runs::active(tx, &run_id)?;
            for model in &models {
                tx.execute(
                    "INSERT INTO run_models (run, is_output, model_id, step) VALUES (?, 1, ?, ?) \
                     ON CONFLICT (run, is_output, model_id) DO UPDATE SET step = excluded.step",
                    values![run.number, &model.model_id, model.step],
                )?;
            }
            Ok(())
        })
    }

    /// The datasets that runs of these experiments have read, each use once.
    ///
    /// # Errors
    /// An id is no number.
    pub fn search_datasets(&self, experiment_ids: &[String]) -> Result<Vec<DatasetSummary>, Error> {
        let sql = "SELECT DISTINCT d.name, d.digest, t.value FROM datasets d \
                   JOIN inputs i ON i.dataset = d.id \
                   LEFT JOIN input_tags t ON t.run = i.run AND t.dataset = i.dataset AND t.key = ? \
                   WHERE d.experiment = ? ORDER BY d.name, d.digest LIMIT ?";
        self.rows.read(|tx| {
            let mut all = Vec::new();
            for id in experiment_ids {
                let row = values![CONTEXT, experiment_number(id)?, MOST_SUMMARIES];
                all.extend(tx.query(sql, row, |row| {
                    Ok(DatasetSummary {
                        experiment_id: id.clone(),
                        name: row.get(0)?,
                        digest: row.get(1)?,
                        context: row.get(2)?,
                    })
                })?);
            }
            all.truncate(MOST_SUMMARIES as usize);
            Ok(all)
        })
    }
}

/// What a run has read.
pub(crate) fn of_run(tx: &mut Tx, run: i64) -> Result<Vec<DatasetInput>, store::Error> {
    let found = tx.query(
        "SELECT d.id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile \
         FROM inputs i JOIN datasets d ON d.id = i.dataset WHERE i.run = ? ORDER BY d.id",
        values![run],
        |row| {
            let dataset = Dataset {
                name: row.get(1)?,
                digest: row.get(2)?,
                source_type: row.get(3)?,
                source: row.get(4)?,
                schema: row.get(5)?,
                profile: row.get(6)?,
            };
            Ok((row.get::<i64>(0)?, dataset))
        },
    )?;
    let with_tags = |(id, dataset)| {
        let sql = "SELECT key, value FROM input_tags WHERE run = ? AND dataset = ?";
        let tags = tx.query(sql, values![run, id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(DatasetInput { dataset, tags: tags.into_iter().collect() })
    };
    found.into_iter().map(with_tags).collect()
}

/// The logged models that a run has read or made.
pub(crate) fn models_of_run(
    tx: &mut Tx,
    run: i64,
    is_output: bool,
) -> Result<Vec<ModelOutput>, store::Error> {
    tx.query(
        "SELECT model_id, step FROM run_models WHERE run = ? AND is_output = ? ORDER BY model_id",
        values![run, is_output],
        |row| Ok(ModelOutput { model_id: row.get(0)?, step: row.get(1)? }),
    )
}

/// A dataset that a run has read already keeps the tags of its first use.
fn insert_input(tx: &mut Tx, run: &runs::Found, input: &DatasetInput) -> Result<(), Error> {
    let dataset = dataset_number(tx, run.experiment, &input.dataset)?;
    let n_new = tx.execute(
        "INSERT INTO inputs (run, dataset) VALUES (?, ?) ON CONFLICT DO NOTHING",
        values![run.number, dataset],
    )?;
    if n_new == 0 {
        return Ok(());
    }
    for (key, value) in &input.tags {
        tx.execute(
            "INSERT INTO input_tags (run, dataset, key, value) VALUES (?, ?, ?, ?) \
             ON CONFLICT DO NOTHING",
            values![run.number, dataset, key, value],
        )?;
    }
    Ok(())
}

/// The number of the dataset of that name and digest; it gets one where it has none.
fn dataset_number(tx: &mut Tx, experiment: i64, dataset: &Dataset) -> Result<i64, Error> {
    let known: Option<i64> = tx.first(
        "SELECT id FROM datasets WHERE experiment = ? AND name = ? AND digest = ?",
        values![experiment, &dataset.name, &dataset.digest],
        |row| row.get(0),
    )?;
    if let Some(id) = known {
        return Ok(id);
    }
    let made = tx.first(
        "INSERT INTO datasets (experiment, name, digest, source_type, source, schema, profile) \
         VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        values![
            experiment,
            &dataset.name,
            &dataset.digest,
            &dataset.source_type,
            &dataset.source,
            dataset.schema.clone(),
            dataset.profile.clone(),
        ],
        |row| row.get(0),
    )?;
    made.ok_or_else(|| Error::internal("a new dataset got no number"))
}

fn check(input: &DatasetInput) -> Result<(), Error> {
    use crate::names::check_length;
    let dataset = &input.dataset;
    check_length("name", limits::DATASET_NAME, &dataset.name)?;
    check_length("digest", limits::DATASET_DIGEST, &dataset.digest)?;
    check_length("source", limits::DATASET_SOURCE, &dataset.source)?;
    let schema = dataset.schema.as_deref().unwrap_or_default();
    check_length("schema", limits::DATASET_SCHEMA, schema)?;
    let profile = dataset.profile.as_deref().unwrap_or_default();
    check_length("profile", limits::DATASET_PROFILE, profile)?;
    for (key, value) in &input.tags {
        check_length("key", limits::INPUT_TAG_KEY, key)?;
        check_length("value", limits::INPUT_TAG_VALUE, value)?;
    }
    Ok(())
}
