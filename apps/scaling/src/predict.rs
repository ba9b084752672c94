//! From fitted laws to decisions: what to train with a budget, how large a batch, when to stop,
//! which schedule, which run next, which recipe.
//!
//! Every number that is derived from a fit is derived again from each of its bootstrap draws, and
//! carries the interval that comes of it.

pub mod batch;
pub mod candidates;
pub mod compare;
pub mod curve;
pub(crate) mod frontier;
pub mod next;
pub mod plan;
pub mod rig;
pub mod stop;

use ::evaluate::bootstrap::of_draws;
use record::Interval;
use serde::Serialize;

/// The level of every interval here.
pub const LEVEL: f64 = 0.95;

/// A number with how sure it is and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Where it may lie; none where nothing says.
    pub interval: Option<Interval>,
    /// Where it comes from, in words.
    pub source: String,
}

impl Estimate {
    /// A number of which no interval is known.
    pub fn alone(value: f64, source: impl Into<String>) -> Self {
        Self { value, interval: None, source: source.into() }
    }

    /// A number with the same quantity in each bootstrap draw.
    pub fn with_draws(value: f64, draws: Vec<f64>, source: impl Into<String>) -> Self {
        Self { value, interval: interval_of(draws, "bootstrap by run"), source: source.into() }
    }
}

/// The percentile interval of `draws`; none where too few of them are finite numbers.
pub(crate) fn interval_of(draws: Vec<f64>, method: &str) -> Option<Interval> {
    of_draws(draws, LEVEL, method)
}

/// The mean.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_the_middle_95_of_100_draws() {
        let draws = (0..=100).map(f64::from).collect();
        let interval = interval_of(draws, "draws").unwrap();
        assert!((interval.low - 2.5).abs() < 1e-9 && (interval.high - 97.5).abs() < 1e-9);
    }

    #[test]
    fn draws_that_mostly_fail_give_no_interval() {
        let draws = (0..100).map(|i| if i < 45 { f64::from(i) } else { f64::NAN }).collect();
        assert_eq!(interval_of(draws, "draws"), None);
    }
}
