//! THOR, the records of the US Air Force of the war in Vietnam: its full CSV, and the same gathered
//! by mission. Cleaning rules after the study of KH-9 images (Barthelme et al. 2024), each named
//! where it is applied.

use jiff::civil::Date;

use super::plain::date;
use super::table::{Cells, Column, Table};
use super::{
    Datum, Kind, MOST_BOMBS_A_PLANE, Options, POSITION_ERROR_M, Reason, Record, Records, Row,
    over_capacity,
};
use crate::error::Result;

/// From this day on SEADAB holds what SACCOACT holds.
const SEADAB_HOLDS_SACCOACT: Date = jiff::civil::date(1971, 4, 1);
/// Misnamed in THOR: these were heavy bombers.
const CARGO_DROP: &str = "COMBT CARGO AIR  DROP";

struct Columns {
    date: Option<Column>,
    source: Option<Column>,
    aircraft: Option<Column>,
    n_aircraft: Option<Column>,
    function: Option<Column>,
    class: Option<Column>,
    lat: Option<Column>,
    lon: Option<Column>,
    n_bombs: Option<Column>,
    weapon: Option<Column>,
    weight: Option<Column>,
    mission: Option<Column>,
    n_rows: Option<Column>,
    n_imputed: Option<Column>,
}

/// Whether the table has THOR's columns, in full or gathered by mission.
pub(super) fn is_thor(table: &Table) -> bool {
    table.column(&["NUMWEAPONSDELIVERED"]).is_some() || is_gathered(table)
}

/// THOR's coordinates are Indian 1960, also where its columns say WGS84; others are WGS84.
pub(super) fn datum_of(table: &Table) -> Datum {
    if is_thor(table) { Datum::Indian1960 } else { Datum::Wgs84 }
}

fn is_gathered(table: &Table) -> bool {
    table.column(&["mission_key"]).is_some() && table.column(&["record_n_bombs"]).is_some()
}

/// The records of THOR's CSV.
pub(super) fn records(table: &Table, options: &Options) -> Result<Records> {
    let gathered = is_gathered(table);
    let columns = if gathered { gathered_columns(table)? } else { full_columns(table)? };
    let mut records = Records::default();
    let mut n_imputed = 0;
    for cells in &table.rows {
        let row = row(cells, &columns, options, gathered);
        if matches!(row, Row::Kept(_)) {
            n_imputed += cells.count(columns.n_imputed).unwrap_or(0);
        }
        records.put(row);
    }
    if gathered {
        records.notes.push(format!(
            "rows are gathered by mission: weapon types are not stated and taken as \
             general-purpose bombs; weights of {n_imputed} weapons were imputed by who gathered them"
        ));
    }
    Ok(records)
}

fn full_columns(table: &Table) -> Result<Columns> {
    Ok(Columns {
        date: Some(table.needed(&["MSNDATE"])?),
        source: table.column(&["SOURCERECORD"]),
        aircraft: table.column(&["VALID_AIRCRAFT_ROOT"]),
        n_aircraft: table.column(&["NUMOFACFT"]),
        function: table.column(&["MFUNC_DESC"]),
        class: table.column(&["MFUNC_DESC_CLASS"]),
        lat: Some(table.needed(&["TGTLATDD_DDD_WGS84"])?),
        lon: Some(table.needed(&["TGTLONDDD_DDD_WGS84"])?),
        n_bombs: Some(table.needed(&["NUMWEAPONSDELIVERED"])?),
        weapon: Some(table.needed(&["WEAPONTYPE"])?),
        weight: table.column(&["WEAPONTYPEWEIGHT"]),
        mission: table.column(&["THOR_DATA_VIET_ID", "SOURCEID"]),
        n_rows: None,
        n_imputed: None,
    })
}

fn gathered_columns(table: &Table) -> Result<Columns> {
    Ok(Columns {
        date: Some(table.needed(&["mission_date"])?),
        source: table.column(&["source_record"]),
        aircraft: None,
        n_aircraft: None,
        function: None,
        class: None,
        lat: Some(table.needed(&["record_lat"])?),
        lon: Some(table.needed(&["record_lon"])?),
        n_bombs: Some(table.needed(&["record_n_bombs"])?),
        weapon: None,
        weight: None,
        mission: table.column(&["mission_key"]),
        n_rows: table.column(&["n_raw_rows"]),
        n_imputed: table.column(&["imputed_weapon_count"]),
    })
}

