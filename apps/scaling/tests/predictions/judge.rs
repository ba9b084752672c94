//! Verdicts and refusals: each fires on runs made for it and on none that are well.

use record::Silent;
use scaling::data::{Flag, Schedule, TrainingRun};
use scaling::fit::{fit, observe};
use scaling::judge::{
    Kind, Severity, Verdict, judge_agreement, judge_fit, judge_groups, judge_runs, noise,
};
use scaling::model::chinchilla::{CHINCHILLA, SKALING};
use scaling::units::{Flop, Nats, Parameters};

use super::synthetic::{grid, quick, run, true_best_size, true_loss, with};

fn severity(verdicts: &[Verdict], kind: Kind) -> Option<Severity> {
    verdicts.iter().find(|v| v.kind == kind).map(|v| v.severity)
}

#[test]
fn a_good_grid_has_nothing_against_it() {
    let verdicts = judge_runs(&grid());
    assert!(verdicts.iter().all(|v| v.severity == Severity::Note), "{verdicts:?}");
    let fitted = fit(&CHINCHILLA, observe(&CHINCHILLA, &grid()).unwrap(), &quick(), &mut Silent);
    assert_eq!(judge_fit(&fitted.unwrap()), []);
}

#[test]
fn runs_on_one_line_of_tokens_by_parameters_are_refused() {
    let runs: Vec<TrainingRun> = (0..8)
        .map(|i| 1e7 * 2f64.powi(i))
        .map(|n| run(n, 20.0 * n, true_loss(n, 20.0 * n)))
        .collect();
    let verdicts = judge_runs(&runs);
    assert_eq!(severity(&verdicts, Kind::Collinear), Some(Severity::Refusal));
    assert!(verdicts.iter().any(|v| v.sentence.contains("D = 20.000·N")), "{verdicts:?}");
}

#[test]
fn runs_of_one_budget_are_refused() {
    let at = |f: f64| {
        let n = f * true_best_size(1e19);
        let d = 1e19 / (6.0 * n);
        run(n, d, true_loss(n, d))
    };
    let verdicts = judge_runs(&[0.3, 0.5, 0.8, 1.2, 2.0, 3.0].map(at));
    assert_eq!(severity(&verdicts, Kind::Collinear), Some(Severity::Refusal));
    assert!(verdicts.iter().any(|v| v.sentence.contains("isoFLOP")), "{verdicts:?}");
}

#[test]
fn two_sizes_are_refused_and_four_warned_of() {
    let of_sizes = |n: usize| -> Vec<TrainingRun> {
        let sizes: Vec<f64> = (0..n).map(|i| 2e7 * 2f64.powi(i as i32)).collect();
        let is_kept = |r: &TrainingRun| {
            let total = r.parameters.total.unwrap().0;
            sizes.iter().any(|s| (s / total - 1.0).abs() < 1e-9)
        };
        grid().into_iter().filter(is_kept).collect()
    };
    let severities = [2, 4, 5].map(|n| severity(&judge_runs(&of_sizes(n)), Kind::FewRuns));
    assert_eq!(severities, [Some(Severity::Refusal), Some(Severity::Warning), None]);
}

#[test]
fn profiles_that_are_lowest_at_their_edge_are_told() {
    let at = |c: f64, f: f64| {
        let n = f * true_best_size(c);
        run(n, c / (6.0 * n), true_loss(n, c / (6.0 * n)))
    };
    let runs = |factors: [f64; 5]| -> Vec<TrainingRun> {
        [1e18, 1e19, 1e20].iter().flat_map(|c| factors.map(|f| at(*c, f))).collect()
    };
    let edge = judge_runs(&runs([1.5, 2.0, 3.0, 4.0, 6.0]));
    assert_eq!(severity(&edge, Kind::EdgeMinimum), Some(Severity::Warning));
    let inside = judge_runs(&runs([0.3, 0.6, 1.0, 1.6, 3.0]));
    assert_eq!(severity(&inside, Kind::EdgeMinimum), None);
}

#[test]
fn losses_on_the_training_text_are_told() {
    let runs: Vec<TrainingRun> =
        grid().into_iter().map(|r| with(r, |r| r.loss_is_training = true)).collect();
    assert_eq!(severity(&judge_runs(&runs), Kind::TrainingLoss), Some(Severity::Warning));
}

