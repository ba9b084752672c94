//! Params, tags and metrics of a run, alone and in batches. A deleted run takes none.

use std::collections::HashSet;

use store::{Tx, values};

use super::{NAME_TAG, active, rename};
use crate::keys::{Fresh, Keys};
use crate::names::{check_metric, check_run_id, checked_param, checked_tag};
use crate::quoting::{repr, repr_list};
use crate::{Error, Metric, Tracking, limits, metrics};

/// What is logged at once: all of it or, where one part is refused, nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Points of metrics.
    pub metrics: Vec<Metric>,
    /// Params; each key once, and never changed later.
    pub params: Vec<(String, String)>,
    /// Tags; of those with one key the last counts.
    pub tags: Vec<(String, String)>,
}

impl Tracking {
    /// Logs metrics, params and tags of a run at once.
    ///
    /// # Errors
    /// There is no such run, it is deleted, a param would change, or something breaks a limit.
    pub fn log_batch(&self, run_id: &str, batch: Batch) -> Result<(), Error> {
        check_run_id(run_id)?;
        let batch = checked(batch)?;
        let given = run_id.to_owned();
        self.log(run_id, move |tx, keys, fresh, run| {
            put_params(tx, keys, fresh, run, &given, &batch.params)?;
            metrics::insert(tx, keys, fresh, run, &batch.metrics)?;
            put_tags(tx, keys, fresh, run, &batch.tags)
        })
    }

    /// Logs one point of a metric.
    ///
    /// # Errors
    /// There is no such run, it is deleted, or the point breaks a limit.
    pub fn log_metric(&self, run_id: &str, metric: Metric) -> Result<(), Error> {
        check_metric("", &metric)?;
        let points = [metric];
        self.log(run_id, move |tx, keys, fresh, run| metrics::insert(tx, keys, fresh, run, &points))
    }

    /// Logs one param. To say the same again is fine.
    ///
    /// # Errors
    /// There is no such run, it is deleted, it has another value, or it breaks a limit.
    pub fn log_param(&self, run_id: &str, key: String, value: String) -> Result<(), Error> {
        let (key, value) = checked_param("", (key, value))?;
        let given = run_id.to_owned();
        self.log(run_id, move |tx, keys, fresh, run| {
            match put_param(tx, keys, fresh, run, &key, &value)? {
                Some(old) => Err(Error::invalid(format!(
                    "Changing param values is not allowed. Param with key='{key}' was already \
                     logged with value='{old}' for run ID='{given}'. Attempted logging new value \
                     '{value}'."
                ))),
                None => Ok(()),
            }
        })
    }

    /// Sets one tag.
    ///
    /// # Errors
    /// There is no such run, it is deleted, or the tag breaks a limit.
    pub fn set_tag(&self, run_id: &str, key: String, value: String) -> Result<(), Error> {
        let tags = [checked_tag("", (key, value))?];
        self.log(run_id, move |tx, keys, fresh, run| put_tags(tx, keys, fresh, run, &tags))
    }

    /// Deletes one tag.
    ///
    /// # Errors
    /// There is no such run or tag, or the run is deleted.
    pub fn delete_tag(&self, run_id: &str, key: &str) -> Result<(), Error> {
        let (run_id, key) = (run_id.to_owned(), key.to_owned());
        let keys = self.keys.clone();
        self.rows.write(move |tx| {
            let run = active(tx, &run_id)?.number;
            let n_deleted = match keys.find(tx, &key)? {
                Some(id) => {
                    tx.execute("DELETE FROM tags WHERE run = ? AND key = ?", values![run, id])?
                }
                None => 0,
            };
            if n_deleted == 0 {
                let words = format!("No tag with name: {key} in run with id {run_id}");
                return Err(Error::absent(words));
            }
            Ok(())
        })
    }

    /// Writes to an active run, and remembers the numbers of keys that were new.
    fn log(
        &self,
        run_id: &str,
        mut work: impl FnMut(&mut Tx, &Keys, &mut Fresh, i64) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let (run_id, keys) = (run_id.to_owned(), self.keys.clone());
        let fresh = self.rows.write(move |tx| -> Result<_, Error> {
            let run = active(tx, &run_id)?.number;
            let mut fresh = Fresh::new();
            work(tx, &keys, &mut fresh, run)?;
            Ok(fresh)
        })?;
        self.keys.remember(fresh);
        Ok(())
    }
}

