//! A CSV whose columns are found by name. Knows nothing of bombs.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::error::Result;

/// All rows of a CSV, with the line of each.
pub(super) struct Table {
    pub(super) path: PathBuf,
    header: Vec<String>,
    pub(super) rows: Vec<Cells>,
}

/// One row.
pub(super) struct Cells {
    pub(super) line: u64,
    cells: Vec<String>,
}

/// Where a column stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column(usize);

impl Table {
    /// Reads a file whole; bytes that are not UTF-8 are replaced.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).map_err(|source| Error::Io { path: path.into(), source })?;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .delimiter(delimiter(text))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let broken = |error: csv::Error| {
            let line = error.position().map(csv::Position::line);
            Error::input(path, line, error.to_string(), "save it as CSV once more")
        };
        let header = reader.headers().map_err(broken)?.iter().map(simple).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(broken)?;
            let line = record.position().map_or(0, csv::Position::line);
            rows.push(Cells { line, cells: record.iter().map(str::to_owned).collect() });
        }
        Ok(Self { path: path.into(), header, rows })
    }

    /// The first column that has one of these names, whatever the case and the signs between.
    pub(super) fn column(&self, names: &[&str]) -> Option<Column> {
        let at = |name: &&str| self.header.iter().position(|column| *column == simple(name));
        names.iter().find_map(at).map(Column)
    }

    /// As [`Self::column`], refused where there is none.
    pub(super) fn needed(&self, names: &[&str]) -> Result<Column> {
        self.column(names).ok_or_else(|| {
            Error::input(
                &self.path,
                1,
                format!("no column {}", names.join(" or ")),
                "name the columns lon, lat, n_bombs in the first line",
            )
        })
    }
}

impl Cells {
    /// The cell's text; none where it is empty or the row is short.
    pub(super) fn text(&self, column: Option<Column>) -> Option<&str> {
        let cell = self.cells.get(column?.0)?.as_str();
        (!cell.is_empty() && !cell.eq_ignore_ascii_case("na")).then_some(cell)
    }

    /// The cell as a finite number.
    pub(super) fn number(&self, column: Option<Column>) -> Option<f64> {
        self.text(column)?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// The cell as a count, which may be written with a fraction of zero.
    pub(super) fn count(&self, column: Option<Column>) -> Option<u32> {
        let number = self.number(column)?;
        let whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
        whole.then_some(number as u32)
    }
}

fn simple(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |sign: char| first.matches(sign).count();
    [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|sign| (count(*sign as char), *sign == b','))
        .unwrap_or(b',')
}
