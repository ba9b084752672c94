//! The face for Rust: do any computation as a run that is recorded.
//!
//! ```
//! use record::{Journal, Memory, Status};
//! use workbench::{Work, record_run};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let scratch = tempfile::tempdir()?;
//! # let data = scratch.path();
//! # std::fs::write(data.join("runs.csv"), "params,tokens,loss\n1e6,2e7,4.1\n4e6,8e7,3.4\n")?;
//! let files = [data.join("runs.csv")];
//! let work = Work { application: "scaling", command: "import", inputs: &files, seed: None };
//! let recorded = record_run(data, &work, &mut Memory::default(), |journal| {
//!     let import = scaling::data::import(&files, &Default::default(), journal)?;
//!     journal.metric("runs", 0, import.runs.len() as f64);
//!     Ok::<_, scaling::Error>(import)
//! });
//!
//! assert_eq!(recorded.outcome?.runs.len(), 2);
//! let run = recorded.run?;
//! assert_eq!(run.status, Status::Finished);
//! assert_eq!(workbench::runs(data)?.runs, [run]);
//! # Ok(())
//! # }
//! ```
//!
//! Runs lie as plain files: `DATA/runs/ID/` holds `run.json` (a [`record::Run`]), `metrics.csv`
//! and `artifacts/`. Read in this order: [`recording`] (do something as a run), [`folder`] (the
//! journal that writes it), [`input`] (what it read, with digests), [`reading`] (runs read
//! back), [`name`] (what may be a name inside the folder), [`file`](mod@file) (written whole or
//! not at all).

pub mod error;
pub mod file;
pub mod folder;
pub mod input;
pub mod name;
pub mod reading;
pub mod recording;

pub use error::Error;
pub use file::write_whole;
pub use folder::Folder;
pub use input::dataset;
pub use reading::{Runs, artifact_file, metrics, run, run_folder, runs};
pub use recording::{Recorded, Work, record_run};

/// Fieldkit's version, and the commit that the working tree stood on when it was built.
pub const CODE_VERSION: &str = env!("FIELDKIT_VERSION");
