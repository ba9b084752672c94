//! The loss along a run from its learning rates: schedules that make a sequence of rates, and two
//! laws that turn any sequence into a curve, so that a curve seen under one schedule foretells
//! another.

use std::f64::consts::PI;

use super::start::{Sizes, between, between_log};
use super::{Law, Parameter, Quantity};

/// What the learning rate does after its warm-up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// One rate.
    Constant,
    /// Half a cosine down to `floor` of the peak: `η = f + (1 − f)(1 + cos πp)/2`.
    Cosine {
        /// f.
        floor: f64,
    },
    /// Straight down to `floor` of the peak: `η = 1 − (1 − f)·p`.
    Linear {
        /// f.
        floor: f64,
    },
    /// One rate, then a cooldown to zero over the last `share` of all steps.
    WarmupStableDecay {
        /// N_d/N.
        share: f64,
        /// How it comes down.
        cooldown: Cooldown,
    },
}

/// How a cooldown comes down to zero over its own progress q from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cooldown {
    /// `1 − √q`, q = (n − N₀)/N_d: the one that Hägele et al. 2024 (arXiv 2405.18392) advise; over
    /// 20 % of the steps it does as well as a cosine, and one trunk serves every length of run.
    OneMinusSqrt,
    /// `1 − q`.
    Linear,
}

impl Cooldown {
    fn factor(self, q: f64) -> f64 {
        match self {
            Self::OneMinusSqrt => 1.0 - q.sqrt(),
            Self::Linear => 1.0 - q,
        }
    }
}

/// The learning rate of each of `n_steps` steps: a straight warm-up over `n_warmup` of them to
/// `peak`, then `shape`.
pub fn learning_rates(shape: Shape, peak: f64, n_warmup: usize, n_steps: usize) -> Vec<f64> {
    let after = n_steps.saturating_sub(n_warmup).max(1) as f64;
    let rate = |step: usize| match step.checked_sub(n_warmup) {
        Some(0) | None => step as f64 / n_warmup.max(1) as f64,
        Some(past) => factor(shape, past as f64 / after, step as f64 / n_steps as f64),
    };
    (1..=n_steps).map(|step| peak * rate(step)).collect()
}

/// The share of the peak at progress `p` of what follows the warm-up, `whole` of the run.
fn factor(shape: Shape, p: f64, whole: f64) -> f64 {
    match shape {
        Shape::Constant => 1.0,
        Shape::Cosine { floor } => floor + (1.0 - floor) * (1.0 + (PI * p).cos()) / 2.0,
        Shape::Linear { floor } => 1.0 - (1.0 - floor) * p,
        Shape::WarmupStableDecay { share, cooldown } => {
            let q = 1.0 - (1.0 - whole) / share;
            if q <= 0.0 { 1.0 } else { cooldown.factor(q) }
        }
    }
}

/// What Tissue's law takes in at one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Areas {
    /// S₁.
    pub forward: f64,
    /// S₂.
    pub annealing: f64,
    /// ∂S₂/∂λ.
    pub annealing_by_lambda: f64,
}

/// S₁ and S₂ after every step of a sequence of learning rates (Tissue et al. 2024, arXiv
/// 2408.11029, eq. 1 and 2):
///
/// `S₁ = Σ_{i≤s} η_i`, `S₂ = Σ_{i≤s} m_i`, `m_i = λ·m_{i−1} + (η_{i−1} − η_i)`, m_1 = 0.
///
/// λ is near one (the paper: 0.99 to 0.999). A sequence that begins with its warm-up counts the
/// rise as a negative fall; leave the warm-up out to leave it out of S₂.
pub fn areas(rates: &[f64], lambda: f64) -> Vec<Areas> {
    let (mut now, mut m, mut m_by_lambda) =
        (Areas { forward: 0.0, annealing: 0.0, annealing_by_lambda: 0.0 }, 0.0, 0.0);
    let mut before = rates.first().copied().unwrap_or(0.0);
    let step = |&rate: &f64| {
        m_by_lambda = m + lambda * m_by_lambda;
        m = lambda * m + (before - rate);
        before = rate;
        now.forward += rate;
        now.annealing += m;
        now.annealing_by_lambda += m_by_lambda;
        now
    };
    rates.iter().map(step).collect()
}

