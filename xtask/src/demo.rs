//! `cargo xtask demo`: every application on its sample, with what it prints and its report.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::{chore, workspace};

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

pub(crate) fn run() -> Result<()> {
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
    Ok(())
}

/// Runs `fieldkit` as `cargo run` would, so that nothing here has to know where it was built.
fn play(scene: &Scene, folder: &Path) -> Result<()> {
    let mut fieldkit = chore::cargo(&["run", "--quiet", "--locked", "--package", "fieldkit", "--"]);
    fieldkit.args(scene.words);
    fieldkit.arg("--data").arg(folder.join("fieldkit-data"));
    fieldkit.arg("--html").arg(folder.join(scene.report));
    chore::run(&mut fieldkit)
}
