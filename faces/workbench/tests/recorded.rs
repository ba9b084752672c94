//! What work leaves behind, in a folder of this machine.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failure with a place")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use record::{Digest, Journal, Memory};
use tracking::{Query, Run, RunStatus};
use workbench::{Error, Place, Recorder, Work, Workbench, begin, record_run};

const WORK: Work =
    Work { application: "scaling", command: "fit", words: "runs.csv", inputs: &[], seed: Some(7) };

fn start(data: &Path) -> Recorder {
    begin(&Place::folder(data), &WORK, &[]).unwrap()
}

fn open(data: &Path) -> Workbench {
    Workbench::open(&Place::folder(data)).unwrap()
}

fn all(data: &Path) -> Vec<Run> {
    let workbench = open(data);
    let experiments = workbench.search_experiments(&Query::default()).unwrap().items;
    let ids: Vec<String> = experiments.into_iter().map(|experiment| experiment.id).collect();
    workbench.search_runs(&ids, &Query::default()).unwrap().items
}

fn metric(run: &Run, key: &str) -> f64 {
    run.metrics.iter().find(|metric| metric.key == key).unwrap().value
}

#[test]
fn what_was_said_can_be_read_back() {
    let data = tempfile::tempdir().unwrap();
    let mut journal = start(data.path());
    journal.param("law", "kaplan");
    journal.param("law", "chinchilla");
    journal.metric("loss", 0, 4.5);
    journal.metric("loss", 10, 0.1 + 0.2);
    journal.artifact("pictures/fit.svg", b"<svg/>");
    journal.note("two runs are flagged");
    journal.note("few runs");
    let id = journal.close(Ok(())).unwrap();

    let workbench = open(data.path());
    let run = workbench.run(&id).unwrap();
    assert_eq!((run.name.as_str(), run.status), ("fit runs.csv", RunStatus::Finished));
    assert_eq!(run.params["law"], "chinchilla");
    assert_eq!(run.tags["fieldkit.seed"], "7");
    assert_eq!(run.tags["fieldkit.command_line"], "fieldkit scaling fit runs.csv");
    assert_eq!(run.tags["fieldkit.version"], workbench::CODE_VERSION);
    assert_eq!(run.tags["mlflow.note.content"], "two runs are flagged\nfew runs");
    assert_eq!((metric(&run, "loss"), run.metrics[0].step), (0.1 + 0.2, 10));
    assert!(run.ended_ms >= run.started_ms);
    let files = workbench.files(&run).unwrap();
    assert_eq!((files[0].name.as_str(), files[0].n_bytes), ("pictures/fit.svg", Some(6)));
    assert_eq!(workbench.file(&run, "pictures/fit.svg").unwrap(), b"<svg/>");
}

#[test]
fn the_application_is_the_experiment() {
    let data = tempfile::tempdir().unwrap();
    start(data.path()).close(Ok(())).unwrap();
    start(data.path()).close(Ok(())).unwrap();
    let found = open(data.path()).search_experiments(&Query::default()).unwrap().items;
    let names: Vec<&str> = found.iter().map(|experiment| experiment.name.as_str()).collect();
    assert_eq!(names, ["scaling", "Default"]);
    assert_eq!(all(data.path()).len(), 2);
}

