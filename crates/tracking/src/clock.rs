//! The time now, and names that nothing else has.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Milliseconds since 1970, and later than each such time that was given before: what is made one
/// after the other is listed so, however fast it comes.
pub(crate) fn birth_ms() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = now_ms();
    let later = |last: i64| now.max(last.saturating_add(1));
    let update = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(later(last)));
    later(update.unwrap_or_else(|last| last))
}

/// 32 hexadecimal digits that nothing else has. Unlikely to meet twice, but no secret.
pub(crate) fn new_id() -> String {
    format!("{:016x}{:016x}", random(0), random(1))
}

/// A number from the keys that the system gives to each hash map.
pub(crate) fn random(salt: u64) -> u64 {
    RandomState::new().hash_one((salt, SystemTime::now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_births_are_at_one_time() {
        let births: Vec<i64> = (0..100).map(|_| birth_ms()).collect();
        assert!(births.is_sorted_by(|earlier, later| earlier < later), "{births:?}");
    }
}
