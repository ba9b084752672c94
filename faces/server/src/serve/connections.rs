//! Connections: taken one after the other, each answered on its own, none waited for for ever.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use futures_util::future::{Either, select};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

/// How many are open at once. More wait in the queue of the system.
const MOST: u32 = 1024;
/// The head of a request has to come within this; so long is an idle connection kept, too.
const HEAD: Duration = Duration::from_secs(30);
/// The most memory for a head.
const MOST_HEAD: usize = 64 * 1024;

/// Answers until `stop`, then takes no more connections and waits, up to `last`, for the requests
/// that were begun. Returns whether all of them were answered.
pub(super) async fn answer(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()>,
    last: Duration,
) -> bool {
    let room = Arc::new(Semaphore::new(MOST as usize));
    let (told, stopping) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (place, listener.accept().await)
        };
        match select(pin!(next), stop.as_mut()).await {
            Either::Right(_) => break,
            Either::Left(((place, Ok((stream, peer))), _)) => {
                let connection = one(stream, peer, app.clone(), stopping.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Either::Left(((_, Err(error)), _)) => {
                // As when no more files may be open: it passes when a connection ends.
                tracing::error!(%error, "cannot take a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    drop(stopping);
    let _ = told.send(());
    timeout(last, room.acquire_many(MOST)).await.is_ok()
}

async fn one(stream: TcpStream, peer: SocketAddr, app: Router, mut stopping: watch::Receiver<()>) {
    // An answer is written at once: nobody waits for more of it.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let app = app.clone();
        async move {
            Ok::<Response, Infallible>(
                app.oneshot(request).await.unwrap_or_else(|never| match never {}),
            )
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MOST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // A broken connection is no error of ours; its request is gone with it.
    if let Either::Right(_) = select(connection.as_mut(), pin!(stopping.changed())).await {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}
