//! What a projection is called in the words of GIS: WKT, WKT as Esri spells it, GeoTIFF's keys.
//! Knows PROJ's text and EPSG's codes; knows no file.
//!
//! Words and numbers of WKT 1: OGC 01-009. Codes: the EPSG data set.

use proj4rs::proj::Proj;

use crate::data::Georeference;
use crate::error::{Error, Result};

/// A coordinate reference system in words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Crs {
    /// Its name.
    pub(crate) name: String,
    /// EPSG's code.
    pub(crate) epsg: Option<u32>,
    /// As OGC spells it.
    pub(crate) wkt: String,
    /// As Esri spells it, for `.prj`.
    pub(crate) esri: String,
    /// Whether its coordinates are degrees.
    pub(crate) is_geographic: bool,
    /// Its figure of the earth.
    pub(crate) earth: Earth,
    /// GeoTIFF's number of the projection's method; 0 for none.
    pub(crate) method: u16,
    /// GeoTIFF's key and the value of each parameter of the projection.
    pub(crate) parameters: Vec<(u16, f64)>,
}

/// A figure of the earth in numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Earth {
    /// Half of the longer axis, metres.
    pub(crate) a: f64,
    /// 1/f.
    pub(crate) inverse_flattening: f64,
    /// The seven numbers of the shift to WGS84; empty for none.
    pub(crate) shift: Vec<f64>,
}

