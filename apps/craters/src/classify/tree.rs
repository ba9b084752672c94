//! One decision tree, as in the paper; its path explains a decision.

use serde::{Deserialize, Serialize};

/// A decision tree over rows of features. NaN goes the way that was better in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tree {}

/// One question on the way to a leaf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Index of the feature.
    pub feature: usize,
    /// What it is compared with.
    pub threshold: f32,
    /// The value of this candidate.
    pub value: f32,
    /// Whether the value was at most the threshold.
    pub is_below: bool,
    /// Share of craters among the training candidates that came here.
    pub share_before: f32,
}
