//! `cargo xtask map`: the crates and their arrows, drawn into ARCHITECTURE.md from what Cargo
//! knows, so that the drawing cannot grow old.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::floors;
use crate::workspace::{self, Member};

const FILE: &str = "ARCHITECTURE.md";
const BEGIN: &str = "<!-- map: begin (drawn by `cargo xtask map`) -->\n";
const END: &str = "<!-- map: end -->";

/// What to do with the drawing.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    /// Put it into the file.
    Write,
    /// Refuse a file that has another one.
    Check,
}

pub(crate) fn run(mode: Mode) -> Result<()> {
    let path = workspace::root().join(FILE);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {FILE}"))?;
    let fresh = with_map(&text, &drawn(&workspace::members()?))?;
    match mode {
        Mode::Check if fresh == text => println!("map: fresh"),
        Mode::Check => {
            bail!("the map in {FILE} is old\n  hint: run `cargo xtask map` and commit it")
        }
        Mode::Write => {
            fs::write(&path, &fresh).with_context(|| format!("cannot write {FILE}"))?;
            println!("map: {}", if fresh == text { "was fresh" } else { "drawn" });
        }
    }
    Ok(())
}

/// The text with `map` between its marks.
fn with_map(text: &str, map: &str) -> Result<String> {
    let missing =
        || format!("{FILE} has no place for the map\n  hint: add `{}` and `{END}`", BEGIN.trim());
    let (before, rest) = text.split_once(BEGIN).with_context(missing)?;
    let (_, after) = rest.split_once(END).with_context(missing)?;
    Ok(format!("{before}{BEGIN}\n{map}\n{END}{after}"))
}

/// A drawing of the arrows and a table of the crates, highest floor first.
fn drawn(members: &[Member]) -> String {
    let mut members: Vec<&Member> = members.iter().collect();
    members.sort_by_key(|m| (std::cmp::Reverse(floors::height(m)), m.folder.clone()));
    let mut map = String::from("```mermaid\ngraph TD\n");
    for member in &members {
        let _ = writeln!(map, "  {}[\"{}\"]", member.name, member.name);
    }
    for member in &members {
        for used in straight(member, &members) {
            let _ = writeln!(map, "  {} --> {used}", member.name);
        }
    }
    map.push_str(
        "```\n\n| crate | what it is for | uses | its tests also use |\n|---|---|---|---|\n",
    );
    for member in &members {
        let tests: BTreeSet<String> = member.tests_use.difference(&member.uses).cloned().collect();
        let _ = writeln!(
            map,
            "| [{}]({}) | {} | {} | {} |",
            member.name,
            member.root_file,
            member.purpose.replace('|', "\\|"),
            listed(&member.uses),
            listed(&tests),
        );
    }
    map
}

/// The arrows of a crate that no longer way says already.
fn straight(member: &Member, members: &[&Member]) -> BTreeSet<String> {
    let around: BTreeSet<String> =
        member.uses.iter().flat_map(|used| reached(used, members)).collect();
    member.uses.difference(&around).cloned().collect()
}

/// Everything below a crate.
fn reached(name: &str, members: &[&Member]) -> BTreeSet<String> {
    let Some(member) = members.iter().find(|member| member.name == name) else {
        return BTreeSet::new();
    };
    let below = member.uses.iter().flat_map(|used| reached(used, members));
    member.uses.iter().cloned().chain(below).collect()
}

fn listed(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return "-".to_owned();
    }
    names.iter().cloned().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, folder: &str, uses: &[&str]) -> Member {
        Member {
            name: name.to_owned(),
            folder: folder.to_owned(),
            purpose: format!("What {name} is for."),
            root_file: format!("{folder}/src/lib.rs"),
            uses: uses.iter().map(|&name| name.to_owned()).collect(),
            tests_use: [].into(),
        }
    }

    #[test]
    fn the_highest_floor_comes_first_and_short_cuts_are_not_drawn() {
        let map = drawn(&[
            member("record", "crates/record", &[]),
            member("scaling", "apps/scaling", &["record"]),
            member("workbench", "faces/workbench", &["record", "scaling"]),
        ]);
        assert_eq!(
            map,
            "\
```mermaid
graph TD
  workbench[\"workbench\"]
  scaling[\"scaling\"]
  record[\"record\"]
  workbench --> scaling
  scaling --> record
```

| crate | what it is for | uses | its tests also use |
|---|---|---|---|
| [workbench](faces/workbench/src/lib.rs) | What workbench is for. | record, scaling | - |
| [scaling](apps/scaling/src/lib.rs) | What scaling is for. | record | - |
| [record](crates/record/src/lib.rs) | What record is for. | - | - |
"
        );
    }

    #[test]
    fn only_the_text_between_the_marks_changes() {
        let text = format!("before\n{BEGIN}old\n{END}\nafter\n");
        let fresh = with_map(&text, "new").unwrap();
        assert_eq!(fresh, format!("before\n{BEGIN}\nnew\n{END}\nafter\n"));
        assert_eq!(with_map(&fresh, "new").unwrap(), fresh, "drawn again it is the same");
    }

    #[test]
    fn a_text_without_marks_is_an_error_that_says_which() {
        let error = with_map("no marks", "new").unwrap_err().to_string();
        assert!(error.contains(END), "{error}");
    }
}
