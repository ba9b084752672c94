//! The keys of metrics, params and tags as small numbers, so that a point of a metric does not
//! repeat its name. Keys are never deleted, so what is known once stays true.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use store::{Tx, values};

use crate::Error;

/// Keys and their numbers, as far as this process has met them.
#[derive(Clone, Default)]
pub(crate) struct Keys(Arc<RwLock<HashMap<String, i64>>>);

/// Keys that a piece of work has given a number, which is not on disk yet.
pub(crate) type Fresh = HashMap<String, i64>;

/// How many are remembered: a client that invents keys must not fill the memory.
const REMEMBERED: usize = 50_000;

impl Keys {
    /// The number of a key, where it has one.
    pub(crate) fn find(&self, tx: &mut Tx, key: &str) -> Result<Option<i64>, Error> {
        if let Some(known) = self.known(key) {
            return Ok(Some(known));
        }
        Ok(in_table(tx, key)?)
    }

    /// The number of a key; it gets one where it has none.
    pub(crate) fn get(&self, tx: &mut Tx, fresh: &mut Fresh, key: &str) -> Result<i64, Error> {
        if let Some(known) = self.known(key).or_else(|| fresh.get(key).copied()) {
            return Ok(known);
        }
        let id = match in_table(tx, key)? {
            Some(id) => id,
            None => {
                let made = tx.first(
                    "INSERT INTO run_keys (name) VALUES (?) RETURNING id",
                    values![key],
                    |row| row.get(0),
                )?;
                made.ok_or_else(|| Error::internal("a new key got no number"))?
            }
        };
        fresh.insert(key.to_owned(), id);
        Ok(id)
    }

    /// Remembers keys whose numbers are on disk.
    pub(crate) fn remember(&self, fresh: Fresh) {
        if fresh.is_empty() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() + fresh.len() > REMEMBERED {
            known.clear();
        }
        known.extend(fresh);
    }

    fn known(&self, key: &str) -> Option<i64> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }
}

fn in_table(tx: &mut Tx, key: &str) -> Result<Option<i64>, store::Error> {
    tx.first("SELECT id FROM run_keys WHERE name = ?", values![key], |row| row.get(0))
}
