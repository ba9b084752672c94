//! A page of another site may not change anything in the name of its reader. Browsers say in
//! `Origin` and `Sec-Fetch-Site` which page asks; programs say neither.

use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::IntoResponse;

use super::{Hosts, Refused};

pub(super) fn check(hosts: &Hosts, request: &Request) -> Result<(), Refused> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    let (origin, host) = (header(header::ORIGIN.as_str()), header(header::HOST.as_str()));
    let is_of_other_site = match origin {
        Some(origin) => !is_ours(hosts, origin, host.unwrap_or_default()),
        None => matches!(header("sec-fetch-site"), Some("cross-site" | "same-site")),
    };
    if !is_of_other_site {
        return Ok(());
    }
    tracing::warn!(?origin, "refused: a page of another site wants to change something");
    Err((StatusCode::FORBIDDEN, "Cross-origin request blocked").into_response().into())
}

/// The page came from the very host and port that is asked, or from a host that was allowed by
/// name. Another port of this machine is another program, and thus another site.
fn is_ours(hosts: &Hosts, origin: &str, host: &str) -> bool {
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority
        .is_some_and(|authority| authority.eq_ignore_ascii_case(host) || hosts.was_told(authority))
}
