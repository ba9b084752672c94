//! Runs of our own: trains byte-level language models over sizes, data, batches and seeds, and
//! logs what a fit reads.
//!
//! A folder collects the runs of one text. Each run that ends leaves one file under `done/`, each
//! run under way a checkpoint under `under-way/`; the tables are written anew from the former. A
//! sweep may be killed at any moment: started again it goes on from the checkpoints, to the same
//! numbers. Every worker is one thread and computes on that thread alone.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use learn::{Text, Watch, Windows};
use record::Journal;

use crate::Error;

mod folder;
mod plan;
mod tables;
mod text;

pub use folder::Done;
pub use plan::{Plan, Run};
pub use text::read_text;

use folder::Folder;

/// Trains the runs of a plan that `out` does not hold yet, `n_workers` at a time and in their
/// order, and returns all runs that it holds then: by group, then size, then tokens.
///
/// # Errors
/// A text too short for the plan, a folder that holds something else or that another sweep is
/// working in, and what goes wrong with files. A run whose loss becomes infinite is no error: it
/// is listed as failed.
pub fn sweep(
    plan: &Plan,
    text: &Text,
    out: &Path,
    n_workers: usize,
    journal: &mut dyn Journal,
) -> Result<Vec<Done>, Error> {
    plan.check(text)?;
    let folder = Folder::open(out, plan, text)?;
    let left = folder.left(plan)?;
    let held_out =
        text.held_out(plan.sequence_length, plan.held_out_windows).map_err(Error::from)?;
    let mut progress = Progress::new(plan, &left);
    progress.tell(journal);
    let (next, failure) = (AtomicUsize::new(0), Failure::default());
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..n_workers.clamp(1, left.len().max(1)) {
            let sender = sender.clone();
            scope.spawn(|| {
                let sender = sender; // dropped with the worker: that ends the loop below
                while let Some(run) = left.get(next.fetch_add(1, Ordering::Relaxed))
                    && !failure.happened()
                {
                    let done = train(run, plan, text, &held_out, &folder, &failure, &sender);
                    failure.note(done.and_then(|done| {
                        folder.keep(&done)?;
                        let _ = sender.send(Message::Done(Box::new(done)));
                        Ok(())
                    }));
                }
            });
        }
        drop(sender);
        for message in receiver {
            failure.note(progress.take(message, &folder, journal));
        }
    });
    failure.into_result()?;
    let done = folder.done()?;
    tables::write(out, &done)?;
    for (name, path) in tables::NAMES.map(|name| (name, out.join(name))) {
        if !path.exists() {
            continue;
        }
        let bytes = fs::read(&path).map_err(|source| Error::Io { path, source })?;
        journal.artifact(name, &bytes);
    }
    Ok(done)
}

/// The first thing that went wrong; everyone stops for it.
#[derive(Default)]
struct Failure {
    happened: AtomicBool,
    first: Mutex<Option<Error>>,
}

impl Failure {
    fn note(&self, result: Result<(), Error>) {
        if let Err(error) = result {
            let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert(error);
            self.happened.store(true, Ordering::Release);
        }
    }

    fn happened(&self) -> bool {
        self.happened.load(Ordering::Acquire)
    }

    fn into_result(self) -> Result<(), Error> {
        let first = self.first.into_inner().unwrap_or_else(PoisonError::into_inner);
        first.map_or(Ok(()), Err)
    }
}

/// Trains one run, from its checkpoint where there is one.
fn train(
    run: &Run,
    plan: &Plan,
    text: &Text,
    held_out: &Windows<'_>,
    folder: &Folder,
    failure: &Failure,
    sender: &Sender<Message>,
) -> Result<Done, Error> {
    let training = text.training(plan.sequence_length, run.unique_bytes)?;
    let unique_tokens = (training.len() * plan.sequence_length) as u64;
    let mut reporter = Reporter { flop: run.flop(plan), told: 0.0, sender };
    let checkpoints = folder.under_way(run);
    let watch = Watch {
        checkpoints: Some(&checkpoints),
        n_glances: run.n_held_out_losses,
        journal: Some(&mut reporter),
        stop: Some(&|_| failure.happened()),
        ..Watch::default()
    };
    match learn::train(&run.architecture, &run.recipe, &training, held_out, watch) {
        Ok(outcome) => Ok(Done::finished(run, plan, unique_tokens, outcome)),
        Err(learn::Error::Diverged { step, .. }) => {
            let why = format!("the loss became infinite at step {step}");
            let history = learn::checkpoint::peek(&checkpoints)?.map(|s| s.history);
            Ok(Done::failed(run, plan, unique_tokens, why, history.unwrap_or_default()))
        }
        Err(error) => Err(error.into()),
    }
}

/// What a worker tells the one thread that holds the journal.
enum Message {
    /// So many more floating-point operations were computed.
    Computed(f64),
    /// A run ended.
    Done(Box<Done>),
}

/// A worker's journal: passes on how far it is.
struct Reporter<'a> {
    flop: f64,
    told: f64,
    sender: &'a Sender<Message>,
}

impl Journal for Reporter<'_> {
    fn param(&mut self, _: &str, _: &str) {}
    fn metric(&mut self, _: &str, _: u64, _: f64) {}
    fn artifact(&mut self, _: &str, _: &[u8]) {}
    fn note(&mut self, _: &str) {}

    fn progress(&mut self, _: &str, done: u64, total: u64) {
        let computed = self.flop * done as f64 / total as f64;
        if computed - self.told > self.flop / 200.0 || done == total {
            let _ = self.sender.send(Message::Computed(computed - self.told));
            self.told = computed;
        }
    }
}

/// How far the whole sweep is, in floating-point operations.
struct Progress {
    computed: f64,
    total: f64,
    n_done: usize,
    n_runs: usize,
}

impl Progress {
    fn new(plan: &Plan, left: &[Run]) -> Self {
        let flop = |runs: &[Run]| runs.iter().map(|run| run.flop(plan)).sum::<f64>();
        let total = flop(&plan.runs);
        let n_runs = plan.runs.len();
        Self { computed: total - flop(left), total, n_done: n_runs - left.len(), n_runs }
    }

    fn take(
        &mut self,
        message: Message,
        folder: &Folder,
        journal: &mut dyn Journal,
    ) -> Result<(), Error> {
        match message {
            Message::Computed(flop) => self.computed += flop,
            Message::Done(done) => {
                self.n_done += 1;
                journal.note(&format!("{} of {}: {done}", self.n_done, self.n_runs));
                tables::write(folder.path(), &folder.done()?)?;
            }
        }
        self.tell(journal);
        Ok(())
    }

    fn tell(&self, journal: &mut dyn Journal) {
        let gflop = |flop: f64| (flop * 1e-9).round() as u64;
        let total = gflop(self.total).max(1);
        let done =
            if self.n_done == self.n_runs { total } else { gflop(self.computed).min(total - 1) };
        journal.progress("training (GFLOP)", done, total);
    }
}

impl From<learn::Error> for Error {
    fn from(error: learn::Error) -> Self {
        match error {
            learn::Error::Write { path, source } => Error::Write { path, source },
            learn::Error::Checkpoint { path, what } => {
                Error::input(path, None, what, "delete the folder to begin this run anew")
            }
            learn::Error::Text { what, hint } => Error::refused(what, hint),
            other => Error::refused(other.to_string(), "start the sweep again to go on"),
        }
    }
}
