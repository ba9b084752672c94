//! How good something is, and how sure one can be of it: metrics, intervals, the comparison of
//! two results, and the report that shows them. Pure: nothing here reads a file or knows an
//! application.
//!
//! ```
//! use evaluate::bootstrap::{Resampling, interval};
//! use evaluate::regression::{Pair, mape};
//! use evaluate::{Block, Page, Section};
//! use record::{EvalReport, Score};
//!
//! let pairs = [(2.9, 3.0), (2.6, 2.5), (2.2, 2.2), (2.4, 2.5)].map(Pair::from);
//! let value = mape(&pairs).expect("four pairs");
//! let sure = interval(&pairs, mape, &Resampling::default())?;
//!
//! let score = Score::new("mape", value, "held-out: top 25 % of compute").with_interval(sure);
//! let report = EvalReport::new("Chinchilla on four runs", vec![score]);
//! let page = Page::new("Scaling plan", "Four runs, one law")
//!     .with(Section::new("Scores", vec![Block::Scores(report)]));
//! assert!(evaluate::html(&page).starts_with("<!doctype html>"));
//! # Ok::<(), evaluate::Error>(())
//! ```
//!
//! Read in this order: [`regression`] and [`proportion`] (the metrics), [`bootstrap`] (their
//! intervals), [`compare`] (two results on the same items), [`plot`] (pictures), [`page`] (the
//! report).

pub mod bootstrap;
pub mod compare;
mod distributions;
mod error;
pub mod page;
pub mod plot;
pub mod proportion;
pub mod regression;

pub use error::Error;
pub use page::{Block, Fact, Figure, Page, Photo, Section, Table, html, json};
