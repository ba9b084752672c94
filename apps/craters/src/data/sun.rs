//! Where the sun stood: from the files that satellites' vendors put beside an image, or from the
//! user; checked against what a sun can do.

use std::path::{Path, PathBuf};

use super::georeference::beside;
use super::{Georeference, Sun};
use crate::candidates::estimate_sun_axis;
use crate::raster::Raster;
use crate::{Error, error::Result};

/// As it was written somewhere: azimuth in degrees clockwise from north, if the writer knew.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Written {
    azimuth: f64,
    elevation: Option<f64>,
}

/// The sun of a scene, its azimuth turned into the image.
pub(super) fn of(
    path: &Path,
    said: Option<&Sun>,
    place: Option<&Georeference>,
    size: (usize, usize),
    warnings: &mut Vec<String>,
) -> Result<Option<Sun>> {
    let written = match said {
        Some(sun) => Some(Written { azimuth: sun.azimuth_deg, elevation: sun.elevation_deg }),
        None => beside_image(path),
    };
    let Some(written) = written else {
        warnings.push(
            "where the sun stood is not known: shading is used without its sign, which \
                       finds fewer craters; pass `--sun-azimuth`"
                .to_owned(),
        );
        return Ok(None);
    };
    let middle = (0.5 * size.0 as f64, 0.5 * size.1 as f64);
    let lat = place.and_then(|place| {
        let (east, north) = place.ground(middle.0, middle.1);
        place.lon_lat(east, north).map(|[_, lat]| lat)
    });
    let Some(mended) = mended(written, lat, warnings) else {
        let hint = "pass degrees clockwise from north, 0 to 360, and degrees above the horizon, \
                    0 to 90";
        let what = format!("the sun cannot stand at {}", describe(written));
        return Err(Error::input(path, None, what, hint));
    };
    let azimuth = mended.azimuth;
    let turned = place.and_then(|place| in_image(place, middle, azimuth)).unwrap_or(azimuth);
    Ok(Some(Sun { azimuth_deg: turned, elevation_deg: mended.elevation }))
}

fn describe(Written { azimuth, elevation }: Written) -> String {
    let elevation = elevation.map(|e| format!(", elevation {e}")).unwrap_or_default();
    format!("azimuth {azimuth}{elevation}")
}

/// Degrees clockwise from north, 0 to 360, of whatever was written; `None` where no convention
/// explains it.
fn mended(written: Written, lat: Option<f64>, warnings: &mut Vec<String>) -> Option<Written> {
    let Written { mut azimuth, mut elevation } = written;
    let is_radians = azimuth.abs() <= std::f64::consts::TAU
        && elevation.is_some_and(|e| 0.0 < e && e <= std::f64::consts::FRAC_PI_2);
    if is_radians {
        (azimuth, elevation) = (azimuth.to_degrees(), elevation.map(f64::to_degrees));
        warnings.push(format!(
            "the sun's {} were taken for radians: azimuth {azimuth:.1}, elevation {:.1} degrees",
            describe(written),
            elevation.unwrap_or_default()
        ));
    } else if azimuth.abs() <= std::f64::consts::TAU && azimuth != 0.0 && elevation.is_none() {
        warnings.push(format!("the sun's azimuth {azimuth} is used as degrees; is it radians?"));
    }
    let is_possible = (-180.0..=360.0).contains(&azimuth)
        && elevation.is_none_or(|elevation| 0.0 < elevation && elevation <= 90.0);
    if !is_possible {
        return None;
    }
    if azimuth < 0.0 {
        let given = azimuth;
        azimuth += 360.0;
        warnings.push(format!("the sun's azimuth {given} counts from -180: {azimuth} is used"));
    }
    azimuth %= 360.0;
    if let (Some(elevation), Some(lat)) = (elevation, lat) {
        azimuth = possible_at(azimuth, elevation, lat, warnings);
    }
    Some(Written { azimuth, elevation })
}

/// The sun's declination from where it stands (Meeus 1998, Astronomical Algorithms, eq. 13.6
/// solved for it, azimuth from north): sin d = sin lat sin h + cos lat cos h cos A.
fn declination(azimuth: f64, elevation: f64, lat: f64) -> f64 {
    let (a, h, lat) = (azimuth.to_radians(), elevation.to_radians(), lat.to_radians());
    (lat.sin() * h.sin() + lat.cos() * h.cos() * a.cos()).asin().to_degrees()
}

/// The azimuth, or its opposite where the sun can never stand at the one and can at the other:
/// measured from south, or the direction of the shadows.
fn possible_at(azimuth: f64, elevation: f64, lat: f64, warnings: &mut Vec<String>) -> f64 {
    // The obliquity of the ecliptic, and a little for means over a scene.
    const MOST: f64 = 23.44 + 0.5;
    let opposite = (azimuth + 180.0) % 360.0;
    let is_possible = |azimuth: f64| declination(azimuth, elevation, lat).abs() <= MOST;
    if is_possible(azimuth) {
        return azimuth;
    }
    let impossible = format!(
        "at latitude {lat:.1} the sun never stands at azimuth {azimuth:.1}, elevation {elevation:.1}"
    );
    if is_possible(opposite) {
        warnings.push(format!(
            "{impossible}: taken for the direction of shadows or counted from south, and \
             {opposite:.1} is used"
        ));
        return opposite;
    }
    warnings.push(format!("{impossible}, nor opposite: check azimuth, elevation and place"));
    azimuth
}

