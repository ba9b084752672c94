//! Bytes in S3-compatible storage, by `object_store`. The only place here that opens a connection,
//! and only to the storage that was named when the files were opened.

use std::future::Future;
use std::io::Read as _;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::StreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStore as _, ObjectStoreExt as _, PutPayload};
use record::Digest;
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;

use super::bytes::Kept;
use super::local::{self, FileError};

/// A bucket, and the prefix of our keys in it. Clones are handles to the same.
#[derive(Clone)]
pub(super) struct Bucket(Arc<Inner>);

struct Inner {
    place: String,
    prefix: Key,
    s3: AmazonS3,
    /// `object_store` is async; those who call the store wait. Its one thread moves the bytes.
    runtime: Runtime,
}

/// What is uploaded, and read, in one request: above S3's least size of a part, 5 MiB.
const PART: usize = 8 * 1024 * 1024;

impl Bucket {
    pub(super) fn open(url: &str) -> Result<Self, FileError> {
        let wrong = |what: String, hint: &str| FileError::Unavailable {
            place: url.to_owned(),
            what,
            hint: hint.to_owned(),
        };
        let (bucket, prefix) = url
            .strip_prefix("s3://")
            .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
            .filter(|(bucket, _)| !bucket.is_empty())
            .ok_or_else(|| {
                wrong("this is not the URL of a bucket".to_owned(), "s3://BUCKET/PREFIX")
            })?;
        // Of the two that are compiled in somewhere, rustls wants to be told which one to use.
        // Whoever came first has done it: nothing is lost.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let is_plain = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
            .iter()
            .any(|name| std::env::var(name).is_ok_and(|value| value.starts_with("http://")));
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        if is_plain {
            builder = builder.with_allow_http(true);
        }
        let s3 = builder.build().map_err(|error| {
            wrong(error.to_string(), "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and, outside of AWS, AWS_ENDPOINT_URL")
        })?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("store s3")
            .enable_all()
            .build()
            .map_err(|error| wrong(error.to_string(), "the system has no thread left"))?;
        let prefix = Key::from(prefix.trim_matches('/'));
        Ok(Self(Arc::new(Inner { place: url.to_owned(), prefix, s3, runtime })))
    }

    fn key(&self, digest: &Digest) -> Key {
        let digits = digest.to_string();
        self.0.prefix.clone().join("sha256").join(&digits[..2]).join(digits)
    }

    /// Waits for a request. None where there is no such object.
    fn wait<T>(
        &self,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> Result<Option<T>, FileError> {
        match self.0.runtime.block_on(request) {
            Ok(answer) => Ok(Some(answer)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(FileError::Unavailable {
                place: self.0.place.clone(),
                what: error.to_string(),
                hint: "is the storage reached from here, and do the keys allow it?".to_owned(),
            }),
        }
    }

    fn lost(&self, digest: &Digest) -> FileError {
        FileError::Lost { digest: *digest, place: self.0.place.clone() }
    }

    pub(super) fn stat(&self, digest: &Digest) -> Result<Option<Kept>, FileError> {
        let found = self.wait(self.0.s3.head(&self.key(digest)))?;
        Ok(found.map(|found| kept(*digest, &found)))
    }

    /// In one request where it is small, else part after part: no more than one is in memory.
    pub(super) fn put(&self, digest: &Digest, file: NamedTempFile) -> Result<(), FileError> {
        let key = self.key(digest);
        let path = file.path().to_owned();
        let mut file = file.reopen().map_err(|error| local::refused(&path, &error))?;
        let mut part = || {
            let mut bytes = Vec::new();
            let read = file.by_ref().take(PART as u64).read_to_end(&mut bytes);
            read.map(|_| bytes).map_err(|error| local::refused(&path, &error))
        };
        let first = part()?;
        if first.len() < PART {
            self.wait(self.0.s3.put(&key, PutPayload::from(first)))?.ok_or(self.lost(digest))?;
            return Ok(());
        }
        let mut upload = self.wait(self.0.s3.put_multipart(&key))?.ok_or(self.lost(digest))?;
        let mut bytes = first;
        let done = loop {
            if bytes.is_empty() {
                break self.wait(upload.complete());
            }
            if let Err(error) = self.wait(upload.put_part(PutPayload::from(bytes))) {
                break Err(error);
            }
            match part() {
                Ok(next) => bytes = next,
                Err(error) => break Err(error),
            }
        };
        if done.is_err() {
            // The storage keeps the parts of what is neither completed nor aborted.
            let _ = self.wait(upload.abort());
        }
        done?.ok_or(self.lost(digest)).map(|_| ())
    }

    pub(super) fn piece(
        &self,
        digest: &Digest,
        start: u64,
        most: u64,
    ) -> Result<Vec<u8>, FileError> {
        let end = start + most.min(PART as u64);
        let bytes = self.wait(self.0.s3.get_range(&self.key(digest), start..end))?;
        Ok(bytes.ok_or_else(|| self.lost(digest))?.to_vec())
    }

    pub(super) fn walk(
        &self,
        mut each: impl FnMut(Kept) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        let mut all = self.0.s3.list(Some(&self.0.prefix.clone().join("sha256")));
        while let Some(found) = self.0.runtime.block_on(all.next()) {
            let Some(found) = self.wait(async { found })? else { continue };
            let name = found.location.filename().unwrap_or_default();
            let Ok(digest) = name.parse() else { continue };
            each(kept(digest, &found))?;
        }
        Ok(())
    }

    pub(super) fn delete(&self, digest: &Digest) -> Result<(), FileError> {
        self.wait(self.0.s3.delete(&self.key(digest))).map(|_| ())
    }
}

fn kept(digest: Digest, found: &ObjectMeta) -> Kept {
    Kept { digest, n_bytes: found.size, since: SystemTime::from(found.last_modified) }
}
