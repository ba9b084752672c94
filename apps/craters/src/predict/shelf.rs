//! Finished tiles on the disk: `tiles/COLUMN_ROW.jsonl`, a head and a detection a line.
//!
//! A tile is there whole or not at all. `tiles/fingerprint.json` says of what they are.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use record::{Digest, Hasher, Journal};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Settings;
use super::grid::Tile;
use crate::data::{Scene, SceneOptions};
use crate::error::{Error, Result};
use crate::model::Detection;
use crate::survey;

/// What is read of each end of a scene's file, to know it again.
const END: u64 = 1 << 20;
/// Changes where detections of the same detector would differ.
const EDITION: u32 = 1;

/// A finished tile.
pub(super) struct Shelved {
    /// Pixels with data.
    pub(super) n_valid: u64,
    /// In positions of the grid.
    pub(super) detections: Vec<Detection>,
}

/// The first line of a tile.
#[derive(Serialize, Deserialize)]
struct Head {
    n_valid: u64,
    n_detections: usize,
}

/// The folder of finished tiles.
pub(super) struct Shelf {
    folder: PathBuf,
}

/// What finished tiles depend on. The threshold, what is said of the evidence and the number of
/// threads are not in it: with other ones the same tiles serve.
pub(super) fn fingerprint(
    scene: &Scene,
    options: &SceneOptions,
    detector: &Digest,
    settings: &Settings,
) -> Result<Digest> {
    let value = json!({
        "edition": EDITION,
        "scene": of_file(&scene.path)?.to_string(),
        "options": options,
        "sun": scene.sun,
        "gsd_m": scene.gsd_m,
        "bands": scene.bands,
        "detector": detector.to_string(),
        "sizes_m": [settings.min_diameter_m, settings.max_diameter_m],
        "tile_px": settings.tile_px,
        "tile_origin": settings.tile_origin,
    });
    Ok(Digest::of(value.to_string().as_bytes()))
}

/// Of its length and both ends: the whole of 40 GB would take longer than a survey may.
fn of_file(path: &Path) -> Result<Digest> {
    let read = || {
        let mut file = File::open(path)?;
        let n_bytes = file.metadata()?.len();
        let mut hasher = Hasher::default();
        hasher.update(&n_bytes.to_le_bytes());
        let mut end = Vec::new();
        (&mut file).take(END).read_to_end(&mut end)?;
        hasher.update(&end);
        end.clear();
        file.seek(SeekFrom::Start(n_bytes.saturating_sub(END)))?;
        file.take(END).read_to_end(&mut end)?;
        hasher.update(&end);
        Ok(hasher.finish())
    };
    read().map_err(|source| Error::Io { path: path.to_owned(), source })
}

impl Shelf {
    /// Opens the shelf of a survey; tiles of anything else are taken away first.
    pub(super) fn open(survey: &Path, print: &Digest, journal: &mut dyn Journal) -> Result<Self> {
        let folder = survey.join("tiles");
        let file = folder.join("fingerprint.json");
        let print = print.to_string();
        if folder.exists() && survey::read::<String>(&file).ok().as_ref() != Some(&print) {
            journal.note(
                "the scene, what is said of it, the detector or the settings are others than before: \
                 the survey begins anew; reviews are kept",
            );
            fs::remove_dir_all(&folder).map_err(write_error(&folder))?;
        }
        fs::create_dir_all(&folder).map_err(write_error(&folder))?;
        if !file.exists() {
            survey::write_json(&file, &print)?;
        }
        Ok(Self { folder })
    }

    fn path(&self, [column, row]: Tile) -> PathBuf {
        self.folder.join(format!("{column}_{row}.jsonl"))
    }

    /// Whether that tile is finished.
    pub(super) fn has(&self, tile: Tile) -> bool {
        self.path(tile).is_file()
    }

    /// Puts a finished tile there.
    pub(super) fn put(&self, tile: Tile, shelved: &Shelved) -> Result<()> {
        survey::write_whole(&self.path(tile), |out| {
            let head = Head { n_valid: shelved.n_valid, n_detections: shelved.detections.len() };
            serde_json::to_writer(&mut *out, &head)?;
            for detection in &shelved.detections {
                out.write_all(b"\n")?;
                serde_json::to_writer(&mut *out, detection)?;
            }
            out.write_all(b"\n")
        })
    }

    /// Pixels with data in a finished tile.
    pub(super) fn n_valid(&self, tile: Tile) -> Result<u64> {
        let path = self.path(tile);
        let io = |source| Error::Io { path: path.clone(), source };
        let mut first = String::new();
        BufReader::new(File::open(&path).map_err(io)?).read_line(&mut first).map_err(io)?;
        let head: Head =
            serde_json::from_str(&first).map_err(|e| broken(&path, 0, &e.to_string()))?;
        Ok(head.n_valid)
    }

    /// A finished tile.
    pub(super) fn read(&self, tile: Tile) -> Result<Shelved> {
        let path = self.path(tile);
        let io = |source| Error::Io { path: path.clone(), source };
        let wrong = |idx: usize, what: String| broken(&path, idx, &what);
        let mut lines = BufReader::new(File::open(&path).map_err(io)?).lines().enumerate();
        let (_, first) = lines.next().ok_or_else(|| wrong(0, "the tile is empty".to_owned()))?;
        let head: Head =
            serde_json::from_str(&first.map_err(io)?).map_err(|e| wrong(0, e.to_string()))?;
        let mut detections = Vec::with_capacity(head.n_detections.min(1 << 16));
        for (idx, line) in lines {
            let line = line.map_err(io)?;
            detections.push(serde_json::from_str(&line).map_err(|e| wrong(idx, e.to_string()))?);
        }
        Ok(Shelved { n_valid: head.n_valid, detections })
    }
}

fn broken(path: &Path, line_idx: usize, what: &str) -> Error {
    Error::input(path, line_idx as u64 + 1, what, "delete this file and survey again")
}

fn write_error(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Write { path: path.clone(), source }
}
