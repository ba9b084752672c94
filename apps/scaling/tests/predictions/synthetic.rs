//! Runs whose law is known, and the real data beside the checkout.

use std::path::{Path, PathBuf};

use record::Silent;
use scaling::data::{Checkpoint, Import, Options, TrainingRun, import};
use scaling::fit::Recipe;
use serde_json::json;

/// E, A, B, α and β behind the synthetic losses: Besiroglu et al. 2024.
pub(crate) const TRUTH: [f64; 5] = [1.8169, 482.01, 2085.43, 0.3478, 0.3658];

pub(crate) fn true_loss(n: f64, d: f64) -> f64 {
    let [e, a, b, alpha, beta] = TRUTH;
    e + a / n.powf(alpha) + b / d.powf(beta)
}

/// N* of C under the truth.
pub(crate) fn true_best_size(c: f64) -> f64 {
    let [_, a, b, alpha, beta] = TRUTH;
    (alpha * a / (beta * b)).powf(1.0 / (alpha + beta)) * (c / 6.0).powf(beta / (alpha + beta))
}

/// A run with size, tokens and loss, and nothing else.
pub(crate) fn run(n: f64, d: f64, loss: f64) -> TrainingRun {
    let empty = json!({
        "id": format!("{n:.3e}-{d:.3e}"),
        "parameters": { "total": n },
        "tokens": d,
        "loss": loss,
        "loss_is_training": false,
        "history": [],
        "origin": { "file": "synthetic" },
        "flags": [],
    });
    serde_json::from_value(empty).unwrap()
}

pub(crate) fn checkpoint(step: f64) -> Checkpoint {
    serde_json::from_value(json!({ "step": step })).unwrap()
}

/// Seven sizes at seven lengths, the losses of the truth with noise of 0.3 %.
pub(crate) fn grid() -> Vec<TrainingRun> {
    let mut runs = vec![];
    for i in 0..7 {
        for j in 0..7 {
            let (n, d) = (2e7 * 2f64.powi(i), 4e8 * 2f64.powi(j));
            // Not random, but without a pattern: the golden ratio's sequence.
            let u = (0.5 + f64::from(7 * i + j) * 0.618_033_988_749_894_9).fract();
            runs.push(run(n, d, true_loss(n, d) * (1.0 + 0.01 * (u - 0.5))));
        }
    }
    runs
}

/// Fewer starts and draws than a user's, for speed.
pub(crate) fn quick() -> Recipe {
    Recipe { n_starts: 12, n_bootstrap: 200, ..Recipe::default() }
}

/// A file of the real data beside the checkout, where it is there.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/scaling");
    let path = Path::new(folder).join(name);
    if !path.exists() {
        println!("skipped: ../shared is absent");
        return None;
    }
    Some(path)
}

pub(crate) fn read(path: &Path) -> Import {
    import(&[path.to_owned()], &Options::default(), &mut Silent).unwrap()
}

pub(crate) fn of_group(runs: &[TrainingRun], group: &str) -> Vec<TrainingRun> {
    runs.iter().filter(|r| r.group.as_deref() == Some(group)).cloned().collect()
}

/// A run with something changed.
pub(crate) fn with(run: TrainingRun, change: impl FnOnce(&mut TrainingRun)) -> TrainingRun {
    let mut run = run;
    change(&mut run);
    run
}
