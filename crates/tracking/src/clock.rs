//! The time now, and names that nothing else has.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// 32 hexadecimal digits that nothing else has. Unlikely to meet twice, but no secret.
pub(crate) fn new_id() -> String {
    format!("{:016x}{:016x}", random(0), random(1))
}

/// A number from the keys that the system gives to each hash map.
pub(crate) fn random(salt: u64) -> u64 {
    RandomState::new().hash_one((salt, SystemTime::now()))
}
