//! What people see, kept in files that are reviewed like code.
//!
//! `FIELDKIT_SNAPSHOTS=write cargo test -p fieldkit` writes them anew; git shows what changed.

use std::path::Path;
use std::{env, fs};

/// Compares a text with the file `tests/snapshots/NAME.txt`.
#[track_caller]
pub(crate) fn check(name: &str, seen: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/snapshots/{name}.txt"));
    let seen: String = seen.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    if env::var_os("FIELDKIT_SNAPSHOTS").is_some_and(|said| said == "write") {
        fs::write(&path, &seen).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == seen,
        "{} differs:\n{}\nwhere the new text is right: FIELDKIT_SNAPSHOTS=write cargo test -p fieldkit",
        path.display(),
        difference(&kept, &seen)
    );
}

/// The lines from the first that differs to the last, old ones with `-`, new ones with `+`.
fn difference(kept: &str, seen: &str) -> String {
    let (kept, seen): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), seen.lines().collect());
    let before = kept.iter().zip(&seen).take_while(|(a, b)| a == b).count();
    let (kept, seen) = (&kept[before..], &seen[before..]);
    let after = kept.iter().rev().zip(seen.iter().rev()).take_while(|(a, b)| a == b).count();
    let old = kept[..kept.len() - after].iter().map(|line| format!("-{line}\n"));
    let new = seen[..seen.len() - after].iter().map(|line| format!("+{line}\n"));
    format!("@@ line {}\n{}", before + 1, old.chain(new).collect::<String>())
}

#[test]
fn a_difference_is_what_changed_and_no_more() {
    let shown = difference("a\nb\nc\n", "a\nx\ny\nc\n");
    assert_eq!(shown, "@@ line 2\n-b\n+x\n+y\n");
}
