//! Steps against examples, on the published table and on runs whose hyperbola is known.

use record::Silent;
use scaling::data::{Checkpoint, Flag, Schedule, StepsToLoss, TrainingRun};
use scaling::predict::batch::{
    REFERENCE, Report, noise_scales, reference, report, steps_to_losses,
};
use scaling::units::{Nats, Parameters, Steps, Tokens};
use serde_json::json;

use super::synthetic::{checkpoint, quick, read, run, shared, with};

fn reported(rows: &[StepsToLoss]) -> Report {
    report(rows, REFERENCE, &quick(), &mut Silent).unwrap()
}

#[test]
fn the_published_table_gives_the_published_limits_and_batches() {
    let Some(path) = shared("critical_batch_85M_604M.csv") else { return };
    let found = reported(&read(&path).steps_to_loss);
    let expected = [
        ("85M", 1293.83, 2_834_258.0, 745.32),
        ("151M", 1752.42, 5_677_479.0, 955.16),
        ("302M", 2095.35, 11_383_270.0, 1393.73),
        ("604M", 2459.93, 19_449_689.0, 1888.52),
    ];
    for (name, steps, sequences, batch) in expected {
        let t = found.trade_offs.iter().find(|t| t.model.as_deref() == Some(name)).unwrap();
        let close = |value: f64, expected: f64| (value / expected - 1.0).abs() < 1e-3;
        assert!(close(t.least_steps.value, steps), "{name}: {:?}", t.least_steps);
        assert!(close(t.least_examples.value / 512.0, sequences), "{name}");
        assert!(close(t.with_overhead.value / 512.0, batch), "{name}: {:?}", t.with_overhead);
        assert!(t.critical_batch.interval.as_ref().unwrap().contains(t.critical_batch.value));
    }
}

fn row(target: f64, batch: f64, steps: f64) -> StepsToLoss {
    let row = json!({
        "model": "small",
        "parameters": { "total": 1e8 },
        "target": target,
        "batch": batch,
        "steps": steps,
        "origin": { "file": "synthetic" },
    });
    serde_json::from_value(row).unwrap()
}

/// S_min = 1,000 and E_min = 1e9 at a loss of 3, twice that at 2.5.
fn rows() -> Vec<StepsToLoss> {
    let batches = (0..8).map(|i| 6e4 * 2f64.powi(i));
    let at = |b: f64| [row(3.0, b, 1e3 + 1e9 / b), row(2.5, b, 2e3 + 4e9 / b)];
    batches.flat_map(at).collect()
}

#[test]
fn a_hyperbola_is_found_and_the_law_of_the_loss_through_two_of_them() {
    let found = reported(&rows());
    let critical = found.trade_offs.iter().map(|t| t.critical_batch.value);
    let critical: Vec<f64> = critical.collect();
    assert!((critical[0] / 1e6 - 1.0).abs() < 1e-5 && (critical[1] / 2e6 - 1.0).abs() < 1e-5);
    // 2 = (3/2.5)^(1/αB).
    let alpha = found.by_loss.unwrap().alpha_b.value;
    assert!((alpha - 1.2f64.ln() / 2f64.ln()).abs() < 1e-4, "{alpha}");
}

/// Three sizes whose steps are off their hyperbola by the same factors.
fn three_sizes() -> Vec<StepsToLoss> {
    let of_size = |size: f64| {
        let at = move |i: i32| {
            let off = [1.03, 0.96, 1.01, 0.98][i as usize % 4];
            let batch = size.sqrt() * 6e4 * 2f64.powi(i);
            let mut row = row(3.0, batch, off * (1e3 + size.sqrt() * 1e9 / batch));
            row.model = Some(format!("{size}"));
            row.parameters.total = Some(Parameters(1e8 * size));
            row
        };
        (0..8).map(at)
    };
    [1.0, 4.0, 16.0].into_iter().flat_map(of_size).collect()
}

#[test]
fn sizes_are_drawn_independently() {
    // From a batch near zero, drawn alike, each would be off by the same factor: no width at all.
    let found = report(&three_sizes(), Tokens(1.0), &quick(), &mut Silent).unwrap();
    let exponent = found.by_size.unwrap().exponent;
    let interval = exponent.interval.unwrap();
    assert!(interval.contains(exponent.value), "{interval:?}");
    assert!(interval.high - interval.low > 0.02, "{interval:?}");
}

#[test]
fn the_order_of_rows_changes_no_interval() {
    let mut shuffled: Vec<StepsToLoss> = rows().into_iter().chain(three_sizes()).collect();
    let before = serde_json::to_value(reported(&shuffled)).unwrap();
    shuffled.reverse();
    shuffled.rotate_left(7);
    assert_eq!(serde_json::to_value(reported(&shuffled)).unwrap(), before);
}

#[test]
fn batches_that_all_lie_below_the_critical_one_are_told() {
    let low: Vec<StepsToLoss> =
        rows().into_iter().filter(|r| r.target == Nats(3.0) && r.batch.0 < 6e5).collect();
    let found = reported(&low);
    assert!(found.verdicts[0].sentence.contains("below the critical one"), "{:?}", found.verdicts);
    assert!(reported(&rows()).verdicts.is_empty());
}

