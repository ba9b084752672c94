//! Starts, answers, and stops without dropping a request that it has begun.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::routing::get;
use store::{Files, Location, Rows};
use tokio::net::TcpListener;
use tracking::Tracking;

use crate::{State, api, mlflow, pages};

/// How to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder of the data: the database and the files.
    pub data: PathBuf,
    /// `postgres://…` in place of the database in the folder.
    pub database: Option<String>,
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
    let files = Files::open(rows.clone(), &options.data.join("artifacts"), None)?;
    let state = State { tracking: Tracking::open(rows)?, files };
    let app = app(state.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // `state` is dropped after the runtime: the last handle to a database waits for its writer.
    runtime.block_on(async {
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("cannot listen on {}", options.listen))?;
        ready(listener.local_addr()?);
        axum::serve(listener, app).with_graceful_shutdown(told_to_stop()).await?;
        Ok(())
    })
}

/// Every route, behind the guard.
pub(crate) fn app(state: State) -> Router {
    Router::new()
        .route("/health", get(async || "OK"))
        .route("/version", get(async || mlflow::VERSION))
        .merge(mlflow::routes())
        .merge(api::routes())
        .merge(pages::routes())
        .fallback(mlflow::error::nothing_here)
        .method_not_allowed_fallback(mlflow::error::wrong_method)
        .with_state(state)
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
