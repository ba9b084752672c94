//! `GET /experiments`: all of them, with how many runs each has.

use axum::Json;
use axum::extract::{Query, State as Extract};
use serde::{Deserialize, Serialize};
use tracking::Lifecycle;
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;
use super::words::{Entry, MOST, entries};
use crate::State;

/// Which of what there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum View {
    /// What was not deleted.
    #[default]
    Active,
    /// What was deleted and can be restored.
    Deleted,
    /// Both.
    All,
}

impl From<View> for tracking::View {
    fn from(view: View) -> Self {
        match view {
            View::Active => Self::ActiveOnly,
            View::Deleted => Self::DeletedOnly,
            View::All => Self::All,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct Asked {
    #[serde(default)]
    view: View,
}

/// All experiments, the one that changed last first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Experiments {
    experiments: Vec<Experiment>,
}

/// A folder of runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Experiment {
    id: String,
    name: String,
    is_deleted: bool,
    n_runs: i64,
    created_ms: i64,
    updated_ms: i64,
    tags: Vec<Entry>,
}

/// All experiments.
#[utoipa::path(get, path = "/experiments", params(Asked), responses((status = OK, body = Experiments)))]
pub(crate) async fn experiments(
    Extract(state): Extract<State>,
    Query(asked): Query<Asked>,
) -> Result<Json<Experiments>, Problem> {
    state
        .blocking(move |tracking| {
            let query = tracking::Query {
                max_results: MOST,
                view: asked.view.into(),
                ..tracking::Query::default()
            };
            let mut counts = tracking.run_counts()?;
            let found = tracking.search_experiments(&query)?.items;
            let mut experiments: Vec<Experiment> = found
                .into_iter()
                .map(|experiment| Experiment {
                    n_runs: counts.remove(&experiment.id).unwrap_or(0),
                    id: experiment.id,
                    name: experiment.name,
                    is_deleted: experiment.lifecycle == Lifecycle::Deleted,
                    created_ms: experiment.created_ms,
                    updated_ms: experiment.updated_ms,
                    tags: entries(experiment.tags),
                })
                .collect();
            experiments.sort_by_key(|experiment| std::cmp::Reverse(experiment.updated_ms));
            Ok(Json(Experiments { experiments }))
        })
        .await
}
