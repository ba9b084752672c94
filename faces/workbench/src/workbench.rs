//! Records that are open: in this process or with a server, asked in the same words.

use std::time::Duration;

use store::Collected;
use tracking::{
    Batch, DatasetInput, Experiment, NewRun, Page, Query, RegisteredModel, Run, RunChange,
};

use crate::here::Here;
use crate::there::There;
use crate::{Error, Place};

/// Records that are open. Clones are handles to the same.
#[derive(Clone)]
pub struct Workbench(Open);

#[derive(Clone)]
enum Open {
    Here(Here),
    There(There),
}

/// A file of a run, or a folder of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its relative name, with `/` between folders.
    pub name: String,
    /// Its size; none for a folder.
    pub n_bytes: Option<u64>,
}

impl Workbench {
    /// Opens the records at a place. A folder and its database are made where they are absent; a
    /// server is not asked yet.
    ///
    /// # Errors
    /// The folder cannot be written, its database is damaged, or the URL is none.
    pub fn open(place: &Place) -> Result<Self, Error> {
        Ok(Self(match place {
            Place::Here { data, database } => Open::Here(Here::open(data, database.as_deref())?),
            Place::Server(url) => Open::There(There::open(url)?),
        }))
    }

    /// The experiments that a query asks for.
    ///
    /// # Errors
    /// The query breaks a rule of the search language, or nobody answers.
    pub fn search_experiments(&self, query: &Query) -> Result<Page<Experiment>, Error> {
        match &self.0 {
            Open::Here(here) => here.search_experiments(query),
            Open::There(there) => there.search_experiments(query),
        }
    }

    /// The runs of these experiments that a query asks for.
    ///
    /// # Errors
    /// The query breaks a rule of the search language, or nobody answers.
    pub fn search_runs(&self, experiments: &[String], query: &Query) -> Result<Page<Run>, Error> {
        match &self.0 {
            Open::Here(here) => here.search_runs(experiments, query),
            Open::There(there) => there.search_runs(experiments, query),
        }
    }

    /// The run of that id.
    ///
    /// # Errors
    /// There is none, or nobody answers.
    pub fn run(&self, id: &str) -> Result<Run, Error> {
        match &self.0 {
            Open::Here(here) => here.run(id),
            Open::There(there) => there.run(id),
        }
    }

    /// Every file of a run, by name.
    ///
    /// # Errors
    /// They are kept elsewhere, or nobody answers.
    pub fn files(&self, run: &Run) -> Result<Vec<File>, Error> {
        let mut files = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let within = match &self.0 {
                Open::Here(here) => here.folder(run, &folder)?,
                Open::There(there) => there.folder(run, &folder)?,
            };
            for entry in within {
                match entry.n_bytes {
                    Some(_) => files.push(entry),
                    None => folders.push(entry.name),
                }
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// The bytes of a run's file.
    ///
    /// # Errors
    /// There is none of that name, or nobody answers.
    pub fn file(&self, run: &Run, name: &str) -> Result<Vec<u8>, Error> {
        match &self.0 {
            Open::Here(here) => here.file(run, name),
            Open::There(there) => there.file(run, name),
        }
    }

    /// The registered models that a query asks for.
    ///
    /// # Errors
    /// The query breaks a rule of the search language, or nobody answers.
    pub fn search_models(&self, query: &Query) -> Result<Page<RegisteredModel>, Error> {
        match &self.0 {
            Open::Here(here) => here.search_models(query),
            Open::There(there) => there.search_models(query),
        }
    }

    /// Finds the bytes of files that no name refers to any more and that are older than `grace`,
    /// and deletes them unless `is_dry`.
    ///
    /// # Errors
    /// They are with a server, or cannot be deleted.
    pub fn collect_files(&self, grace: Duration, is_dry: bool) -> Result<Collected, Error> {
        match &self.0 {
            Open::Here(here) => here.collect_files(grace, is_dry),
            Open::There(_) => Err(Error::refused(
                "only whoever keeps files can delete them",
                "run it on the machine of the server, with its --data",
            )),
        }
    }

    /// Whether waiting helps where nobody answers: a server may come back, a disk does not.
    pub(crate) fn may_come_back(&self) -> bool {
        match &self.0 {
            Open::Here(here) => here.is_by_server(),
            Open::There(_) => true,
        }
    }

    /// The id of the experiment of that name, which is made where it is absent.
    pub(crate) fn experiment(&self, name: &str) -> Result<String, Error> {
        match &self.0 {
            Open::Here(here) => here.experiment(name),
            Open::There(there) => there.experiment(name),
        }
    }

    pub(crate) fn create_run(&self, new: NewRun) -> Result<Run, Error> {
        match &self.0 {
            Open::Here(here) => here.create_run(new),
            Open::There(there) => there.create_run(&new),
        }
    }

    pub(crate) fn log_inputs(&self, id: &str, inputs: Vec<DatasetInput>) -> Result<(), Error> {
        match &self.0 {
            Open::Here(here) => here.log_inputs(id, inputs),
            Open::There(there) => there.log_inputs(id, &inputs),
        }
    }

    pub(crate) fn log_batch(&self, id: &str, batch: Batch) -> Result<(), Error> {
        match &self.0 {
            Open::Here(here) => here.log_batch(id, batch),
            Open::There(there) => there.log_batch(id, &batch),
        }
    }

    pub(crate) fn put_file(&self, run: &Run, name: &str, bytes: &[u8]) -> Result<(), Error> {
        match &self.0 {
            Open::Here(here) => here.put_file(run, name, bytes),
            Open::There(there) => there.put_file(run, name, bytes),
        }
    }

    pub(crate) fn update_run(&self, id: &str, change: RunChange) -> Result<(), Error> {
        match &self.0 {
            Open::Here(here) => here.update_run(id, change),
            Open::There(there) => there.update_run(id, &change),
        }
    }
}
