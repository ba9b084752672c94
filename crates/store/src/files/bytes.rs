//! The bytes below the names, on this machine or in S3: the same few things can be done with
//! both. Knows digests only.

use std::time::SystemTime;

use record::Digest;
use tempfile::NamedTempFile;

use super::File;
use super::local::{self, FileError};
use super::s3;

/// Where bytes are.
pub(super) enum Bytes {
    Local(local::Folder),
    S3(s3::Bucket),
}

/// Some bytes that are kept, as a listing sees them.
pub(super) struct Kept {
    pub(super) digest: Digest,
    pub(super) n_bytes: u64,
    pub(super) since: SystemTime,
}

impl Bytes {
    /// Whether they are there.
    pub(super) fn has(&self, digest: &Digest) -> Result<bool, FileError> {
        Ok(self.stat(digest)?.is_some())
    }

    /// What a listing would see of them.
    pub(super) fn stat(&self, digest: &Digest) -> Result<Option<Kept>, FileError> {
        match self {
            Self::Local(folder) => folder.stat(digest),
            Self::S3(bucket) => bucket.stat(digest),
        }
    }

    /// Puts a whole file there.
    pub(super) fn put(&self, digest: &Digest, file: NamedTempFile) -> Result<(), FileError> {
        match self {
            Self::Local(folder) => folder.put(digest, file),
            Self::S3(bucket) => bucket.put(digest, file),
        }
    }

    /// Opens them.
    pub(super) fn read(&self, file: &File) -> Result<Reading, FileError> {
        let from = match self {
            Self::Local(folder) => From::Local(folder.read(&file.digest)?),
            Self::S3(bucket) => From::S3(bucket.clone()),
        };
        Ok(Reading { file: *file, from })
    }

    /// Everything that is kept, told to `each`.
    pub(super) fn walk(
        &self,
        each: impl FnMut(Kept) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        match self {
            Self::Local(folder) => folder.walk(each),
            Self::S3(bucket) => bucket.walk(each),
        }
    }

    /// Deletes them.
    pub(super) fn delete(&self, digest: &Digest) -> Result<(), FileError> {
        match self {
            Self::Local(folder) => folder.delete(digest),
            Self::S3(bucket) => bucket.delete(digest),
        }
    }
}

/// The bytes of one file, to be read in pieces.
pub struct Reading {
    file: File,
    from: From,
}

enum From {
    Local(std::fs::File),
    S3(s3::Bucket),
}

impl Reading {
    /// What is read.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The bytes from `start` on, as many as are had in one go and no more than `most`. None are
    /// left where it is empty.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn piece(&mut self, start: u64, most: u64) -> Result<Vec<u8>, FileError> {
        let most = most.min(self.file.n_bytes.saturating_sub(start));
        if most == 0 {
            return Ok(Vec::new());
        }
        match &mut self.from {
            From::Local(open) => local::piece(open, &self.file.digest, start, most),
            From::S3(bucket) => bucket.piece(&self.file.digest, start, most),
        }
    }

    /// All of them. For files that are known to be small.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn all(&mut self) -> Result<Vec<u8>, FileError> {
        let mut all = Vec::new();
        loop {
            let piece = self.piece(all.len() as u64, u64::MAX)?;
            if piece.is_empty() {
                return Ok(all);
            }
            all.extend(piece);
        }
    }
}