/// A figure of the earth.
struct Ellipsoid {
    /// PROJ's name, OGC's, Esri's.
    names: [&'static str; 3],
    a: f64,
    /// 1/f; 0 for a sphere.
    inverse_flattening: f64,
}

const WGS84: Ellipsoid = Ellipsoid {
    names: ["WGS84", "WGS 84", "WGS_1984"],
    a: 6_378_137.0,
    inverse_flattening: 298.257_223_563,
};

const ELLIPSOIDS: [Ellipsoid; 7] = [
    WGS84,
    Ellipsoid {
        names: ["GRS80", "GRS 1980", "GRS_1980"],
        a: 6_378_137.0,
        inverse_flattening: 298.257_222_101,
    },
    Ellipsoid {
        names: ["WGS72", "WGS 72", "WGS_1972"],
        a: 6_378_135.0,
        inverse_flattening: 298.26,
    },
    Ellipsoid {
        names: ["evrst30", "Everest 1830 (1937 Adjustment)", "Everest_Adjustment_1937"],
        a: 6_377_276.345,
        inverse_flattening: 300.8017,
    },
    Ellipsoid {
        names: ["krass", "Krassowsky 1940", "Krasovsky_1940"],
        a: 6_378_245.0,
        inverse_flattening: 298.3,
    },
    Ellipsoid {
        names: ["intl", "International 1924", "International_1924"],
        a: 6_378_388.0,
        inverse_flattening: 297.0,
    },
    Ellipsoid {
        names: ["clrk66", "Clarke 1866", "Clarke_1866"],
        a: 6_378_206.4,
        inverse_flattening: 294.978_698_213_898,
    },
];

/// A datum as it is spelt.
struct Datum {
    /// The geographic system: OGC's name and Esri's.
    system: [String; 2],
    /// The datum: OGC's name and Esri's.
    datum: [String; 2],
    ellipsoid: &'static Ellipsoid,
    /// EPSG's code of the geographic system.
    epsg: Option<u32>,
    /// The shift to WGS84, as PROJ writes it, where it is not nought.
    shift: Option<String>,
}

/// A projection with its parameters by PROJ's names.
struct Projection {
    /// OGC's name and Esri's.
    names: [&'static str; 2],
    /// GeoTIFF's number of its method.
    method: u16,
    /// GeoTIFF's key, OGC's name, Esri's and the value of each parameter.
    parameters: Vec<(u16, &'static str, &'static str, f64)>,
}

/// The words of a scene's projection.
///
/// # Errors
/// Refused where its text holds what has no words here.
pub(crate) fn of(georeference: &Georeference) -> Result<Crs> {
    match georeference.epsg {
        Some(4326) => Ok(geographic(&wgs84(), Some(4326))),
        Some(4131) => Ok(geographic(&indian_1960(), Some(4131))),
        Some(3857) => Ok(web_mercator()),
        Some(code @ 32601..=32660) => Ok(utm(&wgs84(), code - 32600, false, Some(code))),
        Some(code @ 32701..=32760) => Ok(utm(&wgs84(), code - 32700, true, Some(code))),
        Some(code @ 3148..=3149) => Ok(utm(&indian_1960(), code - 3100, false, Some(code))),
        epsg => of_text(&georeference.proj, epsg),
    }
}

fn wgs84() -> Datum {
    Datum {
        system: ["WGS 84".into(), "GCS_WGS_1984".into()],
        datum: ["WGS_1984".into(), "D_WGS_1984".into()],
        ellipsoid: &WGS84,
        epsg: Some(4326),
        shift: None,
    }
}

/// WGS84 as OGC spells it.
pub(crate) fn wgs84_wkt() -> String {
    let [wkt, _] = geographic_words(&wgs84());
    wkt
}

fn indian_1960() -> Datum {
    Datum {
        system: ["Indian 1960".into(), "GCS_Indian_1960".into()],
        datum: ["Indian_1960".into(), "D_Indian_1960".into()],
        ellipsoid: &ELLIPSOIDS[3],
        epsg: Some(4131),
        // EPSG:1541, as it is pinned where scenes are read.
        shift: Some("198,881,317,0,0,0,0".into()),
    }
}

/// A system from PROJ's text.
fn of_text(text: &str, epsg: Option<u32>) -> Result<Crs> {
    let value = |key: &str| {
        text.split_whitespace().find_map(|word| {
            word.strip_prefix('+').unwrap_or(word).strip_prefix(key)?.strip_prefix('=')
        })
    };
    let refuse = |what: String| {
        Error::refused(
            format!("this projection has no WKT here: {what} (\"{text}\")"),
            "reproject the scene to UTM on WGS84, such as EPSG:32648, or take csv",
        )
    };
    if value("units").is_some_and(|unit| unit != "m") || value("to_meter").is_some() {
        return Err(refuse("its unit is not the metre".into()));
    }
    let datum = datum_of(value).map_err(refuse)?;
    let number = |key: &str, otherwise: f64| match value(key).map(str::parse::<f64>) {
        None => Ok(otherwise),
        Some(Ok(number)) if number.is_finite() => Ok(number),
        Some(_) => Err(refuse(format!("{key} is not a number"))),
    };
    let kind = value("proj").unwrap_or("");
    let lat0 = number("lat_0", 0.0)?;
    let lon0 = number("lon_0", 0.0)?;
    let scale = number(if value("k_0").is_some() { "k_0" } else { "k" }, 1.0)?;
    let (x0, y0) = (number("x_0", 0.0)?, number("y_0", 0.0)?);
    let projection = match kind {
        "longlat" | "latlong" | "lonlat" | "latlon" => return Ok(geographic(&datum, epsg)),
        "utm" => {
            let zone = number("zone", 0.0)?;
            if !(1.0..=60.0).contains(&zone) {
                return Err(refuse("UTM without a zone from 1 to 60".into()));
            }
            let is_south = text.split_whitespace().any(|word| word.ends_with("south"));
            let zone = zone as u32;
            let code = if is_south { 32700 + zone } else { 32600 + zone };
            let epsg = epsg.or((datum.epsg == Some(4326)).then_some(code));
            return Ok(utm(&datum, zone, is_south, epsg));
        }
        "tmerc" => transverse_mercator(lat0, lon0, scale, x0, y0),
        "lcc" => {
            let lat1 = number("lat_1", lat0)?;
            lambert(lat0, lon0, [lat1, number("lat_2", lat1)?], x0, y0)
        }
        other => return Err(refuse(format!("\"{other}\" is not among its projections"))),
    };
    let name = epsg.map_or_else(|| format!("{kind} on {}", datum.system[0]), epsg_name);
    Ok(projected(&name, &datum, &projection, epsg))
}

fn epsg_name(code: u32) -> String {
    format!("EPSG:{code}")
}

fn datum_of<'a>(value: impl Fn(&str) -> Option<&'a str>) -> std::result::Result<Datum, String> {
    let shift = value("towgs84").map(|shift| {
        let n_given = shift.split(',').count();
        format!("{shift}{}", ",0".repeat(7usize.saturating_sub(n_given)))
    });
    if shift.as_ref().is_some_and(|s| s.split(',').any(|n| n.parse::<f64>().is_err())) {
        return Err("towgs84 is not numbers".into());
    }
    let is_nought = |shift: &String| shift.split(',').all(|n| n.parse() == Ok(0.0));
    let shift = shift.filter(|shift| !is_nought(shift));
    if value("nadgrids").is_some_and(|grids| grids != "@null") {
        return Err("its datum is a grid of shifts".into());
    }
    match value("datum") {
        Some("WGS84") => return Ok(wgs84()),
        Some(other) if value("ellps").is_none() => {
            return Err(format!("the datum {other} is not known"));
        }
        _ => {}
    }
    let name = value("ellps").ok_or("it names no datum and no ellipsoid")?;
    let ellipsoid = ELLIPSOIDS
        .iter()
        .find(|ellipsoid| ellipsoid.names[0] == name)
        .ok_or(format!("the ellipsoid {name} is not known"))?;
    if name == "WGS84" && shift.is_none() {
        return Ok(wgs84());
    }
    if shift.as_deref().is_some_and(|s| name == "evrst30" && s.starts_with("198,881,317")) {
        return Ok(indian_1960());
    }
    let words = format!("Unknown datum on {}", ellipsoid.names[1]);
    let spelt = words.replace([' ', '(', ')'], "_");
    Ok(Datum {
        system: [words, format!("GCS_{spelt}")],
        datum: [spelt.clone(), format!("D_{spelt}")],
        ellipsoid,
        epsg: None,
        shift,
    })
}

fn transverse_mercator(lat0: f64, lon0: f64, scale: f64, x0: f64, y0: f64) -> Projection {
    Projection {
        names: ["Transverse_Mercator"; 2],
        method: 1,
        parameters: vec![
            (3081, "latitude_of_origin", "Latitude_Of_Origin", lat0),
            (3080, "central_meridian", "Central_Meridian", lon0),
            (3092, "scale_factor", "Scale_Factor", scale),
            (3082, "false_easting", "False_Easting", x0),
            (3083, "false_northing", "False_Northing", y0),
        ],
    }
}

fn lambert(lat0: f64, lon0: f64, parallels: [f64; 2], x0: f64, y0: f64) -> Projection {
    Projection {
        names: ["Lambert_Conformal_Conic_2SP", "Lambert_Conformal_Conic"],
        method: 8,
        parameters: vec![
            (3085, "latitude_of_origin", "Latitude_Of_Origin", lat0),
            (3084, "central_meridian", "Central_Meridian", lon0),
            (3078, "standard_parallel_1", "Standard_Parallel_1", parallels[0]),
            (3079, "standard_parallel_2", "Standard_Parallel_2", parallels[1]),
            (3086, "false_easting", "False_Easting", x0),
            (3087, "false_northing", "False_Northing", y0),
        ],
    }
}

fn utm(datum: &Datum, zone: u32, is_south: bool, epsg: Option<u32>) -> Crs {
    let lon0 = f64::from(zone) * 6.0 - 183.0;
    let y0 = if is_south { 10_000_000.0 } else { 0.0 };
    let name = format!("{} / UTM zone {zone}{}", datum.system[0], if is_south { "S" } else { "N" });
    projected(&name, datum, &transverse_mercator(0.0, lon0, 0.9996, 500_000.0, y0), epsg)
}

fn web_mercator() -> Crs {
    let mercator = Projection {
        names: ["Mercator_1SP", "Mercator_Auxiliary_Sphere"],
        method: 7,
        parameters: vec![
            (3080, "central_meridian", "Central_Meridian", 0.0),
            (3092, "scale_factor", "Scale_Factor", 1.0),
            (3082, "false_easting", "False_Easting", 0.0),
            (3083, "false_northing", "False_Northing", 0.0),
        ],
    };
    let mut crs = projected("WGS 84 / Pseudo-Mercator", &wgs84(), &mercator, Some(3857));
    // Neither dialect can say that a sphere is meant; each has its own way around.
    let trick = ",EXTENSION[\"PROJ4\",\"+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 \
                 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +wktext +no_defs\"],AUTHORITY";
    if let Some(at) = crs.wkt.rfind(",AUTHORITY") {
        crs.wkt.replace_range(at..at + ",AUTHORITY".len(), trick);
    }
    crs.esri = crs
        .esri
        .replace("WGS_84_Pseudo_Mercator", "WGS_1984_Web_Mercator_Auxiliary_Sphere")
        .replace(
            "PARAMETER[\"Scale_Factor\",1.0]",
            "PARAMETER[\"Standard_Parallel_1\",0.0],PARAMETER[\"Auxiliary_Sphere_Type\",0.0]",
        );
    crs
}

fn geographic(datum: &Datum, epsg: Option<u32>) -> Crs {
    let [wkt, esri] = geographic_words(datum);
    let epsg = epsg.or(datum.epsg);
    let name = datum.system[0].clone();
    let earth = earth(datum);
    Crs { name, epsg, wkt, esri, is_geographic: true, earth, method: 0, parameters: Vec::new() }
}

fn earth(datum: &Datum) -> Earth {
    let shift = datum.shift.iter().flat_map(|shift| shift.split(','));
    Earth {
        a: datum.ellipsoid.a,
        inverse_flattening: datum.ellipsoid.inverse_flattening,
        shift: shift.filter_map(|number| number.parse().ok()).collect(),
    }
}

fn geographic_words(datum: &Datum) -> [String; 2] {
    let Ellipsoid { names, a, inverse_flattening } = datum.ellipsoid;
    let shift = datum.shift.as_ref().map(|s| format!(",TOWGS84[{s}]")).unwrap_or_default();
    let code = authority(datum.epsg);
    let wkt = format!(
        "GEOGCS[\"{}\",DATUM[\"{}\",SPHEROID[\"{}\",{a},{inverse_flattening}]{shift}],\
         PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433]{code}]",
        datum.system[0], datum.datum[0], names[1],
    );
    let esri = format!(
        "GEOGCS[\"{}\",DATUM[\"{}\",SPHEROID[\"{}\",{a:?},{inverse_flattening:?}]],\
         PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]]",
        datum.system[1], datum.datum[1], names[2],
    );
    [wkt, esri]
}

fn projected(name: &str, datum: &Datum, projection: &Projection, epsg: Option<u32>) -> Crs {
    let [geographic, geographic_esri] = geographic_words(datum);
    let (mut parameters, mut parameters_esri) = (String::new(), String::new());
    for (_, ogc, esri, value) in &projection.parameters {
        parameters += &format!("PARAMETER[\"{ogc}\",{value}],");
        parameters_esri += &format!("PARAMETER[\"{esri}\",{value:?}],");
    }
    let wkt = format!(
        "PROJCS[\"{name}\",{geographic},PROJECTION[\"{}\"],{parameters}UNIT[\"metre\",1],\
         AXIS[\"Easting\",EAST],AXIS[\"Northing\",NORTH]{}]",
        projection.names[0],
        authority(epsg),
    );
    let spelt = name
        .replace("WGS 84 / UTM", "WGS_1984_UTM")
        .replace("zone", "Zone")
        .replace(" / ", "_")
        .replace([' ', '-', ':'], "_");
    let esri = format!(
        "PROJCS[\"{spelt}\",{geographic_esri},PROJECTION[\"{}\"],{parameters_esri}\
         UNIT[\"Meter\",1.0]]",
        projection.names[1],
    );
    Crs {
        name: name.to_owned(),
        epsg,
        wkt,
        esri,
        is_geographic: false,
        earth: earth(datum),
        method: projection.method,
        parameters: projection.parameters.iter().map(|(key, _, _, value)| (*key, *value)).collect(),
    }
}

fn authority(epsg: Option<u32>) -> String {
    epsg.map(|code| format!(",AUTHORITY[\"EPSG\",\"{code}\"]")).unwrap_or_default()
}

/// Turns coordinates of the scene's projection into longitude and latitude, WGS84.
pub(crate) struct ToWgs84 {
    from: Proj,
    to: Proj,
}

impl ToWgs84 {
    /// From a scene's projection.
    ///
    /// # Errors
    /// Refused where PROJ's text is not understood.
    pub(crate) fn new(georeference: &Georeference) -> Result<Self> {
        let proj = |text: &str| {
            Proj::from_proj_string(text).map_err(|error| {
                Error::refused(
                    format!("the projection \"{text}\" is not understood: {error}"),
                    "give the projection as EPSG:… or as PROJ text",
                )
            })
        };
        Ok(Self { from: proj(&georeference.proj)?, to: proj("+proj=longlat +datum=WGS84")? })
    }

