//! `cargo xtask web`: the pages of the browser in `web/`, made by npm into `web/dist`, from where
//! the build of the server puts them into the binary. Nothing is done where nothing changed.
//!
//! Where node is absent the program is built without pages and says so to the browser: whoever
//! changes no page needs no node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use anyhow::{Context as _, Result};

use crate::{chore, workspace};

/// What is made, and thus no source.
const MADE: [&str; 2] = ["node_modules", "dist"];

pub(crate) fn run() -> Result<()> {
    let web = workspace::root().join("web");
    if !is_node_there() {
        println!(
            "web: skipped, there is no node that is new enough\n  hint: install Node.js 20.19 or later with npm; \
             without it the server has no pages"
        );
        return Ok(());
    }
    if is_older(&web.join("node_modules/.package-lock.json"), &[web.join("package-lock.json")]) {
        npm(&web, &["ci", "--no-fund", "--no-audit"])?;
    }
    if is_older(&web.join("dist/index.html"), &sources(&web)?) {
        npm(&web, &["run", "build"])?;
        println!("web: built");
    } else {
        println!("web: fresh");
    }
    Ok(())
}

/// Whether there is npm, and a node that is new enough for what builds the pages.
pub(crate) fn is_node_there() -> bool {
    let npm = chore::program("npm", &["--version"]).stdout(Stdio::null()).status();
    let node = chore::program("node", &["--version"]).output();
    let said = node.map(|node| String::from_utf8_lossy(&node.stdout).into_owned());
    npm.is_ok_and(|status| status.success()) && said.is_ok_and(|said| is_new_enough(&said))
}

/// Whether `v22.22.2` is at least the version that `web/package.json` asks for.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim().trim_start_matches('v').split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (20, 19),
        _ => false,
    }
}

fn npm(web: &Path, words: &[&str]) -> Result<()> {
    chore::run(chore::program("npm", words).current_dir(web))
}

/// Every file that the pages are made from.
fn sources(web: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![web.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder);
        for entry in entries.with_context(|| format!("cannot list {}", folder.display()))? {
            let entry = entry?;
            let is_made = folder == *web && MADE.iter().any(|made| entry.file_name() == *made);
            match entry.file_type()?.is_dir() {
                _ if is_made => {}
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    Ok(files)
}

/// Whether `made` is absent, or older than one of those that it is made from.
fn is_older(made: &Path, from: &[PathBuf]) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|there| there.modified()).ok();
    let newest: Option<SystemTime> = from.iter().filter_map(|path| changed(path)).max();
    changed(made).is_none_or(|made| newest.is_some_and(|newest| made < newest))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn file(path: PathBuf, seconds: u64) -> PathBuf {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        fs::File::create(&path).unwrap().set_modified(time).unwrap();
        path
    }

    #[test]
    fn an_old_node_builds_no_pages() {
        assert!(is_new_enough("v22.22.2\n") && is_new_enough("v20.19.0"));
        assert!(!is_new_enough("v18.20.4") && !is_new_enough("v20.18.9") && !is_new_enough(""));
    }

    #[test]
    fn pages_are_made_anew_after_a_change_of_a_source_and_only_then() {
        let web = tempfile::tempdir().unwrap();
        let source = file(web.path().join("src/deep/Page.svelte"), 10);
        file(web.path().join("node_modules/uplot/index.js"), 99);
        let made = web.path().join("dist/index.html");
        assert!(is_older(&made, &sources(web.path()).unwrap()), "there is none yet");
        file(made.clone(), 20);
        assert!(!is_older(&made, &sources(web.path()).unwrap()));
        file(source, 30);
        assert!(is_older(&made, &sources(web.path()).unwrap()));
    }
}
