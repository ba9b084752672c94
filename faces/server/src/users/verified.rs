//! Passwords that were right a moment ago: Argon2 takes 20 ms and 19 MiB, too much for every
//! request. What is remembered is that a password fits a hash, so that a user who is removed or
//! has another password or role is not known by it for a moment longer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::{Error, token};

/// How long a password is not checked again.
const KEPT: Duration = Duration::from_secs(300);
/// How many are remembered.
const MOST: usize = 1024;

/// Pairs of password and hash that fit, each as a digest with a key of this process.
pub(crate) struct Verified {
    key: String,
    until: Mutex<HashMap<Pair, Instant>>,
    turns: Mutex<HashMap<Pair, Weak<Turn>>>,
}

/// Held while a pair is checked.
pub(crate) type Turn = tokio::sync::Mutex<()>;

/// A password and a hash.
type Pair = [u8; 32];

impl Verified {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self { key: token::generate()?, until: Mutex::default(), turns: Mutex::default() })
    }

    pub(crate) fn pair(&self, password: &str, hash: &str) -> Pair {
        let mut digest = Sha256::new();
        for part in [&self.key, hash, password] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        }
        digest.finalize().into()
    }

    pub(crate) fn knows(&self, pair: &Pair, now: Instant) -> bool {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(pair).is_some_and(|until| now < *until)
    }

    /// Twenty programs of one user that start together say the same password: one check is enough
    /// for all of them. Who holds the turn checks; who gets it after looks again first.
    pub(crate) fn turn(&self, pair: Pair) -> Arc<Turn> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| 0 < turn.strong_count());
        if let Some(turn) = turns.get(&pair).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::default();
        turns.insert(pair, Arc::downgrade(&turn));
        turn
    }

    pub(crate) fn remember(&self, pair: Pair, now: Instant) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() >= MOST {
            until.retain(|_, until| now < *until);
        }
        if until.len() >= MOST {
            until.clear();
        }
        until.insert(pair, now + KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_for_its_hash_alone_and_for_minutes_alone() {
        let (verified, now) = (Verified::new().unwrap(), Instant::now());
        let pair = verified.pair("secret", "$old");
        verified.remember(pair, now);
        assert!(verified.knows(&pair, now));
        assert!(!verified.knows(&verified.pair("secret", "$new"), now));
        assert!(!verified.knows(&pair, now + KEPT));
    }

    #[test]
    fn memory_stays_bounded_however_many_sign_in() {
        let (verified, now) = (Verified::new().unwrap(), Instant::now());
        for n in 0..3 * MOST {
            verified.remember(verified.pair(&n.to_string(), ""), now);
        }
        assert!(verified.until.lock().unwrap().len() <= MOST);
    }
}