#[test]
fn losses_read_mid_schedule_are_told_and_refused_where_they_are_most() {
    let flagged = |n: usize| -> Vec<TrainingRun> {
        let flag = || Flag::MidSchedule { why: "the rate had fallen by 40 %".to_owned() };
        let runs = grid().into_iter().enumerate();
        runs.map(|(i, r)| with(r, |r| r.flags.extend((i < n).then(flag)))).collect()
    };
    let severities = [0, 3, 40].map(|n| severity(&judge_runs(&flagged(n)), Kind::MidSchedule));
    assert_eq!(severities, [None, Some(Severity::Warning), Some(Severity::Refusal)]);
}

#[test]
fn many_losses_of_one_size_at_even_steps_look_like_checkpoints() {
    let runs: Vec<TrainingRun> = [1e7, 3e7, 1e8, 3e8, 1e9]
        .iter()
        .flat_map(|n| {
            (1..=10).map(|i| run(*n, 1e9 * f64::from(i), true_loss(*n, 1e9 * f64::from(i))))
        })
        .collect();
    assert_eq!(severity(&judge_runs(&runs), Kind::MidSchedule), Some(Severity::Warning));
}

#[test]
fn embeddings_above_a_fifth_are_told() {
    let of_share = |share: f64| -> Vec<TrainingRun> {
        let body = |r: &mut TrainingRun| {
            r.parameters.body = r.parameters.total.map(|n| Parameters((1.0 - share) * n.0));
        };
        grid().into_iter().map(|r| with(r, body)).collect()
    };
    assert_eq!(severity(&judge_runs(&of_share(0.1)), Kind::EmbeddingShare), None);
    let much = judge_runs(&of_share(0.6));
    assert_eq!(severity(&much, Kind::EmbeddingShare), Some(Severity::Warning));
    assert!(much.iter().any(|v| v.sentence.contains("60 %")), "{much:?}");
}

/// The truth with its two terms raised to a power together, which Chinchilla cannot follow.
fn bent() -> Vec<TrainingRun> {
    let bend = |r: TrainingRun| {
        let (n, d) = (r.parameters.total.unwrap().0, r.tokens.unwrap().0);
        let loss = 1.0 + (5e4 / n.powf(0.6) + 4e5 / d.powf(0.7)).powf(0.4);
        with(r, |r| r.loss = Some(Nats(loss)))
    };
    grid().into_iter().map(bend).collect()
}

#[test]
fn residuals_with_a_saddle_are_told_and_gone_under_the_law_that_bends() {
    let judged = |law| {
        let fitted = fit(law, observe(law, &bent()).unwrap(), &quick(), &mut Silent).unwrap();
        severity(&judge_fit(&fitted), Kind::StructuredResiduals)
    };
    assert_eq!(judged(&CHINCHILLA), Some(Severity::Warning));
    assert_eq!(judged(&SKALING), None);
}

#[test]
fn exponents_of_no_well_tuned_suite_are_told() {
    let steep = |r: TrainingRun| {
        let (n, d) = (r.parameters.total.unwrap().0, r.tokens.unwrap().0);
        with(r, |r| r.loss = Some(Nats(2.0 + 30.0 / n.powf(0.2) + 5e8 / d.powf(0.95))))
    };
    let runs: Vec<TrainingRun> = grid().into_iter().map(steep).collect();
    let fitted =
        fit(&CHINCHILLA, observe(&CHINCHILLA, &runs).unwrap(), &quick(), &mut Silent).unwrap();
    let verdicts = judge_fit(&fitted);
    assert_eq!(severity(&verdicts, Kind::ImplausibleExponents), Some(Severity::Warning));
}