#[test]
fn work_is_told_live_and_recorded_with_its_input() {
    let data = tempfile::tempdir().unwrap();
    let input = [data.path().join("runs.csv")];
    fs::write(&input[0], "loss").unwrap();
    let mut live = Memory::default();
    let work = Work { inputs: &input, ..WORK };
    let recorded = record_run(&Place::folder(data.path()), &work, &mut live, |journal| {
        journal.metric("loss", 1, 2.0);
        Ok::<_, Error>("done")
    });
    assert_eq!((recorded.outcome.unwrap(), live.metrics["loss"][0]), ("done", (1, 2.0)));
    let run = open(data.path()).run(&recorded.run_id.unwrap()).unwrap();
    let read = &run.inputs[0].dataset;
    assert_eq!(read.name, input[0].display().to_string());
    let whole = Digest::of(b"loss").to_string();
    assert_eq!(read.digest, whole[..32], "MLflow's digests are short");
    assert_eq!(read.profile, Some(format!(r#"{{"sha256":"{whole}","n_bytes":4}}"#)));
}

#[test]
fn work_that_fails_is_a_failed_run_with_its_reason_and_its_metrics() {
    let data = tempfile::tempdir().unwrap();
    let place = Place::folder(data.path());
    let recorded = record_run(&place, &WORK, &mut Memory::default(), |journal| {
        journal.metric("loss", 3, 2.5);
        Err::<(), _>("loss became infinite")
    });
    assert!(recorded.outcome.is_err());
    let run = open(data.path()).run(&recorded.run_id.unwrap()).unwrap();
    assert_eq!(run.status, RunStatus::Failed);
    assert_eq!(run.tags["fieldkit.error"], "loss became infinite");
    assert_eq!(metric(&run, "loss"), 2.5);
}

#[test]
fn work_that_panics_is_a_failed_run() {
    let data = tempfile::tempdir().unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let place = Place::folder(data.path());
        record_run(&place, &WORK, &mut Memory::default(), |_| -> Result<(), Error> {
            panic!("on purpose")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(all(data.path())[0].tags["fieldkit.error"], "the work panicked");
}

#[test]
fn a_run_that_nobody_closed_has_failed() {
    let data = tempfile::tempdir().unwrap();
    drop(start(data.path()));
    assert_eq!(all(data.path())[0].tags["fieldkit.error"], "the run was never closed");
}

#[test]
fn an_input_that_cannot_be_read_begins_no_run() {
    let data = tempfile::tempdir().unwrap();
    let absent = [data.path().join("absent.csv")];
    let work = Work { inputs: &absent, ..WORK };
    let place = Place::folder(data.path().join("data"));
    let recorded = record_run(&place, &work, &mut Memory::default(), |_| {
        Err::<(), _>("cannot read absent.csv")
    });
    assert!(recorded.run_id.is_err());
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
}

#[test]
fn work_is_done_where_nothing_can_be_recorded() {
    let data = tempfile::tempdir().unwrap();
    let taken = data.path().join("taken");
    fs::write(&taken, "a file where a folder should be").unwrap();
    let recorded =
        record_run(&Place::folder(taken), &WORK, &mut Memory::default(), |_| Ok::<_, Error>(1));
    assert_eq!(recorded.outcome.unwrap(), 1);
    assert!(recorded.run_id.unwrap_err().to_string().starts_with("cannot write "));
}

#[test]
fn a_run_can_be_looked_at_while_it_works_about_a_second_late() {
    let data = tempfile::tempdir().unwrap();
    let mut journal = start(data.path());
    journal.metric("loss", 0, 4.5);
    let (workbench, since) = (open(data.path()), Instant::now());
    let run = loop {
        let run = workbench.run(journal.run_id()).unwrap();
        if !run.metrics.is_empty() {
            break run;
        }
        // The work says nothing more, and it is written all the same.
        assert!(since.elapsed() < Duration::from_secs(30), "it was never written");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!((run.status, run.ended_ms), (RunStatus::Running, None));
    assert_eq!(metric(&run, "loss"), 4.5);
}

#[test]
fn a_metric_that_breaks_a_rule_is_the_error_at_the_end_and_loses_no_other() {
    let data = tempfile::tempdir().unwrap();
    let mut journal = start(data.path());
    journal.metric("loss", 0, 1.0);
    journal.metric("../outside", 0, 1.0);
    journal.artifact("../../../escaped", b"x");
    journal.artifact("kept.txt", b"x");
    journal.metric("loss", 1, 0.5);
    let id = journal.run_id().to_owned();
    let error = journal.close(Ok(())).unwrap_err().to_string();
    assert!(error.contains("../outside"), "the first one is kept: {error}");
    let (workbench, run) = (open(data.path()), open(data.path()).run(&id).unwrap());
    assert_eq!((run.status, metric(&run, "loss")), (RunStatus::Finished, 0.5));
    let files = workbench.files(&run).unwrap();
    assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["kept.txt"]);
}

#[test]
fn a_setting_that_changes_after_it_was_written_is_an_error() {
    let data = tempfile::tempdir().unwrap();
    let mut journal = start(data.path());
    journal.param("law", "kaplan");
    while open(data.path()).run(journal.run_id()).unwrap().params.is_empty() {
        std::thread::sleep(Duration::from_millis(50));
    }
    journal.param("law", "chinchilla");
    let error = journal.close(Ok(())).unwrap_err().to_string();
    assert!(error.contains("law") && error.contains("kaplan"), "{error}");
}

#[test]
fn a_diverged_loss_is_recorded_as_such() {
    let data = tempfile::tempdir().unwrap();
    let mut journal = start(data.path());
    journal.metric("loss", 0, f64::NAN);
    let id = journal.close(Ok(())).unwrap();
    assert!(metric(&open(data.path()).run(&id).unwrap(), "loss").is_nan());
}

#[test]
fn more_than_fits_into_one_batch_is_recorded_whole() {
    let data = tempfile::tempdir().unwrap();
    let mut journal = start(data.path());
    for step in 0..2500 {
        journal.metric("loss", step, step as f64);
    }
    for setting in 0..150 {
        journal.param(&format!("setting {setting}"), "1");
    }
    let id = journal.close(Ok(())).unwrap();
    let run = open(data.path()).run(&id).unwrap();
    assert_eq!((run.params.len(), metric(&run, "loss")), (150, 2499.0));
}

#[test]
fn several_processes_record_at_once() {
    let data = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let mut journal = start(data.path());
                    journal.metric("loss", 0, 1.0);
                    journal.close(Ok(())).unwrap();
                }
            });
        }
    });
    let runs = all(data.path());
    assert_eq!(runs.len(), 20);
    assert!(runs.iter().all(|run| metric(run, "loss") == 1.0));
}

