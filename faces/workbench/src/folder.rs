//! The journal that writes a folder: `run.json`, `metrics.csv` and `artifacts/`.
//!
//! `run.json` is written whole each time, so that it can be read at any moment. All metrics go to
//! one file that only grows, in the order they came: a metric's name never becomes a file's name,
//! and a run of a thousand metrics holds one file open. A process that is killed loses at most
//! the last second of metrics and leaves its run as running.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use record::{Artifact, Dataset, Digest, Journal, Run, Status};

use crate::{CODE_VERSION, Error, Work, name, reading, write_whole};

/// How long a metric or a setting may wait before it is on disk.
const SAVED_AFTER: Duration = Duration::from_secs(1);

/// A run that is being recorded.
///
/// It never stops the work: the first error is kept, and [`Folder::close`] returns it.
pub struct Folder {
    folder: PathBuf,
    run: Run,
    metrics: Option<BufWriter<File>>,
    /// Whether `run` or `metrics` hold something that is not on disk.
    is_unsaved: bool,
    saved: Instant,
    first_error: Option<Error>,
    is_closed: bool,
}

impl Folder {
    /// Starts a run in the folder of runs `data`, which is made where it is absent.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(data: &Path, work: &Work, inputs: Vec<Dataset>) -> Result<Self, Error> {
        let (started, id, folder) = new_folder(&reading::runs_folder(data))?;
        let run = Run {
            id,
            application: work.application.to_owned(),
            command: work.command.to_owned(),
            status: Status::Running,
            started: started.to_string(),
            ended: None,
            code_version: CODE_VERSION.to_owned(),
            seed: work.seed,
            inputs,
            params: BTreeMap::new(),
            metrics: BTreeMap::new(),
            artifacts: Vec::new(),
            notes: Vec::new(),
            error: None,
        };
        let mut this = Self {
            folder,
            run,
            metrics: None,
            is_unsaved: true,
            saved: Instant::now(),
            first_error: None,
            is_closed: false,
        };
        this.save()?;
        Ok(this)
    }

    /// The run's id: it sorts by start and is given once, whatever other processes do.
    pub fn id(&self) -> &str {
        &self.run.id
    }

    /// Ends the run, as finished or with the reason why it failed.
    ///
    /// # Errors
    /// The first thing that could not be recorded.
    pub fn close(mut self, outcome: Result<(), String>) -> Result<Run, Error> {
        self.end(outcome);
        match self.first_error.take() {
            Some(error) => Err(error),
            None => Ok(self.run.clone()),
        }
    }

    fn end(&mut self, outcome: Result<(), String>) {
        self.is_closed = true;
        self.run.status = if outcome.is_ok() { Status::Finished } else { Status::Failed };
        self.run.error = outcome.err();
        self.run.ended = Some(Timestamp::now().to_string());
        let saved = self.save();
        self.keep(saved);
    }

    fn keep(&mut self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.first_error.get_or_insert(error);
        }
    }

    fn save(&mut self) -> Result<(), Error> {
        self.is_unsaved = false;
        self.saved = Instant::now();
        if let Some(metrics) = &mut self.metrics {
            metrics.flush().map_err(Error::write(&reading::metrics_file(&self.folder)))?;
        }
        let path = reading::run_file(&self.folder);
        let json = serde_json::to_vec_pretty(&self.run).map_err(io::Error::from);
        write_whole(&path, &json.map_err(Error::write(&path))?)
    }

    fn save_soon(&mut self) {
        self.is_unsaved = true;
        if self.saved.elapsed() >= SAVED_AFTER {
            let saved = self.save();
            self.keep(saved);
        }
    }

    fn write_metric(&mut self, key: &str, step: u64, value: f64) -> Result<(), Error> {
        let key = reading::quoted(name::metric(key)?);
        let path = reading::metrics_file(&self.folder);
        let file = match &mut self.metrics {
            Some(file) => file,
            None => self.metrics.insert(new_metrics(&path).map_err(Error::write(&path))?),
        };
        writeln!(file, "{step},{value:?},{key}").map_err(Error::write(&path))
    }

    fn write_artifact(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = reading::artifacts_folder(&self.folder).join(name::artifact(name)?);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(Error::write(folder))?;
        write_whole(&path, bytes)?;
        let made = Artifact {
            name: name.to_owned(),
            digest: Digest::of(bytes),
            n_bytes: bytes.len() as u64,
        };
        self.run.artifacts.retain(|before| before.name != name);
        self.run.artifacts.push(made);
        Ok(())
    }
}

