//! Runs with all that belongs to them, from the tables.

use std::collections::BTreeMap;

use store::{Row, Tx, Value};

use super::{Run, RunStatus};
use crate::metrics::read_metric;
use crate::{Error, Lifecycle, datasets};

/// The columns of a run's head, in the order in which [`read_head`] reads them.
const COLUMNS: &str = "r.id, r.uuid, r.experiment, r.name, r.user_id, r.status, \
                                  r.started_ms, r.ended_ms, r.artifact_uri, r.is_deleted";

/// A run's number in the tables and the run, without what was logged.
type Head = (i64, Run);

fn read_head(row: &Row) -> Result<Head, store::Error> {
    let status: String = row.get(5)?;
    let started_ms: i64 = row.get(6)?;
    let run = Run {
        id: row.get(1)?,
        experiment_id: row.get::<i64>(2)?.to_string(),
        name: row.get(3)?,
        user: row.get(4)?,
        status: RunStatus::named(&status).unwrap_or(RunStatus::Running),
        started_ms: (started_ms != 0).then_some(started_ms),
        ended_ms: row.get(7)?,
        artifact_uri: row.get(8)?,
        lifecycle: Lifecycle::of(row.get(9)?),
        params: BTreeMap::new(),
        tags: BTreeMap::new(),
        metrics: Vec::new(),
        inputs: Vec::new(),
        model_inputs: Vec::new(),
        model_outputs: Vec::new(),
    };
    Ok((row.get(0)?, run))
}

/// The run of that number.
pub(crate) fn one(tx: &mut Tx, number: i64) -> Result<Run, Error> {
    let run = many(tx, &[number])?.pop();
    run.ok_or_else(|| Error::internal(format!("the run {number} is gone")))
}

/// The runs of those numbers, in their order.
pub(crate) fn many(tx: &mut Tx, numbers: &[i64]) -> Result<Vec<Run>, Error> {
    let mut runs = Vec::with_capacity(numbers.len());
    for part in numbers.chunks(PART) {
        let (sql, row) = of_runs(&format!("SELECT {COLUMNS} FROM runs r WHERE r.id"), part);
        let mut heads = tx.query(&sql, &row, read_head)?;
        heads.sort_by_key(|(number, _)| part.iter().position(|one| one == number));
        fill(tx, &mut heads)?;
        runs.extend(heads.into_iter().map(|(_, run)| run));
    }
    Ok(runs)
}

/// How many runs are filled by one statement.
const PART: usize = 100;

fn fill(tx: &mut Tx, heads: &mut [Head]) -> Result<(), Error> {
    let at: BTreeMap<i64, usize> =
        heads.iter().enumerate().map(|(idx, (number, _))| (*number, idx)).collect();
    let numbers: Vec<i64> = heads.iter().map(|(number, _)| *number).collect();
    for (number, key, value) in texts(tx, "params", &numbers)? {
        heads[at[&number]].1.params.insert(key, value);
    }
    for (number, key, value) in texts(tx, "tags", &numbers)? {
        heads[at[&number]].1.tags.insert(key, value);
    }
    let (sql, row) = of_runs(
        "SELECT m.run, k.name, m.value, m.is_nan, m.timestamp_ms, m.step \
         FROM metric_summaries m JOIN run_keys k ON k.id = m.key WHERE m.run",
        &numbers,
    );
    for (number, metric) in
        tx.query(&sql, &row, |row| Ok((row.get::<i64>(0)?, read_metric(row, row.get(1)?, 2)?)))?
    {
        heads[at[&number]].1.metrics.push(metric);
    }
    fill_links(tx, heads, &numbers)?;
    for (_, run) in heads {
        run.metrics.sort_by(|a, b| a.key.cmp(&b.key));
    }
    Ok(())
}

/// Adds datasets and models. Few runs have any: one statement asks which.
fn fill_links(tx: &mut Tx, heads: &mut [Head], numbers: &[i64]) -> Result<(), Error> {
    let (with_inputs, row) = of_runs("SELECT DISTINCT i.run FROM inputs i WHERE i.run", numbers);
    let with_inputs: Vec<i64> = tx.query(&with_inputs, &row, |row| row.get(0))?;
    let (with_models, row) =
        of_runs("SELECT DISTINCT m.run FROM run_models m WHERE m.run", numbers);
    let with_models: Vec<i64> = tx.query(&with_models, &row, |row| row.get(0))?;
    for (number, run) in heads {
        if with_inputs.contains(number) {
            run.inputs = datasets::of_run(tx, *number)?;
        }
        if with_models.contains(number) {
            let inputs = datasets::models_of_run(tx, *number, false)?;
            run.model_inputs = inputs.into_iter().map(|model| model.model_id).collect();
            run.model_outputs = datasets::models_of_run(tx, *number, true)?;
        }
    }
    Ok(())
}

/// Number of the run, key and value of each row of `params` or `tags`.
fn texts(
    tx: &mut Tx,
    table: &str,
    numbers: &[i64],
) -> Result<Vec<(i64, String, String)>, store::Error> {
    let (sql, row) = of_runs(
        &format!(
            "SELECT t.run, k.name, t.value FROM {table} t JOIN run_keys k ON k.id = t.key \
             WHERE t.run"
        ),
        numbers,
    );
    tx.query(&sql, &row, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// The statement for these runs. There are only two of each, for one run and for many, so that
/// both stay prepared: a list that is too short is filled up with a number that no run has.
fn of_runs(sql: &str, numbers: &[i64]) -> (String, Vec<Value>) {
    if let [one] = numbers {
        return (format!("{sql} = ?"), vec![Value::from(*one)]);
    }
    let places = vec!["?"; PART].join(", ");
    let mut row: Vec<Value> = numbers.iter().map(|&number| Value::from(number)).collect();
    row.resize(PART, Value::from(-1));
    (format!("{sql} IN ({places})"), row)
}
