//! How a scene lies on the ground: GeoTIFF keys, world files, and what the user says. Everything
//! that is wrong with them is said in words.

use std::path::{Path, PathBuf};

use super::geokeys::{self, Keys};
use super::projection::{self, Projection, metres_between};
use super::source::{Source, Tiff};
use super::{Georeference, SceneOptions};
use crate::{Error, error::Result};

impl Georeference {
    /// East and north of a pixel position.
    pub fn ground(&self, x_px: f64, y_px: f64) -> (f64, f64) {
        let [a, b, c, d, e, f] = self.affine;
        (a * x_px + b * y_px + c, d * x_px + e * y_px + f)
    }

    /// The pixel position of an east and north.
    pub fn pixel(&self, east: f64, north: f64) -> (f64, f64) {
        let [a, b, c, d, e, f] = self.affine;
        let (east, north, area) = (east - c, north - f, a * e - b * d);
        ((e * east - b * north) / area, (a * north - d * east) / area)
    }

    /// Longitude and latitude, WGS84, degrees; `None` where the projection does not reach. For
    /// many positions take [`Georeference::projection`] once.
    pub fn lon_lat(&self, east: f64, north: f64) -> Option<[f64; 2]> {
        self.projection().ok()?.lon_lat(east, north)
    }

    /// The projection, ready to be used many times.
    pub fn projection(&self) -> Result<Projection> {
        Projection::new(&self.proj)
    }

    /// Metres a pixel at a pixel position: the side of a square as large as the pixel.
    pub fn gsd_m(&self, x_px: f64, y_px: f64) -> Option<f64> {
        let projection = self.projection().ok()?;
        let [a, b, _, d, e, _] = self.affine;
        if !projection.is_geographic() && !self.proj.contains("+proj=merc") {
            return Some((a * e - b * d).abs().sqrt() * projection.unit_m());
        }
        let [right, down] = self.steps_m(x_px, y_px)?;
        Some((right.0 * down.1 - right.1 * down.0).abs().sqrt())
    }

    /// Metres east and north of one pixel to the right and of one pixel down.
    pub(super) fn steps_m(&self, x_px: f64, y_px: f64) -> Option<[(f64, f64); 2]> {
        let projection = self.projection().ok()?;
        let at = |x: f64, y: f64| {
            let (east, north) = self.ground(x, y);
            projection.lon_lat(east, north)
        };
        let here = at(x_px, y_px)?;
        let step = |to: [f64; 2]| {
            let (east, north) = metres_between(here, to);
            (east / 10.0, north / 10.0)
        };
        Some([step(at(x_px + 10.0, y_px)?), step(at(x_px, y_px + 10.0)?)])
    }
}

/// Where a scene lies, and what must be said about it.
pub(super) fn of(
    path: &Path,
    source: &Source,
    options: &SceneOptions,
    warnings: &mut Vec<String>,
) -> Result<Option<Georeference>> {
    let keys = match source {
        Source::Tiff(Tiff { file, first, .. }) => geokeys::read(file, first)?,
        Source::Picture(_) => Keys::default(),
    };
    let affine = match keys.affine {
        Some(affine) => Some(affine),
        None => world_file(path)?,
    };
    let Some(affine) = affine else {
        warnings.push(missing(&keys));
        return Ok(None);
    };
    if !is_usable(&affine) {
        warnings.push(
            "its transformation to the ground has no area or is not a number: no \
                       positions; mend it with `gdal_edit.py -a_ullr`"
                .to_owned(),
        );
        return Ok(None);
    }
    let Some((epsg, proj)) = choose(path, &keys, (&affine, source), options, warnings)? else {
        warnings.push(
            "it has a place but no projection: no positions; pass `--projection \
                       EPSG:…`, such as EPSG:32648 for UTM zone 48 north"
                .to_owned(),
        );
        return Ok(None);
    };
    let georeference = Georeference { affine, epsg, proj };
    Ok(check_place(georeference, source.size(), warnings))
}

/// Metres a pixel: what was passed, else what the georeference gives.
pub(super) fn gsd(
    path: &Path,
    said: Option<f64>,
    measured: Option<f64>,
    warnings: &mut Vec<String>,
) -> Result<Option<f64>> {
    let Some(said) = said else { return Ok(measured) };
    if !(0.0 < said && said <= 1000.0) {
        let what = format!("a ground sampling distance of {said} m");
        return Err(Error::input(path, None, what, "pass metres a pixel, such as 0.5"));
    }
    if let Some(measured) = measured.filter(|m| 0.05 < (m / said - 1.0).abs()) {
        warnings.push(format!(
            "a pixel is {measured:.3} m by its georeference, and {said} m was passed: the latter \
             is used"
        ));
    }
    Ok(Some(said))
}

fn missing(keys: &Keys) -> String {
    let what = if keys.has_control_points {
        "it has ground control points but no place of its own: rectify it with `gdalwarp`"
    } else if keys.has_rpc {
        "it has rational polynomials but no place of its own: rectify it with `gdalwarp -rpc`"
    } else {
        "no georeference: positions are pixels only; put a world file beside it for a place, or pass `--gsd` for sizes in metres"
    };
    what.to_owned()
}

fn is_usable(affine: &[f64; 6]) -> bool {
    let area = affine[0] * affine[4] - affine[1] * affine[3];
    affine.iter().all(|value| value.is_finite()) && area.is_finite() && area != 0.0
}

