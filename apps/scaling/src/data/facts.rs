//! What a configuration says about a run: names and values from a W&B config, MLflow parameters
//! or TensorBoard's hyper-parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::NO_COLUMN;
use super::draft::Draft;
use super::gather::Gather;
use super::names::{Rank, guess, words};
use super::number::{Decimal, cell};
use super::role::Role;
use super::rows::check;

/// A draft that takes the best-named value for each role.
pub(super) struct Facts<'a> {
    pub draft: Draft,
    ranks: BTreeMap<Role, Rank>,
    map: &'a BTreeMap<Role, String>,
    /// The roles for which `--map` named one of these names.
    mapped: BTreeSet<Role>,
    /// The setting that B was taken from, and the one that says how many of those make an update.
    batch: Option<String>,
    accumulation: Option<String>,
    /// Whether identity, state and results are among the settings.
    pub take_results: bool,
    /// What is wrong with a result, where one is.
    pub bad: Option<String>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(draft: Draft, map: &'a BTreeMap<Role, String>) -> Self {
        Self {
            draft,
            ranks: BTreeMap::new(),
            map,
            mapped: BTreeSet::new(),
            batch: None,
            accumulation: None,
            take_results: false,
            bad: None,
        }
    }

    /// One setting. A name that means nothing, or a value that cannot be (`max_steps: -1` stands
    /// for none), is passed over.
    pub(super) fn say(&mut self, name: &str, value: &str) {
        if is_accumulation(name) && value.trim().parse::<f64>().is_ok_and(|n| n > 1.0) {
            self.accumulation = Some(name.to_owned());
        }
        let mapped = self.map.iter().find(|(_, mapped)| *mapped == name).map(|(role, _)| *role);
        let Some((role, rank)) = mapped.map(|role| (role, 0)).or_else(|| guess(name)) else {
            return;
        };
        match self.map.get(&role) {
            Some(column) if column == NO_COLUMN || column != name => return,
            Some(_) => {
                self.mapped.insert(role);
            }
            None if !is_setting(role) && !self.take_results => return,
            None => {}
        }
        if self.ranks.get(&role).is_some_and(|best| *best <= rank) {
            return;
        }
        if role.is_text() {
            if matches!(value.trim(), "" | "None" | "null") {
                return;
            }
            self.draft.set_text(role, value.trim());
        } else {
            let number = cell(value, Decimal::Point, role.is_count());
            match check(role, number, value) {
                Ok(x) if x >= 0.0 && (x > 0.0 || role == Role::Seed) => self.draft.set(role, x),
                Err(why) if role.is_loss() => {
                    self.bad.get_or_insert_with(|| format!("`{name}` {why}"));
                    return;
                }
                _ => return,
            }
        }
        if role == Role::Batch {
            self.batch = Some(name.to_owned()).filter(|_| mapped.is_none());
        }
        self.ranks.insert(role, rank);
    }

    /// The draft. A batch that may be a part of an update's is taken back.
    pub(super) fn finish(mut self, path: &Path, gather: &mut Gather<'_>) -> Draft {
        gather.mapped.extend(self.mapped);
        if let (Some(batch), Some(accumulation)) = (self.batch, self.accumulation)
            && !is_whole_batch(&batch)
        {
            self.draft.set(Role::Batch, None);
            gather.note(format!(
                "{}: the batch is left out: with `{accumulation}`, `{batch}` may be a part of an \
                 update's; log `global_batch_size`, or say `--map b_tokens=SETTING`",
                path.display()
            ));
        }
        self.draft
    }
}

/// Whether a setting says how many batches are added up before an update.
fn is_accumulation(name: &str) -> bool {
    words(name).iter().any(|word| word.starts_with("accum"))
}

/// Whether a batch is all that an update sees.
fn is_whole_batch(name: &str) -> bool {
    words(name).iter().any(|word| matches!(word.as_str(), "global" | "total" | "gbs"))
}

/// Whether a setting of that role says something about the run: its identity, its state and what
/// it reached are told elsewhere.
fn is_setting(role: Role) -> bool {
    role.is_count()
        || matches!(
            role,
            Role::LearningRate | Role::Seed | Role::Schedule | Role::Group | Role::Model
        )
}