/// L along a run from its [`areas`]: a [`Law`] whose inputs are derived from the learning rates.
///
/// `L(s) = L₀ + A·S₁^−α − C·S₂` (Tissue et al. 2024, eq. 1).
pub static TISSUE: Law = Law {
    id: "tissue",
    name: "Tissue (learning-rate annealing)",
    equation: "L = L₀ + A·S₁^−α − C·S₂",
    inputs: &[Quantity::ForwardArea, Quantity::AnnealingArea],
    parameters: &[
        Parameter::linear("L₀", "nats", 0.0, 20.0),
        Parameter::log("A", "nats", 1e-9, 1e9),
        Parameter::log("α", "1", 1e-2, 4.0),
        Parameter::linear("C", "nats", 0.0, 1e6),
    ],
    source: "Tissue et al. 2024, eq. 1",
    published: &[],
    loss: annealed,
    start,
};

/// θ = (L₀, A, α, C).
fn annealed(x: &[f64], theta: &[f64], gradient: &mut [f64]) -> f64 {
    let &[floor, a, alpha, c] = theta else { unreachable!("four parameters") };
    let power = x[0].powf(-alpha);
    gradient[0] = 1.0;
    gradient[1] = power;
    gradient[2] = -a * power * x[0].ln();
    gradient[3] = -x[1];
    floor + a * power - c * x[1]
}

fn start(rows: &[Vec<f64>], loss: &[f64], u: &[f64]) -> Vec<f64> {
    // The falls may be none or below zero: only the forward area has a typical size.
    let forward: Vec<Vec<f64>> = rows.iter().map(|x| vec![x[0]]).collect();
    let sizes = Sizes::of(&forward, loss);
    let largest_fall = rows.iter().map(|x| x[1].abs()).fold(0.0, f64::max);
    let alpha = between_log(0.1, 1.5, u[2]);
    let a = sizes.coefficient(0, alpha, between(0.02, 0.5, u[1]));
    let c = between(0.0, 0.1, u[3]) * sizes.lowest / largest_fall.max(1e-12);
    TISSUE.within_bounds(vec![sizes.lowest * between(0.5, 1.0, u[0]), a, alpha, c])
}

/// The parameters of the multi-power law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultiPower {
    /// L₀.
    pub floor: f64,
    /// A.
    pub a: f64,
    /// α.
    pub alpha: f64,
    /// B.
    pub b: f64,
    /// C.
    pub c: f64,
    /// β.
    pub beta: f64,
    /// γ.
    pub gamma: f64,
}

