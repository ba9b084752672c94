//! What people saw at places drawn blindly: the share of craters that are found and the share of
//! detections that are craters, by stratum, and the count of craters that follows.
//!
//! Two kinds of places are drawn. *Sites* are detections, to be looked at without knowing how sure
//! the detector was: they give precision. *Plots* are squares laid by chance in which every crater
//! is marked, found or not: they give recall. Never the runs of a detector against each other: what
//! one network misses another misses too, so that capture and recapture counts far too few craters
//! (of 3,831 labelled lunar craters it counts 1,339).

use record::Interval;
use serde::{Deserialize, Serialize};

use super::belief::Belief;
use super::chance::{Points, binomial, negative_binomial};

/// One stratum of a survey: a class of size and land cover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stratum {
    /// Such as "8-16 m, paddy".
    pub name: String,
    /// Detections from the threshold on.
    pub n_detections: u64,
    /// By band of probability: detections, of them looked at, of those craters.
    pub bands: Vec<Band>,
    /// Craters that people marked in plots.
    pub plot_craters: u64,
    /// Of those, found by the detector.
    pub plot_found: u64,
}

/// Detections of one band of probability within a stratum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    /// Detections in it.
    pub n: u64,
    /// Looked at.
    pub n_verified: u64,
    /// Of those, craters.
    pub n_craters: u64,
}

/// A share with its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Jeffreys' mean, also where there were few trials.
    pub value: f64,
    /// 95 %.
    pub interval: Interval,
    /// What the sample says, to go on with.
    pub belief: Belief,
    /// Whether strata were pooled, there being too few trials in this one.
    pub is_pooled: bool,
}

/// A stratum with what is believed of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    /// The stratum.
    pub stratum: Stratum,
    /// Share of craters found.
    pub recall: Share,
    /// Share of detections that are craters.
    pub precision: Share,
    /// Craters that are there.
    pub craters: Count,
}

/// A count of craters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Count {
    /// Half of the belief lies below.
    pub median: f64,
    /// 95 %.
    pub interval: Interval,
}

/// All strata and their sum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// Each stratum.
    pub strata: Vec<Corrected>,
    /// `Σ D_h v_h / p_h` (Horvitz and Thompson 1952), with the intervals of v and p in it.
    pub total: Count,
    /// Share of craters found, all strata.
    pub recall: Share,
    /// Share of detections that are craters, all strata.
    pub precision: Share,
}

/// Trials below which a stratum borrows from all strata.
pub const FEWEST_TRIALS: u64 = 10;
const N_DRAWS: usize = 4000;

/// The corrected count. None where nothing was looked at, or no plot has a crater: then neither
/// precision nor recall has evidence.
///
/// Each draw takes v and p from Jeffreys' posteriors. In a band those that nobody looked at hold
/// Binomial(n − verified, v) craters; with those seen to be craters they make T. Of the craters
/// outside of plots `T − found in plots` were found, so the missed are the failures before as many
/// successes of p (and half a one, the prior's); the missed inside of plots are known.
pub fn count(strata: &[Stratum], seed: u64) -> Option<Counted> {
    let all_bands: Vec<Band> = strata.iter().flat_map(|stratum| stratum.bands.clone()).collect();
    let verified: u64 = all_bands.iter().map(|band| band.n_verified).sum();
    let craters: u64 = all_bands.iter().map(|band| band.n_craters).sum();
    let marked: u64 = strata.iter().map(|stratum| stratum.plot_craters).sum();
    let found: u64 = strata.iter().map(|stratum| stratum.plot_found).sum();
    if verified == 0 || marked == 0 {
        return None;
    }
    let pooled = [(craters, verified), (found, marked)];
    let draws: Vec<Vec<f64>> = strata
        .iter()
        .enumerate()
        .map(|(at, stratum)| draws(stratum, pooled, seed.wrapping_add(at as u64 * 0x9E37)))
        .collect();
    let sum = |draw: usize| draws.iter().map(|stratum| stratum[draw]).sum();
    let corrected = strata.iter().zip(&draws).map(|(stratum, draws)| Corrected {
        stratum: stratum.clone(),
        recall: recall(stratum, pooled[1]),
        precision: precision(stratum, pooled[0]),
        craters: summary(draws.clone()),
    });
    Some(Counted {
        strata: corrected.collect(),
        total: summary((0..N_DRAWS).map(sum).collect()),
        recall: share(found, marked, false),
        precision: weighted_precision(&all_bands, pooled[0], false),
    })
}

