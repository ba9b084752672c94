//! So many of so many: proportions with exact intervals, and those that a table of right and
//! wrong decisions holds.

use record::Interval;

use crate::Error;
use crate::distributions::{beta_cdf, normal_quantile, root};

/// `successes` of `n` trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    successes: u64,
    n: u64,
}

impl Proportion {
    /// `successes` of `n`.
    ///
    /// # Errors
    /// Refused where there was no trial, or more successes than trials.
    pub fn new(successes: u64, n: u64) -> Result<Self, Error> {
        if n == 0 || successes > n {
            return Err(Error::refused(
                format!("{successes} of {n} is not a proportion"),
                "count at least one trial, and successes among the trials only",
            ));
        }
        Ok(Self { successes, n })
    }

    /// `successes/n`.
    pub fn value(&self) -> f64 {
        self.successes as f64 / self.n as f64
    }

    /// The exact interval: every p under which so few, or so many, successes are not too rare
    /// (Clopper and Pearson 1934, Biometrika 26:404). It holds the truth at least as often as
    /// `level` says.
    ///
    /// Low end: `P(X ≥ k | p) = (1 − level)/2`, with `P(X ≥ k | p) = I_p(k, n − k + 1)`; high end:
    /// `P(X ≤ k | p) = (1 − level)/2`.
    pub fn clopper_pearson(&self, level: f64) -> Interval {
        let (k, n) = (self.successes as f64, self.n as f64);
        let tail = (1.0 - level) / 2.0;
        let low = match self.successes {
            0 => 0.0,
            _ => root(0.0, 1.0, |p| beta_cdf(k, n - k + 1.0, p) - tail),
        };
        let high = match self.n - self.successes {
            0 => 1.0,
            _ => root(0.0, 1.0, |p| beta_cdf(k + 1.0, n - k, p) - (1.0 - tail)),
        };
        Interval::new(low, high, level, format!("exact (Clopper-Pearson), {} trials", self.n))
    }

    /// The score interval (Wilson 1927, J. Am. Stat. Assoc. 22:209): narrower than the exact one,
    /// right on average rather than always.
    ///
    /// `(p̂ + z²/2n ± z·√(p̂(1 − p̂)/n + z²/4n²))/(1 + z²/n)`.
    pub fn wilson(&self, level: f64) -> Interval {
        let (p, n) = (self.value(), self.n as f64);
        let z = normal_quantile(f64::midpoint(1.0, level));
        let shrink = 1.0 + z * z / n;
        let middle = (p + z * z / (2.0 * n)) / shrink;
        let half = z / shrink * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        let (low, high) = ((middle - half).max(0.0), (middle + half).min(1.0));
        Interval::new(low, high, level, format!("Wilson, {} trials", self.n))
    }
}

/// How many yes-or-no decisions were right and wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decisions {
    /// Yes, rightly.
    pub true_positives: u64,
    /// Yes, wrongly.
    pub false_positives: u64,
    /// No, wrongly.
    pub false_negatives: u64,
    /// No, rightly.
    pub true_negatives: u64,
}

impl Decisions {
    /// From `(decided, true)` pairs.
    pub fn count(pairs: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut all = Self::default();
        for pair in pairs {
            match pair {
                (true, true) => all.true_positives += 1,
                (true, false) => all.false_positives += 1,
                (false, true) => all.false_negatives += 1,
                (false, false) => all.true_negatives += 1,
            }
        }
        all
    }

    /// Right decisions among all.
    ///
    /// # Errors
    /// Refused where there was no decision.
    pub fn accuracy(&self) -> Result<Proportion, Error> {
        let right = self.true_positives + self.true_negatives;
        Proportion::new(right, right + self.false_positives + self.false_negatives)
    }

    /// Right ones among those decided yes.
    ///
    /// # Errors
    /// Refused where nothing was decided yes.
    pub fn precision(&self) -> Result<Proportion, Error> {
        Proportion::new(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Those decided yes among the true ones.
    ///
    /// # Errors
    /// Refused where nothing is true.
    pub fn recall(&self) -> Result<Proportion, Error> {
        Proportion::new(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// `F₁ = 2TP/(2TP + FP + FN)`, the harmonic mean of precision and recall (van Rijsbergen 1979,
    /// ch. 7). None where nothing was true and nothing decided yes. It is no proportion of trials
    /// and has no exact interval: take [`crate::bootstrap::interval`].
    pub fn f1(&self) -> Option<f64> {
        let twice = 2 * self.true_positives;
        let all = twice + self.false_positives + self.false_negatives;
        (all > 0).then(|| twice as f64 / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(interval: &Interval, low: f64, high: f64) {
        let off = (interval.low - low).abs().max((interval.high - high).abs());
        assert!(off < 1e-10, "{interval:?} is not {low} to {high}");
    }

    /// Expected values: `scipy.stats.binomtest(k, n).proportion_ci(level, method)`, SciPy 1.16.
    #[test]
    fn intervals_are_those_of_scipy() {
        let of = |k, n| Proportion::new(k, n).unwrap();
        close(&of(0, 10).clopper_pearson(0.95), 0.0, 0.308_497_107_818_762_94);
        close(&of(10, 10).clopper_pearson(0.95), 0.691_502_892_181_237_1, 1.0);
        close(&of(7, 10).clopper_pearson(0.95), 0.347_547_149_939_992_1, 0.933_260_488_822_265_5);
        close(&of(187, 200).clopper_pearson(0.95), 0.891_412_763_496_182_1, 0.964_939_291_343_018);
        close(
            &of(3, 1000).clopper_pearson(0.99),
            3.381_445_290_663_692e-4,
            0.010_933_777_420_405_26,
        );
        close(&of(0, 10).wilson(0.95), 0.0, 0.277_532_799_862_889_26);
        close(&of(7, 10).wilson(0.95), 0.396_778_147_461_145_26, 0.892_208_732_593_699);
        close(&of(3, 1000).wilson(0.99), 7.581_012_310_614_683e-4, 0.011_793_516_682_924_922);
    }

    #[test]
    fn what_is_no_proportion_is_refused() {
        assert!(Proportion::new(0, 0).is_err());
        assert!(Proportion::new(3, 2).unwrap_err().to_string().contains("3 of 2"));
    }

    #[test]
    fn precision_recall_and_f1_of_a_small_table() {
        let pairs = [(true, true), (true, true), (true, false), (false, true), (false, false)];
        let decisions = Decisions::count(pairs);
        assert_eq!(decisions.accuracy().unwrap(), Proportion::new(3, 5).unwrap());
        assert_eq!(decisions.precision().unwrap(), Proportion::new(2, 3).unwrap());
        assert_eq!(decisions.recall().unwrap(), Proportion::new(2, 3).unwrap());
        assert_eq!(decisions.f1(), Some(2.0 / 3.0));
    }

    #[test]
    fn without_a_decision_there_is_neither_precision_nor_f1() {
        assert!(Decisions::default().precision().is_err());
        assert_eq!(Decisions::default().f1(), None);
    }
}
