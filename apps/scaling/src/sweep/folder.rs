//! The folder of a sweep: which text it is about, what is done, what is under way.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use learn::{Outcome, Text, train::Point};
use record::Digest;
use serde::{Deserialize, Serialize};

use super::{Plan, Run};
use crate::Error;

/// A run that ended, and everything that the tables tell about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// [`Run::id`].
    pub id: String,
    /// What was to be trained.
    pub run: Run,
    /// Bytes in a sequence.
    pub sequence_length: usize,
    /// D.
    pub tokens: u64,
    /// U: tokens that are different, at most D.
    pub unique_tokens: u64,
    /// C, with the head.
    pub flop: f64,
    /// Held-out loss at the end, in nats a byte; none where the run failed.
    pub loss: Option<f64>,
    /// The last training loss.
    pub train_loss: Option<f64>,
    /// Why it failed, where it did.
    pub failed: Option<String>,
    /// Processor seconds, where the system tells.
    pub cpu_seconds: Option<f64>,
    /// What was measured on the way.
    pub history: Vec<Point>,
}

impl Done {
    /// Where it stands in a table.
    fn place(&self) -> (&str, u64, u64, u64) {
        let run = &self.run;
        (&run.group, run.architecture.n_body(), self.tokens, run.recipe.seed)
    }

    pub(super) fn finished(run: &Run, plan: &Plan, unique_tokens: u64, outcome: Outcome) -> Self {
        let mut done = Self::failed(run, plan, unique_tokens, String::new(), vec![]);
        done.failed = None;
        done.train_loss = outcome.train_loss();
        done.loss = Some(outcome.loss);
        done.cpu_seconds = outcome.cpu_seconds;
        done.history = outcome.history;
        done
    }

    pub(super) fn failed(
        run: &Run,
        plan: &Plan,
        unique_tokens: u64,
        why: String,
        history: Vec<Point>,
    ) -> Self {
        let tokens = run.tokens(plan);
        Self {
            id: run.id(),
            run: run.clone(),
            sequence_length: plan.sequence_length,
            tokens,
            unique_tokens: unique_tokens.min(tokens),
            flop: run.flop(plan),
            loss: None,
            train_loss: None,
            failed: Some(why),
            cpu_seconds: None,
            history,
        }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        match (self.loss, &self.failed) {
            (Some(loss), _) => write!(f, ", loss {loss:.4}")?,
            (None, Some(why)) => write!(f, ", failed: {why}")?,
            (None, None) => {}
        }
        self.cpu_seconds.map_or(Ok(()), |s| write!(f, ", {s:.0} CPU-seconds"))
    }
}

/// What a folder is about; a sweep of something else is refused.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct About {
    text_sha256: Digest,
    text_bytes: usize,
    sequence_length: usize,
    held_out_windows: usize,
}

/// The folder of a sweep, for as long as this process works in it.
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder, or opens one of the same text.
    pub(super) fn open(path: &Path, plan: &Plan, text: &Text) -> Result<Self, Error> {
        let about = About {
            text_sha256: Digest::of(text.bytes()),
            text_bytes: text.bytes().len(),
            sequence_length: plan.sequence_length,
            held_out_windows: plan.held_out_windows,
        };
        let known = path.join(ABOUT);
        let is_new = !known.exists();
        if is_new && path.exists() && !is_empty(path)? {
            return Err(Error::input(
                path,
                None,
                "the folder holds other files",
                "name a new folder",
            ));
        }
        for part in [DONE, UNDER_WAY] {
            let part = path.join(part);
            fs::create_dir_all(&part).map_err(|source| Error::Write { path: part, source })?;
        }
        let lock = lock(path)?;
        if is_new {
            write_whole(&known, &as_json(&known, &about)?)?;
        } else if read_json::<About>(&known)? != about {
            return Err(Error::input(
                path,
                None,
                "the folder holds a sweep of another text, or one measured otherwise",
                "name a new folder, or take the text and the preset that it was begun with",
            ));
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The runs of the plan that are not done.
    pub(super) fn left(&self, plan: &Plan) -> Result<Vec<Run>, Error> {
        let mut left = vec![];
        for run in &plan.runs {
            let file = self.file_of(&run.id());
            if !file.exists() {
                left.push(run.clone());
            } else if !read_json::<Done>(&file)?.run.recipe.is_as(&run.recipe) {
                let hint = "name a new folder, or delete the file to make the run again";
                return Err(Error::input(file, None, "it holds another run of that name", hint));
            }
        }
        Ok(left)
    }

    /// All runs that are done: by group, then size, then tokens.
    pub(super) fn done(&self) -> Result<Vec<Done>, Error> {
        let folder = self.path.join(DONE);
        let entries = fs::read_dir(&folder).map_err(|source| Error::Io { path: folder, source })?;
        let mut files: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .collect();
        files.sort();
        let mut done: Vec<Done> =
            files.iter().map(|file| read_json(file)).collect::<Result<_, _>>()?;
        done.sort_by(|a, b| a.place().cmp(&b.place()));
        Ok(done)
    }

    /// Where the checkpoints of a run are.
    pub(super) fn under_way(&self, run: &Run) -> PathBuf {
        self.path.join(UNDER_WAY).join(run.id())
    }

    /// Keeps what came of a run; its checkpoints are not needed any more.
    pub(super) fn keep(&self, done: &Done) -> Result<(), Error> {
        let file = self.file_of(&done.id);
        write_whole(&file, &as_json(&file, done)?)?;
        let checkpoints = self.under_way(&done.run);
        if checkpoints.exists() {
            fs::remove_dir_all(&checkpoints)
                .map_err(|source| Error::Write { path: checkpoints, source })?;
        }
        Ok(())
    }

    fn file_of(&self, id: &str) -> PathBuf {
        self.path.join(DONE).join(format!("{id}.json"))
    }
}

const ABOUT: &str = "sweep.json";
const DONE: &str = "done";
const UNDER_WAY: &str = "under-way";
const LOCK: &str = ".lock";

/// Writes a file that is there whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let part = path.with_extension("part");
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    written.map_err(|source| {
        let _ = fs::remove_file(&part);
        Error::Write { path: path.to_owned(), source }
    })
}

/// The system takes the lock back when the process ends, however it ends.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(LOCK);
    let file = File::create(&path).map_err(|source| Error::Write { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::input(
            folder,
            None,
            "another sweep is working in the folder",
            "wait for it, or name a new folder",
        )),
        Err(fs::TryLockError::Error(source)) => Err(Error::Write { path, source }),
    }
}

/// Whether nothing stands there but what a sweep that was killed at its very start leaves.
fn is_empty(folder: &Path) -> Result<bool, Error> {
    let mut entries =
        fs::read_dir(folder).map_err(|source| Error::Io { path: folder.to_owned(), source })?;
    let ours = [DONE, UNDER_WAY, LOCK];
    Ok(entries.all(|entry| entry.is_ok_and(|e| ours.iter().any(|name| e.file_name() == *name))))
}

fn as_json<T: Serialize>(path: &Path, value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec_pretty(value)
        .map_err(|e| Error::Write { path: path.to_owned(), source: io::Error::other(e) })
}

fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, Error> {
    let bytes = fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(|e| {
        Error::input(
            path,
            e.line() as u64,
            format!("not what a sweep writes: {e}"),
            "delete the file",
        )
    })
}
