//! Bytes at rest, each kept once under the SHA-256 of what it is, and the names that they go by.
//!
//! A name is a row, not a path on the disk: what a client asks for is looked up, never opened. The
//! only paths that are opened are made of the digits of a digest.
//!
//! - [`Name`]: where a file is in the one tree of names. Its reading refuses every way out of it.
//! - [`Files`]: the tree and the bytes below it.
//! - [`Upload`]: bytes on their way in; nobody sees them before [`Files::keep`].
//! - [`Reading`]: the bytes of one file, in pieces.

mod bytes;
mod collect;
mod local;
mod name;
mod s3;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use record::{Digest, Hasher};
use tempfile::NamedTempFile;

use self::bytes::Bytes;
pub use self::bytes::Reading;
pub use self::collect::{Collected, Garbage};
pub use self::local::FileError;
pub use self::name::{InvalidPath, Name};
use crate::{Row, Rows, Tx, values};

/// One row is one entry of a folder, a file or a folder of its own: a look into a folder reads the
/// rows of that folder only. A folder has no digest.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE file_names (
        folder TEXT NOT NULL,
        name TEXT NOT NULL,
        digest TEXT,
        n_bytes BIGINT NOT NULL,
        made_ms BIGINT NOT NULL,
        PRIMARY KEY (folder, name)
    ) {clustered};
    CREATE INDEX file_names_by_digest ON file_names (digest);
    CREATE TABLE file_pins (
        upload TEXT NOT NULL PRIMARY KEY,
        digest TEXT NOT NULL,
        made_ms BIGINT NOT NULL
    ) {clustered};
"];

/// A tree of named files. Clones are handles to the same.
///
/// Its functions wait; async code calls them where waiting is allowed.
#[derive(Clone)]
pub struct Files {
    rows: Rows,
    bytes: Arc<Bytes>,
    /// Where uploads are until they are whole.
    incoming: PathBuf,
}

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name within the folder.
    pub name: String,
    /// The file, or none for a folder.
    pub file: Option<File>,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// What its bytes are.
    pub digest: Digest,
    /// How many they are.
    pub n_bytes: u64,
    /// When it got this name, in milliseconds since 1970.
    pub made_ms: i64,
}

impl Files {
    /// Opens the files whose names are in `rows`. The bytes are in `folder`, or, where `url` is
    /// given, in the S3-compatible storage that it names (`s3://bucket/prefix`; keys, region and
    /// endpoint come from the environment variables `AWS_…`).
    ///
    /// # Errors
    /// The folder cannot be made, the database refuses, or the URL is not of S3.
    pub fn open(rows: Rows, folder: &Path, url: Option<&str>) -> Result<Self, FileError> {
        rows.migrate("files", MIGRATIONS)?;
        let incoming = folder.join("incoming");
        fs::create_dir_all(&incoming).map_err(|error| local::refused(&incoming, &error))?;
        let bytes = match url {
            Some(url) => Bytes::S3(s3::Bucket::open(url)?),
            None => Bytes::Local(local::Folder::open(folder)?),
        };
        Ok(Self { rows, bytes: Arc::new(bytes), incoming })
    }

