//! The boosted trees: a first look at each candidate alone, a second that knows what its
//! neighbours scored, and three that say where in it the crater lies.

use serde::{Deserialize, Serialize};

use super::{Measured, context};
use crate::candidates::Candidate;
use crate::classify::Boosted;

/// Two looks and a correction of place and size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    pub(crate) first: Boosted,
    pub(crate) second: Boosted,
    pub(crate) place: Place,
}

/// Where the crater lies in its candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// `ln(rim radius/candidate's radius)`.
    pub(crate) size: Boosted,
    /// Offset towards the sun in candidate's radii.
    pub(crate) along: Boosted,
    /// Offset to the right of that.
    pub(crate) across: Boosted,
}

/// A candidate with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    /// Row of the table.
    pub(crate) row: usize,
    /// Place and size, corrected.
    pub(crate) circle: Candidate,
    pub(crate) log_odds: f32,
}

/// Candidates whose first look is below these log-odds are not looked at again.
pub(crate) const WORTH_A_SECOND: f32 = -4.5;

impl Stack {
    pub(crate) fn score(&self, measured: &Measured) -> Vec<Scored> {
        let first: Vec<f32> = measured.table.rows().map(|row| self.first.predict(row)).collect();
        self.score_again(measured, &first)
    }

    /// The second look where the first is known.
    pub(crate) fn score_again(&self, measured: &Measured, first: &[f32]) -> Vec<Scored> {
        let circles = &measured.candidates;
        let rows: Vec<usize> = (0..circles.len()).filter(|i| first[*i] > WORTH_A_SECOND).collect();
        let near = context::of(circles, first, &rows, measured.up);
        let of = |(row, near): (&usize, &Vec<f32>)| {
            let mut all = measured.table.row(*row).to_vec();
            all.extend(near);
            let circle = self.place.correct(&circles[*row], &all, measured.up);
            Scored { row: *row, circle, log_odds: self.second.predict(&all) }
        };
        rows.iter().zip(&near).map(of).collect()
    }

    pub(crate) fn is_sound(&self, n: usize) -> bool {
        let m = n + context::NAMES.len();
        let Place { size, along, across } = &self.place;
        self.first.is_sound(n)
            && [&self.second, size, along, across].iter().all(|of| of.is_sound(m))
    }
}

impl Place {
    fn correct(&self, candidate: &Candidate, row: &[f32], up: [f32; 2]) -> Candidate {
        let r = candidate.radius_px;
        let along = r * self.along.predict(row).clamp(-1.0, 1.0);
        let across = r * self.across.predict(row).clamp(-1.0, 1.0);
        Candidate {
            x: candidate.x + along * up[0] - across * up[1],
            y: candidate.y + along * up[1] + across * up[0],
            radius_px: r * self.size.predict(row).clamp(-0.7, 0.7).exp(),
            score: candidate.score,
        }
    }
}
