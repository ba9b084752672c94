//! Starts, answers, and stops without dropping a request that it has begun.

mod connections;

use std::fs::{File, TryLockError};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use futures_util::future::{Either, select};
use store::{Files, Location, Rows};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tracking::Tracking;

use crate::telemetry::{self, Telemetry};
use crate::users::{self, Users};
use crate::{Hosts, State, api, guard, mlflow, pages};

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
    /// Only users may ask, each as far as the role goes.
    pub auth: bool,
    /// Whoever reaches the address may do everything, also from other machines.
    pub open_to_the_network: bool,
}

impl Options {
    /// For this machine alone, at a free port, without users.
    pub fn on_loopback(data: PathBuf) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data,
            database: None,
            artifacts: None,
            allowed_hosts: Vec::new(),
            auth: false,
            open_to_the_network: false,
        }
    }
}

/// What there is to say once the server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Where it answers.
    pub address: SocketAddr,
    /// A token of the user `admin`, where there was no user and one was added. It is not said
    /// again.
    pub first_token: Option<String>,
}

/// How long a request that was begun may still take when the server is told to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(10);
/// How long work for the database, whose request is gone, may still take then.
const LAST_WORK: Duration = Duration::from_secs(5);

/// Serves until the process is told to stop (Ctrl-C or a termination signal; a second one does
/// not wait for the requests that were begun). Calls `ready` once it answers.
///
/// # Errors
/// The data cannot be opened or is served already, or the address is taken or not safe.
pub fn serve(options: &Options, ready: impl FnOnce(Ready)) -> Result<()> {
    check_reach(options)?;
    std::fs::create_dir_all(&options.data)
        .with_context(|| format!("cannot make the folder {}", options.data.display()))?;
    // The database of a PostgreSQL server is meant for several of us.
    let lock = if options.database.is_none() { Some(lock(&options.data)?) } else { None };
    let rows = Rows::open(&Location::of_folder(&options.data, options.database.as_deref()))?;
    let bytes = options.data.join("artifacts");
    let files = Files::open(rows.clone(), &bytes, options.artifacts.as_deref())?;
    let mut state = State::new(Tracking::open(rows.clone())?, files).with_surveys(&options.data);
    let mut first_token = None;
    if options.auth {
        let users = Users::open(rows)?;
        first_token = users.first_admin()?;
        state = state.for_users(users)?;
    }
    let app = app(state.clone(), Hosts::new(options.listen.ip(), &options.allowed_hosts));
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let listener = bind(options.listen).await?;
        let address = listener.local_addr()?;
        ready(Ready { address, first_token });
        let answering = connections::answer(listener, app, told_to_stop(), LAST_REQUESTS);
        match select(pin!(answering), pin!(told_twice())).await {
            Either::Left((true, _)) => {}
            _ => tracing::warn!("stopped although requests were not answered yet"),
        }
        Ok(())
    });
    runtime.shutdown_timeout(LAST_WORK);
    // The last handle to the database waits until all is written, and closes it.
    drop(state);
    drop(lock);
    served
}

async fn bind(listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen).await.map_err(|error| {
        refused(
            format!("cannot listen on {listen}: {error}"),
            "is something else there? --listen says another address; port 0 takes a free one",
        )
    })
}

/// Every route. A request is counted, has to come from where it may, and from whom it may; only
/// then is its body read: nobody unknown fills our memory.
pub fn app(state: State, hosts: Hosts) -> Router {
    let telemetry = Telemetry::new();
    let scraped = telemetry.clone();
    let routes = Router::new()
        .route("/health", get(async || "OK"))
        .route("/version", get(async || mlflow::VERSION))
        .route("/metrics", get(async move || scraped.scrape()))
        .merge(mlflow::routes())
        .merge(api::routes())
        .merge(pages::routes())
        .fallback(mlflow::error::nothing_here)
        .method_not_allowed_fallback(mlflow::error::wrong_method);
    let routes = guard::bodies(routes);
    let routes = routes.layer(from_fn_with_state(state.gate.clone(), users::gate));
    guard::origins(routes, hosts)
        .layer(from_fn_with_state(telemetry, telemetry::count))
        .with_state(state)
}

/// Threads for a laptop: few that answer, and enough that wait for the database that many writers
/// share one commit.
fn runtime() -> std::io::Result<Runtime> {
    let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(n_cores.min(4))
        .max_blocking_threads(64)
        // A thread that ends gives its memory back; one that idles keeps it.
        .thread_keep_alive(Duration::from_secs(1))
        .enable_all()
        .build()
}

/// Other machines reach an address that is not loopback: then somebody has to have said who may.
fn check_reach(options: &Options) -> Result<()> {
    let listen = options.listen;
    if listen.ip().is_loopback() || options.auth || options.open_to_the_network {
        return Ok(());
    }
    Err(refused(
        format!(
            "{listen} can be reached from other machines, and without users everybody there could \
             read, change and delete everything"
        ),
        "--auth lets only users in; --open-to-the-network lets everybody in",
    ))
}

/// Keeps a second server off the folder. The system lets go of the lock when the process ends,
/// however it ends.
fn lock(data: &Path) -> Result<File> {
    let path = data.join("serve.lock");
    let cannot = || format!("cannot lock the folder: {}", path.display());
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(refused(
            format!("the folder {} is served by another `fieldkit serve` already", data.display()),
            "use that one, end it, or say another folder with --data",
        )),
        Err(TryLockError::Error(error)) => Err(error).with_context(cannot),
    }
}

fn refused(what: String, hint: &str) -> anyhow::Error {
    workbench::Error::Refused { what, hint: hint.to_owned() }.into()
}

async fn told_twice() {
    told_to_stop().await;
    told_to_stop().await;
}

async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            select(pin!(interrupt), pin!(terminate.recv())).await;
            return;
        }
    }
    let _ = interrupt.await;
}
