//! From where one may ask, and how much at once. Every request passes here first, whatever its
//! route; knows nothing of what routes do.
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

pub use hosts::Hosts;

use std::any::Any;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;

/// What watches over the requests of one server.
struct Guard {
    hosts: Hosts,
    bodies: body::Bodies,
}

/// Puts the guard before every route.
pub(crate) fn before<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    hosts: Hosts,
) -> Router<S> {
    guarded(routes, Guard { hosts, bodies: body::Bodies::new(body::PATIENCE) })
}

fn guarded<S: Clone + Send + Sync + 'static>(routes: Router<S>, guard: Guard) -> Router<S> {
    let guard = Arc::new(guard);
    routes.layer(CatchPanicLayer::custom(panicked)).layer(from_fn_with_state(guard, pass))
}

async fn pass(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut response = match guard.admit(request).await {
        // What it holds of the memory for large bodies is held until the answer begins.
        Ok((request, _held)) => next.run(request).await,
        Err(refused) => refused,
    };
    headers::add(response.headers_mut());
    response
}

impl Guard {
    async fn admit(&self, request: Request) -> Result<(Request, Option<body::Held>), Response> {
        self.hosts.check(&request)?;
        origin::check(&self.hosts, &request)?;
        let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
        self.bodies.admit(route.as_deref(), request).await
    }
}

/// A refusal in the words of our protocol and of MLflow's.
fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "error_code": code, "message": message }))).into_response()
}

/// Our own mistake, for which nobody else's request shall suffer.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("something that cannot be");
    tracing::error!(what, "a mistake in fieldkit: a request panicked");
    refusal(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL_ERROR",
        "A mistake in fieldkit: nothing of this request was written. The log of the server has \
         the place.",
    )
}

#[cfg(test)]
mod tests;
