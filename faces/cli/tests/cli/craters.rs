//! From a synthetic scene to an estimate and zones, as a person types it.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::told::Told;

/// A small synthetic scene, surveyed as `scene`.
fn surveyed() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for words in [
        "craters sample field --size 768 --seed 3 --law test --no-record",
        "craters detect field/scene.tif --name scene --threshold 0.03",
    ] {
        let told = Told::by(&folder, words);
        assert_eq!(told.code, 0, "{}", told.stderr);
    }
    folder
}

fn json(folder: &TempDir, words: &str) -> Value {
    let told = Told::by(folder, words);
    assert_eq!(told.code, 0, "{}", told.stderr);
    serde_json::from_str(&told.stdout).unwrap()
}

/// Every text file that the commands wrote, and what they printed.
fn texts(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            texts(&entry.path(), into);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            into.push_str(&text);
        }
    }
}

#[test]
fn a_scene_becomes_craters_an_estimate_and_zones() {
    let folder = surveyed();
    let survey = folder.path().join("fieldkit-data/craters/scene");
    for file in ["craters.gpkg", "craters.shp", "craters.geojson", "craters.kml", "report.html"] {
        assert!(survey.join(file).is_file(), "{file}");
    }
    let sample = json(&folder, "craters draw-sample scene --sites 2 --plots 3 --json");
    assert!(sample["places"].as_u64().unwrap() >= 3);
    let estimate = json(
        &folder,
        "craters estimate field/records.csv --survey scene --recall 40/60 --precision 20/60 \
         --survival 0.5-0.95 --survival-evidence guessed --json",
    );
    assert_eq!(estimate["is_synthetic"], true);
    assert_eq!(estimate["evidence_class"], "indirect");
    assert!(survey.join("estimate.json").is_file());
    let zones = json(&folder, "craters zones --survey scene --buffer 0.9 --json");
    assert!(zones["zone"]["area_m2"].as_f64().unwrap() > 0.0);
}

#[test]
fn without_evidence_of_survival_there_is_no_number() {
    let words = "craters estimate --bombs 3205 --detections 1405 --recall 152/177 \
                 --precision 0.6-0.95 --no-record";
    let told = Told::by(&tempfile::tempdir().unwrap(), words);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(told.stdout.contains("no number of unexploded bombs"), "{}", told.stdout);
    assert!(told.stdout.contains("older picture"), "{}", told.stdout);
}

#[test]
fn no_output_says_that_land_is_clear_or_safe() {
    let folder = surveyed();
    let words = "craters zones --survey scene --buffer 0.9";
    let mut said = Told::by(&folder, words).stdout;
    said += &Told::by(&folder, "craters export scene").stdout;
    texts(&folder.path().join("fieldkit-data/craters"), &mut said);
    let words = said.split(|c: char| !c.is_alphabetic()).map(str::to_ascii_lowercase);
    let wrong: Vec<String> = words
        .filter(|word| ["clear", "cleared", "safe", "safely"].contains(&word.as_str()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn cells_of_records_are_ranked_and_the_ranking_says_what_it_is_not() {
    let folder = surveyed();
    let told = Told::by(&folder, "craters intensity field/records.csv --survey scene --cell 50");
    assert_eq!(told.code, 0, "{}", told.stderr);
    let said = told.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("not a probability of ordnance"), "{said}");
    let cells = fs::read_to_string(folder.path().join("intensity.csv")).unwrap();
    // 768 px of 0.46 m are 8 cells of 50 m, the last of them cut.
    assert_eq!(cells.lines().count(), 1 + 8 * 8);
}

#[test]
fn gaps_need_evidence_of_survival_and_craters_that_are_there() {
    let folder = surveyed();
    let told = Told::by(&folder, "craters gaps scene --craters 1,2,3 --recall 0.5-0.6");
    assert_eq!(told.code, 2);
    assert!(told.stderr.contains("older picture"), "{}", told.stderr);
    let told = Told::by(&folder, "craters gaps scene --craters 999999 --recall 0.5-0.6");
    assert!(told.stderr.contains("has no crater 999999"), "{}", told.stderr);
}

#[test]
fn what_is_in_metres_is_refused_for_a_picture_without_a_place() {
    let folder = surveyed();
    let survey = folder.path().join("fieldkit-data/craters/scene/survey.json");
    let mut json: Value = serde_json::from_str(&fs::read_to_string(&survey).unwrap()).unwrap();
    json["georeference"] = Value::Null;
    fs::write(&survey, json.to_string()).unwrap();
    let told = Told::by(&folder, "craters zones --survey scene");
    assert_eq!(told.code, 2);
    assert!(told.stderr.contains("has no place on the ground"), "{}", told.stderr);
}

#[test]
fn a_verdict_is_kept_with_who_said_it() {
    let folder = surveyed();
    let told = Told::by(&folder, "craters review scene confirm 1 --who Linh");
    assert_eq!(told.code, 0, "{}", told.stderr);
    let list = json(&folder, "craters review scene list --json");
    assert_eq!(list["reviews"][0]["who"], "Linh");
    assert_eq!(list["craters"][0]["verdict"], "confirmed");
}

#[test]
fn a_survey_that_is_not_there_is_named() {
    let told = Told::by(&tempfile::tempdir().unwrap(), "craters export nowhere");
    assert_eq!(told.code, 2);
    assert!(told.stderr.contains("nowhere"), "{}", told.stderr);
    assert!(told.stderr.contains("fieldkit craters detect SCENE"), "{}", told.stderr);
}

#[test]
fn the_name_of_a_survey_leaves_no_folder() {
    let told = Told::by(&tempfile::tempdir().unwrap(), "craters export ../etc");
    assert_eq!(told.code, 2);
    assert!(told.stderr.contains("cannot be the name of a survey"), "{}", told.stderr);
}
