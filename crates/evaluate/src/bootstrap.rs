//! How much a number would vary had other items been drawn: intervals by resampling
//! (Efron 1979). The same items and seed give the same interval.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use record::Interval;

use crate::Error;
use crate::distributions::{normal_cdf, normal_quantile};

/// How draws become an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The quantiles of the draws (Efron and Tibshirani 1993, §13.3).
    Percentile,
    /// The quantiles moved for bias and for a spread that changes with the value (BCₐ, Efron 1987,
    /// J. Am. Stat. Assoc. 82:171).
    Bca,
}

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling {
    /// How draws become an interval.
    pub method: Method,
    /// Probability that the interval holds the truth.
    pub level: f64,
    /// How often to draw.
    pub n_draws: usize,
    /// Of the random numbers.
    pub seed: u64,
}

impl Default for Resampling {
    /// Percentiles, 95 %, 4,000 draws, seed 0.
    fn default() -> Self {
        Self { method: Method::Percentile, level: 0.95, n_draws: 4000, seed: 0 }
    }
}

/// The interval of `statistic` over items that are independent of each other.
///
/// # Errors
/// Refused where there are fewer than two items, or the statistic is not defined on them or on
/// more than half of the draws.
pub fn interval<T: Clone>(
    items: &[T],
    statistic: impl Fn(&[T]) -> Option<f64>,
    how: &Resampling,
) -> Result<Interval, Error> {
    let groups: Vec<Vec<T>> = items.iter().map(|item| vec![item.clone()]).collect();
    over_groups(&groups, statistic, how, "by item")
}

/// The interval of `statistic` where items of one group belong together, such as the checkpoints
/// of one run: whole groups are drawn (Davison and Hinkley 1997, §3.8). `group` names the group
/// of each item; `what` the kind of group, such as "run".
///
/// # Errors
/// As [`interval`], with groups in place of items; refused also where the lengths differ.
pub fn interval_by_group<T: Clone, G: Ord>(
    items: &[T],
    group: &[G],
    what: &str,
    statistic: impl Fn(&[T]) -> Option<f64>,
    how: &Resampling,
) -> Result<Interval, Error> {
    if items.len() != group.len() {
        return Err(Error::refused(
            format!("{} items have {} groups", items.len(), group.len()),
            "name the group of each item",
        ));
    }
    let mut groups = std::collections::BTreeMap::<&G, Vec<T>>::new();
    for (item, group) in items.iter().zip(group) {
        groups.entry(group).or_default().push(item.clone());
    }
    let groups: Vec<Vec<T>> = groups.into_values().collect();
    over_groups(&groups, statistic, how, &format!("by {what}"))
}

/// The percentile interval of values drawn elsewhere, as a fit repeated on draws of its runs gives
/// them. An infinite draw ("never") counts, and may make an end infinite; one that is not a number
/// does not. None where fewer than 40, or fewer than half, of the draws are numbers.
pub fn of_draws(draws: Vec<f64>, level: f64, method: &str) -> Option<Interval> {
    let n_all = draws.len();
    let mut draws: Vec<f64> = draws.into_iter().filter(|value| !value.is_nan()).collect();
    if draws.len() < FEWEST_DRAWS || draws.len() * 2 < n_all {
        return None;
    }
    draws.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    let (low, high) = (quantile(&draws, tail)?, quantile(&draws, 1.0 - tail)?);
    Some(Interval::new(low, high, level, format!("{method}, {} draws", draws.len())))
}

/// Draws below which the ends of an interval are chance.
const FEWEST_DRAWS: usize = 40;

/// The `p`-quantile of sorted values, linear between neighbours (Hyndman and Fan 1996, type 7).
/// None where there are no values.
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let at = p.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    // Between equals, two infinities among them, lies nothing else.
    Some(if below == above { below } else { below + (at - at.floor()) * (above - below) })
}

fn over_groups<T: Clone>(
    groups: &[Vec<T>],
    statistic: impl Fn(&[T]) -> Option<f64>,
    how: &Resampling,
    unit: &str,
) -> Result<Interval, Error> {
    let whole = statistic(&groups.concat()).filter(|_| groups.len() > 1);
    let whole = whole.ok_or_else(|| {
        Error::refused(
            format!("{} drawn {unit} give no interval", groups.len()),
            "measure at least two, on which the number is defined",
        )
    })?;
    let draws = draw(groups, &statistic, how);
    if draws.len() * 2 <= how.n_draws {
        return Err(Error::refused(
            format!("the number is defined on {} of {} draws only", draws.len(), how.n_draws),
            "measure more items",
        ));
    }
    let tail = (1.0 - how.level) / 2.0;
    let at = match how.method {
        Method::Percentile => [tail, 1.0 - tail],
        Method::Bca => bca_quantiles(whole, &draws, groups, &statistic, tail)?,
    };
    let ends = at.map(|p| quantile(&draws, p).unwrap_or(f64::NAN));
    let name = if how.method == Method::Bca { "BCa bootstrap" } else { "bootstrap" };
    let method = format!("{name} {unit}, {} draws", draws.len());
    Ok(Interval::new(ends[0], ends[1], how.level, method))
}

/// The statistic of each draw on which it is defined, sorted.
fn draw<T: Clone>(
    groups: &[Vec<T>],
    statistic: impl Fn(&[T]) -> Option<f64>,
    how: &Resampling,
) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(how.seed);
    let mut sample = Vec::new();
    let mut draws = Vec::with_capacity(how.n_draws);
    for _ in 0..how.n_draws {
        sample.clear();
        for _ in 0..groups.len() {
            sample.extend_from_slice(&groups[rng.random_range(0..groups.len())]);
        }
        draws.extend(statistic(&sample).filter(|value| value.is_finite()));
    }
    draws.sort_by(f64::total_cmp);
    draws
}

