//! The pages of the browser, which are in the binary. Knows files, not what is in them.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::State;

/// What `npm run build` made, by its path; nothing where it was not run.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Where the pages are; each is the same document, which reads the address.
const PLACES: [&str; 11] = [
    "/",
    "/runs",
    "/runs/{id}",
    "/experiments/{id}",
    "/compare",
    "/craters",
    "/craters/{name}",
    "/models",
    "/models/{name}",
    "/reports",
    "/reports/{id}",
];

/// Only what we serve ourselves is loaded, run or asked; nobody may put a page into a frame.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// What is shown where the pages were not built.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Fieldkit</title>\
    <h1>Fieldkit answers</h1>\
    <p>MLflow's clients can log here: <code>MLFLOW_TRACKING_URI</code> is this address.</p>\
    <p>This binary was built without the pages of the browser. With node 20 or newer installed, \
    <code>cargo xtask web</code> makes them; then build it again.</p>";

/// The pages and their files.
pub(crate) fn routes() -> Router<State> {
    let mut router = Router::new().route("/assets/{*path}", get(asset));
    for place in PLACES {
        router = router.route(place, get(document));
    }
    for &(name, _) in FILES.iter().filter(|(name, _)| is_at_the_top(name)) {
        router = router.route(&format!("/{name}"), get(async move || file(name)));
    }
    router
}

/// Icons and the like, which have no hash in their name.
fn is_at_the_top(name: &str) -> bool {
    !name.contains('/') && name != "index.html"
}

async fn document() -> Response {
    match find("index.html") {
        Some(_) => file("index.html"),
        None => with_headers("text/html; charset=utf-8", "no-cache", Html(NOT_BUILT)),
    }
}

async fn asset(Path(path): Path<String>) -> Response {
    file(&format!("assets/{path}"))
}

fn find(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

fn file(name: &str) -> Response {
    // The names in `assets` hold a hash of the content: they never change.
    let cache = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    match find(name) {
        Some(bytes) => with_headers(content_type(name), cache, bytes),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn with_headers(
    content_type: &'static str,
    cache: &'static str,
    body: impl IntoResponse,
) -> Response {
    let headers: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, cache),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, body).into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
