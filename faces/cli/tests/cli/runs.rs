//! `fieldkit runs` on runs recorded through the face for Rust.

use std::fs;

use record::Journal;
use serde_json::Value;
use tempfile::TempDir;
use workbench::{Folder, Work, dataset};

use crate::told::Told;

/// A folder with `fieldkit-data` in which one run failed and a later one finished; their ids.
fn recorded() -> (TempDir, [String; 2]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("runs.csv"), "params,tokens,loss\n").unwrap();
    let input = dataset(&folder.path().join("runs.csv"), &mut record::Silent).unwrap().unwrap();
    let input = record::Dataset { name: "logs/runs.csv".to_owned(), ..input };
    let data = folder.path().join("fieldkit-data");
    let open = |command| {
        let work = Work { application: "scaling", command, inputs: &[], seed: Some(7) };
        Folder::open(&data, &work, vec![input.clone()]).unwrap()
    };
    let failed = open("plan").close(Err("too few runs\n  hint: add some".to_owned())).unwrap();
    let mut journal = open("fit");
    journal.param("law", "chinchilla");
    journal.metric("objective", 0, 0.5);
    journal.metric("objective", 1, 0.25);
    journal.artifact("report.json", b"{}");
    journal.note("2 runs are flagged");
    let finished = journal.close(Ok(())).unwrap();
    (folder, [failed.id, finished.id])
}

/// The same words without what differs from day to day.
fn without_times(mut told: Told, ids: &[String; 2]) -> Told {
    told.stdout = told.stdout.replace(&ids[0], "FAILED-ID").replace(&ids[1], "FINISHED-ID");
    let timeless = |line: &str| match line.split_whitespace().next() {
        Some(word @ ("started" | "ended" | "version")) => format!("{word:<9} …\n"),
        _ => format!("{line}\n"),
    };
    told.stdout = told.stdout.lines().map(timeless).collect();
    told.line = told.line.replace(&ids[0], "FAILED-ID").replace(&ids[1], "FINISHED-ID");
    told
}

#[test]
fn the_newest_is_listed_first() {
    let (folder, ids) = recorded();
    without_times(Told::by(&folder, "runs"), &ids).is_as_in("runs");
}

#[test]
fn a_run_is_shown_in_full() {
    let (folder, ids) = recorded();
    let told = Told::by(&folder, &format!("runs show {}", ids[1]));
    without_times(told, &ids).is_as_in("run_finished");
}

#[test]
fn a_failed_run_says_why() {
    let (folder, ids) = recorded();
    let told = Told::by(&folder, &format!("runs show {}", ids[0]));
    without_times(told, &ids).is_as_in("run_failed");
}

#[test]
fn the_newest_is_shown_where_no_id_is_given() {
    let (folder, ids) = recorded();
    let told = Told::by(&folder, "runs show");
    assert!(told.stdout.contains(&ids[1]), "{}", told.stdout);
}

#[test]
fn the_beginning_of_an_id_is_enough_where_one_run_has_it() {
    let (folder, ids) = recorded();
    let told = Told::by(&folder, &format!("runs show {}", &ids[1][..ids[1].len() - 1]));
    assert!(told.stdout.contains(&ids[1]), "{}", told.stdout);
    let both = Told::by(&folder, &format!("runs show {}", &ids[1][..2]));
    assert_eq!(both.code, 2);
    let said = format!("error: 2 runs begin with `{}`\n", &ids[1][..2]);
    assert!(both.stderr.starts_with(&said), "{}", both.stderr);
}

#[test]
fn json_has_the_same_facts() {
    let (folder, ids) = recorded();
    let all: Value = serde_json::from_str(&Told::by(&folder, "runs --json").stdout).unwrap();
    assert_eq!(all[0]["id"], ids[1]);
    assert_eq!(all[1]["status"], "FAILED");
    let one = Told::by(&folder, &format!("runs show --json {}", ids[1])).stdout;
    let one: Value = serde_json::from_str(&one).unwrap();
    assert_eq!(one["metrics"]["objective"], 0.25);
    assert_eq!(one["folder"], format!("fieldkit-data/runs/{}", ids[1]));
}

#[test]
fn the_folder_of_runs_can_be_said() {
    let (folder, ids) = recorded();
    fs::rename(folder.path().join("fieldkit-data"), folder.path().join("elsewhere")).unwrap();
    let told = Told::by(&folder, "runs --data elsewhere");
    assert!(told.stdout.contains(&ids[0]), "{}", told.stdout);
    assert_eq!(Told::by(&folder, "runs").stderr, "no runs in fieldkit-data\n");
}

#[test]
fn a_damaged_run_is_named_and_the_others_are_listed() {
    let (folder, ids) = recorded();
    let file = folder.path().join("fieldkit-data/runs").join(&ids[0]).join("run.json");
    fs::write(file, "{").unwrap();
    let told = Told::by(&folder, "runs");
    assert_eq!(told.code, 0);
    assert!(told.stdout.contains(&ids[1]) && !told.stdout.contains(&ids[0]));
    assert!(told.stderr.contains("run.json: not the record of a run"), "{}", told.stderr);
    let shown = Told::by(&folder, &format!("runs show {}", ids[0]));
    assert_eq!(shown.code, 2);
}
