//! Rosenfeld, Rosenfeld, Belinkov and Shavit 2020, "A Constructive Prediction of the
//! Generalization Error Across Scales" (arXiv 1909.12673): from a random guess to the power law.

use super::start::{Sizes, between};
use super::{Law, Parameter, Quantity};

/// The envelope between the loss of a random guess, ε₀, and the power law ε̃:
///
/// `ε̂ = ε₀·|ε̃/(ε̃ − iη)| = ε₀·ε̃/√(ε̃² + η²)` (eq. 5), its absolute value written without i.
pub fn envelope(power_law: f64, guess: f64, eta: f64) -> f64 {
    guess * power_law / power_law.hypot(eta)
}

/// L(N, D) with the envelope.
///
/// `ε̃ = a/D^α + b/N^β + c∞` (eq. 4), `L = ε̃/√(1 + (ε̃/ε₀)²)`.
///
/// The paper's η can be traded against a, b and c∞ without changing L: multiply all four by the
/// same number. We set η = ε₀, which leaves the same curves and makes ε̃ the loss itself where it
/// is far below ε₀. For next-token loss ε₀ is near the logarithm of the vocabulary.
pub static ROSENFELD: Law = Law {
    id: "rosenfeld",
    name: "Rosenfeld's envelope",
    equation: "L = ε̃/√(1 + (ε̃/ε₀)²), ε̃ = a/D^α + b/N^β + c∞",
    inputs: &[Quantity::Parameters, Quantity::Tokens],
    parameters: &[
        Parameter::log("a", "nats", 1e-6, 1e15),
        Parameter::log("α", "1", 0.01, 2.0),
        Parameter::log("b", "nats", 1e-6, 1e15),
        Parameter::log("β", "1", 0.01, 2.0),
        Parameter::linear("c∞", "nats", 0.0, 20.0),
        Parameter::log("ε₀", "nats", 0.1, 1e3),
    ],
    source: "Rosenfeld et al. 2020, eq. 4 and 5",
    published: &[],
    loss: enveloped,
    start,
};

/// θ = (a, α, b, β, c∞, ε₀).
fn enveloped(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[a, alpha, b, beta, c, guess] = theta else { unreachable!("six parameters") };
    let (data, size) = (a / x[1].powf(alpha), b / x[0].powf(beta));
    let power_law = data + size + c;
    let ratio = power_law / guess;
    // dL/dε̃ = (1 + (ε̃/ε₀)²)^(−3/2).
    let slope = (1.0 + ratio * ratio).powf(-1.5);
    gradient[0] = slope * data / a;
    gradient[1] = -slope * data * x[1].ln();
    gradient[2] = slope * size / b;
    gradient[3] = -slope * size * x[0].ln();
    gradient[4] = slope;
    gradient[5] = slope * ratio.powi(3);
    envelope(power_law, guess, guess)
}

fn start(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, loss);
    let (alpha, beta) = (between(0.1, 0.8, u[1]), between(0.1, 0.8, u[3]));
    let a = sizes.coefficient(1, alpha, between(0.05, 0.5, u[0]));
    let b = sizes.coefficient(0, beta, between(0.05, 0.5, u[2]));
    let c = sizes.lowest * between(0.1, 0.95, u[4]);
    ROSENFELD.within_bounds(vec![a, alpha, b, beta, c, sizes.loss * between(2.0, 8.0, u[5])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_below_a_random_guess_the_envelope_is_the_power_law() {
        assert!((envelope(1e-4, 10.0, 10.0) / 1e-4 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn no_run_is_worse_than_a_random_guess() {
        assert!((envelope(1e9, 10.0, 10.0) - 10.0).abs() < 1e-9);
        assert!(envelope(30.0, 10.0, 10.0) < 10.0);
    }

    #[test]
    fn scaling_eta_with_the_power_law_changes_nothing() {
        assert!((envelope(3.0, 10.0, 2.0) - envelope(15.0, 10.0, 10.0)).abs() < 1e-12);
    }
}
