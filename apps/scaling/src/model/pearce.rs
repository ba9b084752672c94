//! Pearce and Song 2024, "Reconciling Kaplan and Chinchilla Scaling Laws" (arXiv 2406.12907):
//! how counting parameters without embeddings bends an allocation at small sizes.

use super::allocation::TwoTerms;
use crate::units::{BodyParameters, Flop, Parameters};

/// ω of Chinchilla's models: 32,000 tokens in the vocabulary and 39.2 of width a layer.
pub const OMEGA: f64 = 47_491.0;

/// All parameters of a model with that many in its body: `N_T = N_E + ω·N_E^(1/3)`.
pub fn total_parameters(body: BodyParameters, omega: f64) -> Parameters {
    Parameters(body.0 + omega * body.0.cbrt())
}

/// Which share of all parameters are embeddings: `ω·N_E^(1/3)/N_T`.
pub fn embedding_share(body: BodyParameters, omega: f64) -> f64 {
    let embeddings = omega * body.0.cbrt();
    embeddings / (body.0 + embeddings)
}

/// The compute, without embeddings, at which a body of N_E is the best one under a law of all
/// parameters:
///
/// `C_E = 6·N·(N + ω/3·N^(1/3))^(−1/β)·(N + ω·N^(1/3))^((1+α)/β)·(βB/αA)^(1/β)`, N = N_E.
pub fn compute_of_best_body(body: BodyParameters, law: &TwoTerms, omega: f64) -> Flop {
    let (n, root) = (body.0, body.0.cbrt());
    let slope = (n + omega / 3.0 * root).powf(-1.0 / law.beta);
    let total = (n + omega * root).powf((1.0 + law.alpha) / law.beta);
    let ratio = (law.beta * law.b / (law.alpha * law.a)).powf(1.0 / law.beta);
    Flop(6.0 * n * slope * total * ratio)
}

/// The exponent that a log-log line would show around N_E, `d ln N_E/d ln C_E = 1/g`:
///
/// `g = 1 − (1/β)·(x + ω/9)/(x + ω/3) + ((1+α)/β)·(x + ω/3)/(x + ω)`, `x = N_E^(2/3)`.
///
/// It is near Kaplan's 0.73 at Kaplan's sizes and falls to `β/(α+β)` beyond them.
pub fn local_exponent(body: BodyParameters, law: &TwoTerms, omega: f64) -> f64 {
    let x = body.0.powf(2.0 / 3.0);
    let slope = (x + omega / 9.0) / (x + omega / 3.0) / law.beta;
    let total = (1.0 + law.alpha) / law.beta * (x + omega / 3.0) / (x + omega);
    1.0 / (1.0 - slope + total)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BESIROGLU: TwoTerms =
        TwoTerms { e: 1.8172, a: 482.01, b: 2085.43, alpha: 0.3478, beta: 0.3658 };

    #[test]
    fn the_local_exponent_is_the_slope_of_the_compute_of_the_best_body() {
        for n in [1e4, 1e7, 1e10] {
            let c = |n: f64| compute_of_best_body(BodyParameters(n), &BESIROGLU, OMEGA).0.ln();
            let slope = (1.001f64 / 0.999).ln() / (c(n * 1.001) - c(n * 0.999));
            let exponent = local_exponent(BodyParameters(n), &BESIROGLU, OMEGA);
            assert!((slope - exponent).abs() < 1e-6, "{n}: {slope} against {exponent}");
        }
    }

    #[test]
    fn a_large_body_is_allocated_as_the_law_of_all_parameters_says() {
        let n = BodyParameters(1e16);
        let compute = compute_of_best_body(n, &BESIROGLU, OMEGA);
        assert!((BESIROGLU.best_split(compute).parameters.0 / n.0 - 1.0).abs() < 1e-3);
        let exponent = local_exponent(BodyParameters(1e20), &BESIROGLU, OMEGA);
        assert!((exponent - BESIROGLU.size_exponent()).abs() < 1e-6);
    }

    #[test]
    fn embeddings_are_most_of_a_tiny_model_and_little_of_a_large_one() {
        let share = |n: f64| embedding_share(BodyParameters(n), OMEGA);
        assert!(share(1e4) > 0.9 && share(1e10) < 0.02);
        let total = total_parameters(BodyParameters(1e8), OMEGA).0;
        assert!((share(1e8) - (1.0 - 1e8 / total)).abs() < 1e-12);
    }
}
