//! Metrics: every point that was logged, and for each run and key one line of summary.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use store::{Row, Tx, Value, values};

use crate::keys::{Fresh, Keys};
use crate::search::{Page, offset_of, token_of};
use crate::{Error, Kind, ModelMetric, Tracking, logged_models, runs};

/// One point of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name.
    pub key: String,
    /// Its value; may be NaN. Infinities are kept as the largest numbers, as MLflow does.
    pub value: f64,
    /// When it was measured.
    pub timestamp_ms: i64,
    /// The step of the training.
    pub step: i64,
}

/// A point of a metric and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricOfRun {
    /// The run.
    pub run_id: String,
    /// The point.
    pub metric: Metric,
}

/// All points of one metric of a run in one line.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The metric's name.
    pub key: String,
    /// The point of the highest step, then time, then value.
    pub last: Metric,
    /// The least value, where one is a number.
    pub min: Option<f64>,
    /// The greatest value, where one is a number.
    pub max: Option<f64>,
    /// How many different points.
    pub n: i64,
}

impl Tracking {
    /// Logs what a run measured of logged models, each with the model's id.
    ///
    /// # Errors
    /// There is no such run or model, or the run is deleted.
    pub fn log_model_metrics(
        &self,
        run_id: &str,
        metrics: Vec<(String, ModelMetric)>,
    ) -> Result<(), Error> {
        let run_id = run_id.to_owned();
        self.rows.write(move |tx| {
            runs::active(tx, &run_id)?;
            for (model_id, metric) in &metrics {
                if logged_models::origin(tx, model_id)?.is_none() {
                    let words = format!("There is no logged model with ID '{model_id}'.");
                    return Err(Error::new(Kind::BadRequest, words));
                }
                logged_models::put_metric(tx, model_id, metric)?;
            }
            Ok(())
        })
    }

    /// The points of a metric by time, step and value, at most `max` of them where it is given.
    ///
    /// # Errors
    /// The page token is not one of ours.
    pub fn history(
        &self,
        run_id: &str,
        key: &str,
        max: Option<i64>,
        page_token: Option<&str>,
    ) -> Result<Page<Metric>, Error> {
        let offset = offset_of(page_token)?;
        self.rows.read(|tx| {
            let (Some(run), Some(key_id)) = (number(tx, run_id)?, self.keys.find(tx, key)?) else {
                return Ok(Page::default());
            };
            let mut items = points(tx, run, key_id, key)?;
            items.sort_by(by_time);
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(items.len());
            items.drain(..from);
            let mut next_page_token = None;
            if let Some(max) = max {
                let most = usize::try_from(max).unwrap_or(0);
                if items.len() > most {
                    items.truncate(most);
                    next_page_token = Some(token_of(offset.saturating_add(max)));
                }
            }
            Ok(Page { items, next_page_token })
        })
    }

    /// The points of one metric in several runs, run by run, at most `max` together.
    ///
    /// # Errors
    /// The database's.
    pub fn histories(
        &self,
        run_ids: &[String],
        key: &str,
        max: usize,
    ) -> Result<Vec<MetricOfRun>, Error> {
        let mut run_ids = run_ids.to_vec();
        run_ids.sort();
        run_ids.dedup();
        let mut all = Vec::new();
        for run_id in run_ids {
            let points = self.history(&run_id, key, None, None)?.items;
            all.extend(
                points.into_iter().map(|metric| MetricOfRun { run_id: run_id.clone(), metric }),
            );
            if all.len() >= max {
                break;
            }
        }
        all.truncate(max);
        Ok(all)
    }

    /// At most `max` points of a metric in each of several runs, spread evenly over those between
    /// two steps (both included), the last one always among them.
    ///
    /// # Errors
    /// The database's.
    pub fn sampled_histories(
        &self,
        run_ids: &[String],
        key: &str,
        max: usize,
        steps: Option<(i64, i64)>,
    ) -> Result<Vec<MetricOfRun>, Error> {
        let (first, last) = steps.unwrap_or((i64::MIN, i64::MAX));
        self.rows.read(|tx| {
            let Some(key_id) = self.keys.find(tx, key)? else { return Ok(Vec::new()) };
            let mut all = Vec::new();
            for run_id in run_ids {
                let Some(run) = number(tx, run_id)? else { continue };
                let mut found = points(tx, run, key_id, key)?;
                found.retain(|point| first <= point.step && point.step <= last);
                let kept = sample(found, max.max(1));
                all.extend(
                    kept.into_iter().map(|metric| MetricOfRun { run_id: run_id.clone(), metric }),
                );
            }
            Ok(all)
        })
    }

