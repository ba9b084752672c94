//! Bombing records: THOR's CSV and plain CSV, cleaned once, every row that was left out named.
//!
//! Positions that leave this module are longitude and latitude in WGS84. What a row says is not
//! evidence of a place: each record carries the error of its position, and whoever reads records
//! must use it. This module knows no image and no crater.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::Result;

pub mod datum;
mod plain;
pub mod stick;
mod swapped;
mod table;
#[cfg(test)]
mod tests;
mod thor;

pub use datum::Datum;
pub use stick::Stick;

/// Bombs that one aircraft can carry: the "Big Belly" B-52D, 84 inside and 24 outside. THOR's
/// cleaning for the KH-9 study uses the same number.
pub const MOST_BOMBS_A_PLANE: u32 = 108;

/// Error of a recorded position where none is given, metres, one standard deviation: the class of
/// error that users of THOR state (about 400 m).
pub const POSITION_ERROR_M: f64 = 400.0;

/// What fell. The two kinds fail at different rates and never share a prior.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// General-purpose bombs, which leave craters.
    GeneralPurpose,
    /// Cluster munitions, counted in containers. They leave no crater that a survey sees.
    Cluster,
    /// The file does not say; taken as general-purpose, with a note.
    Unstated,
}

/// One row that was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its line in the file, from 1.
    pub line: u64,
    /// The mission's name, where there is one.
    pub mission: Option<String>,
    /// The source within the file, such as SEADAB.
    pub source: Option<String>,
    /// When.
    pub date: Option<Date>,
    /// Longitude and latitude, WGS84, degrees.
    pub lon_lat: [f64; 2],
    /// One standard deviation of the position, metres, east and north alike.
    pub error_m: f64,
    /// Bombs, or containers of cluster munitions.
    pub n_bombs: u32,
    /// What they were.
    pub kind: Kind,
    /// What the row calls the weapon.
    pub weapon: Option<String>,
    /// Pounds each.
    pub weight_lb: Option<f64>,
    /// Aircraft.
    pub n_aircraft: Option<u32>,
    /// The aircraft's type.
    pub aircraft: Option<String>,
    /// What the mission was for.
    pub mission_function: Option<String>,
    /// How the bombs of one aircraft lay.
    pub stick: Option<Stick>,
}

/// Why a row was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A cell is missing or is not what its column says.
    Unreadable,
    /// No position on Earth.
    NoPosition,
    /// Fewer than one bomb.
    NoBombs,
    /// More bombs than the aircraft carry.
    OverCapacity,
    /// The same mission is in the file by another source.
    Duplicate,
    /// The mission dropped nothing that explodes.
    NotKinetic,
    /// Neither a general-purpose bomb nor a cluster munition.
    OtherWeapon,
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its line in the file, from 1.
    pub line: u64,
    /// Why, as a class.
    pub reason: Reason,
    /// Why, in words with the row's own values.
    pub what: String,
}

/// A file of records, cleaned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records {
    /// General-purpose bombs.
    pub bombs: Vec<Record>,
    /// Cluster munitions, apart.
    pub clusters: Vec<Record>,
    /// What was left out, by line.
    pub left_out: Vec<LeftOut>,
    /// What was mended, guessed or is suspicious.
    pub warnings: Vec<String>,
    /// What the reader should know of how the file was read.
    pub notes: Vec<String>,
}

/// What the user says about a file of records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// The datum of its coordinates, where the file's kind does not settle it.
    pub datum: Option<Datum>,
    /// West, south, east, north of the survey in degrees: tells swapped coordinates apart.
    pub bounds: Option<[f64; 4]>,
    /// Error of positions that state none, metres.
    pub error_m: Option<f64>,
    /// Most bombs an aircraft carries.
    pub most_bombs_a_plane: Option<u32>,
}

/// Reads THOR's CSV, THOR gathered by mission, or a plain CSV with the columns `lon`, `lat`,
/// `n_bombs`, and if known `date`, `heading_deg`, `spacing_m`, `length_m`, `error_m`, `kind`,
/// `n_aircraft`, `aircraft`, `mission`. Columns are found by name.
///
/// # Errors
/// Where the file cannot be read, needed columns are absent, or no row can be kept.
pub fn read(path: &Path, options: &Options) -> Result<Records> {
    let table = table::Table::read(path)?;
    let mut records = match thor::is_thor(&table) {
        true => thor::records(&table, options)?,
        false => plain::records(&table, options)?,
    };
    swapped::mend(&mut records, options.bounds);
    datum::shift(&mut records, options.datum.unwrap_or(thor::datum_of(&table)))?;
    records.left_out.sort_by_key(|row| row.line);
    if records.bombs.is_empty() && records.clusters.is_empty() {
        let why = records.left_out.first().map_or_else(
            || "it has no rows".to_owned(),
            |row| format!("line {}: {}", row.line, row.what),
        );
        return Err(crate::Error::input(
            path,
            None,
            format!("no row of {} can be used; {why}", records.left_out.len()),
            "mend the rows, or give a file with lon, lat and n_bombs",
        ));
    }
    Ok(records)
}

impl Records {
    /// General-purpose bombs in all rows.
    pub fn n_bombs(&self) -> u64 {
        self.bombs.iter().map(|record| u64::from(record.n_bombs)).sum()
    }

    /// Rows left out by reason.
    pub fn left_out_by_reason(&self) -> BTreeMap<Reason, usize> {
        let mut counts = BTreeMap::new();
        for row in &self.left_out {
            *counts.entry(row.reason).or_default() += 1;
        }
        counts
    }
}

/// A row's fate while a file is read.
enum Row {
    Kept(Box<Record>),
    Left(LeftOut),
}

impl Row {
    fn left(line: u64, reason: Reason, what: impl Into<String>) -> Self {
        Self::Left(LeftOut { line, reason, what: what.into() })
    }
}

impl Records {
    fn put(&mut self, row: Row) {
        match row {
            Row::Kept(record) if record.kind == Kind::Cluster => self.clusters.push(*record),
            Row::Kept(record) => self.bombs.push(*record),
            Row::Left(row) => self.left_out.push(row),
        }
    }
}

/// The capacity rule: no aircraft drops more than it carries. A row that does not say how many
/// aircraft there were is taken for one a source row.
fn over_capacity(n_bombs: u32, n_aircraft: Option<u32>, n_rows: u32, most: u32) -> Option<String> {
    let planes = n_aircraft.filter(|n| *n > 0).unwrap_or(n_rows.max(1));
    let said = match n_aircraft {
        Some(n) if n > 0 => format!("{n} aircraft"),
        _ => format!("{planes} aircraft (number not given)"),
    };
    (u64::from(n_bombs) > u64::from(most) * u64::from(planes))
        .then(|| format!("{n_bombs} bombs by {said}: more than {most} each cannot be carried"))
}
