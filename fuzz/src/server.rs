//! A server in this process, whose answers are judged.

use std::net::Ipv4Addr;

use ::server::{Hosts, State};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::{Scratch, judge};

/// After so many requests the store is thrown away: it must not grow for ten minutes.
const REQUESTS_PER_STORE: u32 = 5_000;

/// A server that answers requests one after the other.
pub struct Server {
    runtime: Runtime,
    scratch: Scratch,
    app: Router,
    n_requests: u32,
}

impl Default for Server {
    fn default() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let (scratch, app) = fresh();
        Self { runtime: runtime.expect("a runtime"), scratch, app, n_requests: 0 }
    }
}

impl Server {
    /// The id of the run that is there.
    pub fn run_id(&self) -> &str {
        &self.scratch.run_id
    }

    /// Sends a request. Whatever it is, the answer must not be that we made a mistake.
    pub fn ask(&mut self, request: Request<Body>) {
        let about = format!("{} {}", request.method(), request.uri());
        let app = self.app.clone();
        let body = self.runtime.block_on(async {
            let response = app.oneshot(request).await.unwrap_or_else(|never| match never {});
            to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default()
        });
        if let Ok(Value::Object(fields)) = serde_json::from_slice(&body) {
            judge(&about, fields.get("message").and_then(Value::as_str).unwrap_or_default());
        }
        self.n_requests += 1;
        if self.n_requests == REQUESTS_PER_STORE {
            (self.scratch, self.app) = fresh();
            self.n_requests = 0;
        }
    }
}

fn fresh() -> (Scratch, Router) {
    let scratch = Scratch::new();
    let state = State::new(scratch.tracking.clone(), scratch.files.clone());
    let app = ::server::app(state, Hosts::new(Ipv4Addr::LOCALHOST.into(), &[]));
    (scratch, app)
}
