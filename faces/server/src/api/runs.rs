//! `GET /runs`: a table of runs, column by column, so that ten thousand of them travel fast.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, State as Extract};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::experiments::View;
use super::problem::Problem;
use super::real::Real;
use super::words::{MOST, Status, experiment_names, listed};
use crate::State;

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct Asked {
    /// Ids of experiments with commas between them; all experiments where absent.
    experiments: Option<String>,
    /// A search, such as `metrics.loss < 0.5 and params.optimizer = "adam"`.
    #[serde(default)]
    filter: String,
    #[serde(default)]
    view: View,
    /// The most runs to give.
    limit: Option<i64>,
}

/// Runs, the one that started last first. Every list has one entry a run.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Table {
    ids: Vec<String>,
    names: Vec<String>,
    experiment_ids: Vec<String>,
    users: Vec<String>,
    statuses: Vec<Status>,
    started_ms: Vec<Option<i64>>,
    ended_ms: Vec<Option<i64>>,
    params: Vec<Texts>,
    tags: Vec<Texts>,
    metrics: Vec<Numbers>,
    /// Whether there are more than were asked for.
    is_cut: bool,
}

/// One param or tag of every run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Texts {
    key: String,
    /// Each text once.
    words: Vec<String>,
    /// For each run the place of its text in `words`, -1 where it has none.
    at: Vec<i32>,
}

/// One metric of every run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Numbers {
    key: String,
    last: Vec<Option<Real>>,
    /// The smallest value; absent where no run logged the metric twice.
    min: Option<Vec<Option<Real>>>,
    /// The largest value; absent where no run logged the metric twice.
    max: Option<Vec<Option<Real>>>,
    /// The number of values; absent where no run logged the metric twice.
    n: Option<Vec<i64>>,
}

/// A table of runs.
#[utoipa::path(
    get,
    path = "/runs",
    params(Asked),
    responses((status = OK, body = Table), (status = BAD_REQUEST, body = Problem))
)]
pub(crate) async fn runs(
    Extract(state): Extract<State>,
    Query(asked): Query<Asked>,
) -> Result<Json<Table>, Problem> {
    state
        .blocking(move |tracking| {
            let experiments = match &asked.experiments {
                Some(ids) => listed(ids),
                None => experiment_names(tracking, asked.view.into())?.into_keys().collect(),
            };
            let query = tracking::Query {
                filter: asked.filter,
                max_results: asked.limit.unwrap_or(MOST),
                view: asked.view.into(),
                ..tracking::Query::default()
            };
            let page = tracking.search_runs(&experiments, &query)?;
            let ids: Vec<String> = page.items.iter().map(|run| run.id.clone()).collect();
            let summaries = tracking.summaries(&ids)?;
            let mut table = table(page.items, summaries);
            table.is_cut = page.next_page_token.is_some();
            Ok(Json(table))
        })
        .await
}

/// Rows turned into columns.
fn table(runs: Vec<tracking::Run>, summaries: Vec<Vec<tracking::Summary>>) -> Table {
    let n_runs = runs.len();
    let mut table = Table::default();
    let mut params = BTreeMap::new();
    let mut tags = BTreeMap::new();
    for (row, run) in runs.into_iter().enumerate() {
        table.ids.push(run.id);
        table.names.push(run.name);
        table.experiment_ids.push(run.experiment_id);
        table.users.push(run.user);
        table.statuses.push(run.status.into());
        table.started_ms.push(run.started_ms);
        table.ended_ms.push(run.ended_ms);
        for (key, value) in run.params {
            params.entry(key).or_insert_with(|| Words::new(n_runs)).set(row, value);
        }
        for (key, value) in run.tags.into_iter().filter(|(key, _)| !is_kept_by_mlflow(key)) {
            tags.entry(key).or_insert_with(|| Words::new(n_runs)).set(row, value);
        }
    }
    table.params = params.into_iter().map(Words::named).collect();
    table.tags = tags.into_iter().map(Words::named).collect();
    table.metrics = numbers(n_runs, summaries);
    table
}

/// Tags that the protocol keeps for itself.
pub(crate) fn is_kept_by_mlflow(key: &str) -> bool {
    key.starts_with("mlflow.")
}

