//! The buffer: how far an unexploded bomb may lie from the nearest crater.

use super::kernel::Frame;

/// The radius within which each unexploded bomb lies with at least that probability.
///
/// An unexploded bomb and a crater are bombs of one pattern, chosen by chance. Its distance to the
/// nearest crater is therefore at most the k-th smallest of the craters' own distances to their
/// nearest other, with `k = ⌈(n + 1)·level⌉`, with probability `level` (conformal prediction, Vovk,
/// Gammerman, Shafer 2005); the crater that it would itself be only shortens distances. Where k is
/// more than n no radius can be promised from so few and the whole window is the zone.
pub(super) fn radius(points: &[[f64; 2]], level: f64, whole: f64) -> f64 {
    let distances = distances_between(points);
    let k = ((points.len() + 1) as f64 * level).ceil() as usize;
    distances.get(k.max(1) - 1).copied().unwrap_or(whole)
}

/// Each point's distance to its nearest other, smallest first.
pub(super) fn distances_between(points: &[[f64; 2]]) -> Vec<f64> {
    let mut distances: Vec<f64> =
        points.iter().enumerate().map(|(at, point)| to_others(point, points, at)).collect();
    distances.sort_by(f64::total_cmp);
    distances
}

fn to_others(point: &[f64; 2], points: &[[f64; 2]], skip: usize) -> f64 {
    let others = points.iter().enumerate().filter(|(at, _)| *at != skip);
    others.map(|(_, other)| distance(point, other)).fold(f64::INFINITY, f64::min)
}

/// Distance from each cell's centre to the nearest point; beyond twice `reach` just that.
pub(super) fn distances(frame: &Frame, points: &[[f64; 2]], reach: f64) -> Vec<f32> {
    let far = 2.0 * reach + 4.0 * frame.cell_m;
    let mut field = vec![far as f32; frame.width * frame.height];
    let n = (far / frame.cell_m).ceil() as isize;
    for point in points {
        let (column, row) = frame.cell_of(point);
        for y in (row - n).max(0)..(row + n + 1).min(frame.height as isize) {
            for x in (column - n).max(0)..(column + n + 1).min(frame.width as isize) {
                let cell = &mut field[y as usize * frame.width + x as usize];
                *cell = cell.min(distance(point, &frame.centre(x as usize, y as usize)) as f32);
            }
        }
    }
    field
}

pub(super) fn distance(a: &[f64; 2], b: &[f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}
