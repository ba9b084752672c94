use super::*;

fn read_text(text: &str, options: &Options) -> Result<Records> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.csv");
    std::fs::write(&path, text).unwrap();
    read(&path, options)
}

fn plain(text: &str) -> Records {
    read_text(text, &Options::default()).unwrap()
}

/// A full THOR row: date, source, aircraft, function, class, bombs, weapon, weight.
fn thor(rows: &[[&str; 8]]) -> Records {
    let mut text = "MSNDATE,SOURCERECORD,NUMOFACFT,MFUNC_DESC,MFUNC_DESC_CLASS,\
        NUMWEAPONSDELIVERED,WEAPONTYPE,WEAPONTYPEWEIGHT,TGTLATDD_DDD_WGS84,TGTLONDDD_DDD_WGS84\n"
        .to_owned();
    for row in rows {
        text += &format!("{},11.12,105.47\n", row.join(","));
    }
    read_text(&text, &Options::default()).unwrap()
}

/// A file that always has one row to keep, so that others may all be left out.
fn why_left_out(row: [&str; 8]) -> (Reason, String) {
    let good = ["1970-05-01", "SEADAB", "1", "STRIKE", "KINETIC", "6", "MK 82 GP", "5310"];
    let records = thor(&[good, row]);
    assert_eq!(records.left_out[0].line, 3);
    (records.left_out[0].reason, records.left_out[0].what.clone())
}

#[test]
fn a_plain_file_needs_three_columns_in_any_order() {
    let records = plain("n_bombs;LAT;Lon\n12;11.5;105.5\n");
    assert_eq!(records.n_bombs(), 12);
    assert_eq!(records.bombs[0].lon_lat, [105.5, 11.5]);
    assert_eq!(records.bombs[0].error_m, POSITION_ERROR_M);
    assert_eq!(records.bombs[0].line, 2);
}

#[test]
fn an_absent_column_is_named() {
    let error = read_text("lon,lat\n105,11\n", &Options::default()).unwrap_err();
    assert!(error.to_string().contains("no column n_bombs"), "{error}");
}

#[test]
fn every_row_left_out_has_its_line_and_reason() {
    let records = plain(
        "lon,lat,n_bombs,date\n\
         105,11,12,1970-05-01\n\
         ,11,12,\n\
         105,11,many,\n\
         105,11,0,\n\
         105,11,5,May\n\
         105,11,2100,\n\
         205,11,5,\n",
    );
    let left: Vec<(u64, Reason)> = records.left_out.iter().map(|r| (r.line, r.reason)).collect();
    assert_eq!(
        left,
        [
            (3, Reason::NoPosition),
            (4, Reason::Unreadable),
            (5, Reason::NoBombs),
            (6, Reason::Unreadable),
            (7, Reason::OverCapacity),
            (8, Reason::NoPosition),
        ]
    );
    assert_eq!(records.left_out_by_reason()[&Reason::NoPosition], 2);
}

#[test]
fn aircraft_raise_what_a_row_may_hold() {
    let records = plain("lon,lat,n_bombs,n_aircraft\n105,11,324,3\n105,11,325,3\n");
    assert_eq!(records.n_bombs(), 324);
    assert_eq!(
        records.left_out[0].what,
        "325 bombs by 3 aircraft: more than 108 each cannot be carried"
    );
}

#[test]
fn swapped_coordinates_are_mended_with_a_warning() {
    let records = plain("lon,lat,n_bombs\n11.1,105.4,12\n11.2,105.5,12\n");
    assert_eq!(records.bombs[1].lon_lat, [105.5, 11.2]);
    assert!(records.warnings[0].contains("swapped in all 2 rows"));
}

#[test]
fn the_bounds_of_the_survey_tell_swapped_coordinates_where_both_could_be() {
    let options = Options { bounds: Some([37.0, 49.0, 38.0, 50.0]), ..Options::default() };
    let records = read_text("lon,lat,n_bombs\n49.5,37.5,4\n", &options).unwrap();
    assert_eq!(records.bombs[0].lon_lat, [37.5, 49.5]);
}

#[test]
fn one_swapped_row_among_right_ones_is_left_out() {
    let records = plain("lon,lat,n_bombs\n105,11,1\n105,12,1\n11,105,1\n");
    assert_eq!(records.left_out[0].line, 4);
    assert!(records.left_out[0].what.contains("may be swapped"));
}

