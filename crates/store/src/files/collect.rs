//! The bytes that no name refers to any more: which they are, and their end.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use record::Digest;

use super::bytes::{Bytes, Kept};
use super::local::{self, FileError};
use super::{Files, now_ms};
use crate::{Tx, values};

/// What [`Files::collect`] found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collected {
    /// Each, by its digest in order.
    pub garbage: Vec<Garbage>,
    /// Their bytes together.
    pub n_bytes: u64,
    /// Uploads that somebody began and never ended.
    pub n_abandoned: u64,
}

/// Bytes without a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Garbage {
    /// What they are.
    pub digest: Digest,
    /// How many they are.
    pub n_bytes: u64,
}

impl Files {
    /// Finds the bytes that no name refers to and that have been there for longer than `grace`,
    /// and deletes them unless `is_dry`. What is younger may belong to an upload that has no name
    /// yet.
    ///
    /// # Errors
    /// The bytes cannot be listed or deleted, or the database's.
    pub fn collect(&self, grace: Duration, is_dry: bool) -> Result<Collected, FileError> {
        let before = SystemTime::now().checked_sub(grace).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut old = Vec::new();
        self.bytes.walk(|kept| {
            if kept.since <= before {
                old.push(kept);
            }
            Ok(())
        })?;
        let mut garbage = Vec::new();
        for Kept { digest, n_bytes, .. } in old {
            let is_garbage = if is_dry {
                self.rows.read(|tx| has_no_name(tx, &digest)).map_err(FileError::Rows)?
            } else {
                self.collect_one(digest, before)?
            };
            if is_garbage {
                garbage.push(Garbage { digest, n_bytes });
            }
        }
        garbage.sort_by_key(|one| one.digest);
        let n_bytes = garbage.iter().map(|one| one.n_bytes).sum();
        let n_abandoned = self.collect_abandoned(before, is_dry)?;
        if !is_dry {
            let before_ms = now_ms().saturating_sub_unsigned(grace.as_millis() as u64);
            self.rows.write(move |tx| {
                tx.execute("DELETE FROM file_pins WHERE made_ms < ?", values![before_ms])
            })?;
        }
        Ok(Collected { garbage, n_bytes, n_abandoned })
    }

    /// While this work runs nobody else writes, so that no upload can pin or name these bytes
    /// between the look and the deletion.
    fn collect_one(&self, digest: Digest, before: SystemTime) -> Result<bool, FileError> {
        let bytes: Arc<Bytes> = Arc::clone(&self.bytes);
        self.rows.write(move |tx| {
            let is_old = bytes.stat(&digest)?.is_some_and(|kept| kept.since <= before);
            let is_garbage = is_old && has_no_name(tx, &digest)?;
            if is_garbage {
                bytes.delete(&digest)?;
            }
            Ok(is_garbage)
        })
    }

    /// The files of uploads whose process was killed.
    fn collect_abandoned(&self, before: SystemTime, is_dry: bool) -> Result<u64, FileError> {
        let mut n_abandoned = 0;
        for path in local::entries(&self.incoming)? {
            let Ok(found) = fs::symlink_metadata(&path) else { continue };
            if !found.is_file() || found.modified().is_ok_and(|since| since > before) {
                continue;
            }
            n_abandoned += 1;
            if !is_dry {
                fs::remove_file(&path).map_err(|error| local::refused(&path, &error))?;
            }
        }
        Ok(n_abandoned)
    }
}

fn has_no_name(tx: &mut Tx, digest: &Digest) -> Result<bool, crate::Error> {
    let digest = digest.to_string();
    let referred = tx.first(
        "SELECT 1 FROM file_names WHERE digest = ? UNION ALL SELECT 1 FROM file_pins WHERE digest = ?",
        values![&digest, &digest],
        |_| Ok(()),
    )?;
    Ok(referred.is_none())
}
