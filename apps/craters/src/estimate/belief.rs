//! What is believed of a share (of duds, of craters still visible, of craters found) before the
//! data at hand: one range that the user states, or a count of cases.

use serde::{Deserialize, Serialize};

use super::chance::{ln_gamma, normal_quantile};
use crate::Error;
use crate::error::Result;

/// A belief about a share between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Belief {
    /// 95 % of the belief lies between the two, an equal rest on either side: its log odds are
    /// normal, so it never leaves 0 to 1.
    Range {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// So many cases of so many: Beta(yes + ½, of − yes + ½), Jeffreys' posterior. Numbers need not
    /// be whole, where a sample was clustered.
    Counted {
        /// Cases for.
        yes: f64,
        /// All cases.
        of: f64,
    },
}

/// A belief drawn out: its quantile function as a table, and its density.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    quantiles: Vec<f64>,
    belief: Belief,
    ln_scale: f64,
}

/// Ends of ranges are held this far from 0 and 1.
const EDGE: f64 = 1e-4;
/// Steps of the table of quantiles, and of the integral that makes it.
const N_STEPS: usize = 1024;
/// Standard deviations on either side of the centre of 95 % of a normal law.
const Z_95: f64 = 1.959_963_984_540_054;

impl Belief {
    /// A range in words of the command line: `0.05-0.36`.
    ///
    /// # Errors
    /// Where it is no range within 0 to 1.
    pub fn range(low: f64, high: f64) -> Result<Self> {
        if !(0.0 <= low && low <= high && high <= 1.0) {
            return Err(Error::refused(
                format!("{low} to {high} is not a range of a share"),
                "give two numbers between 0 and 1, the smaller first",
            ));
        }
        Ok(Self::Range { low, high })
    }

    /// Whether the values can be a belief at all: they may come from a page.
    ///
    /// # Errors
    /// Where they cannot.
    pub fn check(&self) -> Result<()> {
        match *self {
            Self::Range { low, high } => Self::range(low, high).map(|_| ()),
            Self::Counted { yes, of } if 0.0 <= yes && yes <= of && of.is_finite() => Ok(()),
            Self::Counted { yes, of } => Err(Error::refused(
                format!("{yes} of {of} is not a count of cases"),
                "give the cases for, and all cases, not fewer",
            )),
        }
    }

    /// The quantiles at 2.5, 50 and 97.5 %.
    pub fn quantiles(&self) -> [f64; 3] {
        let drawn = self.drawn();
        [0.025, 0.5, 0.975].map(|p| drawn.quantile(p))
    }

    /// Centre and spread of the log odds.
    fn log_odds(low: f64, high: f64) -> (f64, f64) {
        let logit = |share: f64| {
            let share = share.clamp(EDGE, 1.0 - EDGE);
            (share / (1.0 - share)).ln()
        };
        let (low, high) = (logit(low), logit(high));
        (f64::midpoint(low, high), ((high - low) / (2.0 * Z_95)).max(1e-4))
    }

    pub(super) fn drawn(&self) -> Drawn {
        let mid = |step: usize| (step as f64 + 0.5) / N_STEPS as f64;
        match *self {
            Self::Range { low, high } => {
                let (centre, spread) = Self::log_odds(low, high);
                let at = |step| {
                    let odds = (centre + spread * normal_quantile(mid(step))).exp();
                    odds / (1.0 + odds)
                };
                let quantiles = (0..N_STEPS).map(at).collect();
                Drawn { quantiles, belief: *self, ln_scale: 0.0 }
            }
            Self::Counted { yes, of } => {
                let (a, b) = (yes + 0.5, of - yes + 0.5);
                let ln_scale = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
                Drawn { quantiles: beta_quantiles(a, b, ln_scale), belief: *self, ln_scale }
            }
        }
    }
}

impl Drawn {
    /// The value below which that share of the belief lies.
    pub(super) fn quantile(&self, p: f64) -> f64 {
        let at = (p * N_STEPS as f64 - 0.5).clamp(0.0, (N_STEPS - 1) as f64);
        let below = at as usize;
        let above = (below + 1).min(N_STEPS - 1);
        self.quantiles[below]
            + (at - below as f64) * (self.quantiles[above] - self.quantiles[below])
    }

