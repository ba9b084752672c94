//! Mixtures of experts: a token passes through a few of many experts, so that size and cost part.

use super::start::{Sizes, between, between_log};
use super::{Constants, Law, Parameter, Quantity, Standing};
use crate::units::CountKind;

/// Clark et al. 2022, "Unified Scaling Laws for Routed Language Models" (arXiv 2202.01169):
/// L(N, E), with N the parameters a token meets in the dense model and E experts.
///
/// ```text
/// log L = a·log N + b·log Ê + c·log N·log Ê + d                            (eq. 2)
/// 1/Ê = 1/(E − 1 + (1/E_start − 1/E_max)^−1) + 1/E_max                     (eq. 3)
/// ```
///
/// The logarithms are to base 10: only so do the published constants give a loss of a few nats.
pub static CLARK: Law = Law {
    id: "clark",
    name: "Clark (routed experts)",
    equation: "log₁₀ L = a·log₁₀ N + b·log₁₀ Ê + c·log₁₀ N·log₁₀ Ê + d",
    inputs: &[Quantity::Parameters, Quantity::Experts],
    parameters: &[
        Parameter::linear("a", "1", -1.0, 0.5),
        Parameter::linear("b", "1", -1.0, 0.5),
        Parameter::linear("c", "1", -0.2, 0.2),
        Parameter::linear("d", "1", -5.0, 10.0),
        Parameter::log("E_start", "experts", 0.1, 10.0),
        Parameter::log("E_max", "experts", 11.0, 1e6),
    ],
    source: "Clark et al. 2022, eq. 2 and 3",
    published: &[Constants {
        name: "Clark 2022, S-Base",
        count: Some(CountKind::Unstated),
        theta: &[-0.082, -0.108, 0.009, 1.104, 1.847, 314.478],
        source: "Clark et al. 2022, Table 3",
        standing: Standing::FromMemory,
    }],
    loss: routed,
    start,
};

/// Krajewski et al. 2024, "Scaling Laws for Fine-Grained Mixture of Experts" (arXiv 2402.07871):
/// L(N, D, G), with granularity G, into how many each expert is cut.
///
/// `L = c + (g/G^γ + a)/N^α + b/D^β` (eq. 9).
pub static KRAJEWSKI: Law = Law {
    id: "krajewski",
    name: "Krajewski (fine-grained experts)",
    equation: "L = c + (g/G^γ + a)/N^α + b/D^β",
    inputs: &[Quantity::Parameters, Quantity::Tokens, Quantity::Granularity],
    parameters: &[
        Parameter::linear("c", "nats", 0.0, 20.0),
        Parameter::log("g", "nats", 1e-6, 1e12),
        Parameter::log("γ", "1", 1e-2, 5.0),
        Parameter::log("a", "nats", 1e-6, 1e12),
        Parameter::log("α", "1", 0.01, 2.0),
        Parameter::log("b", "nats", 1e-6, 1e12),
        Parameter::log("β", "1", 0.01, 2.0),
    ],
    source: "Krajewski et al. 2024, eq. 9",
    published: &[Constants {
        name: "Krajewski 2024",
        count: Some(CountKind::Unstated),
        theta: &[0.47, 2.1, 0.58, 18.1, 0.115, 30.8, 0.147],
        source: "Krajewski et al. 2024, Table 2",
        standing: Standing::FromMemory,
    }],
    loss: fine_grained,
    start: start_fine_grained,
};

