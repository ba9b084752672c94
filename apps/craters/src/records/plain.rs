//! A plain CSV: `lon`, `lat`, `n_bombs` and what else is known.

use jiff::civil::Date;

use super::table::{Cells, Column, Table};
use super::{
    Kind, MOST_BOMBS_A_PLANE, Options, POSITION_ERROR_M, Reason, Record, Records, Row, Stick,
    over_capacity,
};
use crate::error::Result;

struct Columns {
    lon: Option<Column>,
    lat: Option<Column>,
    n_bombs: Option<Column>,
    date: Option<Column>,
    heading: Option<Column>,
    spacing: Option<Column>,
    length: Option<Column>,
    error: Option<Column>,
    kind: Option<Column>,
    weapon: Option<Column>,
    n_aircraft: Option<Column>,
    aircraft: Option<Column>,
    mission: Option<Column>,
}

impl Columns {
    fn of(table: &Table) -> Result<Self> {
        Ok(Self {
            lon: Some(table.needed(&["lon", "longitude", "long", "lng", "x"])?),
            lat: Some(table.needed(&["lat", "latitude", "y"])?),
            n_bombs: Some(table.needed(&["n_bombs", "bombs", "number", "count"])?),
            date: table.column(&["date", "mission_date"]),
            heading: table.column(&["heading_deg", "heading"]),
            spacing: table.column(&["spacing_m", "spacing"]),
            length: table.column(&["length_m", "length"]),
            error: table.column(&["error_m", "error", "cep_m"]),
            kind: table.column(&["kind", "munition"]),
            weapon: table.column(&["weapon", "weapon_type"]),
            n_aircraft: table.column(&["n_aircraft", "number_of_aircraft"]),
            aircraft: table.column(&["aircraft"]),
            mission: table.column(&["mission", "id"]),
        })
    }
}

/// The records of a plain CSV.
pub(super) fn records(table: &Table, options: &Options) -> Result<Records> {
    let columns = Columns::of(table)?;
    let mut records = Records::default();
    for cells in &table.rows {
        records.put(row(cells, &columns, options));
    }
    let n_unstated = records.bombs.iter().filter(|row| row.kind == Kind::Unstated).count();
    if n_unstated > 0 {
        records.notes.push(format!(
            "{n_unstated} rows do not say what fell and are taken as general-purpose bombs"
        ));
    }
    Ok(records)
}

fn row(cells: &Cells, columns: &Columns, options: &Options) -> Row {
    let line = cells.line;
    let left = |reason, what: &str| Row::left(line, reason, what);
    let (Some(lon), Some(lat)) = (cells.number(columns.lon), cells.number(columns.lat)) else {
        return left(Reason::NoPosition, "lon or lat is not a number");
    };
    let Some(n_bombs) = cells.count(columns.n_bombs) else {
        return left(Reason::Unreadable, "n_bombs is not a whole number");
    };
    if n_bombs == 0 {
        return left(Reason::NoBombs, "no bombs");
    }
    let date = match cells.text(columns.date).map(date) {
        Some(None) => return left(Reason::Unreadable, "date is not written as 1970-03-01"),
        Some(date) => date,
        None => None,
    };
    let kind = match cells.text(columns.kind).map(kind) {
        Some(None) => {
            return left(Reason::OtherWeapon, "kind is neither general-purpose nor cluster");
        }
        Some(Some(kind)) => kind,
        None => Kind::Unstated,
    };
    let n_aircraft = cells.count(columns.n_aircraft);
    let most = options.most_bombs_a_plane.unwrap_or(MOST_BOMBS_A_PLANE);
    if let Some(what) = over_capacity(n_bombs, n_aircraft, 1, most) {
        return Row::left(line, Reason::OverCapacity, what);
    }
    let error_m = cells.number(columns.error).or(options.error_m).unwrap_or(POSITION_ERROR_M);
    if !(error_m >= 0.0) {
        return left(Reason::Unreadable, "error_m is below zero");
    }
    let [heading, spacing, length] =
        [columns.heading, columns.spacing, columns.length].map(|column| cells.number(column));
    let text = |column| cells.text(column).map(str::to_owned);
    Row::Kept(Box::new(Record {
        line,
        mission: text(columns.mission),
        source: None,
        date,
        lon_lat: [lon, lat],
        error_m,
        n_bombs,
        kind,
        weapon: text(columns.weapon),
        weight_lb: None,
        n_aircraft,
        aircraft: text(columns.aircraft),
        mission_function: None,
        stick: Stick::of(n_bombs, n_aircraft, heading, spacing, length),
    }))
}

fn kind(text: &str) -> Option<Kind> {
    match text.to_ascii_lowercase().replace([' ', '_'], "-").as_str() {
        "general-purpose" | "gp" | "bomb" => Some(Kind::GeneralPurpose),
        "cluster" | "cbu" => Some(Kind::Cluster),
        _ => None,
    }
}

/// `1970-03-01`, also with a time behind it, or `19700301`. THOR's 29 February 1970 is 1 March.
pub(super) fn date(text: &str) -> Option<Date> {
    let day: String = text.chars().take_while(|sign| *sign != 'T' && *sign != ' ').collect();
    let digits: String = day.chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 8 || day.chars().any(|sign| !sign.is_ascii_digit() && sign != '-') {
        return None;
    }
    let digits = if digits == "19700229" { "19700301" } else { digits.as_str() };
    let part = |from: usize, to: usize| digits[from..to].parse().ok();
    Date::new(part(0, 4)?, part(4, 6)? as i8, part(6, 8)? as i8).ok()
}
