//! GeoPackage 1.3 (OGC 12-128r17): SQLite with a few tables of its own. The only file here that
//! knows SQL.

use std::fs;
use std::path::Path;

use rusqlite::types::Value as Cell;
use rusqlite::{Connection, params, params_from_iter};

use super::columns::{COLUMNS, Kind, Value, values};
use super::crs::{self, Crs};
use super::{Outgoing, part_of, place, words, zones};
use crate::error::{Error, Result};
use crate::survey::Crater;

/// "GPKG", clause 1.1.1.1.1.
const APPLICATION_ID: i64 = 0x4750_4B47;
/// Version 1.3.0.
const USER_VERSION: i64 = 10_300;
/// "Undefined cartesian", clause 1.1.2.1.2: for pixels.
const CARTESIAN: i64 = -1;
/// Numbers of our own begin here: a projection that EPSG does not list.
const OWN_SYSTEM: i64 = 100_001;

const TABLES: &str = "
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
";

/// Craters as polygons and as points, and the zones where there are some.
pub(crate) fn write(out: &Outgoing<'_>, path: &Path) -> Result<()> {
    with_file(out, path, |file| {
        file.layer(crater_layer(out, "craters", "POLYGON", rim_blob))?;
        file.layer(crater_layer(out, "crater_centres", "POINT", centre_blob))?;
        if out.options.zones.is_empty() { Ok(()) } else { file.layer(zone_layer(out)) }
    })
}

/// The zones alone.
pub(crate) fn write_zones(out: &Outgoing<'_>, path: &Path) -> Result<()> {
    with_file(out, path, |file| file.layer(zone_layer(out)))
}

/// A table with a geometry.
struct Layer<'a> {
    name: &'static str,
    description: String,
    geometry: &'static str,
    fields: Vec<(String, Kind)>,
    rows: Box<dyn Iterator<Item = (Shape, Vec<Value>)> + 'a>,
}

/// What a layer's geometry is made of.
enum Shape {
    Point([f64; 2]),
    Polygon(zones::Polygon),
    Polygons(Vec<zones::Polygon>),
}

struct File {
    connection: Connection,
    srs_id: i64,
    when: String,
}

fn with_file(
    out: &Outgoing<'_>,
    path: &Path,
    fill: impl Fn(&File) -> rusqlite::Result<()>,
) -> Result<()> {
    let crs = out.survey.georeference.as_ref().map(crs::of).transpose()?;
    let failed = |source: std::io::Error| Error::Write { path: path.to_owned(), source };
    let part = part_of(path);
    if part.exists() {
        fs::remove_file(&part).map_err(failed)?;
    }
    let write = || {
        let file = File::create(&part, crs.as_ref(), out)?;
        fill(&file)?;
        file.connection.execute_batch("COMMIT")
    };
    write().map_err(|error| failed(std::io::Error::other(error)))?;
    fs::rename(&part, path).map_err(failed)
}

impl File {
    fn create(part: &Path, crs: Option<&Crs>, out: &Outgoing<'_>) -> rusqlite::Result<Self> {
        let connection = Connection::open(part)?;
        // Nobody reads the file before it has its name: a journal would protect nothing.
        connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", USER_VERSION)?;
        connection.execute_batch(TABLES)?;
        let system = "INSERT OR REPLACE INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)";
        let wgs84 = crs::wgs84_wkt();
        connection
            .execute(system, params!["Undefined cartesian SRS", -1, "NONE", -1, "undefined"])?;
        connection
            .execute(system, params!["Undefined geographic SRS", 0, "NONE", 0, "undefined"])?;
        connection.execute(system, params!["WGS 84 geodetic", 4326, "EPSG", 4326, wgs84])?;
        let srs_id = match crs {
            None => CARTESIAN,
            Some(crs) => {
                let id = crs.epsg.map_or(OWN_SYSTEM, i64::from);
                let organisation = if crs.epsg.is_some() { "EPSG" } else { "NONE" };
                connection.execute(system, params![crs.name, id, organisation, id, crs.wkt])?;
                id
            }
        };
        let when = out.options.when.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Ok(Self { connection, srs_id, when: when.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string() })
    }

    fn layer(&self, mut layer: Layer<'_>) -> rusqlite::Result<()> {
        let fields: String = layer
            .fields
            .iter()
            .map(|(name, kind)| format!(", {} {}", quoted(name), sql_type(*kind)))
            .collect();
        self.connection.execute_batch(&format!(
            "CREATE TABLE {} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {}{fields})",
            layer.name, layer.geometry
        ))?;
        let [x0, y0, x1, y1] = self.rows(&mut layer)?.map_or([None; 4], |extent| extent.map(Some));
        self.connection.execute(
            "INSERT INTO gpkg_contents VALUES (?, 'features', ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                layer.name,
                layer.name,
                layer.description,
                self.when,
                x0,
                y0,
                x1,
                y1,
                self.srs_id
            ],
        )?;
        self.connection.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)",
            params![layer.name, layer.geometry, self.srs_id],
        )?;
        Ok(())
    }

    /// Writes the rows and returns what they extend over.
    fn rows(&self, layer: &mut Layer<'_>) -> rusqlite::Result<Option<[f64; 4]>> {
        let places = ", ?".repeat(layer.fields.len());
        let insert = format!("INSERT INTO {} VALUES (NULL, ?{places})", layer.name);
        let mut insert = self.connection.prepare(&insert)?;
        let mut whole: Option<[f64; 4]> = None;
        for (shape, values) in &mut layer.rows {
            let (blob, extent) = blob(&shape, self.srs_id as i32);
            let cells = values.iter().map(cell);
            insert.execute(params_from_iter([Cell::Blob(blob)].into_iter().chain(cells)))?;
            whole = Some(whole.map_or(extent, |whole| united(whole, extent)));
        }
        Ok(whole)
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "INTEGER",
        Kind::Real => "REAL",
        Kind::Text => "TEXT",
        Kind::Boolean => "BOOLEAN",
    }
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Nothing => Cell::Null,
        Value::Integer(number) => Cell::Integer(*number),
        Value::Real(number) => Cell::Real(*number),
        Value::Text(text) => Cell::Text(text.clone()),
        Value::Boolean(is) => Cell::Integer(i64::from(*is)),
    }
}

