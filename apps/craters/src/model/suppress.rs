//! Each crater once: of detections that share one, the most likely is kept.

use super::stack::Scored;
use crate::candidates::Candidate;

/// Circles whose common area is a larger share of what both cover are one crater.
const MOST_OVERLAP: f32 = 0.3;

/// The detections that no more likely one shares a crater with, most likely first.
pub(crate) fn strongest(scored: &[Scored]) -> Vec<Scored> {
    let mut order = scored.to_vec();
    order.sort_by(|a, b| b.log_odds.total_cmp(&a.log_odds).then(a.row.cmp(&b.row)));
    // Cells as wide as most circles; large circles are few and looked through one by one.
    let mut kept: Vec<Scored> = Vec::new();
    let mut cells: std::collections::HashMap<(i32, i32), Vec<usize>> = Default::default();
    let cell = |at: f32| (at / CELL).floor() as i32;
    for scored in order {
        let circle = &scored.circle;
        // Only a circle of at most 1/MOST_OVERLAP times the area can share so much.
        let reach = circle.radius_px * (1.0 + MOST_OVERLAP.sqrt().recip());
        let (x, y, cells_away) = (cell(circle.x), cell(circle.y), (reach / CELL).ceil() as i32);
        let mut beside = (y - cells_away..=y + cells_away)
            .flat_map(|row| (x - cells_away..=x + cells_away).map(move |column| (column, row)));
        let is_taken = beside.any(|key| {
            let there = cells.get(&key).map_or(&[][..], Vec::as_slice);
            there.iter().any(|at| overlap(&kept[*at].circle, circle) > MOST_OVERLAP)
        });
        if !is_taken {
            cells.entry((x, y)).or_default().push(kept.len());
            kept.push(scored);
        }
    }
    kept
}

const CELL: f32 = 32.0;

/// Common area of two circles over the area that they cover together.
pub(crate) fn overlap(a: &Candidate, b: &Candidate) -> f32 {
    let (r, s) = (a.radius_px, b.radius_px);
    let d = (a.x - b.x).hypot(a.y - b.y);
    let pi = std::f32::consts::PI;
    let common = if d >= r + s {
        0.0
    } else if d <= (r - s).abs() {
        pi * r.min(s).powi(2)
    } else {
        let part = |r: f32, s: f32| {
            let from = (d * d + r * r - s * s) / (2.0 * d);
            let half = (from / r).clamp(-1.0, 1.0);
            r * r * half.acos() - from * (r * r - from * from).max(0.0).sqrt()
        };
        part(r, s) + part(s, r)
    };
    common / (pi * (r * r + s * s) - common)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(x: f32, radius_px: f32, log_odds: f32) -> Scored {
        let circle = Candidate { x, y: 0.0, radius_px, score: 0.0 };
        Scored { row: 0, circle, log_odds }
    }

    #[test]
    fn overlap_is_common_area_over_all_area() {
        let circle = |x, radius_px| Candidate { x, y: 0.0, radius_px, score: 0.0 };
        assert_eq!(overlap(&circle(0.0, 2.0), &circle(0.0, 2.0)), 1.0);
        assert_eq!(overlap(&circle(0.0, 2.0), &circle(0.0, 4.0)), 0.25);
        assert_eq!(overlap(&circle(0.0, 2.0), &circle(9.0, 4.0)), 0.0);
        // Two unit circles a radius apart share 2 pi/3 - sqrt(3)/2.
        let common = 2.0 * std::f32::consts::PI / 3.0 - 3.0_f32.sqrt() / 2.0;
        let expected = common / (2.0 * std::f32::consts::PI - common);
        assert!((overlap(&circle(0.0, 1.0), &circle(1.0, 1.0)) - expected).abs() < 1e-5);
    }

    #[test]
    fn the_most_likely_of_those_that_share_a_crater_stays() {
        let kept = strongest(&[
            scored(0.0, 10.0, 1.0),
            scored(2.0, 9.0, 2.0),
            scored(0.0, 3.0, 0.5),
            scored(100.0, 60.0, 0.1),
            scored(100.0, 50.0, 0.2),
        ]);
        let radii: Vec<f32> = kept.iter().map(|of| of.circle.radius_px).collect();
        assert_eq!(radii, [9.0, 3.0, 50.0]);
    }
}
