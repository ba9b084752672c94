//! Between a projection's metres and longitude and latitude. Datum shifts are pinned here: none
//! is left to a table that may be absent and then silently be nought.

use proj4rs::Proj;
use proj4rs::transform::transform;

use crate::{Error, error::Result};

/// Longitude and latitude that all exports use.
pub const WGS84: &str = "+proj=longlat +datum=WGS84 +no_defs";

/// Indian 1960 to WGS84: EPSG's transformation 1542 (Vietnam, Con Son), metres. THOR's positions
/// are on this datum although its columns say WGS84.
const INDIAN_1960: &str = "+ellps=evrst30 +towgs84=198,881,317,0,0,0,0";
/// Indian 1975 to WGS84: EPSG's transformation 1304 (Thailand).
const INDIAN_1975: &str = "+ellps=evrst30 +towgs84=210,814,289,0,0,0,0";
/// VN-2000 to WGS84: EPSG's transformation 6960, position vector.
const VN_2000: &str = "+ellps=WGS84 +towgs84=-191.90441429,-39.30318279,-111.45032835,\
0.00928836,-0.01975479,0.00427372,0.252906278";
/// Pulkovo 1942 to WGS84: EPSG's transformation 5044 (Russia), position vector.
const PULKOVO_1942: &str = "+ellps=krass +towgs84=23.57,-140.95,-79.8,0,0.35,0.79,-0.22";
/// Lao 1997 to WGS84: EPSG's transformation 1065.
const LAO_1997: &str = "+ellps=krass +towgs84=44.585,-131.212,-39.544,0,0,0,0";
/// WGS 72 to WGS84: EPSG's transformation 1237, position vector.
const WGS_72: &str = "+ellps=WGS72 +towgs84=0,0,4.5,0,0,0.554,0.2263";
const ETRS89: &str = "+ellps=GRS80 +towgs84=0,0,0,0,0,0,0";
const NAD83: &str = "+ellps=GRS80 +towgs84=0,0,0,0,0,0,0";
const WGS_84: &str = "+datum=WGS84";

/// A projection, ready to be used many times.
pub struct Projection {
    here: Proj,
    wgs84: Proj,
}

/// The PROJ text of an EPSG code; `None` for one that is not known here.
pub fn proj_text(epsg: u32) -> Option<String> {
    let geographic = |datum: &str| Some(format!("+proj=longlat {datum} +no_defs"));
    let utm = |zone: u32, rest: &str| {
        let known = (1..=60).contains(&zone);
        known.then(|| format!("+proj=utm +zone={zone} {rest} +units=m +no_defs"))
    };
    match epsg {
        4326 | 4979 => geographic(WGS_84),
        4131 => geographic(INDIAN_1960),
        4240 => geographic(INDIAN_1975),
        4756 => geographic(VN_2000),
        4284 => geographic(PULKOVO_1942),
        4678 => geographic(LAO_1997),
        4322 => geographic(WGS_72),
        4258 => geographic(ETRS89),
        4269 => geographic(NAD83),
        3148 | 3149 => utm(epsg - 3100, INDIAN_1960),
        24047 | 24048 => utm(epsg - 24000, INDIAN_1975),
        3405 | 3406 => utm(epsg - 3357, VN_2000),
        25828..=25838 => utm(epsg - 25800, ETRS89),
        26901..=26923 => utm(epsg - 26900, NAD83),
        32201..=32260 => utm(epsg - 32200, WGS_72),
        32301..=32360 => utm(epsg - 32300, &format!("+south {WGS_72}")),
        32601..=32660 => utm(epsg - 32600, WGS_84),
        32701..=32760 => utm(epsg - 32700, &format!("+south {WGS_84}")),
        28402..=28432 => {
            let zone = epsg - 28400;
            let meridian = if zone <= 30 { 6 * zone as i32 - 3 } else { 6 * zone as i32 - 363 };
            let east = 1_000_000 * zone + 500_000;
            let place = format!("+lat_0=0 +lon_0={meridian} +k=1 +x_0={east} +y_0=0");
            Some(format!("+proj=tmerc {place} {PULKOVO_1942} +units=m +no_defs"))
        }
        3857 | 900_913 => Some(
            "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 \
             +units=m +nadgrids=@null +no_defs"
                .to_owned(),
        ),
        _ => None,
    }
}

