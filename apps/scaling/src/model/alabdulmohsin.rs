//! Alabdulmohsin, Neyshabur and Zhai 2022, "Revisiting Neural Scaling Laws in Language and
//! Vision" (arXiv 2209.06640): four forms in one quantity x, from the plain power law M1 to M4,
//! which also bends away from a random guess. Here x is compute; any other single quantity may
//! stand for it.

use super::start::{Sizes, between, between_log};
use super::{Law, Parameter, Quantity};

const SOURCE: &str = "Alabdulmohsin et al. 2022, Table 1";
const BETA: Parameter = Parameter::log("β", "nats·xᶜ", 1e-30, 1e60);
const EXPONENT: Parameter = Parameter::log("c", "1", 1e-3, 3.0);
const FLOOR: Parameter = Parameter::linear("ε∞", "nats", 0.0, 20.0);

/// `L = β·x^−c`.
pub static M1: Law = Law {
    id: "m1",
    name: "M1",
    equation: "L = β·x^−c",
    inputs: &[Quantity::Compute],
    parameters: &[BETA, EXPONENT],
    source: SOURCE,
    published: &[],
    loss: |x, theta, gradient| {
        let term = theta[0] * x[0].powf(-theta[1]);
        gradient[0] = term / theta[0];
        gradient[1] = -term * x[0].ln();
        term
    },
    start: |rows, loss, u| M1.within_bounds(start(rows, loss, &[u[0], u[1], 0.0])[..2].to_vec()),
};

/// `L = β·x^−c + ε∞`.
pub static M2: Law = Law {
    id: "m2",
    name: "M2",
    equation: "L = β·x^−c + ε∞",
    inputs: &[Quantity::Compute],
    parameters: &[BETA, EXPONENT, FLOOR],
    source: SOURCE,
    published: &[],
    loss: |x, theta, gradient| {
        let term = (M1.loss)(x, &theta[..2], &mut gradient[..2]);
        gradient[2] = 1.0;
        term + theta[2]
    },
    start: |rows, loss, u| M2.within_bounds(start(rows, loss, u)),
};

/// `L = β·(1/x + γ)^c + ε∞`.
pub static M3: Law = Law {
    id: "m3",
    name: "M3",
    equation: "L = β·(1/x + γ)^c + ε∞",
    inputs: &[Quantity::Compute],
    parameters: &[BETA, EXPONENT, FLOOR, Parameter::log("γ", "1/x", 1e-45, 1e3)],
    source: SOURCE,
    published: &[],
    loss: |x, theta, gradient| {
        let &[beta, c, floor, gamma] = theta else { unreachable!("four parameters") };
        let base = 1.0 / x[0] + gamma;
        let term = beta * base.powf(c);
        gradient[0] = term / beta;
        gradient[1] = term * base.ln();
        gradient[2] = 1.0;
        gradient[3] = term * c / base;
        term + floor
    },
    start: |rows, loss, u| {
        let mut theta = start(rows, loss, u);
        theta.push(between_log(1e-4, 1.0, u[3]) / Sizes::of(rows, loss).x[0]);
        M3.within_bounds(theta)
    },
};

/// `(L − ε∞)/(ε₀ − L)^α = β·x^−c`, solved for L.
///
/// The paper's ε₀, the loss of a random guess, is written as ε∞ + w here, so that any w > 0 is
/// a law.
pub static M4: Law = Law {
    id: "m4",
    name: "M4",
    equation: "(L − ε∞)/(ε₀ − L)^α = β·x^−c, ε₀ = ε∞ + w",
    inputs: &[Quantity::Compute],
    parameters: &[
        BETA,
        EXPONENT,
        FLOOR,
        Parameter::log("w", "nats", 1e-3, 1e3),
        Parameter::linear("α", "1", 0.0, 10.0),
    ],
    source: SOURCE,
    published: &[],
    loss: m4,
    start: |rows, loss, u| {
        let sizes = Sizes::of(rows, loss);
        let mut theta = start(rows, loss, u);
        let (width, alpha) = (sizes.loss * between(1.5, 6.0, u[3]), between(0.0, 2.0, u[4]));
        let headroom = (width + theta[2] - sizes.loss).max(0.1 * sizes.loss);
        theta[0] /= headroom.powf(alpha);
        theta.extend([width, alpha]);
        M4.within_bounds(theta)
    },
};

