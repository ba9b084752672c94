//! Raw files to typed runs: every shape of file that the planner reads, and every mistake that a
//! file can hold, with the words that the user then sees.

use std::path::{Path, PathBuf};

use record::Silent;
use scaling::data::{Import, Options, import};

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

fn read(path: &Path) -> Import {
    import(&[path.to_owned()], &Options::default(), &mut Silent).unwrap()
}

#[test]
fn every_real_table_is_understood_without_a_map() {
    let n_rows = [
        ("chinchilla_kyo.csv", 234),
        ("epoch_chinchilla.csv", 245),
        ("datablations_upto4epochs.csv", 97),
        ("gadre_c4.csv", 34),
        ("steplaw_dense.csv", 1911),
        ("porian_isoflop_points.csv", 1164),
        ("porian_optimal_pairs.csv", 115),
        ("wandb_final.csv", 162),
    ];
    for (name, n) in n_rows {
        let Some(path) = shared(name) else { return };
        let import = read(&path);
        println!("{name}: {} {}", import.runs.len(), import.n_rejected);
        for note in &import.notes {
            println!("   {note}");
        }
        println!("   {:?}", import.runs[1]);
        assert_eq!(import.runs.len(), n, "{name}");
    }
}
