//! What stands around a candidate, as numbers: how its neighbours scored, where they lie.

use crate::candidates::Candidate;

/// What each row of [`of`] holds.
pub(crate) const NAMES: [&str; 15] = [
    "own",
    "best_rival",
    "lead",
    "n_better",
    "rivals",
    "consensus_size",
    "consensus_along",
    "consensus_across",
    "consensus_spread",
    "best_around",
    "size_of_best_around",
    "distance_to_best_around",
    "best_within",
    "n_within",
    "n_near",
];

/// Log-odds of nobody.
const NOBODY: f32 = -12.0;

#[derive(Clone)]
struct Near {
    best_rival: f32,
    n_better: f32,
    /// Sums of weight, and weighted: size, its square, along, across.
    sums: [f32; 5],
    best_around: f32,
    size_around: f32,
    distance_around: f32,
    best_within: f32,
    n_within: f32,
    n_near: f32,
}

/// A row for each of `rows`, from all of `rows`: of other candidates nothing is known.
pub(crate) fn of(
    circles: &[Candidate],
    log_odds: &[f32],
    rows: &[usize],
    up: [f32; 2],
) -> Vec<Vec<f32>> {
    let nobody = Near {
        best_rival: NOBODY,
        n_better: 0.0,
        sums: [0.0; 5],
        best_around: NOBODY,
        size_around: 0.0,
        distance_around: 0.0,
        best_within: NOBODY,
        n_within: 0.0,
        n_near: 0.0,
    };
    let mut order = rows.to_vec();
    order.sort_by(|a, b| circles[*a].x.total_cmp(&circles[*b].x).then(a.cmp(b)));
    let mut near = vec![nobody; circles.len()];
    for a in &order {
        // Each pair is met once, from its larger circle.
        let (big, reach) = (&circles[*a], 3.0 * circles[*a].radius_px);
        let first = order.partition_point(|i| circles[*i].x < big.x - reach);
        for b in order[first..].iter().take_while(|i| circles[**i].x <= big.x + reach) {
            let small = &circles[*b];
            let is_larger = (small.radius_px, *b) < (big.radius_px, *a);
            let distance = (small.x - big.x).hypot(small.y - big.y);
            if is_larger && distance <= reach {
                meet(&mut near, circles, log_odds, [*a, *b], distance, up);
            }
        }
    }
    rows.iter().map(|i| row(&near[*i], log_odds[*i])).collect()
}

/// `[a, b]`: the larger and the smaller of two.
fn meet(
    near: &mut [Near],
    circles: &[Candidate],
    log_odds: &[f32],
    [a, b]: [usize; 2],
    distance: f32,
    up: [f32; 2],
) {
    let (big, small) = (circles[a].radius_px, circles[b].radius_px);
    let is_rival = distance <= (0.7 * big).max(2.0) && big <= 2.0 * small;
    if is_rival {
        rival(&mut near[a], &circles[a], log_odds[a], &circles[b], log_odds[b], up);
        rival(&mut near[b], &circles[b], log_odds[b], &circles[a], log_odds[a], up);
        return;
    }
    if distance <= 1.2 * big && log_odds[b] > -2.0 {
        near[a].n_within += 1.0;
    }
    if distance <= big {
        near[a].best_within = near[a].best_within.max(log_odds[b]);
    }
    if distance <= 1.5 * big && near[b].best_around < log_odds[a] {
        near[b].best_around = log_odds[a];
        near[b].size_around = big / small;
        near[b].distance_around = distance / big;
    }
    for (i, j) in [(a, b), (b, a)] {
        if log_odds[j] > 0.0 && distance <= 3.0 * circles[i].radius_px {
            near[i].n_near += 1.0;
        }
    }
}

fn rival(
    of: &mut Near,
    own: &Candidate,
    own_odds: f32,
    other: &Candidate,
    odds: f32,
    up: [f32; 2],
) {
    of.best_rival = of.best_rival.max(odds);
    of.n_better += f32::from(u8::from(odds > own_odds));
    let weight = 1.0 / (1.0 + (-odds).exp());
    let size = (other.radius_px / own.radius_px).ln();
    let (dx, dy) = ((other.x - own.x) / own.radius_px, (other.y - own.y) / own.radius_px);
    let along = dx * up[0] + dy * up[1];
    let across = dy * up[0] - dx * up[1];
    let terms = [1.0, size, size * size, along, across];
    of.sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += weight * term);
}

fn row(of: &Near, own: f32) -> Vec<f32> {
    // The candidate itself takes part, at its own place.
    let weight = 1.0 / (1.0 + (-own).exp());
    let total = of.sums[0] + weight + 1e-6;
    let [_, size, square, along, across] = of.sums.map(|sum| sum / total);
    vec![
        own,
        of.best_rival,
        own - of.best_rival,
        of.n_better,
        of.sums[0],
        size,
        along,
        across,
        (square - size * size).max(0.0).sqrt(),
        of.best_around,
        of.size_around,
        of.distance_around,
        of.best_within,
        of.n_within,
        of.n_near,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(x: f32, radius_px: f32) -> Candidate {
        Candidate { x, y: 0.0, radius_px, score: 0.0 }
    }

    fn named(row: &[f32], name: &str) -> f32 {
        row[NAMES.iter().position(|of| *of == name).unwrap()]
    }

    #[test]
    fn rivals_share_a_crater_and_others_lie_around_or_within() {
        let circles = [circle(0.0, 10.0), circle(1.0, 9.0), circle(3.0, 2.0), circle(90.0, 5.0)];
        let rows = of(&circles, &[1.0, 3.0, 2.0, 5.0], &[0, 1, 2, 3], [0.0, -1.0]);
        assert_eq!(rows[0].len(), NAMES.len());
        assert_eq!(named(&rows[0], "best_rival"), 3.0);
        assert_eq!(named(&rows[0], "n_better"), 1.0);
        assert_eq!(named(&rows[0], "best_within"), 2.0);
        assert_eq!(named(&rows[2], "best_around"), 3.0);
        assert_eq!(named(&rows[3], "best_rival"), NOBODY);
        assert!(named(&rows[0], "consensus_across") > 0.0);
    }
}
