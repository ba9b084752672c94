//! Fieldkit's own protocol, which the pages in the browser speak. Its document is made from this
//! code and kept in `faces/server/api.json`.
//!
//! - [`overview`]: what was made here, an application each.
//! - [`experiments`], [`runs`], [`run`], [`curves`]: tables, one run, its metrics over time.
//! - [`artifacts`]: a run's files, looked at without opening them.
//! - [`reports`]: how good something is.
//! - [`models`]: the registry.
//! - [`craters`]: surveys of craters: map, review, estimate.
//! - [`words`], [`real`], [`problem`]: what several of them say.

mod artifacts;
pub(crate) mod craters;
mod curves;
mod experiments;
mod models;
mod overview;
mod problem;
mod real;
mod reports;
mod run;
mod runs;
mod words;

use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::State;

/// Where our protocol lives.
const PREFIX: &str = "/api/fieldkit/v1";

/// The head of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Fieldkit",
        description = "What the pages of the workbench ask. It reads, but for reviews of craters; writing is MLflow's protocol.",
        license(name = "MIT OR Apache-2.0"),
    ),
    components(schemas(experiments::View))
)]
struct Document;

/// All endpoints, the document among them.
pub(crate) fn routes() -> Router<State> {
    let (router, document) = described().split_for_parts();
    let document = Json(document);
    router.route(&format!("{PREFIX}/openapi.json"), get(async move || document))
}

fn described() -> OpenApiRouter<State> {
    let endpoints = OpenApiRouter::new()
        .routes(routes!(overview::overview))
        .routes(routes!(experiments::experiments))
        .routes(routes!(runs::runs))
        .routes(routes!(run::run))
        .routes(routes!(run::compare))
        .routes(routes!(curves::curves))
        .routes(routes!(artifacts::list))
        .routes(routes!(artifacts::preview))
        .routes(routes!(artifacts::image))
        .routes(routes!(artifacts::page))
        .routes(routes!(reports::reports))
        .routes(routes!(reports::report))
        .routes(routes!(models::models))
        .routes(routes!(models::model))
        .routes(routes!(craters::surveys))
        .routes(routes!(craters::survey))
        .routes(routes!(craters::found::craters))
        .routes(routes!(craters::found::crater))
        .routes(routes!(craters::pictures::tile))
        .routes(routes!(craters::pictures::surroundings))
        .routes(routes!(craters::reviews::review))
        .routes(routes!(craters::reviews::next))
        .routes(routes!(craters::estimate::start, craters::estimate::estimate))
        .routes(routes!(craters::exports::export));
    OpenApiRouter::with_openapi(Document::openapi()).nest(PREFIX, endpoints)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{env, fs};

    /// `FIELDKIT_SNAPSHOTS=write cargo test -p server` writes it anew; git shows what changed, and
    /// `npm run types` in `web/` brings it to the pages.
    #[test]
    fn the_document_is_the_one_that_the_pages_were_made_from() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("api.json");
        let (_, document) = super::described().split_for_parts();
        let seen = format!("{}\n", document.to_pretty_json().unwrap());
        if env::var_os("FIELDKIT_SNAPSHOTS").is_some_and(|said| said == "write") {
            fs::write(&path, &seen).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        let line = kept.lines().zip(seen.lines()).position(|(kept, seen)| kept != seen);
        assert!(
            kept == seen,
            "api.json differs from line {} on\n  where the new one is right: \
             FIELDKIT_SNAPSHOTS=write cargo test -p server",
            line.map_or(1, |line| line + 1)
        );
    }
}
