//! Shapefile: rims as polygons with a table, and beside them the projection and the encoding.
//! Names of columns have ten letters at most, text 254 bytes; the decision path has no room here.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use shapefile::dbase::{FieldName, FieldValue, Record, TableWriterBuilder};
use shapefile::{Point, Polygon, PolygonRing, ShapeWriter};

use super::columns::{COLUMNS, Column, Kind, Value, values};
use super::{Outgoing, crs, part_of, place, whole};
use crate::error::{Error, Result};

/// The longest text of a table.
const TEXT_BYTES: u8 = 254;

/// Writes `.shp`, `.shx`, `.dbf`, `.cpg` and, where the scene has a place, `.prj`.
pub(crate) fn write(out: &Outgoing<'_>, path: &Path) -> Result<()> {
    let crs = out.survey.georeference.as_ref().map(crs::of).transpose()?;
    let prj = path.with_extension("prj");
    match crs {
        Some(crs) => whole(&prj, crs.esri.as_bytes())?,
        // One of an earlier survey would be a lie.
        None if prj.exists() => std::fs::remove_file(&prj)
            .map_err(|source| Error::Write { path: prj.clone(), source })?,
        None => {}
    }
    whole(&path.with_extension("cpg"), b"UTF-8")?;
    let files = ["dbf", "shx", "shp"].map(|extension| path.with_extension(extension));
    let failed = |source| Error::Write { path: path.to_owned(), source };
    fill(out, &files).map_err(|error| failed(io::Error::other(error)))?;
    for file in &files {
        std::fs::rename(part_of(file), file).map_err(failed)?;
    }
    Ok(())
}

/// Writes the three files under the names that they have while they are written.
fn fill(
    out: &Outgoing<'_>,
    [dbf, shx, shp]: &[PathBuf; 3],
) -> std::result::Result<(), shapefile::Error> {
    let open = |file: &Path| io::Result::Ok(BufWriter::new(File::create(part_of(file))?));
    {
        let mut shapes = ShapeWriter::with_shx(open(shp)?, open(shx)?);
        let mut table = table()?.build_with_dest(open(dbf)?);
        for crater in &out.craters {
            let rim = place::rim(crater, out.survey.georeference.as_ref());
            let corners = rim.iter().map(|[x, y]| Point::new(*x, *y)).collect();
            let mut record = Record::default();
            for (column, value) in COLUMNS.iter().zip(values(crater, out)) {
                record.insert(column.short.to_owned(), field(column, value));
            }
            // Outlines run clockwise here; the ring is turned by its constructor.
            let polygon = Polygon::new(PolygonRing::Outer(corners));
            shapes.write_shape(&polygon)?;
            table.write_record(&record)?;
        }
        // Dropped without this, they would keep a full disk to themselves.
        shapes.finalize()?;
        table.finalize()?;
    }
    if out.craters.is_empty() {
        std::fs::write(part_of(shp), empty_head())?;
        std::fs::write(part_of(shx), empty_head())?;
    }
    without_date(&part_of(dbf))?;
    Ok(())
}

fn table() -> std::result::Result<TableWriterBuilder, shapefile::Error> {
    let mut table = TableWriterBuilder::new();
    for column in COLUMNS {
        let name = FieldName::try_from(column.short).map_err(|_| too_long())?;
        table = match column.kind {
            Kind::Integer => table.add_numeric_field(name, 18, 0),
            Kind::Real => table.add_numeric_field(name, 18, 4),
            Kind::Text => table.add_character_field(name, text_bytes(column.short)),
            Kind::Boolean => table.add_logical_field(name),
        };
    }
    Ok(table)
}

/// Room for a text. A table keeps it for each row, filled or not.
fn text_bytes(short: &str) -> u8 {
    match short {
        "class" | "verdict" => 12,
        "evid_class" | "sensor" => 60,
        _ => TEXT_BYTES,
    }
}

fn too_long() -> shapefile::Error {
    shapefile::Error::IoError(std::io::Error::other("a column's short name is too long"))
}

fn field(column: &Column, value: Value) -> FieldValue {
    match (column.kind, value) {
        (_, Value::Integer(number)) => FieldValue::Numeric(Some(number as f64)),
        (_, Value::Real(number)) => FieldValue::Numeric(Some(number)),
        (_, Value::Text(text)) => {
            FieldValue::Character(Some(cut(&text, text_bytes(column.short)).to_owned()))
        }
        (_, Value::Boolean(is)) => FieldValue::Logical(Some(is)),
        (Kind::Text, Value::Nothing) => FieldValue::Character(None),
        (Kind::Boolean, Value::Nothing) => FieldValue::Logical(None),
        (_, Value::Nothing) => FieldValue::Numeric(None),
    }
}

/// So much of a text as fits, in whole letters.
fn cut(text: &str, n_bytes: u8) -> &str {
    let mut end = text.len().min(usize::from(n_bytes));
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
fn without_date(dbf: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(dbf)?;
    file.seek(SeekFrom::Start(1))?;
    file.write_all(&[70, 1, 1])
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
        assert_eq!(cut(&"ạ".repeat(100), TEXT_BYTES).len(), 252);
    }
}
