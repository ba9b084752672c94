//! `cargo xtask demo`: every application on its sample, with what it prints and its report.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{chore, web, workspace};

/// What the demo asks of an application, after the words that name it.
struct Scene {
    /// What it shows.
    title: &'static str,
    /// The words after `fieldkit`. Files are named from the root of the workspace.
    words: &'static [&'static str],
    /// The report's file in the folder of the demo.
    report: &'static str,
}

const SCENES: &[Scene] = &[
    Scene {
        title: "laws fitted to a sweep of small transformers, and how well each foretells the rest",
        words: &["scaling", "fit", "apps/scaling/sample", "--group", "transformer"],
        report: "scaling-fit.html",
    },
    Scene {
        title: "how large a batch may be: steps against tokens to the same loss",
        words: &["scaling", "batch", "apps/scaling/sample"],
        report: "scaling-batch.html",
    },
    Scene {
        title: "a plan for about four times the compute of the largest run",
        words: &[
            "scaling",
            "plan",
            "apps/scaling/sample",
            "--group",
            "transformer",
            "--budget",
            "1e13",
        ],
        report: "scaling-plan.html",
    },
];

/// Where the demo's runs are shown. Another port than that of `fieldkit serve`, which may run.
const ADDRESS: &str = "127.0.0.1:8485";

/// Runs every scene; then shows the runs in a browser until Ctrl-C, where `is_served`.
pub(crate) fn run(is_served: bool) -> Result<()> {
    web::run()?;
    eprintln!("building fieldkit; the first time takes some minutes");
    chore::run(&mut chore::cargo(&["build", "--locked", "--package", "fieldkit"]))?;
    let folder = workspace::target()?.join("demo");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let mut reports = Vec::new();
    for scene in SCENES {
        println!("\n# {}\n$ fieldkit {}\n", scene.title, scene.words.join(" "));
        play(scene, &folder)?;
        reports.push(folder.join(scene.report));
    }
    println!("\nreports with pictures, for a browser:");
    for report in reports {
        ensure!(report.is_file(), "{} was not written", report.display());
        println!("  {}", report.display());
    }
    let data = folder.join("fieldkit-data");
    if is_served {
        println!("\nthe runs, for a browser: http://{ADDRESS} (Ctrl-C ends it)");
        chore::run(fieldkit().args(["serve", "--listen", ADDRESS, "--data"]).arg(data))
    } else {
        println!("\nthe runs, for a browser: fieldkit serve --data {}", data.display());
        Ok(())
    }
}

/// `fieldkit` as `cargo run` would run it, so that nothing here has to know where it was built.
fn fieldkit() -> Command {
    chore::cargo(&["run", "--quiet", "--locked", "--package", "fieldkit", "--"])
}

fn play(scene: &Scene, folder: &Path) -> Result<()> {
    let mut fieldkit = fieldkit();
    fieldkit.args(scene.words);
    fieldkit.arg("--data").arg(folder.join("fieldkit-data"));
    fieldkit.arg("--html").arg(folder.join(scene.report));
    chore::run(&mut fieldkit)
}
