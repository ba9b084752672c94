//! Step two: trees over the features, and a probability that can be believed.

pub mod boost;
pub mod calibrate;
pub mod tree;

pub use boost::Boosted;
pub use calibrate::Calibration;
pub use tree::Tree;