/// Degrees clockwise from the image's up of a direction on the ground.
fn in_image(place: &Georeference, (x, y): (f64, f64), azimuth: f64) -> Option<f64> {
    let [(right_e, right_n), (down_e, down_n)] = place.steps_m(x, y)?;
    let (east, north) = (azimuth.to_radians().sin(), azimuth.to_radians().cos());
    // east = right_e dx + down_e dy, north = right_n dx + down_n dy.
    let area = right_e * down_n - right_n * down_e;
    let dx = (east * down_n - north * down_e) / area;
    let dy = (north * right_e - east * right_n) / area;
    let turned = dx.atan2(-dy).to_degrees().rem_euclid(360.0);
    turned.is_finite().then_some(turned)
}

/// What the files beside an image say.
fn beside_image(path: &Path) -> Option<Written> {
    let imd = beside(path, "imd").and_then(|text| of_pairs(&text, ["meansunaz", "meansunel"]));
    imd.or_else(|| beside(path, "xml").and_then(|text| of_xml(&text)))
        .or_else(|| landsat(path))
        .or_else(|| sentinel(path))
}

/// `key = value` or `"key": "value"`, one a line.
fn of_pairs(text: &str, [azimuth, elevation]: [&str; 2]) -> Option<Written> {
    let value = |wanted: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(['=', ':'])?;
            let is_it = key.trim().trim_matches('"').eq_ignore_ascii_case(wanted);
            let number = value.trim().trim_matches(|c| matches!(c, ';' | ',' | '"' | ' '));
            is_it.then(|| number.parse().ok()).flatten()
        })
    };
    Some(Written { azimuth: value(azimuth)?, elevation: value(elevation) })
}

/// DigitalGlobe's, Airbus's and Sentinel-2's XML.
fn of_xml(text: &str) -> Option<Written> {
    let document = roxmltree::Document::parse(text).ok()?;
    let value = |names: &[&str]| {
        let is_it = |node: &roxmltree::Node<'_, '_>| {
            names.iter().any(|name| node.tag_name().name().eq_ignore_ascii_case(name))
        };
        let node = document.descendants().find(|node| node.is_element() && is_it(node))?;
        node.text()?.trim().parse::<f64>().ok()
    };
    if let Some(azimuth) = value(&["MEANSUNAZ", "SUN_AZIMUTH"]) {
        return Some(Written { azimuth, elevation: value(&["MEANSUNEL", "SUN_ELEVATION"]) });
    }
    let mean = document.descendants().find(|node| node.has_tag_name("Mean_Sun_Angle"))?;
    let angle = |name: &str| {
        let node = mean.children().find(|node| node.has_tag_name(name))?;
        node.text()?.trim().parse::<f64>().ok()
    };
    let elevation = angle("ZENITH_ANGLE").map(|zenith| 90.0 - zenith);
    Some(Written { azimuth: angle("AZIMUTH_ANGLE")?, elevation })
}

/// `LC08_…_B4.TIF` lies beside `LC08_…_MTL.txt` or `.json`.
fn landsat(path: &Path) -> Option<Written> {
    let stem = path.file_stem()?.to_str()?;
    let mut starts = vec![stem];
    starts.extend(stem.rmatch_indices('_').map(|(at, _)| &stem[..at]));
    let names = starts.iter().flat_map(|start| ["txt", "json"].map(|e| format!("{start}_MTL.{e}")));
    let text = names.map(|name| path.with_file_name(name));
    let text = text.into_iter().find_map(|path| std::fs::read_to_string(path).ok())?;
    of_pairs(&text, ["SUN_AZIMUTH", "SUN_ELEVATION"])
}

/// `MTD_TL.xml` lies in the folder of the granule, two or three above the image.
fn sentinel(path: &Path) -> Option<Written> {
    let absolute: PathBuf = std::path::absolute(path).ok()?;
    let folders = absolute.ancestors().skip(1).take(4);
    let text = folders.map(|folder| folder.join("MTD_TL.xml"));
    let text = text.into_iter().find_map(|path| std::fs::read_to_string(path).ok())?;
    of_xml(&text)
}

/// Compares the sun with the axis along which the picture is shaded, which knows no sign: what a
/// person must be told where they do not agree.
pub fn sun_disagrees(grey: &Raster, sun: &Sun) -> Option<String> {
    const MOST_APART_DEG: f64 = 40.0;
    let axis = estimate_sun_axis(grey)?;
    let apart = |azimuth: f64| {
        let turn = (azimuth - axis).rem_euclid(180.0);
        turn.min(180.0 - turn)
    };
    let found = apart(sun.azimuth_deg);
    if found <= MOST_APART_DEG {
        return None;
    }
    let mirrored = (360.0 - sun.azimuth_deg).rem_euclid(360.0);
    let guess = if apart(mirrored) <= 0.5 * MOST_APART_DEG {
        format!("counted counter-clockwise it would be {mirrored:.0}, which agrees")
    } else {
        "the azimuth may be of another scene, or the picture turned".to_owned()
    };
    Some(format!(
        "the sun is said to stand at {:.0} degrees from the image's up, and the picture is shaded \
         along the axis {axis:.0} to {:.0}, {found:.0} degrees from it: {guess}; rows of crops and \
         streets can shade a picture too",
        sun.azimuth_deg,
        axis + 180.0
    ))
}

#[cfg(test)]
mod tests;
