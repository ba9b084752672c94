//! Whether two surveys of one scene say the same.

use serde::{Deserialize, Serialize};

use crate::review::is_same;
use crate::survey::Crater;

/// How far two lists of craters agree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Craters of the first list.
    pub n_first: usize,
    /// Craters of the second.
    pub n_second: usize,
    /// Pairs, one to one.
    pub n_both: usize,
}

impl Agreement {
    /// Of those from the threshold on: each of the first list finds its nearest partner of the
    /// second that is still free and is the same by the rule of scoring.
    pub fn of(first: &[Crater], second: &[Crater], threshold: f64) -> Self {
        let counted = |all: &[Crater]| -> Vec<(f64, f64, f64)> {
            let counted = all.iter().filter(|it| threshold <= it.probability);
            counted.map(|it| (it.x_px, it.y_px, it.diameter_px)).collect()
        };
        let (first, mut second) = (counted(first), counted(second));
        let (n_first, n_second) = (first.len(), second.len());
        second.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut is_free = vec![true; second.len()];
        let mut n_both = 0;
        for here in &first {
            let reach = here.2.max(2.0);
            let begin = second.partition_point(|it| it.0 < here.0 - reach);
            let end = second.partition_point(|it| it.0 <= here.0 + reach);
            let apart = |idx: &usize| (second[*idx].0 - here.0).hypot(second[*idx].1 - here.1);
            let free = (begin..end).filter(|idx| is_free[*idx] && is_same(*here, second[*idx]));
            if let Some(idx) = free.min_by(|a, b| apart(a).total_cmp(&apart(b))) {
                is_free[idx] = false;
                n_both += 1;
            }
        }
        Self { n_first, n_second, n_both }
    }

    /// Pairs over what either list has; none where both are empty.
    pub fn share(&self) -> Option<f64> {
        let n = self.n_first + self.n_second - self.n_both;
        (0 < n).then(|| self.n_both as f64 / n as f64)
    }
}
