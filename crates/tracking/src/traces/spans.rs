//! Spans as they arrive. A trace that nobody has told about yet begins with its first spans.

use std::collections::BTreeMap;

use store::values;

use super::{FINAL, Trace, begin, exists, put, read};
use crate::{Error, Tracking, experiments};

/// A span that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSpan {
    /// The trace it belongs to.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub id: String,
    /// Whether no other span began it.
    pub is_root: bool,
    /// Whether it ended with an error.
    pub is_error: bool,
    /// When it began, in nanoseconds since 1970.
    pub began_ns: i64,
    /// When it ended.
    pub ended_ns: Option<i64>,
    /// All of it, in the words of whoever sent it. Kept as it is.
    pub body: String,
}

/// The tag that tells clients to ask for the spans here.
const PLACE: (&str, &str) = ("mlflow.trace.spansLocation", "TRACKING_STORE");

impl Tracking {
    /// Keeps spans; one that is there already is replaced.
    ///
    /// # Errors
    /// There is no such experiment, or it is deleted.
    pub fn put_spans(&self, experiment_id: &str, spans: Vec<NewSpan>) -> Result<(), Error> {
        let experiment_id = experiment_id.to_owned();
        self.rows.write(move |tx| {
            let mut of_traces: BTreeMap<&str, Vec<&NewSpan>> = BTreeMap::new();
            for span in &spans {
                of_traces.entry(&span.trace_id).or_default().push(span);
            }
            for (id, spans) in of_traces {
                let told = summary(id, &spans);
                if !exists(tx, id)? {
                    let experiment = experiments::head(tx, &experiment_id)?;
                    experiments::check_active(&experiment)?;
                    begin(tx, &told, &experiment)?;
                }
                let known = read(tx, id)?;
                if !known.metadata.contains_key(FINAL) {
                    let root = spans.iter().any(|span| span.is_root);
                    let state = if root { &told.state } else { &known.state };
                    let began_ms = known.began_ms.min(told.began_ms);
                    let ended = |trace: &Trace| Some(trace.began_ms + trace.duration_ms?);
                    let ended_ms = ended(&known).max(ended(&told));
                    let duration_ms = ended_ms.map(|ended_ms| ended_ms - began_ms);
                    tx.execute(
                        "UPDATE traces SET began_ms = ?, duration_ms = ?, state = ? WHERE id = ?",
                        values![began_ms, duration_ms, state, id],
                    )?;
                }
                put(tx, "trace_tags", id, PLACE.0, PLACE.1)?;
                for span in spans {
                    tx.execute(
                        "INSERT INTO spans (trace, id, began_ns, body) VALUES (?, ?, ?, ?) ON \
                         CONFLICT (trace, id) DO UPDATE SET began_ns = excluded.began_ns, body = \
                         excluded.body",
                        values![id, &span.id, span.began_ns, &span.body],
                    )?;
                }
            }
            Ok(())
        })
    }

    /// The bodies of the spans of a trace, the first one first.
    ///
    /// # Errors
    /// The database's.
    pub fn spans(&self, trace_id: &str) -> Result<Vec<String>, Error> {
        self.rows.read(|tx| {
            let sql = "SELECT body FROM spans WHERE trace = ? ORDER BY began_ns, id";
            Ok(tx.query(sql, values![trace_id], |row| row.get(0))?)
        })
    }
}

/// What these spans say of their trace.
fn summary(id: &str, spans: &[&NewSpan]) -> Trace {
    const NS_PER_MS: i64 = 1_000_000;
    let began_ms = spans.iter().map(|span| span.began_ns / NS_PER_MS).min().unwrap_or(0);
    let ended_ms = spans.iter().filter_map(|span| span.ended_ns).max().map(|ns| ns / NS_PER_MS);
    let root = spans.iter().find(|span| span.is_root);
    let state = match root {
        None => "IN_PROGRESS",
        Some(root) if root.is_error => "ERROR",
        Some(_) => "OK",
    };
    Trace {
        id: id.to_owned(),
        began_ms,
        duration_ms: ended_ms.map(|ended_ms| ended_ms.saturating_sub(began_ms)),
        state: state.to_owned(),
        ..Trace::default()
    }
}
