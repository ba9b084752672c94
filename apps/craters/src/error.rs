//! What can go wrong, each with what, where and what to do.

use std::path::PathBuf;

/// An error of the crater survey. All but [`Error::Io`] and [`Error::Write`] are about the user's
/// input and can be mended by the user.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}{}: {what}\n  hint: {hint}", path.display(), line.map(|l| format!(":{l}")).unwrap_or_default())]
    Input {
        /// The file.
        path: PathBuf,
        /// The line in it, from 1, where one is to blame.
        line: Option<u64>,
        /// What is wrong.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The data do not allow what was asked.
    #[error("{what}\n  hint: {hint}")]
    Refused {
        /// What cannot be done and why.
        what: String,
        /// What would allow it.
        hint: String,
    },
}

/// What most functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A file that is not what it should be.
    pub fn input(
        path: impl Into<PathBuf>,
        line: impl Into<Option<u64>>,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::Input { path: path.into(), line: line.into(), what: what.into(), hint: hint.into() }
    }

    /// Something that the data at hand do not allow.
    pub fn refused(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), hint: hint.into() }
    }
}
