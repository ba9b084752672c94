//! Shapefile: rims as polygons with a table, and beside them the projection and the encoding.
//! Names of columns have ten letters at most, text 254 bytes; the decision path has no room here.

use std::io::Cursor;
use std::path::Path;

use shapefile::dbase::{FieldName, FieldValue, Record, TableWriterBuilder};
use shapefile::{Point, Polygon, PolygonRing, ShapeWriter, Writer};

use super::columns::{COLUMNS, Kind, Value, values};
use super::{Outgoing, crs, place, whole};
use crate::error::{Error, Result};

/// The longest text of a table.
const TEXT_BYTES: u8 = 254;

/// Writes `.shp`, `.shx`, `.dbf`, `.cpg` and, where the scene has a place, `.prj`.
pub(crate) fn write(out: &Outgoing<'_>, path: &Path) -> Result<()> {
    let crs = out.survey.georeference.as_ref().map(crs::of).transpose()?;
    let [shp, shx, dbf] = bytes(out).map_err(|error| Error::Write {
        path: path.to_owned(),
        source: std::io::Error::other(error),
    })?;
    let prj = path.with_extension("prj");
    match crs {
        Some(crs) => whole(&prj, crs.esri.as_bytes())?,
        // One of an earlier survey would be a lie.
        None if prj.exists() => std::fs::remove_file(&prj)
            .map_err(|source| Error::Write { path: prj.clone(), source })?,
        None => {}
    }
    whole(&path.with_extension("cpg"), b"UTF-8")?;
    whole(&path.with_extension("dbf"), &dbf)?;
    whole(&path.with_extension("shx"), &shx)?;
    whole(path, &shp)
}

fn bytes(out: &Outgoing<'_>) -> std::result::Result<[Vec<u8>; 3], shapefile::Error> {
    let (mut shp, mut shx, mut dbf) =
        (Cursor::new(Vec::new()), Cursor::new(Vec::new()), Cursor::new(Vec::new()));
    {
        let shapes = ShapeWriter::with_shx(&mut shp, &mut shx);
        let mut writer = Writer::new(shapes, table()?.build_with_dest(&mut dbf));
        for crater in out.craters {
            let rim = place::rim(crater, out.survey.georeference.as_ref());
            let corners = rim.iter().map(|[x, y]| Point::new(*x, *y)).collect();
            let mut record = Record::default();
            for (column, value) in COLUMNS.iter().zip(values(crater, out)) {
                record.insert(column.short.to_owned(), field(column.kind, value));
            }
            // Outlines run clockwise here; the ring is turned by its constructor.
            let polygon = Polygon::new(PolygonRing::Outer(corners));
            writer.write_shape_and_record(&polygon, &record)?;
        }
    }
    let mut files = [shp.into_inner(), shx.into_inner(), dbf.into_inner()];
    if out.craters.is_empty() {
        let [shp, shx, _] = &mut files;
        (*shp, *shx) = (empty_head(), empty_head());
    }
    without_date(&mut files[2]);
    Ok(files)
}

fn table() -> std::result::Result<TableWriterBuilder, shapefile::Error> {
    let mut table = TableWriterBuilder::new();
    for column in COLUMNS {
        let name = FieldName::try_from(column.short).map_err(|_| too_long())?;
        table = match column.kind {
            Kind::Integer => table.add_numeric_field(name, 18, 0),
            Kind::Real => table.add_numeric_field(name, 18, 4),
            Kind::Text => table.add_character_field(name, TEXT_BYTES),
            Kind::Boolean => table.add_logical_field(name),
        };
    }
    Ok(table)
}

fn too_long() -> shapefile::Error {
    shapefile::Error::IoError(std::io::Error::other("a column's short name is too long"))
}

fn field(kind: Kind, value: Value) -> FieldValue {
    match (kind, value) {
        (_, Value::Integer(number)) => FieldValue::Numeric(Some(number as f64)),
        (_, Value::Real(number)) => FieldValue::Numeric(Some(number)),
        (_, Value::Text(text)) => FieldValue::Character(Some(cut(&text).to_owned())),
        (_, Value::Boolean(is)) => FieldValue::Logical(Some(is)),
        (Kind::Text, Value::Nothing) => FieldValue::Character(None),
        (Kind::Boolean, Value::Nothing) => FieldValue::Logical(None),
        (_, Value::Nothing) => FieldValue::Numeric(None),
    }
}

/// So much of a text as fits, in whole letters.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(usize::from(TEXT_BYTES));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The head of a file of no polygons (ESRI Shapefile Technical Description, July 1998, table 1).
fn empty_head() -> Vec<u8> {
    let mut head = vec![0; 100];
    head[..4].copy_from_slice(&9994_i32.to_be_bytes());
    head[24..28].copy_from_slice(&50_i32.to_be_bytes()); // length in 16-bit words
    head[28..32].copy_from_slice(&1000_i32.to_le_bytes());
    head[32..36].copy_from_slice(&5_i32.to_le_bytes()); // polygons
    head
}

/// Takes the day of writing out of the table: the same survey gives the same bytes.
fn without_date(dbf: &mut [u8]) {
    if let Some(date) = dbf.get_mut(1..4) {
        date.copy_from_slice(&[70, 1, 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_have_ten_letters_at_most_and_are_all_different() {
        let mut names = COLUMNS.map(|column| column.short);
        assert!(names.iter().all(|name| name.len() <= 10));
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_text_is_cut_between_letters() {
        assert_eq!(cut(&"ạ".repeat(100)).len(), 252);
    }
}
