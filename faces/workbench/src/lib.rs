//! The face for Rust: do any computation as a run that is recorded, and find what was recorded.
//!
//! ```
//! use record::{Journal, Memory};
//! use workbench::{Place, Work, Workbench, record_run};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let scratch = tempfile::tempdir()?;
//! # let data = scratch.path();
//! # std::fs::write(data.join("runs.csv"), "params,tokens,loss\n1e6,2e7,4.1\n4e6,8e7,3.4\n")?;
//! let files = [data.join("runs.csv")];
//! let place = Place::folder(data);
//! let work = Work {
//!     application: "scaling",
//!     command: "import",
//!     words: "runs.csv",
//!     inputs: &files,
//!     seed: None,
//! };
//! let recorded = record_run(&place, &work, &mut Memory::default(), |journal| {
//!     let import = scaling::data::import(&files, &Default::default(), journal)?;
//!     journal.metric("runs", 0, import.runs.len() as f64);
//!     Ok::<_, scaling::Error>(import)
//! });
//!
//! assert_eq!(recorded.outcome?.runs.len(), 2);
//! let run = Workbench::open(&place)?.run(&recorded.run_id?)?;
//! assert_eq!((run.name.as_str(), run.metrics[0].value), ("import runs.csv", 2.0));
//! # Ok(())
//! # }
//! ```
//!
//! A run of Fieldkit is a run of MLflow: its experiment is the application's name, and any client
//! of MLflow finds it. Read in this order: [`recording`] (do something as a run), [`recorder`]
//! (the journal that writes it), [`place`] and [`workbench`](mod@workbench) (where records are,
//! and what can be asked of them), [`tag`] (what else is said of a run), [`input`] (what it read,
//! with digests), [`import`](mod@import) (runs of before, which were folders),
//! [`file`](mod@file) (written whole or not at all).

pub mod error;
pub mod file;
mod here;
pub mod import;
pub mod input;
pub mod place;
pub mod recorder;
pub mod recording;
pub mod tag;
mod there;
pub mod workbench;

pub use error::Error;
pub use file::write_whole;
pub use import::{Imported, import};
pub use input::dataset;
pub use place::Place;
pub use recorder::Recorder;
pub use recording::{Recorded, Work, begin, record_run};
pub use workbench::{File, Workbench};

/// Fieldkit's version, and the commit that the working tree stood on when it was built.
pub const CODE_VERSION: &str = env!("FIELDKIT_VERSION");
