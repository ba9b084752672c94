//! How good detections are: matching one to one, scores with intervals over images, calibration.
//! Knows neither features nor trees: detections and labels only.

mod page;
mod report;

use serde::{Deserialize, Serialize};

use crate::model::Detection;

pub use page::page;
pub use report::{Reliability, Step, average_precision, reliability, report};

/// A crater as a person marked it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// Centre in pixel positions of the scene.
    pub x: f64,
    /// Centre.
    pub y: f64,
    /// Rim radius in pixels.
    pub radius_px: f64,
}

/// What is known of the truth of one image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Pixels in a row and rows.
    pub size: [f64; 2],
    /// The craters.
    pub labels: Vec<Label>,
    /// Craters that count neither way, such as those that touch.
    #[serde(default)]
    pub aside: Vec<Label>,
    /// Places that a person looked at and rejected.
    pub rejected: Vec<Label>,
    /// Whether every crater was marked; else only what was marked or rejected counts.
    pub is_complete: bool,
}

/// What became of a detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It is a labelled crater that no better detection took.
    Right,
    /// It is none.
    Wrong,
    /// It counts neither way.
    Aside,
}

/// One image judged at one size floor.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Probability and outcome of each detection, best first.
    pub outcomes: Vec<(f32, Outcome)>,
    /// Craters that count.
    pub n_labels: usize,
}

/// Detections of one image with its truth.
#[derive(Debug, Clone)]
pub struct Image {
    /// Its name.
    pub name: String,
    /// What is true of it.
    pub truth: Truth,
    /// What was found.
    pub detections: Vec<Detection>,
    /// For each floor (as in [`report`]) the threshold, chosen on other images.
    pub thresholds: Vec<f32>,
    /// Area in square kilometres, where the ground sampling distance is known.
    pub area_km2: Option<f64>,
}

/// Whether a circle is a label's: its centre within `max(2 px, r/2)`, its radius at least half
/// and at most twice the label's r.
pub fn is_same(circle: &Label, label: &Label) -> bool {
    let ratio = circle.radius_px / label.radius_px;
    distance(circle, label) <= (0.5 * label.radius_px).max(2.0) && (0.5..=2.0).contains(&ratio)
}

fn distance(a: &Label, b: &Label) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// Matches detections to labels one to one, the best detection first, each to the nearest label
/// that is free. Labels below the floor or cut by the edge, and detections below the floor that
/// match nothing, count neither way.
pub fn judge(detections: &[Detection], truth: &Truth, floor_px: f64) -> Judged {
    let counts: Vec<bool> =
        truth.labels.iter().map(|label| does_count(label, truth.size, floor_px)).collect();
    let mut is_free = counts.clone();
    let mut order: Vec<&Detection> = detections.iter().collect();
    order.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let outcomes = order.iter().map(|detection| {
        let circle = Label { x: detection.x, y: detection.y, radius_px: detection.radius_px };
        let near = |of: &[bool]| nearest(&circle, &truth.labels, of);
        if let Some(label) = near(&is_free) {
            is_free[label] = false;
            return (detection.probability, Outcome::Right);
        }
        let beside: Vec<bool> = counts.iter().map(|counts| !counts).collect();
        let is_aside = near(&beside).is_some()
            || truth.aside.iter().any(|label| is_same(&circle, label))
            || 2.0 * circle.radius_px < floor_px
            || (!truth.is_complete && !truth.rejected.iter().any(|no| is_same(&circle, no)));
        (detection.probability, if is_aside { Outcome::Aside } else { Outcome::Wrong })
    });
    let outcomes = outcomes.collect();
    Judged { outcomes, n_labels: counts.iter().filter(|counts| **counts).count() }
}

fn does_count(label: &Label, size: [f64; 2], floor_px: f64) -> bool {
    let r = label.radius_px;
    let inside = |at: f64, size: f64| r <= at && at + r <= size;
    2.0 * r >= floor_px && inside(label.x, size[0]) && inside(label.y, size[1])
}

fn nearest(circle: &Label, labels: &[Label], of: &[bool]) -> Option<usize> {
    let same = |at: &usize| of[*at] && is_same(circle, &labels[*at]);
    let order = |a: &usize, b: &usize| {
        distance(circle, &labels[*a]).total_cmp(&distance(circle, &labels[*b]))
    };
    (0..labels.len()).filter(same).min_by(order)
}

/// Right and wrong detections at a threshold, and craters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Detections that are craters.
    pub right: usize,
    /// Detections that are none.
    pub wrong: usize,
    /// Craters.
    pub labels: usize,
}

impl Counts {
    /// The counts of an image at a threshold.
    pub fn of(judged: &Judged, threshold: f32) -> Self {
        let count = |outcome| {
            let is = |of: &&(f32, Outcome)| of.0 >= threshold && of.1 == outcome;
            judged.outcomes.iter().filter(is).count()
        };
        Self { right: count(Outcome::Right), wrong: count(Outcome::Wrong), labels: judged.n_labels }
    }

    /// The counts of several images together.
    pub fn sum(counts: &[Self]) -> Self {
        counts.iter().fold(Self::default(), |sum, of| Self {
            right: sum.right + of.right,
            wrong: sum.wrong + of.wrong,
            labels: sum.labels + of.labels,
        })
    }

    /// Share of the detections that are craters.
    pub fn precision(self) -> Option<f64> {
        share(self.right, self.right + self.wrong)
    }

    /// Share of the craters that were detected.
    pub fn recall(self) -> Option<f64> {
        share(self.right, self.labels)
    }

