//! `docs/reference/commands.md` says what the program says.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use crate::fieldkit;

const PAGE: &str = "../../docs/reference/commands.md";

const HEAD: &str = "\
# Commands and their flags

What `--help` prints, for every command. A test holds this page to it; \
`FIELDKIT_SNAPSHOTS=write cargo test -p fieldkit` writes it anew.
";

#[test]
fn the_page_of_commands_is_what_help_prints() {
    let mut page = HEAD.to_owned();
    add(&mut page, "");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if env::var_os("FIELDKIT_SNAPSHOTS").is_some_and(|said| said == "write") {
        fs::write(&path, &page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(page.lines()).find(|(kept, page)| kept != page);
    assert!(
        kept == page,
        "docs/reference/commands.md is old: {differs:?}\nFIELDKIT_SNAPSHOTS=write cargo test -p \
         fieldkit writes it anew"
    );
}

/// Adds a command, and then those below it in the order that it lists them.
fn add(page: &mut String, command: &str) {
    let told = fieldkit(&format!("{command} --help"));
    assert_eq!(told.code, 0, "{told:?}");
    let help: String = told.stdout.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let _ = write!(page, "\n## fieldkit{command}\n\n```text\n{}\n```\n", help.trim_end());
    let below = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = below.take_while(|line| !line.is_empty()).filter_map(|line| {
        let is_name = line.starts_with("  ") && !line.starts_with("   ");
        is_name.then(|| line.split_whitespace().next()).flatten()
    });
    for name in names.filter(|name| *name != "help") {
        add(page, &format!("{command} {name}"));
    }
}
