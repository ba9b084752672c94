//! GeoJSON after RFC 7946: WGS84, longitude first, outlines counter-clockwise, seven decimals
//! (a centimetre).

use serde_json::{Map, Value as Json, json};

use super::columns::{COLUMNS, Value, rounded, values};
use super::crs::ToWgs84;
use super::{Format, Outgoing, place, words, zones};
use crate::error::Result;
use crate::survey::Crater;

/// The craters: rims as polygons, or points where the diameter in metres is not known.
pub(crate) fn craters(out: &Outgoing<'_>) -> Result<String> {
    out.needs_ground(Format::GeoJson)?;
    let names = words::feature_names();
    let features = out.craters.iter().map(|crater| crater_feature(crater, out, &names)).collect();
    Ok(collection(out, "craters", features))
}

/// The zones.
pub(crate) fn zones(out: &Outgoing<'_>) -> Result<String> {
    let Some(georeference) = &out.survey.georeference else {
        return Ok(collection(out, "zones", Vec::new()));
    };
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
    let features = out.options.zones.iter().map(feature).collect::<Result<_>>()?;
    Ok(collection(out, "zones", features))
}

/// A feature a line, so that two versions of a file can be compared.
fn collection(out: &Outgoing<'_>, name: &str, features: Vec<Json>) -> String {
    let lines: Vec<String> = features.iter().map(Json::to_string).collect();
    let description = json!(words::description(out.survey));
    format!(
        "{{\"type\":\"FeatureCollection\",\"name\":\"{name}\",\"description\":{description},\
         \"features\":[\n{}\n]}}\n",
        lines.join(",\n")
    )
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