/// θ = (a, b, c, d, E_start, E_max).
fn routed(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[a, b, c, d, e_start, e_max] = theta else { unreachable!("six parameters") };
    let shift = 1.0 / (1.0 / e_start - 1.0 / e_max);
    let raised = x[1] - 1.0 + shift;
    let effective = 1.0 / (1.0 / raised + 1.0 / e_max);
    let (ln_n, ln_e) = (x[0].log10(), effective.log10());
    let loss = 10f64.powf(a * ln_n + b * ln_e + c * ln_n * ln_e + d);

    let by_exponent = loss * std::f64::consts::LN_10;
    // ∂L/∂Ê, then ∂Ê/∂E_start and ∂Ê/∂E_max through the shift and through 1/E_max itself.
    let by_effective = loss * (b + c * ln_n) / effective;
    let by_shift = (effective * shift / raised).powi(2);
    gradient[0] = by_exponent * ln_n;
    gradient[1] = by_exponent * ln_e;
    gradient[2] = by_exponent * ln_n * ln_e;
    gradient[3] = by_exponent;
    gradient[4] = by_effective * by_shift / (e_start * e_start);
    gradient[5] = by_effective * (effective * effective - by_shift) / (e_max * e_max);
    loss
}

/// θ = (c, g, γ, a, α, b, β).
fn fine_grained(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[c, g, gamma, a, alpha, b, beta] = theta else { unreachable!("seven parameters") };
    let (size, grain) = (x[0].powf(-alpha), x[2].powf(-gamma));
    let data = x[1].powf(-beta);
    let size_term = (g * grain + a) * size;
    gradient[0] = 1.0;
    gradient[1] = grain * size;
    gradient[2] = -g * grain * size * x[2].ln();
    gradient[3] = size;
    gradient[4] = -size_term * x[0].ln();
    gradient[5] = data;
    gradient[6] = -b * data * x[1].ln();
    c + size_term + b * data
}

fn start(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, loss);
    let (a, b) = (between(-0.2, 0.0, u[0]), between(-0.2, 0.0, u[1]));
    let c = between(0.0, 0.02, u[2]);
    let (ln_n, ln_e) = (sizes.x[0].log10(), sizes.x[1].log10());
    let d = sizes.loss.log10() - a * ln_n - b * ln_e - c * ln_n * ln_e + between(-0.1, 0.1, u[3]);
    let ends = [between(1.0, 3.0, u[4]), between_log(50.0, 5e3, u[5])];
    CLARK.within_bounds(vec![a, b, c, d, ends[0], ends[1]])
}

fn start_fine_grained(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, loss);
    let (alpha, beta) = (between(0.05, 0.6, u[4]), between(0.05, 0.6, u[6]));
    let gamma = between(0.2, 1.5, u[2]);
    let c = sizes.lowest * between(0.1, 0.95, u[0]);
    let a = sizes.coefficient(0, alpha, between(0.05, 0.5, u[3]));
    let g = a * sizes.x[2].powf(gamma) * between(0.05, 0.5, u[1]);
    let b = sizes.coefficient(1, beta, between(0.05, 0.5, u[5]));
    KRAJEWSKI.within_bounds(vec![c, g, gamma, a, alpha, b, beta])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dense_model_counts_as_e_start_experts() {
        let &[a, b, c, d, e_start, _] = CLARK.published[0].theta else { panic!("six parameters") };
        let (ln_n, ln_e) = (1e9f64.log10(), e_start.log10());
        let dense = 10f64.powf(a * ln_n + b * ln_e + c * ln_n * ln_e + d);
        assert!((CLARK.at(&[1e9, 1.0], CLARK.published[0].theta) / dense - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_published_constants_give_a_loss_of_a_few_nats_that_more_experts_lower() {
        let loss = |experts: f64| CLARK.at(&[1e9, experts], CLARK.published[0].theta);
        assert!((1.5..3.0).contains(&loss(1.0)), "{}", loss(1.0));
        assert!(loss(1.0) > loss(8.0) && loss(8.0) > loss(64.0) && loss(64.0) > loss(512.0));
    }

    #[test]
    fn finer_experts_lower_the_loss_down_to_that_of_endless_granularity() {
        let theta = KRAJEWSKI.published[0].theta;
        let loss = |granularity: f64| KRAJEWSKI.at(&[1e9, 2e10, granularity], theta);
        let endless =
            theta[0] + theta[3] / 1e9f64.powf(theta[4]) + theta[5] / 2e10f64.powf(theta[6]);
        assert!(loss(1.0) > loss(8.0) && loss(8.0) > endless);
        assert!((loss(1e30) - endless).abs() < 1e-12);
    }
}
