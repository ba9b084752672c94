//! The keys of GeoTIFF (OGC 19-008r4) and what little we take from WKT.

use super::projection::proj_text;
use super::tiff::{Directory, File};
use crate::error::Result;

/// What the tags of a file say about its place.
#[derive(Default)]
pub(super) struct Keys {
    /// Pixel positions to the ground.
    pub(super) affine: Option<[f64; 6]>,
    /// The code of its projection.
    pub(super) epsg: Option<u32>,
    /// Its projection as PROJ text, where that is known here.
    pub(super) proj: Option<String>,
    /// Whether points of known place are given and nothing else.
    pub(super) has_control_points: bool,
    /// Whether rational polynomials are given.
    pub(super) has_rpc: bool,
}

const PIXEL_SCALE: u16 = 33550;
const TIE_POINT: u16 = 33922;
const TRANSFORMATION: u16 = 34264;
const KEY_DIRECTORY: u16 = 34735;
const DOUBLES: u16 = 34736;
const RPC: u16 = 50844;
const USER_DEFINED: u64 = 32767;

/// The key directory, opened.
struct Entries {
    words: Vec<u64>,
    doubles: Vec<f64>,
}

impl Entries {
    /// A key's short number.
    fn code(&self, key: u64) -> Option<u64> {
        let keys = self.words.get(4..)?.chunks_exact(4);
        keys.filter(|k| k[0] == key && k[1] == 0).map(|k| k[3]).next()
    }

    /// A key's first double.
    fn double(&self, key: u64) -> Option<f64> {
        let keys = self.words.get(4..)?.chunks_exact(4);
        let at = keys.filter(|k| k[0] == key && k[1] == u64::from(DOUBLES)).map(|k| k[3]).next()?;
        self.doubles.get(at as usize).copied()
    }
}

/// What a directory's tags say.
pub(super) fn read(file: &File, directory: &Directory) -> Result<Keys> {
    let entries = Entries {
        words: file.integers(directory, KEY_DIRECTORY)?,
        doubles: file.doubles(directory, DOUBLES)?,
    };
    let scale = file.doubles(directory, PIXEL_SCALE)?;
    let tie = file.doubles(directory, TIE_POINT)?;
    let matrix = file.doubles(directory, TRANSFORMATION)?;
    let is_point = entries.code(1025) == Some(2);
    let epsg = entries.code(3072).or_else(|| entries.code(2048));
    let epsg = epsg.filter(|code| *code != USER_DEFINED && *code != 0).map(|code| code as u32);
    Ok(Keys {
        affine: affine(&scale, &tie, &matrix, is_point),
        epsg,
        proj: epsg.and_then(proj_text).or_else(|| user_defined(&entries)),
        has_control_points: scale.is_empty() && 12 <= tie.len(),
        has_rpc: file.raw(directory, RPC)?.is_some(),
    })
}

/// Pixel positions to the ground. Where a pixel is a point, the tie is at its centre, half a
/// pixel from the corner that our positions begin at.
fn affine(scale: &[f64], tie: &[f64], matrix: &[f64], is_point: bool) -> Option<[f64; 6]> {
    let half = if is_point { 0.5 } else { 0.0 };
    if let [a, b, _, c, d, e, _, f, ..] = *matrix {
        return Some([a, b, c - half * (a + b), d, e, f - half * (d + e)]);
    }
    let ([sx, sy, ..], [i, j, _, x, y, _, ..]) = (scale, tie) else { return None };
    Some([*sx, 0.0, x - (i + half) * sx, 0.0, -sy, y + (j + half) * sy])
}

