//! What work leaves behind: a run, unless it is not wanted, and the report where it is asked for.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use record::Digest;
use serde_json::Value;
use tracking::{Query, Run, RunStatus};
use workbench::{Place, Workbench};

use crate::sample::folder_with_runs;
use crate::told::{Told, command};

const PLAN: &str = "scaling plan runs.csv --budget 1e20 --starts 4 --bootstrap 60";

/// Every run recorded in a folder, newest first.
fn runs(data: &Path) -> Vec<Run> {
    let workbench = Workbench::open(&Place::folder(data)).unwrap();
    let experiments = workbench.search_experiments(&Query::default()).unwrap().items;
    let ids: Vec<String> = experiments.into_iter().map(|experiment| experiment.id).collect();
    workbench.search_runs(&ids, &Query::default()).unwrap().items
}

#[test]
fn a_plan_is_a_run_with_its_input_seed_and_command_line() {
    let folder = folder_with_runs();
    let told = Told::by(&folder, &format!("{PLAN} --seed 3"));
    assert_eq!(told.code, 0, "{told:?}");

    let all = runs(&folder.path().join("fieldkit-data"));
    let [run] = all.as_slice() else { panic!("{all:?}") };
    assert!(told.stderr.contains(&format!("recorded as run {}\n", run.id)), "{}", told.stderr);
    assert_eq!(run.name, format!("{} --seed 3", PLAN.strip_prefix("scaling ").unwrap()));
    assert_eq!(run.status, RunStatus::Finished);
    assert_eq!(run.tags["fieldkit.seed"], "3");
    assert_eq!(run.tags["fieldkit.command_line"], format!("fieldkit {PLAN} --seed 3"));
    let digest = Digest::of(&fs::read(folder.path().join("runs.csv")).unwrap()).to_string();
    let input = &run.inputs[0].dataset;
    assert_eq!((input.name.as_str(), input.digest.as_str()), ("runs.csv", &digest[..32]));
}

#[test]
fn the_same_seed_gives_the_same_words() {
    let folder = folder_with_runs();
    let first = Told::by(&folder, PLAN).stdout;
    assert!(!first.is_empty());
    assert_eq!(Told::by(&folder, PLAN).stdout, first);
}

#[test]
fn json_alone_is_on_stdout() {
    let told = Told::by(&folder_with_runs(), &format!("{PLAN} --json"));
    assert_eq!(told.code, 0, "{told:?}");
    serde_json::from_str::<Value>(&told.stdout).unwrap();
    assert!(told.stderr.contains("recorded as run "));
}

#[test]
fn nothing_is_left_where_no_record_is_wanted() {
    let folder = folder_with_runs();
    let told = Told::by(&folder, &format!("{PLAN} --no-record"));
    assert_eq!(told.code, 0, "{told:?}");
    assert!(!told.stderr.contains("recorded"), "{}", told.stderr);
    assert!(!folder.path().join("fieldkit-data").exists());
}

#[test]
fn the_folder_of_records_comes_from_the_environment_too() {
    let folder = folder_with_runs();
    let output = command(&folder, PLAN).env("FIELDKIT_DATA", "elsewhere").output().unwrap();
    assert!(output.status.success());
    assert_eq!(runs(&folder.path().join("elsewhere")).len(), 1);
    assert!(!folder.path().join("fieldkit-data").exists());
}

#[test]
fn a_plan_is_printed_where_it_cannot_be_recorded() {
    let folder = folder_with_runs();
    fs::write(folder.path().join("fieldkit-data"), "a file").unwrap();
    let told = Told::by(&folder, PLAN);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stderr.contains("warning: the work is done but not recorded"), "{}", told.stderr);
    assert!(!told.stdout.is_empty());
}

#[test]
fn what_failed_is_recorded_with_its_reason() {
    let folder = folder_with_runs();
    fs::write(folder.path().join("runs.csv"), "").unwrap();
    let told = Told::by(&folder, PLAN);
    assert_eq!(told.code, 2, "{told:?}");
    let run = runs(&folder.path().join("fieldkit-data")).remove(0);
    assert_eq!(run.status, RunStatus::Failed);
    let why = &run.tags["fieldkit.error"];
    assert!(told.stderr.ends_with(&format!("error: {why}\n")), "{}", told.stderr);
}

#[test]
fn a_file_that_is_not_there_leaves_nothing_behind() {
    let folder = folder_with_runs();
    let told = Told::by(&folder, &PLAN.replace("runs.csv", "run.csv"));
    assert_eq!((told.code, told.stdout.as_str()), (2, ""));
    assert!(told.stderr.starts_with("error: cannot read run.csv: "), "{}", told.stderr);
    assert!(!folder.path().join("fieldkit-data").exists());
}

#[test]
fn two_at_once_are_two_runs() {
    let folder = folder_with_runs();
    let start = |_| command(&folder, PLAN).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let children: Vec<_> = (0..3).map(|i| start(i).unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(runs(&folder.path().join("fieldkit-data")).len(), 3);
}

#[test]
fn a_report_that_cannot_be_written_is_said_before_the_work() {
    let folder = folder_with_runs();
    let told = Told::by(&folder, &format!("{PLAN} --html no/such/folder/plan.html"));
    assert_eq!((told.code, told.stdout.as_str()), (2, ""));
    assert!(told.stderr.contains("cannot write no/such/folder/plan.html"), "{}", told.stderr);
    assert!(!folder.path().join("fieldkit-data").exists());
}

#[test]
fn a_report_that_there_is_not_is_said_before_the_work() {
    let folder = folder_with_runs();
    let told = Told::by(&folder, "scaling next runs.csv --budget 1e20 --html next.html");
    assert_eq!((told.code, told.stdout.as_str()), (2, ""));
    assert!(told.stderr.starts_with("error: `next` has no report with pictures\n"), "{told:?}");
    assert!(!folder.path().join("fieldkit-data").exists());
}

#[test]
fn a_report_is_written_where_it_is_asked_for_and_kept_with_the_run() {
    let folder = folder_with_runs();
    let told = Told::by(&folder, &format!("{PLAN} --html plan.html"));
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stderr.ends_with("report written to plan.html\n"), "{}", told.stderr);
    let page = fs::read(folder.path().join("plan.html")).unwrap();
    assert!(page.starts_with(b"<!DOCTYPE html>") || page.starts_with(b"<!doctype html>"));
    let data = folder.path().join("fieldkit-data");
    let kept = Workbench::open(&Place::folder(&data)).unwrap().file(&runs(&data)[0], "report.html");
    assert_eq!(kept.unwrap(), page);
}
