//! `fieldkit models`: what is registered, with versions and aliases.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use tracking::RegisteredModel;

use crate::records::{Records, Search, time};
use crate::scaling::print;
use crate::terminal::say;

/// See `Command::Models`.
#[derive(Args)]
pub(crate) struct Models {
    #[command(flatten)]
    search: Search,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    records: Records,
}

pub(crate) fn run(args: &Models) -> Result<()> {
    let found = match args.records.open()? {
        Some(workbench) => workbench.search_models(&args.search.query())?.items,
        None => Vec::new(),
    };
    if args.json {
        let all: Vec<Value> = found.iter().map(in_json).collect();
        return print(&serde_json::to_string_pretty(&all)?);
    }
    if found.is_empty() {
        say(&format!("no registered models in {}", args.records.place()));
        return Ok(());
    }
    let width = found.iter().map(|model| model.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for model in &found {
        let updated = time(Some(model.updated_ms));
        let _ = writeln!(text, "{:<width$}  {updated}  {}", model.name, versions(model));
    }
    print(&text)
}

/// `version 3; champion 2`: the newest version and what aliases stand for.
fn versions(model: &RegisteredModel) -> String {
    let newest = model.latest_versions.iter().map(|version| version.version).max();
    let newest = newest.map_or_else(|| "no version".to_owned(), |n| format!("version {n}"));
    let aliases = model.aliases.iter().map(|(alias, version)| format!("{alias} {version}"));
    std::iter::once(newest).chain(aliases).collect::<Vec<_>>().join("; ")
}

fn in_json(model: &RegisteredModel) -> Value {
    let versions: Vec<Value> = model
        .latest_versions
        .iter()
        .map(|version| {
            json!({
                "version": version.version,
                "stage": version.stage.name(),
                "source": version.source,
                "run_id": version.run_id,
            })
        })
        .collect();
    json!({
        "name": model.name,
        "description": model.description,
        "created_ms": model.created_ms,
        "updated_ms": model.updated_ms,
        "tags": model.tags,
        "aliases": model.aliases,
        "latest_versions": versions,
    })
}
