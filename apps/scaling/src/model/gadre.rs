//! Gadre et al. 2024, "Language models scale reliably with over-training and on downstream
//! tasks" (arXiv 2403.08540).

use super::start::{Sizes, between, between_log};
use super::{Law, Parameter, Quantity};

/// L(N, D) by compute and over-training.
///
/// `L = E + (a·M^η + b·M^−η)·C^−η` (eq. 4), with C = 6ND and M = D/N tokens a parameter.
///
/// Written out it is Chinchilla's law with α = β = 2η: four parameters, where that has five.
pub static GADRE: Law = Law {
    id: "gadre",
    name: "Gadre (over-training)",
    equation: "L = E + (a·M^η + b·M^−η)·C^−η, M = D/N, C = 6ND",
    inputs: &[Quantity::Parameters, Quantity::Tokens],
    parameters: &[
        Parameter::linear("E", "nats", 0.0, 20.0),
        Parameter::log("a", "nats", 1e-6, 1e20),
        Parameter::log("b", "nats", 1e-6, 1e20),
        Parameter::log("η", "1", 0.005, 1.0),
    ],
    source: "Gadre et al. 2024, eq. 4",
    published: &[],
    loss: over_trained,
    start,
};

/// Average error on downstream tasks by the loss: a [`Law`] whose value is an error between 0
/// and 1.
///
/// `Err = ε − k·e^(−γL)` (eq. 5).
pub static GADRE_ERROR: Law = Law {
    id: "gadre_error",
    name: "Gadre (downstream error)",
    equation: "Err = ε − k·e^(−γL)",
    inputs: &[Quantity::Loss],
    parameters: &[
        Parameter::linear("ε", "1", 0.0, 2.0),
        Parameter::log("k", "1", 1e-6, 1e6),
        Parameter::log("γ", "1/nats", 1e-3, 20.0),
    ],
    source: "Gadre et al. 2024, eq. 5",
    published: &[],
    loss: downstream_error,
    start: start_error,
};

/// θ = (E, a, b, η).
fn over_trained(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[e, a, b, eta] = theta else { unreachable!("four parameters") };
    let (m, c) = (x[1] / x[0], 6.0 * x[0] * x[1]);
    let (size, data) = ((m / c).powf(eta), (m * c).powf(-eta));
    gradient[0] = 1.0;
    gradient[1] = size;
    gradient[2] = data;
    gradient[3] = a * size * (m / c).ln() - b * data * (m * c).ln();
    e + a * size + b * data
}

/// θ = (ε, k, γ).
fn downstream_error(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[highest, k, gamma] = theta else { unreachable!("three parameters") };
    let decay = (-gamma * x[0]).exp();
    gradient[0] = 1.0;
    gradient[1] = -decay;
    gradient[2] = k * x[0] * decay;
    highest - k * decay
}

fn start(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, loss);
    let eta = between(0.05, 0.4, u[3]);
    let e = sizes.lowest * between(0.1, 0.95, u[0]);
    // M/C = 1/(6N²) and M·C = 6D².
    let a = sizes.coefficient(0, 2.0 * eta, between(0.05, 0.5, u[1])) * 6f64.powf(eta);
    let b = sizes.coefficient(1, 2.0 * eta, between(0.05, 0.5, u[2])) * 6f64.powf(eta);
    GADRE.within_bounds(vec![e, a, b, eta])
}

fn start_error(rows: &[Vec<f64>], error: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, error);
    let gamma = between_log(0.1, 3.0, u[2]);
    let highest = sizes.loss * between(1.0, 2.0, u[0]);
    let k = (highest - sizes.lowest * between(0.5, 1.0, u[1])) * (gamma * sizes.x[0]).exp();
    GADRE_ERROR.within_bounds(vec![highest, k, gamma])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::allocation::{Split, TwoTerms};
    use crate::units::{Parameters, Tokens};

    #[test]
    fn it_is_chinchilla_with_twice_the_exponent_for_both() {
        let (n, d, eta) = (4e8, 3e10, 0.15);
        let six = 6f64.powf(-eta);
        let law =
            TwoTerms { e: 1.5, a: 40.0 * six, b: 90.0 * six, alpha: 2.0 * eta, beta: 2.0 * eta };
        let expected = law.loss(Split { parameters: Parameters(n), tokens: Tokens(d) }).0;
        assert!((GADRE.at(&[n, d], &[1.5, 40.0, 90.0, eta]) - expected).abs() < 1e-12);
    }
}
