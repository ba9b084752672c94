//! Runs of our own: what a sweep leaves behind, that it goes on where it was, and what it says to
//! each mistake.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a panic here is a failed test; a skipped one says so"
)]

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use learn::Text;
use record::{Memory, Silent};
use scaling::Error;
use scaling::data::{Import, Options, Schedule, import};
use scaling::sweep::{Done, Plan, read_text, sweep};
use tempfile::{TempDir, tempdir};

/// Words in an order that is not quite random: there is something to learn.
fn text(n_bytes: usize) -> Text {
    let words = ["law", "loss", "learns", "data", "and", "batch", "of", "size"];
    let mut bytes = Vec::new();
    let mut state = 1u64;
    while bytes.len() < n_bytes {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(words[(state >> 61) as usize].as_bytes());
        bytes.push(b' ');
    }
    bytes.truncate(n_bytes);
    Text::new(bytes)
}

/// The micro preset, its runs a tenth as long.
fn plan() -> Plan {
    shortened(10)
}

/// The micro preset, its runs shorter.
fn shortened(by: u64) -> Plan {
    let mut plan = Plan::preset("micro").expect("a preset");
    plan.held_out_windows = 32;
    for run in &mut plan.runs {
        run.recipe.steps = run.recipe.steps.div_ceil(by);
        run.recipe.warm_up_steps = 1;
        run.unique_bytes = run.unique_bytes.map(|_| 4096);
    }
    plan
}

fn swept(plan: &Plan, out: &Path) -> Vec<Done> {
    sweep(plan, &text(100_000), out, 2, &mut Silent).expect("it sweeps")
}

fn refusal(plan: &Plan, text: &Text, out: &Path) -> String {
    let error = sweep(plan, text, out, 2, &mut Silent).expect_err("a refusal");
    assert!(!matches!(error, Error::Write { .. }), "the user can mend it");
    error.to_string()
}

fn read(out: &TempDir, name: &str) -> Import {
    import(&[out.path().join(name)], &Options::default(), &mut Silent).expect("it is read")
}

/// Everything but the processor time.
fn numbers(done: &[Done]) -> Vec<(String, Option<u64>, usize)> {
    let of = |d: &Done| (d.id.clone(), d.loss.map(f64::to_bits), d.history.len());
    done.iter().map(of).collect()
}

#[test]
fn the_table_of_runs_is_read_without_a_map() {
    let out = tempdir().unwrap();
    let done = swept(&plan(), out.path());
    let import = read(&out, "runs.csv");
    assert_eq!((import.runs.len(), import.n_rejected), (plan().runs.len(), 0));
    for (run, done) in import.runs.iter().zip(&done) {
        assert_eq!(run.id, done.id);
        assert_eq!(run.group.as_deref(), Some(done.run.group.as_str()));
        let architecture = &done.run.architecture;
        assert_eq!(run.parameters.body.unwrap().0 as u64, architecture.n_body());
        assert_eq!(run.parameters.total.unwrap().0 as u64, architecture.n_total());
        assert_eq!(run.tokens.unwrap().0 as u64, done.tokens);
        assert_eq!(run.steps.unwrap().0 as u64, done.run.recipe.steps);
        assert!((run.loss.unwrap().0 - done.loss.unwrap()).abs() < 1e-6);
        assert!(!run.loss_is_training);
        assert_eq!(run.seed, Some(0));
        assert!(run.flags.is_empty(), "{:?}", run.flags);
    }
    assert!(import.runs.iter().any(|run| run.schedule == Some(Schedule::Constant)));
    assert!(import.runs.iter().any(|run| run.unique_tokens.unwrap().0 < run.tokens.unwrap().0));
}