fn draws(stratum: &Stratum, pooled: [(u64, u64); 2], seed: u64) -> Vec<f64> {
    let recall = recall(stratum, pooled[1]).belief.drawn();
    let bands: Vec<_> =
        stratum.bands.iter().map(|band| (band, band_belief(band, pooled[0]).drawn())).collect();
    let mut points = Points::<2>::new(seed);
    let mut by_band = Points::<2>::new(!seed);
    let mut state = seed;
    let mut one = || {
        let [u, w] = points.next();
        let mut found = 0;
        for (band, precision) in &bands {
            let [a, b] = by_band.next();
            // Bands are independent: each takes its own turn of the even points.
            let turn = super::chance::unit(&mut state);
            let v = precision.quantile((a + turn).fract());
            found += band.n_craters + binomial(band.n - band.n_verified, v, b);
        }
        let outside = found.saturating_sub(stratum.plot_found) as f64;
        let missed = negative_binomial(outside + 0.5, recall.quantile(u), w);
        (found + missed + stratum.plot_craters - stratum.plot_found) as f64
    };
    (0..N_DRAWS).map(|_| one()).collect()
}

fn band_belief(band: &Band, pooled: (u64, u64)) -> Belief {
    if band.n_verified > 0 || band.n == 0 {
        return Belief::Counted { yes: band.n_craters as f64, of: band.n_verified as f64 };
    }
    Belief::Counted { yes: pooled.0 as f64, of: pooled.1 as f64 }
}

fn recall(stratum: &Stratum, (found, marked): (u64, u64)) -> Share {
    match stratum.plot_craters >= FEWEST_TRIALS {
        true => share(stratum.plot_found, stratum.plot_craters, false),
        false => share(found, marked, true),
    }
}

fn precision(stratum: &Stratum, pooled: (u64, u64)) -> Share {
    let verified: u64 = stratum.bands.iter().map(|band| band.n_verified).sum();
    match verified >= FEWEST_TRIALS {
        true => weighted_precision(&stratum.bands, pooled, false),
        false => share(pooled.0, pooled.1, true),
    }
}

/// `Σ n_b v_b / Σ n_b` over bands: places are drawn at different rates in them. Its belief is that
/// of a count with the same mean and variance.
fn weighted_precision(bands: &[Band], pooled: (u64, u64), is_pooled: bool) -> Share {
    let n: f64 = bands.iter().map(|band| band.n as f64).sum();
    let (mut mean, mut variance) = (0.0, 0.0);
    for band in bands.iter().filter(|band| band.n > 0) {
        let Belief::Counted { yes, of } = band_belief(band, pooled) else { continue };
        let (weight, v) = (band.n as f64 / n, (yes + 0.5) / (of + 1.0));
        mean += weight * v;
        variance += weight * weight * v * (1.0 - v) / (of + 2.0);
    }
    let of = if variance > 0.0 { (mean * (1.0 - mean) / variance - 2.0).max(0.0) } else { 0.0 };
    share_of((mean * (of + 1.0) - 0.5).clamp(0.0, of), of, is_pooled)
}

fn share(yes: u64, of: u64, is_pooled: bool) -> Share {
    share_of(yes as f64, of as f64, is_pooled)
}

fn share_of(yes: f64, of: f64, is_pooled: bool) -> Share {
    let belief = Belief::Counted { yes, of };
    let [low, _, high] = belief.quantiles();
    let interval = Interval::new(low, high, 0.95, format!("Jeffreys, {of:.0} trials"));
    Share { value: (yes + 0.5) / (of + 1.0), interval, belief, is_pooled }
}

fn summary(mut draws: Vec<f64>) -> Count {
    draws.sort_by(f64::total_cmp);
    let at = |p: f64| draws[((draws.len() - 1) as f64 * p).round() as usize];
    Count { median: at(0.5), interval: Interval::new(at(0.025), at(0.975), 0.95, "posterior") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stratum(plot_craters: u64, plot_found: u64) -> Stratum {
        let bands = vec![Band { n: 1000, n_verified: 100, n_craters: 80 }];
        Stratum { name: "all".into(), n_detections: 1000, bands, plot_craters, plot_found }
    }

    /// 1,000 × 0.8 / 0.5 = 1,600.
    #[test]
    fn the_count_is_detections_by_precision_through_recall() {
        let found = count(&[stratum(200, 100)], 1).unwrap();
        assert!((found.total.median - 1600.0).abs() < 40.0, "{found:?}");
        assert!(found.total.interval.low > 1200.0 && found.total.interval.high < 2100.0);
        assert!((found.precision.value - 0.797).abs() < 0.01);
    }

    #[test]
    fn without_plots_or_sites_there_is_no_count() {
        assert_eq!(count(&[stratum(0, 0)], 1), None);
        assert_eq!(count(&[], 1), None);
    }

    #[test]
    fn a_stratum_with_few_trials_borrows_from_all() {
        let found = count(&[stratum(200, 100), stratum(3, 3)], 1).unwrap();
        assert!(found.strata[1].recall.is_pooled);
        assert!((found.strata[1].recall.value - 0.5).abs() < 0.02);
    }
}
