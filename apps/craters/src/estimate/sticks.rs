//! Gaps in a stick. Bombs released one after another lie in a line at regular spacing, so that a
//! place in the line without a crater is evidence of one bomb in one place: better than any total.

use serde::{Deserialize, Serialize};

use super::belief::Belief;
use super::chance::Points;
use super::posterior::{Survival, no_survival};
use crate::Error;
use crate::error::Result;

/// What must stand beside every gap.
pub const STATEMENT: &str = "a gap in a line of craters: a bomb that did not explode may lie here, \
    or a crater was not found, is no longer visible, or no bomb was released; depth and movement in \
    the ground are not in the ellipse";

/// What is known of the stick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// Bombs in it.
    pub n_bombs: Option<u32>,
    /// Metres between bombs, right within 20 %.
    pub spacing_m: Option<f64>,
}

/// The line through the craters of one stick.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Degrees clockwise from north, 0 to 180: the direction of flight or its opposite.
    pub heading_deg: f64,
    /// Metres from bomb to bomb.
    pub spacing_m: f64,
    /// Standard deviation of craters along the line and across it, metres.
    pub scatter_m: [f64; 2],
    /// Places without a crater, most likely first.
    pub gaps: Vec<Gap>,
    /// What a gap is.
    pub statement: String,
}

/// A place in the line without a crater.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// East and north, metres.
    pub position: [f64; 2],
    /// Half axes along and across the line that hold it with 95 %, metres.
    pub ellipse_m: [f64; 2],
    /// Probability that a bomb lies there unexploded.
    pub probability: f64,
    /// 95 % of that, over the beliefs.
    pub interval: [f64; 2],
    /// Whether it lies beyond the first or last crater, where the stick may have ended.
    pub is_beyond: bool,
}

/// Fewest craters of a line.
pub const FEWEST_CRATERS: usize = 5;
const N_DRAWS: usize = 2000;

/// Fits a line of regular spacing to the craters of one stick and lists its gaps. At a gap
///
/// ```text
/// P(unexploded | no crater found) = d / (d + (1 − d)(1 − s·p))
/// ```
///
/// with d the share of duds, s of craters still visible and p of those found, averaged over what is
/// believed of them. Beyond the ends, where n bombs are known to have been dropped and the line spans
/// m places, every offset of the n − m others is as likely as another.
///
/// # Errors
/// Where there are too few craters, they lie in no line of regular spacing, or survival has no
/// evidence.
pub fn gaps(
    craters: &[[f64; 2]],
    known: &Known,
    duds: Belief,
    recall: Belief,
    survival: Option<&Survival>,
) -> Result<Line> {
    let survival = survival.ok_or_else(no_survival)?;
    for belief in [duds, recall, survival.share] {
        belief.check()?;
    }
    let axis = Axis::through(craters)?;
    let comb = Comb::fit(&axis, known.spacing_m)?;
    let [mean, low, high] = unexploded(duds, recall, survival.share);
    let (first, last) = (comb.slots[0], comb.slots[comb.slots.len() - 1]);
    let n_more = known.n_bombs.map_or(0, |n| (i64::from(n) - (last - first + 1)).max(0));
    let mut gaps: Vec<Gap> = (first - n_more..=last + n_more)
        .filter(|slot| !comb.slots.contains(slot))
        .map(|slot| {
            let beyond = (first - slot).max(slot - last).max(0);
            let belongs = (n_more - beyond + 1) as f64 / (n_more + 1) as f64;
            let belongs = if beyond == 0 { 1.0 } else { belongs };
            Gap {
                position: axis.at(comb.origin + slot as f64 * comb.spacing),
                ellipse_m: comb.ellipse(slot, &axis),
                probability: mean * belongs,
                interval: [low * belongs, high * belongs],
                is_beyond: beyond > 0,
            }
        })
        .collect();
    gaps.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    Ok(Line {
        heading_deg: axis.direction[0].atan2(axis.direction[1]).to_degrees().rem_euclid(180.0),
        spacing_m: comb.spacing,
        scatter_m: [comb.scatter, axis.scatter],
        gaps,
        statement: STATEMENT.to_owned(),
    })
}

