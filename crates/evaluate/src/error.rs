//! What can go wrong: the numbers at hand do not allow what was asked.

/// A question that the numbers at hand do not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}\n  hint: {hint}")]
pub struct Error {
    /// What cannot be done and why.
    pub what: String,
    /// What would allow it.
    pub hint: String,
}

impl Error {
    /// Something that the numbers at hand do not allow.
    pub fn refused(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}
