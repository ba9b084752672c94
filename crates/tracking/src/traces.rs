//! Traces: what one request to a program did, span by span, and what people say about it. Just
//! enough that a client of MLflow that traces works unchanged.
//!
//! - `spans`: spans as they arrive, one after the other or all at once.
//! - `assessments`: feedback on a trace.
//! - `search`: what is found by which filter.

mod assessments;
mod search;
mod spans;

use std::collections::BTreeMap;

use store::{Row, Tx, Value, values};

pub use assessments::Assessment;
pub use spans::NewSpan;

use crate::names::{check_key, check_length, cut, experiment_number};
use crate::search::sql::compare_list;
use crate::{Error, Kind, Tracking, experiments, limits};

/// What is known of a trace, without its spans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// Its id: `tr-` and 32 hexadecimal digits, mostly.
    pub id: String,
    /// The experiment it lies in.
    pub experiment_id: String,
    /// When it began, in milliseconds since 1970.
    pub began_ms: i64,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// `OK`, `ERROR`, `IN_PROGRESS` or `STATE_UNSPECIFIED`.
    pub state: String,
    /// The id that the client gave it.
    pub client_request_id: Option<String>,
    /// The beginning of what was asked.
    pub request_preview: Option<String>,
    /// The beginning of what was answered.
    pub response_preview: Option<String>,
    /// What the client notes for itself.
    pub metadata: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