/// PROJ text of a projection without a code: the common methods.
fn user_defined(entries: &Entries) -> Option<String> {
    let datum = datum(entries)?;
    if entries.code(1024) == Some(2) {
        return Some(format!("+proj=longlat {datum} +no_defs"));
    }
    let d = |keys: &[u64]| keys.iter().find_map(|key| entries.double(*key)).unwrap_or(0.0);
    let lat_0 = d(&[3081, 3085, 3089]);
    let lon_0 = d(&[3080, 3084, 3088, 3095]);
    let (lat_1, lat_2) = (d(&[3078]), d(&[3079]));
    let k = entries.double(3092).or_else(|| entries.double(3093)).unwrap_or(1.0);
    let method = match entries.code(3075)? {
        1 => format!("+proj=tmerc +lat_0={lat_0} +lon_0={lon_0} +k={k}"),
        7 => format!("+proj=merc +lon_0={lon_0} +k={k}"),
        8 => format!("+proj=lcc +lat_0={lat_0} +lon_0={lon_0} +lat_1={lat_1} +lat_2={lat_2}"),
        9 => format!("+proj=lcc +lat_0={lat_0} +lon_0={lon_0} +lat_1={lat_0} +k_0={k}"),
        10 => format!("+proj=laea +lat_0={lat_0} +lon_0={lon_0}"),
        11 => format!("+proj=aea +lat_0={lat_0} +lon_0={lon_0} +lat_1={lat_1} +lat_2={lat_2}"),
        17 => format!("+proj=eqc +lat_ts={lat_1} +lat_0={lat_0} +lon_0={lon_0}"),
        _ => return None,
    };
    let to_metre = match entries.code(3076) {
        None | Some(9001) => "+units=m",
        Some(9002) => "+to_meter=0.3048",
        Some(9003) => "+to_meter=0.3048006096012192",
        Some(_) => return None,
    };
    let (x_0, y_0) = (d(&[3082, 3086]), d(&[3083, 3087]));
    Some(format!("{method} +x_0={x_0} +y_0={y_0} {datum} {to_metre} +no_defs"))
}

/// The datum of a geographic code, or the ellipsoid that the keys give.
fn datum(entries: &Entries) -> Option<String> {
    let code = entries.code(2048).filter(|code| *code != USER_DEFINED);
    let code = code.or_else(|| entries.code(2050).and_then(|datum| datum.checked_sub(2000)));
    if let Some(text) = code.and_then(|code| proj_text(code as u32)) {
        return Some(text.strip_prefix("+proj=longlat ")?.strip_suffix(" +no_defs")?.to_owned());
    }
    let (a, flattening) = (entries.double(2057)?, entries.double(2059)?);
    // WGS84 and GRS80 differ by less than a millimetre; any other ellipsoid needs its shift said.
    let is_modern = (a - 6_378_137.0).abs() < 0.01 && (flattening - 298.257).abs() < 0.001;
    is_modern.then(|| "+datum=WGS84".to_owned())
}

/// The projection of well-known text: its last EPSG code, or the names that ESRI gives to UTM.
pub(super) fn projection_of_wkt(wkt: &str) -> Option<(Option<u32>, String)> {
    let epsg = epsg_of_wkt(wkt).or_else(|| {
        let name = wkt.split('"').nth(1)?.replace(' ', "_").to_uppercase();
        let datums = [("WGS_1984_UTM_ZONE_", 32600, 32700), ("INDIAN_1960_UTM_ZONE_", 3100, 3100)];
        for (start, north, south) in datums {
            if let Some(zone) = name.strip_prefix(start) {
                let digits: u32 = zone.trim_end_matches(['N', 'S']).parse().ok()?;
                return Some(if zone.ends_with('S') { south } else { north } + digits);
            }
        }
        match name.as_str() {
            "GCS_WGS_1984" => Some(4326),
            "GCS_INDIAN_1960" => Some(4131),
            _ => None,
        }
    })?;
    Some((Some(epsg), proj_text(epsg)?))
}

/// The code in the outermost brackets: `AUTHORITY["EPSG","32648"]]` or `ID["EPSG",32648]]`.
fn epsg_of_wkt(wkt: &str) -> Option<u32> {
    let wkt = wkt.trim_end();
    let at = wkt.rfind("\"EPSG\",")?;
    let rest = &wkt[at + 7..];
    let is_outermost = rest.matches(']').count() == 2 && !rest.contains('[');
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    is_outermost.then(|| digits.parse().ok()).flatten()
}
