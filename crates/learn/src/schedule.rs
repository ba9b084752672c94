//! How a run is trained: steps, batch, and what the learning rate does over them.

use serde::{Deserialize, Serialize};

/// How a run is trained. All of it, together with the architecture and the text, fixes the result.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// S, updates.
    pub steps: u64,
    /// B in sequences.
    pub batch_sequences: usize,
    /// The peak of the learning rate.
    pub learning_rate: f64,
    /// Updates until the peak is reached, in a straight line.
    pub warm_up_steps: u64,
    /// What the learning rate does after that.
    pub schedule: Schedule,
    /// Fixes the initial weights and the order of the text.
    pub seed: u64,
}

/// What the learning rate does after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// Half a cosine down to a tenth of the peak. Hoffmann et al. 2022
    Cosine,
    /// It stays, and over the last fifth of the steps it falls as 1 - sqrt(t). Hägele et al. 2024
    Wsd,
}

/// A cosine ends at this share of the peak.
const COSINE_FLOOR: f64 = 0.1;

/// The share of the steps over which a WSD schedule comes down.
const COOL_DOWN_SHARE: f64 = 0.2;

impl Schedule {
    /// The word for it in tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Cosine => "cosine",
            Self::Wsd => "wsd",
        }
    }
}

impl Recipe {
    /// Whether both say the same, but for the last digits of a learning rate that was written to
    /// a file and read again.
    pub fn is_as(&self, other: &Self) -> bool {
        let close = (self.learning_rate / other.learning_rate - 1.0).abs() < 1e-12;
        close && *other == Self { learning_rate: other.learning_rate, ..*self }
    }

    /// The learning rate of an update, from 1 to [`Recipe::steps`].
    pub fn learning_rate_at(&self, step: u64) -> f64 {
        let peak = self.learning_rate;
        if step <= self.warm_up_steps {
            return peak * step as f64 / self.warm_up_steps as f64;
        }
        let share = |from: f64| {
            let to = self.steps as f64;
            if to > from { ((step as f64 - from) / (to - from)).clamp(0.0, 1.0) } else { 1.0 }
        };
        match self.schedule {
            Schedule::Constant => peak,
            Schedule::Cosine => {
                let half = (std::f64::consts::PI * share(self.warm_up_steps as f64)).cos();
                peak * (COSINE_FLOOR + (1.0 - COSINE_FLOOR) * 0.5 * (1.0 + half))
            }
            Schedule::Wsd => {
                let begin = (1.0 - COOL_DOWN_SHARE) * self.steps as f64;
                if step as f64 <= begin { peak } else { peak * (1.0 - share(begin).sqrt()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(schedule: Schedule, steps: &[u64]) -> Vec<f64> {
        let recipe = Recipe {
            steps: 110,
            batch_sequences: 1,
            learning_rate: 2.0,
            warm_up_steps: 10,
            schedule,
            seed: 0,
        };
        steps.iter().map(|s| (recipe.learning_rate_at(*s) * 1e9).round() / 1e9).collect()
    }

    #[test]
    fn the_rate_rises_in_a_straight_line_to_its_peak() {
        assert_eq!(rates(Schedule::Constant, &[1, 5, 10, 11, 110]), [0.2, 1.0, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn a_cosine_falls_to_a_tenth() {
        assert_eq!(rates(Schedule::Cosine, &[10, 60, 110]), [2.0, 1.1, 0.2]);
    }

    #[test]
    fn wsd_stays_and_then_falls_to_zero_as_a_root() {
        // The last fifth begins at step 88; a quarter of it is over at 93.5.
        assert_eq!(rates(Schedule::Wsd, &[50, 88, 110]), [2.0, 2.0, 0.0]);
        let at_99 = 2.0 * (1.0 - 0.5f64.sqrt());
        assert!((rates(Schedule::Wsd, &[99])[0] - at_99).abs() < 1e-8);
    }
}
