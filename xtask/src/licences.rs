//! `cargo xtask licences`: every crate that is built here has a licence that deny.toml allows.
//!
//! deny.toml has the form of cargo-deny, of which this reads `[licenses] allow` and `exceptions`.
//! Why not cargo-deny itself: docs/decisions/licence-check.md.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::{chore, workspace};

pub(crate) fn run() -> Result<()> {
    let text = fs::read_to_string(workspace::root().join("deny.toml"))?;
    let rules: Rules = toml::from_str(&text).context("deny.toml")?;
    let built = built()?;
    let refused: Vec<String> =
        built.iter().filter_map(|crate_| refusal(crate_, &rules.licenses)).collect();
    if !refused.is_empty() {
        bail!(
            "{}\n  hint: use another crate, or add the licence to deny.toml with the reason",
            refused.join("\n")
        );
    }
    println!("licences: {} crates, all allowed", built.len());
    Ok(())
}

/// A crate that Cargo builds here, with the licence that it declares.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Built {
    name: String,
    version: String,
    licence: String,
}

fn built() -> Result<BTreeSet<Built>> {
    let format = ["--prefix", "none", "--format", "{p}\t{l}"];
    let mut args = vec!["tree", "--workspace", "--locked", "--edges", "normal,build,dev"];
    args.extend(format);
    let tree = chore::output(&mut chore::cargo(&args))?;
    tree.lines().filter(|line| !line.is_empty()).map(parse_built).collect()
}

/// One line of `cargo tree`: `name vVERSION (maybe a path)`, a tab, the licence, and ` (*)` where
/// the crate stands in the tree once more.
fn parse_built(line: &str) -> Result<Built> {
    let line = line.strip_suffix(" (*)").unwrap_or(line);
    let odd = || format!("cargo tree printed `{line}`");
    let (package, licence) = line.split_once('\t').with_context(odd)?;
    let mut words = package.split(' ');
    let mut word = || words.next().map(str::to_owned);
    let (name, version) = (word().with_context(odd)?, word().with_context(odd)?);
    Ok(Built { name, version, licence: licence.to_owned() })
}

/// Why a crate cannot be used.
fn refusal(crate_: &Built, rules: &Licenses) -> Option<String> {
    let excepted = rules.exceptions.iter().filter(|e| e.name == crate_.name);
    let also: Vec<&str> = excepted.flat_map(|e| &e.allow).map(String::as_str).collect();
    let is_allowed = |id: &str| rules.allow.iter().any(|a| a == id) || also.contains(&id);
    let Built { name, version, licence } = crate_;
    match Expression::parse(licence) {
        None if licence.is_empty() => Some(format!("{name} {version} declares no licence")),
        None => Some(format!("{name} {version}: `{licence}` is not a licence expression")),
        Some(expression) if expression.holds(&is_allowed) => None,
        Some(_) => Some(format!("{name} {version}: `{licence}` is not allowed")),
    }
}

#[derive(Deserialize)]
struct Rules {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

/// What a crate says of its licence, as SPDX writes it.
#[derive(Debug, PartialEq, Eq)]
enum Expression {
    Licence(String),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
}

impl Expression {
    /// Reads SPDX 2 (annex D): WITH binds closest, then AND, then OR; and the `/` for OR of old
    /// crates.
    fn parse(text: &str) -> Option<Self> {
        let spaced = text.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let mut words = spaced.split_whitespace().peekable();
        let whole = Self::parse_or(&mut words)?;
        words.next().is_none().then_some(whole)
    }

    fn parse_or<'a>(words: &mut Words<'a, impl Iterator<Item = &'a str>>) -> Option<Self> {
        let mut left = Self::parse_and(words)?;
        while words.next_if_eq(&"OR").is_some() {
            left = Self::Or(Box::new(left), Box::new(Self::parse_and(words)?));
        }
        Some(left)
    }

    fn parse_and<'a>(words: &mut Words<'a, impl Iterator<Item = &'a str>>) -> Option<Self> {
        let mut left = Self::parse_one(words)?;
        while words.next_if_eq(&"AND").is_some() {
            left = Self::And(Box::new(left), Box::new(Self::parse_one(words)?));
        }
        Some(left)
    }

    fn parse_one<'a>(words: &mut Words<'a, impl Iterator<Item = &'a str>>) -> Option<Self> {
        match words.next()? {
            "(" => {
                let inside = Self::parse_or(words)?;
                words.next_if_eq(&")").map(|_| inside)
            }
            ")" | "AND" | "OR" | "WITH" => None,
            id if words.next_if_eq(&"WITH").is_some() => {
                words.next().map(|exception| Self::Licence(format!("{id} WITH {exception}")))
            }
            id => Some(Self::Licence(id.to_owned())),
        }
    }

    /// Whether what `is_allowed` allows is enough.
    fn holds(&self, is_allowed: &impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Licence(id) => is_allowed(id),
            Self::And(left, right) => left.holds(is_allowed) && right.holds(is_allowed),
            Self::Or(left, right) => left.holds(is_allowed) || right.holds(is_allowed),
        }
    }
}

type Words<'a, I> = std::iter::Peekable<I>;

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether MIT and Zlib are enough for a crate `here`, for which MPL-2.0 is allowed too.
    fn is_allowed(licence: &str) -> bool {
        let rules: Rules = toml::from_str(
            r#"
            [licenses]
            allow = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"]
            exceptions = [{ crate = "here", allow = ["MPL-2.0"] }]
            "#,
        )
        .unwrap();
        let line = format!("here v1.0.0 (/some/path)\t{licence} (*)");
        refusal(&parse_built(&line).unwrap(), &rules.licenses).is_none()
    }

    #[test]
    fn one_of_several_is_enough() {
        assert!(is_allowed("MIT"));
        assert!(is_allowed("GPL-3.0 OR MIT"));
        assert!(is_allowed("GPL-3.0/MIT"));
        assert!(is_allowed("GPL-3.0 / MIT"));
    }

    #[test]
    fn all_of_several_are_needed() {
        assert!(is_allowed("MIT AND Zlib"));
        assert!(!is_allowed("MIT AND GPL-3.0"));
        assert!(is_allowed("(MIT OR GPL-3.0) AND Zlib"));
        assert!(!is_allowed("(MIT OR Zlib) AND GPL-3.0"));
        assert!(is_allowed("MIT OR Zlib AND GPL-3.0"), "AND binds closer than OR");
    }

    #[test]
    fn a_licence_with_an_exception_is_another_licence() {
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception"));
        assert!(!is_allowed("Apache-2.0"));
    }

    #[test]
    fn an_exception_is_for_its_crate_alone() {
        assert!(is_allowed("MPL-2.0"));
        let rules = Licenses { allow: vec![], exceptions: vec![] };
        let elsewhere = parse_built("there v1.0.0\tMPL-2.0").unwrap();
        assert_eq!(
            refusal(&elsewhere, &rules).as_deref(),
            Some("there v1.0.0: `MPL-2.0` is not allowed")
        );
    }

    #[test]
    fn no_licence_and_nonsense_are_refused() {
        for licence in ["", "AND", "MIT OR", "(MIT", "MIT)", "MIT Zlib", "MIT WITH"] {
            assert!(!is_allowed(licence), "{licence:?}");
        }
    }
}
