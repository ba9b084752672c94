//! A review log as labelled images: windows of the scene round what a person confirmed or
//! rejected. What nobody looked at is no example of anything.

use std::collections::BTreeMap;

use super::LabelledImage;
use crate::data::Scene;
use crate::error::Result;
use crate::evaluate::{Label, Truth};
use crate::survey::{Review, Verdict};

/// Pixels of the squares that a scene is cut into.
const SQUARE: i64 = 512;

/// The squares of a scene in which something was confirmed or rejected, each with a margin of its
/// largest crater's reach. Of several verdicts on one place the last counts.
pub fn reviewed(scene: &Scene, reviews: &[Review]) -> Result<Vec<LabelledImage>> {
    let mut squares: BTreeMap<(i64, i64), Vec<&Review>> = BTreeMap::new();
    for review in last_verdicts(reviews) {
        if review.verdict != Verdict::Unsure {
            let at = |px: f64| (px.floor() as i64).div_euclid(SQUARE);
            squares.entry((at(review.y_px), at(review.x_px))).or_default().push(review);
        }
    }
    squares.iter().map(|((row, column), reviews)| square(scene, *column, *row, reviews)).collect()
}

fn last_verdicts(reviews: &[Review]) -> Vec<&Review> {
    let is_later = |earlier: &Review, later: &Review| match (earlier.crater, later.crater) {
        (Some(a), Some(b)) => a == b,
        _ => {
            let far = (earlier.x_px - later.x_px).hypot(earlier.y_px - later.y_px);
            far < 0.25 * later.diameter_px
        }
    };
    let last = |(at, review): &(usize, &Review)| {
        !reviews[at + 1..].iter().any(|later| is_later(review, later))
    };
    reviews.iter().enumerate().filter(last).map(|(_, review)| review).collect()
}

fn square(scene: &Scene, column: i64, row: i64, reviews: &[&Review]) -> Result<LabelledImage> {
    let widest = reviews.iter().map(|review| review.diameter_px).fold(0.0, f64::max);
    let margin = (2.0 * widest.clamp(0.0, 512.0)).ceil() as i64 + 32;
    let (x0, y0) = (column * SQUARE - margin, row * SQUARE - margin);
    let side = (SQUARE + 2 * margin) as usize;
    let of = |verdict: Verdict| {
        let is = reviews.iter().filter(|review| review.verdict == verdict);
        let label = |review: &&Review| Label {
            x: review.x_px - x0 as f64,
            y: review.y_px - y0 as f64,
            radius_px: review.diameter_px / 2.0,
        };
        is.map(label).collect()
    };
    Ok(LabelledImage {
        name: format!("{column},{row}"),
        window: scene.window(x0, y0, side, side)?,
        sun: scene.sun,
        gsd_m: scene.gsd_m,
        truth: Truth {
            size: [side as f64; 2],
            labels: of(Verdict::Confirmed),
            rejected: of(Verdict::Rejected),
            ..Truth::default()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(crater: Option<u64>, x_px: f64, verdict: Verdict) -> Review {
        let (who, when) = ("ana".to_owned(), "2024-05-01T08:00:00Z".to_owned());
        Review { crater, x_px, y_px: 10.0, diameter_px: 8.0, verdict, who, when }
    }

    #[test]
    fn the_last_verdict_on_a_crater_counts() {
        let log = [
            review(Some(1), 10.0, Verdict::Confirmed),
            review(Some(2), 50.0, Verdict::Rejected),
            review(Some(1), 10.0, Verdict::Rejected),
            review(None, 51.0, Verdict::Confirmed),
        ];
        let last = last_verdicts(&log);
        let told: Vec<_> = last.iter().map(|of| (of.x_px, of.verdict)).collect();
        assert_eq!(told, [(10.0, Verdict::Rejected), (51.0, Verdict::Confirmed)]);
    }
}
