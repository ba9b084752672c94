//! Fits on real data against numbers that were found apart from this code.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot read its own input has failed"
)]

use std::path::{Path, PathBuf};

use record::Silent;
use scaling::data::{Options, import};
use scaling::evaluate::{SHARE_HELD_OUT, held_out};
use scaling::fit::{Fit, Observations, Recipe, fit, fit_from, observe, profile_interval};
use scaling::model::{Law, law};

/// A file of the real data beside the checkout, where it is there.
fn shared(name: &str) -> Option<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/scaling");
    let path = Path::new(folder).join(name);
    if !path.exists() {
        println!("skipped: ../shared is absent");
        return None;
    }
    Some(path)
}

/// The rows of a file. Of Epoch's those that Besiroglu et al. 2024 fit: all but the five of highest
/// loss.
fn rows(name: &str, law: &'static Law) -> Option<Observations> {
    let mut import = import(&[shared(name)?], &Options::default(), &mut Silent).unwrap();
    import.drop_highest(if name.starts_with("epoch") { 5 } else { 0 });
    Some(observe(law, &import.runs).unwrap())
}

fn epoch(law: &'static Law) -> Option<Observations> {
    rows("epoch_chinchilla.csv", law)
}

fn chinchilla() -> &'static Law {
    law("chinchilla").unwrap()
}

const NO_DRAWS: Recipe = Recipe {
    objective: scaling::fit::Objective::Huber { delta: 1e-3 },
    n_starts: 100,
    n_bootstrap: 0,
    seed: 0,
};

#[track_caller]
fn check_optimum(fit: &Fit) {
    let expected = [1.817218, 477.826, 2143.417, 0.347310, 0.367172];
    let tolerance = [2e-4, 0.5, 6.0, 2e-4, 2e-4];
    assert!(fit.objective - 0.001018274018 < 1e-9, "{}", fit.objective);
    for ((value, expected), tolerance) in fit.theta.iter().zip(expected).zip(tolerance) {
        assert!((value - expected).abs() < tolerance, "{:?}", fit.theta);
    }
}

/// Each end within `share` of the published one.
#[track_caller]
fn check_interval(fit: &Fit, index: usize, low: f64, high: f64, share: f64) {
    let interval = fit.interval(0.95, |theta| theta[index]).unwrap();
    assert!((interval.low / low - 1.0).abs() < share, "{interval:?}, expected {low}");
    assert!((interval.high / high - 1.0).abs() < share, "{interval:?}, expected {high}");
}

#[test]
fn the_240_points_give_the_optimum_and_the_published_intervals() {
    let Some(rows) = epoch(chinchilla()) else { return };
    assert_eq!(rows.loss.len(), 240);
    let fit = fit(chinchilla(), rows, &Recipe::default(), &mut Silent).unwrap();
    check_optimum(&fit);
    assert_eq!(fit.draws.len(), 4000);
    // Besiroglu et al. 2024, Table 1.
    check_interval(&fit, 0, 1.769, 1.871, 0.03);
    check_interval(&fit, 1, 285.2, 743.6, 0.08);
    check_interval(&fit, 2, 1042.4, 5810.3, 0.08);
    check_interval(&fit, 3, 0.317, 0.373, 0.03);
    check_interval(&fit, 4, 0.331, 0.415, 0.03);
    let a = fit.interval(0.80, |theta| theta[4] / (theta[3] + theta[4])).unwrap();
    assert!((a.low - 0.491).abs() < 0.005 && (a.high - 0.543).abs() < 0.005, "{a:?}");
}

#[test]
fn the_profile_interval_agrees_with_the_bootstrap_within_a_factor_of_two() {
    let Some(rows) = epoch(chinchilla()) else { return };
    let fit = fit(chinchilla(), rows, &Recipe::default(), &mut Silent).unwrap();
    for index in 0..5 {
        let draws = fit.interval(0.95, |theta| theta[index]).unwrap();
        let profile = profile_interval(&fit, index).unwrap();
        assert!(profile.contains(fit.theta[index]));
        let ratio = (profile.high - profile.low) / (draws.high - draws.low);
        assert!((0.35..2.0).contains(&ratio), "{index}: {profile:?} against {draws:?}");
    }
}

#[test]
fn one_descent_from_the_constants_of_hoffmann_leaves_them_for_the_optimum() {
    let Some(rows) = epoch(chinchilla()) else { return };
    let start = vec![chinchilla().published[0].theta.to_vec()];
    check_optimum(&fit_from(chinchilla(), rows, &start, &NO_DRAWS, &mut Silent).unwrap());
}