pub(crate) const TABLES: &[&str] = &["
    CREATE TABLE traces (
        id TEXT PRIMARY KEY,
        experiment BIGINT NOT NULL,
        began_ms BIGINT NOT NULL,
        duration_ms BIGINT,
        state TEXT NOT NULL,
        client_request_id TEXT,
        request_preview TEXT,
        response_preview TEXT
    );
    CREATE INDEX traces_by_time ON traces (experiment, began_ms DESC, id);
    CREATE TABLE trace_tags (
        trace TEXT NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (trace, key)
    ) {clustered};
    CREATE TABLE trace_metadata (
        trace TEXT NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (trace, key)
    ) {clustered};
    CREATE TABLE spans (
        trace TEXT NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
        id TEXT NOT NULL,
        began_ns BIGINT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (trace, id)
    );
    CREATE TABLE assessments (
        id TEXT PRIMARY KEY,
        trace TEXT NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
        made_ms BIGINT NOT NULL,
        body TEXT NOT NULL
    );
    CREATE INDEX assessments_of_trace ON assessments (trace);
"];

/// The tag that says where the files of a trace would be.
const LOCATION: &str = "mlflow.artifactLocation";
/// The metadata that says that the client has told all about the trace.
const FINAL: &str = "mlflow.trace.infoFinalized";
/// Longer values of tags are cut.
const TAG_VALUE: usize = 4096;

impl Tracking {
    /// Says what is known of a trace. Spans may have come before.
    ///
    /// # Errors
    /// There is no such experiment, it is deleted, or a tag breaks a rule.
    pub fn put_trace(&self, trace: Trace) -> Result<Trace, Error> {
        if trace.id.is_empty() {
            return Err(Error::invalid("Missing value for required parameter 'trace_id'."));
        }
        let mut tags = BTreeMap::new();
        for (key, value) in &trace.tags {
            tags.insert(key.clone(), checked_tag(key, value)?);
        }
        self.rows.write(move |tx| {
            let experiment = experiments::head(tx, &trace.experiment_id)?;
            experiments::check_active(&experiment)?;
            begin(tx, &trace, &experiment)?;
            tx.execute(
                "UPDATE traces SET began_ms = ?, duration_ms = ?, state = ?, client_request_id = \
                 ?, request_preview = ?, response_preview = ? WHERE id = ?",
                values![
                    trace.began_ms,
                    trace.duration_ms,
                    &trace.state,
                    trace.client_request_id.clone(),
                    trace.request_preview.clone(),
                    trace.response_preview.clone(),
                    &trace.id
                ],
            )?;
            for (key, value) in &tags {
                put(tx, "trace_tags", &trace.id, key, value)?;
            }
            for (key, value) in &trace.metadata {
                put(tx, "trace_metadata", &trace.id, key, value)?;
            }
            put(tx, "trace_metadata", &trace.id, FINAL, "true")?;
            read(tx, &trace.id)
        })
    }

    /// What is known of a trace.
    ///
    /// # Errors
    /// There is none of that id.
    pub fn trace(&self, id: &str) -> Result<Trace, Error> {
        self.rows.read(|tx| read(tx, id))
    }

    /// What is known of those of these traces that there are.
    ///
    /// # Errors
    /// The database's.
    pub fn traces(&self, ids: &[String]) -> Result<Vec<Trace>, Error> {
        self.rows.read(|tx| {
            let mut found = Vec::new();
            for id in ids {
                if exists(tx, id)? {
                    found.push(read(tx, id)?);
                }
            }
            Ok(found)
        })
    }

    /// Sets a tag of a trace.
    ///
    /// # Errors
    /// There is no such trace, or the tag breaks a rule.
    pub fn set_trace_tag(&self, id: &str, key: &str, value: &str) -> Result<(), Error> {
        let value = checked_tag(key, value)?;
        let (id, key) = (id.to_owned(), key.to_owned());
        self.rows.write(move |tx| {
            if !exists(tx, &id)? {
                let message = format!("Trace with ID '{id}' not found.");
                return Err(Error::new(Kind::BadRequest, message));
            }
            put(tx, "trace_tags", &id, &key, &value)
        })
    }

    /// Deletes a tag of a trace.
    ///
    /// # Errors
    /// There is no such trace or tag.
    pub fn delete_trace_tag(&self, id: &str, key: &str) -> Result<(), Error> {
        let (id, key) = (id.to_owned(), key.to_owned());
        self.rows.write(move |tx| {
            let sql = "DELETE FROM trace_tags WHERE trace = ? AND key = ?";
            if tx.execute(sql, values![&id, &key])? == 0 {
                return Err(Error::absent(format!(
                    "No trace tag with key '{key}' for trace with ID '{id}'"
                )));
            }
            Ok(())
        })
    }

    /// Deletes traces of an experiment by their ids, and says how many there were.
    ///
    /// # Errors
    /// The experiment's id is no number.
    pub fn delete_traces(&self, experiment_id: &str, ids: Vec<String>) -> Result<u64, Error> {
        let experiment = experiment_number(experiment_id)?;
        self.rows.write(move |tx| {
            let sql = "DELETE FROM traces WHERE id = ? AND experiment = ?";
            let mut n_deleted = 0;
            for id in &ids {
                n_deleted += tx.execute(sql, values![id, experiment])?;
            }
            Ok(n_deleted)
        })
    }

    /// Deletes traces of an experiment that began no later than that, the oldest first, and says
    /// how many.
    ///
    /// # Errors
    /// The experiment's id is no number, or `most` is not above 0.
    pub fn delete_traces_until(
        &self,
        experiment_id: &str,
        until_ms: i64,
        most: Option<i64>,
    ) -> Result<u64, Error> {
        let experiment = experiment_number(experiment_id)?;
        if let Some(most) = most.filter(|most| *most < 1) {
            return Err(Error::invalid(format!(
                "`max_traces` must be a positive integer, received {most}."
            )));
        }
        self.rows.write(move |tx| {
            let ids: Vec<String> = tx.query(
                "SELECT id FROM traces WHERE experiment = ? AND began_ms <= ? ORDER BY began_ms, \
                 id LIMIT ?",
                values![experiment, until_ms, most.unwrap_or(i64::MAX)],
                |row| row.get(0),
            )?;
            let mut n_deleted = 0;
            for id in &ids {
                n_deleted += tx.execute("DELETE FROM traces WHERE id = ?", values![id])?;
            }
            Ok(n_deleted)
        })
    }
}

/// The value of a tag of a trace as it may be kept.
fn checked_tag(key: &str, value: &str) -> Result<String, Error> {
    check_key("key", key)?;
    check_length("key", limits::ENTITY_KEY, key)?;
    Ok(cut(TAG_VALUE, value.to_owned()))
}

/// Makes the row of a trace, where there is none.
fn begin(tx: &mut Tx, trace: &Trace, experiment: &crate::Experiment) -> Result<(), Error> {
    let n_new = tx.execute(
        "INSERT INTO traces (id, experiment, began_ms, duration_ms, state) VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT DO NOTHING",
        values![
            &trace.id,
            experiment_number(&experiment.id)?,
            trace.began_ms,
            trace.duration_ms,
            &trace.state
        ],
    )?;
    if n_new > 0 {
        let below = format!("traces/{}", trace.id);
        let location = crate::runs::below(&experiment.artifact_location, &below);
        put(tx, "trace_tags", &trace.id, LOCATION, &location)?;
    }
    Ok(())
}

fn put(tx: &mut Tx, table: &str, id: &str, key: &str, value: &str) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO {table} (trace, key, value) VALUES (?, ?, ?) ON CONFLICT (trace, key) DO \
         UPDATE SET value = excluded.value"
    );
    tx.execute(&sql, values![id, key, value])?;
    Ok(())
}

