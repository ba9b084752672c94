//! Spans by OTLP: an even first byte means protobuf, an odd one JSON; the rest is the body.
#![no_main]

use std::cell::RefCell;

use axum::body::Body;
use axum::http::{Request, header};
use fieldkit_fuzz::Server;
use libfuzzer_sys::{Corpus, fuzz_target};

thread_local! {
    static SERVER: RefCell<Server> = RefCell::default();
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((first, body)) = bytes.split_first() else { return Corpus::Reject };
    let kind = if first % 2 == 0 { "application/x-protobuf" } else { "application/json" };
    let request = Request::post("/v1/traces")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, kind)
        .header("x-mlflow-experiment-id", "1")
        .body(Body::from(body.to_owned()));
    SERVER.with_borrow_mut(|server| server.ask(request.expect("a request")));
    Corpus::Keep
});
