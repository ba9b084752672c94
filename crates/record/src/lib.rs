//! The words that every part of Fieldkit shares. Values only: this crate reads no file,
//! opens no socket and knows no application.
//!
//! ```
//! use record::{EvalReport, Interval, Journal, Memory, Score};
//!
//! let mut journal = Memory::default();
//! journal.param("law", "chinchilla");
//! journal.metric("objective", 0, 0.001018);
//!
//! let score = Score::new("alpha", 0.3473, "all rows")
//!     .with_interval(Interval::new(0.317, 0.373, 0.95, "bootstrap by run, 4,000 draws"));
//! let report = EvalReport::new("chinchilla on epoch_chinchilla.csv", vec![score]);
//! assert_eq!(report.scores[0].to_string(), "alpha = 0.3473 (95 % 0.3170 to 0.3730), all rows");
//! assert_eq!(journal.metrics["objective"], vec![(0, 0.001018)]);
//! ```
//!
//! Read in this order: [`digest`] (what bytes these are), [`run`] (what was done with them),
//! [`report`] (how good it was), [`journal`] (how work tells what it does).

pub mod digest;
pub mod journal;
mod real;
pub mod report;
pub mod run;

pub use digest::{Digest, Hasher};
pub use journal::{Journal, Memory, Silent, Tee};
pub use report::{Baseline, EvalReport, Interval, Score};
pub use run::{Artifact, Dataset, Model, Run, Status};
