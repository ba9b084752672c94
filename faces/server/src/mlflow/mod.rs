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

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::State;

/// The version of the protocol that is spoken, as `/version` says it.
pub(crate) const VERSION: &str = "3.17.2";

/// All endpoints, below both prefixes that MLflow's clients and pages use.
pub(crate) fn routes() -> Router<State> {
    let of_pages = metrics::ajax_routes().merge(experiments::ajax_routes());
    Router::new()
        .nest("/api/2.0/mlflow", groups())
        .nest("/ajax-api/2.0/mlflow", groups().merge(of_pages))
        .route("/api/3.0/mlflow/server-info", get(server_info))
        .route("/ajax-api/3.0/mlflow/server-info", get(server_info))
        .merge(artifacts::routes())
}

/// What a client asks before it chooses how to talk.
async fn server_info() -> Json<Value> {
    Json(json!({
        "store_type": "SqlStore",
        "workspaces_enabled": false,
        "trace_archival_enabled": false,
        "multipart_uploads_enabled": false,
        "multipart_downloads_enabled": false,
        "presigned_upload_run_id_supported": true,
        "presigned_upload_model_id_supported": true,
        "features_enabled": { "gateway": true },
    }))
}

fn groups() -> Router<State> {
    Router::new()
        .merge(experiments::routes())
        .merge(runs::routes())
        .merge(metrics::routes())
        .merge(datasets::routes())
        .merge(registry::routes())
}
