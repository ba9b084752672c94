//! Rows and bytes at rest: tables in one SQLite file or in a PostgreSQL database, with the same
//! behaviour. Knows none of our nouns: each capability above brings its own tables.
//!
//! ```
//! use store::{Location, Rows, values};
//!
//! # fn main() -> Result<(), store::Error> {
//! # let scratch = tempfile::tempdir().unwrap();
//! let rows = Rows::open(&Location::Sqlite(scratch.path().join("fieldkit.db")))?;
//! rows.migrate("notes", &["CREATE TABLE notes (id {id}, words TEXT NOT NULL)"])?;
//! rows.write(|tx| tx.execute("INSERT INTO notes (words) VALUES (?)", values!["two dogs"]))?;
//! let found: Vec<String> =
//!     rows.read(|tx| tx.query("SELECT words FROM notes", values![], |row| row.get(0)))?;
//! assert_eq!(found, ["two dogs"]);
//! # Ok(())
//! # }
//! ```
//!
//! - [`Rows`]: a database; [`Rows::read`] sees one state, [`Rows::write`] returns when its work
//!   is on disk.
//! - [`Tx`]: what one piece of work may do, with bound parameters only.
//! - [`Location`]: where the database is.
//! - [`Files`]: bytes by their content, in a folder or in S3-compatible storage, and their names.

mod connection;
mod error;
mod files;
mod rows;
mod value;
mod writer;

pub use connection::{Location, Tx};
pub use error::Error;
pub use files::{
    Collected, Entry, File, FileError, Files, Garbage, InvalidPath, Name, Reading, Upload,
};
pub use rows::Rows;
pub use value::{Column, Row, Value};
