//! The gate that every request passes: who sends it, and may they? Whoever is not known learns
//! nothing, not even which routes there are.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::Semaphore;

use super::attempts::Attempts;
use super::credentials::{self, Credentials};
use super::rights;
use super::verified::Verified;
use super::{Caller, Error, Users, password};

/// Passwords that are checked at the same time: each takes a core and 19 MiB.
const CHECKED_AT_ONCE: usize = 2;

/// The gate's memory. Clones are handles to the same.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Inner>);

struct Inner {
    users: Users,
    verified: Verified,
    attempts: Attempts,
    checks: Semaphore,
}

/// Why a request does not pass.
enum Refused {
    Unknown,
    TooOften(Duration),
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Gate {
    pub(crate) fn new(users: Users) -> Result<Self, Error> {
        Ok(Self(Arc::new(Inner {
            users,
            verified: Verified::new()?,
            attempts: Attempts::default(),
            checks: Semaphore::new(CHECKED_AT_ONCE),
        })))
    }

    async fn identify(
        &self,
        credentials: Credentials,
        address: Option<IpAddr>,
    ) -> Result<Caller, Refused> {
        match credentials {
            Credentials::Token { token, name } => {
                let found = self.blocking(move |inner| inner.users.of_token(&token)).await?;
                let is_theirs = |caller: &Caller| name.is_none_or(|name| name == caller.name);
                found.filter(is_theirs).ok_or(Refused::Unknown)
            }
            Credentials::Password { name, password } => {
                self.by_password(name, password, address).await
            }
        }
    }

    async fn by_password(
        &self,
        name: String,
        password: String,
        address: Option<IpAddr>,
    ) -> Result<Caller, Refused> {
        let asked = name.clone();
        let known = self.blocking(move |inner| inner.users.find(&asked)).await?;
        let (caller, hash) = known.map_or((None, None), |it| (Some(it.caller), it.password));
        let Some(hash) = hash else {
            self.check(&name, password, None, address).await?;
            return Err(Refused::Unknown);
        };
        let verified = &self.0.verified;
        let pair = verified.pair(&password, &hash);
        if !verified.knows(&pair, Instant::now()) {
            let turn = verified.turn(pair);
            let _held = turn.lock().await;
            if !verified.knows(&pair, Instant::now()) {
                self.check(&name, password, Some(hash), address).await?;
                verified.remember(pair, Instant::now());
            }
        }
        caller.ok_or(Refused::Unknown)
    }

    /// Passes where the password is the one of the hash.
    async fn check(
        &self,
        name: &str,
        password: String,
        hash: Option<String>,
        address: Option<IpAddr>,
    ) -> Result<(), Refused> {
        let wait = self.0.attempts.begin(name, address, Instant::now());
        tokio::time::sleep(wait.map_err(Refused::TooOften)?).await;
        let _place = self.0.checks.acquire().await;
        let is_right = move |_: &Inner| password::is_right(&password, hash.as_deref());
        if !self.blocking(is_right).await? {
            return Err(Refused::Unknown);
        }
        self.0.attempts.right(name, address);
        Ok(())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let gate = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&gate.0)).await;
        done.unwrap_or_else(|error| Err(Error::Secret(error.to_string())))
    }
}

/// Lets a request pass whose sender is known and may ask it. Without a gate everybody may do
/// everything.
pub(crate) async fn gate(
    axum::extract::State(gate): axum::extract::State<Option<Gate>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(gate) = gate else { return next.run(request).await };
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if route == Some(rights::OPEN) {
        return next.run(request).await;
    }
    let least = rights::least_role(request.method(), route);
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|it| it.0.ip());
    let Some(said) = credentials::of_headers(request.headers()) else {
        return answer(Refused::Unknown);
    };
    match gate.identify(said, address).await {
        Err(refused) => {
            let address = address.map_or_else(|| "unknown".to_owned(), |ip| ip.to_string());
            tracing::warn!(address, "a sign-in was refused");
            answer(refused)
        }
        Ok(caller) if caller.role < least => forbidden(&caller, least),
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
    }
}

fn answer(refused: Refused) -> Response {
    match refused {
        Refused::Unknown => {
            let message = "You are not signed in, or the name, password or token is wrong. Set \
                           MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or \
                           MLFLOW_TRACKING_TOKEN; Fieldkit's own commands read FIELDKIT_TOKEN.";
            let mut response = refusal(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message);
            let scheme = HeaderValue::from_static("Basic realm=\"fieldkit\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            response
        }
        Refused::TooOften(wait) => {
            let seconds = wait.as_secs() + 1;
            let message = format!("Too many wrong passwords. Try again in {seconds} seconds.");
            let mut response =
                refusal(StatusCode::TOO_MANY_REQUESTS, "REQUEST_LIMIT_EXCEEDED", &message);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
        Refused::Failed(error) => {
            tracing::error!("cannot say who sends a request: {error}");
            let message = "The server cannot look up its users now. Try again later.";
            refusal(StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", message)
        }
    }
}

fn forbidden(caller: &Caller, least: super::Role) -> Response {
    let Caller { name, role } = caller;
    let message = format!("Permission denied: this needs the role {least}; {name} is {role}.");
    refusal(StatusCode::FORBIDDEN, "PERMISSION_DENIED", &message)
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "error_code": code, "message": message }))).into_response()
}
