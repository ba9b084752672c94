//! What the runs allow to say and what they do not: verdicts in words, each with its numbers, and
//! refusals.
//!
//! [`runs`](judge_runs) looks at the runs before anything is fitted, [`fit`](judge_fit) at one
//! fitted law, [`budget`](judge_budget) at what is asked of it. Thresholds are constants beside
//! the check, with their reason.

mod budget;
mod fits;
mod runs;

use serde::Serialize;

use crate::Error;

pub use budget::{Asked, judge_budget};
pub use fits::{Noise, judge_agreement, judge_fit, judge_groups, noise};
pub use runs::judge_runs;

/// What a verdict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The budget is far above the largest run.
    Extrapolation,
    /// Size and data vary together, so that their effects cannot be told apart.
    Collinear,
    /// The lowest loss of an isoFLOP profile is at its end.
    EdgeMinimum,
    /// Losses that were read before the learning rate had come down.
    MidSchedule,
    /// Embeddings are a large part of the parameters.
    EmbeddingShare,
    /// Which parameters are counted is not said, or differs between laws.
    Counts,
    /// Text is seen many times.
    Repetition,
    /// Beyond the compute at which Kaplan's laws contradict each other.
    KaplanContradiction,
    /// Laws that fit alike foretell different losses.
    Disagreement,
    /// Exponents that no well-tuned suite has shown.
    ImplausibleExponents,
    /// Few runs or few sizes.
    FewRuns,
    /// Residuals that are not noise.
    StructuredResiduals,
    /// The loss was measured on the training text.
    TrainingLoss,
    /// Runs of several suites do not lie on one law.
    MixedGroups,
    /// Nothing says how well the law foretells.
    NoHeldOut,
    /// The law foretells no better than another.
    NoClearWinner,
    /// The loss asked for is at or below what the law says can be reached.
    Unreachable,
    /// The interval is too wide to act on.
    Undetermined,
}

/// How much a verdict weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Do not act on it without a second look.
    Warning,
    /// No answer is given, unless it is forced.
    Refusal,
}

/// One thing to know about the runs or the plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// What it is about.
    pub kind: Kind,
    /// How much it weighs.
    pub severity: Severity,
    /// The sentence, with its numbers.
    pub sentence: String,
    /// What would mend it.
    pub hint: String,
}

impl Verdict {
    pub(crate) fn new(
        kind: Kind,
        severity: Severity,
        sentence: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { kind, severity, sentence: sentence.into(), hint: hint.into() }
    }
}

/// The gravest first, otherwise in the order given; refusals become an error, or warnings where
/// `force` says to go on.
///
/// # Errors
/// Refused with the sentences of all refusals.
pub fn weigh(mut verdicts: Vec<Verdict>, force: bool) -> Result<Vec<Verdict>, Error> {
    let refusals: Vec<&Verdict> =
        verdicts.iter().filter(|v| v.severity == Severity::Refusal).collect();
    if !refusals.is_empty() && !force {
        let join = |texts: Vec<&str>| texts.join("\n  also: ");
        let what = join(refusals.iter().map(|v| &*v.sentence).collect());
        let mut hints: Vec<&str> =
            refusals.iter().map(|v| &*v.hint).filter(|hint| !hint.is_empty()).collect();
        hints.dedup();
        return Err(Error::refused(what, format!("{}; or go on with --force", hints.join("; "))));
    }
    for verdict in verdicts.iter_mut().filter(|v| v.severity == Severity::Refusal) {
        verdict.severity = Severity::Warning;
        verdict.sentence = format!("forced: {}", verdict.sentence);
    }
    verdicts.sort_by_key(|v| std::cmp::Reverse(v.severity));
    Ok(verdicts)
}

/// The first names of a list, and how many more there are.
fn some_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names[..names.len().min(5)].join(", ");
    match names.len().checked_sub(5) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(severity: Severity) -> Verdict {
        Verdict::new(Kind::FewRuns, severity, "two sizes", "add sizes")
    }

    #[test]
    fn a_refusal_is_an_error_with_its_hint_and_the_way_on() {
        let error = weigh(vec![verdict(Severity::Refusal)], false).unwrap_err().to_string();
        assert!(error.contains("two sizes") && error.contains("add sizes"), "{error}");
        assert!(error.contains("--force"), "{error}");
    }

    #[test]
    fn a_forced_refusal_stays_as_a_warning_and_comes_first() {
        let verdicts =
            weigh(vec![verdict(Severity::Note), verdict(Severity::Refusal)], true).unwrap();
        assert_eq!(verdicts[0].severity, Severity::Warning);
        assert_eq!(verdicts[0].sentence, "forced: two sizes");
    }
}
