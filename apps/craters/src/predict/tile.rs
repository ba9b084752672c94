//! One tile: read with its margin, searched, put on the shelf.

use super::Find;
use super::grid::{Grid, Tile};
use super::shelf::{Shelf, Shelved};
use crate::data::Scene;
use crate::error::Result;
use crate::model::Detection;

/// Searches a tile and keeps what has its centre in it.
pub(super) fn search(
    scene: &Scene,
    grid: &Grid,
    shelf: &Shelf,
    tile: Tile,
    find: Find<'_>,
) -> Result<()> {
    let window = grid.window(scene, tile)?;
    let n_valid = grid.n_valid(&window, tile);
    let found = if n_valid == 0 { Vec::new() } else { find(&window) };
    let is_here = |it: &Detection| grid.tile_of(it.x, it.y) == tile && is_inside(grid, it);
    let detections = found.into_iter().filter(is_here).collect();
    shelf.put(tile, &Shelved { n_valid, detections })
}

/// A window reaches beyond the scene; nothing is found there.
fn is_inside(grid: &Grid, it: &Detection) -> bool {
    0.0 <= it.x && 0.0 <= it.y && it.x < grid.size[0] as f64 && it.y < grid.size[1] as f64
}
