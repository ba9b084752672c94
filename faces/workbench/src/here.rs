//! Records in this process: the database and the files of a folder.

use std::fs;
use std::path::Path;
use std::time::Duration;

use store::{Collected, Files, Location, Name, Rows};
use tracking::{
    Batch, DatasetInput, Error as Refusal, Experiment, Kind, NewExperiment, NewRun, Page, Query,
    RegisteredModel, Run, RunChange, Tracking,
};

use crate::{Error, File};

/// Records in this process.
#[derive(Clone)]
pub(crate) struct Here {
    tracking: Tracking,
    files: Files,
}

/// Where the files of runs lie that the server keeps.
pub(crate) const KEPT: &str = "mlflow-artifacts:/";

impl Here {
    pub(crate) fn open(
        data: &Path,
        database: Option<&str>,
        artifacts: Option<&str>,
    ) -> Result<Self, Error> {
        fs::create_dir_all(data).map_err(Error::write(data))?;
        let rows = Rows::open(&Location::of_folder(data, database))?;
        let tracking = Tracking::open(rows.clone())?;
        let files = Files::open(rows, &data.join("artifacts"), artifacts)?;
        Ok(Self { tracking, files })
    }

    /// The id of the experiment of that name, made where it is absent.
    pub(crate) fn experiment(&self, name: &str) -> Result<String, Error> {
        let new = NewExperiment { name: name.to_owned(), ..NewExperiment::default() };
        match self.tracking.experiment_by_name(name) {
            Ok(found) => Ok(found.id),
            Err(Refusal { kind: Kind::ResourceDoesNotExist, .. }) => {
                match self.tracking.create_experiment(new) {
                    // Another process was faster.
                    Err(Refusal { kind: Kind::ResourceAlreadyExists, .. }) => {
                        Ok(self.tracking.experiment_by_name(name)?.id)
                    }
                    made => Ok(made?),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn create_run(&self, new: NewRun) -> Result<Run, Error> {
        Ok(self.tracking.create_run(new)?)
    }

    pub(crate) fn log_inputs(&self, id: &str, inputs: Vec<DatasetInput>) -> Result<(), Error> {
        Ok(self.tracking.log_inputs(id, inputs, Vec::new())?)
    }

    pub(crate) fn log_batch(&self, id: &str, batch: Batch) -> Result<(), Error> {
        Ok(self.tracking.log_batch(id, batch)?)
    }

    pub(crate) fn update_run(&self, id: &str, change: RunChange) -> Result<(), Error> {
        self.tracking.update_run(id, change)?;
        Ok(())
    }

    pub(crate) fn put_file(&self, run: &Run, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.files.write(&below(run, name)?, bytes)?;
        Ok(())
    }

    pub(crate) fn file(&self, run: &Run, name: &str) -> Result<Vec<u8>, Error> {
        Ok(self.files.read(&below(run, name)?)?.all()?)
    }

    /// What lies in a folder of a run's files; the empty name is all of it.
    pub(crate) fn folder(&self, run: &Run, name: &str) -> Result<Vec<File>, Error> {
        let entries = self.files.list(&below(run, name)?)?;
        let within = |entry: &str| match name {
            "" => entry.to_owned(),
            _ => format!("{name}/{entry}"),
        };
        Ok(entries
            .into_iter()
            .map(|entry| File {
                name: within(&entry.name),
                n_bytes: entry.file.map(|file| file.n_bytes),
            })
            .collect())
    }

    pub(crate) fn search_experiments(&self, query: &Query) -> Result<Page<Experiment>, Error> {
        Ok(self.tracking.search_experiments(query)?)
    }

    pub(crate) fn search_runs(&self, ids: &[String], query: &Query) -> Result<Page<Run>, Error> {
        Ok(self.tracking.search_runs(ids, query)?)
    }

    pub(crate) fn run(&self, id: &str) -> Result<Run, Error> {
        Ok(self.tracking.run(id)?)
    }

    pub(crate) fn search_models(&self, query: &Query) -> Result<Page<RegisteredModel>, Error> {
        Ok(self.tracking.search_registered_models(query)?)
    }

    pub(crate) fn collect_files(&self, grace: Duration, is_dry: bool) -> Result<Collected, Error> {
        Ok(self.files.collect(grace, is_dry)?)
    }

    /// Whether the database is another process, which may come back when it is gone.
    pub(crate) fn is_by_server(&self) -> bool {
        matches!(self.tracking.rows().location(), Location::Postgres(_))
    }
}

/// The name of a run's file in the one tree of files.
fn below(run: &Run, name: &str) -> Result<Name, Error> {
    let Some(folder) = run.artifact_uri.strip_prefix(KEPT) else {
        return Err(Error::refused(
            format!("the files of run {} are kept elsewhere: {}", run.id, run.artifact_uri),
            "use the program that keeps them",
        ));
    };
    let named = Name::parse(folder.trim_matches('/')).and_then(|folder| folder.join(name));
    named.map_err(|_| {
        Error::refused(
            format!("`{}` cannot be the name of an artifact", name.escape_debug()),
            "use a relative name such as `pictures/contours.svg`: no empty part, no `..`, no `\\`",
        )
    })
}
