//! GeoJSON after RFC 7946: WGS84, longitude first, outlines counter-clockwise, seven decimals
//! (a centimetre).

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::columns::{COLUMNS, Value, rounded, values};
use super::crs::ToWgs84;
use super::{Outgoing, place, streamed, words, zones};
use crate::data::Georeference;
use crate::error::Result;
use crate::survey::Crater;

/// The craters: rims as polygons, or points where the diameter in metres is not known.
pub(crate) fn craters(out: &Outgoing<'_>, to: &mut impl Write) -> io::Result<()> {
    let names = &out.survey.questions;
    let features = out.craters.iter().map(|crater| crater_feature(crater, out, names));
    collection(out, "craters", features, to)
}

/// The zones.
pub(crate) fn zones(out: &Outgoing<'_>, georeference: &Georeference, path: &Path) -> Result<()> {
    let to_wgs84 = ToWgs84::new(georeference)?;
    let feature = |zone: &zones::Zone| {
        let mut coordinates = Vec::new();
        for polygon in zones::polygons(zone) {
            let ring = |ring: &Vec<[f64; 2]>| {
                ring.iter().map(|place| to_wgs84.at(*place).map(degrees)).collect::<Result<Json>>()
            };
            coordinates.push(polygon.iter().map(ring).collect::<Result<Json>>()?);
        }
        let mut properties: Map<String, Json> =
            zone.attributes.iter().map(|(name, value)| (name.clone(), property(value))).collect();
        properties.insert("evidence_class".into(), json!(out.survey.evidence_class));
        properties.insert("is_synthetic".into(), json!(out.survey.is_synthetic));
        let geometry = json!({"type": "MultiPolygon", "coordinates": coordinates});
        Ok(json!({"type": "Feature", "properties": properties, "geometry": geometry}))
    };
    let features = out.options.zones.iter().map(feature).collect::<Result<Vec<Json>>>()?;
    streamed(path, |to| collection(out, "zones", features.into_iter(), to))
}

/// A feature a line, so that two versions of a file can be compared.
fn collection(
    out: &Outgoing<'_>,
    name: &str,
    features: impl Iterator<Item = Json>,
    to: &mut impl Write,
) -> io::Result<()> {
    let description = json!(words::description(out.survey));
    write!(
        to,
        "{{\"type\":\"FeatureCollection\",\"name\":\"{name}\",\"description\":{description},\
         \"features\":["
    )?;
    for (i, feature) in features.enumerate() {
        write!(to, "{}\n{feature}", if i > 0 { "," } else { "" })?;
    }
    to.write_all(b"\n]}\n")
}

fn crater_feature(crater: &Crater, out: &Outgoing<'_>, names: &[String]) -> Json {
    let pairs = COLUMNS.iter().zip(values(crater, out));
    let mut properties: Map<String, Json> =
        pairs.map(|(column, value)| (column.name.to_owned(), property(&value))).collect();
    let centre = crater.lon_lat.map(degrees);
    properties.insert("centre".into(), json!(centre));
    properties.insert("path".into(), json!(words::path_in_words(&crater.path, names)));
    let geometry = match place::rim_wgs84(crater) {
        Some(rim) => {
            let rim: Vec<Json> = rim.into_iter().map(degrees).collect();
            json!({"type": "Polygon", "coordinates": [rim]})
        }
        None => json!({"type": "Point", "coordinates": centre}),
    };
    json!({"type": "Feature", "id": crater.id, "properties": properties, "geometry": geometry})
}

fn degrees([lon, lat]: [f64; 2]) -> Json {
    json!([rounded(lon, 7), rounded(lat, 7)])
}

fn property(value: &Value) -> Json {
    match value {
        Value::Nothing => Json::Null,
        Value::Integer(number) => json!(number),
        Value::Real(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::Boolean(is) => json!(is),
    }
}
