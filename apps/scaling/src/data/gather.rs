//! What is being read, before it is an [`Import`]: drafts of runs, curves, rejected rows, notes.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use record::Journal;

use super::curves::Curves;
use super::draft::Draft;
use super::flags::{self, Named};
use super::role::Role;
use super::source::Progress;
use super::{Import, NO_COLUMN, Options, Origin, Rejected, StepsToLoss, consistency, settle};
use crate::Error;

/// Names that are kept to tell what `--map` could have named.
const MAX_NAMES: usize = 60;

/// Everything read so far.
pub(super) struct Gather<'a> {
    pub options: &'a Options,
    journal: &'a mut dyn Journal,
    pub curves: Curves,
    /// Drafts by the file or folder they were read from: units and metric names hold within one.
    sets: Vec<(PathBuf, Vec<Draft>)>,
    n_drafts: usize,
    pub steps_to_loss: Vec<StepsToLoss>,
    pub rejected: Vec<Rejected>,
    pub n_rejected: u64,
    pub n_rows: u64,
    pub notes: Vec<String>,
    /// The roles for which `--map` named a column, metric or setting that is there.
    pub mapped: BTreeSet<Role>,
    names: Vec<String>,
    first_path: Option<PathBuf>,
    /// The run that each folder is.
    folders: HashMap<PathBuf, String>,
}

impl<'a> Gather<'a> {
    pub(super) fn new(options: &'a Options, journal: &'a mut dyn Journal) -> Self {
        Self {
            options,
            journal,
            curves: Curves::new(options.limits, &options.map),
            sets: vec![],
            n_drafts: 0,
            steps_to_loss: vec![],
            rejected: vec![],
            n_rejected: 0,
            n_rows: 0,
            notes: vec![],
            mapped: BTreeSet::new(),
            names: vec![],
            first_path: None,
            folders: HashMap::new(),
        }
    }

    /// Begins a file or folder; drafts are added to the last one begun.
    pub(super) fn begin(&mut self, path: &Path) {
        self.sets.push((path.to_owned(), vec![]));
    }

    pub(super) fn add(&mut self, draft: Draft) -> Result<(), Error> {
        if self.n_drafts >= self.options.limits.n_runs {
            let what = format!("there are more than {} runs", self.options.limits.n_runs);
            let hint = "a row of this table is taken for a run; give the final rows only, or say \
                        with `--map id=COLUMN,step=COLUMN` that they are a history";
            return Err(Error::input(&draft.origin.file, draft.origin.line, what, hint));
        }
        if self.sets.is_empty() {
            self.begin(&draft.origin.file.clone());
        }
        self.n_drafts += 1;
        if let Some((_, drafts)) = self.sets.last_mut() {
            drafts.push(draft);
        }
        Ok(())
    }

    pub(super) fn reject(&mut self, file: &Path, line: u64, why: String) {
        self.reject_at(Origin { file: file.to_owned(), line: Some(line) }, why);
    }

