//! How work tells what it does, without knowing who listens.

use std::collections::BTreeMap;

/// What a computation reports while it works.
///
/// A journal never stops the work: an implementation that can fail keeps its first error and
/// returns it from its own closing function.
pub trait Journal {
    /// A setting of the computation. A key said twice keeps the last value.
    fn param(&mut self, key: &str, value: &str);
    /// A measured value at a step of the computation.
    fn metric(&mut self, key: &str, step: u64, value: f64);
    /// A file that the computation made, by a relative name with `/` between folders.
    fn artifact(&mut self, name: &str, bytes: &[u8]);
    /// `done` of `total` units of `what` are finished.
    fn progress(&mut self, what: &str, done: u64, total: u64);
    /// A sentence for the person who waits.
    fn note(&mut self, text: &str);
}

/// A journal that nobody reads.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Journal for Silent {
    fn param(&mut self, _: &str, _: &str) {}
    fn metric(&mut self, _: &str, _: u64, _: f64) {}
    fn artifact(&mut self, _: &str, _: &[u8]) {}
    fn progress(&mut self, _: &str, _: u64, _: u64) {}
    fn note(&mut self, _: &str) {}
}

/// A journal that remembers everything, for tests and for callers that look afterwards.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Memory {
    /// The last value of each parameter.
    pub params: BTreeMap<String, String>,
    /// Each metric's `(step, value)` pairs in the order they came.
    pub metrics: BTreeMap<String, Vec<(u64, f64)>>,
    /// The bytes of each artifact.
    pub artifacts: BTreeMap<String, Vec<u8>>,
    /// The last `(done, total)` of each kind of work.
    pub progress: BTreeMap<String, (u64, u64)>,
    /// The sentences, in their order.
    pub notes: Vec<String>,
}

impl Journal for Memory {
    fn param(&mut self, key: &str, value: &str) {
        self.params.insert(key.to_owned(), value.to_owned());
    }

    fn metric(&mut self, key: &str, step: u64, value: f64) {
        self.metrics.entry(key.to_owned()).or_default().push((step, value));
    }

    fn artifact(&mut self, name: &str, bytes: &[u8]) {
        self.artifacts.insert(name.to_owned(), bytes.to_owned());
    }

    fn progress(&mut self, what: &str, done: u64, total: u64) {
        self.progress.insert(what.to_owned(), (done, total));
    }

    fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }
}

/// A journal that tells two others everything.
pub struct Tee<'a>(pub &'a mut dyn Journal, pub &'a mut dyn Journal);

impl Journal for Tee<'_> {
    fn param(&mut self, key: &str, value: &str) {
        self.0.param(key, value);
        self.1.param(key, value);
    }

    fn metric(&mut self, key: &str, step: u64, value: f64) {
        self.0.metric(key, step, value);
        self.1.metric(key, step, value);
    }

    fn artifact(&mut self, name: &str, bytes: &[u8]) {
        self.0.artifact(name, bytes);
        self.1.artifact(name, bytes);
    }

    fn progress(&mut self, what: &str, done: u64, total: u64) {
        self.0.progress(what, done, total);
        self.1.progress(what, done, total);
    }

    fn note(&mut self, text: &str) {
        self.0.note(text);
        self.1.note(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tee_tells_both_the_same() {
        let (mut left, mut right) = (Memory::default(), Memory::default());
        let mut tee = Tee(&mut left, &mut right);
        tee.param("law", "chinchilla");
        tee.metric("loss", 7, 2.5);
        tee.artifact("report.html", b"<p>");
        tee.progress("starts", 1, 2);
        tee.note("few runs");
        assert_eq!(left.metrics["loss"], [(7, 2.5)]);
        assert_eq!(left.notes, ["few runs"]);
        assert_eq!(left, right);
    }
}