/// A folder as Fieldkit 0.1 wrote it before it had a database.
fn old_folder(folder: &Path, id: &str) -> PathBuf {
    let run = folder.join("runs").join(id);
    fs::create_dir_all(run.join("artifacts/pictures")).unwrap();
    let json = r#"{
      "id": "ID", "application": "scaling", "command": "fit", "status": "FAILED",
      "started": "2026-11-20T10:00:00Z", "ended": "2026-11-20T10:01:00Z",
      "code_version": "0.1.0", "seed": 3,
      "inputs": [{"name": "runs.csv", "n_bytes": 0,
        "digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}],
      "params": {"law": "kaplan", "command_line": "fieldkit scaling fit runs.csv"},
      "metrics": {"loss": 2.5}, "artifacts": [], "notes": ["few runs"], "error": "too few"
    }"#;
    fs::write(run.join("run.json"), json.replace("ID", id)).unwrap();
    let csv = "step,value,metric\n0,4.25,loss\n7,2.5,loss\n0,0.1,\"lr, peak\"\n8,2.";
    fs::write(run.join("metrics.csv"), csv).unwrap();
    fs::write(run.join("artifacts/pictures/fit.svg"), "<svg/>").unwrap();
    run
}

#[test]
fn old_folders_are_taken_over_once() {
    let data = tempfile::tempdir().unwrap();
    old_folder(data.path(), "20261120-100000.000-9abc");
    let workbench = open(data.path());
    let done = workbench::import(data.path(), &workbench, &mut Memory::default()).unwrap();
    assert_eq!((done.n_runs, done.n_known, done.errors.len()), (1, 0, 0));

    let runs = all(data.path());
    let run = &runs[0];
    assert_eq!((run.name.as_str(), run.status), ("fit", RunStatus::Failed));
    assert_eq!((run.started_ms, run.ended_ms), (Some(1_795_168_800_000), Some(1_795_168_860_000)));
    assert_eq!((metric(run, "loss"), metric(run, "lr_ peak")), (2.5, 0.1), "no half a number");
    assert_eq!(run.params.keys().collect::<Vec<_>>(), ["law"]);
    assert_eq!(run.tags["fieldkit.command_line"], "fieldkit scaling fit runs.csv");
    assert_eq!(run.tags["fieldkit.error"], "too few");
    assert_eq!(run.tags["fieldkit.imported_from"], "20261120-100000.000-9abc");
    assert_eq!(run.inputs[0].dataset.name, "runs.csv");
    assert_eq!(workbench.file(run, "pictures/fit.svg").unwrap(), b"<svg/>");

    old_folder(data.path(), "20261121-100000.000-9abc");
    let again = workbench::import(data.path(), &workbench, &mut Memory::default()).unwrap();
    assert_eq!((again.n_runs, again.n_known), (1, 1));
    assert_eq!(all(data.path()).len(), 2);
}

#[test]
fn a_damaged_old_run_is_named_and_the_others_are_taken_over() {
    let data = tempfile::tempdir().unwrap();
    let damaged = old_folder(data.path(), "20261120-100000.000-0000");
    fs::write(damaged.join("metrics.csv"), "step,value,metric\n0,4.25,loss\n1,x,loss\n").unwrap();
    fs::write(old_folder(data.path(), "20261120-100000.000-0001").join("run.json"), "{").unwrap();
    old_folder(data.path(), "20261120-100000.000-0002");
    let done = workbench::import(data.path(), &open(data.path()), &mut Memory::default()).unwrap();
    let said: Vec<String> = done.errors.iter().map(ToString::to_string).collect();
    assert_eq!((done.n_runs, all(data.path()).len()), (1, 1), "{said:?}");
    assert!(said[0].contains("line 3 is not `step,value,metric`"), "{said:?}");
    assert!(said[1].contains("not the record of a run"), "{said:?}");
}
