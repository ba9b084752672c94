//! Caballero et al. 2022, "Broken Neural Scaling Laws" (arXiv 2210.14891), with one break.

use super::start::{Sizes, between, between_log};
use super::{Law, Parameter, Quantity};

/// L(x): a power law whose slope changes once. Here x is compute; any other single quantity may
/// stand for it.
///
/// `L = a + b·x^−c₀·(1 + (x/d₁)^(1/f₁))^(−c₁·f₁)` (eq. 1 with n = 1).
///
/// d₁ is where the slope changes, from c₀ to c₀ + c₁; f₁ is how smoothly.
pub static BNSL: Law = Law {
    id: "bnsl",
    name: "Broken power law, one break",
    equation: "L = a + b·x^−c₀·(1 + (x/d₁)^(1/f₁))^(−c₁·f₁)",
    inputs: &[Quantity::Compute],
    parameters: &[
        Parameter::linear("a", "nats", 0.0, 20.0),
        Parameter::log("b", "nats·xᶜ", 1e-30, 1e60),
        Parameter::linear("c₀", "1", -1.0, 3.0),
        Parameter::linear("c₁", "1", -3.0, 3.0),
        Parameter::log("d₁", "x", 1e-10, 1e40),
        Parameter::log("f₁", "1", 1e-2, 10.0),
    ],
    source: "Caballero et al. 2022, eq. 1",
    published: &[],
    loss: broken,
    start,
};

/// θ = (a, b, c₀, c₁, d₁, f₁); with `z = ln(x/d₁)/f₁` the last factor is
/// `exp(−c₁·f₁·ln(1 + e^z))`.
fn broken(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[a, b, c0, c1, d, f] = theta else { unreachable!("six parameters") };
    let z = (x[0] / d).ln() / f;
    let softplus = z.max(0.0) + (-z.abs()).exp().ln_1p();
    let share = 1.0 / (1.0 + (-z).exp());
    let term = b * (-c0 * x[0].ln() - c1 * f * softplus).exp();
    gradient[0] = 1.0;
    gradient[1] = term / b;
    gradient[2] = -term * x[0].ln();
    gradient[3] = -term * f * softplus;
    gradient[4] = term * c1 * share / d;
    gradient[5] = -term * c1 * (softplus - share * z);
    a + term
}

fn start(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, loss);
    let floor = sizes.lowest * between(0.0, 0.95, u[0]);
    let c0 = between_log(0.02, 0.6, u[2]);
    let c1 = between(-0.8, 0.8, u[3]) * c0;
    let d = between_log(sizes.smallest[0], sizes.largest[0], u[4]);
    let f = between_log(0.05, 2.0, u[5]);
    let shape = broken(&sizes.x[..1], &[0.0, 1.0, c0, c1, d, f], &mut [0.0; 6]);
    let b = (sizes.loss - floor) * between(0.8, 1.2, u[1]) / shape;
    BNSL.within_bounds(vec![floor, b, c0, c1, d, f])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_c0_far_before_the_break_and_c0_plus_c1_far_after() {
        let (c0, c1) = (0.1, 0.25);
        let theta = [0.0, 30.0, c0, c1, 1e10, 0.3];
        let slope =
            |x: f64| (BNSL.at(&[x], &theta) / BNSL.at(&[x * 1.001], &theta)).ln() / 1.001f64.ln();
        assert!((slope(1e3) - c0).abs() < 1e-6);
        assert!((slope(1e17) - c0 - c1).abs() < 1e-6);
    }
}