#[test]
fn the_history_finds_its_runs() {
    let out = tempdir().unwrap();
    swept(&plan(), out.path());
    let both = [out.path().join("runs.csv"), out.path().join("history.csv")];
    let import = import(&both, &Options::default(), &mut Silent).unwrap();
    assert_eq!((import.runs.len(), import.n_rejected), (plan().runs.len(), 0));
    for run in &import.runs {
        let last = run.history.last().unwrap();
        assert_eq!(last.step, run.steps.unwrap().0);
        assert!(last.train_loss.is_some() && last.learning_rate.is_some(), "{last:?}");
        assert!(run.history.iter().any(|point| point.val_loss.is_some()));
    }
}

#[test]
fn the_batch_scan_tells_the_steps_to_a_loss() {
    let out = tempdir().unwrap();
    let mut scan = shortened(2);
    scan.runs.retain(|run| run.group == "transformer batch scan");
    swept(&scan, out.path());
    let import = read(&out, "steps_to_loss.csv");
    assert!(!import.steps_to_loss.is_empty() && import.n_rejected == 0);
    for row in &import.steps_to_loss {
        assert_eq!(row.parameters.body.unwrap().0, 792.0);
        assert!(row.steps.0 >= 1.0 && [256.0, 1024.0, 4096.0].contains(&row.batch.0), "{row:?}");
    }
}

#[test]
fn a_sweep_that_is_taken_up_again_comes_to_the_same_numbers() {
    let (whole, parts) = (tempdir().unwrap(), tempdir().unwrap());
    let first_half = Plan { runs: plan().runs[..4].to_vec(), ..plan() };
    assert_eq!(swept(&first_half, parts.path()).len(), 4);
    let taken_up = swept(&plan(), parts.path());
    assert_eq!(numbers(&taken_up), numbers(&swept(&plan(), whole.path())));
    let table = |out: &TempDir| fs::read_to_string(out.path().join("history.csv")).unwrap();
    assert_eq!(table(&whole), table(&parts));
}

#[test]
fn a_run_that_is_done_is_not_trained_again() {
    let out = tempdir().unwrap();
    let one = Plan { runs: plan().runs[..1].to_vec(), ..plan() };
    swept(&one, out.path());
    let mut journal = Memory::default();
    sweep(&one, &text(100_000), out.path(), 2, &mut journal).unwrap();
    assert!(journal.notes.is_empty());
    let (done, total) = journal.progress["training (GFLOP)"];
    assert_eq!(done, total);
    assert!(journal.artifacts["runs.csv"].starts_with(b"id,group,"));
}

#[test]
fn a_run_whose_loss_is_no_number_is_a_failed_run_and_the_others_go_on() {
    let out = tempdir().unwrap();
    let mut plan = Plan { runs: plan().runs[..3].to_vec(), ..plan() };
    plan.runs[1].recipe.learning_rate = 1e30;
    let done = swept(&plan, out.path());
    assert_eq!(done.iter().filter(|d| d.loss.is_some()).count(), 2);
    let failed = done.iter().find(|d| d.failed.is_some()).unwrap();
    assert!(failed.to_string().contains("failed: the loss became infinite at step"), "{failed}");
    let table = fs::read_to_string(out.path().join("runs.csv")).unwrap();
    assert_eq!(table.matches(",failed,").count(), 1);
}

#[test]
fn a_folder_of_another_text_is_refused() {
    let out = tempdir().unwrap();
    let one = Plan { runs: plan().runs[..1].to_vec(), ..plan() };
    swept(&one, out.path());
    let error = refusal(&one, &text(90_000), out.path());
    assert!(error.contains("holds a sweep of another text"), "{error}");
}

