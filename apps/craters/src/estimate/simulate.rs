//! Truths drawn by chance, to see whether intervals hold them as often as they say.

use rayon::prelude::*;
use record::Interval;
use serde::{Deserialize, Serialize};

use super::belief::Belief;
use super::chance::{binomial, negative_binomial, unit};
use super::posterior::{Inputs, Priors, Survival, posterior};
use super::verified::{Band, Stratum, count};
use crate::Error;
use crate::error::Result;

/// How often a 95 % interval held the truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// What was covered.
    pub what: String,
    /// Truths held.
    pub covered: u64,
    /// Truths drawn.
    pub n: u64,
    /// The share.
    pub share: f64,
    /// 95 % of the share.
    pub interval: Interval,
}

/// Coverage of the corrected count, and of the posterior with truths from its prior.
///
/// # Errors
/// Where n is zero.
pub fn coverage(n: u64, seed: u64) -> Result<Vec<Held>> {
    let counted: Vec<bool> =
        (0..n).into_par_iter().filter_map(|at| one_count(state(seed, 2 * at))).collect();
    let believed: Vec<bool> =
        (0..n).into_par_iter().filter_map(|at| one_posterior(state(seed, 2 * at + 1))).collect();
    Ok(vec![
        held("corrected count of craters", &counted)?,
        held("posterior of unexploded bombs", &believed)?,
    ])
}

fn state(seed: u64, at: u64) -> u64 {
    let mut state = seed ^ at.wrapping_mul(0xD1B5_4A32_D192_ED03);
    (unit(&mut state) * 9e15) as u64
}

fn held(what: &str, outcomes: &[bool]) -> Result<Held> {
    let (n, covered) =
        (outcomes.len() as u64, outcomes.iter().filter(|held| **held).count() as u64);
    let proportion = evaluate::proportion::Proportion::new(covered, n)
        .map_err(|error| Error::refused(error.to_string(), "draw at least one truth"))?;
    let interval = proportion.clopper_pearson(0.95);
    Ok(Held { what: what.to_owned(), covered, n, share: proportion.value(), interval })
}

/// Four strata of 50 to 1,500 craters, recall 0.4 to 0.95 and precision 0.5 to 0.95 by stratum, two
/// bands; 40 sites a band; plots with a tenth to a third of the craters.
fn one_count(mut state: u64) -> Option<bool> {
    let mut truth = 0;
    let strata: Vec<Stratum> = (0..4)
        .map(|_| {
            let (craters, stratum) = stratum(&mut state);
            truth += craters;
            stratum
        })
        .collect();
    count(&strata, state).map(|found| found.total.interval.contains(truth as f64))
}

fn stratum(state: &mut u64) -> (u64, Stratum) {
    let mut between = |low: f64, high: f64| low + (high - low) * unit(state);
    let craters = between(50.0, 1500.0) as u64;
    let (recall, v, share) = (between(0.4, 0.95), between(0.5, 0.95), between(0.1, 0.33));
    let in_plots = binomial(craters, share, between(0.0, 1.0));
    let plot_found = binomial(in_plots, recall, between(0.0, 1.0));
    let found = plot_found + binomial(craters - in_plots, recall, between(0.0, 1.0));
    let wrong = negative_binomial(found as f64, v, between(0.0, 1.0));
    // The sure band holds more of the craters.
    let sure = [binomial(found, 0.7, between(0.0, 1.0)), binomial(wrong, 0.3, between(0.0, 1.0))];
    let bands = [sure, [found - sure[0], wrong - sure[1]]].map(|[craters, wrong]| {
        let n = craters + wrong;
        let n_verified = n.min(40);
        let n_craters = drawn_craters(craters, n, n_verified, || between(0.0, 1.0));
        Band { n, n_verified, n_craters }
    });
    let stratum = Stratum {
        name: "synthetic".to_owned(),
        n_detections: found + wrong,
        bands: bands.to_vec(),
        plot_craters: in_plots,
        plot_found,
    };
    (craters, stratum)
}

/// Craters among places drawn without putting back.
fn drawn_craters(craters: u64, n: u64, n_drawn: u64, mut unit: impl FnMut() -> f64) -> u64 {
    let mut seen = 0;
    for at in 0..n_drawn {
        if unit() < (craters - seen) as f64 / (n - at) as f64 {
            seen += 1;
        }
    }
    seen
}

/// Everything from the prior: what fell, duds, survival, merging, recall and precision.
fn one_posterior(mut state: u64) -> Option<bool> {
    let n_bombs = 100.0 + 4900.0 * unit(&mut state);
    let share = Belief::Range { low: 0.5, high: 0.95 };
    let survival = Survival { share, evidence: "simulated".to_owned() };
    let priors = Priors { survival: Some(survival), ..Priors::default() };
    let recall = Belief::Counted { yes: 152.0, of: 177.0 };
    let precision = Belief::Range { low: 0.6, high: 0.95 };
    let mut from = |belief: Belief| belief.drawn().quantile(unit(&mut state));
    let [d, s, o, p, v] = [priors.duds, share, priors.merging, recall, precision].map(&mut from);
    let spread = (1.0 + priors.records_error).ln() / super::chance::normal_quantile(0.975);
    let error = spread * super::chance::normal_quantile(unit(&mut state).max(1e-12));
    let fallen = (n_bombs * error.exp()).round() as u64;
    let unexploded = binomial(fallen, d, unit(&mut state));
    let visible = s * (1.0 - o) * p;
    let found = binomial(fallen - unexploded, visible, unit(&mut state));
    let wrong = negative_binomial(found as f64, v, unit(&mut state));
    let inputs = Inputs { n_detections: found + wrong, n_bombs, recall, precision };
    let belief = posterior(&inputs, &priors, state).ok()?;
    Some(belief.unexploded.posterior.interval.contains(unexploded as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60 truths at 95 %: fewer than 50 held have a probability under 1e-3. The bench draws 1,000.
    #[test]
    fn intervals_hold_what_they_say() {
        for held in coverage(60, 1).unwrap() {
            assert!(held.n == 60 && held.covered >= 50, "{held:?}");
        }
    }
}
