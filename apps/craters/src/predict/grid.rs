//! Where tiles lie, and how a scene is brought to the detector's metres a pixel.

use crate::data::{Scene, Window};
use crate::error::Result;
use crate::model::Detector;
use crate::predict::Settings;
use crate::raster::Raster;

/// Windows begin at multiples of this, so that whatever a detector halves on its way to large
/// craters is halved alike in every window.
const ALIGNED: i64 = 64;
/// Source rows that are read at once while a window is resampled.
const STRIP: usize = 256;
/// A scene this near to the detector's metres a pixel is not resampled.
const NEAR: f64 = 1.1;
/// A scene this much coarser cannot be brought to the detector's metres a pixel.
const COARSER: f64 = 2.5;

/// A square of the grid: its column and row.
pub(super) type Tile = [i64; 2];

/// The grid of a scene. Its pixels are `scale` times those of the scene.
pub(super) struct Grid {
    /// Pixels of the scene in a pixel of the grid.
    pub(super) scale: f64,
    /// Metres a pixel of the grid.
    pub(super) gsd_m: Option<f64>,
    /// Pixels in a row, and rows.
    pub(super) size: [usize; 2],
    pub(super) tile_px: i64,
    pub(super) origin: [i64; 2],
    pub(super) margin: i64,
}

impl Grid {
    pub(super) fn over(
        scene: &Scene,
        detector: &Detector,
        settings: &Settings,
        warnings: &mut Vec<String>,
    ) -> Self {
        let scale = scale(scene.gsd_m, detector.gsd_m, warnings);
        let gsd_m = scene.gsd_m.map(|gsd| gsd * scale);
        let size = [scene.width, scene.height].map(|n| (n as f64 / scale).ceil() as usize);
        let largest = f64::from(detector.candidates.max_diameter_px);
        let largest = match (settings.max_diameter_m, gsd_m) {
            (Some(metres), Some(gsd)) => largest.min(metres / gsd),
            _ => largest,
        };
        let margin = (largest.ceil() as i64 + 32).clamp(ALIGNED, 512);
        let tile_px = settings.tile_px.clamp(64, 8192) as i64;
        let origin = settings.tile_origin.map(|at| at.rem_euclid(tile_px));
        Self { scale, gsd_m, size, tile_px, origin, margin }
    }

    /// Pixels along a window's edges that are read but not searched. Of the margin a strip is
    /// searched, so that what stands at a tile's edge has its neighbours.
    pub(super) fn unsearched(&self) -> usize {
        const SEARCHED: i64 = 48;
        (self.margin - SEARCHED).max(0) as usize
    }

    /// Every tile that holds a pixel of the scene, row by row.
    pub(super) fn tiles(&self) -> impl Iterator<Item = Tile> {
        let [columns, rows] = [0, 1].map(|axis| {
            let first = if self.origin[axis] == 0 { 0 } else { -1 };
            let n = (self.size[axis] as i64 - self.origin[axis]).div_euclid(self.tile_px);
            let rest = (self.size[axis] as i64 - self.origin[axis]).rem_euclid(self.tile_px);
            first..n + i64::from(0 < rest)
        });
        rows.flat_map(move |row| columns.clone().map(move |column| [column, row]))
    }

    /// Its first pixel, and the first one after it.
    pub(super) fn bounds(&self, tile: Tile) -> [[i64; 2]; 2] {
        let first = [0, 1].map(|axis| self.origin[axis] + tile[axis] * self.tile_px);
        [first, first.map(|at| at + self.tile_px)]
    }

    /// The tile that holds a position of the grid.
    pub(super) fn tile_of(&self, x: f64, y: f64) -> Tile {
        let of = |at: f64, origin: i64| (at.floor() as i64 - origin).div_euclid(self.tile_px);
        [of(x, self.origin[0]), of(y, self.origin[1])]
    }

    /// The tile with its margin.
    pub(super) fn window(&self, scene: &Scene, tile: Tile) -> Result<Window> {
        let [first, end] = self.bounds(tile);
        let begin = first.map(|at| (at - self.margin).div_euclid(ALIGNED) * ALIGNED);
        let size = [0, 1].map(|axis| (end[axis] + self.margin - begin[axis]) as usize);
        if self.scale == 1.0 {
            return scene.window(begin[0], begin[1], size[0], size[1]);
        }
        resampled(scene, self.scale, begin, size)
    }

    /// Whether the scene has a pixel with data in the tile itself, and how many.
    pub(super) fn n_valid(&self, window: &Window, tile: Tile) -> u64 {
        let [first, end] = self.bounds(tile);
        let Some((_, plane)) = window.bands.first() else { return 0 };
        let columns = (first[0] - window.x0) as usize..(end[0] - window.x0) as usize;
        let rows = (first[1] - window.y0) as usize..(end[1] - window.y0) as usize;
        let in_row = |row| plane.row(row)[columns.clone()].iter().filter(|v| !v.is_nan()).count();
        rows.map(in_row).sum::<usize>() as u64
    }
}

