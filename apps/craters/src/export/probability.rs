//! The raster of probabilities: each pixel holds that of the likeliest crater that covers it, times
//! 250; 0 where none was found, 255 where the scene has no data. Drawn tile by tile.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use super::cog::{self, Layout, TILE, Tile};
use super::columns::{Class, image_name};
use super::{Outgoing, crs, part_of, words};
use crate::error::{Error, Result};

/// The value of probability one.
const CERTAIN: f64 = 250.0;
/// The value of a pixel without data.
const NO_DATA: u8 = 255;

/// Where a scene has data, in square cells from its upper left corner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Pixels along a cell's side.
    pub cell_px: usize,
    /// Cells in a row.
    pub columns: usize,
    /// Row by row. A cell that is not listed has data.
    pub has_data: Vec<bool>,
}

impl Coverage {
    fn at(&self, x: usize, y: usize) -> bool {
        let (column, row) = (x / self.cell_px.max(1), y / self.cell_px.max(1));
        if column >= self.columns {
            return true;
        }
        self.has_data.get(row * self.columns + column).copied().unwrap_or(true)
    }
}

/// A crater as a disc of one value.
#[derive(Clone, Copy)]
struct Disc {
    x: f64,
    y: f64,
    r: f64,
    value: u8,
}

/// Writes `probability.tif`.
pub(crate) fn write(out: &Outgoing<'_>, path: &Path) -> Result<()> {
    let survey = out.survey;
    if survey.width == 0 || survey.height == 0 {
        return Err(Error::refused("the scene has no pixels", "survey a scene that has some"));
    }
    let crs = survey.georeference.as_ref().map(crs::of).transpose()?;
    let ground = survey.georeference.as_ref().map(|g| g.affine).zip(crs.as_ref());
    let layout = Layout {
        width: survey.width,
        height: survey.height,
        no_data: NO_DATA,
        scale: 1.0 / CERTAIN,
        facts: facts(out),
        ground,
    };
    let n_levels = cog::n_levels(survey.width, survey.height);
    let discs: Vec<Disc> = discs(out);
    let levels: Vec<_> = (0..n_levels).map(|k| by_tile(&discs, k)).collect();
    let coverage = out.options.coverage.as_ref();
    let tile = |level: usize, column: usize, row: usize| {
        let none = Vec::new();
        let touching = levels[level].get(&(row, column)).unwrap_or(&none);
        drawn(touching, coverage, level, column, row)
    };
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let part = part_of(path);
    let file = File::create(&part).map_err(failed)?;
    cog::write(file, &layout, tile).and_then(|()| fs::rename(&part, path)).map_err(failed)
}

fn facts(out: &Outgoing<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("SOURCE_IMAGE", image_name(out.survey)),
        ("MODEL", out.survey.detector.clone()),
        ("EVIDENCE_CLASS", out.survey.evidence_class.clone()),
        ("IS_SYNTHETIC", out.survey.is_synthetic.to_string()),
        ("LIMITS", words::LIMITS.to_owned()),
    ]
}

/// The craters that a person did not reject.
fn discs(out: &Outgoing<'_>) -> Vec<Disc> {
    let kept = out.craters.iter().filter(|c| Class::of(c, out.survey) != Class::Rejected);
    kept.map(|crater| Disc {
        x: crater.x_px,
        y: crater.y_px,
        r: crater.diameter_px / 2.0,
        value: (crater.probability.clamp(0.0, 1.0) * CERTAIN).round() as u8,
    })
    .filter(|disc| disc.x.is_finite() && disc.y.is_finite() && disc.r.is_finite())
    .collect()
}

