//! Runs whose loss is far from the runs beside them.

use super::flags::Named;

/// Flags outliers.
pub(super) fn flag(runs: &mut [Named]) {
    let _ = runs;
}
