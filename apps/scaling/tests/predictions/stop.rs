//! When to stop, on runs whose law is known.

use record::Silent;
use scaling::data::{Checkpoint, TrainingRun};
use scaling::model::kaplan::loss::{TABLE_2, loss_of_size_and_data};
use scaling::predict::stop::{Asked, Report, report};
use scaling::units::{BodyParameters, Tokens};

use super::synthetic::{checkpoint, grid, quick, run, with};

fn asked() -> Asked {
    Asked { parameters: BodyParameters(1e8), tokens: Tokens(1e9), noise: 0.02 }
}

fn reported(runs: &[TrainingRun], asked: Option<Asked>) -> Report {
    report(runs, asked, &quick(), &mut Silent).unwrap()
}

#[test]
fn published_constants_give_the_reference_value_of_the_stopping_step() {
    let found = reported(&[run(1e8, 1e9, 3.0)], Some(asked()));
    assert!((found.bounds[0].stop.value / 18_114.415 - 1.0).abs() < 1e-6);
    assert!((found.bounds[0].overfitting.value - 0.070_391_222).abs() < 1e-8);
}

#[test]
fn with_the_tokens_it_needs_a_model_over_fits_by_no_more_than_the_noise() {
    let needed = reported(&[run(1e8, 1e9, 3.0)], Some(asked())).bounds[0].tokens_needed.value;
    let there = Asked { tokens: Tokens(needed), ..asked() };
    let overfitting = reported(&[run(1e8, 1e9, 3.0)], Some(there)).bounds[0].overfitting.value;
    assert!((overfitting - 0.02).abs() < 1e-9, "{overfitting}");
}

#[test]
fn runs_of_kaplans_own_law_lead_back_to_his_numbers() {
    let kaplan = |r: TrainingRun| {
        let (n, d) = (r.parameters.total.unwrap().0, r.tokens.unwrap());
        with(r, |r| r.loss = Some(loss_of_size_and_data(BodyParameters(n), d, &TABLE_2)))
    };
    let runs: Vec<TrainingRun> = grid().into_iter().map(kaplan).collect();
    let found = reported(&runs, Some(asked()));
    let [published, own] = &*found.bounds else { panic!("{:?}", found.bounds) };
    assert!((own.stop.value / published.stop.value - 1.0).abs() < 0.01, "{:?}", own.stop);
    let needed = own.tokens_needed.value / published.tokens_needed.value;
    assert!((needed - 1.0).abs() < 0.01, "{needed}");
    assert!(own.stop.interval.is_some());
}

#[test]
fn where_a_validation_loss_turns_up_it_is_told() {
    let with_curve = |loss: fn(f64) -> f64| {
        let at = |i: u32| {
            let step = 100.0 * f64::from(i);
            Checkpoint { val_loss: Some(loss(step)), ..checkpoint(step) }
        };
        TrainingRun { history: (1..=60).map(at).collect(), ..run(1e8, 1e9, 3.0) }
    };
    let turning = with_curve(|s| 3.0 + 1e3 / s + s / 1e4);
    let falling = with_curve(|s| 3.0 + 1e3 / s);
    let found = reported(&[turning, falling], None);
    assert_eq!(found.turns.iter().map(|t| t.has_turned).collect::<Vec<_>>(), [true, false]);
    // 1e3/s + s/1e4 is lowest at √(1e7) = 3,162.
    assert!((found.turns[0].step.0 - 3162.0).abs() < 150.0, "{:?}", found.turns[0]);
}

/// Kaplan's curves at one batch: S_min is the step over 1 + B_crit/B, of a B_crit that the runs
/// show by their several batches.
#[test]
fn steps_are_corrected_by_the_critical_batch_of_the_runs_themselves() {
    let (least, critical) = (1e3, 1e6);
    let one = |n: f64, batch: f64, d: f64| {
        let at = |i: u32| {
            let step = 40.0 * f64::from(i) * (1.0 + critical / batch);
            let s_min = step / (1.0 + critical / batch);
            let loss = (6.5e13 / n).powf(0.077) + (least / s_min).powf(0.76);
            Checkpoint { val_loss: Some(loss), ..checkpoint(step) }
        };
        TrainingRun {
            batch: Some(Tokens(batch)),
            history: (1..=300).map(at).collect(),
            ..run(n, d, 3.0)
        }
    };
    let batches = [2e5, 1e6, 5e6].map(|batch| one(1e8, batch, 1e9));
    let sizes = [(1e7, 5e8), (3e7, 1e9), (3e8, 2e9), (1e7, 4e9), (3e8, 5e8)];
    let runs = [&batches[..], &sizes.map(|(n, d)| one(n, 1e6, d))].concat();
    let found = reported(&runs, Some(asked()));
    assert_eq!(found.left_out, Vec::<String>::new());
    let source = &found.bounds[1].stop.source;
    assert!(source.contains("B_crit of your batches"), "{source}");
}

#[test]
fn losses_of_the_training_text_are_left_out_and_counted() {
    let training = |r: TrainingRun| with(r, |r| r.loss_is_training = true);
    let runs: Vec<TrainingRun> = grid().into_iter().map(training).collect();
    let found = report(&runs, Some(asked()), &quick(), &mut Silent).unwrap();
    assert_eq!(found.bounds.len(), 1, "{:?}", found.bounds);
    assert!(found.left_out.iter().any(|l| l.contains("49 run(s)")), "{:?}", found.left_out);
}
