//! Muennighoff et al. 2023, "Scaling Data-Constrained Language Models" (arXiv 2305.16264): what
//! text is worth when it is seen again.

use super::start::{Sizes, between, between_log};
use super::{Constants, Law, Parameter, Quantity, Standing};
use crate::units::CountKind;

/// L(N, D, U), with U different tokens among D.
///
/// ```text
/// L   = E + A/N'^α + B/D'^β                                        (eq. 5, 6; App. A)
/// D'  = U + U·R_D*·(1 − e^(−R_D/R_D*)),          R_D = D/U − 1
/// N'  = U_N + U_N·R_N*·(1 − e^(−R_N/R_N*)),      R_N = N/U_N − 1
/// U_N = min(N, G·(U·G)^(β/α)),                   G = (αA/βB)^(1/(α+β))
/// ```
///
/// U_N is the size that is best for U tokens seen once. Where a row says U > D, U is taken to be
/// D: text that was not seen teaches nothing. The paper fits R_D* and R_N* with the other five
/// held; here all seven may be fitted.
pub static MUENNIGHOFF: Law = Law {
    id: "muennighoff",
    name: "Muennighoff (repeated data)",
    equation: "L = E + A/N'^α + B/D'^β, D' = U + U·R_D*·(1 − exp(−(D/U − 1)/R_D*)), N' alike",
    inputs: &[Quantity::Parameters, Quantity::Tokens, Quantity::UniqueTokens],
    parameters: &[
        Parameter::linear("E", "nats", 0.0, 20.0),
        Parameter::log("A", "nats", 1e-6, 1e15),
        Parameter::log("B", "nats", 1e-6, 1e15),
        Parameter::log("α", "1", 0.01, 2.0),
        Parameter::log("β", "1", 0.01, 2.0),
        Parameter::log("R_D*", "1", 1e-2, 1e4),
        Parameter::log("R_N*", "1", 1e-2, 1e4),
    ],
    source: "Muennighoff et al. 2023, eq. 5 and 6",
    published: &[Constants {
        name: "Muennighoff 2023, C4",
        count: Some(CountKind::Unstated),
        // The repository prints ln A, ln B and ln E: 6.255414, 7.3049974 and 0.6254804.
        theta: &[
            1.869_143_678_405_485_8,
            520.824_951_659_918_7,
            1_487.716_093_782_861,
            0.3526596,
            0.3526596,
            15.387756,
            5.309743,
        ],
        source: "the repository of Muennighoff et al. 2023",
        standing: Standing::Reproduced,
    }],
    loss: repeated,
    start,
};

/// θ = (E, A, B, α, β, R_D*, R_N*).
fn repeated(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[e, a, b, alpha, beta, r_d, r_n] = theta else { unreachable!("seven parameters") };
    let (n, d, u) = (x[0], x[1], x[2].min(x[1]));
    let data = saturate(u, d, r_d);
    let best = BestSize::of(u, a, b, alpha, beta);
    let capped = best.size < n;
    let size = saturate(if capped { best.size } else { n }, n, r_n);
    let size_term = a / size.effective.powf(alpha);
    let data_term = b / data.effective.powf(beta);

    // ∂L/∂ln U_N, which passes on to A, B, α and β where U_N is not N itself.
    let by_ln_best =
        if capped { -alpha * size_term / size.effective * size.by_once * best.size } else { 0.0 };
    gradient[0] = 1.0;
    gradient[1] = size_term / a + by_ln_best * best.by[0];
    gradient[2] = data_term / b + by_ln_best * best.by[1];
    gradient[3] = -size_term * size.effective.ln() + by_ln_best * best.by[2];
    gradient[4] = -data_term * data.effective.ln() + by_ln_best * best.by[3];
    gradient[5] = -beta * data_term / data.effective * data.by_r;
    gradient[6] = -alpha * size_term / size.effective * size.by_r;
    e + size_term + data_term
}

/// D' (or N'), and its derivatives.
struct Saturated {
    effective: f64,
    /// By the amount seen once, U or U_N.
    by_once: f64,
    /// By R*.
    by_r: f64,
}

