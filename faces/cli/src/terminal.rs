//! Journals for the person at the terminal: progress bars and sentences on stderr, and the report
//! that the person asked for.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use record::Journal;
use workbench::Error;

/// The name under which work gives the report that `--html` writes.
const REPORT: &str = "report.html";

/// The terminal, and the file that `--html` names.
pub(crate) struct Live<'a> {
    terminal: Terminal,
    html: Option<&'a Path>,
    /// How the file was written, once it was.
    written: Option<Result<(), Error>>,
}

impl<'a> Live<'a> {
    /// Looks first whether the file can be there: nobody should learn that after an hour.
    pub(crate) fn new(html: Option<&'a Path>) -> Result<Self, Error> {
        if let Some(path) = html {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let is_missing = folder.is_some_and(|folder| !folder.is_dir());
            if is_missing || path.is_dir() {
                let kind = if is_missing { "the folder is not there" } else { "it is a folder" };
                return Err(Error::Refused {
                    what: format!("cannot write {}: {kind}", path.display()),
                    hint: "give --html the name of a file in a folder that exists".to_owned(),
                });
            }
        }
        Ok(Self { terminal: Terminal::new(), html, written: None })
    }

    /// Says where the report is.
    pub(crate) fn close(self, command: &str) -> Result<(), Error> {
        match (self.html, self.written) {
            (None, _) => Ok(()),
            (Some(path), Some(written)) => {
                written?;
                say(&format!("report written to {}", path.display()));
                Ok(())
            }
            (Some(_), None) => Err(Error::Refused {
                what: format!("`{command}` made no report with pictures"),
                hint: "leave out --html, or use --json".to_owned(),
            }),
        }
    }
}

impl Journal for Live<'_> {
    fn param(&mut self, key: &str, value: &str) {
        self.terminal.param(key, value);
    }

    fn metric(&mut self, key: &str, step: u64, value: f64) {
        self.terminal.metric(key, step, value);
    }

    fn artifact(&mut self, name: &str, bytes: &[u8]) {
        if let Some(path) = self.html.filter(|_| name == REPORT) {
            self.written = Some(workbench::write_whole(path, bytes));
        }
    }

    fn progress(&mut self, what: &str, done: u64, total: u64) {
        self.terminal.progress(what, done, total);
    }

    fn note(&mut self, text: &str) {
        self.terminal.note(text);
    }
}

/// Draws on stderr; parameters, metrics and artifacts are for the record, not for the eye.
/// Where stderr is no terminal there are no bars, only the sentences.
struct Terminal {
    what: String,
    since: Instant,
    bar: Option<ProgressBar>,
}

/// Work that is over sooner is not worth a bar that flickers.
const SHOWN_AFTER: Duration = Duration::from_millis(300);

impl Terminal {
    fn new() -> Self {
        Self { what: String::new(), since: Instant::now(), bar: None }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Journal for Terminal {
    fn param(&mut self, _: &str, _: &str) {}
    fn metric(&mut self, _: &str, _: u64, _: f64) {}
    fn artifact(&mut self, _: &str, _: &[u8]) {}

    fn progress(&mut self, what: &str, done: u64, total: u64) {
        if self.what != what {
            self.clear();
            what.clone_into(&mut self.what);
            self.since = Instant::now();
        }
        if done >= total {
            self.clear();
        } else if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
        } else if self.since.elapsed() >= SHOWN_AFTER {
            self.bar = Some(new_bar(what, done, total, self.since));
        }
    }

    fn note(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(&format!("note: {text}"))),
            None => say(&format!("note: {text}")),
        }
    }
}

impl Drop for Terminal {
    /// No half-drawn bar stays above an error.
    fn drop(&mut self) {
        self.clear();
    }
}

fn new_bar(what: &str, done: u64, total: u64, since: Instant) -> ProgressBar {
    let style = "{msg:<28} {wide_bar} {pos}/{len} {eta}";
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr())
        .with_style(ProgressStyle::with_template(style).expect("a constant template"))
        .with_message(what.to_owned())
        .with_elapsed(since.elapsed());
    bar.set_position(done);
    bar
}

/// A line on stderr. That nobody reads it is no reason to stop.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
