//! `cargo xtask test`: everything that has to hold before a change is merged. It stops at the
//! first step that fails and says what to do.
//!
//! All steps share one build profile, so that the dependencies are compiled once; clippy and the
//! documentation need only their metadata.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::{chore, clients, floors, licences, map, one_build, web, workspace};

/// A step: what runs, and what to do when it fails.
struct Step {
    name: &'static str,
    hint: &'static str,
    run: fn() -> Result<()>,
}

const STEPS: &[Step] = &[
    Step {
        name: "format",
        hint: "run `cargo fmt --all`",
        run: || chore::run(&mut chore::cargo(&["fmt", "--all", "--check"])),
    },
    Step {
        name: "floors",
        hint: "take the dependency back, or read ARCHITECTURE.md",
        run: floors::run,
    },
    Step { name: "map", hint: "run `cargo xtask map`", run: || map::run(map::Mode::Check) },
    Step { name: "licences", hint: "read deny.toml", run: licences::run },
    Step { name: "one build", hint: "read xtask/src/one_build.rs", run: one_build::run },
    Step {
        name: "pages of the browser",
        hint: "mend what npm shows; `npm run build` in web/ shows it alone",
        run: web::run,
    },
    Step {
        name: "clippy",
        hint: "mend what it shows; `cargo clippy --fix` mends some of it",
        run: || {
            let lint =
                ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
            chore::run(&mut chore::cargo(&lint))
        },
    },
    Step {
        name: "tests and doctests",
        hint: "run the one that failed alone: `cargo test -p CRATE NAME`; \
               for a snapshot that may change, see faces/cli/tests/cli/snapshot.rs",
        run: || chore::run(&mut chore::cargo(&["test", "--workspace", "--locked"])),
    },
    Step { name: "MLflow's clients", hint: "read tests/mlflow/README.md", run: clients::mlflow },
    Step { name: "a browser", hint: "run tests/browser/run alone", run: clients::browser },
    Step {
        name: "documentation",
        hint: "mend the links that it shows",
        run: || {
            let mut doc = chore::cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
            chore::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
        },
    },
];

type IsThere = fn() -> bool;

/// What some tests need, and whether it is there. Without it they are skipped.
const WANTED: &[(&str, IsThere)] = &[
    ("the data of others in ../shared/data", || workspace::root().join("../shared/data").is_dir()),
    ("PostgreSQL (Debian: postgresql)", || Path::new("/usr/lib/postgresql").is_dir()),
    ("Python with venv (Debian: python3-venv)", clients::is_python_there),
    ("Node.js 20.19 or later with npm (nodejs.org)", web::is_node_there),
    ("Chromium (Debian: chromium)", || Path::new("/usr/bin/chromium").is_file()),
    ("GDAL (Debian: gdal-bin)", || Path::new("/usr/bin/ogrinfo").is_file()),
];

pub(crate) fn run() -> Result<()> {
    let mut took: Vec<(&str, Duration)> = Vec::new();
    for (idx, step) in STEPS.iter().enumerate() {
        eprintln!("\n[{}/{}] {}", idx + 1, STEPS.len(), step.name);
        let start = Instant::now();
        (step.run)().map_err(|error| {
            let place = format!("step {} of {}, {}", idx + 1, STEPS.len(), step.name);
            anyhow!("{error:#}\nstopped at {place}\n  hint: {}", step.hint)
        })?;
        took.push((step.name, start.elapsed()));
    }
    eprintln!();
    for (name, time) in &took {
        eprintln!("{name:<20} {:>7.1} s", time.as_secs_f64());
    }
    let whole: Duration = took.iter().map(|(_, time)| *time).sum();
    eprintln!("{:<20} {:>7.1} s\n\nall is well", "together", whole.as_secs_f64());
    for (what, is_there) in WANTED {
        if !is_there() {
            eprintln!("but some tests were skipped: they need {what}");
        }
    }
    Ok(())
}