/// The loss after `step` steps past the warm-up, and its gradient in the order of
/// [`MultiPower`]'s fields (Luo et al. 2025, arXiv 2503.12811):
///
/// ```text
/// L(t) = L₀ + A·(S₁(t) + S_W)^−α
///           − B·Σ_{k=1..t} (η_{k−1} − η_k)·[1 − (1 + C·η_k^−γ·S_k(t))^−β]
/// ```
///
/// with S₁ the sum of rates up to t, S_W that of the warm-up and S_k(t) that from k to t.
/// `rates[0]` is η₀, the rate at the end of the warm-up, and `rates[step]` that of the step asked
/// for.
pub fn multi_power(
    rates: &[f64],
    warmup_area: f64,
    step: usize,
    k: &MultiPower,
) -> (f64, [f64; 7]) {
    let seen = rates.get(..=step).unwrap_or(rates);
    let forward = seen.iter().skip(1).sum::<f64>() + warmup_area;
    let power = forward.powf(-k.alpha);
    let (mut drop, mut by_c, mut by_beta, mut by_gamma) = (0.0, 0.0, 0.0, 0.0);
    let mut since = 0.0;
    for pair in seen.windows(2).rev() {
        let (fall, rate) = (pair[0] - pair[1], pair[1]);
        since += rate;
        // A rate of zero that nothing follows moves nothing: its bracket is 0.
        if fall == 0.0 || since == 0.0 {
            continue;
        }
        // A rate of zero that something follows: the bracket is 1, whatever the parameters.
        if rate == 0.0 {
            drop += fall;
            continue;
        }
        let scaled = rate.powf(-k.gamma) * since;
        let base = 1.0 + k.c * scaled;
        let left = base.powf(-k.beta);
        drop += fall * (1.0 - left);
        by_c += fall * k.beta * left / base * scaled;
        by_beta += fall * left * base.ln();
        by_gamma -= fall * k.beta * left / base * k.c * scaled * rate.ln();
    }
    let loss = k.floor + k.a * power - k.b * drop;
    let by_alpha = -k.a * power * forward.ln();
    (loss, [1.0, power, by_alpha, -drop, -k.b * by_c, -k.b * by_beta, -k.b * by_gamma])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_shape(shape: Shape, expected: &[f64]) {
        let rates = learning_rates(shape, 1.0, 2, 10);
        assert_eq!(rates.len(), expected.len());
        for (rate, expected) in rates.iter().zip(expected) {
            assert!((rate - expected).abs() < 1e-3, "{shape:?}: {rates:?}");
        }
    }

    #[test]
    fn schedules_rise_to_their_peak_and_come_down_as_named() {
        check_shape(Shape::Constant, &[0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        check_shape(
            Shape::Linear { floor: 0.2 },
            &[0.5, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2],
        );
        check_shape(
            Shape::Cosine { floor: 0.1 },
            &[0.5, 1.0, 0.966, 0.868, 0.722, 0.55, 0.378, 0.232, 0.134, 0.1],
        );
        check_shape(
            Shape::WarmupStableDecay { share: 0.4, cooldown: Cooldown::OneMinusSqrt },
            &[0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.2929, 0.134, 0.0],
        );
        check_shape(
            Shape::WarmupStableDecay { share: 0.4, cooldown: Cooldown::Linear },
            &[0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0],
        );
    }

    #[test]
    fn a_constant_rate_has_no_annealing_area() {
        let last = areas(&[0.5; 8], 0.99).pop().unwrap();
        assert_eq!((last.forward, last.annealing), (4.0, 0.0));
    }

    #[test]
    fn one_fall_adds_a_geometric_series_to_the_annealing_area() {
        let (lambda, fall) = (0.9f64, 0.3);
        let after = areas(&[1.0, 0.7, 0.7, 0.7], lambda);
        let expected = fall * (1.0 + lambda + lambda * lambda);
        assert!((after[3].annealing - expected).abs() < 1e-12);
        assert!((after[3].annealing_by_lambda - fall * (1.0 + 2.0 * lambda)).abs() < 1e-12);
    }

    const MULTI_POWER: MultiPower =
        MultiPower { floor: 2.4, a: 0.6, alpha: 0.45, b: 400.0, c: 2.0, beta: 0.5, gamma: 0.6 };

    #[test]
    fn before_any_fall_the_multi_power_law_is_a_power_law_of_the_forward_area() {
        let (loss, _) = multi_power(&[3e-4; 1001], 0.05, 1000, &MULTI_POWER);
        let k = &MULTI_POWER;
        assert!((loss - k.floor - k.a * (0.3f64 + 0.05).powf(-k.alpha)).abs() < 1e-12);
    }

    #[test]
    fn a_fall_of_the_rate_lowers_the_loss_even_where_it_ends_at_zero() {
        let shape = Shape::WarmupStableDecay { share: 0.2, cooldown: Cooldown::OneMinusSqrt };
        let falling = learning_rates(shape, 3e-4, 0, 1000);
        let steady = vec![3e-4; 1000];
        let loss = |rates: &[f64]| multi_power(rates, 0.05, 999, &MULTI_POWER).0;
        assert!(loss(&falling) < loss(&steady));
        let (beyond, gradient) = multi_power(&falling, 0.05, 5000, &MULTI_POWER);
        assert_eq!(beyond, loss(&falling));
        assert!(gradient.iter().all(|g| g.is_finite()));
    }

    #[test]
    fn the_gradient_of_the_multi_power_law_is_its_slope() {
        let rates = learning_rates(Shape::Cosine { floor: 0.1 }, 3e-4, 0, 500);
        let values = |k: &MultiPower| [k.floor, k.a, k.alpha, k.b, k.c, k.beta, k.gamma];
        let at = |v: [f64; 7]| {
            let [floor, a, alpha, b, c, beta, gamma] = v;
            multi_power(&rates, 0.05, 499, &MultiPower { floor, a, alpha, b, c, beta, gamma })
        };
        let (_, gradient) = at(values(&MULTI_POWER));
        for (i, slope) in gradient.iter().enumerate() {
            let (mut above, mut below) = (values(&MULTI_POWER), values(&MULTI_POWER));
            let h = 1e-5 * above[i];
            above[i] += h;
            below[i] -= h;
            let difference = (at(above).0 - at(below).0) / (2.0 * h);
            assert!((difference / slope - 1.0).abs() < 1e-6, "{i}: {difference} against {slope}");
        }
    }
}