    /// ln of the density at a share.
    pub(super) fn ln_density(&self, share: f64) -> f64 {
        if !(0.0 < share && share < 1.0) {
            return f64::NEG_INFINITY;
        }
        match self.belief {
            Belief::Range { low, high } => {
                let (centre, spread) = Belief::log_odds(low, high);
                let z = ((share / (1.0 - share)).ln() - centre) / spread;
                -z * z / 2.0
                    - (spread * (2.0 * std::f64::consts::PI).sqrt()).ln()
                    - (share * (1.0 - share)).ln()
            }
            Belief::Counted { yes, of } => {
                self.ln_scale + (yes - 0.5) * share.ln() + (of - yes - 0.5) * (1.0 - share).ln()
            }
        }
    }
}

/// Quantiles of Beta(a, b): its density summed over log odds, in which it has one hump and light
/// tails, within 12 spreads of its mean and never less than 25 around it.
fn beta_quantiles(a: f64, b: f64, ln_scale: f64) -> Vec<f64> {
    let n = 4 * N_STEPS;
    let centre = (a / b).ln();
    let half = 12.0 * (1.0 / a + 1.0 / b).sqrt();
    let width = 2.0 * half / n as f64;
    let share = |step: usize| {
        let odds = (centre - half + (step as f64 + 0.5) * width).exp();
        odds / (1.0 + odds)
    };
    let mass = |share: f64| (ln_scale + a * share.ln() + b * (1.0 - share).ln()).exp() * width;
    let masses: Vec<f64> = (0..n).map(|step| mass(share(step))).collect();
    let total: f64 = masses.iter().sum();
    let (mut step, mut sum) = (0, masses[0] / total);
    let mut quantiles = Vec::with_capacity(N_STEPS);
    for at in 0..N_STEPS {
        let p = (at as f64 + 0.5) / N_STEPS as f64;
        while sum < p && step + 1 < n {
            step += 1;
            sum += masses[step] / total;
        }
        // Within a cell the mass is even.
        let back = ((sum - p) * total / masses[step]).clamp(0.0, 1.0);
        let odds = (centre - half + (step as f64 + 1.0 - back) * width).exp();
        quantiles.push(odds / (1.0 + odds));
    }
    quantiles
}

#[cfg(test)]
mod tests {
    use super::*;
    use evaluate::proportion::Proportion;

    #[test]
    fn a_range_has_its_ends_as_quantiles() {
        let [low, _, high] = Belief::range(0.05, 0.36).unwrap().quantiles();
        assert!((low - 0.05).abs() < 1e-3 && (high - 0.36).abs() < 2e-3, "{low} {high}");
    }

    /// Expected: `scipy.stats.beta(152.5, 25.5).ppf([.025, .5, .975])` lies within the exact
    /// interval and is narrower; the paper's 152 of 177 has a Bayes interval of 0.800 to 0.902.
    #[test]
    fn a_count_has_jeffreys_interval() {
        let [low, median, high] = Belief::Counted { yes: 152.0, of: 177.0 }.quantiles();
        assert!((low - 0.802).abs() < 3e-3 && (high - 0.904).abs() < 3e-3, "{low} {high}");
        assert!((median - 0.858).abs() < 1e-3);
        let exact = Proportion::new(152, 177).unwrap().clopper_pearson(0.95);
        assert!(exact.low < low && high < exact.high);
    }

    #[test]
    fn a_density_integrates_to_one() {
        for belief in
            [Belief::Range { low: 0.5, high: 0.95 }, Belief::Counted { yes: 3.0, of: 9.0 }]
        {
            let drawn = belief.drawn();
            let sum: f64 =
                (0..10_000).map(|i| drawn.ln_density((f64::from(i) + 0.5) / 1e4).exp() / 1e4).sum();
            assert!((sum - 1.0).abs() < 1e-3, "{belief:?} {sum}");
        }
    }

    #[test]
    fn what_is_no_share_is_refused() {
        assert!(Belief::range(0.5, 0.4).is_err());
        assert!(Belief::range(0.5, 1.4).is_err());
        assert!(Belief::Counted { yes: 3.0, of: 2.0 }.check().is_err());
    }
}