/// The projection that the user, the file, or a `.prj` beside it names.
fn choose(
    path: &Path,
    keys: &Keys,
    (affine, source): (&[f64; 6], &Source),
    options: &SceneOptions,
    warnings: &mut Vec<String>,
) -> Result<Option<(Option<u32>, String)>> {
    let own = match (&keys.proj, keys.epsg) {
        (Some(proj), epsg) => Some((epsg, proj.clone())),
        (None, Some(epsg)) if options.projection.is_none() => {
            Some(projection::parse_projection(&format!("EPSG:{epsg}"))?)
        }
        _ => beside(path, "prj").and_then(|prj| geokeys::projection_of_wkt(&prj)),
    };
    let Some(text) = &options.projection else { return Ok(own) };
    let said = projection::parse_projection(text)?;
    if let Some(own) = own
        && own.1 != said.1
    {
        warnings.push(disagreement(&own.1, text, affine, source.size()));
    }
    Ok(Some(said))
}

/// How far the middle of the scene moves from where the file's own projection has it.
fn disagreement(
    own: &str,
    said: &str,
    affine: &[f64; 6],
    (width, height): (usize, usize),
) -> String {
    let at = |proj: &str| {
        let place = Georeference { affine: *affine, epsg: None, proj: proj.to_owned() };
        let (east, north) = place.ground(0.5 * width as f64, 0.5 * height as f64);
        place.lon_lat(east, north)
    };
    let moved = match (at(own), at(said)) {
        (Some(from), Some(to)) => {
            let (east, north) = metres_between(from, to);
            let (x, y) = (
                if east < 0.0 { "west" } else { "east" },
                if north < 0.0 { "south" } else { "north" },
            );
            format!(", which moves the scene {:.0} m {x} and {:.0} m {y}", east.abs(), north.abs())
        }
        _ => String::new(),
    };
    format!("the file says its projection is `{own}`, and `{said}` is used as was passed{moved}")
}

/// Positions that cannot be where the projection puts them.
fn check_place(
    georeference: Georeference,
    (width, height): (usize, usize),
    warnings: &mut Vec<String>,
) -> Option<Georeference> {
    let (east, north) = georeference.ground(0.5 * width as f64, 0.5 * height as f64);
    let projection = georeference.projection().ok()?;
    let is_utm = georeference.proj.contains("+proj=utm");
    let in_east = |value: f64| (100_000.0..=900_000.0).contains(&value);
    let refuse = |what: &str| {
        format!(
            "{what} ({east} east, {north} north): no positions; mend \
                                       the scene with `gdal_edit.py -a_ullr -a_srs`"
        )
    };
    let trouble = if projection.is_geographic() && 90.0 < north.abs() && east.abs() <= 90.0 {
        Some("longitude and latitude are swapped")
    } else if projection.is_geographic() && (90.0 < north.abs() || 360.0 < east.abs()) {
        Some("metres in a projection of degrees")
    } else if !projection.is_geographic() && east.abs() <= 180.0 && north.abs() <= 180.0 {
        Some("degrees in a projection of metres")
    } else if is_utm && !in_east(east) && in_east(north) {
        Some("east and north are swapped")
    } else if projection.lon_lat(east, north).is_none() {
        Some("the scene lies outside its projection")
    } else {
        None
    };
    if let Some(trouble) = trouble {
        warnings.push(refuse(trouble));
        return None;
    }
    Some(georeference)
}

/// The text of a file with the same name and another ending, in small or large letters.
pub(super) fn beside(path: &Path, ending: &str) -> Option<String> {
    let small = path.with_extension(ending);
    let large = path.with_extension(ending.to_uppercase());
    [small, large].iter().find_map(|path| std::fs::read_to_string(path).ok())
}

/// The six numbers of a world file: x step, row turn, column turn, y step, and the centre of the
/// first pixel.
fn world_file(path: &Path) -> Result<Option<[f64; 6]>> {
    let Some(path) = find_world_file(path) else { return Ok(None) };
    let text = std::fs::read_to_string(&path)
        .map_err(|source| Error::Io { path: path.clone(), source })?;
    let mut numbers = Vec::new();
    for (line, word) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let number = word.trim().replace(',', ".").parse::<f64>().ok().filter(|n| n.is_finite());
        let number = number.ok_or_else(|| {
            let what =
                format!("`{}` is not a number", word.trim().chars().take(40).collect::<String>());
            Error::input(&path, line, what, "a world file has six numbers, one a line")
        })?;
        numbers.push(number);
    }
    let [a, d, b, e, c, f] = numbers[..] else {
        let what = format!("a world file of {} numbers", numbers.len());
        return Err(Error::input(&path, None, what, "it must have six, one a line"));
    };
    Ok(Some([a, b, c - 0.5 * (a + b), d, e, f - 0.5 * (d + e)]))
}

fn find_world_file(path: &Path) -> Option<PathBuf> {
    let ending = path.extension()?.to_str()?.to_lowercase();
    let (first, last) = (ending.chars().next()?, ending.chars().last()?);
    let endings = [format!("{first}{last}w"), format!("{ending}w"), "wld".to_owned()];
    let names = endings.iter().flat_map(|e| [e.clone(), e.to_uppercase()]);
    names.map(|ending| path.with_extension(ending)).find(|path| path.exists())
}
