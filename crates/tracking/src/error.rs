//! What a client may be told, by MLflow's kinds.

/// A refusal, or a fault of the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Its kind.
    pub kind: Kind,
    /// The sentence for the client.
    pub message: String,
}

/// The kinds of refusals. Each has one error code and one status on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A value that breaks a rule.
    InvalidParameterValue,
    /// A name of an attribute that there is not.
    AttributeNotFound,
    /// No such thing.
    ResourceDoesNotExist,
    /// The name is taken.
    ResourceAlreadyExists,
    /// The thing is not in a state that allows it.
    InvalidState,
    /// A request that cannot be understood.
    BadRequest,
    /// It is not offered here.
    NotImplemented,
    /// The store cannot be reached, or is full: nothing was written.
    TemporarilyUnavailable,
    /// A fault of ours or of the store.
    Internal,
}

impl Error {
    /// A refusal of that kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// A value that breaks a rule.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidParameterValue, message)
    }

    /// No such thing.
    pub fn absent(message: impl Into<String>) -> Self {
        Self::new(Kind::ResourceDoesNotExist, message)
    }

    /// A fault of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// The name is taken.
    pub fn exists(message: impl Into<String>) -> Self {
        Self::new(Kind::ResourceAlreadyExists, message)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        use store::Error as Store;
        let kind = match error {
            Store::Unavailable { .. } | Store::Full { .. } | Store::Busy { .. } => {
                Kind::TemporarilyUnavailable
            }
            Store::Damaged { .. } | Store::Newer { .. } | Store::Sql { .. } => Kind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}
