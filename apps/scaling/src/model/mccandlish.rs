//! McCandlish et al. 2018, "An Empirical Model of Large-Batch Training" (arXiv 1812.06162): how
//! noisy the gradient is, and what that says about the batch.
//!
//! A batch is counted in whatever the norms were taken over (tokens, sequences, samples), and
//! the noise scale comes out in the same.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::units::{Steps, Tokens};

/// Steps against examples at one loss: `(S/S_min − 1)(E/E_min − 1) = 1` (eq. 2.11; Kaplan et al.
/// 2020, eq. 5.1), with E = B·S.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepsAgainstExamples {
    /// S_min: steps at a batch without bound.
    pub least_steps: Steps,
    /// E_min: tokens at a vanishing batch.
    pub least_examples: Tokens,
}

impl StepsAgainstExamples {
    /// `S = S_min + E_min/B`, which is the hyperbola solved for S.
    pub fn steps(&self, batch: Tokens) -> Steps {
        Steps(self.least_steps.0 + self.least_examples.0 / batch.0)
    }

    /// `E = B·S = E_min + S_min·B`.
    pub fn examples(&self, batch: Tokens) -> Tokens {
        Tokens(self.least_examples.0 + self.least_steps.0 * batch.0)
    }

    /// `B_crit = E_min/S_min`: twice the least steps and twice the least examples
    /// (Kaplan et al. 2020, eq. 5.2).
    pub fn critical_batch(&self) -> Tokens {
        Tokens(self.least_examples.0 / self.least_steps.0)
    }
}

/// Squared norms of the gradient of the same weights over a small and a large batch. Trainers
/// that spread a batch over ranks have both: one rank's and the reduced one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NormPair {
    /// B_small.
    pub b_small: f64,
    /// B_big.
    pub b_big: f64,
    /// |G_small|².
    pub small_squared: f64,
    /// |G_big|².
    pub big_squared: f64,
}

/// Unbiased estimates from one pair; either may come out below zero by chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseEstimate {
    /// |G|², of the true gradient.
    pub gradient_squared: f64,
    /// S, an estimate of tr(Σ), the trace of the covariance of one example's gradient.
    pub trace: f64,
}

impl NormPair {
    /// `|G|² = (B_big|G_big|² − B_small|G_small|²)/(B_big − B_small)`,
    /// `S = (|G_small|² − |G_big|²)/(1/B_small − 1/B_big)` (App. A.1).
    pub fn estimate(&self) -> NoiseEstimate {
        let Self { b_small, b_big, small_squared, big_squared } = *self;
        NoiseEstimate {
            gradient_squared: (b_big * big_squared - b_small * small_squared) / (b_big - b_small),
            trace: (small_squared - big_squared) / (1.0 / b_small - 1.0 / b_big),
        }
    }
}

/// `B_simple = tr(Σ)/|G|²` (eq. 2.9) of a series of norms: the ratio of the averages, since an
/// average of ratios is biased.
///
/// # Errors
/// Refused where there is no pair, a pair has no two sizes of batch, or the averages are not
/// above zero: then the noise drowns the estimate.
pub fn noise_scale(series: &[NormPair]) -> Result<f64, Error> {
    if let Some(pair) = series.iter().find(|p| !(0.0 < p.b_small && p.b_small < p.b_big)) {
        return Err(Error::refused(
            format!(
                "a noise scale needs two sizes of batch, not {} and {}",
                pair.b_small, pair.b_big
            ),
            "give the norm of one rank's gradient and of the reduced one",
        ));
    }
    let estimates = series.iter().map(NormPair::estimate);
    let (mut gradient_squared, mut trace) = (0.0, 0.0);
    for estimate in estimates {
        gradient_squared += estimate.gradient_squared;
        trace += estimate.trace;
    }
    if !(gradient_squared > 0.0 && trace > 0.0) {
        return Err(Error::refused(
            format!(
                "{} pairs of norms average to |G|² ∝ {gradient_squared:.3e} and tr(Σ) ∝ {trace:.3e}; \
                 both must be above zero",
                series.len()
            ),
            "average over more steps, or check that the norms are squared and unclipped",
        ));
    }
    Ok(trace / gradient_squared)
}

/// The drop of the loss by the best step at batch B: `ΔL_opt(B) = ΔL_max/(1 + B_noise/B)`
/// (eq. 2.7).
pub fn best_improvement(largest: f64, noise_scale: f64, batch: f64) -> f64 {
    largest / (1.0 + noise_scale / batch)
}

/// The best learning rate at batch B: `ε_opt(B) = ε_max/(1 + B_noise/B)` (eq. 2.6). For SGD; for
/// Adam the paper finds a power of it between 0.5 and 1, given by `power`.
pub fn best_learning_rate(largest: f64, noise_scale: f64, batch: f64, power: f64) -> f64 {
    largest / (1.0 + noise_scale / batch).powf(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: StepsAgainstExamples =
        StepsAgainstExamples { least_steps: Steps(1e3), least_examples: Tokens(1e9) };

    #[test]
    fn steps_and_examples_lie_on_the_hyperbola_at_every_batch() {
        for batch in [1e3, 1e6, 1e8].map(Tokens) {
            let (steps, examples) = (LIMITS.steps(batch).0, LIMITS.examples(batch).0);
            assert!((examples / (batch.0 * steps) - 1.0).abs() < 1e-12);
            let product = (steps / 1e3 - 1.0) * (examples / 1e9 - 1.0);
            assert!((product - 1.0).abs() < 1e-9, "{product}");
        }
    }

    #[test]
    fn the_critical_batch_takes_twice_the_least_of_both() {
        let critical = LIMITS.critical_batch();
        assert_eq!((LIMITS.steps(critical).0, LIMITS.examples(critical).0), (2e3, 2e9));
    }

    /// What a batch of b examples shows on average: |G_b|² = |G|² + tr(Σ)/b.
    fn expected(b_small: f64, b_big: f64, gradient_squared: f64, trace: f64) -> NormPair {
        NormPair {
            b_small,
            b_big,
            small_squared: gradient_squared + trace / b_small,
            big_squared: gradient_squared + trace / b_big,
        }
    }

    #[test]
    fn norms_of_a_known_gradient_give_back_its_noise_scale() {
        let scale = noise_scale(&[expected(32.0, 512.0, 0.5, 200.0)]).unwrap();
        assert!((scale - 400.0).abs() < 1e-9);
    }

    #[test]
    fn a_series_is_the_ratio_of_its_averages_and_not_the_average_of_its_ratios() {
        let series = [expected(32.0, 512.0, 1.0, 100.0), expected(32.0, 512.0, 3.0, 100.0)];
        assert!((noise_scale(&series).unwrap() - 50.0).abs() < 1e-9);
    }

    #[test]
    fn an_estimate_drowned_in_noise_is_refused() {
        let pair = NormPair { b_small: 32.0, b_big: 512.0, small_squared: 5.0, big_squared: 0.1 };
        let refusal = noise_scale(&[pair]).unwrap_err().to_string();
        assert!(refusal.contains("above zero"), "{refusal}");
        assert!(noise_scale(&[]).is_err());
        assert!(noise_scale(&[NormPair { b_big: 32.0, ..pair }]).is_err());
    }

    #[test]
    fn at_the_noise_scale_half_of_the_best_step_is_left() {
        assert_eq!(best_improvement(2.0, 500.0, 500.0), 1.0);
        assert_eq!(best_learning_rate(2.0, 500.0, 500.0, 1.0), 1.0);
        assert_eq!(best_learning_rate(2.0, 500.0, 500.0, 0.5), 2.0 / 2f64.sqrt());
    }
}
