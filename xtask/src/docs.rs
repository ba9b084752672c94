//! `cargo xtask docs`: the book in docs/, made by mdBook where it is installed.

use std::process::Stdio;

use anyhow::{Result, bail};

use crate::chore;

pub(crate) fn run() -> Result<()> {
    let there = chore::program("mdbook", &["--version"]).stdout(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        bail!(
            "mdbook is not installed\n  hint: `cargo install mdbook`, or read the pages as they \
             are, from docs/SUMMARY.md on"
        );
    }
    chore::run(&mut chore::program("mdbook", &["build", "docs"]))?;
    println!("docs: docs/book/index.html");
    Ok(())
}
