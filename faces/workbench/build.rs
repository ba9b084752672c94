//! Tells the crate which commit the working tree stood on when it was built.

use std::process::Command;

fn main() {
    // Cargo looks at the times of these files: a commit or a checkout moves them.
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
    let version = env!("CARGO_PKG_VERSION");
    match git(&["rev-parse", "--short=12", "HEAD"]) {
        Some(commit) => println!("cargo::rustc-env=FIELDKIT_VERSION={version}+{commit}"),
        None => println!("cargo::rustc-env=FIELDKIT_VERSION={version}"),
    }
}

/// What git prints; nothing where there is no git or no repository.
fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
