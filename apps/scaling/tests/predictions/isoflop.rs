//! Approaches 1 and 2, and optimal pairs, on real profiles.

use scaling::data::{Checkpoint, TrainingRun};
use scaling::isoflop::{Pair, approach_1, approach_2, growth, points};
use scaling::units::{CountKind, Tokens};

use super::synthetic::{TRUTH, checkpoint, of_group, read, run, shared, true_loss};

/// Exponent and factor by stage, which stands at the end of the first column.
fn published(name: &str) -> Vec<(String, f64, f64)> {
    let Some(path) = shared("porian_fit_results.csv") else { return vec![] };
    let text = std::fs::read_to_string(path).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|h| *h == name).unwrap();
    let (exponent, factor) = (column(&format!("{name}_exponent")), column(&format!("{name}_coef")));
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<&str>>());
    let stage = |tag: &str| tag[tag.find("_rw_").unwrap() + 1..].to_owned();
    rows.map(|r| (stage(r[0]), r[exponent].parse().unwrap(), r[factor].parse().unwrap())).collect()
}

#[test]
fn optimal_pairs_give_the_published_exponents_of_every_stage() {
    let Some(path) = shared("porian_optimal_pairs.csv") else { return };
    let runs = read(&path).runs;
    let mut n_stages = 0;
    for ((stage, n_exponent, n_factor), (_, t_exponent, _)) in
        published("n").into_iter().zip(published("t"))
    {
        let pair = |r: &TrainingRun| Pair {
            compute: r.compute.unwrap(),
            parameters: r.parameters.unstated.unwrap(),
            tokens: r.tokens.unwrap(),
            loss: r.loss,
        };
        let pairs: Vec<Pair> = of_group(&runs, &stage).iter().map(pair).collect();
        if pairs.is_empty() {
            continue;
        }
        let found = growth(&pairs).unwrap();
        assert!((found.parameters.exponent - n_exponent).abs() < 1e-6, "{stage}");
        assert!((found.parameters.coefficient / n_factor - 1.0).abs() < 1e-4, "{stage}");
        assert!((found.tokens.exponent - t_exponent).abs() < 1e-6, "{stage}");
        n_stages += 1;
    }
    assert_eq!(n_stages, 10);
}

#[test]
fn parabolas_through_the_profiles_come_within_0_03_of_the_published_exponents() {
    let Some(path) = shared("porian_isoflop_points.csv") else { return };
    let runs = read(&path).runs;
    let mut n_stages = 0;
    for (stage, exponent, _) in published("n") {
        let of_stage = of_group(&runs, &stage);
        let points = points(&of_stage, CountKind::Unstated).unwrap();
        let found = approach_2(&points, 200, 0).unwrap();
        assert!((found.a.value - exponent).abs() < 0.03, "{stage}: {:?}", found.a);
        assert!(found.a.interval.unwrap().contains(found.a.value), "{stage}");
        n_stages += 1;
    }
    assert_eq!(n_stages, 10);
}

/// Runs of twelve sizes whose loss along the run is the truth's, as under a constant rate.
fn curves() -> Vec<TrainingRun> {
    let one = |n: f64| {
        let (batch, last) = (5e5, 2000.0 * (n / 1e7).sqrt());
        let at = |i: u32| {
            let step = (last * f64::from(i) / 400.0).max(1.0);
            let val_loss = Some(true_loss(n, batch * step));
            Checkpoint { val_loss, ..checkpoint(step) }
        };
        let history: Vec<Checkpoint> = (1..=400).map(at).collect();
        let end = run(n, batch * last, true_loss(n, batch * last));
        TrainingRun { batch: Some(Tokens(batch)), history, ..end }
    };
    (0..12).map(|i| one(1e7 * 2f64.powf(f64::from(i) / 2.0))).collect()
}

#[test]
fn the_envelope_of_curves_grows_as_the_law_behind_them() {
    let growth = approach_1(&curves(), 100, 0).unwrap();
    assert!((growth.a.value - TRUTH[4] / (TRUTH[3] + TRUTH[4])).abs() < 0.05, "{:?}", growth.a);
    assert!(growth.a.interval.unwrap().contains(growth.a.value));
}

#[test]
fn three_sizes_have_no_envelope() {
    let error = approach_1(&curves()[..3], 0, 0).unwrap_err().to_string();
    assert!(error.contains("at least four sizes"), "{error}");
}
