//! `cargo xtask one-build`: the demo and the tests use the same build of every dependency.
//!
//! Cargo builds a crate once for each set of features that it is asked for. A test that asks a
//! crate deep down for one feature more than the program does would build all above it again:
//! for what stands on Burn, ten minutes of two cores.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::chore;

pub(crate) fn run() -> Result<()> {
    let program = features(&["--package", "fieldkit", "--edges", "normal,build"])?;
    let tests = features(&["--workspace", "--edges", "normal,build,dev"])?;
    let twice: Vec<&str> = program.difference(&tests).map(String::as_str).collect();
    if !twice.is_empty() {
        bail!(
            "the tests ask for other features of {}\n  hint: give the tests' crate that asks for \
             them `default-features = false`, do without it, or ask for the same features in the \
             program",
            twice.join(", ")
        );
    }
    println!("one build: {} crates, each built once for demo and tests", tests.len());
    Ok(())
}

/// Each crate with the features that it is built with.
fn features(which: &[&str]) -> Result<BTreeSet<String>> {
    let mut args = vec!["tree", "--locked", "--prefix", "none", "--format", "{p} [{f}]"];
    args.extend(which);
    let tree = chore::output(&mut chore::cargo(&args))?;
    let lines = tree.lines().filter(|line| !line.is_empty());
    Ok(lines.map(|line| line.strip_suffix(" (*)").unwrap_or(line).to_owned()).collect())
}
