//! Fits on real data against numbers that were found apart from this code.

use std::path::{Path, PathBuf};

use record::Silent;
use scaling::data::{Options, import};
use scaling::fit::{Fit, Observations, Recipe, fit, fit_from, observe};
use scaling::model::law;

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

fn epoch(law_id: &str) -> Option<Observations> {
    let path = shared("epoch_chinchilla.csv")?;
    let runs = import(&[path], &Options::default(), &mut Silent).unwrap().runs;
    Some(observe(law(law_id).unwrap(), &runs).unwrap().without_highest(5))
}

#[track_caller]
fn check_optimum(fit: &Fit) {
    let expected = [1.817218, 477.826, 2143.417, 0.347310, 0.367172];
    let tolerance = [2e-4, 0.5, 6.0, 2e-4, 2e-4];
    assert!(fit.objective - 0.001018274018 < 1e-9, "{}", fit.objective);
    for ((value, expected), tolerance) in fit.theta.iter().zip(expected).zip(tolerance) {
        assert!((value - expected).abs() < tolerance, "{:?}", fit.theta);
    }
}

#[test]
fn the_optimum_of_the_240_points_is_reached_with_its_intervals() {
    let Some(rows) = epoch("chinchilla") else { return };
    assert_eq!(rows.loss.len(), 240);
    let fit = fit(law("chinchilla").unwrap(), rows, &Recipe::default(), &mut Silent).unwrap();
    println!("{:?} {} reached {}/{}", fit.theta, fit.objective, fit.n_reached, fit.n_starts);
    check_optimum(&fit);
    for i in 0..5 {
        println!("{:?}", fit.interval(0.95, |t| t[i]));
        println!("{:?}", scaling::fit::profile_interval(&fit, i));
    }
    println!("{:?}", fit.interval(0.80, |t| t[4] / (t[3] + t[4])));
}

#[test]
fn skaling_grid() {
    let Some(rows) = epoch("skaling") else { return };
    let fit = fit(law("skaling").unwrap(), rows, &Recipe::default(), &mut Silent).unwrap();
    println!("{:?} {} reached {}/{}", fit.theta, fit.objective, fit.n_reached, fit.n_starts);
}

#[test]
fn hoffmann_grid() {
    let Some(rows) = epoch("chinchilla") else { return };
    let mut starts = vec![vec![1.69, 406.4, 410.7, 0.34, 0.28]];
    for e in [-1.0f64, -0.5, 0.0, 0.5, 1.0] {
        for a in 0..6 {
            for b in 0..6 {
                for al in 0..5 {
                    for be in 0..5 {
                        starts.push(vec![
                            e.exp(),
                            (5.0 * a as f64).exp(),
                            (5.0 * b as f64).exp(),
                            0.5 * al as f64,
                            0.5 * be as f64,
                        ]);
                    }
                }
            }
        }
    }
    let recipe = Recipe { n_bootstrap: 0, ..Recipe::default() };
    let l = law("chinchilla").unwrap();
    let one = fit_from(l, rows.clone(), &starts[..1], &recipe, &mut Silent).unwrap();
    println!("hoffmann {:?} {}", one.theta, one.objective);
    check_optimum(&one);
    let t = std::time::Instant::now();
    let all = fit_from(l, rows, &starts, &recipe, &mut Silent).unwrap();
    println!(
        "grid {:?} {} {}/{} {:?}",
        all.theta,
        all.objective,
        all.n_reached,
        all.n_starts,
        t.elapsed()
    );
    check_optimum(&all);
}

#[test]
fn held() {
    use scaling::evaluate::{held_out, SHARE_HELD_OUT};
    use scaling::model::LAWS;
    for name in ["epoch_chinchilla.csv", "steplaw_dense.csv", "chinchilla_kyo.csv", "wandb_final.csv", "datablations_upto4epochs.csv", "gadre_c4.csv"] {
        let path = shared(name).unwrap();
        let runs = import(&[path], &Options::default(), &mut Silent).unwrap().runs;
        println!("== {name}");
        for law in LAWS {
            let Ok(mut o) = observe(law, &runs) else { continue };
            if name.starts_with("epoch") { o = o.without_highest(5); }
            let recipe = Recipe { n_bootstrap: 0, ..Recipe::default() };
            let f = match fit(law, o.clone(), &recipe, &mut Silent) { Ok(f) => f, Err(e) => { println!("{} {e}", law.id); continue } };
            match held_out(law, &o, &recipe, SHARE_HELD_OUT) {
                Ok(h) => println!("{:12} n={} fit {:.3}% ex {:.3}% bias {:+.3} reached {}/{} theta {:?} base {:.2}%", law.id, o.loss.len(), 100.0*f.mape(), 100.0*h.mape, 100.0*h.bias, f.n_reached, f.n_starts, f.theta, 100.0*h.baseline),
                Err(e) => println!("{} {e}", law.id),
            }
        }
    }
}
