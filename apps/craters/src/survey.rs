//! A survey: what was found in one scene, kept in a folder, with who confirmed or rejected what.
//!
//! The folder holds `survey.json` (a [`Survey`]), `craters.json` (the [`Crater`]s, most likely
//! first), `reviews.jsonl` (a [`Review`] a line, only ever appended), `tiles/` (finished tiles of
//! a survey that may be resumed) and the files that were exported.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::classify::tree::Question;
use crate::data::{Band, Georeference, SceneOptions, Sun};
use crate::error::{Error, Result};
use crate::review;

/// What was done, on what, with what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// Its name: that of its folder.
    pub name: String,
    /// The scene's file.
    pub scene: PathBuf,
    /// What the user said about the scene.
    pub options: SceneOptions,
    /// Pixels in a row of the scene.
    pub width: usize,
    /// Rows of the scene.
    pub height: usize,
    /// Bands of the scene.
    pub bands: Vec<Band>,
    /// Metres a pixel.
    pub gsd_m: Option<f64>,
    /// Where the scene lies.
    pub georeference: Option<Georeference>,
    /// Where the sun stood.
    pub sun: Option<Sun>,
    /// Whether the scene is of our own making: then every output says so.
    pub is_synthetic: bool,
    /// Digest of the detector, and what it was trained on.
    pub detector: String,
    /// Names of the numbers that the decision tree asks for, in the order of
    /// [`Question::feature`].
    #[serde(default)]
    pub questions: Vec<String>,
    /// Detections from this probability on are counted as craters.
    pub threshold: f32,
    /// Area with data in square kilometres, where the ground sampling distance is known.
    pub area_km2: Option<f64>,
    /// IMSMA's class of evidence, a setting: "indirect" unless the user says otherwise.
    pub evidence_class: String,
    /// What the reader must be told.
    pub warnings: Vec<String>,
}

impl Survey {
    /// West, south, east and north of the scene in its projection; in pixels, rows downwards,
    /// where it has no place.
    pub fn extent(&self) -> [f64; 4] {
        match &self.georeference {
            Some(place) => around(self.corners().map(|[x, y]| place.ground(x, y).into())),
            None => around(self.corners()),
        }
    }

    /// West, south, east and north of the scene in degrees, where it has a place that can be had
    /// in degrees.
    pub fn bounds(&self) -> Option<[f64; 4]> {
        let place = self.georeference.as_ref()?;
        let mut found = [[0.0; 2]; 4];
        for (lon_lat, [x, y]) in found.iter_mut().zip(self.corners()) {
            let (east, north) = place.ground(x, y);
            *lon_lat = place.lon_lat(east, north)?;
        }
        Some(around(found))
    }

    /// Refuses what is counted in metres where positions are pixels, degrees or feet.
    ///
    /// # Errors
    /// Where the scene has no place, or its projection is not in metres.
    pub fn in_metres(&self) -> Result<()> {
        let projection = self.georeference.as_ref().map(|place| place.projection()).transpose()?;
        match projection {
            Some(projection) if !projection.is_geographic() && projection.unit_m() == 1.0 => Ok(()),
            Some(_) => Err(Error::refused(
                format!("positions in the scene of `{}` are not in metres", self.name),
                "warp the scene to its UTM zone (`gdalwarp -t_srs EPSG:…`) and survey it again",
            )),
            None => Err(Error::refused(
                format!("the scene of `{}` has no place on the ground", self.name),
                "give it a world file and a projection, and survey it again",
            )),
        }
    }

    fn corners(&self) -> [[f64; 2]; 4] {
        let (width, height) = (self.width as f64, self.height as f64);
        [[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]]
    }
}

/// Least and greatest of both axes.
fn around(corners: [[f64; 2]; 4]) -> [f64; 4] {
    let [x, y] = [0, 1].map(|axis| corners.map(|corner| corner[axis]));
    let least = |values: [f64; 4]| values.into_iter().fold(f64::INFINITY, f64::min);
    let most = |values: [f64; 4]| values.into_iter().fold(f64::NEG_INFINITY, f64::max);
    [least(x), least(y), most(x), most(y)]
}

/// A crater of a survey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Crater {
    /// Number within the survey, from 1.
    pub id: u64,
    /// Centre in pixel positions of the scene.
    pub x_px: f64,
    /// Centre.
    pub y_px: f64,
    /// Rim diameter in pixels.
    pub diameter_px: f64,
    /// Rim diameter in metres.
    pub diameter_m: Option<f64>,
    /// East and north in the scene's projection.
    pub position: Option<[f64; 2]>,
    /// Longitude and latitude, WGS84, degrees.
    pub lon_lat: Option<[f64; 2]>,
    /// Calibrated probability.
    pub probability: f64,
    /// Why: the questions of the decision tree.
    pub path: Vec<Question>,
    /// The last verdict of a person.
    pub verdict: Option<Verdict>,
}

/// What a person says of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is a crater.
    Confirmed,
    /// It is none.
    Rejected,
    /// Cannot be told from the image.
    Unsure,
}

