//! Runs made up from a known law, for commands that need some.

use std::fmt::Write as _;
use std::fs;

use tempfile::TempDir;

/// An empty folder with `runs.csv`: 30 runs of Chinchilla's law with a spread of a tenth of a
/// percent.
pub(crate) fn folder_with_runs() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = "run,parameters,tokens,val_loss\n".to_owned();
    let sizes = [1e6, 3e6, 1e7, 3e7, 1e8];
    let ratios = [5.0, 10.0, 20.0, 40.0, 80.0, 160.0];
    for (i, n) in sizes.iter().enumerate() {
        for (j, ratio) in ratios.iter().enumerate() {
            let d = n * ratio;
            let spread = 1.0 + 1e-3 * ((i * 7 + j * 3) % 5) as f64 / 2.0 - 1e-3;
            let loss = (1.8 + 480.0 / f64::powf(*n, 0.35) + 2000.0 / d.powf(0.37)) * spread;
            let _ = writeln!(csv, "r{i}{j},{n:e},{d:e},{loss:.6}");
        }
    }
    fs::write(folder.path().join("runs.csv"), csv).unwrap();
    folder
}
