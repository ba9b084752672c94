//! The best that a law allows: the split of a budget, the loss there, and back again.

use crate::Error;
use crate::model::allocation::{self, Split, TwoTerms, crossing, lowest};
use crate::model::muennighoff::MUENNIGHOFF;
use crate::model::{Law, Quantity};
use crate::units::{Flop, Nats, Parameters, Tokens};

/// A law of size and data with its parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frontier<'a> {
    pub law: &'static Law,
    pub theta: &'a [f64],
}

/// A split and the loss there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Optimum {
    pub split: Split,
    pub loss: Nats,
}

/// R_D* and R_N*: how fast repeats lose their worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Repeats {
    pub tokens: f64,
    pub parameters: f64,
}

impl Repeats {
    /// Muennighoff et al. 2023, C4.
    pub(crate) fn published() -> Self {
        let theta = MUENNIGHOFF.published[0].theta;
        Self { tokens: theta[5], parameters: theta[6] }
    }
}

/// ln C of 6·1e30·1e30: beyond every run.
const LN_MOST_COMPUTE: f64 = 139.9;

impl Frontier<'_> {
    /// The law as `L = (A/N^α + B/D^β)^k + E`, and k, where it can be written so.
    fn two_terms(&self) -> Option<(TwoTerms, f64)> {
        match (self.law.id, self.theta) {
            ("chinchilla" | "muennighoff", &[e, a, b, alpha, beta, ..]) => {
                Some((TwoTerms { e, a, b, alpha, beta }, 1.0))
            }
            ("skaling", &[e, a, b, alpha, beta, k]) => Some((TwoTerms { e, a, b, alpha, beta }, k)),
            // a·(M/C)^η = a·6^−η/N^2η and b·(M·C)^−η = b·6^−η/D^2η.
            ("gadre", &[e, a, b, eta]) => {
                let six = 6f64.powf(-eta);
                let exponent = 2.0 * eta;
                let (a, b) = (a * six, b * six);
                Some((TwoTerms { e, a, b, alpha: exponent, beta: exponent }, 1.0))
            }
            _ => None,
        }
    }

    /// L(N, D), each token seen once.
    pub(crate) fn loss(&self, split: Split) -> f64 {
        let (n, d) = (split.parameters.0, split.tokens.0);
        match self.law.inputs {
            [Quantity::Tokens, Quantity::Parameters] => self.law.at(&[d, n], self.theta),
            [_, _] => self.law.at(&[n, d], self.theta),
            _ => self.law.at(&[n, d, d], self.theta),
        }
    }

    /// The best split of C and its loss; none where the law has none inside the search.
    pub(crate) fn best(&self, c: Flop) -> Option<Optimum> {
        let split = match self.two_terms() {
            Some((terms, _)) => terms.best_split(c),
            None => allocation::best_split(self.law, self.theta, c).ok()?,
        };
        let loss = self.loss(split);
        let finite = split.parameters.0.is_finite() && split.tokens.0.is_finite();
        (finite && loss.is_finite()).then_some(Optimum { split, loss: Nats(loss) })
    }

    /// The least compute that reaches `loss`; none where none does.
    ///
    /// Where the law is in two terms its best bracket is `K·(C/6)^−γ`, so that
    /// `C = 6·[K/(L − E)^(1/k)]^(1/γ)`.
    pub(crate) fn compute_to_reach(&self, loss: Nats) -> Option<Flop> {
        if let Some((terms, k)) = self.two_terms() {
            let above = loss.0 - terms.e;
            if above <= 0.0 {
                return None;
            }
            let bracket = terms.loss(terms.best_split(Flop(6.0))).0 - terms.e;
            let c = 6.0 * (bracket / above.powf(1.0 / k)).powf(1.0 / terms.loss_exponent());
            return (c.is_finite() && c > 0.0).then_some(Flop(c));
        }
        let excess =
            |ln_c: f64| self.best(Flop(ln_c.exp())).map_or(f64::NAN, |best| best.loss.0 - loss.0);
        let lowest_budget = (1..140).map(f64::from).find(|ln_c| excess(*ln_c) > 0.0)?;
        crossing(excess, lowest_budget, LN_MOST_COMPUTE).map(|ln_c| Flop(ln_c.exp()))
    }

    /// How much more compute a model of `k_n` times the best size takes to the loss of the best
    /// split of C, as a fraction; none where no amount of data gets it there.
    pub(crate) fn overhead_at_other_size(&self, c: Flop, k_n: f64) -> Option<f64> {
        if let Some((terms, _)) = self.two_terms() {
            return terms.overhead_at_other_size(k_n);
        }
        let best = self.best(c)?;
        let parameters = Parameters(k_n * best.split.parameters.0);
        let excess =
            |ln_d: f64| self.loss(Split { parameters, tokens: Tokens(ln_d.exp()) }) - best.loss.0;
        let tokens = crossing(excess, 0.0, LN_MOST_COMPUTE)?.exp();
        Some(6.0 * parameters.0 * tokens / c.0 - 1.0)
    }

    /// The least cost over training and use at the loss of the best split of C.
    pub(crate) fn best_with_use(
        &self,
        loss: Nats,
        demand: allocation::Demand,
    ) -> Result<Split, Error> {
        allocation::best_split_with_use(self.law, self.theta, loss, demand)
    }

    /// The best split of C where only `unique` tokens are at hand and the rest are repeats
    /// (Muennighoff et al. 2023, eq. 5 and 6, in the law's own terms: N' and D' stand for N and
    /// D). None where the law is not in two terms.
    pub(crate) fn best_with_unique(
        &self,
        c: Flop,
        unique: Tokens,
        repeats: Repeats,
    ) -> Option<Optimum> {
        let (terms, k) = self.two_terms()?;
        let theta =
            [0.0, terms.a, terms.b, terms.alpha, terms.beta, repeats.tokens, repeats.parameters];
        let nd = (c.0 / 6.0).ln();
        let loss = |ln_n: f64| {
            let (n, d) = (ln_n.exp(), (nd - ln_n).exp());
            terms.e + MUENNIGHOFF.at(&[n, d, unique.0], &theta).powf(k)
        };
        let ln_n = lowest(loss, 0.0, nd)?;
        let split = Split { parameters: Parameters(ln_n.exp()), tokens: Tokens((nd - ln_n).exp()) };
        Some(Optimum { split, loss: Nats(loss(ln_n)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chinchilla::{CHINCHILLA, SKALING};
    use crate::model::kaplan::KAPLAN_ND;

    const SKALING_THETA: &[f64] = &[1.5, 900.0, 3000.0, 0.4, 0.45, 0.6];

    fn laws() -> [Frontier<'static>; 3] {
        [
            Frontier { law: &CHINCHILLA, theta: CHINCHILLA.published[2].theta },
            Frontier { law: &SKALING, theta: SKALING_THETA },
            Frontier { law: &KAPLAN_ND, theta: KAPLAN_ND.published[0].theta },
        ]
    }

    #[test]
    fn the_compute_to_reach_the_best_loss_of_a_budget_is_that_budget() {
        for law in laws() {
            for c in [1e18, 1e21, 1e24].map(Flop) {
                let loss = law.best(c).unwrap().loss;
                let back = law.compute_to_reach(loss).unwrap();
                assert!((back.0 / c.0 - 1.0).abs() < 1e-6, "{} {c}: {back}", law.law.id);
            }
        }
    }

    #[test]
    fn a_loss_below_the_floor_is_reached_by_no_compute() {
        assert!(laws()[0].compute_to_reach(Nats(1.8)).is_none());
        assert!(laws()[1].compute_to_reach(Nats(1.5)).is_none());
    }

    #[test]
    fn a_larger_budget_has_a_larger_model_more_tokens_and_a_lower_loss() {
        for law in laws() {
            let best = [1e18, 1e20, 1e22].map(|c| law.best(Flop(c)).unwrap());
            for pair in best.windows(2) {
                assert!(pair[0].split.parameters.0 < pair[1].split.parameters.0);
                assert!(pair[0].split.tokens.0 < pair[1].split.tokens.0);
                assert!(pair[0].loss.0 > pair[1].loss.0);
            }
        }
    }

    #[test]
    fn no_other_size_is_cheaper() {
        for law in laws() {
            for k_n in [0.3, 0.7, 0.95, 1.05, 1.5, 4.0] {
                let overhead = law.overhead_at_other_size(Flop(1e21), k_n);
                assert!(overhead.is_none_or(|o| o > 0.0), "{} {k_n}: {overhead:?}", law.law.id);
            }
        }
    }

    #[test]
    fn with_more_text_than_it_needs_a_budget_is_split_as_ever() {
        for law in &laws()[..2] {
            let free = law.best(Flop(1e20)).unwrap();
            let plenty = Tokens(10.0 * free.split.tokens.0);
            let limited = law.best_with_unique(Flop(1e20), plenty, Repeats::published()).unwrap();
            assert!((limited.split.tokens.0 / free.split.tokens.0 - 1.0).abs() < 1e-4);
            assert!((limited.loss.0 - free.loss.0).abs() < 1e-9);
        }
    }

    #[test]
    fn with_little_text_the_loss_is_higher_and_never_lower_than_with_plenty() {
        let law = laws()[0];
        let free = law.best(Flop(1e21)).unwrap();
        let mut before = free.loss.0;
        for share in [0.5, 0.1, 0.01] {
            let unique = Tokens(share * free.split.tokens.0);
            let limited = law.best_with_unique(Flop(1e21), unique, Repeats::published()).unwrap();
            assert!(limited.loss.0 > before, "{share}");
            assert!((limited.split.compute().0 / 1e21 - 1.0).abs() < 1e-9);
            before = limited.loss.0;
        }
    }
}