/// The EPSG code, where there is one, and the PROJ text of what a user wrote: `EPSG:32648` or
/// PROJ text.
pub fn parse_projection(text: &str) -> Result<(Option<u32>, String)> {
    let text = text.trim();
    let code = text.get(..5).filter(|start| start.eq_ignore_ascii_case("epsg:"));
    let (epsg, proj) = match code {
        Some(_) => {
            let code = text[5..].trim();
            let unknown = || {
                Error::refused(
                    format!("EPSG:{code} is not among the projections that are known here"),
                    format!(
                        "pass it as PROJ text: `gdalsrsinfo EPSG:{code} -o proj4` prints it; \
                         add +towgs84=… where the datum is not WGS84"
                    ),
                )
            };
            let epsg: u32 = code.parse().map_err(|_| unknown())?;
            (Some(epsg), proj_text(epsg).ok_or_else(unknown)?)
        }
        None => (None, text.to_owned()),
    };
    Projection::new(&proj)?;
    Ok((epsg, proj))
}

impl Projection {
    /// From `EPSG:…` or PROJ text.
    pub fn new(text: &str) -> Result<Self> {
        let proj = match text.get(..5) {
            Some(start) if start.eq_ignore_ascii_case("epsg:") => parse_projection(text)?.1,
            _ => text.to_owned(),
        };
        let bad = |err: proj4rs::errors::Error| {
            Error::refused(
                format!("`{text}` is not a projection that can be used: {err}"),
                "pass EPSG:… or PROJ text such as `+proj=utm +zone=48 +datum=WGS84`",
            )
        };
        let here = Proj::from_proj_string(&proj).map_err(bad)?;
        let wgs84 = Proj::from_proj_string(WGS84).map_err(bad)?;
        Ok(Self { here, wgs84 })
    }

    /// Whether positions are degrees.
    pub fn is_geographic(&self) -> bool {
        self.here.is_latlong()
    }

    /// Metres in a unit of a projected position.
    pub fn unit_m(&self) -> f64 {
        self.here.to_meter()
    }

    /// Longitude and latitude, WGS84, degrees; `None` where the projection does not reach.
    pub fn lon_lat(&self, east: f64, north: f64) -> Option<[f64; 2]> {
        convert(&self.here, &self.wgs84, [east, north])
    }

    /// The position of a longitude and latitude (WGS84, degrees).
    pub fn from_lon_lat(&self, lon: f64, lat: f64) -> Option<[f64; 2]> {
        convert(&self.wgs84, &self.here, [lon, lat])
    }
}

/// Degrees in and out for geographic systems.
fn convert(from: &Proj, to: &Proj, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
    if !x.is_finite() || !y.is_finite() || (from.is_latlong() && 90.0 < y.abs()) {
        return None;
    }
    let mut point =
        if from.is_latlong() { (x.to_radians(), y.to_radians(), 0.0) } else { (x, y, 0.0) };
    transform(from, to, &mut point).ok()?;
    let (x, y) = if to.is_latlong() {
        (point.0.to_degrees(), point.1.to_degrees())
    } else {
        (point.0, point.1)
    };
    (x.is_finite() && y.is_finite()).then_some([x, y])
}

/// Metres east and north that a place moves when its longitude and latitude, which are of datum
/// `from`, are expressed in datum `to`: the error of those who take one for the other. Both are
/// `EPSG:…` or PROJ text of geographic systems.
pub fn datum_shift(lon: f64, lat: f64, from: &str, to: &str) -> Result<(f64, f64)> {
    let (from, to) = (Projection::new(from)?, Projection::new(to)?);
    let refuse = |what: &str| Error::refused(what, "pass geographic systems and degrees");
    if !from.is_geographic() || !to.is_geographic() {
        return Err(refuse("a datum shift is between systems of longitude and latitude"));
    }
    let moved = convert(&from.here, &to.here, [lon, lat]);
    let moved = moved.ok_or_else(|| refuse("the position is not on the globe"))?;
    Ok(metres_between([lon, lat], moved))
}

/// Metres east and north from one longitude and latitude to another near by, on WGS84.
///
/// Radii of curvature: prime vertical `N = a / sqrt(1 - e² sin² lat)`, meridian
/// `M = a (1 - e²) / (1 - e² sin² lat)^1.5` (Snyder 1987, USGS Professional Paper 1395, p. 24-25).
pub(super) fn metres_between(from: [f64; 2], to: [f64; 2]) -> (f64, f64) {
    const A: f64 = 6_378_137.0;
    const E2: f64 = 0.006_694_379_990_141_317;
    let lat = (0.5 * (from[1] + to[1])).to_radians();
    let w = 1.0 - E2 * lat.sin().powi(2);
    let (n, m) = (A / w.sqrt(), A * (1.0 - E2) / w.powf(1.5));
    let turn = (to[0] - from[0] + 540.0).rem_euclid(360.0) - 180.0;
    (turn.to_radians() * n * lat.cos(), (to[1] - from[1]).to_radians() * m)
}

#[cfg(test)]
mod tests;
