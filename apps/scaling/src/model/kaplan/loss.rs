//! The loss as a power law in size, data, steps and compute.

use crate::model::start::{Sizes, between, between_log};
use crate::model::{Constants, Law, Parameter, Quantity, Standing};
use crate::units::{BodyParameters, CountKind, FLOP_PER_PF_DAY, Nats, PfDays, Steps, Tokens};

/// αN, αD, N_c and D_c of L(N, D), fitted together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SizeAndData {
    /// αN.
    pub alpha_n: f64,
    /// αD.
    pub alpha_d: f64,
    /// N_c.
    pub n_c: BodyParameters,
    /// D_c.
    pub d_c: Tokens,
}

/// αN, αS, N_c and S_c of L(N, S_min), fitted together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SizeAndSteps {
    /// αN.
    pub alpha_n: f64,
    /// αS.
    pub alpha_s: f64,
    /// N_c.
    pub n_c: BodyParameters,
    /// S_c, for steps at a batch without bound.
    pub s_c: Steps,
}

/// Table 2: the joint fit of size and data.
pub const TABLE_2: SizeAndData = SizeAndData {
    alpha_n: 0.076,
    alpha_d: 0.103,
    n_c: BodyParameters(6.4e13),
    d_c: Tokens(1.8e13),
};

/// Table 3: the joint fit of size and steps.
pub const TABLE_3: SizeAndSteps =
    SizeAndSteps { alpha_n: 0.077, alpha_s: 0.76, n_c: BodyParameters(6.5e13), s_c: Steps(2.1e3) };

/// The loss of N parameters trained to convergence on more text than they need.
///
/// `L(N) = (N_c/N)^αN`, αN = 0.076, N_c = 8.8e13 (eq. 1.1, Table 5).
pub fn loss_of_size(n: BodyParameters) -> Nats {
    Nats(power_law(n.0, 0.076, 8.8e13))
}

/// The loss of a large model stopped early on D tokens.
///
/// `L(D) = (D_c/D)^αD`, αD = 0.095, D_c = 5.4e13 tokens (eq. 1.2, Table 5).
pub fn loss_of_data(d: Tokens) -> Nats {
    Nats(power_law(d.0, 0.095, 5.4e13))
}

/// The loss reached with the least compute, at the best size and far below the critical batch.
///
/// `L(C_min) = (C_c/C_min)^αC`, αC = 0.050, C_c = 3.1e8 PF-days (eq. 1.3).
pub fn loss_of_least_compute(c_min: PfDays) -> Nats {
    Nats(power_law(c_min.0, 0.050, 3.1e8))
}

/// The loss reached with compute C at one fixed batch of 512 × 1,024 tokens.
///
/// `L(C) = (C_c/C)^αC`, αC = 0.057, C_c = 1.6e7 PF-days (§3.3).
pub fn loss_of_compute_at_fixed_batch(c: PfDays) -> Nats {
    Nats(power_law(c.0, 0.057, 1.6e7))
}

/// The loss of N parameters stopped early on D tokens.
///
/// `L(N, D) = [(N_c/N)^(αN/αD) + D_c/D]^αD` (eq. 1.5).
pub fn loss_of_size_and_data(n: BodyParameters, d: Tokens, k: &SizeAndData) -> Nats {
    let theta = [k.alpha_n, k.alpha_d, k.n_c.0, k.d_c.0];
    Nats(size_and_data(&[n.0, d.0], &theta, &mut [0.0; 4]))
}

/// How much higher the loss is, as a fraction, for having D tokens and not more than enough.
///
/// `δL = L(N, D)/L(N, ∞) − 1 = [1 + (N/N_c)^(αN/αD) · D_c/D]^αD − 1` (eq. 4.2, 4.3).
pub fn overfitting(n: BodyParameters, d: Tokens, k: &SizeAndData) -> f64 {
    let r = k.alpha_n / k.alpha_d;
    (k.alpha_d * ((n.0 / k.n_c.0).powf(r) * k.d_c.0 / d.0).ln_1p()).exp_m1()
}

