//! What is asked of a law: how far beyond the runs, with which text, of whom.

use super::{Kind, Severity, Verdict};
use crate::model::kaplan::allocation::CONTRADICTION;
use crate::model::muennighoff::MUENNIGHOFF;
use crate::units::{Flop, PfDays, Tokens, short};

// How far a law may be read beyond its runs is our choice: no paper gives a limit. A held-out score
// spans about a factor of ten in compute and vouches for no more. At a factor of forty two laws
// that fit alike differ by several times the noise on most suites. Beyond three orders of magnitude
// nothing that was seen has a say.

/// Compute over that of the largest run that is worth a note.
const FAR: f64 = 10.0;
/// The same, unsafe.
const VERY_FAR: f64 = 40.0;
/// The same, refused; and below the smallest run.
const TOO_FAR: f64 = 1000.0;
/// Up to four epochs a repeated token is worth about as much as a new one (Muennighoff et al.
/// 2023, §1).
const HARMLESS_EPOCHS: f64 = 4.0;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// The budget.
    pub compute: Flop,
    /// The compute of the smallest run, where it is known.
    pub smallest_run: Option<Flop>,
    /// The compute of the largest run, where it is known.
    pub largest_run: Option<Flop>,
    /// Tokens to train on.
    pub tokens: Tokens,
    /// Different tokens at hand, where there is a limit.
    pub unique_tokens: Option<Tokens>,
}

/// Looks at what is asked.
pub fn judge_budget(asked: &Asked) -> Vec<Verdict> {
    let mut verdicts = vec![];
    verdicts.extend(extrapolation(asked));
    verdicts.extend(too_small(asked));
    verdicts.extend(repetition(asked));
    verdicts.extend(contradiction(asked.compute));
    verdicts
}

fn extrapolation(asked: &Asked) -> Option<Verdict> {
    let largest = asked.largest_run?;
    let times = asked.compute.0 / largest.0;
    let (severity, word) = match times {
        t if t > TOO_FAR => (Severity::Refusal, "no law is known to hold so far"),
        t if t > VERY_FAR => (Severity::Warning, "unsafe"),
        t if t > FAR => (Severity::Note, "beyond what a held-out score can vouch for"),
        _ => return None,
    };
    Some(Verdict::new(
        Kind::Extrapolation,
        severity,
        format!(
            "the target of {} is {}× beyond your largest run ({largest}): {word}",
            asked.compute,
            if times < 100.0 { format!("{times:.0}") } else { short(times.round()) },
        ),
        format!("train runs of at least {} first", Flop(asked.compute.0 / FAR)),
    ))
}

/// Whether the budget is as far below the runs as is refused above them.
fn too_small(asked: &Asked) -> Option<Verdict> {
    let smallest = asked.smallest_run?;
    let times = smallest.0 / asked.compute.0;
    (times > TOO_FAR).then(|| {
        Verdict::new(
            Kind::Extrapolation,
            Severity::Refusal,
            format!(
                "the target of {} is {}× below your smallest run ({smallest}): no law is known to \
                 hold so far",
                asked.compute,
                short(times.round()),
            ),
            "ask for a lower loss or a larger budget",
        )
    })
}

fn repetition(asked: &Asked) -> Option<Verdict> {
    let unique = asked.unique_tokens?;
    let epochs = asked.tokens.0 / unique.0;
    if epochs <= HARMLESS_EPOCHS {
        return None;
    }
    let worth = worth_of_repeats(asked.tokens, unique);
    Some(Verdict::new(
        Kind::Repetition,
        if epochs > 16.0 { Severity::Warning } else { Severity::Note },
        format!(
            "the text would be seen {epochs:.1} times, past the 4 epochs up to which repeats are \
             about as good as new text: {} are worth {} of new text (Muennighoff et al. 2023, \
             R_D* = {:.1})",
            asked.tokens, worth, MUENNIGHOFF.published[0].theta[5],
        ),
        "find more text, or spend the compute on a larger model",
    ))
}

/// `D' = U + U·R_D*·(1 − e^(−R/R_D*))`, R = D/U − 1 (Muennighoff et al. 2023, eq. 5).
fn worth_of_repeats(tokens: Tokens, unique: Tokens) -> Tokens {
    let r_star = MUENNIGHOFF.published[0].theta[5];
    let repeats = tokens.0 / unique.0 - 1.0;
    Tokens(unique.0 * (1.0 - r_star * (-repeats / r_star).exp_m1()))
}

fn contradiction(compute: Flop) -> Option<Verdict> {
    let limit = CONTRADICTION.compute;
    let asked = PfDays::from(compute);
    (asked.0 > limit.0).then(|| {
        Verdict::new(
            Kind::KaplanContradiction,
            Severity::Note,
            format!(
                "{asked} is past the {limit} at which Kaplan's laws of compute and of data \
                 contradict each other (to a factor of ten, §6.3): its line is not to be read there"
            ),
            "",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(compute: f64) -> Asked {
        Asked {
            compute: Flop(compute),
            smallest_run: Some(Flop(1e18)),
            largest_run: Some(Flop(1e20)),
            tokens: Tokens(2e10),
            unique_tokens: None,
        }
    }

    fn severity(asked: &Asked, kind: Kind) -> Option<Severity> {
        judge_budget(asked).into_iter().find(|v| v.kind == kind).map(|v| v.severity)
    }

    #[test]
    fn the_further_from_the_runs_the_graver() {
        let severities =
            [2.0, 11.0, 41.0, 1001.0].map(|t| severity(&asked(1e20 * t), Kind::Extrapolation));
        let expected =
            [None, Some(Severity::Note), Some(Severity::Warning), Some(Severity::Refusal)];
        assert_eq!(severities, expected);
    }

    #[test]
    fn a_thousandth_of_the_smallest_run_is_refused() {
        assert_eq!(severity(&asked(1.1e15), Kind::Extrapolation), None);
        assert_eq!(severity(&asked(0.9e15), Kind::Extrapolation), Some(Severity::Refusal));
    }

    #[test]
    fn past_four_epochs_the_worth_of_the_repeats_is_told() {
        let with = |unique| Asked { unique_tokens: Some(Tokens(unique)), ..asked(1e20) };
        assert_eq!(severity(&with(1e10), Kind::Repetition), None);
        assert_eq!(severity(&with(4e9), Kind::Repetition), Some(Severity::Note));
        assert_eq!(severity(&with(1e9), Kind::Repetition), Some(Severity::Warning));
        let verdicts = judge_budget(&with(2e9));
        assert!(verdicts[0].sentence.contains("10.0 times"), "{}", verdicts[0].sentence);
    }

    #[test]
    fn kaplan_is_told_off_past_its_own_contradiction_point() {
        let at = |pf_days: f64| asked(Flop::from(PfDays(pf_days)).0);
        assert_eq!(severity(&at(0.9e4), Kind::KaplanContradiction), None);
        assert_eq!(severity(&at(1.1e4), Kind::KaplanContradiction), Some(Severity::Note));
    }
}
