//! Files that other programs open: GeoPackage, Shapefile, GeoJSON, KML, CSV, a probability COG,
//! zones, and a report with pictures.
//!
//! One format is one file below. All of them say the same of a crater, in the same order
//! ([`columns`]); none of them knows how a crater was found. Every output says the class of its
//! evidence and, where it is so, that it is synthetic. None says anything of land without craters.

mod cog;
pub mod columns;
mod crs;
mod csv;
mod geojson;
mod geopackage;
mod kml;
mod place;
mod probability;
mod report;
mod shape;
mod words;
pub mod zones;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use ::evaluate::Block;
use record::EvalReport;

pub use probability::Coverage;
pub use report::{Cut, Picture};
pub use words::{LIMITS, path_in_words};
pub use zones::Zone;

use crate::error::{Error, Result};
use crate::survey::{Crater, Survey, Verdict};

/// A kind of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Layers for any GIS, in one file.
    GeoPackage,
    /// For older GIS: five files.
    Shapefile,
    /// For the web, in WGS84.
    GeoJson,
    /// For Google Earth and phones, in WGS84.
    Kml,
    /// For spreadsheets.
    Csv,
    /// A raster of probabilities.
    Probability,
    /// Risk zones, as GeoPackage and as GeoJSON.
    Zones,
    /// A page with pictures.
    Report,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::GeoPackage,
        Self::Shapefile,
        Self::GeoJson,
        Self::Kml,
        Self::Csv,
        Self::Probability,
        Self::Zones,
        Self::Report,
    ];

    /// The word by which a person asks for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::GeoPackage => "gpkg",
            Self::Shapefile => "shp",
            Self::GeoJson => "geojson",
            Self::Kml => "kml",
            Self::Csv => "csv",
            Self::Probability => "cog",
            Self::Zones => "zones",
            Self::Report => "report",
        }
    }

    /// The format of that word.
    ///
    /// # Errors
    /// Refused where there is none.
    pub fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::refused(format!("there is no output \"{name}\""), format!("take one of {names}"))
        })
    }

    /// The file that a reader opens.
    pub fn file(self) -> &'static str {
        match self {
            Self::GeoPackage => "craters.gpkg",
            Self::Shapefile => "craters.shp",
            Self::GeoJson => "craters.geojson",
            Self::Kml => "craters.kml",
            Self::Csv => "craters.csv",
            Self::Probability => "probability.tif",
            Self::Zones => "zones.gpkg",
            Self::Report => "report.html",
        }
    }

    /// Those that can be had of a survey: without a place on the ground no GeoJSON and no KML,
    /// without zones none of them.
    pub fn possible(survey: &Survey, options: &Options<'_>) -> Vec<Self> {
        let is_possible = |format: &Self| match format {
            Self::GeoJson | Self::Kml => survey.georeference.is_some(),
            Self::Zones => !options.zones.is_empty(),
            _ => true,
        };
        Self::ALL.into_iter().filter(is_possible).collect()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is written beside the craters. What is empty has no place in the outputs.
#[derive(Default)]
pub struct Options<'a> {
    /// What to write; none for all that can be had.
    pub formats: Option<Vec<Format>>,
    /// The sensor, where it is known, such as "WorldView-2".
    pub sensor: Option<String>,
    /// Craters below this probability are left out, unless a person confirmed them.
    pub min_probability: f64,
    /// When it was made. Without it the same survey gives the same bytes.
    pub when: Option<jiff::Timestamp>,
    /// Risk zones in the survey's projection.
    pub zones: Vec<Zone>,
    /// Where the scene has data, for the raster; none for everywhere.
    pub coverage: Option<Coverage>,
    /// Cuts a picture out of the scene, for the report.
    pub picture: Option<&'a dyn Fn(Cut) -> Result<Picture>>,
    /// Scores of the detector, for the report.
    pub scores: Vec<EvalReport>,
    /// What may remain, for the report.
    pub estimate: Vec<Block>,
}

/// Writes the outputs into `folder` and returns the files that a reader opens. A file is whole or
/// not there.
///
/// # Errors
/// What was asked for and cannot be had of this survey, or a file that could not be written.
pub fn write(
    survey: &Survey,
    craters: &[Crater],
    options: &Options<'_>,
    folder: &Path,
) -> Result<Vec<PathBuf>> {
    let formats = options.formats.clone().unwrap_or_else(|| Format::possible(survey, options));
    let is_wanted = |crater: &&Crater| {
        crater.probability >= options.min_probability || crater.verdict == Some(Verdict::Confirmed)
    };
    let out = Outgoing { survey, craters: craters.iter().filter(is_wanted).collect(), options };
    fs::create_dir_all(folder)
        .map_err(|source| Error::Write { path: folder.to_owned(), source })?;
    let mut files = Vec::new();
    for format in formats {
        let path = folder.join(format.file());
        match format {
            Format::GeoPackage => geopackage::write(&out, &path)?,
            Format::Shapefile => shape::write(&out, &path)?,
            Format::GeoJson => {
                out.needs_ground(format)?;
                streamed(&path, |to| geojson::craters(&out, to))?;
            }
            Format::Kml => {
                out.needs_ground(format)?;
                streamed(&path, |to| kml::write(&out, to))?;
            }
            Format::Csv => streamed(&path, |to| csv::write(&out, to))?,
            Format::Probability => probability::write(&out, &path)?,
            Format::Zones => files.extend(zones::write(&out, folder)?),
            Format::Report => whole(&path, report::html(&out)?.as_bytes())?,
        }
        files.push(path);
    }
    Ok(files)
}

/// What each format is given.
pub(crate) struct Outgoing<'a> {
    pub(crate) survey: &'a Survey,
    pub(crate) craters: Vec<&'a Crater>,
    pub(crate) options: &'a Options<'a>,
}

impl Outgoing<'_> {
    /// Refused where the scene has no place on the ground.
    fn needs_ground(&self, what: Format) -> Result<()> {
        let is_placed = |crater: &&Crater| crater.lon_lat.is_some();
        if self.survey.georeference.is_some() && self.craters.iter().all(is_placed) {
            return Ok(());
        }
        Err(Error::refused(
            format!("{} needs longitude and latitude, and this scene has none", what.file()),
            "give the scene a world file or a GeoTIFF's georeference and its projection, \
             or take csv, gpkg and report, which hold pixel positions",
        ))
    }
}

/// Writes a file whole: under another name first, so that nobody reads half of it.
fn whole(path: &Path, bytes: &[u8]) -> Result<()> {
    streamed(path, |to| to.write_all(bytes))
}

/// The same, piece by piece, for what may be larger than memory.
fn streamed(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
    let part = part_of(path);
    let write = || {
        let mut to = BufWriter::new(File::create(&part)?);
        fill(&mut to)?;
        to.flush()?;
        fs::rename(&part, path)
    };
    write().map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// The name of a file while it is written.
fn part_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.part"))
}

#[cfg(test)]
pub(crate) mod tests;
