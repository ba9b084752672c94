//! The line in which the bombs of one aircraft lie.

use serde::{Deserialize, Serialize};

/// A stick: bombs released one after another fall in a line at regular spacing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stick {
    /// Direction of flight, degrees clockwise from north, where known.
    pub heading_deg: Option<f64>,
    /// Metres from one bomb to the next, where known.
    pub spacing_m: Option<f64>,
    /// Metres from the first bomb to the last, where known.
    pub length_m: Option<f64>,
    /// Bombs in it.
    pub n_bombs: u32,
}

impl Stick {
    /// From what a record says of it: of spacing and length one follows from the other by
    /// `length = (n − 1) · spacing`, `n` bombs being shared evenly among the aircraft. None where
    /// the record says neither direction, spacing nor length.
    pub fn of(
        n_bombs: u32,
        n_aircraft: Option<u32>,
        heading_deg: Option<f64>,
        spacing_m: Option<f64>,
        length_m: Option<f64>,
    ) -> Option<Self> {
        let heading_deg = heading_deg.map(|heading| heading.rem_euclid(360.0));
        let spacing_m = spacing_m.filter(|metres| *metres > 0.0);
        let length_m = length_m.filter(|metres| *metres > 0.0);
        if heading_deg.is_none() && spacing_m.is_none() && length_m.is_none() {
            return None;
        }
        let n_bombs = n_bombs.div_ceil(n_aircraft.unwrap_or(1).max(1));
        let n_gaps = f64::from(n_bombs.saturating_sub(1));
        let spacing_m =
            spacing_m.or_else(|| length_m.filter(|_| n_gaps > 0.0).map(|metres| metres / n_gaps));
        let length_m = length_m.or_else(|| spacing_m.map(|metres| metres * n_gaps));
        Some(Self { heading_deg, spacing_m, length_m, n_bombs })
    }
}
