//! How to split a budget between size and data, in closed form where there is one and by search
//! for any other law.
//!
//! C = 6ND throughout: training FLOP of N parameters on D tokens.

use super::{Law, Quantity};
use crate::Error;
use crate::units::{Flop, Nats, Parameters, Tokens};

/// A law of size and data in two terms, `L = E + A/N^α + B/D^β` (Hoffmann et al. 2022, eq. 2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoTerms {
    /// E: the loss that neither size nor data removes.
    pub e: f64,
    /// A.
    pub a: f64,
    /// B.
    pub b: f64,
    /// α.
    pub alpha: f64,
    /// β.
    pub beta: f64,
}

/// A size and a number of tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// N.
    pub parameters: Parameters,
    /// D.
    pub tokens: Tokens,
}

impl Split {
    /// C = 6ND.
    pub fn compute(&self) -> Flop {
        Flop(6.0 * self.parameters.0 * self.tokens.0)
    }

    /// D/N.
    pub fn tokens_per_parameter(&self) -> f64 {
        self.tokens.0 / self.parameters.0
    }
}

impl TwoTerms {
    /// `L = E + A/N^α + B/D^β`.
    pub fn loss(&self, split: Split) -> Nats {
        let size = self.a / split.parameters.0.powf(self.alpha);
        Nats(self.e + size + self.b / split.tokens.0.powf(self.beta))
    }

    /// The split of C FLOP with the lowest loss (Hoffmann et al. 2022, eq. 4):
    ///
    /// `N = G·(C/6)^(β/(α+β))`, `D = (C/6)^(α/(α+β))/G`, `G = (αA/βB)^(1/(α+β))`.
    ///
    /// A law `(A/N^α + B/D^β)^k + E` has the same optimum, whatever its k: it is lowest where its
    /// bracket is.
    pub fn best_split(&self, c: Flop) -> Split {
        let (sum, nd) = (self.alpha + self.beta, c.0 / 6.0);
        let g = self.g();
        Split {
            parameters: Parameters(g * nd.powf(self.beta / sum)),
            tokens: Tokens(nd.powf(self.alpha / sum) / g),
        }
    }

    /// `G = (αA/βB)^(1/(α+β))`.
    pub fn g(&self) -> f64 {
        (self.alpha * self.a / (self.beta * self.b)).powf(1.0 / (self.alpha + self.beta))
    }

    /// a in N_opt ∝ C^a: `β/(α+β)`.
    pub fn size_exponent(&self) -> f64 {
        self.beta / (self.alpha + self.beta)
    }

    /// γ in `L_opt − E ∝ C^−γ`: `αβ/(α+β)`.
    pub fn loss_exponent(&self) -> f64 {
        self.alpha * self.beta / (self.alpha + self.beta)
    }

    /// How much more compute the same loss takes at `k_n` times the best size, as a fraction; none
    /// where no amount of data reaches it.
    ///
    /// `k_D = [1 − (k_N^−α − 1)·(A/B)·G^(−α−β)]^(−1/β)`, overhead `k_N·k_D − 1`; and
    /// `(A/B)·G^(−α−β) = β/α`, since at the optimum αA/N^α = βB/D^β.
    pub fn overhead_at_other_size(&self, k_n: f64) -> Option<f64> {
        let bracket = 1.0 - (k_n.powf(-self.alpha) - 1.0) * self.beta / self.alpha;
        (bracket > 0.0).then(|| k_n * bracket.powf(-1.0 / self.beta) - 1.0)
    }
}

/// The split of C FLOP with the lowest loss under any law of size and data, by search: ln N
/// between one parameter and one token, scanned and then narrowed by golden section.
///
/// # Errors
/// Refused where the law does not take size and data alone, or falls to the edge of the search,
/// which is to say that it has no best split.
pub fn best_split(law: &Law, theta: &[f64], c: Flop) -> Result<Split, Error> {
    let columns = size_and_data(law)?;
    let nd = (c.0 / 6.0).ln();
    let loss = |ln_n: f64| law.at(&columns.row(ln_n.exp(), (nd - ln_n).exp()), theta);
    let ln_n = lowest(loss, 0.0, nd).ok_or_else(|| no_interior(law, format!("at {c}")))?;
    Ok(Split { parameters: Parameters(ln_n.exp()), tokens: Tokens((nd - ln_n).exp()) })
}

/// How many tokens a model will read and write after training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// D_inf: tokens over its life.
    pub tokens: Tokens,
    /// What a FLOP costs there over what it costs in training: above one where the hardware is
    /// used less well or is dearer.
    pub cost_ratio: f64,
}

