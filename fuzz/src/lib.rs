//! What the targets share: a server, or its parts, on a store that is thrown away.

use std::net::Ipv4Addr;
use std::path::Path;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use server::{Hosts, State};
use store::{Files, Location, Rows};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use tracking::{NewExperiment, NewRun, Tracking};

/// After so many requests the store is thrown away: it must not grow for ten minutes.
const REQUESTS_PER_STORE: u32 = 5_000;

/// A store with an experiment `1` and a run in it.
pub struct Scratch {
    /// What is tracked.
    pub tracking: Tracking,
    /// The run.
    pub run_id: String,
    files: Files,
    _folder: TempDir,
}

impl Scratch {
    /// An empty one, in memory where the system has a folder there.
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        let folder = folder.expect("a folder for the store");
        let rows = Rows::open(&Location::Sqlite(folder.path().join("fieldkit.db")));
        let rows = rows.expect("a database");
        let files = Files::open(rows.clone(), &folder.path().join("artifacts"), None);
        let files = files.expect("a place for files");
        let tracking = Tracking::open(rows).expect("tables");
        let experiment_id = tracking
            .create_experiment(NewExperiment { name: "fuzzed".to_owned(), ..Default::default() })
            .expect("an experiment");
        let run = tracking.create_run(NewRun { experiment_id, ..Default::default() });
        let run_id = run.expect("a run").id;
        Self { tracking, run_id, files, _folder: folder }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

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
        let (status, body) = self.runtime.block_on(async {
            let response = app.oneshot(request).await.unwrap_or_else(|never| match never {});
            let status = response.status();
            (status, to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default())
        });
        let is_mistake = status == StatusCode::INTERNAL_SERVER_ERROR
            && !body.windows(13).any(|window| window == b"INVALID_STATE");
        assert!(!is_mistake, "{about}: {}", String::from_utf8_lossy(&body));
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
    let app = server::app(state, Hosts::new(Ipv4Addr::LOCALHOST.into(), &[]));
    (scratch, app)
}