#[test]
fn suites_that_lie_apart_are_refused_and_alike_ones_are_not() {
    let suites = |factor: f64| -> Vec<TrainingRun> {
        let name = |i: usize| if i.is_multiple_of(2) { "old" } else { "new" };
        let changed = |(i, r): (usize, TrainingRun)| {
            let factor = if i % 2 == 0 { 1.0 } else { factor };
            with(r, |r| {
                r.group = Some(name(i).to_owned());
                r.loss = r.loss.map(|l| Nats(factor * l.0));
            })
        };
        grid().into_iter().enumerate().map(changed).collect()
    };
    let judged = |factor| {
        let runs = suites(factor);
        let observed = observe(&CHINCHILLA, &runs).unwrap();
        judge_groups(&fit(&CHINCHILLA, observed, &quick(), &mut Silent).unwrap(), &runs)
    };
    assert_eq!(judged(1.0), None);
    let verdict = judged(0.95).unwrap();
    assert_eq!((verdict.kind, verdict.severity), (Kind::MixedGroups, Severity::Refusal));
    assert!(verdict.sentence.contains("new (24)"), "{}", verdict.sentence);
}

#[test]
fn laws_that_differ_by_more_than_the_noise_of_repeated_runs_are_told() {
    let mut runs = grid();
    for i in 0..5u8 {
        let repeat = runs[10].clone();
        runs.push(with(repeat, |r| {
            r.seed = Some(u64::from(i));
            r.id = format!("repeat {i}");
            r.loss = r.loss.map(|l| Nats(l.0 * (1.0 + 0.001 * f64::from(i))));
        }));
    }
    let fitted =
        fit(&CHINCHILLA, observe(&CHINCHILLA, &runs).unwrap(), &quick(), &mut Silent).unwrap();
    let noise = noise(&runs, &fitted);
    assert!(noise.source.contains("between seeds"), "{noise:?}");
    assert!((0.001..0.003).contains(&noise.sd), "{noise:?}");
    let judged = |other: f64| {
        judge_agreement(Flop(1e22), (&CHINCHILLA, Nats(2.31)), (&SKALING, Nats(other)), &noise)
    };
    assert_eq!(judged(2.311), None);
    let verdict = judged(2.24).unwrap();
    assert_eq!(verdict.severity, Severity::Warning);
    assert!(verdict.sentence.contains("2.310") && verdict.sentence.contains("2.240"));
}

#[test]
fn repeats_are_of_different_seeds_and_without_seeds_are_called_alike() {
    let repeats = |seed: fn(u8) -> Option<u64>| -> Vec<TrainingRun> {
        let repeat = |i: u8| {
            with(grid()[10].clone(), |r| {
                r.id = format!("repeat {i}");
                r.seed = seed(i);
                r.loss = r.loss.map(|l| Nats(l.0 * (1.0 + 0.001 * f64::from(i))));
            })
        };
        grid().into_iter().chain((0..5).map(repeat)).collect()
    };
    let source = |runs: &[TrainingRun]| {
        let observed = observe(&CHINCHILLA, runs).unwrap();
        let fitted = fit(&CHINCHILLA, observed, &quick(), &mut Silent).unwrap();
        noise(runs, &fitted).source
    };
    let seeded = source(&repeats(|i| Some(u64::from(i))));
    assert!(seeded.starts_with("noise between seeds"), "{seeded}");
    let same_seed = source(&repeats(|_| Some(1)));
    assert!(same_seed.contains("no run was repeated"), "{same_seed}");
    let unseeded = repeats(|_| None);
    let alike = source(&unseeded);
    assert!(alike.starts_with("runs alike in size, data, rate and batch"), "{alike}");
    let differing: Vec<TrainingRun> = unseeded
        .into_iter()
        .map(|r| {
            let schedule = Schedule::Other(r.id.clone());
            with(r, |r| r.schedule = Some(schedule))
        })
        .collect();
    let none = source(&differing);
    assert!(none.contains("no run was repeated"), "{none}");
}

#[test]
fn only_runs_of_one_budget_are_called_one_isoflop_line() {
    let on = |slope: f64| -> String {
        let at = |i: i32| {
            let n = 1e7 * 2f64.powi(i);
            run(n, 1e10 * 2f64.powf(slope * f64::from(i)), 3.0)
        };
        let runs: Vec<TrainingRun> = (0..6).map(at).collect();
        let verdicts = judge_runs(&runs);
        verdicts.into_iter().find(|v| v.kind == Kind::Collinear).unwrap().sentence
    };
    assert!(on(-1.0).contains("isoFLOP line"), "{}", on(-1.0));
    assert!(on(-0.5).contains("all runs lie on D ∝ N^-0.50"), "{}", on(-0.5));
    assert!(!on(-0.5).contains("isoFLOP"), "{}", on(-0.5));
}
