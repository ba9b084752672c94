//! How large a batch may grow before it wastes tokens, read off steps to one loss.
//!
//! Zhang et al. 2024, "How Does Critical Batch Size Scale in Pre-training?" (arXiv 2410.21676):
//! it grows with the tokens seen and hardly with the size of the model. Kaplan's, by the loss, is
//! in [`kaplan::training`](super::kaplan::training).

use super::mccandlish::StepsAgainstExamples;
use super::start::{Sizes, between};
use super::{Law, Parameter, Quantity, Standing};
use crate::units::{Sequences, Tokens};

/// The largest batch that takes no more than `1 + overhead` times the tokens of perfect scaling
/// from the batch `reference`.
///
/// Of `S(B) = a + b/B`: `B·S(B) = (1 + overhead)·B₀·S(B₀)`, hence
/// `B = [(1 + overhead)(a·B₀ + b) − b]/a`. The paper takes an overhead of 20 % and a reference of
/// 256 sequences.
pub fn batch_with_overhead(h: &StepsAgainstExamples, reference: Tokens, overhead: f64) -> Tokens {
    let (a, b) = (h.least_steps.0, h.least_examples.0);
    Tokens(((1.0 + overhead) * (a * reference.0 + b) - b) / a)
}

/// A power law of the critical batch, in sequences, `CBS = c·(x/1e6)^p`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    /// c, in sequences.
    pub coefficient: f64,
    /// p.
    pub exponent: f64,
    /// Tokens in one sequence.
    pub sequence: Tokens,
    /// How the numbers came to be here.
    pub standing: Standing,
}

/// By size along D = 20N: `CBS = 93.20·(N/1e6)^0.468` sequences of 512 tokens; reproduced from
/// the steps to a loss of five models.
pub const ZHANG_BY_SIZE: PowerLaw = PowerLaw {
    coefficient: 93.20,
    exponent: 0.468,
    sequence: Tokens(512.0),
    standing: Standing::Reproduced,
};

/// By data: `CBS = 22.91·(D/1e6)^0.47` sequences of 512 tokens; from memory of the paper.
pub const ZHANG_BY_DATA: PowerLaw = PowerLaw {
    coefficient: 22.91,
    exponent: 0.47,
    sequence: Tokens(512.0),
    standing: Standing::FromMemory,
};

impl PowerLaw {
    /// The critical batch at `x` parameters or tokens, in sequences.
    pub fn sequences(&self, x: f64) -> Sequences {
        Sequences(self.coefficient * (x / 1e6).powf(self.exponent))
    }

    /// The critical batch at `x` parameters or tokens, in tokens.
    pub fn tokens(&self, x: f64) -> Tokens {
        Tokens(self.sequences(x).0 * self.sequence.0)
    }
}

/// Steps to one loss by batch: a [`Law`] whose value is a number of steps, not a loss, so that
/// the fit's residual is the paper's `ln Ŝ − ln S`. Among [`RELATED`](super::RELATED).
///
/// `S = a + b/B`, where a = S_min and b = E_min: the hyperbola of [`StepsAgainstExamples`].
pub static STEPS_TO_LOSS: Law = Law {
    id: "steps_to_loss",
    name: "Steps to a loss, by batch",
    equation: "S = S_min + E_min/B",
    inputs: &[Quantity::Batch],
    parameters: &[
        Parameter::log("S_min", "steps", 1e-3, 1e15),
        Parameter::log("E_min", "tokens", 1e-3, 1e20),
    ],
    source: "Zhang et al. 2024, §3; McCandlish et al. 2018, eq. 2.11; Kaplan et al. 2020, eq. 5.1",
    published: &[],
    loss: steps_to_loss,
    start: start_steps_to_loss,
};

fn steps_to_loss(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    gradient[0] = 1.0;
    gradient[1] = 1.0 / x[0];
    theta[0] + theta[1] / x[0]
}

fn start_steps_to_loss(rows: &[Vec<f64>], steps: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, steps);
    let least = sizes.lowest * between(0.1, 1.0, u[0]);
    STEPS_TO_LOSS.within_bounds(vec![least, sizes.coefficient(0, 1.0, between(0.1, 1.0, u[1]))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Steps;

    // The fitted limits and critical batches of the paper's five models, in sequences of 512.
    #[test]
    fn the_batches_of_the_paper_follow_from_its_hyperbolas() {
        let models = [
            (1293.83, 2_834_258.0, 745.32),
            (1752.42, 5_677_479.0, 955.16),
            (2095.35, 11_383_270.0, 1393.73),
            (2459.93, 19_449_689.0, 1888.52),
            (3897.31, 43_381_130.0, 2533.41),
        ];
        for (steps, sequences, expected) in models {
            let limits = StepsAgainstExamples {
                least_steps: Steps(steps),
                least_examples: Tokens(512.0 * sequences),
            };
            let batch = batch_with_overhead(&limits, Tokens(512.0 * 256.0), 0.2);
            assert!((batch.0 / 512.0 - expected).abs() < 0.01, "{batch} against {expected}");
        }
    }

    #[test]
    fn the_overhead_over_perfect_scaling_is_the_one_asked_for() {
        let limits = StepsAgainstExamples { least_steps: Steps(2e3), least_examples: Tokens(3e9) };
        let reference = Tokens(1e5);
        let batch = batch_with_overhead(&limits, reference, 0.2);
        let overhead = limits.examples(batch).0 / limits.examples(reference).0 - 1.0;
        assert!((overhead - 0.2).abs() < 1e-12);
    }

    #[test]
    fn a_batch_in_tokens_is_the_one_in_sequences_times_their_length() {
        assert_eq!(ZHANG_BY_SIZE.sequences(1e6).0, 93.20);
        assert_eq!(ZHANG_BY_SIZE.tokens(1e6).0, 93.20 * 512.0);
    }
}
