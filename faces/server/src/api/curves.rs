//! `GET /curves`: metrics over time, thinned to what a screen shows.

use std::iter;

use axum::Json;
use axum::extract::{Query, State as Extract};
use serde::{Deserialize, Serialize};
use tracking::{Metric, Summary, Tracking};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;
use super::real::Real;
use super::words::{Status, listed};
use crate::State;

/// The most runs of one question.
const MOST_RUNS: usize = 100;
/// How many points a curve has where nothing was said.
const POINTS: usize = 600;

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct Asked {
    /// Ids of runs with commas between them.
    runs: String,
    /// Keys of metrics with commas between them; all of them where absent.
    keys: Option<String>,
    /// The most points of a curve.
    points: Option<usize>,
    /// The `seen` of an answer: where nothing was logged since, `curves` is absent.
    since: Option<String>,
}

/// Curves of some runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Curves {
    /// What this answer has seen; the next question can say it as `since`.
    seen: String,
    /// Where each run stands now.
    statuses: Vec<RunStatus>,
    /// Absent where nothing was logged since.
    curves: Option<Vec<Curve>>,
}

/// Where a run stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunStatus {
    run_id: String,
    status: Status,
}

/// A metric of a run over time. All lists have the same length.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Curve {
    run_id: String,
    key: String,
    /// How many values were logged.
    n: usize,
    /// The last of them.
    last: Real,
    steps: Vec<i64>,
    /// Milliseconds since 1970.
    times_ms: Vec<i64>,
    /// The values; the mean of each bucket where the curve was thinned.
    values: Vec<Real>,
    /// The smallest value of each bucket, where the curve was thinned.
    low: Option<Vec<Real>>,
    /// The largest value of each bucket, where the curve was thinned.
    high: Option<Vec<Real>>,
}

/// Metrics over time.
#[utoipa::path(
    get,
    path = "/curves",
    params(Asked),
    responses((status = OK, body = Curves), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn curves(
    Extract(state): Extract<State>,
    Query(asked): Query<Asked>,
) -> Result<Json<Curves>, Problem> {
    state.blocking(move |tracking| answer(tracking, &asked).map(Json)).await
}

fn answer(tracking: &Tracking, asked: &Asked) -> Result<Curves, Problem> {
    let ids = listed(&asked.runs);
    if ids.len() > MOST_RUNS {
        let n = ids.len();
        return Err(Problem::invalid(format!("{n} runs were asked for; at most {MOST_RUNS} go")));
    }
    let mut statuses = Vec::new();
    for run_id in &ids {
        let status = tracking.run(run_id)?.status.into();
        statuses.push(RunStatus { run_id: run_id.clone(), status });
    }
    let wanted = asked.keys.as_deref().map(listed);
    let is_wanted = |key: &String| wanted.as_ref().is_none_or(|keys| keys.contains(key));
    let mut summaries = tracking.summaries(&ids)?;
    for of_run in &mut summaries {
        of_run.retain(|summary| is_wanted(&summary.key));
    }
    let seen = seen(&summaries);
    if asked.since.as_ref() == Some(&seen) {
        return Ok(Curves { seen, statuses, curves: None });
    }
    let points = asked.points.unwrap_or(POINTS).clamp(2, 10_000);
    let mut curves = Vec::new();
    for (run_id, of_run) in iter::zip(&ids, &summaries) {
        for summary in of_run {
            let mut all = tracking.history(run_id, &summary.key, None, None)?.items;
            all.sort_by_key(|point| (point.step, point.timestamp_ms));
            curves.push(thinned(run_id, &summary.key, &all, points));
        }
    }
    Ok(Curves { seen, statuses, curves: Some(curves) })
}

/// How many points each run has: points are only ever added.
fn seen(summaries: &[Vec<Summary>]) -> String {
    let counts = summaries.iter().map(|of_run| of_run.iter().map(|it| it.n).sum::<i64>());
    counts.map(|n| n.to_string()).collect::<Vec<_>>().join("-")
}

/// At most `most` points of a curve: where there are more, as many buckets of neighbours, each
/// with its mean, its smallest and its largest value, so that no spike is lost.
fn thinned(run_id: &str, key: &str, points: &[Metric], most: usize) -> Curve {
    let is_thinned = points.len() > most;
    let size = if is_thinned { points.len().div_ceil(most) } else { 1 };
    let buckets = || points.chunks(size);
    let ends = || buckets().filter_map(<[Metric]>::last);
    Curve {
        run_id: run_id.to_owned(),
        key: key.to_owned(),
        n: points.len(),
        last: points.last().map_or(Real(f64::NAN), |point| Real::measured(point.value)),
        steps: ends().map(|point| point.step).collect(),
        times_ms: ends().map(|point| point.timestamp_ms).collect(),
        values: buckets().map(|bucket| mean(bucket)).collect(),
        low: is_thinned.then(|| buckets().map(|bucket| extreme(bucket, f64::min)).collect()),
        high: is_thinned.then(|| buckets().map(|bucket| extreme(bucket, f64::max)).collect()),
    }
}

/// The mean of those that are finite; where none is, the last as it is.
fn mean(bucket: &[Metric]) -> Real {
    let finite: Vec<f64> = finite(bucket).collect();
    match (finite.as_slice(), bucket) {
        ([], [.., last]) => Real::measured(last.value),
        ([one], _) => Real(*one),
        (some, _) => Real(some.iter().sum::<f64>() / some.len() as f64),
    }
}

fn extreme(bucket: &[Metric], of_two: fn(f64, f64) -> f64) -> Real {
    finite(bucket).reduce(of_two).map_or_else(|| mean(bucket), Real)
}

/// The tables keep the infinities as the largest numbers.
fn finite(bucket: &[Metric]) -> impl Iterator<Item = f64> {
    bucket.iter().map(|point| point.value).filter(|value| value.abs() < f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[f64]) -> Vec<Metric> {
        let point = |(step, &value)| Metric { key: "m".to_owned(), value, timestamp_ms: 0, step };
        (0..).zip(values).map(point).collect()
    }

    #[test]
    fn a_short_curve_is_given_as_it_was_logged() {
        let curve = thinned("r", "m", &points(&[3.0, f64::NAN, f64::MAX]), 3);
        assert_eq!(curve.steps, [0, 1, 2]);
        assert_eq!(curve.values[0], Real(3.0));
        assert!(curve.values[1].0.is_nan());
        assert_eq!(curve.values[2], Real(f64::INFINITY));
        assert_eq!(curve.low, None);
    }

    #[test]
    fn a_long_curve_keeps_its_spikes() {
        let curve = thinned("r", "m", &points(&[1.0, 9.0, 2.0, f64::NAN, 5.0]), 3);
        assert_eq!(curve.n, 5);
        assert_eq!(curve.steps, [1, 3, 4]);
        assert_eq!(curve.values, [5.0, 2.0, 5.0].map(Real));
        assert_eq!(curve.low, Some([1.0, 2.0, 5.0].map(Real).into()));
        assert_eq!(curve.high, Some([9.0, 2.0, 5.0].map(Real).into()));
    }
}
