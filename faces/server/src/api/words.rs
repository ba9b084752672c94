//! What several endpoints say.

use std::collections::BTreeMap;

use serde::Serialize;
use tracking::{RunStatus, Tracking, View};
use utoipa::ToSchema;

use super::problem::Problem;
use super::real::Real;

/// A name and its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// Names and texts in the order of the names.
pub(crate) fn entries(map: BTreeMap<String, String>) -> Vec<Entry> {
    map.into_iter().map(|(key, value)| Entry { key, value }).collect()
}

/// Something with an id and a name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A metric of a run over all that was logged of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Summary {
    pub(crate) key: String,
    pub(crate) last: Real,
    pub(crate) min: Real,
    pub(crate) max: Real,
    /// How many values were logged.
    pub(crate) n: i64,
    /// The step of the last value.
    pub(crate) step: i64,
}

impl From<tracking::Summary> for Summary {
    fn from(summary: tracking::Summary) -> Self {
        let value = Real::measured(summary.last.value);
        // Where every value is NaN there is no smallest number to show.
        let or_last = |number: Option<f64>| number.map_or(value, Real::measured);
        Self {
            key: summary.key,
            last: value,
            min: or_last(summary.min),
            max: or_last(summary.max),
            n: summary.n,
            step: summary.last.step,
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Running,
    Scheduled,
    Finished,
    Failed,
    Killed,
}

impl From<RunStatus> for Status {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Running => Self::Running,
            RunStatus::Scheduled => Self::Scheduled,
            RunStatus::Finished => Self::Finished,
            RunStatus::Failed => Self::Failed,
            RunStatus::Killed => Self::Killed,
        }
    }
}

/// One run in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Brief {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) experiment: Named,
    pub(crate) status: Status,
    /// Milliseconds since 1970.
    pub(crate) started_ms: Option<i64>,
    /// Milliseconds since 1970.
    pub(crate) ended_ms: Option<i64>,
}

impl Brief {
    /// What a list says of `run`, which is in `experiment`.
    pub(crate) fn of(run: &tracking::Run, experiment: Named) -> Self {
        Self {
            id: run.id.clone(),
            name: run.name.clone(),
            experiment,
            status: run.status.into(),
            started_ms: run.started_ms,
            ended_ms: run.ended_ms,
        }
    }
}

/// The name of each experiment by its id.
pub(crate) fn experiment_names(
    tracking: &Tracking,
    view: View,
) -> Result<BTreeMap<String, String>, Problem> {
    let query = tracking::Query { max_results: MOST, view, ..tracking::Query::default() };
    let found = tracking.search_experiments(&query)?.items;
    Ok(found.into_iter().map(|experiment| (experiment.id, experiment.name)).collect())
}

/// The most that one page of a search may have.
pub(crate) const MOST: i64 = tracking::limits::PAGE;

/// What stands between commas.
pub(crate) fn listed(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
