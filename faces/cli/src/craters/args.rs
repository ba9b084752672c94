//! What several commands take: a scene and what is said of it, a detector, shares and beliefs.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Result;
use clap::Args;
use craters::Error;
use craters::data::{SceneOptions, Sun, parse_bands};
use craters::estimate::belief::Belief;
use craters::model::Detector;

/// What is said of a scene where its files do not, or say it wrong.
#[derive(Args)]
pub(crate) struct SceneArgs {
    /// Bands in the order of the file: pan, coastal, blue, green, yellow, red, red-edge, nir, nir2,
    /// other.
    #[arg(long, value_name = "BAND,…")]
    pub(crate) bands: Option<String>,
    /// Where the sun stood: degrees clockwise from the image's up.
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    pub(crate) sun_azimuth: Option<f64>,
    /// Degrees of the sun above the horizon.
    #[arg(long, value_name = "DEGREES", requires = "sun_azimuth")]
    pub(crate) sun_elevation: Option<f64>,
    /// Ground sampling distance: metres a pixel.
    #[arg(long, value_name = "METRES")]
    pub(crate) gsd: Option<f64>,
    /// Projection of a world file: EPSG:… or PROJ text.
    #[arg(long, value_name = "PROJECTION")]
    pub(crate) projection: Option<String>,
}

impl SceneArgs {
    pub(crate) fn options(&self) -> Result<SceneOptions> {
        Ok(SceneOptions {
            bands: self.bands.as_deref().map(parse_bands).transpose()?,
            sun: self
                .sun_azimuth
                .map(|azimuth_deg| Sun { azimuth_deg, elevation_deg: self.sun_elevation }),
            gsd_m: self.gsd,
            projection: self.projection.clone(),
        })
    }
}

/// The detector of that file; the one that the program carries where none is named.
pub(crate) fn detector(path: Option<&Path>) -> Result<Detector> {
    let Some(path) = path else { return Ok(craters::predict::shipped()?) };
    let text =
        fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    Ok(Detector::from_json(&text, path)?)
}

/// A share as a range, `0.05-0.36`, or as cases, `118/150`.
#[derive(Clone, Copy)]
pub(crate) struct Share(pub(crate) Belief);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let usage =
            || format!("`{text}` is neither a range such as 0.05-0.36 nor cases such as 118/150");
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| usage());
        let belief = match (text.split_once('/'), text.split_once('-')) {
            (Some((yes, of)), _) => Belief::Counted { yes: number(yes)?, of: number(of)? },
            (None, Some((low, high))) => Belief::Range { low: number(low)?, high: number(high)? },
            (None, None) => return Err(usage()),
        };
        belief.check().map_err(|error| error.to_string())?;
        Ok(Self(belief))
    }
}

/// `PATH=PATH`.
#[derive(Clone)]
pub(crate) struct Pair(pub(crate) PathBuf, pub(crate) PathBuf);

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (image, labels) =
            text.split_once('=').ok_or_else(|| format!("`{text}` is not IMAGE=LABELS"))?;
        Ok(Self(image.into(), labels.into()))
    }
}
