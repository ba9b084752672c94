//! What a folder of logs holds: event files, MLflow runs, tables and lists of runs, at any
//! depth.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::gather::Gather;
use super::source::Source;
use super::table::counted;
use super::{mlflow, tensorboard};
use crate::Error;

/// How deep folders are looked into.
const MAX_DEPTH: usize = 16;

/// What was found.
#[derive(Default)]
struct Found {
    /// Event files by their folder.
    events: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// MLflow runs, with the name of their experiment.
    mlflow: Vec<(PathBuf, mlflow::RunMeta, Option<String>)>,
    /// Tables and JSON lines.
    files: Vec<PathBuf>,
    n_others: usize,
}

/// Reads every log below a folder.
pub(super) fn read(root: &Path, gather: &mut Gather<'_>) -> Result<(), Error> {
    let mut found = Found::default();
    look(root, 0, None, &mut found)?;
    let Found { events, mlflow, files, n_others } = found;
    if events.is_empty() && mlflow.is_empty() && files.is_empty() {
        return Err(Error::input(
            root,
            None,
            "the folder holds no logs",
            "give a folder with tables (.csv, .tsv), JSON lines (.jsonl), TensorBoard event files \
             or MLflow runs; a `.gz` behind the name is fine",
        ));
    }
    if n_others > 0 {
        gather.note(format!(
            "{}: passed over: {} of other kinds",
            root.display(),
            counted(n_others, "file")
        ));
    }
    if !events.is_empty() {
        gather.begin(root);
        tensorboard::read_folders(&events, |folder| name_below(root, folder), gather)?;
    }
    if !mlflow.is_empty() {
        gather.begin(root);
        let n_deleted = mlflow.iter().filter(|(_, meta, _)| meta.is_deleted).count();
        if n_deleted > 0 {
            let (root, runs) = (root.display(), counted(n_deleted, "deleted MLflow run"));
            gather.note(format!("{root}: passed over: {runs}"));
        }
        for (folder, meta, experiment) in mlflow {
            if !meta.is_deleted {
                mlflow::read_run(&folder, meta, experiment.as_deref(), gather)?;
            }
        }
    }
    read_files(&files, events.is_empty(), gather)
}

/// Reads the tables and lists. One that is of no use is told and left out, unless it is all
/// there is.
fn read_files(files: &[PathBuf], are_all: bool, gather: &mut Gather<'_>) -> Result<(), Error> {
    let mut n_read = 0;
    let mut first_error = None;
    for (n_done, path) in files.iter().enumerate() {
        gather.progress_files(n_done, files.len());
        let mut source = Source::open(path)?;
        match super::kind(&mut source, gather.options) {
            Ok(kind) => {
                super::read(source, kind, gather)?;
                n_read += 1;
            }
            Err(Error::Input { path, line, what, hint }) => {
                gather.note(format!("{}: left out: {what}", path.display()));
                first_error.get_or_insert(Error::Input { path, line, what, hint });
            }
            Err(other) => return Err(other),
        }
    }
    match first_error {
        Some(error) if are_all && n_read == 0 => Err(error),
        _ => Ok(()),
    }
}

fn look(
    folder: &Path,
    depth: usize,
    experiment: Option<&str>,
    found: &mut Found,
) -> Result<(), Error> {
    let experiment = match mlflow::meta(folder)? {
        Some(mlflow::Meta::Run(meta)) => {
            found.mlflow.push((folder.to_owned(), meta, experiment.map(str::to_owned)));
            return Ok(());
        }
        Some(mlflow::Meta::Experiment { name }) => name,
        None => experiment.map(str::to_owned),
    };
    let io = |source| Error::Io { path: folder.to_owned(), source };
    let mut entries =
        fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(io)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().map_err(io)?);
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // A link to a folder may lead back here.
        if kind.is_dir() {
            if depth < MAX_DEPTH {
                look(&path, depth + 1, experiment.as_deref(), found)?;
            }
        } else if path.is_file() {
            if tensorboard::has_event_name(&path) {
                found.events.entry(folder.to_owned()).or_default().push(path);
            } else if is_text_log(&path) {
                found.files.push(path);
            } else if path.file_name().is_none_or(|name| name != "meta.yaml") {
                found.n_others += 1;
            }
        }
    }
    Ok(())
}

/// Whether a file is a table or JSON lines, by its name.
fn is_text_log(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    [".csv", ".tsv", ".jsonl", ".ndjson"].iter().any(|end| plain.ends_with(end))
}

/// A folder's path below the one that was given; the name of that one itself.
fn name_below(root: &Path, folder: &Path) -> String {
    let below = folder.strip_prefix(root).unwrap_or(folder).to_string_lossy().into_owned();
    if !below.is_empty() {
        return below;
    }
    let whole = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    whole.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
