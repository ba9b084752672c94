//! From a score to a probability that can be believed.

use serde::{Deserialize, Serialize};

/// A monotone map from score to probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Calibration {
    /// `p = 1/(1 + e^−(slope·score + offset))` (Platt 1999): for few examples.
    Platt {
        /// Not negative.
        slope: f32,
        /// Log-odds at score 0.
        offset: f32,
    },
    /// Linear between points that rise in both (isotonic regression, Zadrozny, Elkan 2002).
    Isotonic {
        /// Rising scores.
        scores: Vec<f32>,
        /// Their probabilities, never falling.
        probabilities: Vec<f32>,
    },
}

/// Fewest examples for which a free curve is better than Platt's.
const FEWEST_FOR_ISOTONIC: usize = 1000;
/// Examples that a step of the free curve stands on at least.
const STEP: usize = 40;

impl Calibration {
    /// Fits the map: isotonic from 1000 examples on, Platt's below. The scores must come from a
    /// model that has not seen these examples.
    pub fn fit(scores: &[f32], is_crater: &[bool]) -> Self {
        let mut pairs: Vec<(f32, bool)> =
            scores.iter().copied().zip(is_crater.iter().copied()).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        if pairs.len() < FEWEST_FOR_ISOTONIC { platt(&pairs) } else { isotonic(&pairs) }
    }

    /// The probability of a score.
    pub fn probability(&self, score: f32) -> f32 {
        match self {
            Self::Platt { slope, offset } => 1.0 / (1.0 + (-(slope * score + offset)).exp()),
            Self::Isotonic { scores, probabilities } => between(scores, probabilities, score),
        }
    }

    /// Whether the map can be used: points where it needs them, never falling.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Platt { slope, offset } => *slope >= 0.0 && offset.is_finite(),
            Self::Isotonic { scores, probabilities } => {
                !scores.is_empty()
                    && scores.len() == probabilities.len()
                    && scores.is_sorted()
                    && probabilities.is_sorted()
            }
        }
    }
}

fn between(scores: &[f32], probabilities: &[f32], score: f32) -> f32 {
    let above = scores.partition_point(|of| *of < score);
    let last = scores.len() - 1;
    if above == 0 || above > last {
        return probabilities[above.min(last)];
    }
    let (low, high) = (scores[above - 1], scores[above]);
    let share = if high > low { (score - low) / (high - low) } else { 1.0 };
    probabilities[above - 1] + share * (probabilities[above] - probabilities[above - 1])
}

/// Pools adjacent violators (Ayer et al. 1955), starting from steps of [`STEP`] examples; each
/// step gives one point: its mean score and, shrunk by half a crater and half a mistake, its share.
fn isotonic(sorted: &[(f32, bool)]) -> Calibration {
    struct Block {
        n: f64,
        craters: f64,
        score: f64,
    }
    let mut blocks: Vec<Block> = Vec::new();
    for step in sorted.chunks(STEP) {
        blocks.push(Block {
            n: step.len() as f64,
            craters: step.iter().filter(|(_, is)| *is).count() as f64,
            score: step.iter().map(|(score, _)| f64::from(*score)).sum(),
        });
        while let [.., a, b] = &blocks[..]
            && a.craters / a.n >= b.craters / b.n
        {
            let pooled =
                Block { n: a.n + b.n, craters: a.craters + b.craters, score: a.score + b.score };
            blocks.truncate(blocks.len() - 2);
            blocks.push(pooled);
        }
    }
    let scores = blocks.iter().map(|block| (block.score / block.n) as f32).collect();
    let share = |block: &Block| ((block.craters + 0.5) / (block.n + 1.0)) as f32;
    // Shrinking may turn two neighbours that differ by less than it.
    let mut probabilities: Vec<f32> = blocks.iter().map(share).collect();
    for at in 1..probabilities.len() {
        probabilities[at] = probabilities[at].max(probabilities[at - 1]);
    }
    Calibration::Isotonic { scores, probabilities }
}

/// Newton's method on the log loss, with Platt's softened targets and a weak hold on the slope.
fn platt(pairs: &[(f32, bool)]) -> Calibration {
    let n_craters = pairs.iter().filter(|(_, is)| *is).count() as f64;
    let high = (n_craters + 1.0) / (n_craters + 2.0);
    let low = 1.0 / (pairs.len() as f64 - n_craters + 2.0);
    let (mut a, mut b) = (1.0_f64, 0.0_f64);
    for _ in 0..50 {
        let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.01 * (a - 1.0), 0.0, 0.01, 0.0, 1e-6);
        for (score, is) in pairs {
            let x = f64::from(*score);
            let p = 1.0 / (1.0 + (-(a * x + b)).exp());
            let (d, w) = (p - if *is { high } else { low }, p * (1.0 - p));
            ga += d * x;
            gb += d;
            haa += w * x * x;
            hab += w * x;
            hbb += w;
        }
        let det = haa * hbb - hab * hab;
        if det <= 1e-12 {
            break;
        }
        let (da, db) = ((hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det);
        a = (a - da.clamp(-1.0, 1.0)).max(0.0);
        b -= db.clamp(-2.0, 2.0);
    }
    Calibration::Platt { slope: a as f32, offset: b as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    /// Scores whose true probability is their square.
    fn squares(n: usize) -> (Vec<f32>, Vec<bool>) {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(11);
        let scores: Vec<f32> = (0..n).map(|_| rng.random()).collect();
        let is = scores.iter().map(|score| rng.random::<f32>() < score * score).collect();
        (scores, is)
    }

    #[test]
    fn the_free_curve_finds_the_true_probabilities() {
        let (scores, is) = squares(20_000);
        let calibration = Calibration::fit(&scores, &is);
        for score in [0.3_f32, 0.6, 0.9] {
            let p = calibration.probability(score);
            assert!((p - score * score).abs() < 0.05, "{score}: {p}");
        }
    }

    #[test]
    fn a_higher_score_is_never_less_probable() {
        for n in [60, 1500] {
            let (scores, is) = squares(n);
            let calibration = Calibration::fit(&scores, &is);
            let steps: Vec<f32> =
                (-10..=20).map(|i| calibration.probability(i as f32 / 10.0)).collect();
            assert!(steps.is_sorted(), "{n}: {steps:?}");
            assert!(steps.iter().all(|p| (0.0..=1.0).contains(p)), "{n}: {steps:?}");
            assert!(calibration.is_sound());
        }
    }

    #[test]
    fn platt_finds_slope_and_offset() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        let scores: Vec<f32> = (0..990).map(|_| 6.0 * rng.random::<f32>() - 3.0).collect();
        let p = |score: f32| 1.0 / (1.0 + (1.0 - 2.0 * score).exp());
        let is: Vec<bool> = scores.iter().map(|score| rng.random::<f32>() < p(*score)).collect();
        let calibration = Calibration::fit(&scores, &is);
        for score in [-1.0_f32, 0.5, 2.0] {
            assert!((calibration.probability(score) - p(score)).abs() < 0.07, "{score}");
        }
    }

    #[test]
    fn one_sided_examples_give_no_certainty() {
        let calibration = Calibration::fit(&[1.0, 2.0, 3.0], &[true, true, true]);
        assert!(calibration.probability(2.0) < 1.0 && calibration.probability(2.0) > 0.5);
    }
}