impl Journal for Folder {
    fn param(&mut self, key: &str, value: &str) {
        self.run.params.insert(key.to_owned(), value.to_owned());
        self.save_soon();
    }

    fn metric(&mut self, key: &str, step: u64, value: f64) {
        let written = self.write_metric(key, step, value);
        if written.is_ok() {
            match self.run.metrics.get_mut(key) {
                Some(last) => *last = value,
                None => drop(self.run.metrics.insert(key.to_owned(), value)),
            }
        }
        self.keep(written);
        self.save_soon();
    }

    fn artifact(&mut self, name: &str, bytes: &[u8]) {
        let written = self.write_artifact(name, bytes);
        self.keep(written);
        self.save_soon();
    }

    fn progress(&mut self, _: &str, _: u64, _: u64) {
        if self.is_unsaved {
            self.save_soon();
        }
    }

    fn note(&mut self, text: &str) {
        self.run.notes.push(text.to_owned());
        self.save_soon();
    }
}

impl Drop for Folder {
    /// A run whose work panicked, or that nobody closed, has failed.
    fn drop(&mut self) {
        if !self.is_closed {
            let panicked = std::thread::panicking();
            let why = if panicked { "the work panicked" } else { "the run was never closed" };
            self.end(Err(why.to_owned()));
        }
    }
}

fn new_metrics(path: &Path) -> io::Result<BufWriter<File>> {
    let mut file = BufWriter::new(File::create_new(path)?);
    writeln!(file, "{}", reading::METRICS_HEADER)?;
    Ok(file)
}

/// A new folder below `runs`. Making it is what claims the id: of two processes that choose the
/// same, one fails and chooses again.
fn new_folder(runs: &Path) -> Result<(Timestamp, String, PathBuf), Error> {
    fs::create_dir_all(runs).map_err(Error::write(runs))?;
    loop {
        let started = later_than_any();
        let random = RandomState::new().hash_one(std::process::id()) & 0xffff;
        let id = format!("{}-{random:04x}", started.strftime("%Y%m%d-%H%M%S.%3f"));
        let folder = runs.join(&id);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok((started, id, folder)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(Error::write(&folder)(e)),
        }
    }
}

