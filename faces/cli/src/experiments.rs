//! `fieldkit experiments`: what runs are sorted into.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::records::{Records, Search, time};
use crate::scaling::print;
use crate::terminal::say;

/// See `Command::Experiments`.
#[derive(Args)]
pub(crate) struct Experiments {
    #[command(flatten)]
    search: Search,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    records: Records,
}

pub(crate) fn run(args: &Experiments) -> Result<()> {
    let found = match args.records.open()? {
        Some(workbench) => workbench.search_experiments(&args.search.query())?.items,
        None => Vec::new(),
    };
    if args.json {
        let all: Vec<Value> = found
            .iter()
            .map(|experiment| {
                json!({
                    "id": experiment.id,
                    "name": experiment.name,
                    "created_ms": experiment.created_ms,
                    "updated_ms": experiment.updated_ms,
                    "tags": experiment.tags,
                })
            })
            .collect();
        return print(&serde_json::to_string_pretty(&all)?);
    }
    if found.is_empty() {
        say(&format!("no experiments in {}", args.records.place()));
        return Ok(());
    }
    let width = found.iter().map(|experiment| experiment.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for experiment in &found {
        let created = time(Some(experiment.created_ms));
        let _ = writeln!(text, "{:>width$}  {created}  {}", experiment.id, experiment.name);
    }
    print(&text)
}
