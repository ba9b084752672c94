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
pub(crate) fn lowest(f: impl Fn(f64) -> f64, low: f64, high: f64) -> Option<f64> {
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
pub(crate) fn crossing(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> Option<f64> {
    if !(f(low) > 0.0 && f(high) < 0.0) {
        return None;
    }
    while high - low > 1e-12 * high.abs().max(1.0) {
        let middle = f64::midpoint(low, high);
        if f(middle) > 0.0 { low = middle } else { high = middle }
    }
    Some(f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gadre::GADRE;
    use crate::model::kaplan::KAPLAN_N;

    const BESIROGLU: TwoTerms =
        TwoTerms { e: 1.8172, a: 482.01, b: 2085.43, alpha: 0.3478, beta: 0.3658 };

    /// Gadre's law with η = 0.17 and what it is in two terms: a·6^−η/N^2η + b·6^−η/D^2η + E.
    const GADRE_THETA: [f64; 4] = [1.7, 900.0, 2_500.0, 0.17];

    fn gadre_in_two_terms() -> TwoTerms {
        let [e, a, b, eta] = GADRE_THETA;
        let six = 6f64.powf(-eta);
        TwoTerms { e, a: a * six, b: b * six, alpha: 2.0 * eta, beta: 2.0 * eta }
    }

    #[test]
    fn the_best_split_spends_the_budget_and_no_neighbour_is_better() {
        let (law, c) = (&BESIROGLU, Flop(1e21));
        let best = law.best_split(c);
        assert!((best.compute().0 / c.0 - 1.0).abs() < 1e-12);
        for factor in [0.5, 0.99, 1.01, 2.0] {
            let other = Split {
                parameters: Parameters(best.parameters.0 * factor),
                tokens: Tokens(best.tokens.0 / factor),
            };
            assert!(law.loss(other).0 > law.loss(best).0, "{factor}");
        }
    }

    #[test]
    fn above_its_floor_the_best_loss_falls_with_the_loss_exponent_of_compute() {
        let law = &BESIROGLU;
        let above = |c| law.loss(law.best_split(Flop(c))).0 - law.e;
        let exponent = (above(1e20) / above(1e22)).ln() / 100f64.ln();
        assert!((exponent - law.loss_exponent()).abs() < 1e-12);
    }

    #[test]
    fn the_search_finds_what_the_closed_form_says() {
        let (c, closed) = (Flop(3e20), gadre_in_two_terms());
        let (found, expected) =
            (best_split(&GADRE, &GADRE_THETA, c).unwrap(), closed.best_split(c));
        assert!((found.parameters.0 / expected.parameters.0 - 1.0).abs() < 1e-6);
        assert!((found.compute().0 / c.0 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_law_that_does_not_take_size_and_data_is_refused() {
        let theta = KAPLAN_N.published[0].theta;
        let refusal = best_split(&KAPLAN_N, theta, Flop(1e20)).unwrap_err().to_string();
        assert!(refusal.contains("size and data"), "{refusal}");
    }

    #[test]
    fn another_size_with_its_overhead_reaches_the_same_loss() {
        let law = &BESIROGLU;
        let best = law.best_split(Flop(1e21));
        for k_n in [0.4, 0.8, 1.5, 3.0] {
            let overhead = law.overhead_at_other_size(k_n).unwrap();
            let other = Split {
                parameters: Parameters(k_n * best.parameters.0),
                tokens: Tokens((1.0 + overhead) / k_n * best.tokens.0),
            };
            assert!((law.loss(other).0 - law.loss(best).0).abs() < 1e-12, "{k_n}");
            assert!(overhead > 0.0, "{k_n}");
        }
        assert_eq!(law.overhead_at_other_size(0.01), None);
    }

    #[test]
    fn a_model_that_is_never_used_is_best_at_the_best_split_of_its_training() {
        let closed = gadre_in_two_terms();
        let trained = closed.best_split(Flop(1e21));
        let unused = Demand { tokens: Tokens(0.0), cost_ratio: 1.0 };
        let split =
            best_split_with_use(&GADRE, &GADRE_THETA, closed.loss(trained), unused).unwrap();
        assert!((split.parameters.0 / trained.parameters.0 - 1.0).abs() < 1e-5);
        assert!((split.tokens.0 / trained.tokens.0 - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_model_that_is_used_much_is_smaller_and_trained_longer_for_less_in_all() {
        let closed = gadre_in_two_terms();
        let trained = closed.best_split(Flop(1e21));
        let target = closed.loss(trained);
        let demand = Demand { tokens: Tokens(1e13), cost_ratio: 1.0 };
        let split = best_split_with_use(&GADRE, &GADRE_THETA, target, demand).unwrap();
        let cost = |s: Split| s.compute().0 + 2.0 * s.parameters.0 * demand.tokens.0;
        assert!(split.parameters.0 < trained.parameters.0 && split.tokens.0 > trained.tokens.0);
        assert!((closed.loss(split).0 - target.0).abs() < 1e-9);
        assert!(cost(split) < cost(trained));
    }

    #[test]
    fn a_loss_below_the_floor_is_refused() {
        let demand = Demand { tokens: Tokens(1e12), cost_ratio: 1.0 };
        assert!(best_split_with_use(&GADRE, &GADRE_THETA, Nats(1.6), demand).is_err());
    }

    #[test]
    fn the_compute_multiple_undoes_the_law() {
        let law = &BESIROGLU;
        let at = |c| law.loss(law.best_split(Flop(c)));
        let multiple =
            compute_multiple(at(1e20), at(5e20), Nats(law.e), law.loss_exponent()).unwrap();
        assert!((multiple - 5.0).abs() < 1e-9);
        assert_eq!(compute_multiple(Nats(1.0), Nats(2.0), Nats(law.e), 0.17), None);
    }
}
