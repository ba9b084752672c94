//! A survey of a whole scene, tile by tile: memory does not grow with the scene, a stopped survey
//! goes on where it was, and the result does not depend on where tiles begin.
//!
//! Tiles lie on a fixed grid of the scene, resampled to the detector's metres a pixel where both
//! are known (`grid`). Each is read with a margin, and keeps what has its centre in it
//! (`tile`); what is finished lies in the survey's folder (`shelf`). At the end the tiles
//! become one list, each crater once (`merge`).

pub mod agreement;
mod grid;
mod merge;
mod shelf;
mod tile;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use record::{Digest, Journal};
use serde::{Deserialize, Serialize};

use crate::data::{Scene, SceneOptions, Window};
use crate::error::{Error, Result};
use crate::model::{Detection, Detector};
use crate::review;
use crate::survey::{self, Crater, Survey};
use grid::{Grid, Tile};
use shelf::Shelf;

/// How a scene is surveyed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Detections from this probability on are counted; the detector's own where none is given.
    pub threshold: Option<f32>,
    /// Smallest rim diameter in metres.
    pub min_diameter_m: Option<f64>,
    /// Largest rim diameter in metres.
    pub max_diameter_m: Option<f64>,
    /// Pixels in a row of a tile, without its margin.
    pub tile_px: usize,
    /// Where the grid of tiles begins. The result does not depend on it; that is what it is for.
    pub tile_origin: [i64; 2],
    /// Tiles at once. The result does not depend on it; memory does.
    pub n_threads: usize,
    /// Whether the scene is of our own making.
    pub is_synthetic: bool,
    /// IMSMA's class of evidence.
    pub evidence_class: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threshold: None,
            min_diameter_m: None,
            max_diameter_m: None,
            tile_px: 1024,
            tile_origin: [0, 0],
            n_threads: 2,
            is_synthetic: false,
            evidence_class: "indirect".to_owned(),
        }
    }
}

/// The detector that the program carries.
///
/// # Errors
/// Where it is not what this program asks for: a mistake of ours.
pub fn shipped() -> Result<Detector> {
    let name = "models/craters/detector.json";
    Detector::from_json(include_str!("../../../models/craters/detector.json"), Path::new(name))
}

/// What is passed on to find craters with: a window in, detections out.
type Find<'a> = &'a (dyn Fn(&Window) -> Vec<Detection> + Sync);

/// Surveys a scene into a folder, which then holds `survey.json` and `craters.json`. A survey that
/// was stopped there goes on; one of another scene, other options, another detector or other
/// settings begins anew and says so. Reviews in the folder are kept.
///
/// # Errors
/// Where the scene cannot be read, or the folder not be written to.
pub fn survey(
    scene: &Scene,
    options: &SceneOptions,
    detector: &Detector,
    settings: &Settings,
    folder: &Path,
    journal: &mut dyn Journal,
) -> Result<Survey> {
    let mut warnings = scene.warnings.clone();
    let grid = Grid::over(scene, detector, settings, &mut warnings);
    let mut detector = detector.clone();
    limit_sizes(&mut detector, settings, grid.gsd_m, &mut warnings);
    let document = serde_json::to_vec(&detector).map_err(|e| unserialised(&e))?;
    let digest = Digest::of(&document);
    let print = shelf::fingerprint(scene, options, &digest, settings)?;
    let shelf = Shelf::open(folder, &print, journal)?;
    let find = |window: &Window| {
        detector.detect_within(window, scene.sun.as_ref(), grid.gsd_m, grid.unsearched())
    };
    let n_valid = walk(scene, &grid, &shelf, &find, settings.n_threads, journal)?;
    let threshold = settings.threshold.unwrap_or(detector.threshold);
    let list = merge::craters(&grid, &shelf, threshold)?;
    warnings.extend(list.warning);
    let mut craters = list.craters;
    place(&mut craters, scene)?;
    review::number(&mut craters, &review::read(folder)?);
    let survey = Survey {
        name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        scene: std::path::absolute(&scene.path).unwrap_or_else(|_| scene.path.clone()),
        options: options.clone(),
        width: scene.width,
        height: scene.height,
        bands: scene.bands.clone(),
        gsd_m: scene.gsd_m,
        georeference: scene.georeference.clone(),
        sun: scene.sun,
        is_synthetic: settings.is_synthetic,
        detector: format!("{digest}: {}", detector.trained_on),
        questions: detector.question_names(),
        threshold,
        area_km2: grid.gsd_m.map(|gsd| n_valid as f64 * gsd * gsd / 1e6),
        evidence_class: settings.evidence_class.clone(),
        warnings,
    };
    survey::write(folder, &survey, &craters)?;
    Ok(survey)
}

