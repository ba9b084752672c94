//! The journal that records a run. It hands what it is told to a thread that writes it about once
//! a second: the work never waits for a disk or a server, and a process that is killed loses at
//! most about the last second.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use record::Journal;
use tracking::{Batch, Metric, Run, RunChange, RunStatus, limits};

use crate::{Error, Workbench, tag};

/// How long something may wait before it is written.
const WRITTEN_AFTER: Duration = Duration::from_secs(1);
/// How long the end of a run waits for a server or a database that does not answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much is kept for one that does not answer; what comes then is lost.
const MOST_WAITING: usize = 200_000;

/// A run that is being recorded.
///
/// It never stops the work: the first error is kept, and [`Recorder::close`] returns it.
pub struct Recorder {
    run_id: String,
    orders: Sender<Order>,
    /// None once it has ended.
    writer: Option<JoinHandle<Result<(), Error>>>,
}

enum Order {
    Param(String, String),
    Metric(Metric),
    Artifact(String, Vec<u8>),
    Note(String),
    /// How it ended.
    End(Result<(), String>),
}

impl Recorder {
    /// Records what it is told as part of `run`, which is running.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn new(workbench: Workbench, run: Run) -> Result<Self, Error> {
        let run_id = run.id.clone();
        let (orders, heard) = mpsc::channel();
        let writer = thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || Writer::new(workbench, run).write(&heard))
            .map_err(|error| Error::Broken(error.to_string()))?;
        Ok(Self { run_id, orders, writer: Some(writer) })
    }

    /// The run's id.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Ends the run, as finished or with the reason why it failed, and gives its id.
    ///
    /// # Errors
    /// The first thing that could not be recorded.
    pub fn close(mut self, outcome: Result<(), String>) -> Result<String, Error> {
        self.end(outcome).map(|()| self.run_id.clone())
    }

    fn end(&mut self, outcome: Result<(), String>) -> Result<(), Error> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        self.tell(Order::End(outcome));
        writer.join().unwrap_or_else(|_| Err(Error::Broken("the recorder panicked".to_owned())))
    }

    /// A writer that is gone says why at the end.
    fn tell(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}

impl Journal for Recorder {
    fn param(&mut self, key: &str, value: &str) {
        self.tell(Order::Param(key.to_owned(), value.to_owned()));
    }

    fn metric(&mut self, key: &str, step: u64, value: f64) {
        self.tell(Order::Metric(Metric {
            key: key.to_owned(),
            value,
            timestamp_ms: Timestamp::now().as_millisecond(),
            step: i64::try_from(step).unwrap_or(i64::MAX),
        }));
    }

    fn artifact(&mut self, name: &str, bytes: &[u8]) {
        self.tell(Order::Artifact(name.to_owned(), bytes.to_owned()));
    }

    fn progress(&mut self, _: &str, _: u64, _: u64) {}

    fn note(&mut self, text: &str) {
        self.tell(Order::Note(text.to_owned()));
    }
}

impl Drop for Recorder {
    /// A run whose work panicked, or that nobody closed, has failed.
    fn drop(&mut self) {
        let why =
            if thread::panicking() { "the work panicked" } else { "the run was never closed" };
        let _ = self.end(Err(why.to_owned()));
    }
}

/// The thread that writes.
struct Writer {
    workbench: Workbench,
    run: Run,
    waiting: Batch,
    /// Since when something waits.
    since: Option<Instant>,
    /// Files that could not be written yet.
    files: Vec<(String, Vec<u8>)>,
    notes: Vec<String>,
    first_error: Option<Error>,
}

impl Writer {
    fn new(workbench: Workbench, run: Run) -> Self {
        Self {
            workbench,
            run,
            waiting: Batch::default(),
            since: None,
            files: Vec::new(),
            notes: Vec::new(),
            first_error: None,
        }
    }

    fn write(mut self, heard: &Receiver<Order>) -> Result<(), Error> {
        let outcome = loop {
            let due = self.since.map(|since| WRITTEN_AFTER.saturating_sub(since.elapsed()));
            match heard.recv_timeout(due.unwrap_or(Duration::from_secs(3600))) {
                Ok(Order::End(outcome)) => break outcome,
                Ok(order) => self.take(order),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break Err("it was left".to_owned()),
            }
            let is_due = self.since.is_some_and(|since| since.elapsed() >= WRITTEN_AFTER);
            if is_due {
                self.flush();
            }
        };
        self.end(outcome);
        self.first_error.map_or(Ok(()), Err)
    }

