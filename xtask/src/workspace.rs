//! What Cargo knows about our own crates.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::chore;

/// A crate of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Its folder, from the root, with `/`.
    pub(crate) folder: String,
    /// The first paragraph of its root file.
    pub(crate) purpose: String,
    /// Its root file, from the root, with `/`.
    pub(crate) root_file: String,
    /// The crates of ours that it uses.
    pub(crate) uses: BTreeSet<String>,
    /// The crates of ours that only its tests use.
    pub(crate) tests_use: BTreeSet<String>,
}

/// The root of the workspace whose chore was asked for. Cargo says it to what it runs; where it was
/// compiled is no answer, as two clones may share what they build.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let ours = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        ours.as_deref().and_then(Path::parent).unwrap_or(Path::new(".")).to_owned()
    });
    &ROOT
}

/// Where Cargo puts what it builds.
pub(crate) fn target() -> Result<PathBuf> {
    Ok(metadata()?.target_directory)
}

/// Every crate of ours, by folder.
pub(crate) fn members() -> Result<Vec<Member>> {
    let packages = metadata()?.packages;
    let ours: BTreeSet<String> = packages.iter().map(|p| p.name.clone()).collect();
    let mut members = Vec::new();
    for package in &packages {
        members.push(member(package, &ours)?);
    }
    members.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(members)
}

fn member(package: &Package, ours: &BTreeSet<String>) -> Result<Member> {
    let is_root = |kinds: &[String]| kinds.iter().any(|kind| kind == "lib" || kind == "bin");
    let target = package.targets.iter().find(|target| is_root(&target.kind));
    let target = target.with_context(|| format!("{} has no root file", package.name))?;
    let source = fs::read_to_string(&target.src_path)
        .with_context(|| format!("cannot read {}", target.src_path.display()))?;
    let used = |tests: bool| {
        let all = package.dependencies.iter();
        let chosen = all.filter(|d| (d.kind.as_deref() == Some("dev")) == tests);
        chosen.map(|d| d.name.clone()).filter(|name| ours.contains(name)).collect()
    };
    let manifest = package.manifest_path.parent().unwrap_or(root());
    Ok(Member {
        name: package.name.clone(),
        folder: from_root(manifest),
        purpose: first_paragraph(&source),
        root_file: from_root(&target.src_path),
        uses: used(false),
        tests_use: used(true),
    })
}

fn from_root(path: &Path) -> String {
    let inside = path.strip_prefix(root()).unwrap_or(path);
    let parts = inside.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

/// The first paragraph of the `//!` comment, on one line.
fn first_paragraph(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn metadata() -> Result<Metadata> {
    let mut cargo = chore::cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    serde_json::from_str(&chore::output(&mut cargo)?).context("cargo metadata has another form")
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_is_the_first_paragraph_on_one_line() {
        let source = "//! What was\n//! recorded.\n//!\n//! More.\nuse std::fs;\n";
        assert_eq!(first_paragraph(source), "What was recorded.");
        assert_eq!(first_paragraph("use std::fs;\n"), "");
    }
}
