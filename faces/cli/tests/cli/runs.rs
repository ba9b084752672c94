//! `fieldkit runs` and `fieldkit experiments` on runs recorded through the face for Rust.

use std::fs;

use record::{Digest, Journal};
use serde_json::Value;
use tempfile::TempDir;
use workbench::{Place, Recorder, Work, begin};

use crate::told::Told;

/// A folder with `fieldkit-data` in which one run failed and a later one finished; their ids.
fn recorded() -> (TempDir, [String; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::folder(folder.path().join("fieldkit-data"));
    let input = record::Dataset {
        name: "logs/runs.csv".to_owned(),
        digest: Digest::of(b"params,tokens,loss\n"),
        n_bytes: 19,
    };
    let start = |command| -> Recorder {
        let words = "logs/runs.csv";
        let work = Work { application: "scaling", command, words, inputs: &[], seed: Some(7) };
        begin(&place, &work, std::slice::from_ref(&input)).unwrap()
    };
    let failed = start("plan").close(Err("too few runs\n  hint: add some".to_owned())).unwrap();
    // Lists are by start in milliseconds.
    std::thread::sleep(std::time::Duration::from_millis(2));
    let mut journal = start("fit");
    journal.param("law", "chinchilla");
    journal.metric("objective", 0, 0.5);
    journal.metric("objective", 1, 0.25);
    journal.artifact("report.json", b"{}");
    journal.note("2 runs are flagged");
    let finished = journal.close(Ok(())).unwrap();
    (folder, [failed, finished])
}

/// The same words without what differs from day to day.
fn without_times(mut told: Told, ids: &[String; 2]) -> Told {
    let nameless = |text: &str| {
        let text = text.replace(&ids[0], "FAILED-ID").replace(&ids[1], "FINISHED-ID");
        text.replace(&ids[0][..12], "FAILED-ID   ").replace(&ids[1][..12], "FINISHED-ID ")
    };
    let timeless = |line: &str| match line.split_whitespace().next() {
        Some(word @ ("started" | "ended" | "version" | "user")) => format!("{word:<11} …\n"),
        _ => match line.find(" UTC") {
            Some(end) => format!("{}…{}\n", &line[..end - 19], &line[end + 4..]),
            None => format!("{line}\n"),
        },
    };
    told.stdout = nameless(&told.stdout).lines().map(timeless).collect();
    told.line = nameless(&told.line);
    told
}

#[test]
fn the_newest_is_listed_first() {
    let (folder, ids) = recorded();
    without_times(Told::by(&folder, "runs"), &ids).is_as_in("runs");
}

#[test]
fn experiments_are_listed() {
    let (folder, ids) = recorded();
    without_times(Told::by(&folder, "experiments"), &ids).is_as_in("experiments");
}

#[test]
fn without_a_model_there_is_none_to_list() {
    let (folder, _) = recorded();
    let told = Told::by(&folder, "models");
    assert_eq!((told.code, told.stdout.as_str()), (0, ""));
    assert_eq!(told.stderr, "no registered models in fieldkit-data\n");
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
    let told = Told::by(&folder, &format!("runs show {}", &ids[1][..12]));
    assert!(told.stdout.contains(&ids[1]), "{told:?}");
}

#[test]
fn an_experiment_can_be_chosen() {
    let (folder, ids) = recorded();
    let told = Told::by(&folder, "runs --experiment scaling --max 1");
    assert!(told.stdout.contains(&ids[1][..12]) && !told.stdout.contains(&ids[0][..12]));
    let none = Told::by(&folder, "runs --experiment craters");
    assert_eq!(none.code, 2);
    assert!(none.stderr.starts_with("error: there is no experiment `craters`\n"), "{none:?}");
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
    assert_eq!(one["files"][0]["name"], "report.json");
}

#[test]
fn the_folder_of_records_can_be_said() {
    let (folder, ids) = recorded();
    fs::rename(folder.path().join("fieldkit-data"), folder.path().join("elsewhere")).unwrap();
    let told = Told::by(&folder, "runs --data elsewhere");
    assert!(told.stdout.contains(&ids[0][..12]), "{}", told.stdout);
    assert_eq!(Told::by(&folder, "runs").stderr, "no runs in fieldkit-data\n");
    assert!(!folder.path().join("fieldkit-data").exists(), "looking makes no folder");
}

#[test]
fn an_old_folder_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old/runs/20261120-100000.000-9abc");
    fs::create_dir_all(&old).unwrap();
    let json = r#"{"id": "20261120-100000.000-9abc", "application": "scaling", "command": "fit",
        "status": "FINISHED", "started": "2026-11-20T10:00:00Z", "ended": null,
        "code_version": "0.1.0", "seed": null, "inputs": [], "params": {}, "metrics": {},
        "artifacts": [], "notes": [], "error": null}"#;
    fs::write(old.join("run.json"), json).unwrap();
    let told = Told::by(&folder, "runs import old");
    assert_eq!((told.code, told.stdout.as_str()), (0, "1 runs imported into fieldkit-data\n"));
    let again = Told::by(&folder, "runs import old").stdout;
    assert_eq!(again, "0 runs imported into fieldkit-data, 1 were there already\n");
    assert!(Told::by(&folder, "runs").stdout.contains("2026-11-20 10:00:00 UTC  finished"));
}

#[test]
fn bytes_without_a_name_are_counted_before_they_are_deleted() {
    let (folder, _) = recorded();
    let told = Told::by(&folder, "files gc --dry-run --older-than 0");
    let none = "0 files of 0 bytes and 0 abandoned uploads would be deleted\n";
    assert_eq!((told.code, told.stdout.as_str()), (0, none));
}

#[test]
fn a_database_that_is_none_is_said_and_left_alone() {
    let (folder, _) = recorded();
    let file = folder.path().join("fieldkit-data/fieldkit.db");
    for leftover in ["fieldkit.db-wal", "fieldkit.db-shm"] {
        let _ = fs::remove_file(folder.path().join("fieldkit-data").join(leftover));
    }
    fs::write(&file, "somebody's notes ".repeat(300)).unwrap();
    let told = Told::by(&folder, "runs");
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.stderr.contains("fieldkit.db is damaged"), "{}", told.stderr);
    assert!(fs::read_to_string(&file).unwrap().starts_with("somebody's notes"));
}
