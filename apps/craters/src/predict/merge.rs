//! Tiles to one list: each crater once, at positions of the scene, most likely first.

use std::collections::HashMap;

use super::grid::{Grid, Tile};
use super::shelf::Shelf;
use crate::error::Result;
use crate::model::Detection;
use crate::review::is_same;
use crate::survey::Crater;

/// At most so many below the threshold are kept for people to look at: memory and files do not
/// grow with the scene.
const MOST_BELOW: usize = 100_000;
/// Steps in which probabilities below the threshold are counted.
const STEPS: usize = 1000;

/// What the tiles hold together.
pub(super) struct List {
    pub(super) craters: Vec<Crater>,
    pub(super) warning: Option<String>,
}

/// The craters of all tiles.
pub(super) fn craters(grid: &Grid, shelf: &Shelf, threshold: f32) -> Result<List> {
    let floor = floor(grid, shelf, threshold)?;
    let mut found = Vec::new();
    for tile in grid.tiles() {
        let detections = shelf.read(tile)?.detections;
        found.extend(detections.into_iter().filter(|it| floor <= it.probability));
    }
    let mut found = once_at_seams(grid, found);
    found.sort_by(order);
    let warning = (0.0 < floor).then(|| {
        format!("more than {MOST_BELOW} candidates lie below the threshold: those below {floor:.3} were left out")
    });
    Ok(List { craters: found.into_iter().map(|it| crater(it, grid.scale)).collect(), warning })
}

/// The probability from which candidates are kept.
fn floor(grid: &Grid, shelf: &Shelf, threshold: f32) -> Result<f32> {
    let mut counts = vec![0usize; STEPS + 1];
    let step = |p: f32| (p.clamp(0.0, 1.0) * STEPS as f32) as usize;
    for tile in grid.tiles() {
        for it in shelf.read(tile)?.detections {
            if it.probability < threshold {
                counts[step(it.probability)] += 1;
            }
        }
    }
    let mut n = 0;
    for (idx, count) in counts.iter().enumerate().rev() {
        n += count;
        if MOST_BELOW < n {
            return Ok(((idx + 1) as f32 / STEPS as f32).min(threshold));
        }
    }
    Ok(0.0)
}

/// Of two detections of one crater on both sides of a seam the likelier stays. Within a tile the
/// detector saw to it.
fn once_at_seams(grid: &Grid, mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(order);
    let mut kept: HashMap<Tile, Vec<(f64, f64, f64)>> = HashMap::new();
    found.retain(|it| {
        let here = (it.x, it.y, 2.0 * it.radius_px);
        let own = grid.tile_of(it.x, it.y);
        let is_doubled = across(grid, it, own).iter().any(|tile| {
            kept.get(tile).is_some_and(|there| there.iter().any(|at| is_same(*at, here)))
        });
        let [first, end] = grid.bounds(own);
        let near = |at: f64, low: i64, high: i64| {
            at - (low as f64) < it.radius_px * 2.0 + 2.0
                || (high as f64) - at < it.radius_px * 2.0 + 2.0
        };
        if !is_doubled && (near(it.x, first[0], end[0]) || near(it.y, first[1], end[1])) {
            kept.entry(own).or_default().push(here);
        }
        !is_doubled
    });
    found
}

/// The other tiles that may hold the same crater.
fn across(grid: &Grid, it: &Detection, own: Tile) -> Vec<Tile> {
    let reach = it.radius_px.max(2.0);
    let mut tiles: Vec<Tile> = [
        (-1.0, -1.0),
        (0.0, -1.0),
        (1.0, -1.0),
        (-1.0, 0.0),
        (1.0, 0.0),
        (-1.0, 1.0),
        (0.0, 1.0),
        (1.0, 1.0),
    ]
    .map(|(x, y)| grid.tile_of(it.x + x * reach, it.y + y * reach))
    .to_vec();
    tiles.sort_unstable();
    tiles.dedup();
    tiles.retain(|tile| *tile != own);
    tiles
}

/// Most likely first; among equals from the top, then from the left.
fn order(a: &Detection, b: &Detection) -> std::cmp::Ordering {
    let place = || a.y.total_cmp(&b.y).then(a.x.total_cmp(&b.x));
    b.probability.total_cmp(&a.probability).then_with(place)
}

/// In positions of the scene, not yet numbered and placed.
fn crater(it: Detection, scale: f64) -> Crater {
    Crater {
        id: 0,
        x_px: it.x * scale,
        y_px: it.y * scale,
        diameter_px: 2.0 * it.radius_px * scale,
        diameter_m: None,
        position: None,
        lon_lat: None,
        probability: f64::from(it.probability),
        path: it.path,
        verdict: None,
    }
}
