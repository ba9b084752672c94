//! Mistakes made on purpose: each ends with 2, says what, where and what to do, and leaves
//! nothing behind.

use crate::fieldkit;

#[test]
fn an_unknown_command() {
    fieldkit("scale").is_as_in("unknown_command");
}

#[test]
fn an_unknown_option() {
    fieldkit("scaling laws --all").is_as_in("unknown_option");
}

#[test]
fn an_unknown_law() {
    let told = fieldkit("scaling laws chinchila");
    assert_eq!((told.code, told.stdout.as_str()), (2, ""));
    assert!(told.stderr.starts_with("error: there is no law `chinchila`\n  hint: write one of "));
}

#[test]
fn an_unknown_run() {
    fieldkit("runs show 2020").is_as_in("unknown_run");
}

#[test]
fn a_run_outside_the_folder() {
    fieldkit("runs show ../../etc").is_as_in("run_outside");
}

#[test]
fn no_run_at_all() {
    fieldkit("runs show").is_as_in("no_run");
}
