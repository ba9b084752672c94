//! Requests that do not reach a route, and those that do.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::{get, post, put};
use tower::ServiceExt as _;

use super::*;

/// Answers with how many bytes came; `/panic` panics.
fn routes() -> Router {
    let length = async |body: axum::body::Bytes| body.len().to_string();
    let routes = Router::new()
        .route("/health", get(async || "OK"))
        .route("/api/json", post(length).patch(length))
        .route("/api/2.0/mlflow-artifacts/artifacts/{*path}", put(length))
        .route("/v1/traces", post(length))
        .route(
            "/panic",
            get(async || {
                panic!("an example");
                #[expect(unreachable_code)]
                ""
            }),
        )
        .layer(axum::extract::DefaultBodyLimit::disable());
    let hosts = Hosts::new([127, 0, 0, 1].into(), &["team.example".to_owned()]);
    let patience = body::Patience { idle: Duration::from_millis(50), ..body::PATIENCE };
    origins(with_bodies(routes, Bodies::new(patience)), hosts)
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

async fn ask(method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> (u16, String) {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "localhost:8484");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = routes().oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let text = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(text.to_vec()).unwrap())
}

async fn post_json(headers: &[(&str, &str)]) -> u16 {
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    ask("POST", "/api/json", &all, Body::from("{}")).await.0
}

#[test]
fn a_name_that_was_bent_to_our_address_is_refused() {
    run(async {
        let answer = ask("GET", "/panic", &[("host", "evil.example")], Body::empty()).await;
        let message = "Invalid Host header - possible DNS rebinding attack detected";
        assert_eq!(answer, (403, message.to_owned()));
        assert_eq!(ask("GET", "/health", &[("host", "evil.example")], Body::empty()).await.0, 200);
    });
}

#[test]
fn a_page_of_another_site_changes_nothing() {
    run(async {
        for headers in [
            &[("origin", "http://evil.example")] as &[_],
            &[("origin", "null")],
            &[("origin", "http://localhost:3000")],
            &[("origin", "http://localhost:8484.evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
        ] {
            assert_eq!(post_json(headers).await, 403, "{headers:?}");
        }
        for headers in [
            &[] as &[_],
            &[("origin", "http://localhost:8484"), ("sec-fetch-site", "same-origin")],
            &[("origin", "https://team.example"), ("host", "team.example")],
            &[("sec-fetch-site", "none")],
        ] {
            assert_eq!(post_json(headers).await, 200, "{headers:?}");
        }
    });
}

#[test]
fn json_is_taken_as_json_only() {
    run(async {
        for (kind, status) in [
            ("application/json", 200),
            ("application/json; charset=utf-8", 200),
            ("application/x-www-form-urlencoded", 400),
            ("multipart/form-data; boundary=x", 400),
            ("text/plain", 400),
        ] {
            let answer =
                ask("POST", "/api/json", &[("content-type", kind)], Body::from("{}")).await;
            assert_eq!(answer.0, status, "{kind}: {}", answer.1);
        }
        let (status, text) = ask("POST", "/api/json", &[], Body::from("{}")).await;
        assert_eq!(status, 400);
        assert!(text.contains("Content-Type header is missing."), "{text}");
    });
}

#[test]
fn a_body_is_bounded_unless_it_is_an_upload() {
    run(async {
        let json = [("content-type", "application/json")];
        let large = || Body::from(vec![b' '; 17 * 1024 * 1024]);
        assert_eq!(ask("POST", "/api/json", &json, large()).await.0, 413);
        let unsaid = Body::from_stream(stream_of(17));
        assert_eq!(ask("POST", "/api/json", &json, unsaid).await.0, 413);
        assert_eq!(ask("POST", "/v1/traces", &[], large()).await.0, 413);
        let upload = "/api/2.0/mlflow-artifacts/artifacts/a";
        assert_eq!(ask("PUT", upload, &[], large()).await, (200, (17 * 1024 * 1024).to_string()));
    });
}

fn stream_of(n_mib: usize) -> impl futures_util::Stream<Item = Result<Vec<u8>, std::io::Error>> {
    futures_util::stream::iter((0..n_mib).map(|_| Ok(vec![b' '; 1024 * 1024])))
}

#[test]
fn a_body_that_stops_coming_is_given_up() {
    run(async {
        let stalled = || {
            let first = futures_util::stream::iter([Ok::<_, std::io::Error>(vec![b'{'])]);
            Body::from_stream(futures_util::StreamExt::chain(
                first,
                futures_util::stream::pending(),
            ))
        };
        let json = [("content-type", "application/json")];
        assert_eq!(ask("POST", "/api/json", &json, stalled()).await.0, 408);
        let upload = "/api/2.0/mlflow-artifacts/artifacts/a";
        assert_eq!(ask("PUT", upload, &[], stalled()).await.0, 400);
    });
}

#[test]
fn a_panic_is_an_answer() {
    run(async {
        let (status, text) = ask("GET", "/panic", &[], Body::empty()).await;
        assert_eq!(status, 500);
        assert!(text.contains("\"error_code\":\"INTERNAL_ERROR\""), "{text}");
        assert!(!text.contains("an example"), "what panicked is for the log: {text}");
    });
}