/// Every tile that is not on the shelf is searched; returns the pixels with data of all tiles.
fn walk(
    scene: &Scene,
    grid: &Grid,
    shelf: &Shelf,
    find: Find<'_>,
    n_threads: usize,
    journal: &mut dyn Journal,
) -> Result<u64> {
    let tiles: Vec<Tile> = grid.tiles().filter(|tile| !shelf.has(*tile)).collect();
    let n_all = grid.tiles().count() as u64;
    let n_there = n_all - tiles.len() as u64;
    if 0 < n_there {
        journal.note(&format!("{n_there} of {n_all} tiles are there from before"));
    }
    let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..n_threads.clamp(1, 64) {
            let (tell, tiles, next, is_over) = (tell.clone(), &tiles, &next, &is_over);
            scope.spawn(move || {
                while let Some(tile) = tiles.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let is_stopped = is_over.load(Ordering::Relaxed);
                    if is_stopped
                        || tell.send(tile::search(scene, grid, shelf, *tile, find)).is_err()
                    {
                        break;
                    }
                }
            });
        }
        drop(tell);
        for (done, outcome) in told.iter().enumerate() {
            if let Err(error) = outcome {
                is_over.store(true, Ordering::Relaxed);
                return Err(error);
            }
            journal.progress("tiles", n_there + done as u64 + 1, n_all);
        }
        Ok(())
    })?;
    grid.tiles().map(|tile| shelf.n_valid(tile)).sum()
}

/// Sizes in metres become sizes in pixels of the grid.
fn limit_sizes(
    detector: &mut Detector,
    settings: &Settings,
    gsd_m: Option<f64>,
    warnings: &mut Vec<String>,
) {
    let Some(gsd) = gsd_m else {
        if settings.min_diameter_m.or(settings.max_diameter_m).is_some() {
            warnings.push(
                "diameters in metres were not looked at: metres a pixel are not known. Give --gsd"
                    .to_owned(),
            );
        }
        return;
    };
    let sizes = &mut detector.candidates;
    if let Some(metres) = settings.min_diameter_m {
        sizes.min_diameter_px = sizes.min_diameter_px.max((metres / gsd) as f32);
    }
    if let Some(metres) = settings.max_diameter_m {
        sizes.max_diameter_px = sizes.max_diameter_px.min((metres / gsd) as f32);
    }
}

/// Says where on the ground each crater lies, and how large it is there.
fn place(craters: &mut [Crater], scene: &Scene) -> Result<()> {
    for crater in craters.iter_mut() {
        crater.diameter_m = scene.gsd_m.map(|gsd| crater.diameter_px * gsd);
    }
    let Some(georeference) = &scene.georeference else { return Ok(()) };
    let projection = georeference.projection()?;
    for crater in craters {
        let (east, north) = georeference.ground(crater.x_px, crater.y_px);
        crater.position = Some([east, north]);
        crater.lon_lat = projection.lon_lat(east, north);
    }
    Ok(())
}

/// A value of ours that JSON cannot hold: a mistake of ours, said without a panic.
fn unserialised(error: &serde_json::Error) -> Error {
    Error::refused(format!("the detector cannot be written as JSON: {error}"), "train it again")
}

#[cfg(test)]
mod tests;
