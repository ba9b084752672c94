//! The runs of `fieldkit serve --demo`: every application on a sample that the program carries.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use tracking::Query;
use workbench::{Place, Workbench};

use crate::terminal::say;

const SAMPLE: [(&str, &[u8]); 3] = [
    ("runs.csv", include_bytes!("../../../apps/scaling/sample/runs.csv")),
    ("history.csv", include_bytes!("../../../apps/scaling/sample/history.csv")),
    ("steps_to_loss.csv", include_bytes!("../../../apps/scaling/sample/steps_to_loss.csv")),
];

/// The words after `fieldkit`, before the sample's folder and after it.
const RUNS: [(&[&str], &[&str]); 3] = [
    (&["scaling", "fit"], &["--group", "transformer"]),
    (&["scaling", "batch"], &[]),
    (&["scaling", "plan"], &["--group", "transformer", "--budget", "1e13"]),
];

/// Records the demo's runs in a folder that has no runs yet.
pub(crate) fn record(data: &Path) -> Result<()> {
    if has_runs(data)? {
        return Ok(());
    }
    // Beside the records, as those say where their inputs lie.
    let sample = data.join("sample");
    fs::create_dir_all(&sample).with_context(|| format!("cannot make {}", sample.display()))?;
    for (name, bytes) in SAMPLE {
        workbench::write_whole(&sample.join(name), bytes)?;
    }
    for (before, after) in RUNS {
        say(&format!("demo: fieldkit {}", before.join(" ")));
        let mut fieldkit = Command::new(std::env::current_exe()?);
        fieldkit.args(before).arg(&sample).args(after).arg("--data").arg(data);
        fieldkit.env_remove("FIELDKIT_SERVER").env_remove("FIELDKIT_DATABASE");
        let done = fieldkit.stdin(Stdio::null()).output()?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            let words = before.join(" ");
            bail!("`fieldkit {words}` of the demo ended with {}: {said}", done.status);
        }
    }
    Ok(())
}

fn has_runs(data: &Path) -> Result<bool> {
    if !data.exists() {
        return Ok(false);
    }
    let workbench = Workbench::open(&Place::folder(data))?;
    let experiments = workbench.search_experiments(&Query::default())?.items;
    let ids: Vec<String> = experiments.into_iter().map(|experiment| experiment.id).collect();
    let one = Query { max_results: 1, ..Query::default() };
    Ok(!workbench.search_runs(&ids, &one)?.items.is_empty())
}
