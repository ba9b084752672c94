//! Histogram-boosted trees.

use serde::{Deserialize, Serialize};

/// Boosted trees with logistic loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boosted {}
