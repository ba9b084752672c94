//! Step two: trees over the features, and a probability that can be believed. Knows rows of
//! numbers only: neither images nor what the numbers mean.

pub mod bins;
pub mod boost;
pub mod calibrate;
mod grow;
pub mod tree;

pub use bins::Table;
pub use boost::Boosted;
pub use calibrate::Calibration;
pub use tree::Tree;
