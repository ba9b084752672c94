//! A run while it is put together from what a log says about it, and the rules that make it a
//! [`TrainingRun`].

use std::path::PathBuf;

use super::role::Role;
use super::{Origin, ParameterCount, TrainingRun, schedule};
use crate::units::{FLOP_PER_PF_DAY, Flop, Nats, Parameters, Steps, Tokens};

/// What a log says about a run, by role. Numbers are finite, counts above zero.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    numbers: [Option<f64>; N_ROLES],
    pub id: Option<String>,
    pub name: Option<String>,
    pub group: Option<String>,
    pub model: Option<String>,
    pub state: Option<String>,
    pub schedule: Option<String>,
    /// The updates that were planned, where the log tells them from those done.
    pub planned_steps: Option<f64>,
    /// The last learning rate, where the log has it.
    pub last_learning_rate: Option<f64>,
    /// The update at which the loss was read, where the log tells it from the last one.
    pub loss_step: Option<f64>,
    /// Whether the last step may count log lines and not updates (`_step`).
    pub counts_log_lines: bool,
    /// Whether its log is cut off.
    pub is_cut: bool,
    /// Whether it was made from a history, which another file may say more about.
    pub is_history: bool,
    pub origin: Origin,
    pub flags: Vec<super::Flag>,
    pub history: Vec<super::Checkpoint>,
}

/// The part of the planned updates from which a run counts as ended: the last one may not be
/// logged.
pub(super) const ENDED: f64 = 0.95;

const N_ROLES: usize = Role::TargetLoss as usize + 1;

impl Draft {
    pub(super) fn new(file: PathBuf, line: Option<u64>) -> Self {
        Self {
            numbers: [None; N_ROLES],
            id: None,
            name: None,
            group: None,
            model: None,
            state: None,
            schedule: None,
            planned_steps: None,
            last_learning_rate: None,
            loss_step: None,
            counts_log_lines: false,
            is_cut: false,
            is_history: false,
            origin: Origin { file, line },
            flags: vec![],
            history: vec![],
        }
    }

    pub(super) fn get(&self, role: Role) -> Option<f64> {
        self.numbers[role as usize]
    }

    pub(super) fn set(&mut self, role: Role, value: impl Into<Option<f64>>) {
        self.numbers[role as usize] = value.into();
    }

    /// Keeps what is said already.
    pub(super) fn set_missing(&mut self, role: Role, value: Option<f64>) {
        let slot = &mut self.numbers[role as usize];
        *slot = slot.or(value);
    }