/// `once + once·R*·(1 − e^(−R/R*))`, `R = whole/once − 1`.
fn saturate(once: f64, whole: f64, r_star: f64) -> Saturated {
    let r = (whole / once - 1.0).max(0.0);
    let left = (-r / r_star).exp();
    let gained = -(-r / r_star).exp_m1();
    Saturated {
        effective: once + once * r_star * gained,
        by_once: 1.0 + r_star * gained - left * whole / once,
        by_r: once * (gained - r / r_star * left),
    }
}

/// `G·(U·G)^(β/α)`, hence `ln = ln(αA/βB)/α + (β/α)·ln U`.
struct BestSize {
    size: f64,
    /// The derivatives of its logarithm by A, B, α and β.
    by: [f64; 4],
}

impl BestSize {
    fn of(u: f64, a: f64, b: f64, alpha: f64, beta: f64) -> Self {
        let (q, ln_u) = ((alpha * a / (beta * b)).ln(), u.ln());
        Self {
            size: (q / alpha + beta / alpha * ln_u).exp(),
            by: [
                1.0 / (a * alpha),
                -1.0 / (b * alpha),
                (1.0 - q - beta * ln_u) / (alpha * alpha),
                -1.0 / (alpha * beta) + ln_u / alpha,
            ],
        }
    }
}

fn start(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    let (r_d, r_n) = (between_log(1.0, 100.0, u[5]), between_log(1.0, 100.0, u[6]));
    // What repeated text is worth, not how much of it was read.
    let worth = |x: &Vec<f64>| vec![x[0], saturate(x[2].min(x[1]), x[1], r_d).effective];
    let sizes = Sizes::of(&rows.iter().map(worth).collect::<Vec<_>>(), loss);
    let (alpha, beta) = (between(0.1, 0.8, u[3]), between(0.1, 0.8, u[4]));
    let e = sizes.lowest * between(0.1, 0.95, u[0]);
    let a = sizes.coefficient(0, alpha, between(0.05, 0.5, u[1]));
    let b = sizes.coefficient(1, beta, between(0.05, 0.5, u[2]));
    MUENNIGHOFF.within_bounds(vec![e, a, b, alpha, beta, r_d, r_n])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::allocation::{Split, TwoTerms};
    use crate::units::{Parameters, Tokens};

    const THETA: &[f64] = MUENNIGHOFF.published[0].theta;

    fn seen_once() -> TwoTerms {
        TwoTerms { e: THETA[0], a: THETA[1], b: THETA[2], alpha: THETA[3], beta: THETA[4] }
    }

    #[test]
    fn text_seen_once_by_a_small_enough_model_is_plain_chinchilla() {
        let (n, d) = (1e9, 1e11);
        let split = Split { parameters: Parameters(n), tokens: Tokens(d) };
        let plain = seen_once().loss(split).0;
        assert!((MUENNIGHOFF.at(&[n, d, d], THETA) - plain).abs() < 1e-12);
        assert_eq!(MUENNIGHOFF.at(&[n, d, 9.0 * d], THETA), MUENNIGHOFF.at(&[n, d, d], THETA));
    }

    #[test]
    fn the_best_size_for_the_text_at_hand_is_the_one_of_the_closed_form() {
        let best = seen_once().best_split(crate::units::Flop(1e21));
        let law = seen_once();
        let size = BestSize::of(best.tokens.0, law.a, law.b, law.alpha, law.beta).size;
        assert!((size / best.parameters.0 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_repeat_helps_less_than_new_text_and_more_than_nothing() {
        let (n, u) = (1e9, 1e10);
        let loss = |d: f64, u: f64| MUENNIGHOFF.at(&[n, d, u], THETA);
        for epochs in [2.0, 4.0, 16.0, 60.0] {
            let (repeated, fresh) = (loss(epochs * u, u), loss(epochs * u, epochs * u));
            assert!(fresh < repeated && repeated < loss(u, u), "{epochs}");
        }
        assert!(loss(1e4 * u, u) - loss(1e5 * u, u) < 1e-12);
    }
}