    /// For each of these runs, in their order, a line for each of its metrics.
    ///
    /// # Errors
    /// The database's.
    pub fn summaries(&self, run_ids: &[String]) -> Result<Vec<Vec<Summary>>, Error> {
        let mut found: HashMap<String, Vec<Summary>> = HashMap::new();
        self.rows.read(|tx| {
            for part in run_ids.chunks(PART) {
                // The list is filled up, so that there is one statement however many are asked for.
                let mut row: Vec<Value> = part.iter().map(Value::from).collect();
                row.resize(PART, Value::from(""));
                for (run_id, summary) in tx.query(&SUMMARIES, &row, read_summary)? {
                    found.entry(run_id).or_default().push(summary);
                }
            }
            Ok::<_, Error>(())
        })?;
        for of_run in found.values_mut() {
            of_run.sort_by(|a, b| a.key.cmp(&b.key));
        }
        Ok(run_ids.iter().map(|id| found.get(id).cloned().unwrap_or_default()).collect())
    }
}

/// How many runs one statement summarises.
const PART: usize = 100;

static SUMMARIES: LazyLock<String> = LazyLock::new(|| {
    let places = vec!["?"; PART].join(", ");
    format!(
        "SELECT r.uuid, k.name, s.value, s.is_nan, s.timestamp_ms, s.step, s.least, s.greatest, \
         s.n FROM runs r JOIN metric_summaries s ON s.run = r.id JOIN run_keys k ON k.id = s.key \
         WHERE r.uuid IN ({places})"
    )
});

fn read_summary(row: &Row) -> Result<(String, Summary), store::Error> {
    let last = read_metric(row, row.get(1)?, 2)?;
    let key = last.key.clone();
    let (min, max, n) = (row.get(6)?, row.get(7)?, row.get(8)?);
    Ok((row.get(0)?, Summary { key, last, min, max, n }))
}

/// MLflow's order of a history: by time, then step, then value.
fn by_time(a: &Metric, b: &Metric) -> Ordering {
    let value = |metric: &Metric| if metric.value.is_nan() { 0.0 } else { metric.value };
    (a.timestamp_ms, a.step)
        .cmp(&(b.timestamp_ms, b.step))
        .then_with(|| value(a).total_cmp(&value(b)))
}

/// The number of a run in the tables.
fn number(tx: &mut Tx, run_id: &str) -> Result<Option<i64>, store::Error> {
    tx.first("SELECT id FROM runs WHERE uuid = ?", values![run_id], |row| row.get(0))
}

/// The points of one metric of one run, by step, time and value.
fn points(tx: &mut Tx, run: i64, key_id: i64, key: &str) -> Result<Vec<Metric>, store::Error> {
    tx.query(
        "SELECT value, is_nan, timestamp_ms, step FROM metrics WHERE run = ? AND key = ? \
         ORDER BY step, timestamp_ms, value, is_nan",
        values![run, key_id],
        |row| read_metric(row, key.to_owned(), 0),
    )
}

/// Reads value, whether it is NaN, time and step from four columns.
pub(crate) fn read_metric(row: &Row, key: String, first: usize) -> Result<Metric, store::Error> {
    let is_nan: i64 = row.get(first + 1)?;
    let value = if is_nan == 0 { row.get(first)? } else { f64::NAN };
    Ok(Metric { key, value, timestamp_ms: row.get(first + 2)?, step: row.get(first + 3)? })
}

/// At most `most` of `all`: the first of each of so many equal parts, and the very last.
fn sample(all: Vec<Metric>, most: usize) -> Vec<Metric> {
    if all.len() <= most {
        return all;
    }
    let (size, n_larger) = (all.len() / most, all.len() % most);
    let is_first = |idx: usize| {
        let n_in_larger = n_larger * (size + 1);
        if idx < n_in_larger {
            idx.is_multiple_of(size + 1)
        } else {
            (idx - n_in_larger).is_multiple_of(size)
        }
    };
    let last = all.last().cloned();
    let mut kept: Vec<_> =
        all.into_iter().enumerate().filter(|&(idx, _)| is_first(idx)).map(|(_, m)| m).collect();
    if let (Some(end), Some(last)) = (kept.last_mut(), last) {
        *end = last;
    }
    kept
}