    /// Longitude and latitude in degrees.
    ///
    /// # Errors
    /// Refused where the place is not within the projection's reach.
    pub(crate) fn at(&self, [x, y]: [f64; 2]) -> Result<[f64; 2]> {
        let mut place = if self.from.is_latlong() {
            (x.to_radians(), y.to_radians(), 0.0)
        } else {
            (x, y, 0.0)
        };
        let outside = || {
            Error::refused(
                format!("{x}, {y} lies outside of the scene's projection"),
                "zones must be in the projection of the scene",
            )
        };
        proj4rs::transform::transform(&self.from, &self.to, &mut place).map_err(|_| outside())?;
        let lon_lat = [place.0.to_degrees(), place.1.to_degrees()];
        if lon_lat.iter().all(|degrees| degrees.is_finite()) { Ok(lon_lat) } else { Err(outside()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(proj: &str) -> Result<Crs> {
        of(&Georeference { affine: [1.0; 6], epsg: None, proj: proj.into() })
    }

    #[test]
    fn utm_on_wgs84_in_projs_text_has_its_code() {
        let crs = text("+proj=utm +zone=48 +south +datum=WGS84 +units=m +no_defs").unwrap();
        assert_eq!(crs.epsg, Some(32748));
        assert_eq!(crs.name, "WGS 84 / UTM zone 48S");
    }

    #[test]
    fn a_datum_shift_is_kept_in_the_words() {
        let crs = text("+proj=tmerc +lon_0=30 +ellps=krass +towgs84=24,-121,-76").unwrap();
        assert!(crs.wkt.contains("TOWGS84[24,-121,-76,0,0,0,0]"), "{}", crs.wkt);
    }

    #[test]
    fn what_has_no_words_is_refused_with_a_hint() {
        for proj in [
            "+proj=utm +datum=WGS84",
            "+proj=moll +datum=WGS84",
            "+proj=tmerc +datum=WGS84 +units=us-ft",
            "+proj=tmerc +ellps=flat",
            "",
        ] {
            let error = text(proj).unwrap_err().to_string();
            assert!(error.contains("hint: reproject"), "{error}");
        }
    }
}
