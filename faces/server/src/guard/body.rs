//! How long and how large a body may be, and of which type. Uploads of files go through as they
//! come, of any size; every other body is read here, whole, before its route sees it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use futures_util::{StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Refused, refusal};

/// The largest body that is read into memory. The largest field of MLflow's protocol, the profile
/// of a dataset, is just below.
const LARGEST: usize = 16 * 1024 * 1024;
/// Bodies above this share …
const LARGE: usize = 1024 * 1024;
/// … so many places, so that many large ones at once do not fill the memory.
const LARGE_AT_ONCE: usize = 16;

/// How long a body may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// The next bytes have to come within this.
    pub(super) idle: Duration,
    /// All of a body that is read into memory has to come within this.
    pub(super) whole: Duration,
}

/// 16 MiB at 60 KiB a second.
pub(super) const PATIENCE: Patience =
    Patience { idle: Duration::from_secs(20), whole: Duration::from_secs(300) };

pub(super) struct Bodies {
    large: Arc<Semaphore>,
    patience: Patience,
}

/// The place of a large body, while it is in memory.
pub(super) type Held = OwnedSemaphorePermit;

/// What a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// A file of any size and type, as it comes.
    Upload,
    /// A small file of any type.
    File,
    /// JSON or protobuf.
    Spans,
    /// JSON.
    Json,
}

impl Bodies {
    pub(super) fn new(patience: Patience) -> Self {
        Self { large: Arc::new(Semaphore::new(LARGE_AT_ONCE)), patience }
    }

    pub(super) async fn admit(
        &self,
        route: Option<&str>,
        request: Request,
    ) -> Result<(Request, Option<Held>), Refused> {
        let takes = taken(request.method(), route);
        check_type(takes, request.method(), request.headers(), route)?;
        if takes == Takes::Upload {
            return Ok((request.map(|body| patient(body, self.patience.idle)), None));
        }
        if request.body().is_end_stream() {
            return Ok((request, None));
        }
        let length = request.body().size_hint().exact();
        if length.is_some_and(|length| length > LARGEST as u64) {
            return Err(too_large());
        }
        let held = match length {
            Some(length) if length <= LARGE as u64 => None,
            _ => self.large.clone().acquire_owned().await.ok(),
        };
        let (head, body) = request.into_parts();
        let whole = whole(body, length, self.patience).await?;
        Ok((Request::from_parts(head, Body::from(whole)), held))
    }
}

fn taken(method: &Method, route: Option<&str>) -> Takes {
    let route = route.unwrap_or_default();
    if *method == Method::PUT && route.contains("/mlflow-artifacts/artifacts/") {
        Takes::Upload
    } else if route.ends_with("/upload-artifact") {
        Takes::File
    } else if route.ends_with("/v1/traces") {
        Takes::Spans
    } else {
        Takes::Json
    }
}

/// JSON is sent as JSON: a form of another site's page cannot. As MLflow's server, in its words.
fn check_type(
    takes: Takes,
    method: &Method,
    headers: &HeaderMap,
    route: Option<&str>,
) -> Result<(), Refused> {
    let is_protocol =
        route.is_some_and(|route| route.starts_with("/api/") || route.starts_with("/ajax-api/"));
    if takes != Takes::Json || !is_protocol || !matches!(*method, Method::POST | Method::PUT) {
        return Ok(());
    }
    let wrong = |message| Err(refusal(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", message));
    let Some(found) = headers.get(header::CONTENT_TYPE) else {
        return wrong("Bad Request. Content-Type header is missing.");
    };
    match found.to_str().map(|found| found.split(';').next()) {
        Ok(Some("application/json")) => Ok(()),
        _ => wrong("Bad Request. Content-Type must be one of ['application/json']."),
    }
}

/// A body whose next bytes are waited for, but not for ever.
fn patient(body: Body, idle: Duration) -> Body {
    let pieces = body.into_data_stream();
    Body::from_stream(stream::unfold(Some(pieces), move |pieces| async move {
        let mut pieces = pieces?;
        match timeout(idle, pieces.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(pieces))),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(axum::Error::new(TooSlow(idle))), None)),
        }
    }))
}

#[derive(Debug, thiserror::Error)]
#[error("no byte came for {} seconds", .0.as_secs())]
struct TooSlow(Duration);

/// The whole of a body.
async fn whole(body: Body, length: Option<u64>, patience: Patience) -> Result<Vec<u8>, Refused> {
    let until = Instant::now() + patience.whole;
    // A length is a promise: memory is taken as bytes come, beyond a first piece.
    let mut whole =
        Vec::with_capacity(length.map_or(0, |length| length.min(LARGE as u64) as usize));
    let mut pieces = body.into_data_stream();
    loop {
        match timeout_at(until.min(Instant::now() + patience.idle), pieces.next()).await {
            Ok(None) => return Ok(whole),
            Ok(Some(Ok(piece))) if whole.len() + piece.len() <= LARGEST => {
                whole.extend_from_slice(&piece);
            }
            Ok(Some(Ok(_))) => return Err(too_large()),
            Ok(Some(Err(error))) => {
                let message = format!("The body broke off: {error}");
                return Err(refusal(StatusCode::BAD_REQUEST, "BAD_REQUEST", &message));
            }
            Err(_) => {
                let message = "The body came too slowly: send it again, in smaller pieces.";
                return Err(refusal(StatusCode::REQUEST_TIMEOUT, "BAD_REQUEST", message));
            }
        }
    }
}

fn too_large() -> Refused {
    let message = format!(
        "The body is larger than {} MiB. Log in smaller batches; upload files as artifacts.",
        LARGEST / 1024 / 1024
    );
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "INVALID_PARAMETER_VALUE", &message)
}
