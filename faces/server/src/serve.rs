//! Starts, answers, and stops without dropping a request that it has begun.

mod connections;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::routing::get;
use store::{Files, Location, Rows};
use tokio::net::TcpListener;
use tracking::Tracking;

use crate::{Hosts, State, api, guard, mlflow, pages};

/// How long a request that was begun may still take when the server is told to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// How to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder of the data: the database and the files.
    pub data: PathBuf,
    /// `postgres://…` in place of the database in the folder.
    pub database: Option<String>,
    /// `s3://bucket/prefix` for the bytes of files, in place of the folder.
    pub artifacts: Option<String>,
    /// More names under which it may be asked, beside those of loopback and of the address.
    pub allowed_hosts: Vec<String>,
}

/// Serves until the process is told to stop (Ctrl-C or a termination signal). Calls `ready` with
/// the address once it answers.
///
/// # Errors
/// The data cannot be opened, or the address is taken.
pub fn serve(options: &Options, ready: impl FnOnce(SocketAddr)) -> Result<()> {
    std::fs::create_dir_all(&options.data)
        .with_context(|| format!("cannot make the folder {}", options.data.display()))?;
    let location = match &options.database {
        Some(url) => Location::Postgres(url.clone()),
        None => Location::Sqlite(options.data.join("fieldkit.db")),
    };
    let rows = Rows::open(&location)?;
    let files =
        Files::open(rows.clone(), &options.data.join("artifacts"), options.artifacts.as_deref())?;
    let state = State { tracking: Tracking::open(rows)?, files };
    let hosts = Hosts::new(options.listen.ip(), &options.allowed_hosts);
    let app = app(state.clone(), hosts);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // `state` is dropped after the runtime: the last handle to a database waits for its writer.
    runtime.block_on(async {
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("cannot listen on {}", options.listen))?;
        ready(listener.local_addr()?);
        connections::answer(listener, app, told_to_stop(), LAST_REQUESTS).await;
        Ok(())
    })
}

/// Every route, behind the guard.
pub(crate) fn app(state: State, hosts: Hosts) -> Router {
    let routes = Router::new()
        .route("/health", get(async || "OK"))
        .route("/version", get(async || mlflow::VERSION))
        .merge(mlflow::routes())
        .merge(api::routes())
        .merge(pages::routes())
        .fallback(mlflow::error::nothing_here)
        .method_not_allowed_fallback(mlflow::error::wrong_method);
    guard::before(routes, hosts).with_state(state)
}

async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            futures_util::future::select(
                std::pin::pin!(interrupt),
                std::pin::pin!(terminate.recv()),
            )
            .await;
            return;
        }
    }
    let _ = interrupt.await;
}
