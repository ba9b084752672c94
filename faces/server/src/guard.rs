//! From where one may ask, and how much at once. Every request passes here, whatever its route;
//! knows nothing of what routes do.
//!
//! - [`Hosts`]: the names under which the server may be asked. A page of a stranger whose name
//!   was bent to this machine's address says the wrong one.
//! - [`origin`]: a page of another site may not change anything in the name of its reader.
//! - [`body`]: how long and how large a body may be, and of which type.
//! - [`headers`]: what browsers may do with our answers.

mod body;
mod headers;
mod hosts;
mod origin;

use self::body::Bodies;
pub use self::hosts::Hosts;

use std::any::Any;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;

/// Lets through what comes from where it may, turns a panic behind it into an answer, and says to
/// browsers what they may do with each answer.
pub(crate) fn origins<S>(routes: Router<S>, hosts: Hosts) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::new(hosts), check_origin))
}

async fn check_origin(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    let checked = hosts.check(&request).and_then(|()| origin::check(&hosts, &request));
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(refused) => *refused,
    };
    headers::add(response.headers_mut());
    response
}

/// Reads the body of each request, as far as its route takes it.
pub(crate) fn bodies<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    with_bodies(routes, Bodies::new(body::PATIENCE))
}

fn with_bodies<S>(routes: Router<S>, bodies: Bodies) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes.layer(from_fn_with_state(Arc::new(bodies), read_body))
}

async fn read_body(State(bodies): State<Arc<Bodies>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    match bodies.admit(route.as_deref(), request).await {
        // What it holds of the memory for large bodies is held until the answer begins.
        Ok((request, _held)) => next.run(request).await,
        Err(refused) => *refused,
    }
}

/// An answer in place of the one that was asked for; in a box, for it is seldom and large.
type Refused = Box<Response>;

/// A refusal in the words of our protocol and of MLflow's.
fn refusal(status: StatusCode, code: &str, message: &str) -> Refused {
    (status, Json(json!({ "error_code": code, "message": message }))).into_response().into()
}

/// Our own mistake, for which nobody else's request shall suffer.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("something that cannot be");
    tracing::error!(what, "a mistake in fieldkit: a request panicked");
    *refusal(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL_ERROR",
        "A mistake in fieldkit: nothing of this request was written. The log of the server has \
         the place.",
    )
}

#[cfg(test)]
mod tests;