/// The split that reaches the loss ℓ with the least compute over training and use
/// (Sardana et al. 2024, arXiv 2401.00448, eq. 3):
///
/// `min 6·N·D + r·2·N·D_inf` subject to `L(N, D) = ℓ`, with r the ratio of costs.
///
/// # Errors
/// Refused where the law does not take size and data alone, or does not reach ℓ, or its cheapest
/// split is at the edge of the search.
pub fn best_split_with_use(
    law: &Law,
    theta: &[f64],
    target: Nats,
    demand: Demand,
) -> Result<Split, Error> {
    let columns = size_and_data(law)?;
    let ln_tokens = |ln_n: f64| {
        let excess = |ln_d: f64| law.at(&columns.row(ln_n.exp(), ln_d.exp()), theta) - target.0;
        crossing(excess, 0.0, LN_MOST)
    };
    let cost = |ln_n: f64| {
        let used = demand.cost_ratio * 2.0 * demand.tokens.0;
        ln_tokens(ln_n).map_or(f64::INFINITY, |ln_d| ln_n + (6.0 * ln_d.exp() + used).ln())
    };
    let found = lowest(cost, 0.0, LN_MOST).and_then(|ln_n| {
        Some(Split { parameters: Parameters(ln_n.exp()), tokens: Tokens(ln_tokens(ln_n)?.exp()) })
    });
    found.ok_or_else(|| no_interior(law, format!("that reaches {target}")))
}

/// How many times the compute recipe 1 needs for what recipe 2 reaches, at the same compute now:
/// `C₂/C₁ = [(L₁ − E)/(L₂ − E)]^(1/γ)`, where L − E ∝ C^−γ. None where a loss is not above E.
pub fn compute_multiple(l1: Nats, l2: Nats, e: Nats, gamma: f64) -> Option<f64> {
    let (above1, above2) = (l1.0 - e.0, l2.0 - e.0);
    (above1 > 0.0 && above2 > 0.0).then(|| (above1 / above2).powf(1.0 / gamma))
}

/// ln 1e30: no run is larger.
const LN_MOST: f64 = 69.077_552_789_821_37;

/// Which input of a law is the size; the other is the data.
struct Columns {
    size_first: bool,
}

impl Columns {
    fn row(&self, n: f64, d: f64) -> [f64; 2] {
        if self.size_first { [n, d] } else { [d, n] }
    }
}

fn size_and_data(law: &Law) -> Result<Columns, Error> {
    match law.inputs {
        [Quantity::Parameters, Quantity::Tokens] => Ok(Columns { size_first: true }),
        [Quantity::Tokens, Quantity::Parameters] => Ok(Columns { size_first: false }),
        _ => Err(Error::refused(
            format!(
                "{} is not a law of size and data alone: it does not say how to split",
                law.name
            ),
            "fit chinchilla or skaling",
        )),
    }
}

fn no_interior(law: &Law, what: String) -> Error {
    Error::refused(
        format!(
            "{} has no best split {what}: its loss is lowest at the edge of the search",
            law.name
        ),
        "fit it to runs that vary both size and data",
    )
}

/// Where `f` is lowest between `low` and `high`; none where that is at an end.
fn lowest(f: impl Fn(f64) -> f64, low: f64, high: f64) -> Option<f64> {
    const N_SCAN: usize = 120;
    let at = |i: usize| low + (high - low) * i as f64 / N_SCAN as f64;
    let values: Vec<f64> = (0..=N_SCAN).map(|i| f(at(i))).collect();
    let best = (0..=N_SCAN).min_by(|&i, &j| values[i].total_cmp(&values[j]))?;
    let interior = 0 < best && best < N_SCAN && values[best].is_finite();
    interior.then(|| golden_section(f, at(best - 1), at(best + 1)))
}

/// Golden-section search: each step keeps 1/φ of the interval.
fn golden_section(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    const INVERSE_PHI: f64 = 0.618_033_988_749_894_9;
    let (mut x1, mut x2) = (high - INVERSE_PHI * (high - low), low + INVERSE_PHI * (high - low));
    let (mut f1, mut f2) = (f(x1), f(x2));
    while high - low > 1e-9 {
        if f1 <= f2 {
            (high, x2, f2) = (x2, x1, f1);
            x1 = high - INVERSE_PHI * (high - low);
            f1 = f(x1);
        } else {
            (low, x1, f1) = (x1, x2, f2);
            x2 = low + INVERSE_PHI * (high - low);
            f2 = f(x2);
        }
    }
    f64::midpoint(low, high)
}

/// Where the falling `f` crosses zero between `low` and `high`, by bisection; none where it does
/// not.
fn crossing(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> Option<f64> {
    if !(f(low) > 0.0 && f(high) < 0.0) {
        return None;
    }
    while high - low > 1e-12 * high.abs().max(1.0) {
        let middle = f64::midpoint(low, high);
        if f(middle) > 0.0 { low = middle } else { high = middle }
    }
    Some(f64::midpoint(low, high))
}
