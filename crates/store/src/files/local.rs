//! Bytes in a folder of this machine: `sha256/ab/abcd…`, written beside and renamed, so that what
//! has its name is whole.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use record::Digest;
use tempfile::NamedTempFile;

use super::bytes::Kept;
use super::name::InvalidPath;

/// Why a file could not be kept, found or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The text is no name.
    #[error(transparent)]
    Invalid(#[from] InvalidPath),
    /// Nothing has that name.
    #[error("No such artifact: '{name}'")]
    Absent {
        /// The name.
        name: String,
    },
    /// A folder has that name.
    #[error("Artifact path refers to a directory, not a file: '{name}'")]
    IsFolder {
        /// The name.
        name: String,
    },
    /// A file has the name of a folder.
    #[error("'{name}' is a file: nothing can be put below it")]
    IsFile {
        /// The name.
        name: String,
    },
    /// The folder, or the storage, cannot be used.
    #[error("cannot use {place}: {what}\n  hint: {hint}")]
    Unavailable {
        /// The path, or the bucket.
        place: String,
        /// What the system said.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The bytes of a name are gone.
    #[error(
        "the bytes {digest} are not in {place}, though a name refers to them\n  hint: were they \
         deleted, or is this another folder than the one that they were put in?"
    )]
    Lost {
        /// What they were.
        digest: Digest,
        /// Where they should be.
        place: String,
    },
    /// The database's.
    #[error(transparent)]
    Rows(#[from] crate::Error),
}

/// What the system said about a path.
pub(super) fn refused(path: &Path, error: &std::io::Error) -> FileError {
    let place = path.display().to_string();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            FileError::Rows(crate::Error::Full { place })
        }
        _ => FileError::Unavailable {
            place,
            what: error.to_string(),
            hint: "can the folder be written to? say another with --data".to_owned(),
        },
    }
}

/// A folder of bytes.
pub(super) struct Folder(PathBuf);

/// How much of a file is read in one go.
const PIECE: u64 = 256 * 1024;

impl Folder {
    pub(super) fn open(folder: &Path) -> Result<Self, FileError> {
        let sha256 = folder.join("sha256");
        fs::create_dir_all(&sha256).map_err(|error| refused(&sha256, &error))?;
        Ok(Self(sha256))
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let digits = digest.to_string();
        self.0.join(&digits[..2]).join(digits)
    }

    /// A link that somebody put in the place of bytes is not followed: it counts as absent.
    pub(super) fn stat(&self, digest: &Digest) -> Result<Option<Kept>, FileError> {
        let path = self.path(digest);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => Ok(Some(kept(*digest, &found))),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(refused(&path, &error)),
        }
    }

    pub(super) fn put(&self, digest: &Digest, file: NamedTempFile) -> Result<(), FileError> {
        let path = self.path(digest);
        let folder = path.parent().unwrap_or(&self.0);
        let is_new = match fs::create_dir(folder) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
            Err(error) => return Err(refused(folder, &error)),
        };
        file.persist(&path).map_err(|error| refused(&path, &error.error))?;
        sync_folder(folder)?;
        if is_new { sync_folder(&self.0) } else { Ok(()) }
    }

    pub(super) fn read(&self, digest: &Digest) -> Result<File, FileError> {
        let path = self.path(digest);
        if self.stat(digest)?.is_none() {
            let place = self.0.display().to_string();
            return Err(FileError::Lost { digest: *digest, place });
        }
        File::open(&path).map_err(|error| refused(&path, &error))
    }

    pub(super) fn walk(
        &self,
        mut each: impl FnMut(Kept) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        for folder in entries(&self.0)? {
            if !folder.is_dir() {
                continue;
            }
            for path in entries(&folder)? {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                // What is not ours is left alone.
                let Ok(digest) = name.parse() else { continue };
                if let Some(kept) = self.stat(&digest)? {
                    each(kept)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn delete(&self, digest: &Digest) -> Result<(), FileError> {
        let path = self.path(digest);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(refused(&path, &error)),
            _ => Ok(()),
        }
    }
}

/// Some of the bytes of an open file.
pub(super) fn piece(
    file: &mut File,
    digest: &Digest,
    start: u64,
    most: u64,
) -> Result<Vec<u8>, FileError> {
    let wrong = |error: std::io::Error| refused(Path::new(&digest.to_string()), &error);
    file.seek(SeekFrom::Start(start)).map_err(wrong)?;
    let most = most.min(PIECE);
    let mut bytes = Vec::with_capacity(most as usize);
    file.take(most).read_to_end(&mut bytes).map_err(wrong)?;
    Ok(bytes)
}

pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let wrong = |error: std::io::Error| refused(folder, &error);
    let entries = fs::read_dir(folder).map_err(wrong)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(wrong)).collect()
}

fn kept(digest: Digest, found: &fs::Metadata) -> Kept {
    let since = found.modified().unwrap_or_else(|_| SystemTime::now());
    Kept { digest, n_bytes: found.len(), since }
}

/// A renamed file is found after a power cut once its folder is on disk, too.
fn sync_folder(folder: &Path) -> Result<(), FileError> {
    #[cfg(unix)]
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| refused(folder, &error))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
