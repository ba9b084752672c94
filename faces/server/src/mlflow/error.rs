//! How a refusal looks on the wire: `{"error_code": …, "message": …}` and a status.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracking::{Error, Kind};

/// A refusal on its way to a client of MLflow.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) Error);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = on_the_wire(self.0.kind);
        (status, Json(json!({ "error_code": code, "message": self.0.message }))).into_response()
    }
}

fn on_the_wire(kind: Kind) -> (StatusCode, &'static str) {
    match kind {
        Kind::InvalidParameterValue => (StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE"),
        Kind::ResourceDoesNotExist => (StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST"),
        Kind::ResourceAlreadyExists => (StatusCode::BAD_REQUEST, "RESOURCE_ALREADY_EXISTS"),
        Kind::InvalidState => (StatusCode::INTERNAL_SERVER_ERROR, "INVALID_STATE"),
        Kind::BadRequest => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
        Kind::NotImplemented => (StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED"),
        Kind::TemporarilyUnavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE")
        }
        Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
    }
}
