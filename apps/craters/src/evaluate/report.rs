//! Scores as a report: each with its interval over images, its split and its baseline.

use evaluate::bootstrap::{Resampling, interval};
use record::{EvalReport, Interval, Score};
use serde::{Deserialize, Serialize};

use super::{Counts, Image, Judged, Outcome, judge};

/// One step of a table of reliability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Mean of the probabilities.
    pub said: f64,
    /// Share that were craters.
    pub was: f64,
    /// Detections.
    pub n: usize,
}

/// Whether probabilities can be believed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Ten steps of probability, those without detections left out.
    pub steps: Vec<Step>,
    /// `sum of n/N |said - was|` over the steps.
    pub expected_calibration_error: f64,
    /// Mean of `(p - outcome)^2` (Brier 1950).
    pub brier: f64,
}

/// Reliability of the detections that count.
pub fn reliability(judged: &[Judged]) -> Option<Reliability> {
    let counted: Vec<(f64, f64)> = judged
        .iter()
        .flat_map(|of| &of.outcomes)
        .filter(|of| of.1 != Outcome::Aside)
        .map(|of| (f64::from(of.0), f64::from(u8::from(of.1 == Outcome::Right))))
        .collect();
    let n = counted.len() as f64;
    let mut sums = [(0.0, 0.0, 0_usize); 10];
    for (p, was) in &counted {
        let sum = &mut sums[((p * 10.0) as usize).min(9)];
        *sum = (sum.0 + p, sum.1 + was, sum.2 + 1);
    }
    let steps: Vec<Step> = sums
        .iter()
        .filter(|sum| sum.2 > 0)
        .map(|sum| Step { said: sum.0 / sum.2 as f64, was: sum.1 / sum.2 as f64, n: sum.2 })
        .collect();
    let error = steps.iter().map(|step| (step.said - step.was).abs() * step.n as f64).sum::<f64>();
    let brier = counted.iter().map(|(p, was)| (p - was).powi(2)).sum::<f64>();
    (n > 0.0).then(|| Reliability {
        steps,
        expected_calibration_error: error / n,
        brier: brier / n,
    })
}

/// Area under precision over recall, each precision raised to the best at that recall or beyond.
pub fn average_precision(judged: &[Judged]) -> Option<f64> {
    let labels: usize = judged.iter().map(|of| of.n_labels).sum();
    let mut all: Vec<(f32, Outcome)> = judged
        .iter()
        .flat_map(|of| of.outcomes.iter().copied())
        .filter(|of| of.1 != Outcome::Aside)
        .collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut right, mut precisions) = (0_usize, Vec::new());
    for (at, of) in all.iter().enumerate() {
        if of.1 == Outcome::Right {
            right += 1;
            precisions.push(right as f64 / (at + 1) as f64);
        }
    }
    for at in (1..precisions.len()).rev() {
        precisions[at - 1] = precisions[at - 1].max(precisions[at]);
    }
    (labels > 0).then(|| precisions.iter().sum::<f64>() / labels as f64)
}

/// The scores at each floor (diameters in pixels), in the order of the images' thresholds.
pub fn report(title: &str, split: &str, images: &[Image], floors: &[f64]) -> EvalReport {
    let mut report = EvalReport::new(title, Vec::new());
    for (at, floor) in floors.iter().enumerate() {
        let judged: Vec<Judged> =
            images.iter().map(|image| judge(&image.detections, &image.truth, *floor)).collect();
        let split = format!("{split}; diameter >= {floor} px");
        report.scores.extend(at_thresholds(&judged, images, at, *floor, &split));
        report.scores.extend(over_thresholds(&judged, *floor, &split));
        if let Some(table) = reliability(&judged) {
            report.notes.push(format!("Reliability at >= {floor} px: {}.", in_words(&table)));
        }
    }
    report.seed = Some(Resampling::default().seed);
    report
}

/// A score's name and how it follows from the images.
type Named<'a, T> = (&'a str, &'a dyn Fn(&[T]) -> Option<f64>);

fn at_thresholds(
    judged: &[Judged],
    images: &[Image],
    at: usize,
    floor: f64,
    split: &str,
) -> Vec<Score> {
    let items: Vec<(Counts, f64)> = judged
        .iter()
        .zip(images)
        .map(|(judged, image)| {
            let area = image.area_km2.unwrap_or(f64::NAN);
            (Counts::of(judged, image.thresholds[at]), area)
        })
        .collect();
    let all =
        |items: &[(Counts, f64)]| Counts::sum(&items.iter().map(|item| item.0).collect::<Vec<_>>());
    let alarms = |items: &[(Counts, f64)]| {
        let area: f64 = items.iter().map(|item| item.1).sum();
        (area > 0.0).then(|| all(items).wrong as f64 / area)
    };
    let named: [Named<(Counts, f64)>; 4] = [
        ("f1", &|items| all(items).f1()),
        ("precision", &|items| all(items).precision()),
        ("recall", &|items| all(items).recall()),
        ("false_alarms_per_km2", &alarms),
    ];
    let score = |(name, statistic): &Named<(Counts, f64)>| {
        let of = interval(&items, statistic, &draws()).ok();
        scored(&format!("{name}_{floor}px"), statistic(&items), of, split)
    };
    named.iter().filter_map(score).collect()
}

fn over_thresholds(judged: &[Judged], floor: f64, split: &str) -> Vec<Score> {
    let error = |of: &[Judged]| reliability(of).map(|table| table.expected_calibration_error);
    let named: [Named<Judged>; 3] = [
        ("average_precision", &average_precision),
        ("expected_calibration_error", &error),
        ("brier", &|of| reliability(of).map(|table| table.brier)),
    ];
    let score = |(name, statistic): &Named<Judged>| {
        let of = interval(judged, statistic, &Resampling { n_draws: 300, ..draws() }).ok();
        scored(&format!("{name}_{floor}px"), statistic(judged), of, split)
    };
    named.iter().filter_map(score).collect()
}

fn draws() -> Resampling {
    Resampling { n_draws: 2000, ..Resampling::default() }
}

fn scored(name: &str, value: Option<f64>, sure: Option<Interval>, split: &str) -> Option<Score> {
    let score = Score::new(name, value?, split);
    Some(match sure {
        Some(sure) => score.with_interval(sure),
        None => score,
    })
}

fn in_words(table: &Reliability) -> String {
    let step = |of: &Step| format!("said {:.2} was {:.2} of {}", of.said, of.was, of.n);
    table.steps.iter().map(step).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(outcomes: &[(f32, Outcome)], n_labels: usize) -> Judged {
        Judged { outcomes: outcomes.to_vec(), n_labels }
    }

    #[test]
    fn calibration_error_is_what_was_said_against_what_was() {
        let of = judged(&[(0.9, Outcome::Right), (0.9, Outcome::Wrong), (0.1, Outcome::Aside)], 1);
        let table = reliability(&[of]).unwrap();
        assert!((table.expected_calibration_error - 0.4).abs() < 1e-6);
        assert!((table.brier - (0.01 + 0.81) / 2.0).abs() < 1e-6);
        assert_eq!(table.steps.len(), 1);
    }

    #[test]
    fn average_precision_is_one_only_where_all_come_first() {
        let best = [(0.9, Outcome::Right), (0.8, Outcome::Right), (0.7, Outcome::Wrong)];
        assert_eq!(average_precision(&[judged(&best, 2)]), Some(1.0));
        let half = [(0.9, Outcome::Wrong), (0.8, Outcome::Right)];
        assert_eq!(average_precision(&[judged(&half, 2)]), Some(0.25));
    }
}
