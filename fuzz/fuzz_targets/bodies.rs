//! Requests to every endpoint: the first line is method and path, the rest is the body.
#![no_main]

use std::cell::RefCell;

use axum::body::Body;
use axum::http::{Request, header};
use fieldkit_fuzz::Server;
use libfuzzer_sys::{Corpus, fuzz_target};

thread_local! {
    static SERVER: RefCell<Server> = RefCell::default();
}

fuzz_target!(|text: &str| -> Corpus {
    SERVER.with_borrow_mut(|server| {
        // The ids of runs are made by chance: seeds say this in their place.
        let text = text.replace("<run-1>", server.run_id()).replace("<experiment-1>", "1");
        let Some(request) = parse(&text) else { return Corpus::Reject };
        server.ask(request);
        Corpus::Keep
    })
});

fn parse(text: &str) -> Option<Request<Body>> {
    let (head, body) = text.split_once('\n')?;
    let (method, path) = head.split_once(' ')?;
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_owned()))
        .ok()
}