/// Now, in whole milliseconds, and after every start that this process was given before.
fn later_than_any() -> Timestamp {
    static LAST_MS: AtomicI64 = AtomicI64::new(i64::MIN);
    let now = Timestamp::now().as_millisecond();
    let last = LAST_MS
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
            Some(now.max(last.saturating_add(1)))
        })
        .unwrap_or(now);
    Timestamp::from_millisecond(now.max(last.saturating_add(1))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{metrics, run, runs};

    const WORK: Work = Work { application: "scaling", command: "fit", inputs: &[], seed: Some(7) };

    fn open(data: &Path) -> Folder {
        Folder::open(data, &WORK, Vec::new()).unwrap()
    }

    #[test]
    fn what_was_said_can_be_read_back() {
        let data = tempfile::tempdir().unwrap();
        let mut journal = open(data.path());
        journal.param("law", "kaplan");
        journal.param("law", "chinchilla");
        journal.metric("loss", 0, 4.5);
        journal.metric("lr, \"peak\"", 0, 1e-3);
        journal.metric("loss", 10, 0.1 + 0.2);
        journal.artifact("pictures/fit.svg", b"<svg/>");
        journal.note("two runs are flagged");
        let id = journal.id().to_owned();
        let closed = journal.close(Ok(())).unwrap();

        assert_eq!(run(data.path(), &id).unwrap(), closed);
        assert_eq!(closed.status, Status::Finished);
        assert_eq!(closed.seed, Some(7));
        assert_eq!(closed.params["law"], "chinchilla");
        assert_eq!(closed.metrics["loss"], 0.1 + 0.2);
        assert_eq!(closed.notes, ["two runs are flagged"]);
        let histories = metrics(data.path(), &id).unwrap();
        assert_eq!(histories["loss"], [(0, 4.5), (10, 0.1 + 0.2)]);
        assert_eq!(histories["lr, \"peak\""], [(0, 1e-3)]);
        let svg = closed.artifacts[0].clone();
        assert_eq!((svg.name.as_str(), svg.digest), ("pictures/fit.svg", Digest::of(b"<svg/>")));
        let file = crate::artifact_file(data.path(), &id, &svg.name).unwrap();
        assert_eq!(fs::read(file).unwrap(), b"<svg/>");
    }

    #[test]
    fn a_run_that_failed_keeps_its_metrics() {
        let data = tempfile::tempdir().unwrap();
        let mut journal = open(data.path());
        journal.metric("loss", 3, 2.5);
        let run = journal.close(Err("loss became infinite".to_owned())).unwrap();
        assert_eq!(run.status, Status::Failed);
        assert_eq!(run.error.as_deref(), Some("loss became infinite"));
        assert_eq!(metrics(data.path(), &run.id).unwrap()["loss"], [(3, 2.5)]);
    }

    #[test]
    fn a_run_can_be_read_while_it_works() {
        let data = tempfile::tempdir().unwrap();
        let journal = open(data.path());
        let there = run(data.path(), journal.id()).unwrap();
        assert_eq!((there.status, there.ended), (Status::Running, None));
    }

    #[test]
    fn a_diverged_loss_is_recorded_as_it_was() {
        let data = tempfile::tempdir().unwrap();
        let mut journal = open(data.path());
        journal.metric("loss", 0, f64::INFINITY);
        journal.metric("loss", 1, f64::NAN);
        let id = journal.close(Ok(())).unwrap().id;
        let loss = &metrics(data.path(), &id).unwrap()["loss"];
        assert!(loss[0].1 == f64::INFINITY && loss[1].1.is_nan());
        assert!(run(data.path(), &id).unwrap().metrics["loss"].is_nan());
    }

    #[test]
    fn an_artifact_said_twice_is_the_later_one() {
        let data = tempfile::tempdir().unwrap();
        let mut journal = open(data.path());
        journal.artifact("report.json", b"{}");
        journal.artifact("report.json", b"[1]");
        let made = journal.close(Ok(())).unwrap().artifacts;
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].digest, Digest::of(b"[1]"));
    }

    #[test]
    fn an_artifact_outside_the_folder_is_not_written_and_the_work_goes_on() {
        let data = tempfile::tempdir().unwrap();
        let mut journal = open(data.path());
        journal.artifact("../../../escaped", b"x");
        journal.artifact("kept.txt", b"x");
        let id = journal.id().to_owned();
        let error = journal.close(Ok(())).unwrap_err().to_string();
        assert!(error.contains("`../../../escaped` cannot be the name of an artifact"), "{error}");
        let run = run(data.path(), &id).unwrap();
        assert_eq!(run.artifacts[0].name, "kept.txt");
        assert!(!data.path().join("escaped").exists());
    }

    #[test]
    fn a_folder_that_vanished_is_the_error_at_the_end() {
        let data = tempfile::tempdir().unwrap();
        let mut journal = open(data.path());
        fs::remove_dir_all(data.path().join("runs")).unwrap();
        journal.metric("loss", 0, 1.0);
        journal.artifact("a", b"x");
        let error = journal.close(Ok(())).unwrap_err();
        assert!(error.to_string().contains("metrics.csv"), "the first one is kept: {error}");
    }

    #[test]
    fn a_run_that_nobody_closed_has_failed() {
        let data = tempfile::tempdir().unwrap();
        drop(open(data.path()));
        let there = runs(data.path()).unwrap().runs;
        assert_eq!(there[0].error.as_deref(), Some("the run was never closed"));
    }

    #[test]
    fn ids_sort_by_start_and_are_given_once() {
        let data = tempfile::tempdir().unwrap();
        let given: Vec<String> =
            (0..200).map(|_| open(data.path()).close(Ok(())).unwrap().id).collect();
        assert!(given.is_sorted_by(|a, b| a < b), "{given:?}");
    }

    #[test]
    fn threads_never_share_an_id() {
        let data = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..25).for_each(|_| drop(open(data.path()))));
            }
        });
        assert_eq!(runs(data.path()).unwrap().runs.len(), 100);
    }
}
