//! From a score to a probability that can be believed.

use serde::{Deserialize, Serialize};

/// A monotone map from score to probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {}
