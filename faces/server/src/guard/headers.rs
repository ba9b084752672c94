//! What browsers may do with our answers. An answer that says more about itself is left alone.

use axum::http::header::{self, Entry, HeaderName};
use axum::http::{HeaderMap, HeaderValue};

/// Pages run our own scripts only and are framed by nobody else; no type is guessed; no other site
/// reads an answer or learns from where its reader came.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

pub(super) fn add(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        if let Entry::Vacant(entry) = headers.entry(name) {
            entry.insert(HeaderValue::from_static(value));
        }
    }
}
