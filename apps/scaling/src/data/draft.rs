//! A run while it is put together from what a log says about it, and the rules that make it a
//! [`TrainingRun`].

use std::path::PathBuf;

use super::role::Role;
use super::{Origin, ParameterCount, Schedule, TrainingRun};
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
    pub origin: Origin,
    pub flags: Vec<super::Flag>,
    pub history: Vec<super::Checkpoint>,
}

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

    /// N as C = 6ND takes it: all parameters where they are known, else what there is.
    pub(super) fn parameters(&self) -> Option<f64> {
        let all = [Role::TotalParameters, Role::Parameters, Role::BodyParameters];
        all.iter().find_map(|role| self.get(*role))
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
            schedule: self.schedule.as_deref().map(schedule),
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

/// A schedule by its name in a log.
fn schedule(name: &str) -> Schedule {
    let lower = name.to_ascii_lowercase();
    let has = |part: &str| lower.contains(part);
    if has("wsd") || has("trapez") || has("stable") {
        Schedule::WarmupStableDecay
    } else if has("cosine") {
        Schedule::Cosine
    } else if has("constant") || has("const") {
        Schedule::Constant
    } else if has("linear") {
        Schedule::Linear
    } else {
        Schedule::Other(name.to_owned())
    }
}
