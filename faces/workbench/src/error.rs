//! What can go wrong with a record, each with what, where and what to do.

use std::io;
use std::path::{Path, PathBuf};

/// An error of the record. It never stops the work that is recorded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder could not be written; nothing of it is left behind.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the record is not what was written.
    #[error("{}: {what}\n  hint: {hint}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do.
        hint: String,
    },
    /// What was asked cannot be done.
    #[error("{what}\n  hint: {hint}")]
    Refused {
        /// What cannot be done and why.
        what: String,
        /// What would allow it.
        hint: String,
    },
    /// What was asked breaks a rule of the records, or is not there.
    #[error("{0}")]
    Rule(String),
    /// The database or the server cannot be reached at present.
    #[error("{0}")]
    Unavailable(String),
    /// The database or the server does not do as it should.
    #[error("{0}")]
    Broken(String),
}

impl Error {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into(), hint: hint.into() }
    }

    pub(crate) fn refused(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), hint: hint.into() }
    }
}

impl From<tracking::Error> for Error {
    fn from(error: tracking::Error) -> Self {
        match error.kind {
            tracking::Kind::TemporarilyUnavailable => Self::Unavailable(error.message),
            tracking::Kind::Internal => Self::Broken(error.message),
            _ => Self::Rule(error.message),
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        tracking::Error::from(error).into()
    }
}

impl From<store::FileError> for Error {
    fn from(error: store::FileError) -> Self {
        use store::FileError as File;
        let message = error.to_string();
        match error {
            File::Rows(error) => error.into(),
            File::Unavailable { .. } => Self::Unavailable(message),
            File::Lost { .. } => Self::Broken(message),
            _ => Self::Rule(message),
        }
    }
}