/// How many tokens keep over-fitting below the noise between seeds (0.02 nats there).
///
/// `D ≳ 5e3 · N^0.74` (eq. 4.4).
pub fn tokens_against_overfitting(n: BodyParameters) -> Tokens {
    Tokens(5e3 * n.0.powf(0.74))
}

/// The loss of N parameters after S_min steps at a batch far above the critical one.
///
/// `L(N, S_min) = (N_c/N)^αN + (S_c/S_min)^αS` (eq. 1.6, 5.6). Steps taken at another batch are
/// corrected first, by [`least_steps`](super::training::least_steps).
pub fn loss_of_size_and_steps(n: BodyParameters, s_min: Steps, k: &SizeAndSteps) -> Nats {
    let theta = [k.alpha_n, k.alpha_s, k.n_c.0, k.s_c.0];
    Nats(size_and_steps(&[n.0, s_min.0], &theta, &mut [0.0; 4]))
}

/// `(x_c/x)^α`.
fn power_law(x: f64, alpha: f64, x_c: f64) -> f64 {
    (x_c / x).powf(alpha)
}

/// L(N).
pub static KAPLAN_N: Law = Law {
    id: "kaplan_n",
    name: "Kaplan L(N)",
    equation: "L = (N_c/N)^αN",
    inputs: &[Quantity::Parameters],
    parameters: &[EXPONENT_N, Parameter::log("N_c", "parameters", 1e-60, 1e100)],
    source: "Kaplan et al. 2020, eq. 1.1",
    published: &[Constants {
        name: "Kaplan 2020, Table 5",
        count: Some(CountKind::Body),
        theta: &[0.076, 8.8e13],
        source: "Kaplan et al. 2020, eq. 1.1 and Table 5",
        standing: Standing::FromMemory,
    }],
    loss: one_power,
    start: |rows, loss, u| KAPLAN_N.within_bounds(start_one_power(rows, loss, u)),
};

/// L(D).
pub static KAPLAN_D: Law = Law {
    id: "kaplan_d",
    name: "Kaplan L(D)",
    equation: "L = (D_c/D)^αD",
    inputs: &[Quantity::Tokens],
    parameters: &[EXPONENT_D, Parameter::log("D_c", "tokens", 1e-60, 1e100)],
    source: "Kaplan et al. 2020, eq. 1.2",
    published: &[Constants {
        name: "Kaplan 2020, Table 5",
        count: None,
        theta: &[0.095, 5.4e13],
        source: "Kaplan et al. 2020, eq. 1.2 and Table 5",
        standing: Standing::FromMemory,
    }],
    loss: one_power,
    start: |rows, loss, u| KAPLAN_D.within_bounds(start_one_power(rows, loss, u)),
};

/// L(C), with C in FLOP.
pub static KAPLAN_C: Law = Law {
    id: "kaplan_c",
    name: "Kaplan L(C)",
    equation: "L = (C_c/C)^αC",
    inputs: &[Quantity::Compute],
    parameters: &[
        Parameter::log("αC", "1", 1e-3, 2.0),
        Parameter::log("C_c", "FLOP", 1e-60, 1e100),
    ],
    source: "Kaplan et al. 2020, eq. 1.3 and §3.3",
    published: &[
        Constants {
            name: "Kaplan 2020, least compute",
            count: None,
            theta: &[0.050, 3.1e8 * FLOP_PER_PF_DAY],
            source: "Kaplan et al. 2020, eq. 1.3: 3.1e8 PF-days",
            standing: Standing::FromMemory,
        },
        Constants {
            name: "Kaplan 2020, fixed batch",
            count: None,
            theta: &[0.057, 1.6e7 * FLOP_PER_PF_DAY],
            source: "Kaplan et al. 2020, §3.3: 1.6e7 PF-days",
            standing: Standing::FromMemory,
        },
    ],
    loss: one_power,
    start: |rows, loss, u| KAPLAN_C.within_bounds(start_one_power(rows, loss, u)),
};

