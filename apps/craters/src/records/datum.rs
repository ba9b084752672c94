//! From a record's coordinates to WGS84, and from there to metres. The shift is pinned: PROJ
//! builds choose shifts of their own for this datum, a shift of zero among them.

use proj4rs::Proj;
use serde::{Deserialize, Serialize};

use super::Records;
use crate::Error;
use crate::error::Result;

/// The datum of a file's longitudes and latitudes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Datum {
    /// WGS84.
    Wgs84,
    /// Indian 1960 (EPSG:4131), in which THOR's columns are whatever their names say.
    Indian1960,
}

/// WGS84.
const WGS84: &str = "+proj=longlat +datum=WGS84 +no_defs";
/// Everest 1830 (1937) with the shift of EPSG:4131 to WGS84, metres.
const INDIAN_1960: &str = "+proj=longlat +ellps=evrst30 +towgs84=198,881,317,0,0,0,0 +no_defs";
/// Metres a degree of latitude, for saying how far a shift is.
const METRES_A_DEGREE: f64 = 111_195.0;

/// Longitude and latitude in WGS84 of a position in that datum, degrees.
///
/// # Errors
/// Where the position is none on Earth.
pub fn to_wgs84(lon_lat: [f64; 2], datum: Datum) -> Result<[f64; 2]> {
    if datum == Datum::Wgs84 {
        return Ok(lon_lat);
    }
    let (from, to) = (projection(INDIAN_1960)?, projection(WGS84)?);
    let mut point = (lon_lat[0].to_radians(), lon_lat[1].to_radians(), 0.0);
    proj4rs::transform::transform(&from, &to, &mut point).map_err(|error| unprojectable(&error))?;
    Ok([point.0.to_degrees(), point.1.to_degrees()])
}

/// East and north in metres of WGS84 positions, in the projection of that PROJ text.
///
/// # Errors
/// Where the text is no projection or a position lies outside of it.
pub fn to_metres(lon_lats: &[[f64; 2]], proj: &str) -> Result<Vec<[f64; 2]>> {
    let (from, to) = (projection(WGS84)?, projection(proj)?);
    let one = |lon_lat: &[f64; 2]| {
        let mut point = (lon_lat[0].to_radians(), lon_lat[1].to_radians(), 0.0);
        proj4rs::transform::transform(&from, &to, &mut point)
            .map_err(|error| unprojectable(&error))?;
        Ok([point.0, point.1])
    };
    lon_lats.iter().map(one).collect()
}

/// PROJ text of the UTM zone of a position: where records come without a scene.
pub fn utm(lon_lat: [f64; 2]) -> String {
    let zone = (((lon_lat[0] + 180.0) / 6.0).floor() as i64).rem_euclid(60) + 1;
    let south = if lon_lat[1] < 0.0 { " +south" } else { "" };
    format!("+proj=utm +zone={zone}{south} +datum=WGS84 +units=m +no_defs")
}

/// Brings every record to WGS84 and says by how many metres.
pub(super) fn shift(records: &mut Records, datum: Datum) -> Result<()> {
    if datum == Datum::Wgs84 {
        records.notes.push("coordinates are read as WGS84".to_owned());
        return Ok(());
    }
    let mut moved = None;
    for record in records.bombs.iter_mut().chain(&mut records.clusters) {
        let to = to_wgs84(record.lon_lat, datum)?;
        moved.get_or_insert(offset_m(record.lon_lat, to));
        record.lon_lat = to;
    }
    if let Some([east, north]) = moved {
        records.notes.push(format!(
            "coordinates are read as Indian 1960 (towgs84=198,881,317), whatever their column \
             names say: moved by {} to WGS84",
            compass(east, north)
        ));
    }
    Ok(())
}

/// East and north from one position to another nearby, metres.
pub(super) fn offset_m(from: [f64; 2], to: [f64; 2]) -> [f64; 2] {
    let east = (to[0] - from[0]) * METRES_A_DEGREE * from[1].to_radians().cos();
    [east, (to[1] - from[1]) * METRES_A_DEGREE]
}

fn compass(east: f64, north: f64) -> String {
    let (we, ns) =
        (if east < 0.0 { "west" } else { "east" }, if north < 0.0 { "south" } else { "north" });
    format!("{:.0} m {we} and {:.0} m {ns}", east.abs(), north.abs())
}

fn projection(text: &str) -> Result<Proj> {
    Proj::from_proj_string(text).map_err(|error| {
        Error::refused(
            format!("`{text}` is not a projection: {error:?}"),
            "give a projection as PROJ text",
        )
    })
}

fn unprojectable(error: &proj4rs::errors::Error) -> Error {
    Error::refused(
        format!("a position cannot be projected: {error:?}"),
        "check longitude and latitude of the records",
    )
}
