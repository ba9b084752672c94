//! A run under another schedule, from curves whose law is known and from a real one.

use record::Silent;
use scaling::data::{Checkpoint, Limits, Options, TrainingRun, import};
use scaling::model::annealing::{Cooldown, Shape, TISSUE, areas, learning_rates};
use scaling::predict::curve::{CurveRecipe, Forecast, Target, forecast};

use super::synthetic::{checkpoint, run, shared};

const THETA: [f64; 4] = [2.6, 0.45, 0.5, 0.03];
const LAMBDA: f64 = 1.0 - 0.00316;
const WSD: Shape = Shape::WarmupStableDecay { share: 0.2, cooldown: Cooldown::OneMinusSqrt };

/// A run whose loss is Tissue's under `shape`, the warm-up left out of S₂.
fn annealed(shape: Shape, n_steps: usize) -> TrainingRun {
    let n_warmup = 100;
    let rates = learning_rates(shape, 1e-3, n_warmup, n_steps);
    let before: f64 = rates[..n_warmup - 1].iter().sum();
    let after = areas(&rates[n_warmup - 1..], LAMBDA);
    let loss = |step: usize| match step.checked_sub(n_warmup - 1) {
        None => 8.0,
        Some(i) => TISSUE.at(&[before + after[i].forward, after[i].annealing], &THETA),
    };
    let at = |step: usize| Checkpoint {
        train_loss: Some(loss(step)),
        learning_rate: Some(rates[step]),
        ..checkpoint(step as f64)
    };
    TrainingRun { history: (0..n_steps).map(at).collect(), ..run(1e8, 1e9, 3.0) }
}

fn foretold(run: &TrainingRun, target: &Target) -> Forecast {
    forecast(run, target, &CurveRecipe { n_bootstrap: 60, seed: 0 }, &mut Silent).unwrap()
}

#[test]
fn a_curve_of_tissues_law_foretells_another_schedule() {
    let cosine = annealed(Shape::Cosine { floor: 0.1 }, 6000);
    let target = Target::Like(Box::new(annealed(WSD, 6000)));
    let found = foretold(&cosine, &target);
    assert_eq!(found.laws[0].law, "Tissue");
    let truth = found.truth.unwrap();
    assert!(truth.final_error.abs() < 2e-3, "{truth:?}");
    assert!(truth.mape < truth.baseline_mape, "{truth:?}");
}

#[test]
fn the_interval_holds_the_final_loss_of_the_schedule_asked_about() {
    let cosine = annealed(Shape::Cosine { floor: 0.1 }, 6000);
    let target = Target::Shape { shape: WSD, peak: None, n_warmup: None, n_steps: None };
    let found = foretold(&cosine, &target);
    let last = annealed(WSD, 6000).history.last().and_then(|c| c.train_loss).unwrap();
    let interval = found.target_final.interval.unwrap();
    assert!(interval.low < last + 2e-3 && last - 2e-3 < interval.high, "{interval:?} {last}");
}

#[test]
fn its_own_schedule_gives_back_the_run() {
    let cosine = annealed(Shape::Cosine { floor: 0.1 }, 6000);
    let own = Shape::Cosine { floor: 0.1 };
    let target = Target::Shape { shape: own, peak: None, n_warmup: Some(100), n_steps: Some(6000) };
    let found = foretold(&cosine, &target);
    assert!((found.target_final.value / found.own_final - 1.0).abs() < 2e-3, "{found:?}");
}

#[test]
fn a_run_whose_rate_never_fell_is_told_to_say_nothing_of_annealing() {
    let steady = annealed(Shape::Constant, 3000);
    let target = Target::Shape { shape: WSD, peak: None, n_warmup: None, n_steps: None };
    let found = foretold(&steady, &target);
    assert!(found.verdicts.iter().any(|v| v.sentence.contains("hardly falls")), "{found:?}");
}

#[test]
fn a_history_without_learning_rates_is_refused() {
    let mut blind = annealed(WSD, 1000);
    for moment in &mut blind.history {
        moment.learning_rate = None;
    }
    let target = Target::Shape { shape: WSD, peak: None, n_warmup: None, n_steps: None };
    let recipe = CurveRecipe { n_bootstrap: 0, seed: 0 };
    let error = forecast(&blind, &target, &recipe, &mut Silent).unwrap_err().to_string();
    assert!(error.contains("no learning rates"), "{error}");
}

#[test]
fn the_last_quarter_of_a_real_curve_is_foretold_better_than_by_both_baselines() {
    let Some(path) = shared("lr_annealing_cosine.csv") else { return };
    let limits = Limits { n_points: 200_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let run = import(&[path], &options, &mut Silent).unwrap().runs.remove(0);
    let target = Target::Shape { shape: WSD, peak: None, n_warmup: None, n_steps: None };
    let found = foretold(&run, &target);
    let best = &found.laws[0];
    assert!(best.held_out_mape < 0.004, "{best:?}");
    for (name, mape) in found.baselines {
        assert!(best.held_out_mape < 0.5 * mape, "{name}: {mape} {best:?}");
    }
}
