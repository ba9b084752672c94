//! What the targets share: a store, and a server on one, that are thrown away.

#[cfg(feature = "server")]
mod server;

use std::path::Path;

use store::{Files, Location, Rows};
use tempfile::TempDir;
use tracking::{NewExperiment, NewRun, Tracking};

#[cfg(feature = "server")]
pub use server::Server;

/// How sentences begin that no input may bring about: what the store says of a statement that it
/// does not understand, and what the server says of a panic. `INTERNAL_ERROR` alone is no finding:
/// MLflow answers so in some places, and we answer as it does.
const FAULTS: [&str; 2] = ["the database ", "A mistake in fieldkit"];

/// Panics where a message says that we are at fault.
pub fn judge(about: &str, message: &str) {
    assert!(!FAULTS.iter().any(|fault| message.starts_with(fault)), "{about}: {message}");
}

/// A store with an experiment `1` and a run in it.
pub struct Scratch {
    /// What is tracked.
    pub tracking: Tracking,
    /// The run.
    pub run_id: String,
    /// Artifacts.
    pub files: Files,
    _folder: TempDir,
}

impl Scratch {
    /// An empty one, in memory where the system has a folder there.
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        let folder = folder.expect("a folder for the store");
        let rows = Rows::open(&Location::Sqlite(folder.path().join("fieldkit.db")));
        let rows = rows.expect("a database");
        let files = Files::open(rows.clone(), &folder.path().join("artifacts"), None);
        let files = files.expect("a place for files");
        let tracking = Tracking::open(rows).expect("tables");
        let experiment_id = tracking
            .create_experiment(NewExperiment { name: "fuzzed".to_owned(), ..Default::default() })
            .expect("an experiment");
        let run = tracking.create_run(NewRun { experiment_id, ..Default::default() });
        let run_id = run.expect("a run").id;
        Self { tracking, run_id, files, _folder: folder }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}
