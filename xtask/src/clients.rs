//! The server as others see it: MLflow's own clients and recorded answers (`tests/mlflow`), and a
//! browser (`tests/browser`). Each is a program that says `skipped` where the system lacks what it
//! needs; they want the program that the tests have built.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Result, ensure};

use crate::{chore, web, workspace};

/// MLflow's protocol: what the real server was recorded to answer, and the unchanged clients.
pub(crate) fn mlflow() -> Result<()> {
    if !is_python_there() {
        println!("mlflow: skipped, python3 is not installed");
        return Ok(());
    }
    let fieldkit = fieldkit()?;
    play("tests/mlflow/wire/book", &["check", "--serve", &fieldkit])?;
    // Some hundred megabytes, kept where the dependencies are.
    let venvs = workspace::target()?.join("mlflow-clients").display().to_string();
    play("tests/mlflow/run", &["--fieldkit", &fieldkit, "--venvs", &venvs])
}

/// The pages, in a browser.
pub(crate) fn browser() -> Result<()> {
    if !web::is_node_there() {
        println!("browser: skipped, node is not installed");
        return Ok(());
    }
    play("tests/browser/run", &["--fieldkit", &fieldkit()?])
}

/// Whether there is a Python.
pub(crate) fn is_python_there() -> bool {
    let there = chore::program("python3", &["--version"]).stdout(Stdio::null()).status();
    there.is_ok_and(|status| status.success())
}

fn play(program: &str, words: &[&str]) -> Result<()> {
    chore::run(&mut chore::program(workspace::root().join(program), words))
}

/// The built program.
fn fieldkit() -> Result<String> {
    let path: PathBuf = workspace::target()?.join("debug/fieldkit");
    ensure!(
        path.is_file(),
        "there is no {}\n  hint: `cargo build --package fieldkit`",
        path.display()
    );
    Ok(path.display().to_string())
}