/// A batch that breaks no limit, with values that are too long cut.
fn checked(batch: Batch) -> Result<Batch, Error> {
    for (idx, metric) in batch.metrics.iter().enumerate() {
        check_metric(&format!("metrics[{idx}]"), metric)?;
    }
    let params = batch.params.into_iter().enumerate();
    let params: Vec<_> = params
        .map(|(idx, param)| checked_param(&format!("params[{idx}]"), param))
        .collect::<Result<_, _>>()?;
    let tags = batch.tags.into_iter().enumerate();
    let tags: Vec<_> = tags
        .map(|(idx, tag)| checked_tag(&format!("tags[{idx}]"), tag))
        .collect::<Result<_, _>>()?;
    let batch = Batch { metrics: batch.metrics, params, tags };
    check_counts(&batch)?;
    check_unique(&batch.params)?;
    Ok(batch)
}

fn check_counts(batch: &Batch) -> Result<(), Error> {
    let (n_metrics, n_params, n_tags) = (batch.metrics.len(), batch.params.len(), batch.tags.len());
    let all = "metrics, params, and tags";
    for (what, most, n) in [
        ("metrics", limits::METRICS_PER_BATCH, n_metrics),
        ("params", limits::PARAMS_PER_BATCH, n_params),
        ("tags", limits::TAGS_PER_BATCH, n_tags),
        (all, limits::ENTITIES_PER_BATCH, n_metrics + n_params + n_tags),
    ] {
        if n > most {
            return Err(Error::invalid(format!(
                "A batch logging request can contain at most {most} {what}. Got {n} {what}. Please \
                 split up {what} across multiple requests and try again."
            )));
        }
    }
    Ok(())
}

fn check_unique(params: &[(String, String)]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    let twice: Vec<String> =
        params.iter().map(|(key, _)| key).filter(|key| !seen.insert(*key)).cloned().collect();
    if twice.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Duplicate parameter keys have been submitted: {}. Please ensure the request contains only \
         one param value per param key.",
        repr_list(&twice)
    )))
}

fn put_params(
    tx: &mut Tx,
    keys: &Keys,
    fresh: &mut Fresh,
    run: i64,
    run_id: &str,
    params: &[(String, String)],
) -> Result<(), Error> {
    let mut changed = Vec::new();
    for (key, value) in params {
        if let Some(old) = put_param(tx, keys, fresh, run, key, value)? {
            changed.push(format!(
                "{{'key': {}, 'old_value': {}, 'new_value': {}}}",
                repr(key),
                repr(&old),
                repr(value)
            ));
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Changing param values is not allowed. Params were already logged='[{}]' for run \
         ID='{run_id}'.",
        changed.join(", ")
    )))
}

/// Writes a param. Gives its old value where it has another one already.
fn put_param(
    tx: &mut Tx,
    keys: &Keys,
    fresh: &mut Fresh,
    run: i64,
    key: &str,
    value: &str,
) -> Result<Option<String>, Error> {
    let key = keys.get(tx, fresh, key)?;
    let n_new = tx.execute(
        "INSERT INTO params (run, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        values![run, key, value],
    )?;
    if n_new > 0 {
        return Ok(None);
    }
    let sql = "SELECT value FROM params WHERE run = ? AND key = ?";
    let old: Option<String> = tx.first(sql, values![run, key], |row| row.get(0))?;
    Ok(old.filter(|old| old != value))
}

fn put_tags(
    tx: &mut Tx,
    keys: &Keys,
    fresh: &mut Fresh,
    run: i64,
    tags: &[(String, String)],
) -> Result<(), Error> {
    for (key, value) in tags {
        if key == NAME_TAG {
            // An empty name is passed over, as by MLflow.
            if !value.is_empty() {
                rename(tx, keys, fresh, run, value)?;
            }
        } else {
            put_tag(tx, keys, fresh, run, key, value)?;
        }
    }
    Ok(())
}

/// Writes one tag as it is.
pub(super) fn put_tag(
    tx: &mut Tx,
    keys: &Keys,
    fresh: &mut Fresh,
    run: i64,
    key: &str,
    value: &str,
) -> Result<(), Error> {
    let key = keys.get(tx, fresh, key)?;
    tx.execute(
        "INSERT INTO tags (run, key, value) VALUES (?, ?, ?) \
         ON CONFLICT (run, key) DO UPDATE SET value = excluded.value",
        values![run, key, value],
    )?;
    Ok(())
}