/// L(N, D).
pub static KAPLAN_ND: Law = Law {
    id: "kaplan_nd",
    name: "Kaplan L(N, D)",
    equation: "L = [(N_c/N)^(αN/αD) + D_c/D]^αD",
    inputs: &[Quantity::Parameters, Quantity::Tokens],
    parameters: &[
        EXPONENT_N,
        EXPONENT_D,
        Parameter::log("N_c", "parameters", 1e-60, 1e100),
        Parameter::log("D_c", "tokens", 1e-60, 1e100),
    ],
    source: "Kaplan et al. 2020, eq. 1.5",
    published: &[Constants {
        name: "Kaplan 2020, Table 2",
        count: Some(CountKind::Body),
        theta: &[TABLE_2.alpha_n, TABLE_2.alpha_d, TABLE_2.n_c.0, TABLE_2.d_c.0],
        source: "Kaplan et al. 2020, eq. 1.5 and Table 2",
        standing: Standing::FromMemory,
    }],
    loss: size_and_data,
    start: start_size_and_data,
};

/// L(N, S_min).
pub static KAPLAN_NS: Law = Law {
    id: "kaplan_ns",
    name: "Kaplan L(N, S_min)",
    equation: "L = (N_c/N)^αN + (S_c/S_min)^αS",
    inputs: &[Quantity::Parameters, Quantity::Steps],
    parameters: &[
        EXPONENT_N,
        Parameter::log("αS", "1", 1e-2, 4.0),
        Parameter::log("N_c", "parameters", 1e-60, 1e100),
        Parameter::log("S_c", "steps", 1e-30, 1e30),
    ],
    source: "Kaplan et al. 2020, eq. 1.6 and 5.6",
    published: &[Constants {
        name: "Kaplan 2020, Table 3",
        count: Some(CountKind::Body),
        theta: &[TABLE_3.alpha_n, TABLE_3.alpha_s, TABLE_3.n_c.0, TABLE_3.s_c.0],
        source: "Kaplan et al. 2020, eq. 5.6 and Table 3",
        standing: Standing::FromMemory,
    }],
    loss: size_and_steps,
    start: start_size_and_steps,
};

const EXPONENT_N: Parameter = Parameter::log("αN", "1", 1e-3, 2.0);
const EXPONENT_D: Parameter = Parameter::log("αD", "1", 1e-3, 2.0);

/// `L = (x_c/x)^α`, θ = (α, x_c).
fn one_power(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[alpha, x_c] = theta else { unreachable!("two parameters") };
    let loss = power_law(x[0], alpha, x_c);
    gradient[0] = loss * (x_c / x[0]).ln();
    gradient[1] = loss * alpha / x_c;
    loss
}

/// `L = [u + D_c/D]^αD` with `u = (N_c/N)^(αN/αD)`, θ = (αN, αD, N_c, D_c).
fn size_and_data(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[alpha_n, alpha_d, n_c, d_c] = theta else { unreachable!("four parameters") };
    let ln_n = (n_c / x[0]).ln();
    let u = (alpha_n / alpha_d * ln_n).exp();
    let sum = u + d_c / x[1];
    let loss = sum.powf(alpha_d);
    gradient[0] = loss / sum * u * ln_n;
    gradient[1] = loss * sum.ln() - loss / sum * u * ln_n * alpha_n / alpha_d;
    gradient[2] = loss / sum * u * alpha_n / n_c;
    gradient[3] = loss / sum * alpha_d / x[1];
    loss
}