#[test]
fn a_stick_has_its_length_from_number_and_spacing() {
    let records = plain("lon,lat,n_bombs,n_aircraft,heading_deg,spacing_m\n105,11,12,2,-90,30\n");
    let stick = records.bombs[0].stick.unwrap();
    assert_eq!((stick.heading_deg, stick.length_m, stick.n_bombs), (Some(270.0), Some(150.0), 6));
}

/// The two places of the research: 426 m and 226 m at Kampong Trabaek.
#[test]
fn indian_1960_is_shifted_as_pinned() {
    let moved = |from| datum::offset_m(from, datum::to_wgs84(from, Datum::Indian1960).unwrap());
    let [east, north] = moved([105.47, 11.12]);
    assert!(
        (east.abs() - 426.0).abs() < 5.0 && (north.abs() - 226.0).abs() < 5.0,
        "{east} {north}"
    );
    assert!(east < 0.0 && north > 0.0, "{east} {north}");
}

#[test]
fn the_shift_is_said_in_metres() {
    let row = ["1970-05-01", "SEADAB", "1", "STRIKE", "KINETIC", "6", "MK 82 GP", "5310"];
    let records = thor(&[row]);
    assert!(records.notes.iter().any(|note| note.contains("m west and")), "{:?}", records.notes);
    assert_eq!(records.bombs[0].weight_lb, Some(531.0));
}

#[test]
fn the_day_that_never_was_is_the_first_of_march() {
    let row = ["19700229", "CACTA6570", "1", "STRIKE", "KINETIC", "6", "MK 82 GP", "531"];
    assert_eq!(thor(&[row]).bombs[0].date, Some(jiff::civil::date(1970, 3, 1)));
}

#[test]
fn a_cargo_drop_is_heavy_bombing() {
    let row =
        ["1970-05-01", "SACCOACT", "1", "COMBT CARGO AIR  DROP", "NONKINETIC", "90", "M117", "820"];
    let records = thor(&[row]);
    assert_eq!(records.bombs[0].mission_function.as_deref(), Some("HEAVY BOMBARD"));
}

#[test]
fn cluster_munitions_are_counted_apart() {
    let bomb = ["1970-05-01", "SEADAB", "1", "STRIKE", "KINETIC", "6", "MK 82 GP BOMB", "5310"];
    let cluster = ["1970-05-01", "SEADAB", "1", "STRIKE", "KINETIC", "4", "CBU24", "8200"];
    let records = thor(&[bomb, cluster]);
    assert_eq!((records.n_bombs(), records.clusters.len()), (6, 1));
}

#[test]
fn what_thor_holds_twice_or_is_no_bomb_is_left_out() {
    let row = ["1971-04-01", "SACCOACT", "1", "STRIKE", "KINETIC", "6", "MK 82 GP", "531"];
    assert_eq!(why_left_out(row).0, Reason::Duplicate);
    let row = ["1970-04-01", "SEADAB", "1", "RECCE", "NONKINETIC", "6", "MK 82 GP", "5310"];
    assert_eq!(why_left_out(row).0, Reason::NotKinetic);
    let row = ["1970-04-01", "SEADAB", "1", "STRIKE", "KINETIC", "6", "NAPALM", "5000"];
    assert_eq!(
        why_left_out(row),
        (Reason::OtherWeapon, "NAPALM is not a general-purpose bomb".into())
    );
    let row = ["1970-04-01", "SEADAB", "2", "STRIKE", "KINETIC", "217", "MK 82 GP", "5310"];
    assert_eq!(why_left_out(row).0, Reason::OverCapacity);
}

#[test]
fn a_weight_names_the_bomb_where_the_row_does_not() {
    assert_eq!(thor::kind(None, Some(531.0)), Some(Kind::GeneralPurpose));
    assert_eq!(thor::kind(None, Some(500.0)), None);
    assert_eq!(thor::type_of_weight(1100.0), Some("1,000 lb general purpose"));
}

#[test]
fn the_records_near_dong_ha_lose_the_row_of_2100_bombs() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/craters/thor_sample/thor_quang_tri_sample.csv"
    );
    if !Path::new(path).exists() {
        eprintln!("skipped: {path} is not here");
        return;
    }
    let records = read(Path::new(path), &Options::default()).unwrap();
    assert_eq!(records.bombs.len(), 23);
    assert_eq!(records.left_out.len(), 1);
    assert_eq!((records.left_out[0].line, records.left_out[0].reason), (21, Reason::OverCapacity));
    let bomb = &records.bombs[0];
    let [east, north] = datum::offset_m([107.050_555, 16.809_722], bomb.lon_lat);
    assert!((east + 446.0).abs() < 6.0 && (north - 178.0).abs() < 6.0, "{east} {north}");
}
