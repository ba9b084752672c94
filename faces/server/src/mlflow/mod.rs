//! MLflow's REST protocol. The only place that knows its JSON: each file converts by hand between
//! the wire and the words of `tracking`.
//!
//! - [`body`]: a request's fields, from a JSON body or a query, with MLflow's errors.
//! - [`error`]: how a refusal looks on the wire.
//! - one file for each group of endpoints.

mod answer;
pub(crate) mod artifacts;
pub(crate) mod body;
pub(crate) mod error;
mod registry;

use axum::Router;

use crate::State;

/// The version of the protocol that is spoken, as `/version` says it.
pub(crate) const VERSION: &str = "3.17.2";

/// All endpoints, below both prefixes that MLflow's clients and pages use.
pub(crate) fn routes() -> Router<State> {
    let both = |prefix: &str| Router::new().nest(prefix, groups());
    both("/api/2.0/mlflow").merge(both("/ajax-api/2.0/mlflow")).merge(artifacts::routes())
}

fn groups() -> Router<State> {
    Router::new().merge(registry::routes())
}
