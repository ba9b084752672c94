//! Raw files to typed values, once: scenes with their place on the ground and their sun.
//!
//! A [`Scene`] is an open image of any size, read by windows. Nothing above this module knows a
//! file format of images.

mod bands;
mod chunks;
mod geokeys;
mod georeference;
pub mod labels;
mod picture;
mod projection;
mod reduced;
mod source;
mod sun;
mod suspect;
#[cfg(test)]
mod tests;
mod tiff;
mod unpack;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::raster::Raster;
use chunks::Rect;
use source::Source;

pub use bands::parse_bands;
pub use projection::{Projection, WGS84, datum_shift, parse_projection, proj_text};
pub use sun::sun_disagrees;

/// What a band shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Band {
    /// All visible light: a panchromatic band, or a picture without colour.
    Pan,
    /// WorldView's shortest band, 400-450 nm.
    Coastal,
    /// Blue.
    Blue,
    /// Green.
    Green,
    /// WorldView's 585-625 nm.
    Yellow,
    /// Red.
    Red,
    /// 705-745 nm.
    RedEdge,
    /// Near infrared.
    Nir,
    /// WorldView's second near infrared, 860-1040 nm.
    Nir2,
    /// Something that no feature of colour reads.
    Other,
}

/// Where the sun stood when the scene was taken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sun {
    /// Degrees clockwise from the image's up, towards the sun. For a picture with north up: the azimuth.
    pub azimuth_deg: f64,
    /// Degrees above the horizon, where known.
    pub elevation_deg: Option<f64>,
}

/// How pixels lie on the ground.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Georeference {
    /// `[a, b, c, d, e, f]`: east = a x + b y + c, north = d x + e y + f, of pixel positions.
    pub affine: [f64; 6],
    /// EPSG code of the projection, where it has one that we know.
    pub epsg: Option<u32>,
    /// The projection as PROJ text.
    pub proj: String,
}

/// What the user says about a scene where its files do not, or say it wrong.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SceneOptions {
    /// The bands in the order of the file.
    pub bands: Option<Vec<Band>>,
    /// Where the sun stood, its azimuth in degrees clockwise from north, as in vendors' files; an
    /// image that has no north up turns it.
    pub sun: Option<Sun>,
    /// Ground sampling distance in metres.
    pub gsd_m: Option<f64>,
    /// The projection as `EPSG:…` or PROJ text, for a world file.
    pub projection: Option<String>,
}

/// An image of any size, open for reading by windows.
pub struct Scene {
    /// The file.
    pub path: PathBuf,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// What each band of the file shows.
    pub bands: Vec<Band>,
    /// Metres a pixel on the ground.
    pub gsd_m: Option<f64>,
    /// Where it lies.
    pub georeference: Option<Georeference>,
    /// Where the sun stood.
    pub sun: Option<Sun>,
    /// What the user must be told about the file: mended, guessed or suspicious.
    pub warnings: Vec<String>,
    source: Source,
    stretch: Vec<(Band, [f32; 2])>,
}

/// A part of a scene in memory.
#[derive(Debug, Clone)]
pub struct Window {
    /// Column of its first pixel in the scene; negative where the window begins outside.
    pub x0: i64,
    /// Row of its first pixel in the scene.
    pub y0: i64,
    /// Each band that was asked for. Outside the scene and where there is no data: NaN.
    pub bands: Vec<(Band, Raster)>,
}

impl Window {
    /// A window of one band at the origin.
    pub fn of(band: Band, raster: Raster) -> Self {
        Self { x0: 0, y0: 0, bands: vec![(band, raster)] }
    }

    /// The plane of a band.
    pub fn band(&self, band: Band) -> Option<&Raster> {
        self.bands.iter().find(|(of, _)| *of == band).map(|(_, raster)| raster)
    }

    /// What the eye sees without colour: the panchromatic band, else the mean of the visible
    /// bands, else the first.
    pub fn grey(&self) -> Raster {
        if let Some(pan) = self.band(Band::Pan) {
            return pan.clone();
        }
        let visible = [Band::Red, Band::Green, Band::Blue];
        let seen: Vec<&Raster> = visible.iter().filter_map(|band| self.band(*band)).collect();
        let seen = if seen.is_empty() { vec![&self.bands[0].1] } else { seen };
        let mut grey = seen[0].clone();
        for raster in &seen[1..] {
            for (sum, value) in grey.values.iter_mut().zip(&raster.values) {
                *sum += value;
            }
        }
        let n = seen.len() as f32;
        grey.values.iter_mut().for_each(|value| *value /= n);
        grey
    }
}

impl Scene {
    /// Opens a GeoTIFF, PNG or JPEG with whatever metadata lie beside it.
    pub fn open(path: &Path, options: &SceneOptions) -> Result<Self> {
        let source = Source::open(path)?;
        let (width, height) = source.size();
        let mut warnings: Vec<String> = source.slowness().into_iter().collect();
        let bands = bands::named(path, &source, options, &mut warnings)?;
        let georeference = georeference::of(path, &source, options, &mut warnings)?;
        let (middle_x, middle_y) = (0.5 * width as f64, 0.5 * height as f64);
        let measured = georeference.as_ref().and_then(|place| place.gsd_m(middle_x, middle_y));
        let gsd_m = georeference::gsd(path, options.gsd_m, measured, &mut warnings)?;
        let place = georeference.as_ref();
        let sun = sun::of(path, options.sun.as_ref(), place, (width, height), &mut warnings)?;
        let sample = suspect::sample(&source)?;
        warnings.extend(suspect::warnings(&bands, &sample, source.is_8_bit()));
        let stretch = reduced::stretch(&bands, &sample);
        let path = path.to_owned();
        Ok(Self { path, width, height, bands, gsd_m, georeference, sun, warnings, source, stretch })
    }

    /// Reads a window of every band; what lies outside the scene is NaN. May be called from
    /// several threads at once.
    pub fn window(&self, x0: i64, y0: i64, width: usize, height: usize) -> Result<Window> {
        let planes = read_padded(&self.source, 0, [x0, y0], [width, height])?;
        Ok(Window { x0, y0, bands: self.bands.iter().copied().zip(planes).collect() })
    }
}

/// Planes of a rectangle of a level that may reach beyond it: NaN there.
fn read_padded(
    source: &Source,
    level: usize,
    [x0, y0]: [i64; 2],
    [width, height]: [usize; 2],
) -> Result<Vec<Raster>> {
    let (scene_width, scene_height) = source.levels()[level];
    let inside = |from: i64, n: usize, end: usize| {
        let first = from.clamp(0, end as i64);
        let last = from.saturating_add(n as i64).clamp(first, end as i64);
        (first as usize, (last - first) as usize)
    };
    let (x, inner_width) = inside(x0, width, scene_width);
    let (y, inner_height) = inside(y0, height, scene_height);
    if inner_width == 0 || inner_height == 0 {
        return Ok(vec![Raster::filled(width, height, f32::NAN); source.n_bands()]);
    }
    let planes = source.read(level, Rect { x, y, width: inner_width, height: inner_height })?;
    if (inner_width, inner_height) == (width, height) {
        return Ok(planes);
    }
    let (left, top) = ((x as i64 - x0) as usize, (y as i64 - y0) as usize);
    let pad = |plane: &Raster| {
        let mut padded = Raster::filled(width, height, f32::NAN);
        for row in 0..inner_height {
            let at = (top + row) * width + left;
            padded.values[at..at + inner_width].copy_from_slice(plane.row(row));
        }
        padded
    };
    Ok(planes.iter().map(pad).collect())
}
