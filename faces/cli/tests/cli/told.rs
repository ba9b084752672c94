//! What the program said.

use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::snapshot;

/// What `fieldkit` printed and how it ended.
#[derive(Debug)]
pub(crate) struct Told {
    /// What was typed.
    pub(crate) line: String,
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Told {
    /// `fieldkit WORDS` in a folder; the words stand between spaces.
    pub(crate) fn by(folder: &TempDir, words: &str) -> Self {
        let output = command(folder, words).output().unwrap();
        Self::from(words, output)
    }

    pub(crate) fn from(words: &str, output: Output) -> Self {
        Self {
            line: format!("fieldkit {words}"),
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// All of it is as the snapshot of that name says.
    #[track_caller]
    pub(crate) fn is_as_in(&self, name: &str) {
        snapshot::check(
            name,
            &format!(
                "$ {}\nexit code {}\n\n--- stdout\n{}\n--- stderr\n{}",
                self.line, self.code, self.stdout, self.stderr
            ),
        );
    }
}

/// The program, ready to run in a folder, untouched by what the caller's environment says.
pub(crate) fn command(folder: &TempDir, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fieldkit"));
    command
        .args(words.split_whitespace())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .env_remove("FIELDKIT_DATA")
        .env_remove("FIELDKIT_DATABASE")
        .env_remove("FIELDKIT_SERVER")
        .env_remove("FIELDKIT_TOKEN")
        .env("USER", "ada")
        .env("COLUMNS", "100");
    command
}
