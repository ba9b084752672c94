//! MLflow's REST protocol. The only place that knows its JSON: each file converts by hand between
//! the wire and the words of `tracking`.
//!
//! - [`body`]: a request's fields, from a JSON body or a query, with MLflow's errors.
//! - [`message`]: a body read as protobuf reads JSON.
//! - [`error`]: how a refusal looks on the wire.
//! - one file for each group of endpoints.

mod answer;
pub(crate) mod artifacts;
pub(crate) mod body;
mod datasets;
pub(crate) mod error;
mod experiments;
mod message;
mod metrics;
mod registry;
mod runs;
mod words;

use axum::Router;

use crate::State;

/// The version of the protocol that is spoken, as `/version` says it.
pub(crate) const VERSION: &str = "3.17.2";

/// All endpoints, below both prefixes that MLflow's clients and pages use.
pub(crate) fn routes() -> Router<State> {
    Router::new()
        .nest("/api/2.0/mlflow", groups())
        .nest("/ajax-api/2.0/mlflow", groups().merge(metrics::ajax_routes()))
        .merge(experiments::odd_routes())
        .merge(artifacts::routes())
}

fn groups() -> Router<State> {
    Router::new()
        .merge(experiments::routes())
        .merge(runs::routes())
        .merge(metrics::routes())
        .merge(datasets::routes())
        .merge(registry::routes())
}