fn numbers(n_runs: usize, summaries: Vec<Vec<tracking::Summary>>) -> Vec<Numbers> {
    let mut columns: BTreeMap<String, Vec<Option<tracking::Summary>>> = BTreeMap::new();
    for (row, of_run) in summaries.into_iter().enumerate() {
        for summary in of_run {
            let column = columns.entry(summary.key.clone()).or_insert_with(|| vec![None; n_runs]);
            column[row] = Some(summary);
        }
    }
    columns.into_iter().map(|(key, column)| Numbers::of(key, &column)).collect()
}

impl Numbers {
    fn of(key: String, column: &[Option<tracking::Summary>]) -> Self {
        let each = |number: fn(&tracking::Summary) -> Option<f64>| {
            column
                .iter()
                .map(|cell| cell.as_ref().and_then(number).map(Real::measured))
                .collect::<Vec<_>>()
        };
        let is_repeated = column.iter().flatten().any(|summary| summary.n > 1);
        let counts = || column.iter().map(|cell| cell.as_ref().map_or(0, |it| it.n)).collect();
        Self {
            key,
            last: each(|summary| Some(summary.last.value)),
            min: is_repeated.then(|| each(|summary| summary.min)),
            max: is_repeated.then(|| each(|summary| summary.max)),
            n: is_repeated.then(counts),
        }
    }
}

/// A column of texts while it is filled.
struct Words {
    words: Vec<String>,
    places: BTreeMap<String, i32>,
    at: Vec<i32>,
}

impl Words {
    fn new(n_runs: usize) -> Self {
        Self { words: Vec::new(), places: BTreeMap::new(), at: vec![-1; n_runs] }
    }

    fn set(&mut self, row: usize, word: String) {
        self.at[row] = match self.places.get(&word) {
            Some(&place) => place,
            None => {
                let place = i32::try_from(self.words.len()).unwrap_or(-1);
                self.words.push(word.clone());
                self.places.insert(word, place);
                place
            }
        };
    }

    fn named((key, column): (String, Self)) -> Texts {
        Texts { key, words: column.words, at: column.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(json: &Table, key: &str) -> (Vec<String>, Vec<i32>) {
        let texts = json.params.iter().find(|texts| texts.key == key).unwrap();
        (texts.words.clone(), texts.at.clone())
    }

    fn run(params: &[(&str, &str)]) -> tracking::Run {
        let params = params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        tracking::Run {
            id: String::new(),
            experiment_id: "0".to_owned(),
            name: String::new(),
            user: String::new(),
            status: tracking::RunStatus::Finished,
            started_ms: None,
            ended_ms: None,
            artifact_uri: String::new(),
            lifecycle: tracking::Lifecycle::Active,
            params,
            tags: BTreeMap::new(),
            metrics: Vec::new(),
            inputs: Vec::new(),
            model_inputs: Vec::new(),
            model_outputs: Vec::new(),
        }
    }

    #[test]
    fn a_text_travels_once_however_many_runs_have_it() {
        let runs = vec![
            run(&[("opt", "adam")]),
            run(&[]),
            run(&[("opt", "sgd")]),
            run(&[("opt", "adam")]),
        ];
        let seen = table(runs, vec![Vec::new(); 4]);
        let words = vec!["adam".to_owned(), "sgd".to_owned()];
        assert_eq!(column(&seen, "opt"), (words, vec![0, -1, 1, 0]));
    }

    #[test]
    fn least_and_greatest_travel_only_where_they_differ_from_the_last() {
        let summary = |n| tracking::Summary {
            key: "loss".to_owned(),
            last: tracking::Metric { key: "loss".to_owned(), value: 2.0, timestamp_ms: 0, step: 0 },
            min: Some(1.0),
            max: Some(f64::MAX),
            n,
        };
        let once = numbers(1, vec![vec![summary(1)]]);
        assert_eq!(once[0].last, [Some(Real(2.0))]);
        assert_eq!(once[0].min, None);
        let twice = numbers(2, vec![vec![summary(2)], Vec::new()]);
        assert_eq!(twice[0].max, Some(vec![Some(Real(f64::INFINITY)), None]));
        assert_eq!(twice[0].n, Some(vec![2, 0]));
    }
}
