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