fn exists(tx: &mut Tx, id: &str) -> Result<bool, Error> {
    let found = tx.first("SELECT 1 FROM traces WHERE id = ?", values![id], |_| Ok(()))?;
    Ok(found.is_some())
}

fn absent(id: &str) -> Error {
    Error::absent(format!("Trace with ID '{id}' not found."))
}

/// The columns that [`read_head`] reads, of `traces t`.
const COLUMNS: &str = "t.id, t.experiment, t.began_ms, t.duration_ms, t.state, \
                       t.client_request_id, t.request_preview, t.response_preview";

fn read_head(row: &Row) -> Result<Trace, store::Error> {
    Ok(Trace {
        id: row.get(0)?,
        experiment_id: row.get::<i64>(1)?.to_string(),
        began_ms: row.get(2)?,
        duration_ms: row.get(3)?,
        state: row.get(4)?,
        client_request_id: row.get(5)?,
        request_preview: row.get(6)?,
        response_preview: row.get(7)?,
        ..Trace::default()
    })
}

fn read(tx: &mut Tx, id: &str) -> Result<Trace, Error> {
    let sql = format!("SELECT {COLUMNS} FROM traces t WHERE t.id = ?");
    let head = tx.first(&sql, values![id], read_head)?.ok_or_else(|| absent(id))?;
    let mut found = with_belongings(tx, vec![head])?;
    found.pop().ok_or_else(|| absent(id))
}

fn with_belongings(tx: &mut Tx, mut traces: Vec<Trace>) -> Result<Vec<Trace>, Error> {
    if traces.is_empty() {
        return Ok(traces);
    }
    let ids: Vec<Value> = traces.iter().map(|trace| Value::from(&trace.id)).collect();
    let which = compare_list("trace", "IN", ids);
    for is_tag in [true, false] {
        let table = if is_tag { "trace_tags" } else { "trace_metadata" };
        let sql = format!("SELECT trace, key, value FROM {table} WHERE {}", which.sql);
        let rows: Vec<(String, String, String)> =
            tx.query(&sql, &which.values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut of: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for (trace, key, value) in rows {
            of.entry(trace).or_default().insert(key, value);
        }
        for trace in &mut traces {
            let pairs = of.remove(&trace.id).unwrap_or_default();
            if is_tag { trace.tags = pairs } else { trace.metadata = pairs }
        }
    }
    Ok(traces)
}
