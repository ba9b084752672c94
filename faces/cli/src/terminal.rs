//! A journal for the person at the terminal: progress bars and sentences on stderr.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use record::Journal;

/// Draws on stderr; parameters, metrics and artifacts are for the record, not for the eye.
pub(crate) struct Terminal {
    bar: ProgressBar,
    what: String,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = "{msg:<28} {wide_bar} {pos}/{len} {eta}";
        bar.set_style(ProgressStyle::with_template(style).expect("a constant template"));
        Self { bar, what: String::new() }
    }
}

impl Journal for Terminal {
    fn param(&mut self, _: &str, _: &str) {}
    fn metric(&mut self, _: &str, _: u64, _: f64) {}
    fn artifact(&mut self, _: &str, _: &[u8]) {}

    fn progress(&mut self, what: &str, done: u64, total: u64) {
        if self.what != what {
            what.clone_into(&mut self.what);
            self.bar.reset();
            self.bar.set_message(self.what.clone());
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
        if done >= total {
            self.bar.finish_and_clear();
        }
    }

    fn note(&mut self, text: &str) {
        self.bar.suspend(|| eprintln!("note: {text}"));
    }
}