#[test]
fn the_grid_of_hoffmann_ends_at_the_optimum() {
    let Some(rows) = epoch(chinchilla()) else { return };
    let exponents = [0.0, 0.5, 1.0, 1.5, 2.0];
    let mut starts = vec![];
    for ln_e in [-1.0, -0.5, 0.0, 0.5, 1.0f64] {
        for ln_a in (0..6).map(|i| 5.0 * f64::from(i)) {
            for ln_b in (0..6).map(|i| 5.0 * f64::from(i)) {
                for alpha in exponents {
                    starts.extend(
                        exponents.map(|beta| {
                            vec![ln_e.exp(), f64::exp(ln_a), f64::exp(ln_b), alpha, beta]
                        }),
                    );
                }
            }
        }
    }
    assert_eq!(starts.len(), 4500);
    let fit = fit_from(chinchilla(), rows, &starts, &NO_DRAWS, &mut Silent).unwrap();
    check_optimum(&fit);
    assert!(fit.n_reached > 450, "{} of 4,500", fit.n_reached);
}

#[test]
fn skaling_on_the_240_points_bends_at_its_published_power() {
    let law = law("skaling").unwrap();
    let Some(rows) = epoch(law) else { return };
    let fit = fit(law, rows, &NO_DRAWS, &mut Silent).unwrap();
    assert!(fit.objective <= 0.00095419, "{}", fit.objective);
    assert!((fit.theta[5] - 0.774).abs() < 0.03, "{:?}", fit.theta);
}

/// The MAPE of both laws on the quarter of most compute, in per cent, found apart from this code
/// by 40 random starts of another optimiser.
#[track_caller]
fn check_held_out(name: &str, n: usize, chinchilla_mape: f64, skaling_mape: f64) {
    for (id, expected) in [("chinchilla", chinchilla_mape), ("skaling", skaling_mape)] {
        let law = law(id).unwrap();
        let Some(rows) = rows(name, law) else { return };
        assert_eq!(rows.loss.len(), n);
        let score = held_out(law, &rows, &NO_DRAWS, SHARE_HELD_OUT).unwrap();
        assert!((100.0 * score.mape - expected).abs() < 0.002, "{name} {id}: {score:?}");
        assert!(score.interval.unwrap().contains(score.mape) && score.mape < score.baseline);
    }
}

#[test]
fn held_out_scores_are_those_of_another_optimiser() {
    check_held_out("epoch_chinchilla.csv", 240, 1.062, 1.048);
    check_held_out("steplaw_dense.csv", 17, 0.606, 0.167);
    check_held_out("chinchilla_kyo.csv", 234, 0.818, 0.863);
}

/// A run of 245 points along the published constants with 0.3 % of noise.
#[test]
fn the_truth_lies_within_the_95_per_cent_interval_in_at_least_92_per_cent_of_200_draws() {
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    let truth = chinchilla().published[2].theta;
    let recipe = Recipe { n_starts: 8, n_bootstrap: 200, ..NO_DRAWS };
    let mut inside = [0; 5];
    for k in 0..200 {
        let mut random = ChaCha8Rng::seed_from_u64(1000 + k);
        let mut uniform = || random.random::<f64>();
        let mut o = Observations {
            inputs: chinchilla().inputs,
            x: vec![],
            loss: vec![],
            run: (0..120).collect(),
            id: (0..120).map(|i| i.to_string()).collect(),
            compute: vec![None; 120],
            count: None,
            notes: vec![],
        };
        for _ in 0..120 {
            let x = vec![5e7 * 300f64.powf(uniform()), 1e9 * 300f64.powf(uniform())];
            // Box and Muller 1958.
            let normal =
                (-2.0 * (1.0 - uniform()).ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
            o.loss.push(chinchilla().at(&x, truth) * (0.003 * normal).exp());
            o.x.push(x);
        }
        let fit = fit(chinchilla(), o, &Recipe { seed: k, ..recipe }, &mut Silent).unwrap();
        for (i, n) in inside.iter_mut().enumerate() {
            *n += i32::from(fit.interval(0.95, |t| t[i]).unwrap().contains(truth[i]));
        }
    }
    assert!(inside.iter().all(|n| *n >= 184), "{inside:?} of 200");
}

#[test]
fn the_same_seed_gives_the_same_fit_on_any_number_of_threads() {
    let Some(rows) = epoch(chinchilla()) else { return };
    let recipe = Recipe { n_bootstrap: 40, ..NO_DRAWS };
    let on = |n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| fit(chinchilla(), rows.clone(), &recipe, &mut Silent).unwrap().draws)
    };
    assert_eq!(on(1), on(3));
}
