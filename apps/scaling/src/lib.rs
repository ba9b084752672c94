//! Plan a training run from the runs you have: fit scaling laws, say how sure they are, and turn
//! a budget into a model size, a number of tokens, a batch, steps and a loss.
//!
//! Read in this order: [`units`] (what the numbers are), [`data`] (raw files to typed runs,
//! once), [`model`] (the laws), [`fit`] (from runs to a law with its uncertainty), [`evaluate`]
//! (how well a law predicts compute it has not seen), [`judge`] (what the runs do not allow to
//! say), [`predict`] (from a law to a plan), [`report`] (pictures of it). [`isoflop`] is the older way,
//! without a law; [`tuning`] asks how learning rate and batch grow; [`sweep`] trains runs of ours.

pub mod data;
pub mod error;
pub mod evaluate;
pub mod fit;
pub mod isoflop;
pub mod judge;
mod least_squares;
pub mod model;
pub mod predict;
pub mod report;
pub mod sweep;
pub mod tuning;
pub mod units;

pub use error::Error;
