//! How a refusal looks on the wire: `{"error_code": …, "message": …}` and a status. Newer clients
//! also read `sqlstate` and `error_class`, which follow from the kind.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
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
        let mut body = json!({ "error_code": code, "message": self.0.message });
        if let Some((sqlstate, class)) = class(self.0.kind) {
            body["sqlstate"] = sqlstate.into();
            body["error_class"] = class.into();
        }
        (status, Json(body)).into_response()
    }
}

fn on_the_wire(kind: Kind) -> (StatusCode, &'static str) {
    match kind {
        Kind::InvalidParameterValue | Kind::AttributeNotFound => {
            (StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE")
        }
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

/// The kind as newer clients name it, where MLflow does.
fn class(kind: Kind) -> Option<(&'static str, &'static str)> {
    match kind {
        Kind::InvalidParameterValue | Kind::BadRequest => {
            Some(("KAM00", "INVALID_PARAMETER_VALUE"))
        }
        Kind::AttributeNotFound => Some(("KAM04", "ATTRIBUTE_NOT_FOUND")),
        Kind::ResourceDoesNotExist => Some(("KAM00", "RESOURCE_NOT_FOUND")),
        Kind::ResourceAlreadyExists => Some(("KAM00", "RESOURCE_ALREADY_EXISTS")),
        Kind::InvalidState | Kind::Internal => Some(("XXM00", "CLIENT_INTERNAL_ERROR")),
        Kind::NotImplemented | Kind::TemporarilyUnavailable => None,
    }
}

/// The page that stands for an address where nothing is.
pub(crate) async fn nothing_here() -> Response {
    page(
        StatusCode::NOT_FOUND,
        "Not Found",
        "Nothing is at this address. If you entered it by hand, check its spelling.",
    )
}

/// The page that stands for an address that does not take this method.
pub(crate) async fn wrong_method(method: axum::http::Method) -> Response {
    if method == axum::http::Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    page(
        StatusCode::METHOD_NOT_ALLOWED,
        "Method Not Allowed",
        "This address does not take this method.",
    )
}

fn page(status: StatusCode, title: &str, sentence: &str) -> Response {
    let number = status.as_u16();
    let text = format!(
        "<!doctype html>\n<html lang=en>\n<title>{number} {title}</title>\n<h1>{title}</h1>\n\
         <p>{sentence}</p>\n"
    );
    (status, Html(text)).into_response()
}