    fn take(&mut self, order: Order) {
        self.since.get_or_insert_with(Instant::now);
        match order {
            Order::Param(key, value) => {
                let value = cut(&value, limits::PARAM_VALUE);
                // Said again before it was written, it is the later value.
                self.waiting.params.retain(|(before, _)| *before != key);
                self.waiting.params.push((key, value));
            }
            Order::Metric(metric) if self.waiting.metrics.len() < MOST_WAITING => {
                self.waiting.metrics.push(metric);
            }
            Order::Metric(_) => {
                let what = "more metrics than could be written were left out";
                self.keep(Err(Error::Broken(what.to_owned())));
            }
            Order::Artifact(name, bytes) => {
                self.files.retain(|(before, _)| *before != name);
                self.files.push((name, bytes));
            }
            Order::Note(text) => {
                self.notes.push(text);
                let notes = cut(&self.notes.join("\n"), limits::TAG_VALUE);
                self.tag(tag::NOTES, notes);
            }
            Order::End(_) => {}
        }
    }

    fn tag(&mut self, key: &str, value: String) {
        self.waiting.tags.retain(|(before, _)| before != key);
        self.waiting.tags.push((key.to_owned(), value));
    }

    /// Writes what waits. What nobody can take at present waits on.
    fn flush(&mut self) {
        let written = self.flush_batches().and_then(|()| self.flush_files());
        self.since = written.err().map(|_| Instant::now());
    }

    /// # Errors
    /// Only that nobody answers at present.
    fn flush_batches(&mut self) -> Result<(), Error> {
        while self.waiting != Batch::default() {
            let batch = first_of(&self.waiting);
            match self.workbench.log_batch(&self.run.id, batch.clone()) {
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Ok(()) => {}
                // One part breaks a rule: the others are not lost for it.
                Err(_) => self.one_by_one(&batch)?,
            }
            self.waiting.metrics.drain(..batch.metrics.len());
            self.waiting.params.drain(..batch.params.len());
            self.waiting.tags.drain(..batch.tags.len());
        }
        Ok(())
    }

    fn one_by_one(&mut self, batch: &Batch) -> Result<(), Error> {
        let metrics = batch
            .metrics
            .iter()
            .map(|metric| Batch { metrics: vec![metric.clone()], ..Batch::default() });
        let params = batch
            .params
            .iter()
            .map(|param| Batch { params: vec![param.clone()], ..Batch::default() });
        let tags =
            batch.tags.iter().map(|tag| Batch { tags: vec![tag.clone()], ..Batch::default() });
        let parts: Vec<Batch> = params.chain(metrics).chain(tags).collect();
        for part in parts {
            match self.workbench.log_batch(&self.run.id, part) {
                Err(error @ Error::Unavailable(_)) => return Err(error),
                done => self.keep(done),
            }
        }
        Ok(())
    }

    fn flush_files(&mut self) -> Result<(), Error> {
        while let Some((name, bytes)) = self.files.first() {
            match self.workbench.put_file(&self.run, name, bytes) {
                Err(error @ Error::Unavailable(_)) => return Err(error),
                done => self.keep(done),
            }
            self.files.remove(0);
        }
        Ok(())
    }

    fn end(&mut self, outcome: Result<(), String>) {
        let status = if outcome.is_ok() { RunStatus::Finished } else { RunStatus::Failed };
        if let Err(why) = outcome {
            self.tag(tag::ERROR, cut(&why, limits::TAG_VALUE));
        }
        let ended_ms = Some(Timestamp::now().as_millisecond());
        let change = RunChange { status: Some(status), ended_ms, name: None };
        let patience = if self.workbench.may_come_back() { PATIENCE } else { Duration::ZERO };
        let until = Instant::now() + patience;
        loop {
            let id = self.run.id.clone();
            let ended = self
                .flush_batches()
                .and_then(|()| self.flush_files())
                .and_then(|()| self.workbench.update_run(&id, change.clone()));
            match ended {
                Err(Error::Unavailable(_)) if Instant::now() < until => {
                    thread::sleep(WRITTEN_AFTER / 4);
                }
                done => return self.keep(done),
            }
        }
    }

    fn keep(&mut self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.first_error.get_or_insert(error);
        }
    }
}

/// As much from the beginning as one batch may carry.
fn first_of(waiting: &Batch) -> Batch {
    let params = waiting.params.iter().take(limits::PARAMS_PER_BATCH);
    let tags = waiting.tags.iter().take(limits::TAGS_PER_BATCH);
    let left = limits::ENTITIES_PER_BATCH - params.len() - tags.len();
    Batch {
        metrics: waiting
            .metrics
            .iter()
            .take(left.min(limits::METRICS_PER_BATCH))
            .cloned()
            .collect(),
        params: params.cloned().collect(),
        tags: tags.cloned().collect(),
    }
}

/// The text, with what is too long left out.
pub(crate) fn cut(text: &str, n_chars: usize) -> String {
    match text.char_indices().nth(n_chars) {
        None => text.to_owned(),
        Some(_) => text.chars().take(n_chars - 1).chain(['…']).collect(),
    }
}
