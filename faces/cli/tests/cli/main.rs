//! The built program as a person meets it: what it prints, where, and with which exit code.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own input has failed")]

mod broken_output;
mod commands;
mod craters;
mod endpoints;
mod mistakes;
mod predictions;
mod recorded;
mod runs;
mod sample;
mod served;
mod snapshot;
mod told;

use told::Told;

/// `fieldkit WORDS` in an empty folder.
fn fieldkit(words: &str) -> Told {
    Told::by(&tempfile::tempdir().unwrap(), words)
}

#[test]
fn help_says_what_there_is() {
    let told = fieldkit("--help");
    assert_eq!((told.code, told.stderr.as_str()), (0, ""));
    for word in ["scaling", "craters", "runs", "experiments", "models", "serve", "--version"] {
        assert!(told.stdout.contains(word), "{}", told.stdout);
    }
}

#[test]
fn without_a_command_it_helps_and_calls_it_a_mistake() {
    let told = fieldkit("");
    assert_eq!((told.code, told.stdout.as_str()), (2, ""));
    assert!(told.stderr.contains("Usage: fieldkit <COMMAND>"), "{}", told.stderr);
}

#[test]
fn a_law_is_shown_with_its_constants() {
    fieldkit("scaling laws chinchilla").is_as_in("law_chinchilla");
}

#[test]
fn every_law_has_its_equation_in_json() {
    let told = fieldkit("scaling laws --json");
    let laws: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    let laws = laws.as_array().unwrap();
    assert!(laws.iter().any(|law| law["id"] == "chinchilla"));
    assert!(laws.iter().all(|law| law["equation"].as_str().is_some_and(|e| e.contains('='))));
}