/// What a batch adds to the summary of one metric.
struct Added {
    last: Stored,
    min: Option<f64>,
    max: Option<f64>,
    n: i64,
}

/// A point as the tables keep it. The order of the fields is MLflow's order of "latest".
#[derive(Clone, Copy, PartialEq, PartialOrd)]
struct Stored {
    step: i64,
    timestamp_ms: i64,
    /// 0 where it is NaN; the largest numbers stand for the infinities.
    value: f64,
    is_nan: bool,
}

impl Stored {
    fn of(metric: &Metric) -> Self {
        let is_nan = metric.value.is_nan();
        let value = if is_nan { 0.0 } else { metric.value.clamp(f64::MIN, f64::MAX) };
        Self { step: metric.step, timestamp_ms: metric.timestamp_ms, value, is_nan }
    }

    fn is_later_than(self, other: Self) -> bool {
        (self.step, self.timestamp_ms, self.value) > (other.step, other.timestamp_ms, other.value)
    }
}

/// Writes points of metrics of a run. Points that are there already change nothing.
pub(crate) fn insert(
    tx: &mut Tx,
    keys: &Keys,
    fresh: &mut Fresh,
    run: i64,
    metrics: &[Metric],
) -> Result<(), Error> {
    let mut added: BTreeMap<i64, Added> = BTreeMap::new();
    for metric in metrics {
        let key = keys.get(tx, fresh, &metric.key)?;
        let point = Stored::of(metric);
        if insert_point(tx, run, key, point)? {
            add(&mut added, key, point);
        }
    }
    for (key, added) in added {
        update_summary(tx, run, key, &added)?;
    }
    Ok(())
}

/// Whether the point was new.
fn insert_point(tx: &mut Tx, run: i64, key: i64, point: Stored) -> Result<bool, store::Error> {
    let n_new = tx.execute(
        "INSERT INTO metrics (run, key, step, timestamp_ms, value, is_nan) \
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        values![run, key, point.step, point.timestamp_ms, point.value, point.is_nan],
    )?;
    Ok(n_new > 0)
}

fn add(added: &mut BTreeMap<i64, Added>, key: i64, point: Stored) {
    let value = (!point.is_nan).then_some(point.value);
    let entry = added.entry(key).or_insert(Added { last: point, min: value, max: value, n: 0 });
    if point.is_later_than(entry.last) {
        entry.last = point;
    }
    entry.min = least(entry.min, value);
    entry.max = least(entry.max.map(|x| -x), value.map(|x| -x)).map(|x| -x);
    entry.n += 1;
}

fn least(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}

fn update_summary(tx: &mut Tx, run: i64, key: i64, added: &Added) -> Result<(), store::Error> {
    let Added { last, min, max, n } = added;
    let row: &[Value] =
        values![run, key, last.step, last.timestamp_ms, last.value, last.is_nan, *min, *max, *n];
    tx.execute(UPDATE_SUMMARY, row)?;
    Ok(())
}

const UPDATE_SUMMARY: &str = "INSERT INTO metric_summaries AS s \
    (run, key, step, timestamp_ms, value, is_nan, least, greatest, n) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
    ON CONFLICT (run, key) DO UPDATE SET \
    step = CASE WHEN (excluded.step, excluded.timestamp_ms, excluded.value) \
        > (s.step, s.timestamp_ms, s.value) THEN excluded.step ELSE s.step END, \
    timestamp_ms = CASE WHEN (excluded.step, excluded.timestamp_ms, excluded.value) \
        > (s.step, s.timestamp_ms, s.value) THEN excluded.timestamp_ms ELSE s.timestamp_ms END, \
    value = CASE WHEN (excluded.step, excluded.timestamp_ms, excluded.value) \
        > (s.step, s.timestamp_ms, s.value) THEN excluded.value ELSE s.value END, \
    is_nan = CASE WHEN (excluded.step, excluded.timestamp_ms, excluded.value) \
        > (s.step, s.timestamp_ms, s.value) THEN excluded.is_nan ELSE s.is_nan END, \
    least = CASE WHEN s.least <= excluded.least THEN s.least \
        ELSE COALESCE(excluded.least, s.least) END, \
    greatest = CASE WHEN s.greatest >= excluded.greatest THEN s.greatest \
        ELSE COALESCE(excluded.greatest, s.greatest) END, \
    n = s.n + excluded.n";