/// Pixels of the scene in a pixel of the grid.
fn scale(scene: Option<f64>, detector: Option<f64>, warnings: &mut Vec<String>) -> f64 {
    let (Some(scene), Some(detector)) = (scene, detector) else { return 1.0 };
    let scale = detector / scene;
    if (1.0 / NEAR..=NEAR).contains(&scale) {
        return 1.0;
    }
    if scale < 1.0 / COARSER {
        warnings.push(format!(
            "the scene has {scene:.2} m a pixel and the detector learnt at {detector:.2} m: it is used \
             as it is, on craters of the same number of pixels. Train one at {scene:.2} m"
        ));
        return 1.0;
    }
    if scale < 1.0 {
        warnings.push(format!(
            "the scene has {scene:.2} m a pixel and the detector learnt at {detector:.2} m: the scene \
             was enlarged, which adds nothing that it does not show"
        ));
    }
    scale
}

/// A window of the grid, read by strips: means of the pixels below each one where the scene is
/// finer, bilinear where it is coarser. A pixel without data does not take part in a mean.
fn resampled(scene: &Scene, scale: f64, begin: [i64; 2], size: [usize; 2]) -> Result<Window> {
    let mut bands: Vec<Raster> =
        scene.bands.iter().map(|_| Raster::filled(size[0], size[1], f32::NAN)).collect();
    let x_source = (begin[0] as f64 * scale).floor() as i64 - 1;
    let width = (size[0] as f64 * scale).ceil() as usize + 3;
    let n_rows = ((STRIP as f64 / scale) as usize).clamp(1, size[1].max(1));
    for top in (0..size[1]).step_by(n_rows) {
        let n = n_rows.min(size[1] - top);
        let y_first = (begin[1] + top as i64) as f64 * scale;
        let y_source = y_first.floor() as i64 - 1;
        let height = (n as f64 * scale).ceil() as usize + 3;
        let source = scene.window(x_source, y_source, width, height)?;
        for (band, (_, plane)) in bands.iter_mut().zip(&source.bands) {
            for row in 0..n {
                for column in 0..size[0] {
                    let x = (begin[0] + column as i64) as f64 * scale - x_source as f64;
                    let y = y_first + row as f64 * scale - y_source as f64;
                    band.values[(top + row) * size[0] + column] = mean(plane, x, y, scale);
                }
            }
        }
    }
    let bands = scene.bands.iter().copied().zip(bands).collect();
    Ok(Window { x0: begin[0], y0: begin[1], bands })
}

/// What the square of side `scale` at `(x, y)` shows.
fn mean(plane: &Raster, x: f64, y: f64, scale: f64) -> f32 {
    if scale < 1.0 {
        return plane.at((x + scale / 2.0) as f32, (y + scale / 2.0) as f32);
    }
    let overlap = |cell: f64, from: f64| (cell + 1.0).min(from + scale) - cell.max(from);
    let (mut sum, mut weight) = (0.0, 0.0);
    for row in y.floor() as usize..((y + scale).ceil() as usize).min(plane.height) {
        for column in x.floor() as usize..((x + scale).ceil() as usize).min(plane.width) {
            let value = plane.values[row * plane.width + column];
            if !value.is_nan() {
                let share = overlap(row as f64, y) * overlap(column as f64, x);
                sum += share * f64::from(value);
                weight += share;
            }
        }
    }
    // Half a pixel of data is data.
    if 0.5 * scale * scale <= weight { (sum / weight) as f32 } else { f32::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(size: [usize; 2], origin: [i64; 2]) -> Grid {
        Grid { scale: 1.0, gsd_m: None, size, tile_px: 100, origin, margin: 64 }
    }

    #[test]
    fn tiles_cover_the_scene_wherever_they_begin() {
        let tiles = |grid: Grid| grid.tiles().collect::<Vec<_>>();
        assert_eq!(tiles(grid([200, 100], [0, 0])), [[0, 0], [1, 0]]);
        assert_eq!(tiles(grid([101, 1], [0, 0])), [[0, 0], [1, 0]]);
        assert_eq!(tiles(grid([100, 100], [30, 0])), [[-1, 0], [0, 0]]);
        assert_eq!(tiles(grid([20, 100], [30, 0])), [[-1, 0]]);
    }

    #[test]
    fn every_position_has_one_tile() {
        let grid = grid([200, 200], [30, 0]);
        assert_eq!(grid.tile_of(29.99, 0.0), [-1, 0]);
        assert_eq!(grid.tile_of(30.0, 99.9), [0, 0]);
        assert_eq!(grid.bounds([0, 0]), [[30, 0], [130, 100]]);
    }

    #[test]
    fn a_finer_scene_is_averaged_by_area_and_gaps_take_no_part() {
        let plane = Raster { width: 3, height: 1, values: vec![1.0, 3.0, f32::NAN] };
        assert_eq!(mean(&plane, 0.0, 0.0, 1.5), (1.0 + 0.5 * 3.0) / 1.5);
        assert_eq!(mean(&plane, 1.5, 0.0, 1.0), 3.0);
        assert!(mean(&plane, 2.0, 0.0, 1.0).is_nan());
    }

    #[test]
    fn a_scene_much_coarser_than_the_detector_is_left_as_it_is() {
        let mut warnings = Vec::new();
        assert_eq!(scale(Some(0.5), Some(0.52), &mut warnings), 1.0);
        assert_eq!(scale(Some(0.25), Some(0.5), &mut warnings), 2.0);
        assert!(warnings.is_empty());
        assert_eq!(scale(Some(10.0), Some(0.5), &mut warnings), 1.0);
        assert_eq!(warnings.len(), 1);
    }
}
