//! `cargo xtask demo`: every application on its sample, with what it prints and its report.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{chore, web, workspace};

/// What the demo asks of an application, after the words that name it.
struct Scene {
    /// What it shows.
    title: &'static str,
    /// The words after `fieldkit`. Files are named from the root of the workspace; `DEMO` is the
    /// folder of the demo.
    words: &'static [&'static str],
    /// The report's file in the folder of the demo, where there is one.
    report: Option<&'static str>,
}

const SCENES: &[Scene] = &[
    Scene {
        title: "laws fitted to a sweep of small transformers, and how well each foretells the rest",
        words: &["scaling", "fit", "apps/scaling/sample", "--group", "transformer"],
        report: Some("scaling-fit.html"),
    },
    Scene {
        title: "how large a batch may be: steps against tokens to the same loss",
        words: &["scaling", "batch", "apps/scaling/sample"],
        report: Some("scaling-batch.html"),
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
        report: Some("scaling-plan.html"),
    },
    Scene {
        title: "a synthetic scene with bomb craters and bombing records",
        words: &[
            "craters",
            "sample",
            "DEMO/field",
            "--size",
            "4096",
            "--law",
            "test",
            "--seed",
            "1",
        ],
        report: None,
    },
    Scene {
        title: "every crater of that scene with its probability",
        words: &["craters", "detect", "DEMO/field/scene.tif", "--name", "field"],
        report: Some("craters-survey.html"),
    },
    Scene {
        title: "what may remain: records against craters, the prior beside the result",
        words: &[
            "craters",
            "estimate",
            "DEMO/field/records.csv",
            "--survey",
            "field",
            "--recall",
            "0.35-0.64",
            "--precision",
            "0.74-0.88",
            "--survival",
            "0.8-0.99",
            "--survival-evidence",
            "a synthetic scene, in which every crater is drawn",
        ],
        report: Some("craters-estimate.html"),
    },
    Scene {
        title: "the area that holds each unexploded bomb with a probability of 95 %",
        words: &["craters", "zones", "--survey", "field", "--buffer", "0.95"],
        report: None,
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
        let words: Vec<String> =
            scene.words.iter().map(|word| word.replace("DEMO", &shown(&folder))).collect();
        println!(
            "\n# {}\n$ fieldkit {}\n",
            scene.title,
            words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
        );
        play(scene, &words, &folder)?;
        reports.extend(scene.report.map(|report| folder.join(report)));
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

fn play(scene: &Scene, words: &[String], folder: &Path) -> Result<()> {
    let mut fieldkit = fieldkit();
    fieldkit.args(words);
    fieldkit.arg("--data").arg(folder.join("fieldkit-data"));
    if let Some(report) = scene.report {
        fieldkit.arg("--html").arg(folder.join(report));
    }
    chore::run(&mut fieldkit)
}

/// The folder as a person would write it, from the root of the workspace.
fn shown(folder: &Path) -> String {
    folder.strip_prefix(workspace::root()).unwrap_or(folder).display().to_string()
}

/// The word as a shell wants it.
fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("\"{word}\"") } else { word.to_owned() }
}
