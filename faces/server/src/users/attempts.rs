//! Guessing passwords is slow: after a few wrong ones, each attempt on the same name, or from the
//! same address, waits for its turn, and turns come ever further apart. Who has signed in a
//! moment ago, or has a token, never waits here.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong passwords of one name before attempts are slowed.
const FREE_OF_NAME: u32 = 5;
/// Wrong passwords from one address, behind which a whole team may sit.
const FREE_OF_ADDRESS: u32 = 20;
/// The first distance between two attempts; each further one is twice as long …
const FIRST: Duration = Duration::from_millis(250);
/// … up to this.
const LONGEST: Duration = Duration::from_secs(8);
/// A request waits no longer for its turn: it is sent away.
const PATIENCE: Duration = Duration::from_secs(10);
/// After so long without an attempt all is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(900);
/// How many names and addresses are remembered.
const MOST: usize = 10_000;

/// The attempts that were not right, by name and by address.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<HashMap<Origin, Failures>>);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Origin {
    Name(String),
    /// None where the server does not know it.
    Address(Option<IpAddr>),
}

#[derive(Clone, Copy)]
struct Failures {
    /// Those that are being checked count until they turn out right.
    n: u32,
    /// When the next may be checked.
    turn: Instant,
}

impl Attempts {
    /// How long this attempt has to wait; as an error: in how long to come back.
    pub(crate) fn begin(
        &self,
        name: &str,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<Duration, Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, failures| now < failures.turn + FORGOTTEN);
        }
        if all.len() >= MOST {
            all.retain(|_, failures| failures.n > FREE_OF_NAME);
        }
        let origins = [
            (Origin::Name(name.to_owned()), FREE_OF_NAME),
            (Origin::Address(address), FREE_OF_ADDRESS),
        ];
        let turns = origins.map(|(origin, free)| {
            let failures = all.get(&origin).copied().filter(|it| now < it.turn + FORGOTTEN);
            let failures = failures.unwrap_or(Failures { n: 0, turn: now });
            let turn = failures.turn.max(now) + distance(failures.n, free);
            (origin, Failures { n: failures.n.saturating_add(1), turn })
        });
        let wait = turns.iter().map(|(_, it)| it.turn - now).max().unwrap_or_default();
        if PATIENCE < wait {
            return Err(wait);
        }
        all.extend(turns);
        Ok(wait)
    }

    /// The attempt was right: it does not count, and the name has a clean slate.
    pub(crate) fn right(&self, name: &str, address: Option<IpAddr>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&Origin::Name(name.to_owned()));
        if let Some(failures) = all.get_mut(&Origin::Address(address)) {
            failures.n = failures.n.saturating_sub(1);
        }
    }
}

/// How far an attempt after `n` wrong ones is from the one before it.
fn distance(n: u32, free: u32) -> Duration {
    match n.checked_sub(free) {
        None => Duration::ZERO,
        Some(beyond) => FIRST.saturating_mul(1 << beyond.min(16)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Option<IpAddr> = None;

    #[test]
    fn five_mistakes_are_free_then_the_wait_doubles_until_one_is_sent_away() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let waits: Vec<_> = (0..11)
            .map(|_| attempts.begin("ada", HERE, now).map(|wait| wait.as_millis()))
            .collect();
        assert_eq!(waits[..10], [0, 0, 0, 0, 0, 250, 750, 1750, 3750, 7750].map(Ok));
        assert_eq!(waits[10], Err(Duration::from_millis(15_750)));
    }

    #[test]
    fn who_signs_in_starts_anew_and_others_are_not_slowed() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..6 {
            attempts.begin("ada", HERE, now).unwrap();
        }
        assert_eq!(attempts.begin("bob", HERE, now), Ok(Duration::ZERO));
        attempts.right("ada", HERE);
        assert_eq!(attempts.begin("ada", HERE, now), Ok(Duration::ZERO));
    }

    #[test]
    fn one_address_is_slowed_whatever_names_it_tries() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for n in 0..FREE_OF_ADDRESS {
            assert_eq!(attempts.begin(&n.to_string(), HERE, now), Ok(Duration::ZERO));
        }
        assert_eq!(attempts.begin("ada", HERE, now), Ok(FIRST));
        let elsewhere = Some(IpAddr::from([10, 0, 0, 1]));
        assert_eq!(attempts.begin("ada", elsewhere, now), Ok(Duration::ZERO));
    }

    #[test]
    fn a_quarter_of_an_hour_later_all_is_forgotten() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..9 {
            attempts.begin("ada", HERE, now).unwrap();
        }
        let later = now + LONGEST + FORGOTTEN;
        assert_eq!(attempts.begin("ada", HERE, later), Ok(Duration::ZERO));
    }
}
