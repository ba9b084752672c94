//! What a configuration says about a run: names and values from a W&B config, MLflow parameters
//! or TensorBoard's hyper-parameters.

use std::collections::{BTreeMap, BTreeSet};

use super::NO_COLUMN;
use super::draft::Draft;
use super::names::{Rank, guess};
use super::number::{Decimal, cell};
use super::role::Role;
use super::rows::check;

/// A draft that takes the best-named value for each role.
pub(super) struct Facts<'a> {
    pub draft: Draft,
    ranks: BTreeMap<Role, Rank>,
    map: &'a BTreeMap<Role, String>,
    /// The roles for which `--map` named one of these names.
    pub mapped: BTreeSet<Role>,
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
            take_results: false,
            bad: None,
        }
    }

    /// One setting. A name that means nothing, or a value that cannot be (`max_steps: -1` stands
    /// for none), is passed over.
    pub(super) fn say(&mut self, name: &str, value: &str) {
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
        self.ranks.insert(role, rank);
    }
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