    /// What a history may call it: its id, its name.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        [self.id.clone(), self.name.clone()].into_iter().flatten()
    }

    /// Takes from another draft of the same run what this one does not say.
    pub(super) fn complete_from(&mut self, other: &Self) {
        for (own, value) in self.numbers.iter_mut().zip(other.numbers) {
            *own = own.or(value);
        }
        for (own, text) in [
            (&mut self.name, &other.name),
            (&mut self.group, &other.group),
            (&mut self.model, &other.model),
            (&mut self.state, &other.state),
            (&mut self.schedule, &other.schedule),
        ] {
            if own.is_none() {
                own.clone_from(text);
            }
        }
    }

    pub(super) fn set_text(&mut self, role: Role, text: &str) {
        let slot = match role {
            Role::Id => &mut self.id,
            Role::Name => &mut self.name,
            Role::Group => &mut self.group,
            Role::Model => &mut self.model,
            Role::State => &mut self.state,
            Role::Schedule => &mut self.schedule,
            _ => return,
        };
        *slot = Some(text.to_owned());
    }

    /// What tells the runs of one table apart, where it has one row a step: their id, else their
    /// name, else what does not change along a run.
    pub(super) fn identity(&self) -> Vec<u8> {
        let mut key = vec![];
        if let Some(own) = self.id.as_ref().or(self.name.as_ref()) {
            key.extend_from_slice(own.as_bytes());
            return key;
        }
        for text in [&self.group, &self.model, &self.schedule] {
            key.extend_from_slice(text.as_deref().unwrap_or_default().as_bytes());
            key.push(0);
        }
        use Role::*;
        for role in [BodyParameters, TotalParameters, Parameters, Batch, BatchTokens, Seed] {
            key.extend_from_slice(&self.get(role).unwrap_or(f64::NAN).to_bits().to_le_bytes());
        }
        key
    }

    /// N as C = 6ND takes it: all parameters where they are known, else what there is.
    pub(super) fn parameters(&self) -> Option<f64> {
        let all = [Role::TotalParameters, Role::Parameters, Role::BodyParameters];
        all.iter().find_map(|role| self.get(*role))
    }

    /// S is what was done. Where the last step is well below it, S was the plan.
    pub(super) fn settle_steps(&mut self) {
        let (Some(planned), Some(done)) = (self.get(Role::Steps), self.get(Role::LastStep)) else {
            return self.set_missing(Role::Steps, self.get(Role::LastStep));
        };
        let ended_well = self.state.as_deref().is_some_and(|s| s.eq_ignore_ascii_case("finished"));
        if done < ENDED * planned && !(self.counts_log_lines && ended_well) {
            self.planned_steps = Some(planned);
            self.set(Role::Steps, done);
        }
    }

    /// Fills what follows from the rest: U = D/epochs, B = seqs·length, D = B·S, D = C/(6N),
    /// S = D/B, B = D/S. Returns the rule by which D came to be, where it was not logged.
    pub(super) fn derive(&mut self) -> Option<&'static str> {
        use Role::*;
        let divide = |a: Option<f64>, b: Option<f64>| Some(a? / b?);
        let times = |a: Option<f64>, b: Option<f64>| Some(a? * b?);
        self.set_missing(Compute, times(self.get(PfDays), Some(FLOP_PER_PF_DAY)));
        self.set_missing(BatchTokens, times(self.get(BatchSequences), self.get(SequenceLength)));
        let mut rule = None;
        if self.get(Tokens).is_none() {
            let by_batch = times(self.get(BatchTokens), self.get(Steps));
            let by_compute = divide(self.get(Compute), self.parameters().map(|n| 6.0 * n));
            let by_ratio = times(self.get(TokensPerParameter), self.parameters());
            let by_epochs = times(self.get(UniqueTokens), self.get(Epochs));
            let rules = [
                (by_batch, "D = B·S"),
                (by_epochs, "D = U·epochs"),
                (by_ratio, "D = (D/N)·N"),
                (by_compute, "D = C/(6N)"),
            ];
            if let Some((tokens, name)) = rules.iter().find(|(tokens, _)| tokens.is_some()) {
                self.set(Tokens, *tokens);
                rule = Some(*name);
            }
        }
        self.set_missing(UniqueTokens, divide(self.get(Tokens), self.get(Epochs)));
        self.set_missing(Steps, divide(self.get(Tokens), self.get(BatchTokens)));
        self.set_missing(BatchTokens, divide(self.get(Tokens), self.get(Steps)));
        rule
    }

    /// The run under its final id.
    pub(super) fn into_run(self, id: String) -> TrainingRun {
        let get = |role| self.get(role);
        let held_out = get(Role::Loss);
        let seed = get(Role::Seed).filter(|s| *s >= 0.0 && s.fract() == 0.0).map(|s| s as u64);
        TrainingRun {
            id,
            parameters: ParameterCount {
                body: get(Role::BodyParameters).map(Parameters),
                total: get(Role::TotalParameters).map(Parameters),
                unstated: get(Role::Parameters).map(Parameters),
            },
            tokens: get(Role::Tokens).map(Tokens),
            unique_tokens: get(Role::UniqueTokens).map(Tokens),
            steps: get(Role::Steps).or(get(Role::LastStep)).map(Steps),
            batch: get(Role::BatchTokens).map(Tokens),
            compute: get(Role::Compute).map(Flop),
            learning_rate: get(Role::LearningRate),
            schedule: self.schedule.as_deref().map(schedule::named),
            loss: held_out.or(get(Role::TrainLoss)).map(Nats),
            loss_is_training: held_out.is_none() && get(Role::TrainLoss).is_some(),
            seed,
            group: self.group,
            history: self.history,
            origin: self.origin,
            flags: self.flags,
        }
    }
}
