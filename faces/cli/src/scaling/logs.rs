//! From the command line's words to runs.

use std::path::PathBuf;

use anyhow::Result;
use record::Journal;
use scaling::Error;
use scaling::data::{Import, Limits, Options, import, parse_map};
use serde_json::Value;

use super::args::Source;

/// Reads the logs that `source` names and keeps the runs of its group.
pub(super) fn read(source: &Source, journal: &mut dyn Journal) -> Result<Import> {
    read_within(source, Limits::default(), journal)
}

/// The same with every point of a curve, up to 200,000.
pub(super) fn read_in_full(source: &Source, journal: &mut dyn Journal) -> Result<Import> {
    read_within(source, in_full(), journal)
}

/// Limits that keep curves whole.
pub(super) fn in_full() -> Limits {
    Limits { n_points: 200_000, ..Limits::default() }
}

fn read_within(source: &Source, limits: Limits, journal: &mut dyn Journal) -> Result<Import> {
    let map: Vec<String> =
        source.map.iter().map(|m| format!("{}={}", m.quantity, m.column)).collect();
    let options = Options { map: parse_map(&map.join(","))?, limits };
    let mut found = import(&source.files, &options, journal)?;
    say_rejected(&found, journal);
    if let Some(group) = &source.group {
        keep_group(&mut found, group)?;
    }
    found.drop_highest(source.drop_highest);
    Ok(found)
}

/// Keeps a result beside the record of its run.
pub(super) fn keep(journal: &mut dyn Journal, name: &str, result: &Value) {
    journal.artifact(name, format!("{result:#}\n").as_bytes());
}

/// What the logs are called on a page.
pub(super) fn names(source: &Source) -> String {
    let name = |path: &PathBuf| {
        path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
    };
    source.files.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// How many of the rows that were left out are said one by one.
const N_REJECTED_SAID: usize = 5;

/// Says which rows were left out, whatever becomes of the rest.
fn say_rejected(found: &Import, journal: &mut dyn Journal) {
    for rejected in found.rejected.iter().take(N_REJECTED_SAID) {
        let line = rejected.origin.line.map_or(String::new(), |l| format!(":{l}"));
        let file = rejected.origin.file.display();
        journal.note(&format!("{file}{line}: left out: {}", rejected.why));
    }
    let n_more = found.n_rejected.saturating_sub(N_REJECTED_SAID as u64);
    if n_more > 0 {
        let n_rows = found.n_rows;
        journal.note(&format!(
            "{n_more} more of {n_rows} rows were left out; `scaling fit --json` lists them"
        ));
    }
}

fn keep_group(found: &mut Import, group: &str) -> Result<()> {
    let mut groups: Vec<String> = found.runs.iter().filter_map(|r| r.group.clone()).collect();
    groups.extend(found.steps_to_loss.iter().filter_map(|r| r.group.clone()));
    groups.sort();
    groups.dedup();
    if !groups.iter().any(|g| g == group) {
        let known = if groups.is_empty() {
            "the runs have no groups".to_owned()
        } else {
            format!("the groups are {}", groups.join(", "))
        };
        return Err(Error::refused(format!("there is no group `{group}`"), known).into());
    }
    found.runs.retain(|r| r.group.as_deref() == Some(group));
    found.steps_to_loss.retain(|r| r.group.as_deref() == Some(group));
    Ok(())
}
