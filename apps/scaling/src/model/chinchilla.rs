//! Chinchilla (Hoffmann et al. 2022, arXiv 2203.15556) and Skaling (Videau et al. 2026,
//! arXiv 2608.07222): the loss in two terms of size and data, and the same with their sum raised
//! to a power.

use super::start::{Sizes, between, between_log};
use super::{Constants, Law, Parameter, Quantity, Standing};
use crate::units::CountKind;

/// L(N, D) of Hoffmann et al. 2022, approach 3.
///
/// `L = E + A/N^α + B/D^β` (eq. 2).
pub static CHINCHILLA: Law = Law {
    id: "chinchilla",
    name: "Chinchilla",
    equation: "L = E + A/N^α + B/D^β",
    inputs: &[Quantity::Parameters, Quantity::Tokens],
    parameters: &[
        Parameter::linear("E", "nats", 0.0, 20.0),
        Parameter::log("A", "nats", 1e-6, 1e20),
        Parameter::log("B", "nats", 1e-6, 1e20),
        Parameter::log("α", "1", 0.01, 3.0),
        Parameter::log("β", "1", 0.01, 3.0),
    ],
    source: "Hoffmann et al. 2022, eq. 2",
    published: &[
        Constants {
            name: "Hoffmann 2022 (rounded)",
            count: Some(CountKind::Total),
            theta: &[1.69, 406.4, 410.7, 0.34, 0.28],
            source: "Hoffmann et al. 2022, eq. 10",
            standing: Standing::FromMemory,
        },
        Constants {
            name: "Hoffmann 2022 (TeX source)",
            count: Some(CountKind::Total),
            theta: &[1.693_373_681, 406.401_017_5, 410.722_826_9, 0.339_170_84, 0.284_908_3],
            source: "e^0.5267228, e^6.0073404, e^6.0179186; in Besiroglu et al. 2024's notebook",
            standing: Standing::Read,
        },
        Constants {
            name: "Besiroglu 2024",
            count: Some(CountKind::Total),
            theta: &[1.8169, 482.01, 2085.43, 0.3478, 0.3658],
            source: "Besiroglu et al. 2024, arXiv 2404.10102, Table 1",
            standing: Standing::Reproduced,
        },
    ],
    loss: two_terms,
    start: start_two_terms,
};

/// L(N, D) of Videau et al. 2026.
///
/// `L = (A/N^α + B/D^β)^k + E`. At k = 1 it is [`CHINCHILLA`]; its best split does not depend on k.
pub static SKALING: Law = Law {
    id: "skaling",
    name: "Skaling",
    equation: "L = (A/N^α + B/D^β)^k + E",
    inputs: &[Quantity::Parameters, Quantity::Tokens],
    parameters: &[
        Parameter::linear("E", "nats", 0.0, 20.0),
        Parameter::log("A", "nats^(1/k)", 1e-6, 1e30),
        Parameter::log("B", "nats^(1/k)", 1e-6, 1e30),
        Parameter::log("α", "1", 0.01, 3.0),
        Parameter::log("β", "1", 0.01, 3.0),
        Parameter::log("k", "1", 0.01, 2.0),
    ],
    source: "Videau et al. 2026, arXiv 2608.07222",
    published: &[],
    loss: two_terms_to_a_power,
    start: start_two_terms_to_a_power,
};

/// θ = (E, A, B, α, β).
fn two_terms(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[e, a, b, alpha, beta] = theta else { unreachable!("five parameters") };
    let (ln_n, ln_d) = (x[0].ln(), x[1].ln());
    let (size, data) = ((-alpha * ln_n).exp(), (-beta * ln_d).exp());
    gradient[0] = 1.0;
    gradient[1] = size;
    gradient[2] = data;
    gradient[3] = -a * size * ln_n;
    gradient[4] = -b * data * ln_d;
    e + a * size + b * data
}

/// θ = (E, A, B, α, β, k).
fn two_terms_to_a_power(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[e, a, b, alpha, beta, k] = theta else { unreachable!("six parameters") };
    let (ln_n, ln_d) = (x[0].ln(), x[1].ln());
    let (size, data) = ((-alpha * ln_n).exp(), (-beta * ln_d).exp());
    let sum = a * size + b * data;
    let power = sum.powf(k);
    let by_sum = k * power / sum;
    gradient[0] = 1.0;
    gradient[1] = by_sum * size;
    gradient[2] = by_sum * data;
    gradient[3] = -by_sum * a * size * ln_n;
    gradient[4] = -by_sum * b * data * ln_d;
    gradient[5] = power * sum.ln();
    e + power
}

fn start_two_terms(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, loss);
    let (alpha, beta) = (between_log(0.1, 1.5, u[3]), between_log(0.1, 1.5, u[4]));
    let e = sizes.lowest * between(0.1, 0.95, u[0]);
    let a = sizes.coefficient(0, alpha, between(0.03, 0.5, u[1]));
    let b = sizes.coefficient(1, beta, between(0.03, 0.5, u[2]));
    CHINCHILLA.within_bounds(vec![e, a, b, alpha, beta])
}

fn start_two_terms_to_a_power(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, loss);
    let k = between_log(0.2, 1.2, u[5]);
    let (alpha, beta) = (between_log(0.1, 1.2, u[3]) / k, between_log(0.1, 1.2, u[4]) / k);
    let e = sizes.lowest * between(0.05, 0.9, u[0]);
    // Each term is a share of the median loss, raised to 1/k: its sum to the k is of that size.
    let term = |i: usize, exponent: f64, share: f64| {
        (share * sizes.loss).powf(1.0 / k) * sizes.x[i].powf(exponent)
    };
    let a = term(0, alpha, between(0.05, 0.5, u[1]));
    let b = term(1, beta, between(0.05, 0.5, u[2]));
    SKALING.within_bounds(vec![e, a, b, alpha, beta, k])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skaling_at_power_one_is_chinchilla() {
        let theta = CHINCHILLA.published[2].theta;
        let with_k = [theta, &[1.0]].concat();
        let (mut g5, mut g6) = ([0.0; 5], [0.0; 6]);
        let x = [1e9, 2e10];
        let (two, powered) =
            ((CHINCHILLA.loss)(&x, theta, &mut g5), (SKALING.loss)(&x, &with_k, &mut g6));
        assert!((two - powered).abs() < 1e-14);
        assert!(g5.iter().zip(&g6).all(|(a, b)| (a - b).abs() <= 1e-12 * a.abs()));
    }
}