/// One verdict, with who and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// The crater's number; none for one that the person added.
    pub crater: Option<u64>,
    /// Centre and diameter in pixels, as the person saw it.
    pub x_px: f64,
    /// Centre.
    pub y_px: f64,
    /// Rim diameter in pixels.
    pub diameter_px: f64,
    /// What was said.
    pub verdict: Verdict,
    /// Who said it.
    pub who: String,
    /// When, RFC 3339 in UTC.
    pub when: String,
}

/// The file that says what was done.
pub const SURVEY: &str = "survey.json";
/// The file of craters.
pub const CRATERS: &str = "craters.json";
/// The log of reviews.
pub const REVIEWS: &str = "reviews.jsonl";

/// Where the survey of that name lies below the folder of the data.
///
/// # Errors
/// Where the name is not `[A-Za-z0-9._-]{1,64}` or begins with a dot.
pub fn folder(data: &Path, name: &str) -> Result<PathBuf> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || 64 < name.len() || name.starts_with('.') || !name.chars().all(is_plain) {
        return Err(Error::refused(
            format!("`{name}` cannot be the name of a survey"),
            "take 1 to 64 of A-Z, a-z, 0-9, dot, dash and underscore, the first not a dot",
        ));
    }
    Ok(data.join("craters").join(name))
}

/// A name for the survey of a scene: that of its file, with what cannot be in a name as a dash.
pub fn name_of(scene: &Path) -> String {
    let stem = scene.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = stem.chars().map(plain).take(64).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "scene".to_owned() } else { name.to_owned() }
}

/// The names of all surveys in the folder of the data, in their order.
///
/// # Errors
/// Where the folder is there and cannot be read.
pub fn names(data: &Path) -> Result<Vec<String>> {
    let path = data.join("craters");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let io = |source| Error::Io { path: path.clone(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(&path).map_err(io)? {
        let entry = entry.map_err(io)?;
        if entry.path().join(SURVEY).is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// A survey as it lies in its folder, every crater with the last verdict on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its folder.
    pub folder: PathBuf,
    /// What was done.
    pub survey: Survey,
    /// What was found, most likely first.
    pub craters: Vec<Crater>,
    /// What people said, in the order they said it.
    pub reviews: Vec<Review>,
}

/// Opens the survey of that name.
///
/// # Errors
/// Where there is none, or its files are not what they should be.
pub fn open(data: &Path, name: &str) -> Result<Kept> {
    let folder = folder(data, name)?;
    if !folder.join(SURVEY).is_file() {
        let names = names(data)?;
        let hint = match names.is_empty() {
            true => "survey a scene first: `fieldkit craters detect SCENE`".to_owned(),
            false => format!("there are {}; or say with --data where others lie", names.join(", ")),
        };
        let what = format!("there is no survey `{name}` in {}", data.display());
        return Err(Error::refused(what, hint));
    }
    let survey = read(&folder.join(SURVEY))?;
    let mut craters: Vec<Crater> = read(&folder.join(CRATERS))?;
    let reviews = review::read(&folder)?;
    review::judge(&mut craters, &reviews);
    Ok(Kept { folder, survey, craters, reviews })
}

/// Writes what was done and what was found, whole or not at all.
///
/// # Errors
/// What the file system says.
pub fn write(folder: &Path, survey: &Survey, craters: &[Crater]) -> Result<()> {
    write_json(&folder.join(CRATERS), craters)?;
    write_json(&folder.join(SURVEY), survey)
}

/// Reads a JSON document.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let file = File::open(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    serde_json::from_reader(BufReader::new(file)).map_err(|error| {
        let line = Some(error.line() as u64).filter(|line| 0 < *line);
        Error::input(path, line, error.to_string(), "survey the scene again")
    })
}

/// Writes a JSON document under another name first, which then takes its own.
pub(crate) fn write_json<T: Serialize + ?Sized>(path: &Path, value: &T) -> Result<()> {
    write_whole(path, |out| Ok(serde_json::to_writer_pretty(out, value)?))
}

/// Writes a file under another name first, which then takes its own.
pub(crate) fn write_whole(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<()> {
    let part = path.with_extension("part");
    let written = || {
        let mut out = BufWriter::new(File::create(&part)?);
        content(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&part, path)
    };
    written().map_err(|source| Error::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_the_folder() {
        for name in ["", ".", "..", "a/b", "../x", ".hidden", "ü", &"a".repeat(65)] {
            assert!(folder(Path::new("data"), name).is_err(), "{name}");
        }
        let kept = folder(Path::new("data"), "dong-ha_1.v2").unwrap();
        assert_eq!(kept, Path::new("data/craters/dong-ha_1.v2"));
    }

    #[test]
    fn a_scene_gives_its_name_to_its_survey() {
        assert_eq!(name_of(Path::new("in/Dong Ha.tif")), "Dong-Ha");
        assert_eq!(name_of(Path::new("/")), "scene");
        assert!(folder(Path::new("data"), &name_of(Path::new("...tif"))).is_ok());
    }

    #[test]
    fn a_survey_that_is_not_there_names_those_that_are() {
        let data = tempfile::tempdir().unwrap();
        let there = data.path().join("craters/dong-ha");
        fs::create_dir_all(&there).unwrap();
        fs::write(there.join(SURVEY), "{}").unwrap();
        let error = open(data.path(), "quang-tri").unwrap_err().to_string();
        assert!(error.contains("no survey `quang-tri`") && error.contains("dong-ha"), "{error}");
    }
}
