//! Choosing among neighbours: who stays is decided within a few radii.

use std::collections::HashMap;

use super::{Candidate, Settings};

/// Candidates by squares of the plane, for looking at those nearby.
struct Grid<'a> {
    all: &'a [Candidate],
    side: f32,
    cells: HashMap<(i32, i32), Vec<u32>>,
}

impl<'a> Grid<'a> {
    fn of(all: &'a [Candidate], side: f32) -> Self {
        let mut cells: HashMap<_, Vec<u32>> = HashMap::new();
        for (i, c) in all.iter().enumerate() {
            cells.entry(cell(c, side)).or_default().push(i as u32);
        }
        Self { all, side, cells }
    }

    fn near(&self, c: &Candidate, reach: f32) -> impl Iterator<Item = &Candidate> {
        let n = (reach / self.side).ceil() as i32;
        let (cx, cy) = cell(c, self.side);
        (cy - n..=cy + n)
            .flat_map(move |y| (cx - n..=cx + n).map(move |x| (x, y)))
            .filter_map(|place| self.cells.get(&place))
            .flatten()
            .map(|i| &self.all[*i as usize])
    }
}

fn cell(c: &Candidate, side: f32) -> (i32, i32) {
    ((c.x / side).floor() as i32, (c.y / side).floor() as i32)
}

/// Which power of two a radius belongs to.
fn octave(radius_px: f32) -> i32 {
    radius_px.log2().floor() as i32
}

fn by_octave(found: Vec<Candidate>) -> Vec<(i32, Vec<Candidate>)> {
    let mut groups: Vec<(i32, Vec<Candidate>)> = Vec::new();
    for c in found {
        let octave = octave(c.radius_px);
        match groups.iter_mut().find(|(of, _)| *of == octave) {
            Some((_, group)) => group.push(c),
            None => groups.push((octave, vec![c])),
        }
    }
    groups.sort_by_key(|(octave, _)| *octave);
    groups
}

/// The candidates that no stronger one of like place and size stands beside. Each is judged by
/// its neighbours alone, whether these stay or not, so that far things never decide.
pub(super) fn strongest(found: Vec<Candidate>) -> Vec<Candidate> {
    let groups = by_octave(found);
    let grids: Vec<(i32, Grid)> = groups
        .iter()
        .map(|(octave, group)| (*octave, Grid::of(group, (*octave as f32).exp2().max(2.0))))
        .collect();
    let is_beaten = |c: &Candidate| {
        grids
            .iter()
            .filter(|(of, _)| (of - octave(c.radius_px)).abs() <= 1)
            .any(|(_, grid)| grid.near(c, c.radius_px).any(|other| beats(other, c)))
    };
    groups.iter().flat_map(|(_, group)| group).filter(|c| !is_beaten(c)).copied().collect()
}

/// Whether one stands in for another: centres within half the smaller radius, radii within 1.7.
fn beats(a: &Candidate, b: &Candidate) -> bool {
    let ratio = a.radius_px / b.radius_px;
    let near = (0.5 * a.radius_px.min(b.radius_px)).max(1.5);
    let wins = (b.score, b.x, b.y) < (a.score, a.x, a.y);
    wins && 0.6 < ratio && ratio < 1.7 && (a.x - b.x).hypot(a.y - b.y) < near
}

/// Where candidates of one octave crowd, the best of them: as many as their share of the quota
/// allows within ten radii. The share halves with each octave. From 24 px on their own size
/// keeps them few.
pub(super) fn within_quota(found: Vec<Candidate>, settings: &Settings) -> Vec<Candidate> {
    let first = octave(settings.min_diameter_px / 2.0);
    let mut kept = Vec::new();
    for (octave, group) in by_octave(found) {
        let side = 10.0 * (octave as f32).exp2();
        if 240.0 <= side {
            kept.extend(group);
            continue;
        }
        let share = 0.5_f32.powi(octave - first + 1);
        let area_mp = std::f32::consts::PI * side * side / 1e6;
        let most = (settings.quota_per_mp * share * area_mp).ceil() as usize;
        let grid = Grid::of(&group, side);
        let better = |c: &Candidate| {
            let near = |o: &&Candidate| c.score < o.score && (c.x - o.x).hypot(c.y - o.y) < side;
            grid.near(c, side).filter(near).take(most).count()
        };
        kept.extend(group.iter().filter(|c| better(c) < most));
    }
    kept
}
