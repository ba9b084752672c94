//! Latitude in the column of longitude: found where the numbers can tell, mended or refused.

use super::{LeftOut, Reason, Record, Records};

/// Swaps back what is swapped in the whole file; refuses single rows that are.
///
/// A latitude beyond 90 degrees cannot be one. Within the bounds of the survey more can be told: a
/// file that lies outside of them and inside when swapped is swapped.
pub(super) fn mend(records: &mut Records, bounds: Option<[f64; 4]>) {
    let rows = || records.bombs.iter().chain(&records.clusters);
    let n_rows = rows().count();
    let n_impossible = rows().filter(|row| row.lon_lat[1].abs() > 90.0).count();
    let n_swappable = rows().filter(|row| row.lon_lat[0].abs() <= 90.0).count();
    let by_bounds = bounds.is_some_and(|bounds| {
        n_rows > 0
            && rows().all(|row| !inside(bounds, row.lon_lat))
            && rows().filter(|row| inside(bounds, swap(row.lon_lat))).count() * 2 > n_rows
    });
    let by_range = n_impossible * 2 > n_rows && n_swappable == n_rows;
    if by_range || by_bounds {
        let why = if by_range {
            "latitudes beyond 90 degrees"
        } else {
            "outside the survey, inside when swapped"
        };
        for row in records.bombs.iter_mut().chain(&mut records.clusters) {
            row.lon_lat = swap(row.lon_lat);
        }
        records.warnings.push(format!(
            "longitude and latitude were swapped in all {n_rows} rows ({why}) and are mended; \
             exchange the names of the two columns"
        ));
    }
    leave_out_impossible(records);
}

fn leave_out_impossible(records: &mut Records) {
    let Records { bombs, clusters, left_out, .. } = records;
    for rows in [bombs, clusters] {
        rows.retain(|row| {
            let fine = is_position(row.lon_lat);
            if !fine {
                left_out.push(impossible(row));
            }
            fine
        });
    }
}

fn impossible(row: &Record) -> LeftOut {
    let [lon, lat] = row.lon_lat;
    let hint = if is_position([lat, lon]) { "; longitude and latitude may be swapped" } else { "" };
    let what = format!("longitude {lon}, latitude {lat} is no position on Earth{hint}");
    LeftOut { line: row.line, reason: Reason::NoPosition, what }
}

fn is_position([lon, lat]: [f64; 2]) -> bool {
    lon.abs() <= 180.0 && lat.abs() <= 90.0 && (lon, lat) != (0.0, 0.0)
}

fn inside([west, south, east, north]: [f64; 4], [lon, lat]: [f64; 2]) -> bool {
    // A degree around: records near the survey count as there.
    (west - 1.0..=east + 1.0).contains(&lon) && (south - 1.0..=north + 1.0).contains(&lat)
}

fn swap([a, b]: [f64; 2]) -> [f64; 2] {
    [b, a]
}
