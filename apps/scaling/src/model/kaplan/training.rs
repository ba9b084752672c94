//! Batch and steps: the critical batch, and what a run at one batch says about any other.

use super::loss::{SizeAndData, SizeAndSteps, loss_of_size_and_data};
use crate::model::start::{Sizes, between, between_log};
use crate::model::{Constants, Law, Parameter, Quantity, Standing};
use crate::units::{BodyParameters, Flop, Nats, Steps, Tokens};

/// B* and αB of the critical batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchOfLoss {
    /// B*.
    pub b_star: Tokens,
    /// αB.
    pub alpha_b: f64,
}

/// B* = 2e8 tokens, αB = 0.21 (eq. 1.4 and 5.3; Appendix A rounds B* to 2.1e8).
pub const PUBLISHED_BATCH: BatchOfLoss = BatchOfLoss { b_star: Tokens(2e8), alpha_b: 0.21 };

/// The batch at which a run takes twice the least steps and twice the least examples. It depends
/// on the loss reached, not on the size of the model.
///
/// `B_crit(L) = B* / L^(1/αB)` (eq. 1.4, 5.3).
pub fn critical_batch(loss: Nats, k: &BatchOfLoss) -> Tokens {
    Tokens(batch_of_loss(&[loss.0], &[k.b_star.0, k.alpha_b], &mut [0.0; 2]))
}

/// The steps that the same loss would take at a batch without bound.
///
/// `S_min = S / (1 + B_crit(L)/B)` (eq. 5.4).
pub fn least_steps(steps: Steps, batch: Tokens, critical: Tokens) -> Steps {
    Steps(steps.0 / (1.0 + critical.0 / batch.0))
}

/// The compute that the same loss would take at a vanishing batch.
///
/// `C_min = C / (1 + B/B_crit(L))` (eq. 5.5).
pub fn least_compute(compute: Flop, batch: Tokens, critical: Tokens) -> Flop {
    Flop(compute.0 / (1.0 + batch.0 / critical.0))
}

/// A step before which early stopping does not help: a run on D tokens has not yet got as low
/// as its data let it.
///
/// `S_stop ≳ S_c / [L(N, D) − L(N, ∞)]^(1/αS)` (eq. 5.7), with `L(N, ∞) = (N_c/N)^αN`.
pub fn early_stopping_bound(
    n: BodyParameters,
    d: Tokens,
    data: &SizeAndData,
    steps: &SizeAndSteps,
) -> Steps {
    let endless = (data.n_c.0 / n.0).powf(data.alpha_n);
    let excess = loss_of_size_and_data(n, d, data).0 - endless;
    Steps(steps.s_c.0 / excess.powf(1.0 / steps.alpha_s))
}

/// B_crit(L): a [`Law`] whose value is a batch in tokens, not a loss.
pub static CRITICAL_BATCH: Law = Law {
    id: "critical_batch",
    name: "Kaplan B_crit(L)",
    equation: "B_crit = B*/L^(1/αB)",
    inputs: &[Quantity::Loss],
    parameters: &[Parameter::log("B*", "tokens", 1e-3, 1e30), Parameter::log("αB", "1", 1e-2, 4.0)],
    source: "Kaplan et al. 2020, eq. 1.4 and 5.3",
    published: &[Constants {
        name: "Kaplan 2020, batch",
        count: None,
        theta: &[PUBLISHED_BATCH.b_star.0, PUBLISHED_BATCH.alpha_b],
        source: "Kaplan et al. 2020, eq. 1.4 and 5.3",
        standing: Standing::FromMemory,
    }],
    loss: batch_of_loss,
    start,
};

/// θ = (B*, αB).
fn batch_of_loss(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[b_star, alpha_b] = theta else { unreachable!("two parameters") };
    let batch = b_star / x[0].powf(1.0 / alpha_b);
    gradient[0] = batch / b_star;
    gradient[1] = batch * x[0].ln() / (alpha_b * alpha_b);
    batch
}

fn start(rows: &[Vec<f64>], batches: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, batches);
    let alpha_b = between_log(0.05, 1.0, u[1]);
    let b_star = sizes.coefficient(0, 1.0 / alpha_b, between(0.5, 1.5, u[0]));
    CRITICAL_BATCH.within_bounds(vec![b_star, alpha_b])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mccandlish::StepsAgainstExamples;

    #[test]
    fn steps_and_compute_of_a_run_lead_back_to_the_least_of_each() {
        let limits = StepsAgainstExamples { least_steps: Steps(2e4), least_examples: Tokens(4e10) };
        let critical = limits.critical_batch();
        for batch in [1e4, 1e6, 2e6, 1e9].map(Tokens) {
            let steps = limits.steps(batch);
            let least = least_steps(steps, batch, critical);
            assert!((least.0 / limits.least_steps.0 - 1.0).abs() < 1e-12, "{batch}");

            let flop_per_token = 6e8;
            let compute = Flop(flop_per_token * batch.0 * steps.0);
            let least = least_compute(compute, batch, critical);
            let expected = flop_per_token * limits.least_examples.0;
            assert!((least.0 / expected - 1.0).abs() < 1e-12, "{batch}");
        }
    }

    #[test]
    fn at_the_critical_batch_a_run_takes_twice_the_least_steps_and_compute() {
        let critical = critical_batch(Nats(3.0), &PUBLISHED_BATCH);
        assert_eq!(least_steps(Steps(10.0), critical, critical).0, 5.0);
        assert_eq!(least_compute(Flop(10.0), critical, critical).0, 5.0);
    }
}