/// Mean and 95 % of the probability at a gap.
fn unexploded(duds: Belief, recall: Belief, survival: Belief) -> [f64; 3] {
    let [duds, recall, survival] = [duds, recall, survival].map(|belief| belief.drawn());
    let mut points = Points::<3>::new(0);
    // A gap is the more likely seen the more likely no crater is: draws weigh by it.
    let mut draws: Vec<[f64; 2]> = (0..N_DRAWS)
        .map(|_| {
            let u = points.next();
            let d = duds.quantile(u[0]);
            let unseen = d + (1.0 - d) * (1.0 - survival.quantile(u[1]) * recall.quantile(u[2]));
            [d / unseen, unseen]
        })
        .collect();
    draws.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let total: f64 = draws.iter().map(|draw| draw[1]).sum();
    let quantile = |p: f64| {
        let mut sum = 0.0;
        let at = draws.iter().find(|draw| {
            sum += draw[1];
            sum >= p * total
        });
        at.map_or(1.0, |draw| draw[0])
    };
    let mean = draws.iter().map(|draw| draw[0] * draw[1]).sum::<f64>() / total;
    [mean, quantile(0.025), quantile(0.975)]
}

/// The axis of least squared distance to all craters.
struct Axis {
    centre: [f64; 2],
    direction: [f64; 2],
    along: Vec<f64>,
    scatter: f64,
}

impl Axis {
    fn through(craters: &[[f64; 2]]) -> Result<Self> {
        if craters.len() < FEWEST_CRATERS || !craters.iter().flatten().all(|x| x.is_finite()) {
            return Err(Error::refused(
                format!("{} craters show no stick", craters.len()),
                format!("give the craters of one stick, at least {FEWEST_CRATERS}"),
            ));
        }
        let n = craters.len() as f64;
        let mean = |axis: usize| craters.iter().map(|crater| crater[axis]).sum::<f64>() / n;
        let centre = [mean(0), mean(1)];
        let moment = |a: usize, b: usize| {
            craters.iter().map(|c| (c[a] - centre[a]) * (c[b] - centre[b])).sum::<f64>() / n
        };
        let angle = 0.5 * (2.0 * moment(0, 1)).atan2(moment(0, 0) - moment(1, 1));
        let direction = [angle.cos(), angle.sin()];
        let project =
            |c: &[f64; 2], [x, y]: [f64; 2]| (c[0] - centre[0]) * x + (c[1] - centre[1]) * y;
        let mut along: Vec<f64> = craters.iter().map(|c| project(c, direction)).collect();
        along.sort_by(f64::total_cmp);
        let across = craters.iter().map(|c| project(c, [-direction[1], direction[0]]).powi(2));
        let scatter = (across.sum::<f64>() / (n - 2.0)).sqrt();
        Ok(Self { centre, direction, along, scatter })
    }

    fn at(&self, along: f64) -> [f64; 2] {
        [0, 1].map(|axis| self.centre[axis] + along * self.direction[axis])
    }
}

/// Places at regular spacing, and which of them have a crater.
struct Comb {
    origin: f64,
    spacing: f64,
    scatter: f64,
    slots: Vec<i64>,
}

impl Comb {
    /// The spacing Δ of the largest `Δ/σ(Δ)`: under a wrong spacing craters lie anywhere between
    /// places, `σ ≈ Δ/√12`; half the right one fits as well in metres, but not as a share of itself.
    fn fit(axis: &Axis, spacing_m: Option<f64>) -> Result<Self> {
        let mut steps: Vec<f64> = axis.along.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_by(f64::total_cmp);
        let median = steps[steps.len() / 2];
        let (low, high) = spacing_m.map_or((0.4 * median, 1.5 * median), |m| (0.8 * m, 1.2 * m));
        let tried = (0..=400).map(|at| low + (high - low) * f64::from(at) / 400.0);
        let fits =
            tried.filter(|spacing| *spacing > 0.0).filter_map(|spacing| Self::at(axis, spacing));
        let best = fits.max_by(|a, b| a.sharpness().total_cmp(&b.sharpness()));
        best.filter(|comb| comb.sharpness() > 6.0).ok_or_else(|| {
            Error::refused(
                "these craters lie at no regular spacing",
                "give the craters of one stick, or the spacing that its record says",
            )
        })
    }

    fn sharpness(&self) -> f64 {
        self.spacing / self.scatter.max(self.spacing * 1e-3)
    }