fn row(cells: &Cells, columns: &Columns, options: &Options, gathered: bool) -> Row {
    let line = cells.line;
    let left = |reason, what: String| Row::left(line, reason, what);
    let (Some(lon), Some(lat)) = (cells.number(columns.lon), cells.number(columns.lat)) else {
        return left(Reason::NoPosition, "target has no longitude or latitude".to_owned());
    };
    let Some(date) = cells.text(columns.date).and_then(date) else {
        let said = cells.text(columns.date).unwrap_or("nothing");
        return left(Reason::Unreadable, format!("mission date is {said}"));
    };
    let source = cells.text(columns.source).map(str::to_owned);
    if source.as_deref() == Some("SACCOACT") && date >= SEADAB_HOLDS_SACCOACT {
        return left(Reason::Duplicate, format!("SACCOACT of {date} is in SEADAB as well"));
    }
    let function = cells.text(columns.function);
    let is_heavy_bombing = function.is_some_and(is_cargo_drop);
    let class = cells.text(columns.class).unwrap_or("KINETIC");
    if !is_heavy_bombing && !class.eq_ignore_ascii_case("KINETIC") {
        return left(Reason::NotKinetic, format!("mission is {}", function.unwrap_or(class)));
    }
    let Some(n_bombs) = cells.count(columns.n_bombs) else {
        return left(Reason::Unreadable, "number of weapons is not a whole number".to_owned());
    };
    if n_bombs == 0 {
        return left(Reason::NoBombs, "no weapon was delivered".to_owned());
    }
    let n_aircraft = cells.count(columns.n_aircraft);
    let n_rows = cells.count(columns.n_rows).unwrap_or(1);
    let most = options.most_bombs_a_plane.unwrap_or(MOST_BOMBS_A_PLANE);
    if let Some(what) = over_capacity(n_bombs, n_aircraft, n_rows, most) {
        return left(Reason::OverCapacity, what);
    }
    let weapon = cells.text(columns.weapon).map(str::to_owned);
    let weight = weight_lb(cells.number(columns.weight), source.as_deref());
    let kind = if gathered { Some(Kind::Unstated) } else { kind(weapon.as_deref(), weight) };
    let Some(kind) = kind else {
        let said = weapon.as_deref().unwrap_or("an unnamed weapon");
        return left(Reason::OtherWeapon, format!("{said} is not a general-purpose bomb"));
    };
    Row::Kept(Box::new(Record {
        line,
        mission: cells.text(columns.mission).map(str::to_owned),
        source,
        date: Some(date),
        lon_lat: [lon, lat],
        error_m: options.error_m.unwrap_or(POSITION_ERROR_M),
        n_bombs,
        kind,
        weapon,
        weight_lb: weight,
        n_aircraft,
        aircraft: cells.text(columns.aircraft).map(str::to_owned),
        mission_function: match is_heavy_bombing {
            true => Some("HEAVY BOMBARD".to_owned()),
            false => function.map(str::to_owned),
        },
        stick: None,
    }))
}

fn is_cargo_drop(function: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    words(function) == words(CARGO_DROP)
}

/// Pounds of one weapon: SEADAB writes ten times the pounds.
fn weight_lb(written: Option<f64>, source: Option<&str>) -> Option<f64> {
    let written = written.filter(|weight| *weight > 0.0)?;
    Some(if source == Some("SEADAB") { written / 10.0 } else { written })
}

/// What a weapon is, by its name, else by its weight. None for anything that is neither a
/// general-purpose bomb nor a cluster munition.
pub(super) fn kind(weapon: Option<&str>, weight_lb: Option<f64>) -> Option<Kind> {
    let Some(weapon) = weapon.filter(|name| !name.eq_ignore_ascii_case("UNKNOWN")) else {
        return weight_lb
            .filter(|weight| type_of_weight(*weight).is_some())
            .map(|_| Kind::GeneralPurpose);
    };
    let name: String =
        weapon.to_ascii_uppercase().chars().map(|c| if c == '-' { ' ' } else { c }).collect();
    let words: Vec<&str> =
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let has = |word: &str| words.contains(&word);
    let numbered = |prefix: &str, numbers: &[&str]| {
        words.windows(2).any(|pair| pair[0] == prefix && numbers.contains(&pair[1]))
            || numbers.iter().any(|number| has(&format!("{prefix}{number}")))
    };
    if words.iter().any(|word| word.starts_with("CBU") || word.starts_with("CLUSTER")) {
        return Some(Kind::Cluster);
    }
    let is_general_purpose = has("GP")
        || numbered("MK", &["81", "82", "83", "84"])
        || numbered("M", &["57", "64", "65", "66", "117", "118"]);
    is_general_purpose.then_some(Kind::GeneralPurpose)
}

/// The bomb that weighs so many pounds in THOR's tables.
pub(super) fn type_of_weight(pounds: f64) -> Option<&'static str> {
    const TYPES: [(f64, &str); 5] = [
        (260.0, "250 lb general purpose"),
        (531.0, "500 lb general purpose"),
        (571.0, "500 lb general purpose, retarded"),
        (820.0, "750 lb general purpose"),
        (1100.0, "1,000 lb general purpose"),
    ];
    TYPES.iter().find(|(weight, _)| (weight - pounds).abs() < 0.5).map(|(_, name)| *name)
}
