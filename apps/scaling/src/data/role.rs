//! What a column, a logged metric or a configuration key holds.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::names::{guess, words};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The run's identity, unique within the file.
    Id,
    /// What a person calls the run.
    Name,
    /// Suite, stage, recipe or architecture.
    Group,
    /// The model, often a size such as `85M`.
    Model,
    /// How the run ended: finished, crashed, …
    State,
    /// The learning-rate schedule.
    Schedule,
    /// The name of a logged metric, in a long table.
    Metric,
    /// The value of a logged metric, in a long table.
    Value,
    /// Parameters without embeddings.
    BodyParameters,
    /// All parameters.
    TotalParameters,
    /// Parameters; the name does not say which.
    Parameters,
    /// D, tokens processed.
    Tokens,
    /// U, different tokens.
    UniqueTokens,
    /// D / U.
    Epochs,
    /// D / N.
    TokensPerParameter,
    /// S, updates of the whole run.
    Steps,
    /// The last update that was logged.
    LastStep,
    /// The update a row of a history was logged at.
    Step,
    /// B in tokens.
    BatchTokens,
    /// B in sequences.
    BatchSequences,
    /// B; the name does not say in what.
    Batch,
    /// Tokens in a sequence.
    SequenceLength,
    /// C in FLOP.
    Compute,
    /// C in PF-days.
    PfDays,
    /// Learning rate: the peak in a table of runs, the present one in a history.
    LearningRate,
    /// The seed.
    Seed,
    /// Loss on held-out text, or on a text that is not said.
    Loss,
    /// Loss on the training text.
    TrainLoss,
    /// |G|² over a small batch.
    SmallNormSquared,
    /// |G|² over a large batch.
    BigNormSquared,
    /// The small batch of a pair of gradient norms, in sequences.
    SmallBatch,
    /// The large batch of a pair of gradient norms, in sequences.
    BigBatch,
    /// The loss that a run was to reach.
    TargetLoss,
}

impl Role {
    /// The names that `--map` takes, in the order in which they are listed to people.
    pub const NAMED: [(&'static str, Self); 24] = [
        ("loss", Self::Loss),
        ("train_loss", Self::TrainLoss),
        ("target_loss", Self::TargetLoss),
        ("n", Self::Parameters),
        ("n_body", Self::BodyParameters),
        ("n_total", Self::TotalParameters),
        ("d", Self::Tokens),
        ("u", Self::UniqueTokens),
        ("epochs", Self::Epochs),
        ("c", Self::Compute),
        ("pf_days", Self::PfDays),
        ("s", Self::Steps),
        ("step", Self::Step),
        ("b_tokens", Self::BatchTokens),
        ("b_sequences", Self::BatchSequences),
        ("seq_len", Self::SequenceLength),
        ("lr", Self::LearningRate),
        ("schedule", Self::Schedule),
        ("seed", Self::Seed),
        ("id", Self::Id),
        ("group", Self::Group),
        ("model", Self::Model),
        ("state", Self::State),
        ("name", Self::Name),
    ];

    /// The role that people mean by `name`: a name of [`Role::NAMED`] or one that a column may
    /// have, such as `learning_rate`.
    pub fn named(name: &str) -> Option<Self> {
        let wanted = words(name).join("_");
        let exact = Self::NAMED.iter().find(|(n, _)| *n == wanted).map(|(_, role)| *role);
        exact.or_else(|| guess(name).map(|(role, _)| role))
    }

    /// Whether it holds a count, which is above zero and may be written as `1.3B`.
    pub(super) fn is_count(self) -> bool {
        use Role::*;
        matches!(
            self,
            BodyParameters
                | TotalParameters
                | Parameters
                | Tokens
                | UniqueTokens
                | Epochs
                | TokensPerParameter
                | Steps
                | BatchTokens
                | BatchSequences
                | Batch
                | SequenceLength
                | Compute
                | PfDays
                | SmallBatch
                | BigBatch
        )
    }

    /// Whether it changes along a run and is kept as a curve.
    pub(super) fn is_curve(self) -> bool {
        use Role::*;
        matches!(
            self,
            Loss | TrainLoss
                | LearningRate
                | SmallNormSquared
                | BigNormSquared
                | SmallBatch
                | BigBatch
        )
    }

    /// Whether it holds words.
    pub(super) fn is_text(self) -> bool {
        use Role::*;
        matches!(self, Id | Name | Group | Model | State | Schedule | Metric)
    }

    /// Whether it holds a loss.
    pub(super) fn is_loss(self) -> bool {
        matches!(self, Role::Loss | Role::TrainLoss | Role::TargetLoss)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Id => "the run's id",
            Role::Name => "the run's name",
            Role::Group => "the group",
            Role::Model => "the model",
            Role::State => "the state",
            Role::Schedule => "the schedule",
            Role::Metric => "the metric",
            Role::Value => "the metric's value",
            Role::BodyParameters => "N without embeddings",
            Role::TotalParameters => "N with embeddings",
            Role::Parameters => "N",
            Role::Tokens => "D",
            Role::UniqueTokens => "U, different tokens",
            Role::Epochs => "epochs",
            Role::TokensPerParameter => "D/N",
            Role::Steps => "S",
            Role::LastStep => "the last step",
            Role::Step => "the step",
            Role::BatchTokens => "B in tokens",
            Role::BatchSequences => "B in sequences",
            Role::Batch => "B",
            Role::SequenceLength => "tokens a sequence",
            Role::Compute => "C in FLOP",
            Role::PfDays => "C in PF-days",
            Role::LearningRate => "the learning rate",
            Role::Seed => "the seed",
            Role::Loss => "the loss",
            Role::TrainLoss => "the training loss",
            Role::SmallNormSquared => "|G|² over a small batch",
            Role::BigNormSquared => "|G|² over a large batch",
            Role::SmallBatch => "the small batch of |G|²",
            Role::BigBatch => "the large batch of |G|²",
            Role::TargetLoss => "the loss to reach",
        })
    }
}