#[test]
fn a_folder_with_other_files_is_refused_and_left_alone() {
    let out = tempdir().unwrap();
    fs::write(out.path().join("thesis.tex"), "dear").unwrap();
    let error = refusal(&plan(), &text(100_000), out.path());
    assert!(error.contains("holds other files") && error.contains("hint"), "{error}");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_in_which_another_sweep_works_is_refused() {
    let out = tempdir().unwrap();
    let one = Plan { runs: plan().runs[..1].to_vec(), ..plan() };
    swept(&one, out.path());
    let lock = fs::File::create(out.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    let error = refusal(&one, &text(100_000), out.path());
    assert!(error.contains("another sweep is working in the folder"), "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_not_the_users_mistake() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let inside = file.path().join("out");
    let error = sweep(&plan(), &text(100_000), &inside, 2, &mut Silent).unwrap_err();
    assert!(matches!(error, Error::Write { .. }), "{error}");
}

#[test]
fn a_text_too_short_for_the_plan_is_refused_before_a_folder_is_made() {
    let out = tempdir().unwrap();
    let new = out.path().join("new");
    let error = refusal(&plan(), &text(1_000), &new);
    assert!(error.contains("the text has 950 bytes for training"), "{error}");
    assert!(!new.exists());
}

#[test]
fn a_plan_that_cannot_be_trained_is_refused_with_the_run_to_blame() {
    let out = tempdir().unwrap();
    let refused = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan();
        change(&mut plan);
        refusal(&plan, &text(100_000), &out.path().join("new"))
    };
    let first = plan().runs[0].id();
    for (error, expected) in [
        (refused(&|p| p.runs.clear()), "the plan has no runs"),
        (refused(&|p| p.sequence_length = 0), "is zero"),
        (refused(&|p| p.runs[0].recipe.steps = 0), "has no steps"),
        (refused(&|p| p.runs[0].recipe.learning_rate = f64::NAN), "learning rate of NaN"),
        (refused(&|p| p.sequence_length = 65), "knows 64 positions, sequences have 65"),
        (refused(&|p| p.runs[1] = p.runs[0].clone()), &format!("{first} stands twice")),
        (refused(&|p| p.runs[0].unique_bytes = Some(96_000)), "96000 are asked for"),
    ] {
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn every_preset_names_each_run_once_and_an_unknown_one_is_refused() {
    for name in Plan::PRESETS {
        let plan = Plan::preset(name).unwrap();
        let mut ids: Vec<String> = plan.runs.iter().map(|run| run.id()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), plan.runs.len(), "{name}");
    }
    let error = Plan::preset("huge").unwrap_err().to_string();
    assert!(error.contains("write one of micro, sample, full"), "{error}");
}

#[test]
fn a_plan_survives_its_file() {
    let plan = Plan::preset("sample").unwrap();
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
}

#[test]
fn a_text_is_read_plain_or_packed() {
    let folder = tempdir().unwrap();
    let (plain, packed) = (folder.path().join("a.txt"), folder.path().join("a.dict.dz"));
    fs::write(&plain, "some text").unwrap();
    let mut encoder = GzEncoder::new(fs::File::create(&packed).unwrap(), Compression::fast());
    encoder.write_all(b"some text").unwrap();
    encoder.finish().unwrap();
    assert_eq!(read_text(&plain).unwrap().bytes(), b"some text");
    assert_eq!(read_text(&packed).unwrap().bytes(), b"some text");

    let whole = fs::read(&packed).unwrap();
    fs::write(&packed, &whole[..whole.len() - 6]).unwrap();
    let error = read_text(&packed).unwrap_err().to_string();
    assert!(error.contains("the gzip cannot be unpacked"), "{error}");
}

#[test]
fn an_empty_or_absent_text_is_an_error_that_names_the_file() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("empty.txt");
    assert!(read_text(&file).unwrap_err().to_string().contains("cannot read"));
    fs::write(&file, "").unwrap();
    let error = read_text(&file).unwrap_err().to_string();
    assert!(error.contains("empty.txt: the text is empty"), "{error}");
}

#[test]
fn the_sample_is_read_whole() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
    let import = import(&[sample], &Options::default(), &mut Silent).unwrap();
    assert_eq!(import.n_rejected, 0);
    assert!(import.runs.iter().all(|run| run.flags.is_empty() && !run.history.is_empty()));
    let fitted = import.runs.iter().filter(|run| run.group.as_deref() == Some("transformer"));
    assert!(fitted.count() >= 24);
    assert!(!import.steps_to_loss.is_empty());
}