fn rim_blob(crater: &Crater, out: &Outgoing<'_>) -> Shape {
    Shape::Polygon(vec![place::rim(crater, out.survey.georeference.as_ref())])
}

fn centre_blob(crater: &Crater, out: &Outgoing<'_>) -> Shape {
    Shape::Point(place::centre(crater, out.survey.georeference.as_ref()))
}

fn crater_layer<'a>(
    out: &'a Outgoing<'_>,
    name: &'static str,
    geometry: &'static str,
    shape: fn(&Crater, &Outgoing<'_>) -> Shape,
) -> Layer<'a> {
    let mut fields: Vec<(String, Kind)> =
        COLUMNS.iter().map(|column| (column.name.to_owned(), column.kind)).collect();
    fields.push(("path".to_owned(), Kind::Text));
    let names = &out.survey.questions;
    let row = move |crater: &Crater| {
        let mut values = values(crater, out);
        values.push(Value::Text(words::path_in_words(&crater.path, names)));
        (shape(crater, out), values)
    };
    let rows = Box::new(out.craters.iter().map(move |crater| row(crater)));
    Layer { name, description: words::description(out.survey), geometry, fields, rows }
}

fn zone_layer(out: &Outgoing<'_>) -> Layer<'static> {
    let zones = &out.options.zones;
    let mut fields = zones::fields(zones);
    let value = |zone: &zones::Zone, name: &str| {
        let found = zone.attributes.iter().find(|(known, _)| known == name);
        found.map_or(Value::Nothing, |(_, value)| value.clone())
    };
    let row = |zone: &zones::Zone| {
        let mut values: Vec<Value> = fields.iter().map(|(name, _)| value(zone, name)).collect();
        values.push(Value::Text(out.survey.evidence_class.clone()));
        values.push(Value::Boolean(out.survey.is_synthetic));
        (Shape::Polygons(zones::polygons(zone)), values)
    };
    let rows: Vec<_> = zones.iter().map(row).collect();
    let rows = Box::new(rows.into_iter());
    fields.push(("evidence_class".to_owned(), Kind::Text));
    fields.push(("is_synthetic".to_owned(), Kind::Boolean));
    let description = words::description(out.survey);
    Layer { name: "zones", description, geometry: "MULTIPOLYGON", fields, rows }
}

/// A geometry as clause 2.1.3 wants it, little-endian with its extent, and the extent as
/// `[x0, y0, x1, y1]`.
fn blob(shape: &Shape, srs_id: i32) -> (Vec<u8>, [f64; 4]) {
    let extent = extent_of(shape);
    let [x0, y0, x1, y1] = extent;
    let (is_point, is_empty) = (matches!(shape, Shape::Point(_)), !x0.is_finite());
    // Bit 0: little-endian. Bits 1-3: an extent of two axes. Bit 4: empty.
    let flags = 1 | u8::from(!is_point && !is_empty) << 1 | u8::from(is_empty) << 4;
    let mut blob = vec![b'G', b'P', 0, flags];
    blob.extend(srs_id.to_le_bytes());
    if !is_point && !is_empty {
        [x0, x1, y0, y1].iter().for_each(|value| blob.extend(value.to_le_bytes()));
    }
    match shape {
        Shape::Point(place) => {
            wkb_head(&mut blob, 1);
            place.iter().for_each(|value| blob.extend(value.to_le_bytes()));
        }
        Shape::Polygon(polygon) => wkb_polygon(&mut blob, polygon),
        Shape::Polygons(polygons) => {
            wkb_head(&mut blob, 6);
            blob.extend((polygons.len() as u32).to_le_bytes());
            polygons.iter().for_each(|polygon| wkb_polygon(&mut blob, polygon));
        }
    }
    (blob, extent)
}

fn wkb_head(blob: &mut Vec<u8>, kind: u32) {
    blob.push(1);
    blob.extend(kind.to_le_bytes());
}

fn wkb_polygon(blob: &mut Vec<u8>, polygon: &zones::Polygon) {
    wkb_head(blob, 3);
    blob.extend((polygon.len() as u32).to_le_bytes());
    for ring in polygon {
        blob.extend((ring.len() as u32).to_le_bytes());
        ring.iter().flatten().for_each(|value| blob.extend(value.to_le_bytes()));
    }
}

const NOWHERE: [f64; 4] = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];

fn extent_of(shape: &Shape) -> [f64; 4] {
    let of_rings = |rings: &mut dyn Iterator<Item = &Vec<[f64; 2]>>| {
        rings.flatten().fold(NOWHERE, |extent, [x, y]| united(extent, [*x, *y, *x, *y]))
    };
    match shape {
        Shape::Point([x, y]) => [*x, *y, *x, *y],
        Shape::Polygon(polygon) => of_rings(&mut polygon.iter()),
        Shape::Polygons(polygons) => of_rings(&mut polygons.iter().flatten()),
    }
}

fn united(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}