/// θ = (β, c, ε∞, w, α). With `L = ε∞ + w·σ(t)` the logarithm of the equation is
///
/// `F(t) = ln w + ln σ(t) − α·(ln w + ln σ(−t)) − ln β + c·ln x = 0`,
///
/// which rises in t with a slope `σ(−t) + α·σ(t)`, and the derivatives of L follow from F's.
fn m4(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[beta, c, floor, width, alpha] = theta else { unreachable!("five parameters") };
    let target = beta.ln() - c * x[0].ln() - (1.0 - alpha) * width.ln();
    let t = m4_root(alpha, target);
    let (share, headroom) = (logistic(t), logistic(-t));
    // ∂F/∂L at fixed parameters, and the other partial derivatives of F over it.
    let slope = 1.0 / (width * share) + alpha / (width * headroom);
    gradient[0] = 1.0 / (beta * slope);
    gradient[1] = -x[0].ln() / slope;
    gradient[2] = 1.0;
    gradient[3] = alpha / (width * headroom) / slope;
    gradient[4] = (width * headroom).ln() / slope;
    floor + width * share
}

/// The t at which `ln σ(t) − α·ln σ(−t) = target`, by Newton's method: the left side rises and
/// bends one way only, so it converges from anywhere.
fn m4_root(alpha: f64, target: f64) -> f64 {
    let mut t = target.clamp(-30.0, 30.0);
    for _ in 0..100 {
        let value = -softplus(-t) + alpha * softplus(t) - target;
        let step = value / (logistic(-t) + alpha * logistic(t));
        t -= step;
        if step.abs() <= 1e-14 * t.abs().max(1.0) {
            break;
        }
    }
    t
}

/// σ(t) = 1/(1 + e^−t).
fn logistic(t: f64) -> f64 {
    1.0 / (1.0 + (-t).exp())
}

/// ln(1 + e^t).
fn softplus(t: f64) -> f64 {
    t.max(0.0) + (-t.abs()).exp().ln_1p()
}

/// (β, c, ε∞).
fn start(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, loss);
    let c = between_log(0.02, 0.6, u[1]);
    let floor = sizes.lowest * between(0.0, 0.95, u[2]);
    vec![sizes.coefficient(0, c, (1.0 - floor / sizes.loss) * between(0.8, 1.2, u[0])), c, floor]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m4_solves_its_equation() {
        for (c, alpha) in [(1e3, 0.4), (1e12, 1.0), (1e20, 2.5)] {
            let (beta, slope, floor, width) = (20.0, 0.08, 1.2, 9.0);
            let loss = M4.at(&[c], &[beta, slope, floor, width, alpha]);
            let left = (loss - floor) / (floor + width - loss).powf(alpha);
            assert!((left / (beta * c.powf(-slope)) - 1.0).abs() < 1e-9, "{c} {alpha}");
        }
    }

    #[test]
    fn each_form_holds_the_one_before_it() {
        let x = [1e9];
        let m1 = M1.at(&x, &[12.0, 0.1]);
        let m2 = M2.at(&x, &[12.0, 0.1, 0.0]);
        let m3 = M3.at(&x, &[12.0, 0.1, 0.0, 1e-45]);
        let m4 = M4.at(&x, &[12.0, 0.1, 0.0, 50.0, 0.0]);
        for other in [m2, m3, m4] {
            assert!((other / m1 - 1.0).abs() < 1e-9);
        }
    }
}