    /// Begins to take bytes in.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn begin(&self) -> Result<Upload, FileError> {
        let file = tempfile::Builder::new().prefix("upload-").tempfile_in(&self.incoming);
        let file = file.map_err(|error| local::refused(&self.incoming, &error))?;
        Ok(Upload { file, hasher: Hasher::default(), n_bytes: 0 })
    }

    /// Keeps what was taken in under `name`, in place of what had that name. When this returns
    /// the bytes and the name are on disk.
    ///
    /// # Errors
    /// A folder has that name, a file has the name of one of its folders, or it cannot be written.
    pub fn keep(&self, upload: Upload, name: &Name) -> Result<File, FileError> {
        self.rows.read(|tx| is_free_for_a_file(tx, name))?;
        let Upload { file, hasher, n_bytes } = upload;
        let synced = file.as_file().sync_all();
        synced.map_err(|error| local::refused(file.path(), &error))?;
        let made = File { digest: hasher.finish(), n_bytes, made_ms: now_ms() };
        // Fresh bytes are young, and thus safe from `collect`. Old ones that this upload finds
        // and counts on are pinned first: then either they are there, or they are put again.
        let pin = if self.bytes.has(&made.digest)? {
            let pin = file.path().display().to_string();
            self.pin(&pin, &made.digest)?;
            Some(pin)
        } else {
            None
        };
        if pin.is_none() || !self.bytes.has(&made.digest)? {
            self.bytes.put(&made.digest, file)?;
        }
        let name = name.clone();
        self.rows.write(move |tx| {
            is_free_for_a_file(tx, &name)?;
            insert(tx, &name, &made)?;
            if let Some(pin) = &pin {
                tx.execute("DELETE FROM file_pins WHERE upload = ?", values![pin])?;
            }
            Ok::<_, FileError>(())
        })?;
        Ok(made)
    }

    /// Keeps bytes that are in memory already.
    ///
    /// # Errors
    /// As [`Files::keep`].
    pub fn write(&self, name: &Name, bytes: &[u8]) -> Result<File, FileError> {
        let mut upload = self.begin()?;
        upload.write(bytes)?;
        self.keep(upload, name)
    }

    /// The entry of that name; the root is a folder.
    ///
    /// # Errors
    /// The database's.
    pub fn find(&self, name: &Name) -> Result<Option<Entry>, FileError> {
        self.rows.read(|tx| find(tx, name))
    }

    /// The entries of a folder, in the order of their names. A folder that is not there is empty,
    /// and so is a file.
    ///
    /// # Errors
    /// The database's.
    pub fn list(&self, folder: &Name) -> Result<Vec<Entry>, FileError> {
        let mut entries = self.rows.read(|tx| {
            tx.query(
                "SELECT name, digest, n_bytes, made_ms FROM file_names WHERE folder = ?",
                values![folder.as_str()],
                entry,
            )
        })?;
        // Sorted here: the two databases do not agree on an order of texts.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Opens a file to read it.
    ///
    /// # Errors
    /// There is none of that name, it is a folder, or its bytes cannot be read.
    pub fn read(&self, name: &Name) -> Result<Reading, FileError> {
        match self.find(name)? {
            None => Err(FileError::Absent { name: name.to_string() }),
            Some(Entry { file: None, .. }) => Err(FileError::IsFolder { name: name.to_string() }),
            Some(Entry { file: Some(file), .. }) => self.bytes.read(&file),
        }
    }

    /// Deletes a file, or a folder with all that is in it, and returns how many files that were.
    /// Their bytes stay until [`Files::collect`].
    ///
    /// # Errors
    /// The database's.
    pub fn delete(&self, name: &Name) -> Result<u64, FileError> {
        let name = name.clone();
        self.rows.write(move |tx| delete(tx, &name))
    }

    /// Says that bytes are counted on from now on.
    fn pin(&self, upload: &str, digest: &Digest) -> Result<(), FileError> {
        let (upload, digest) = (upload.to_owned(), digest.to_string());
        self.rows.write(move |tx| {
            let row = values![&upload, &digest, now_ms()];
            tx.execute("INSERT INTO file_pins (upload, digest, made_ms) VALUES (?, ?, ?)", row)?;
            Ok(())
        })
    }
}

/// Bytes on their way in, in a file beside those that are kept. Dropped, nothing of it stays.
pub struct Upload {
    file: NamedTempFile,
    hasher: Hasher,
    n_bytes: u64,
}

