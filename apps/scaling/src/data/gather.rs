//! What is being read, before it is an [`Import`]: drafts of runs, rejected rows, notes.

use std::collections::HashSet;
use std::path::Path;

use super::draft::Draft;
use super::{Import, Options, Origin, Rejected, StepsToLoss};
use crate::Error;

/// Everything read so far.
pub(super) struct Gather {
    pub options: Options,
    pub drafts: Vec<Draft>,
    pub steps_to_loss: Vec<StepsToLoss>,
    pub rejected: Vec<Rejected>,
    pub n_rejected: u64,
    pub n_rows: u64,
    pub notes: Vec<String>,
}

impl Gather {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            options: options.clone(),
            drafts: vec![],
            steps_to_loss: vec![],
            rejected: vec![],
            n_rejected: 0,
            n_rows: 0,
            notes: vec![],
        }
    }

    pub(super) fn add(&mut self, draft: Draft) -> Result<(), Error> {
        if self.drafts.len() >= self.options.limits.n_runs {
            let what = format!("there are more than {} runs", self.options.limits.n_runs);
            let hint = "a row of this table is taken for a run; give the final rows only, or say \
                        with `--map id=COLUMN,step=COLUMN` that they are a history";
            return Err(Error::input(&draft.origin.file, draft.origin.line, what, hint));
        }
        self.drafts.push(draft);
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

    /// The typed runs.
    pub(super) fn finish(self) -> Import {
        let mut taken = HashSet::new();
        let mut runs = Vec::with_capacity(self.drafts.len());
        for draft in self.drafts {
            let id = unique_id(&draft, &mut taken);
            runs.push(draft.into_run(id));
        }
        Import {
            runs,
            steps_to_loss: self.steps_to_loss,
            rejected: self.rejected,
            n_rejected: self.n_rejected,
            n_rows: self.n_rows,
            notes: self.notes,
        }
    }
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
