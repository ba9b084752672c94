//! `cargo xtask`: chores with logic. One file a chore; this one only lists them.

#![expect(clippy::print_stdout, reason = "chores talk to a person")]

mod bench;
mod chore;
mod clients;
mod demo;
mod docs;
mod floors;
mod licences;
mod map;
mod one_build;
mod test;
mod web;
mod workspace;

use std::env;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask CHORE

  demo           build fieldkit, run every application on its sample, and serve what came of it
                 (`--no-serve` ends before that, and so does a demo that no terminal looks at)
  test           everything that has to hold before a change is merged
  floors         refuse an arrow between crates that the table does not allow
  map            draw the crates and their arrows into ARCHITECTURE.md
  map --check    refuse an ARCHITECTURE.md whose map is old
  licences       refuse a dependency whose licence deny.toml does not allow
  one-build      refuse tests for which a dependency of the program is built again
  web            build the pages of the browser in web/, if they changed (needs node)
  bench NAME …   measure us against our peers: benches/NAME/run, the rest is passed on
  docs           build the book in docs/ (needs mdbook)";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["demo"] => demo::run(std::io::stdout().is_terminal()),
        ["demo", "--no-serve"] => demo::run(false),
        ["web"] => web::run(),
        ["test"] => test::run(),
        ["floors"] => floors::run(),
        ["map"] => map::run(map::Mode::Write),
        ["map", "--check"] => map::run(map::Mode::Check),
        ["licences"] => licences::run(),
        ["one-build"] => one_build::run(),
        ["bench", name, rest @ ..] => bench::run(name, rest),
        ["bench"] => bench::run("", &[]),
        ["docs"] => docs::run(),
        [] | ["help" | "--help" | "-h", ..] => {
            eprintln!("{USAGE}");
            Ok(())
        }
        _ => bail!("there is no chore `{}`\n\n{USAGE}", words.join(" ")),
    }
}