    pub(super) fn reject_at(&mut self, origin: Origin, why: String) {
        self.n_rejected += 1;
        if self.rejected.len() < self.options.limits.n_rejected_kept {
            self.rejected.push(Rejected { origin, why });
        }
    }

    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Remembers names that `--map` could have meant.
    pub(super) fn know_names<'n>(
        &mut self,
        path: &Path,
        names: impl IntoIterator<Item = &'n String>,
    ) {
        self.first_path.get_or_insert_with(|| path.to_owned());
        for name in names {
            if self.names.len() < MAX_NAMES && !self.names.contains(name) {
                self.names.push(name.clone());
            }
        }
    }

    /// The id of the run that a folder is: `name`, with as much of the path before it as tells
    /// it from other folders.
    pub(super) fn run_of_folder(&mut self, folder: &Path, name: &str) -> String {
        if let Some(id) = self.folders.get(folder) {
            return id.clone();
        }
        let taken: HashSet<&String> = self.folders.values().collect();
        let n_parts = name.split('/').count();
        let longer = folder.ancestors().skip(n_parts).filter_map(Path::file_name);
        let mut id = name.to_owned();
        for part in longer {
            if !taken.contains(&id) {
                break;
            }
            id = format!("{}/{id}", part.to_string_lossy());
        }
        self.folders.insert(folder.to_owned(), id.clone());
        id
    }

    pub(super) fn progress(&mut self, progress: &Progress) {
        const MB: u64 = 1_000_000;
        if progress.total_bytes > 16 * MB {
            self.journal.progress("MB read", progress.done_bytes() / MB, progress.total_bytes / MB);
        }
    }

    pub(super) fn progress_files(&mut self, done: usize, total: usize) {
        self.journal.progress("files", done as u64, total as u64);
    }

    /// The typed runs.
    pub(super) fn finish(mut self) -> Result<Import, Error> {
        self.check_map()?;
        self.join_histories();
        self.add_curves_without_a_draft()?;
        let mut sets = std::mem::take(&mut self.sets);
        settle::settle(&mut sets, &mut self);
        let mut runs: Vec<Named> = Vec::with_capacity(self.n_drafts);
        let mut taken = HashSet::new();
        for (path, mut drafts) in sets {
            consistency::check(&path, &mut drafts, &mut self)?;
            for mut draft in drafts {
                let id = unique_id(&draft, &mut taken);
                let (own_id, own_name) = (draft.id.clone(), draft.name.clone());
                flags::of_draft(&mut draft);
                runs.push(Named { run: draft.into_run(id), own_id, own_name });
            }
        }
        flags::between(&mut runs).into_iter().for_each(|note| self.note(note));
        for note in &self.notes {
            self.journal.note(note);
        }
        self.rejected
            .sort_by(|a, b| (&a.origin.file, a.origin.line).cmp(&(&b.origin.file, b.origin.line)));
        Ok(Import {
            runs: runs.into_iter().map(|named| named.run).collect(),
            steps_to_loss: self.steps_to_loss,
            rejected: self.rejected,
            n_rejected: self.n_rejected,
            n_rows: self.n_rows,
            notes: self.notes,
        })
    }

    /// Refuses a `--map` that names what no file has.
    fn check_map(&mut self) -> Result<(), Error> {
        for metric in &self.curves.metrics {
            let mapped = self.options.map.iter().find(|(_, name)| **name == metric.name);
            self.mapped.extend(mapped.map(|(role, _)| *role));
        }
        let map = &self.options.map;
        let missing = map.iter().find(|(r, name)| *name != NO_COLUMN && !self.mapped.contains(r));
        let Some((role, name)) = missing else { return Ok(()) };
        let metrics: Vec<String> = self.curves.metrics.iter().map(|m| m.name.clone()).collect();
        let path = self.first_path.clone().unwrap_or_default();
        self.know_names(&path, &metrics);
        Err(missing_column(&path, name, *role, &self.names))
    }

    /// What a history says about its run goes to the run, where a list of runs has it.
    fn join_histories(&mut self) {
        let mut histories: HashMap<String, Draft> = HashMap::new();
        let listed: HashSet<String> =
            self.drafts().filter(|d| !d.is_history).flat_map(Draft::names).collect();
        for (_, drafts) in &mut self.sets {
            drafts.retain(|draft| {
                let joins = draft.is_history && draft.names().any(|name| listed.contains(&name));
                if joins && let Some(id) = &draft.id {
                    histories.insert(id.clone(), draft.clone());
                }
                !joins
            });
        }
        for draft in self.sets.iter_mut().flat_map(|(_, drafts)| drafts) {
            let history = draft.names().find_map(|name| histories.get(&name));
            if let Some(history) = history.filter(|_| !draft.is_history) {
                draft.complete_from(history);
            }
        }
    }

    fn drafts(&self) -> impl Iterator<Item = &Draft> {
        self.sets.iter().flat_map(|(_, drafts)| drafts)
    }

    /// A history whose run stands in no list of runs is a run of its own.
    fn add_curves_without_a_draft(&mut self) -> Result<(), Error> {
        let known: HashSet<String> = self.drafts().flat_map(Draft::names).collect();
        let mut orphans: Vec<Draft> = vec![];
        for run in &self.curves.runs {
            let says_something =
                run.curves.iter().any(|(m, _)| self.curves.metrics[*m].role.is_some());
            if !known.contains(&run.id) && says_something {
                let mut draft = Draft::new(run.origin.file.clone(), run.origin.line);
                draft.id = Some(run.id.clone());
                orphans.push(draft);
            }
        }
        if let Some(first) = orphans.first()
            && !known.is_empty()
        {
            let ids: Vec<&str> = orphans.iter().filter_map(|d| d.id.as_deref()).collect();
            let n = ids.len();
            self.note(format!(
                "{}: no list of runs has {} of this history; taken as runs of their own: {}",
                first.origin.file.display(),
                super::table::counted(n, "run"),
                super::table::list(&ids),
            ));
        }
        let mut by_file: HashMap<PathBuf, usize> = HashMap::new();
        for draft in orphans {
            let file = draft.origin.file.clone();
            let next = self.sets.len();
            let at = *by_file.entry(file.clone()).or_insert(next);
            if at == next {
                self.begin(&file);
            }
            if self.n_drafts >= self.options.limits.n_runs {
                return self.add(draft);
            }
            self.n_drafts += 1;
            self.sets[at].1.push(draft);
        }
        Ok(())
    }
}

/// The error of a `--map` that names what is not there.
pub(super) fn missing_column(path: &Path, name: &str, role: Role, names: &[String]) -> Error {
    let what = format!("there is no column `{name}`, which --map names for {role}");
    Error::input(path, None, what, format!("the columns are {}", super::table::list(names)))
}

/// The run's own id, else its name, else its place; with its place where that is taken.
fn unique_id(draft: &Draft, taken: &mut HashSet<String>) -> String {
    let stem = draft.origin.file.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
    let place = draft.origin.line.map_or_else(|| stem.to_string(), |line| format!("{stem}:{line}"));
    let own = draft.id.clone().or_else(|| draft.name.clone());
    let id = match own {
        Some(own) if !taken.contains(&own) => own,
        Some(own) => format!("{own} ({place})"),
        None => place,
    };
    let mut unique = id.clone();
    let mut n = 1;
    while !taken.insert(unique.clone()) {
        n += 1;
        unique = format!("{id} #{n}");
    }
    unique
}