    /// `2 right/(detections + craters)`.
    pub fn f1(self) -> Option<f64> {
        share(2 * self.right, self.right + self.wrong + self.labels)
    }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The threshold of the highest F1 over these images.
pub fn best_threshold(judged: &[Judged]) -> Option<f32> {
    let labels: usize = judged.iter().map(|of| of.n_labels).sum();
    let mut all: Vec<(f32, Outcome)> =
        judged.iter().flat_map(|of| of.outcomes.iter().copied()).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut counts = Counts { labels, ..Counts::default() };
    let mut best: Option<(f64, f32)> = None;
    for (at, (probability, outcome)) in all.iter().enumerate() {
        counts.right += usize::from(*outcome == Outcome::Right);
        counts.wrong += usize::from(*outcome == Outcome::Wrong);
        let is_last_of_equals = all.get(at + 1).is_none_or(|next| next.0 < *probability);
        let f1 = counts.f1().filter(|_| is_last_of_equals && counts.right > 0);
        if let Some(f1) = f1
            && best.is_none_or(|best| best.0 < f1)
        {
            best = Some((f1, *probability));
        }
    }
    best.map(|best| best.1)
}

/// Share of the detections of two runs that both have: `2 common/(all)`; one where none has any.
pub fn agreement(one: &[Detection], other: &[Detection]) -> f64 {
    let circle = |of: &Detection| Label { x: of.x, y: of.y, radius_px: of.radius_px };
    let labels: Vec<Label> = other.iter().map(circle).collect();
    let mut is_free = vec![true; labels.len()];
    let mut common = 0;
    for detection in one {
        if let Some(at) = nearest(&circle(detection), &labels, &is_free) {
            is_free[at] = false;
            common += 1;
        }
    }
    share(2 * common, one.len() + other.len()).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(x: f64, y: f64, radius_px: f64, probability: f32) -> Detection {
        Detection { x, y, radius_px, probability, path: Vec::new() }
    }

    fn truth(labels: &[[f64; 3]]) -> Truth {
        let label = |of: &[f64; 3]| Label { x: of[0], y: of[1], radius_px: of[2] };
        let labels = labels.iter().map(label).collect();
        Truth { size: [100.0, 100.0], labels, is_complete: true, ..Truth::default() }
    }

    fn outcomes(detections: &[Detection], truth: &Truth) -> Vec<Outcome> {
        judge(detections, truth, 10.0).outcomes.iter().map(|of| of.1).collect()
    }

    #[test]
    fn the_better_of_two_detections_takes_the_crater() {
        let truth = truth(&[[50.0, 50.0, 8.0]]);
        let twice = [found(50.0, 50.0, 8.0, 0.6), found(52.0, 50.0, 8.0, 0.9)];
        assert_eq!(outcomes(&twice, &truth), [Outcome::Right, Outcome::Wrong]);
    }

    #[test]
    fn centre_and_radius_decide_with_two_pixels_for_small_ones() {
        let truth = truth(&[[50.0, 50.0, 8.0]]);
        for (detection, outcome) in [
            (found(54.0, 50.0, 8.0, 0.5), Outcome::Right),
            (found(54.1, 50.0, 8.0, 0.5), Outcome::Wrong),
            (found(50.0, 50.0, 16.0, 0.5), Outcome::Right),
            (found(50.0, 50.0, 16.1, 0.5), Outcome::Wrong),
        ] {
            assert_eq!(outcomes(std::slice::from_ref(&detection), &truth), [outcome]);
        }
        let small = Label { x: 0.0, y: 0.0, radius_px: 1.5 };
        assert!(is_same(&Label { x: 2.0, ..small }, &small));
    }

    #[test]
    fn labels_below_the_floor_or_cut_by_the_edge_count_neither_way() {
        let truth = truth(&[[50.0, 50.0, 4.0], [3.0, 50.0, 8.0]]);
        let detections = [found(50.0, 50.0, 6.0, 0.9), found(3.0, 50.0, 8.0, 0.8)];
        assert_eq!(outcomes(&detections, &truth), [Outcome::Aside; 2]);
        assert_eq!(judge(&detections, &truth, 10.0).n_labels, 0);
        assert_eq!(outcomes(&[found(80.0, 80.0, 4.0, 0.9)], &truth), [Outcome::Aside]);
    }

    #[test]
    fn where_not_all_was_marked_only_what_was_rejected_is_wrong() {
        let no = Label { x: 20.0, y: 20.0, radius_px: 6.0 };
        let truth = Truth { rejected: vec![no], is_complete: false, ..truth(&[]) };
        let detections = [found(20.0, 20.0, 6.0, 0.9), found(70.0, 70.0, 6.0, 0.8)];
        assert_eq!(outcomes(&detections, &truth), [Outcome::Wrong, Outcome::Aside]);
    }

    #[test]
    fn scores_follow_from_the_counts() {
        let counts = Counts { right: 6, wrong: 2, labels: 12 };
        assert_eq!(counts.precision(), Some(0.75));
        assert_eq!(counts.recall(), Some(0.5));
        assert_eq!(counts.f1(), Some(0.6));
        assert_eq!(Counts::default().f1(), None);
    }

    #[test]
    fn the_threshold_stands_where_f1_is_highest() {
        let outcomes = vec![
            (0.9, Outcome::Right),
            (0.8, Outcome::Right),
            (0.5, Outcome::Wrong),
            (0.4, Outcome::Wrong),
            (0.3, Outcome::Right),
        ];
        assert_eq!(best_threshold(&[Judged { outcomes, n_labels: 3 }]), Some(0.8));
    }

    #[test]
    fn agreement_is_the_share_that_both_have() {
        let one = [found(10.0, 10.0, 5.0, 0.9), found(50.0, 50.0, 5.0, 0.9)];
        assert_eq!(agreement(&one, &one[..1]), 2.0 / 3.0);
        assert_eq!(agreement(&[], &[]), 1.0);
    }
}