impl Upload {
    /// Takes the next piece.
    ///
    /// # Errors
    /// The disk is full, or its folder was taken away.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), FileError> {
        let written = self.file.write_all(piece);
        written.map_err(|error| local::refused(self.file.path(), &error))?;
        self.hasher.update(piece);
        self.n_bytes += piece.len() as u64;
        Ok(())
    }
}

/// The folders above a name have to be folders, and nothing but a file may have the name itself.
fn is_free_for_a_file(tx: &mut Tx, name: &Name) -> Result<(), FileError> {
    if name.is_root() {
        return Err(FileError::IsFolder { name: String::new() });
    }
    for folder in name.folders() {
        if let Some(Entry { file: Some(_), .. }) = find(tx, &folder)? {
            return Err(FileError::IsFile { name: folder.to_string() });
        }
    }
    match find(tx, name)? {
        Some(Entry { file: None, .. }) => Err(FileError::IsFolder { name: name.to_string() }),
        _ => Ok(()),
    }
}

fn find(tx: &mut Tx, name: &Name) -> Result<Option<Entry>, FileError> {
    let Some((folder, last)) = name.split() else {
        return Ok(Some(Entry { name: String::new(), file: None }));
    };
    Ok(tx.first(
        "SELECT name, digest, n_bytes, made_ms FROM file_names WHERE folder = ? AND name = ?",
        values![folder, last],
        entry,
    )?)
}

fn entry(row: &Row) -> Result<Entry, crate::Error> {
    let digest: Option<String> = row.get(1)?;
    let Some(digest) = digest else {
        return Ok(Entry { name: row.get(0)?, file: None });
    };
    let Ok(digest) = digest.parse() else {
        let (place, what) = ("file_names".to_owned(), format!("`{digest}` is no digest"));
        return Err(crate::Error::Sql { place, what });
    };
    let n_bytes = row.get::<i64>(2)?.unsigned_abs();
    let file = Some(File { digest, n_bytes, made_ms: row.get(3)? });
    Ok(Entry { name: row.get(0)?, file })
}

fn insert(tx: &mut Tx, name: &Name, file: &File) -> Result<(), crate::Error> {
    for (folder, last) in name.folders().iter().filter_map(Name::split) {
        tx.execute(
            "INSERT INTO file_names (folder, name, digest, n_bytes, made_ms) \
             VALUES (?, ?, NULL, 0, ?) ON CONFLICT (folder, name) DO NOTHING",
            values![folder, last, file.made_ms],
        )?;
    }
    if let Some((folder, last)) = name.split() {
        tx.execute(
            "INSERT INTO file_names (folder, name, digest, n_bytes, made_ms) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (folder, name) DO UPDATE SET digest = excluded.digest, \
             n_bytes = excluded.n_bytes, made_ms = excluded.made_ms",
            values![
                folder,
                last,
                file.digest.to_string(),
                i64::try_from(file.n_bytes).unwrap_or(i64::MAX),
                file.made_ms
            ],
        )?;
    }
    Ok(())
}

fn delete(tx: &mut Tx, name: &Name) -> Result<u64, FileError> {
    let Some(found) = find(tx, name)? else { return Ok(0) };
    if let Some((folder, last)) = name.split() {
        let row = values![folder, last];
        tx.execute("DELETE FROM file_names WHERE folder = ? AND name = ?", row)?;
    }
    if found.file.is_some() {
        return Ok(1);
    }
    let mut n_files = 0;
    let mut folders = vec![name.as_str().to_owned()];
    while let Some(folder) = folders.pop() {
        let within = tx.query(
            "SELECT name, digest, n_bytes, made_ms FROM file_names WHERE folder = ?",
            values![&folder],
            entry,
        )?;
        for entry in within {
            match entry.file {
                Some(_) => n_files += 1,
                None if folder.is_empty() => folders.push(entry.name),
                None => folders.push(format!("{folder}/{}", entry.name)),
            }
        }
        tx.execute("DELETE FROM file_names WHERE folder = ?", values![&folder])?;
    }
    Ok(n_files)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