/// The discs, in pixels of that level, by row and column of the tiles that they touch.
fn by_tile(discs: &[Disc], level: usize) -> BTreeMap<(usize, usize), Vec<Disc>> {
    let scale = 0.5f64.powi(level as i32);
    let mut tiles: BTreeMap<(usize, usize), Vec<Disc>> = BTreeMap::new();
    for disc in discs {
        let disc = Disc { x: disc.x * scale, y: disc.y * scale, r: disc.r * scale, ..*disc };
        let span = |centre: f64| {
            let index = |value: f64| (value / TILE as f64).floor().max(0.0) as usize;
            index(centre - disc.r)..=index(centre + disc.r)
        };
        for row in span(disc.y) {
            for column in span(disc.x) {
                tiles.entry((row, column)).or_default().push(disc);
            }
        }
    }
    tiles
}

fn drawn(
    discs: &[Disc],
    coverage: Option<&Coverage>,
    level: usize,
    column: usize,
    row: usize,
) -> Tile {
    if discs.is_empty() && coverage.is_none() {
        return Tile::Even(0);
    }
    let (x0, y0) = (column * TILE, row * TILE);
    let mut pixels = vec![0; TILE * TILE];
    for disc in discs {
        fill(&mut pixels, disc, x0, y0);
    }
    if let Some(coverage) = coverage {
        for (i, pixel) in pixels.iter_mut().enumerate().filter(|(_, pixel)| **pixel == 0) {
            if !coverage.at((x0 + i % TILE) << level, (y0 + i / TILE) << level) {
                *pixel = NO_DATA;
            }
        }
    }
    match pixels.iter().all(|pixel| *pixel == pixels[0]) {
        true => Tile::Even(pixels[0]),
        false => Tile::Pixels(pixels),
    }
}

/// Fills every pixel that the disc touches, so that a crater is seen in the smallest overview too.
fn fill(pixels: &mut [u8], disc: &Disc, x0: usize, y0: usize) {
    let (x, y) = (disc.x - x0 as f64, disc.y - y0 as f64);
    let index = |value: f64| value.floor().clamp(0.0, (TILE - 1) as f64) as usize;
    for row in index(y - disc.r)..=index(y + disc.r) {
        for column in index(x - disc.r)..=index(x + disc.r) {
            // The nearest point of the pixel's square to the centre.
            let dx = x - x.clamp(column as f64, column as f64 + 1.0);
            let dy = y - y.clamp(row as f64, row as f64 + 1.0);
            if dx * dx + dy * dy <= disc.r * disc.r {
                let pixel = &mut pixels[row * TILE + column];
                *pixel = disc.value.max(*pixel);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(discs: &[Disc], coverage: Option<&Coverage>, level: usize) -> Vec<u8> {
        match drawn(discs, coverage, level, 0, 0) {
            Tile::Even(value) => vec![value; TILE * TILE],
            Tile::Pixels(pixels) => pixels,
        }
    }

    #[test]
    fn where_craters_overlap_the_likelier_counts() {
        let disc = |x: f64, value: u8| Disc { x, y: 2.5, r: 1.4, value };
        let pixels = pixels(&[disc(2.5, 200), disc(4.5, 90)], None, 0);
        let row = &pixels[2 * TILE..2 * TILE + 8];
        assert_eq!(row, [0, 200, 200, 200, 90, 90, 0, 0]);
    }

    #[test]
    fn a_crater_is_seen_in_every_overview() {
        let disc = Disc { x: 3000.0, y: 70.0, r: 4.0, value: 120 };
        for level in 0..8 {
            let tiles = by_tile(&[disc], level);
            assert!(tiles.iter().any(|(_, discs)| {
                let mut pixels = vec![0; TILE * TILE];
                let (column, row) = (3000 >> level, 70 >> level);
                fill(&mut pixels, &discs[0], column / TILE * TILE, 0);
                pixels[row * TILE + column % TILE] == 120
            }));
        }
    }

    #[test]
    fn where_the_scene_has_no_data_the_raster_has_none_but_a_crater_stays() {
        let coverage = Coverage { cell_px: 4, columns: 2, has_data: vec![true, false] };
        let disc = Disc { x: 6.5, y: 0.5, r: 0.1, value: 10 };
        let pixels = pixels(&[disc], Some(&coverage), 0);
        assert_eq!(pixels[..9], [0, 0, 0, 0, 255, 255, 10, 255, 0]);
    }
}
