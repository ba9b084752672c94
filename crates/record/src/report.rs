//! How good something is: scores with their interval, their split and their baseline.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A range that holds the true value with a stated probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    #[serde(with = "crate::real")]
    pub low: f64,
    /// Upper end.
    #[serde(with = "crate::real")]
    pub high: f64,
    /// Probability, such as 0.95.
    pub level: f64,
    /// How it was made, such as "bootstrap by run, 4,000 draws".
    pub method: String,
}

impl Interval {
    /// An interval from `low` to `high`.
    pub fn new(low: f64, high: f64, level: f64, method: impl Into<String>) -> Self {
        Self { low, high, level, method: method.into() }
    }

    /// Whether `value` lies inside, ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// What a score is to be compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// What was measured, such as "Chinchilla" or "always the mean".
    pub name: String,
    /// Its value of the same metric on the same split.
    #[serde(with = "crate::real")]
    pub value: f64,
}

/// One measured number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The metric's name, with its unit where it has one: "loss_nats".
    pub metric: String,
    /// The measured value.
    #[serde(with = "crate::real")]
    pub value: f64,
    /// How sure it is; absent where the number is exact.
    pub interval: Option<Interval>,
    /// The rows it was measured on, such as "held-out: top 25 % of compute".
    pub split: String,
    /// What to hold against it.
    pub baseline: Option<Baseline>,
}

impl Score {
    /// A score without interval and baseline yet.
    pub fn new(metric: impl Into<String>, value: f64, split: impl Into<String>) -> Self {
        Self { metric: metric.into(), value, interval: None, split: split.into(), baseline: None }
    }

    /// The same with an interval.
    pub fn with_interval(mut self, interval: Interval) -> Self {
        self.interval = Some(interval);
        self
    }

    /// The same with a baseline.
    pub fn against(mut self, name: impl Into<String>, value: f64) -> Self {
        self.baseline = Some(Baseline { name: name.into(), value });
        self
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {:.4}", self.metric, self.value)?;
        if let Some(i) = &self.interval {
            write!(f, " ({:.0} % {:.4} to {:.4})", 100.0 * i.level, i.low, i.high)?;
        }
        write!(f, ", {}", self.split)?;
        if let Some(b) = &self.baseline {
            write!(f, "; {}: {:.4}", b.name, b.value)?;
        }
        Ok(())
    }
}

/// The scores of one model or fit on one data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvalReport {
    /// What was measured on what.
    pub title: String,
    /// The numbers.
    pub scores: Vec<Score>,
    /// The seed of everything random in them, if anything was.
    pub seed: Option<u64>,
    /// Sentences the reader must see beside the numbers.
    pub notes: Vec<String>,
}

impl EvalReport {
    /// A report without seed and notes yet.
    pub fn new(title: impl Into<String>, scores: Vec<Score>) -> Self {
        Self { title: title.into(), scores, seed: None, notes: Vec::new() }
    }
}
