//! What can go wrong with users, each with what to do.

/// An error about users.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be done as it was asked.
    #[error("{what}\n  hint: {hint}")]
    Refused {
        /// What was refused.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The database's.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The system gives no random bits, or no memory to hash with.
    #[error("cannot make or check a secret: {0}")]
    Secret(String),
}
