//! `cargo xtask bench NAME`: us against our peers. A bench is a folder `benches/NAME` with a
//! program `run`, which measures, writes its raw numbers to `benches/NAME/runs/`, and renews its
//! part of `benches/BENCHMARKS.md`.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::{chore, workspace};

pub(crate) fn run(name: &str, rest: &[&str]) -> Result<()> {
    let benches = workspace::root().join("benches");
    let known = known(&benches);
    if !known.iter().any(|bench| bench == name) {
        let named = if name.is_empty() {
            "say which bench".to_owned()
        } else {
            format!("there is no bench `{name}`")
        };
        bail!("{named}\n  hint: `cargo xtask bench NAME` with one of: {}", known.join(", "));
    }
    chore::run(&mut chore::program(benches.join(name).join("run"), rest))
}

/// The folders that hold a bench, sorted.
fn known(benches: &Path) -> Vec<String> {
    let entries = fs::read_dir(benches).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.path().join("run").is_file());
    let mut names: Vec<String> =
        folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bench_is_a_folder_with_a_program_run() {
        let benches = tempfile::tempdir().unwrap();
        for bench in ["scaling", "craters"] {
            fs::create_dir(benches.path().join(bench)).unwrap();
            fs::write(benches.path().join(bench).join("run"), "").unwrap();
        }
        fs::create_dir(benches.path().join("notes")).unwrap();
        assert_eq!(known(benches.path()), ["craters", "scaling"]);
    }

    #[test]
    fn a_bench_that_is_not_there_is_refused_with_those_that_are() {
        for name in ["no-such-bench", "..", ""] {
            let error = run(name, &[]).unwrap_err().to_string();
            assert!(error.contains("`cargo xtask bench NAME` with one of:"), "{error}");
        }
    }
}