    /// Places counted from crater to crater, then a line through them; none where two craters would
    /// share a place.
    fn at(axis: &Axis, spacing: f64) -> Option<Self> {
        let mut slots = vec![0_i64];
        for pair in axis.along.windows(2) {
            let step = ((pair[1] - pair[0]) / spacing).round() as i64;
            if step < 1 {
                return None;
            }
            slots.push(slots[slots.len() - 1] + step);
        }
        let n = slots.len() as f64;
        let mean_slot = slots.iter().map(|slot| *slot as f64).sum::<f64>() / n;
        let mean = axis.along.iter().sum::<f64>() / n;
        let centred = |slot: &i64| *slot as f64 - mean_slot;
        let spread: f64 = slots.iter().map(|slot| centred(slot).powi(2)).sum();
        let spacing =
            slots.iter().zip(&axis.along).map(|(slot, at)| centred(slot) * at).sum::<f64>()
                / spread;
        let origin = mean - spacing * mean_slot;
        let off = |(slot, at): (&i64, &f64)| (at - origin - spacing * *slot as f64).powi(2);
        let squares: f64 = slots.iter().zip(&axis.along).map(off).sum();
        Some(Self { origin, spacing, scatter: (squares / (n - 2.0)).sqrt(), slots })
    }

    /// Half axes of the ellipse that foretells a place: `√(2F) σ √(1 + 1/n + (k − k̄)²/S)`, F the 95 %
    /// point of F with 2 and n − 2 degrees of freedom, `(ν/2)(0.05^(−2/ν) − 1)`.
    fn ellipse(&self, slot: i64, axis: &Axis) -> [f64; 2] {
        let n = self.slots.len() as f64;
        let mean = self.slots.iter().map(|slot| *slot as f64).sum::<f64>() / n;
        let spread: f64 = self.slots.iter().map(|slot| (*slot as f64 - mean).powi(2)).sum();
        let wider = (1.0 + 1.0 / n + (slot as f64 - mean).powi(2) / spread).sqrt();
        let freedom = n - 2.0;
        let f = freedom / 2.0 * (0.05_f64.powf(-2.0 / freedom) - 1.0);
        [self.scatter, axis.scatter].map(|scatter| (2.0 * f).sqrt() * scatter * wider)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUDS: Belief = Belief::Range { low: 0.05, high: 0.36 };
    const RECALL: Belief = Belief::Counted { yes: 90.0, of: 100.0 };

    fn survival() -> Survival {
        Survival { share: Belief::Range { low: 0.8, high: 0.98 }, evidence: "test".to_owned() }
    }

    /// Twelve bombs at 30 m towards the north-east, some metres off, but for the listed.
    fn stick(without: &[usize]) -> Vec<[f64; 2]> {
        let along = (0..12).filter(|at| !without.contains(at));
        let place = |at: usize| {
            let (t, off) = (30.0 * at as f64, if at.is_multiple_of(2) { 1.5 } else { -1.5 });
            [t * 0.6 + off, t * 0.8 - off]
        };
        along.map(place).collect()
    }

    #[test]
    fn a_gap_is_found_where_the_bomb_should_lie() {
        let craters = stick(&[4]);
        let line = gaps(&craters, &Known::default(), DUDS, RECALL, Some(&survival())).unwrap();
        assert!((line.spacing_m - 30.0).abs() < 0.5, "{line:?}");
        assert!((line.heading_deg - 36.87).abs() < 1.0);
        let gap = &line.gaps[0];
        let off = (gap.position[0] - 72.0).hypot(gap.position[1] - 96.0);
        assert!(line.gaps.len() == 1 && off < gap.ellipse_m[0].max(gap.ellipse_m[1]), "{line:?}");
        assert!(gap.interval[0] < gap.probability && gap.probability < gap.interval[1]);
        assert!(0.3 < gap.probability && gap.probability < 0.8, "{gap:?}");
    }

    #[test]
    fn a_full_line_has_no_gap_and_a_known_number_looks_beyond_its_ends() {
        let of = |known| gaps(&stick(&[0]), &known, DUDS, RECALL, Some(&survival())).unwrap().gaps;
        assert_eq!(of(Known::default()), []);
        let beyond = of(Known { n_bombs: Some(12), ..Known::default() });
        assert_eq!(beyond.len(), 2);
        assert!(beyond.iter().all(|gap| gap.is_beyond && gap.probability < 0.5));
    }

    #[test]
    fn no_line_no_evidence_and_few_craters_are_refused() {
        let known = Known::default();
        assert!(gaps(&stick(&[])[..4], &known, DUDS, RECALL, Some(&survival())).is_err());
        assert!(gaps(&stick(&[]), &known, DUDS, RECALL, None).is_err());
        let odd = [0.0, 11.0, 39.0, 52.0, 91.0, 97.0, 160.0, 171.0, 230.0].map(|x| [x, 0.0]);
        assert!(gaps(&odd, &known, DUDS, RECALL, Some(&survival())).is_err());
    }
}
