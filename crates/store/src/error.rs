//! What can go wrong at rest, each with what, where and what to do.

/// An error of the store. Plain text inside, so that all who waited for one commit can have it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The database cannot be opened or reached.
    #[error("cannot open the database {place}: {what}\n  hint: {hint}")]
    Unavailable {
        /// The file, or the server without its password.
        place: String,
        /// What the system said.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The file is not a database, or damaged.
    #[error(
        "the database {place} is damaged: {what}\n  hint: nothing was changed; copy the file \
         aside, then try `sqlite3 FILE .recover` or restore a backup"
    )]
    Damaged {
        /// The file.
        place: String,
        /// What the database said.
        what: String,
    },
    /// No room is left.
    #[error(
        "the disk of {place} is full: nothing of this request was written\n  hint: make room, then send it again"
    )]
    Full {
        /// The file.
        place: String,
    },
    /// Others held the database for too long.
    #[error(
        "the database {place} is held by another process\n  hint: try again, or end the other one"
    )]
    Busy {
        /// The file.
        place: String,
    },
    /// A newer program wrote it.
    #[error(
        "the tables of {owner} in {place} are of version {found}, this program knows {known}\n  \
         hint: use the newer fieldkit that wrote them"
    )]
    Newer {
        /// The capability that owns the tables.
        owner: String,
        /// The database.
        place: String,
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// A statement was refused.
    #[error("the database {place} refused a statement: {what}")]
    Sql {
        /// The database.
        place: String,
        /// What it said.
        what: String,
    },
}
