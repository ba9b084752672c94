//! What the server says about itself: numbers for Prometheus at `/metrics`, and a log on stderr.
//! Nothing of it leaves the machine by itself, and nothing of a request but its route is in it.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
pub use tracing::level_filters::LevelFilter;

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Writes the log to stderr from now on: what failed as errors, refused sign-ins as warnings,
/// start and stop as information, every request for debugging. The first call of a process counts.
pub fn log_to_stderr(format: LogFormat, level: LevelFilter) {
    // Colours are for a terminal: in a file they are only noise.
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A log that is there already stays.
    let _ = match format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_target(false).try_init(),
    };
}

/// Upper ends of the classes of latency, in seconds.
const LATENCIES: [f64; 11] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];

/// The numbers. Clones are handles to the same.
#[derive(Clone)]
pub(crate) struct Telemetry(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Family<Answered, Counter>,
    latencies: Family<Asked, Histogram>,
    in_flight: Gauge,
    memory: Gauge,
}

/// A route by its template: a path that nobody serves is not a label, or anyone could fill the
/// memory with labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: String,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u16,
}

impl Telemetry {
    pub(crate) fn new() -> Self {
        let requests = Family::default();
        let latencies =
            Family::new_with_constructor((|| Histogram::new(LATENCIES)) as fn() -> Histogram);
        let (in_flight, memory) = (Gauge::default(), Gauge::default());
        let mut registry = Registry::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time until the answer begins",
            Unit::Seconds,
            latencies.clone(),
        );
        registry.register("http_requests_in_flight", "Requests begun", in_flight.clone());
        registry.register_with_unit(
            "process_resident_memory",
            "Memory of this process, where the system tells it",
            Unit::Bytes,
            memory.clone(),
        );
        Self(Arc::new(Inner { registry, requests, latencies, in_flight, memory }))
    }

    /// All numbers as Prometheus reads them.
    pub(crate) fn scrape(&self) -> Response {
        self.0.memory.set(resident_bytes().unwrap_or(0));
        let mut text = String::new();
        match encode(&mut text, &self.0.registry) {
            Ok(()) => {
                let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                ([(header::CONTENT_TYPE, kind)], text).into_response()
            }
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
}

/// Counts a request and its answer.
pub(crate) async fn count(
    State(telemetry): State<Telemetry>,
    request: Request,
    next: Next,
) -> Response {
    let Inner { requests, latencies, in_flight, .. } = &*telemetry.0;
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let (route, method) = (route.to_owned(), name(request.method()));
    let _begun = Begun::new(in_flight);
    let start = Instant::now();
    let response = next.run(request).await;
    let (seconds, status) = (start.elapsed().as_secs_f64(), response.status());
    log(&method, &route, status, seconds);
    latencies
        .get_or_create(&Asked { method: method.clone(), route: route.clone() })
        .observe(seconds);
    requests.get_or_create(&Answered { method, route, status: status.as_u16() }).inc();
    response
}

fn log(method: &str, route: &str, status: StatusCode, seconds: f64) {
    let (status, ms) = (status.as_u16(), seconds * 1e3);
    if status >= 500 {
        tracing::error!(method, route, status, ms, "failed");
    } else {
        tracing::debug!(method, route, status, ms, "answered");
    }
}

/// Methods that anyone may invent are one label.
fn name(method: &Method) -> String {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if KNOWN.contains(method) { method.to_string() } else { "other".to_owned() }
}

/// A request that was begun, also where its sender goes away before the answer.
struct Begun<'a>(&'a Gauge);

impl<'a> Begun<'a> {
    fn new(gauge: &'a Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Linux tells it in a file; elsewhere it stays unknown.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
