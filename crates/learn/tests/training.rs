//! What training does, and that it survives being stopped.

use std::fs;
use std::path::Path;

use learn::train::Metric;
use learn::{Architecture, Error, Outcome, Recipe, Schedule, Text, Watch, train};
use record::Memory;

const LENGTH: usize = 8;

fn transformer() -> Architecture {
    Architecture::Transformer { n_layers: 1, width: 16, context: LENGTH }
}

fn lstm() -> Architecture {
    Architecture::Lstm { n_layers: 1, width: 16 }
}

fn recipe(steps: u64) -> Recipe {
    Recipe {
        steps,
        batch_sequences: 8,
        learning_rate: 2e-2,
        warm_up_steps: 5,
        schedule: Schedule::Cosine,
        seed: 7,
    }
}

fn text() -> Text {
    Text::new("the quick brown fox jumps over the lazy dog. ".repeat(60).into())
}

fn run(architecture: &Architecture, recipe: &Recipe, watch: Watch<'_>) -> Result<Outcome, Error> {
    let text = text();
    let training = text.training(LENGTH, None).expect("long enough");
    let held_out = text.held_out(LENGTH, 16).expect("long enough");
    train(architecture, recipe, &training, &held_out, watch)
}

/// Everything but the processor time.
fn numbers(outcome: &Outcome) -> (u64, Vec<(u64, Metric, u64)>) {
    let history = outcome.history.iter().map(|p| (p.step, p.metric, p.value.to_bits()));
    (outcome.loss.to_bits(), history.collect())
}

#[test]
fn a_tiny_model_learns_a_tiny_text() {
    for architecture in [transformer(), lstm()] {
        let outcome = run(&architecture, &recipe(300), Watch::default()).expect("it trains");
        // Of 8 bytes only the first ones leave open where in the sentence they stand.
        assert!(outcome.loss < 1.0, "{architecture:?}: {}", outcome.loss);
    }
}

#[test]
fn a_run_that_was_stopped_goes_on_to_the_same_numbers() {
    for architecture in [transformer(), lstm()] {
        let whole = run(&architecture, &recipe(40), Watch::default()).expect("it trains");
        let folder = tempfile::tempdir().expect("a folder");
        for stop_at in [7, 23] {
            let stop = |step| step == stop_at;
            let watch =
                Watch { checkpoints: Some(folder.path()), stop: Some(&stop), ..Watch::default() };
            let stopped = run(&architecture, &recipe(40), watch);
            assert!(matches!(stopped, Err(Error::Stopped { step }) if step == stop_at));
        }
        let watch = Watch { checkpoints: Some(folder.path()), ..Watch::default() };
        let resumed = run(&architecture, &recipe(40), watch).expect("it goes on");
        assert!(numbers(&resumed) == numbers(&whole), "{architecture:?}");
    }
}

#[test]
fn a_checkpoint_that_was_cut_off_does_not_count() {
    let folder = tempfile::tempdir().expect("a folder");
    stop_at(10, folder.path());
    fs::create_dir(folder.path().join("step-000000020.part")).expect("a folder");
    fs::write(folder.path().join("step-000000020.part/model.bpk"), "half").expect("a file");
    let whole = run(&transformer(), &recipe(30), Watch::default()).expect("it trains");
    // It also gets out of the way of a new one at the same step.
    stop_at(20, folder.path());
    let watch = Watch { checkpoints: Some(folder.path()), ..Watch::default() };
    let resumed = run(&transformer(), &recipe(30), watch).expect("it goes on");
    assert!(numbers(&resumed) == numbers(&whole));
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    stop_at(10, folder.path());
    let watch = Watch { checkpoints: Some(folder.path()), ..Watch::default() };
    let error = run(&transformer(), &recipe(31), watch).expect_err("another run");
    assert!(error.to_string().contains("belongs to another run"), "{error}");
}

#[test]
fn a_broken_checkpoint_is_an_error_that_names_it() {
    for file in ["model.bpk", "optimiser.bpk", "state.json"] {
        let folder = tempfile::tempdir().expect("a folder");
        stop_at(10, folder.path());
        let newest = folder.path().join("step-000000010");
        fs::write(newest.join(file), "not a checkpoint").expect("a file");
        let watch = Watch { checkpoints: Some(folder.path()), ..Watch::default() };
        let error = run(&transformer(), &recipe(30), watch).expect_err("it is broken").to_string();
        assert!(error.contains("step-000000010") && error.contains("hint: delete it"), "{error}");
    }
}

fn stop_at(at: u64, folder: &Path) {
    let stop = |step| step == at;
    let watch = Watch { checkpoints: Some(folder), stop: Some(&stop), ..Watch::default() };
    let stopped = run(&transformer(), &recipe(30), watch);
    assert!(matches!(stopped, Err(Error::Stopped { .. })));
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_an_error() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let inside = file.path().join("folder");
    let stop = |step| step == 1;
    let watch = Watch { checkpoints: Some(&inside), stop: Some(&stop), ..Watch::default() };
    assert!(matches!(run(&transformer(), &recipe(2), watch), Err(Error::Write { .. })));
}

#[test]
fn watching_does_not_change_the_result() {
    let plain = Watch { n_glances: 1, n_losses: 1, ..Watch::default() };
    let plain = run(&transformer(), &recipe(30), plain).expect("it trains");
    let mut journal = Memory::default();
    let watched = Watch { journal: Some(&mut journal), n_glances: 9, ..Watch::default() };
    let watched = run(&transformer(), &recipe(30), watched).expect("it trains");
    assert_eq!(plain.loss.to_bits(), watched.loss.to_bits());
    assert_eq!(journal.progress["steps"], (30, 30));
    assert_eq!(journal.metrics["val_loss"].last().map(|(step, _)| *step), Some(30));
}

#[test]
fn the_history_holds_rates_losses_and_the_noise_of_the_gradient() {
    let outcome = run(&transformer(), &recipe(30), Watch::default()).expect("it trains");
    let of = |metric| outcome.history.iter().filter(move |p| p.metric == metric);
    let rates: Vec<f64> = of(Metric::LearningRate).map(|p| p.value).collect();
    assert_eq!(rates[0], 2e-2 / 5.0);
    assert!(of(Metric::ValLoss).count() >= 10);
    // The mean of the quarters' squared norms is at least the squared norm of their mean.
    let small = of(Metric::GradientNormSqSmall);
    let pairs: Vec<_> = small.zip(of(Metric::GradientNormSqBatch)).collect();
    assert!(!pairs.is_empty() && pairs.iter().all(|(s, b)| s.step == b.step && s.value > b.value));
}

#[test]
fn another_seed_is_another_run() {
    let one = run(&transformer(), &recipe(20), Watch::default()).expect("it trains");
    let other = Recipe { seed: 8, ..recipe(20) };
    let other = run(&transformer(), &other, Watch::default()).expect("it trains");
    assert_ne!(one.loss, other.loss);
}

#[test]
fn a_loss_that_is_no_number_ends_the_run() {
    let wild = Recipe { learning_rate: 1e30, warm_up_steps: 0, ..recipe(20) };
    let error = run(&transformer(), &wild, Watch::default()).expect_err("it diverges");
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
}
