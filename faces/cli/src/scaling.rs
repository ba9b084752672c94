//! `fieldkit scaling …`: one file a command, and what they share.

mod args;
mod laws;
mod sweep;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use record::Journal;
use scaling::Error;
use scaling::model::{self, Law};
use serde_json::Value;

use crate::terminal::Terminal;
use args::Output;

/// What the planner can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the laws, or show one with its published constants.
    Laws(laws::Laws),
    /// Train small language models on a text and log what a fit reads.
    Sweep(sweep::Sweep),
}

pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        Command::Laws(args) => laws::run(&args),
        Command::Sweep(args) => sweep::run(&args),
    }
}

/// The law of that id.
fn law(id: &str) -> Result<&'static Law> {
    let known = || model::LAWS.iter().map(|law| law.id).collect::<Vec<_>>().join(", ");
    Ok(model::law(id).ok_or_else(|| {
        Error::refused(format!("there is no law `{id}`"), format!("write one of {}", known()))
    })?)
}

/// Does `work` as a run: shown on the terminal and, unless `--no-record`, recorded with its
/// inputs, settings and files.
#[expect(dead_code, unused_variables, reason = "its first caller is the next command")]
fn recorded<T>(
    output: &Output,
    command: &str,
    inputs: &[PathBuf],
    seed: Option<u64>,
    work: impl FnOnce(&mut dyn Journal) -> Result<T>,
) -> Result<T> {
    work(&mut Terminal::new())
}

/// Prints the result: JSON where `--json` asks for it, else text.
#[expect(dead_code, reason = "its first caller is the next command")]
fn show(output: &Output, text: &str, json: &Value) -> Result<()> {
    if output.json { print(&serde_json::to_string_pretty(json)?) } else { print(text) }
}

fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.trim_end().as_bytes())?;
    Ok(out.write_all(b"\n")?)
}
