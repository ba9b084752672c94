//! Experiments, runs and the registry of models: MLflow's rules and search language, not its JSON.
//!
//! - [`Tracking`]: everything that is tracked in one database.
//! - [`Error`]: what a client may be told, by MLflow's kinds.
//! - [`limits`]: how long a name may be and how much a request may carry.

mod error;
pub mod limits;

pub use error::{Error, Kind};

use store::Rows;

/// Everything that is tracked in one database. Clones are handles to the same.
#[derive(Clone)]
pub struct Tracking {
    rows: Rows,
}

impl Tracking {
    /// Opens what is tracked in `rows`, and makes its tables where they are absent.
    ///
    /// # Errors
    /// The database's.
    pub fn open(rows: Rows) -> Result<Self, Error> {
        Ok(Self { rows })
    }

    /// The database below.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }
}