/// `L = (N_c/N)^αN + (S_c/S)^αS`, θ = (αN, αS, N_c, S_c).
fn size_and_steps(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[alpha_n, alpha_s, n_c, s_c] = theta else { unreachable!("four parameters") };
    let (size, steps) = (power_law(x[0], alpha_n, n_c), power_law(x[1], alpha_s, s_c));
    gradient[0] = size * (n_c / x[0]).ln();
    gradient[1] = steps * (s_c / x[1]).ln();
    gradient[2] = size * alpha_n / n_c;
    gradient[3] = steps * alpha_s / s_c;
    size + steps
}

fn start_one_power(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, loss);
    let alpha = between_log(0.02, 0.5, u[0]);
    vec![alpha, sizes.scale(0, alpha, between(0.8, 1.2, u[1]))]
}

fn start_size_and_data(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, loss);
    let (alpha_n, alpha_d) = (between_log(0.02, 0.5, u[0]), between_log(0.02, 0.5, u[1]));
    // [u + v]^αD is the median loss where u and v are shares of its 1/αD-th power.
    let whole = sizes.loss.powf(1.0 / alpha_d);
    let share = between(0.2, 0.8, u[2]);
    let n_c = sizes.x[0] * (share * whole).powf(alpha_d / alpha_n);
    let d_c = sizes.x[1] * (1.0 - share) * whole * between(0.8, 1.2, u[3]);
    KAPLAN_ND.within_bounds(vec![alpha_n, alpha_d, n_c, d_c])
}

fn start_size_and_steps(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    let sizes = Sizes::of(rows, loss);
    let (alpha_n, alpha_s) = (between_log(0.02, 0.5, u[0]), between_log(0.2, 1.5, u[1]));
    let n_c = sizes.scale(0, alpha_n, between(0.5, 1.0, u[2]));
    let s_c = sizes.scale(1, alpha_s, between(0.02, 0.5, u[3]));
    KAPLAN_NS.within_bounds(vec![alpha_n, alpha_s, n_c, s_c])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_endless_data_l_of_n_and_d_is_l_of_n() {
        let (n, k) = (BodyParameters(1e8), &TABLE_2);
        let endless = loss_of_size_and_data(n, Tokens(1e30), k).0;
        assert!((endless / (k.n_c.0 / n.0).powf(k.alpha_n) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn with_an_endless_model_l_of_n_and_d_is_l_of_d() {
        let (d, k) = (Tokens(1e9), &TABLE_2);
        let endless = loss_of_size_and_data(BodyParameters(1e60), d, k).0;
        assert!((endless / (k.d_c.0 / d.0).powf(k.alpha_d) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn overfitting_is_how_far_the_loss_stands_above_that_of_endless_data() {
        let (n, k) = (BodyParameters(3e7), &TABLE_2);
        let above = loss_of_size_and_data(n, Tokens(5e8), k).0
            / loss_of_size_and_data(n, Tokens(1e30), k).0
            - 1.0;
        assert!((overfitting(n, Tokens(5e8), k) / above - 1.0).abs() < 1e-10);
    }

    #[test]
    fn the_law_of_compute_takes_flop_and_the_function_takes_pf_days() {
        let c = PfDays(12.0);
        let flop = crate::units::Flop::from(c).0;
        let [least, fixed] = KAPLAN_C.published else { panic!("two sets of constants") };
        assert!(
            (KAPLAN_C.at(&[flop], least.theta) / loss_of_least_compute(c).0 - 1.0).abs() < 1e-12
        );
        let at_fixed_batch = loss_of_compute_at_fixed_batch(c).0;
        assert!((KAPLAN_C.at(&[flop], fixed.theta) / at_fixed_batch - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_laws_of_one_quantity_are_their_functions() {
        let n = KAPLAN_N.at(&[1e8], KAPLAN_N.published[0].theta);
        let d = KAPLAN_D.at(&[1e9], KAPLAN_D.published[0].theta);
        assert_eq!(n, loss_of_size(BodyParameters(1e8)).0);
        assert_eq!(d, loss_of_data(Tokens(1e9)).0);
    }
}
