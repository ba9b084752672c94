//! `fieldkit files`: the bytes below the names of runs' and models' files.

use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use workbench::Workbench;

use crate::records::Records;
use crate::scaling::print;

/// See `Command::Files`.
#[derive(Args)]
pub(crate) struct Files {
    #[command(subcommand)]
    what: What,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    records: Records,
}

#[derive(Subcommand)]
enum What {
    /// Delete the bytes that nothing refers to any more.
    Gc {
        /// Say what would be deleted, and delete nothing.
        #[arg(long)]
        dry_run: bool,
        /// Leave what is younger than this: it may belong to an upload that has not ended.
        #[arg(long, default_value_t = 24, value_name = "HOURS")]
        older_than: u32,
    },
}

pub(crate) fn run(args: &Files) -> Result<()> {
    let What::Gc { dry_run, older_than } = args.what;
    let workbench = Workbench::open(&args.records.place())?;
    let grace = Duration::from_secs(u64::from(older_than) * 3600);
    let found = workbench.collect_files(grace, dry_run)?;
    if args.json {
        let files: Vec<Value> = found
            .garbage
            .iter()
            .map(|file| json!({"sha256": file.digest.to_string(), "n_bytes": file.n_bytes}))
            .collect();
        let json = json!({
            "files": files, "n_bytes": found.n_bytes, "abandoned_uploads": found.n_abandoned,
            "is_deleted": !dry_run,
        });
        return print(&serde_json::to_string_pretty(&json)?);
    }
    let (n, bytes, uploads) = (found.garbage.len(), found.n_bytes, found.n_abandoned);
    let done = if dry_run { "would be deleted" } else { "deleted" };
    print(&format!("{n} files of {bytes} bytes and {uploads} abandoned uploads {done}"))
}