#[test]
fn the_overhead_is_counted_from_a_batch_that_was_tried() {
    assert_eq!(reference(&rows()), REFERENCE);
    let small: Vec<StepsToLoss> =
        rows().into_iter().map(|r| StepsToLoss { batch: Tokens(r.batch.0 / 100.0), ..r }).collect();
    assert_eq!(reference(&small), Tokens(600.0));
}

#[test]
fn two_batches_are_refused() {
    let error = report(&rows()[..2], REFERENCE, &quick(), &mut Silent).unwrap_err().to_string();
    assert!(error.contains("three batches"), "{error}");
}

/// Runs of one size at several batches whose loss falls as 8/s^0.15 in steps s of a large batch.
fn histories() -> Vec<TrainingRun> {
    let one = |batch: f64| {
        let least = |step: f64| step / (1.0 + 1e6 / batch);
        let at = |i: u32| {
            let step = 40.0 * f64::from(i) * (1.0 + 1e6 / batch);
            let val_loss = Some(8.0 / least(step).powf(0.15));
            Checkpoint { val_loss, ..checkpoint(step) }
        };
        let history: Vec<Checkpoint> = (1..=300).map(at).collect();
        TrainingRun { batch: Some(Tokens(batch)), history, ..run(1e8, 1e10, 3.0) }
    };
    [1e5, 3e5, 1e6, 3e6, 1e7].map(one).to_vec()
}

#[test]
fn histories_lead_to_the_critical_batch_behind_them() {
    let rows = steps_to_losses(&histories(), Some(Nats(2.4))).unwrap();
    let found = reported(&rows);
    let critical = found.trade_offs[0].critical_batch.value;
    assert!((critical / 1e6 - 1.0).abs() < 0.02, "{critical}");
    assert_eq!(steps_to_losses(&histories(), None).unwrap().len(), 15);
}

/// The histories with steps stretched.
fn slower(by: f64) -> Vec<TrainingRun> {
    let mut runs = histories();
    runs.iter_mut().flat_map(|r| &mut r.history).for_each(|c| c.step *= by);
    runs
}

fn steps_to(runs: &[TrainingRun]) -> Vec<f64> {
    steps_to_losses(runs, Some(Nats(2.4))).unwrap().iter().map(|r| r.steps.0).collect()
}

#[test]
fn of_several_seeds_the_median_counts() {
    let seeds: Vec<TrainingRun> = [0.7, 1.0, 1.1].into_iter().flat_map(slower).collect();
    assert_eq!(steps_to(&seeds), steps_to(&histories()));
}

#[test]
fn of_several_learning_rates_the_best_counts() {
    let at =
        |rate, by| slower(by).into_iter().map(move |r| with(r, |r| r.learning_rate = Some(rate)));
    let rates: Vec<TrainingRun> = at(1e-3, 1.0).chain(at(1e-4, 1.5)).collect();
    assert_eq!(steps_to(&rates), steps_to(&histories()));
}

#[test]
fn flagged_runs_are_no_steps_to_a_loss() {
    let flag = Flag::Failed { why: "crashed".to_owned() };
    let failed = slower(0.5).into_iter().map(|r| with(r, |r| r.flags = vec![flag.clone()]));
    let runs: Vec<TrainingRun> = failed.chain(histories()).collect();
    assert_eq!(steps_to(&runs), steps_to(&histories()));
}

#[test]
fn another_schedule_or_other_text_repeated_is_another_model() {
    let cosine = slower(0.5).into_iter().map(|r| with(r, |r| r.schedule = Some(Schedule::Cosine)));
    let again = slower(2.0).into_iter().map(|r| with(r, |r| r.unique_tokens = Some(Tokens(1e9))));
    let runs: Vec<TrainingRun> = histories().into_iter().chain(cosine).chain(again).collect();
    let found = reported(&steps_to_losses(&runs, Some(Nats(2.4))).unwrap());
    let mut names: Vec<_> = found.trade_offs.iter().map(|t| t.model.clone().unwrap()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn a_loss_that_no_history_reaches_is_refused() {
    let error = steps_to_losses(&histories(), Some(Nats(0.5))).unwrap_err().to_string();
    assert!(error.contains("no size reaches 0.5"), "{error}");
}

#[test]
fn two_gradient_norms_give_the_noise_scale_in_sequences_and_tokens() {
    // |G|² = 2 and tr(Σ) = 640: norms of 2 + 640/B at B = 32 and 512.
    let norms = json!({
        "b_small": 32.0, "b_big": 512.0, "small_squared": 22.0, "big_squared": 3.25
    });
    let at = |step: f64| -> Checkpoint {
        serde_json::from_value(json!({ "step": step, "gradient_norms": norms })).unwrap()
    };
    let logged = TrainingRun {
        history: (1..10).map(|i| at(f64::from(i))).collect(),
        batch: Some(Tokens(512.0 * 1024.0)),
        steps: Some(Steps(10.0)),
        ..run(1e8, 1e9, 3.0)
    };
    let found = noise_scales(&[logged, run(1e8, 1e9, 3.0)]);
    assert_eq!(found.len(), 1);
    assert!((found[0].whole.unwrap() - 320.0).abs() < 1e-9, "{found:?}");
    assert!((found[0].whole_tokens.unwrap() - 320.0 * 1024.0).abs() < 1e-6);
}