/// Which quantiles of the draws are the ends (Efron 1987, eq. 6.8):
///
/// `Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z)))` for z = Φ⁻¹(tail) and Φ⁻¹(1 − tail), with
/// `z₀ = Φ⁻¹(share of draws below the value)` and the acceleration
/// `a = Σd³/(6·(Σd²)^(3/2))`, `d = θ̄ − θ₍ᵢ₎`, θ₍ᵢ₎ being the value without group i
/// (Efron and Tibshirani 1993, eq. 14.15).
fn bca_quantiles<T: Clone>(
    whole: f64,
    draws: &[f64],
    groups: &[Vec<T>],
    statistic: impl Fn(&[T]) -> Option<f64>,
    tail: f64,
) -> Result<[f64; 2], Error> {
    let undefined = |why: &str| {
        Error::refused(format!("BCa is not defined here: {why}"), "take percentile intervals")
    };
    // Draws that equal the value count half: a statistic of few items has many of them.
    let n_below = draws.iter().filter(|&&v| v < whole).count() as f64;
    let n_equal = draws.iter().filter(|&&v| v == whole).count() as f64;
    let z0 = normal_quantile((n_below + n_equal / 2.0) / draws.len() as f64);
    if !z0.is_finite() {
        return Err(undefined("all draws lie on one side of the value"));
    }
    let without: Vec<f64> = (0..groups.len())
        .map(|i| statistic(&[&groups[..i], &groups[i + 1..]].concat().concat()))
        .collect::<Option<_>>()
        .ok_or_else(|| undefined("it has no value without one of the items"))?;
    let mean = without.iter().sum::<f64>() / without.len() as f64;
    let sum = |power: i32| without.iter().map(|v| (mean - v).powi(power)).sum::<f64>();
    let spread = sum(2);
    let a = if spread > 0.0 { sum(3) / (6.0 * spread.powf(1.5)) } else { 0.0 };
    Ok([tail, 1.0 - tail].map(|p| {
        let z = z0 + normal_quantile(p);
        normal_cdf(z0 + z / (1.0 - a * z))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEMS: [f64; 12] = [1.2, 0.4, 2.2, 3.9, 0.7, 1.1, 5.6, 2.8, 0.9, 1.7, 2.4, 8.1];

    fn mean(items: &[f64]) -> Option<f64> {
        (!items.is_empty()).then(|| items.iter().sum::<f64>() / items.len() as f64)
    }

    fn near(interval: &Interval, low: f64, high: f64) {
        let off = (interval.low - low).abs().max((interval.high - high).abs());
        assert!(off < 0.05, "{interval:?} is not about {low} to {high}");
    }

    /// Expected ends here and below: `scipy.stats.bootstrap`, SciPy 1.16, 200,000 draws.
    #[test]
    fn percentile_intervals_are_those_of_scipy() {
        let how = Resampling { n_draws: 50_000, ..Resampling::default() };
        near(&interval(&ITEMS, mean, &how).unwrap(), 1.475, 3.925);
    }

    #[test]
    fn bca_intervals_of_a_skewed_sample_are_those_of_scipy() {
        let how = Resampling { method: Method::Bca, n_draws: 50_000, ..Resampling::default() };
        near(&interval(&ITEMS, mean, &how).unwrap(), 1.625, 4.267);
    }

    #[test]
    fn the_same_seed_gives_the_same_interval_and_another_seed_another() {
        let with =
            |seed| interval(&ITEMS, mean, &Resampling { seed, ..Resampling::default() }).unwrap();
        assert_eq!(with(7), with(7));
        assert_ne!(with(7), with(8));
    }

    #[test]
    fn items_of_one_group_are_drawn_together() {
        let items = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0];
        let group = [0, 0, 0, 1, 1, 1];
        let how = Resampling::default();
        let by_group = interval_by_group(&items, &group, "run", mean, &how).unwrap();
        assert_eq!((by_group.low, by_group.high), (1.0, 2.0));
        assert_eq!(by_group.method, "bootstrap by run, 4000 draws");
        let by_item = interval(&items, mean, &how).unwrap();
        assert!(1.0 < by_item.low && by_item.high < 2.0, "{by_item:?}");
    }

    #[test]
    fn one_item_or_one_group_gives_no_interval() {
        assert!(interval(&[1.0], mean, &Resampling::default()).is_err());
        let one = interval_by_group(&[1.0, 2.0], &["a", "a"], "run", mean, &Resampling::default());
        assert!(one.unwrap_err().to_string().contains("1 drawn by run"));
    }

    #[test]
    fn a_number_that_is_not_defined_gives_no_interval() {
        assert!(interval(&ITEMS, |_| None, &Resampling::default()).is_err());
        let rarely = |items: &[f64]| mean(items).filter(|m| *m == mean(&ITEMS).unwrap());
        assert!(interval(&ITEMS, rarely, &Resampling::default()).is_err());
    }

    #[test]
    fn a_draw_that_never_ends_counts_and_one_that_is_no_number_does_not() {
        let mut draws: Vec<f64> = (0..95).map(f64::from).collect();
        draws.extend([f64::INFINITY; 5]);
        draws.extend([f64::NAN; 20]);
        let interval = of_draws(draws, 0.95, "draws").expect("100 numbers");
        assert!(interval.low < 3.0 && interval.high == f64::INFINITY, "{interval:?}");
        assert_eq!(of_draws(vec![1.0; 39], 0.95, "draws"), None);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
