//! How our protocol says no.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracking::{Error, Kind};
use utoipa::ToSchema;

/// Why there is no answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The sentence for the reader.
    message: String,
    #[serde(skip)]
    #[schema(ignore)]
    status: StatusCode,
}

impl Problem {
    /// No such thing.
    pub(crate) fn absent(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: StatusCode::NOT_FOUND }
    }

    /// Something that is kept here and is not as it should be.
    pub(crate) fn broken(what: &str, why: impl std::fmt::Display) -> Self {
        let message = format!("{what} cannot be read: {why}");
        Self { message, status: StatusCode::UNPROCESSABLE_ENTITY }
    }

    /// Something that could not be kept.
    pub(crate) fn unwritten(what: &str, why: impl std::fmt::Display) -> Self {
        let message = format!("{what} cannot be written: {why}");
        Self { message, status: StatusCode::INTERNAL_SERVER_ERROR }
    }

    /// A question that breaks a rule.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: StatusCode::BAD_REQUEST }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.message)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match error.kind {
            Kind::ResourceDoesNotExist => StatusCode::NOT_FOUND,
            Kind::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Internal | Kind::InvalidState => StatusCode::INTERNAL_SERVER_ERROR,
            Kind::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Kind::InvalidParameterValue
            | Kind::AttributeNotFound
            | Kind::ResourceAlreadyExists
            | Kind::BadRequest => StatusCode::BAD_REQUEST,
        };
        Self { message: error.message, status }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}
