//! What the registry promises: numbers without gaps, sources that lead nowhere else, prompts out
//! of sight.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failure with a place")]

use std::collections::BTreeMap;
use std::thread;

use store::{Location, Rows};
use tempfile::TempDir;
use tracking::{Kind, NewVersion, Query, Stage, Tracking};

/// An empty store. It lasts as long as its folder.
fn store() -> (Tracking, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let rows = Rows::open(&Location::Sqlite(folder.path().join("fieldkit.db"))).unwrap();
    (Tracking::open(rows).unwrap(), folder)
}

fn version(source: &str) -> NewVersion {
    NewVersion { name: "rim".to_owned(), source: source.to_owned(), ..NewVersion::default() }
}

fn with_model() -> (Tracking, TempDir) {
    let (tracking, folder) = store();
    tracking.create_registered_model("rim", None, &BTreeMap::new()).unwrap();
    (tracking, folder)
}

#[test]
fn versions_made_at_once_are_numbered_without_gaps() {
    let (tracking, _folder) = with_model();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| tracking.create_model_version(version("s3://bucket/m")).unwrap());
        }
    });
    let query = Query { order_by: vec!["version_number".to_owned()], ..Query::default() };
    let found = tracking.search_model_versions(&query).unwrap().items;
    assert_eq!(found.iter().map(|v| v.version).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn the_number_of_a_deleted_version_is_not_given_again() {
    let (tracking, _folder) = with_model();
    tracking.create_model_version(version("s3://bucket/m")).unwrap();
    tracking.set_alias("rim", "best", "1").unwrap();
    tracking.delete_model_version("rim", "1").unwrap();
    assert_eq!(tracking.model_version("rim", "1").unwrap_err().kind, Kind::ResourceDoesNotExist);
    assert!(tracking.model_version_by_alias("rim", "best").is_err());
    assert_eq!(tracking.create_model_version(version("s3://bucket/m")).unwrap().version, 2);
}

#[test]
fn a_path_of_the_server_is_no_source_even_of_a_prompt() {
    let (tracking, _folder) = with_model();
    let prompt = BTreeMap::from([("mlflow.prompt.is_prompt".to_owned(), "true".to_owned())]);
    for source in ["/etc/passwd", "file:///etc/passwd", "http://169.254.169.254/x", "s3://b/../x"] {
        assert!(tracking.create_model_version(version(source)).is_err(), "{source}");
        let of_prompt = NewVersion { tags: prompt.clone(), ..version(source) };
        assert!(tracking.create_model_version(of_prompt).is_err(), "{source}");
    }
}

#[test]
fn prompts_are_found_only_where_they_are_asked_for() {
    let (tracking, _folder) = with_model();
    let prompt = BTreeMap::from([("mlflow.prompt.is_prompt".to_owned(), "true".to_owned())]);
    tracking.create_registered_model("hello", None, &prompt).unwrap();
    let names = |filter: &str| {
        let query = Query { filter: filter.to_owned(), ..Query::default() };
        let found = tracking.search_registered_models(&query).unwrap().items;
        found.into_iter().map(|model| model.name).collect::<Vec<_>>()
    };
    assert_eq!(names(""), ["rim"]);
    assert_eq!(names("tags.`mlflow.prompt.is_prompt` = 'true'"), ["hello"]);
}

#[test]
fn a_stage_can_be_emptied_into_the_archive() {
    let (tracking, _folder) = with_model();
    for version_number in ["1", "2"] {
        tracking.create_model_version(version("s3://bucket/m")).unwrap();
        tracking.transition_stage("rim", version_number, "production", true).unwrap();
    }
    assert_eq!(tracking.model_version("rim", "1").unwrap().stage, Stage::Archived);
    assert_eq!(tracking.model_version("rim", "2").unwrap().stage, Stage::Production);
}
