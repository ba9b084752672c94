//! Feedback on a trace, and what it should have answered. Kept in the words of whoever says it.

use store::values;

use super::{absent, exists};
use crate::clock::{new_id, now_ms};
use crate::{Error, Tracking};

/// What somebody says about a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// `a-` and 32 hexadecimal digits.
    pub id: String,
    /// The trace.
    pub trace_id: String,
    /// All of it as JSON, without its id.
    pub body: String,
}

impl Tracking {
    /// Keeps an assessment of a trace.
    ///
    /// # Errors
    /// There is no such trace.
    pub fn create_assessment(&self, trace_id: &str, body: &str) -> Result<Assessment, Error> {
        let (trace_id, body) = (trace_id.to_owned(), body.to_owned());
        self.rows.write(move |tx| {
            if !exists(tx, &trace_id)? {
                return Err(absent(&trace_id));
            }
            let id = format!("a-{}", new_id());
            tx.execute(
                "INSERT INTO assessments (id, trace, made_ms, body) VALUES (?, ?, ?, ?)",
                values![&id, &trace_id, now_ms(), &body],
            )?;
            Ok(Assessment { id, trace_id: trace_id.clone(), body: body.clone() })
        })
    }

    /// An assessment of a trace.
    ///
    /// # Errors
    /// There is no such trace or assessment.
    pub fn assessment(&self, trace_id: &str, id: &str) -> Result<Assessment, Error> {
        self.rows.read(|tx| {
            if !exists(tx, trace_id)? {
                return Err(absent(trace_id));
            }
            let sql = "SELECT body FROM assessments WHERE id = ? AND trace = ?";
            let body = tx.first(sql, values![id, trace_id], |row| row.get(0))?;
            let body = body.ok_or_else(|| not_found(trace_id, id))?;
            Ok(Assessment { id: id.to_owned(), trace_id: trace_id.to_owned(), body })
        })
    }

    /// Replaces an assessment of a trace.
    ///
    /// # Errors
    /// There is no such assessment.
    pub fn update_assessment(&self, changed: Assessment) -> Result<(), Error> {
        self.rows.write(move |tx| {
            let Assessment { id, trace_id, body } = &changed;
            let sql = "UPDATE assessments SET body = ? WHERE id = ? AND trace = ?";
            match tx.execute(sql, values![body, id, trace_id])? {
                0 => Err(not_found(trace_id, id)),
                _ => Ok(()),
            }
        })
    }

    /// Deletes an assessment of a trace, where there is one.
    ///
    /// # Errors
    /// There is no such trace.
    pub fn delete_assessment(&self, trace_id: &str, id: &str) -> Result<(), Error> {
        let (trace_id, id) = (trace_id.to_owned(), id.to_owned());
        self.rows.write(move |tx| {
            if !exists(tx, &trace_id)? {
                return Err(absent(&trace_id));
            }
            let row = values![&id, &trace_id];
            tx.execute("DELETE FROM assessments WHERE id = ? AND trace = ?", row)?;
            Ok(())
        })
    }

    /// The assessments of a trace, the first one first.
    ///
    /// # Errors
    /// The database's.
    pub fn assessments(&self, trace_id: &str) -> Result<Vec<Assessment>, Error> {
        self.rows.read(|tx| {
            let sql = "SELECT id, body FROM assessments WHERE trace = ? ORDER BY made_ms, id";
            Ok(tx.query(sql, values![trace_id], |row| {
                let (id, body) = (row.get(0)?, row.get(1)?);
                Ok(Assessment { id, trace_id: trace_id.to_owned(), body })
            })?)
        })
    }
}

fn not_found(trace_id: &str, id: &str) -> Error {
    Error::absent(format!("Assessment with ID '{id}' not found for trace '{trace_id}'"))
}
