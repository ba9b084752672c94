//! Which law to believe: several are fitted, and the one that has foretold more compute best within
//! the runs is chosen and named with its runner-up. They are never averaged.

use record::{Journal, Silent};

use crate::Error;
use crate::data::TrainingRun;
use crate::evaluate::{HeldOut, SHARE_HELD_OUT, foresight, held_out, held_out_choice};
use crate::fit::{Fit, Observations, Recipe, fit, observe};
use crate::judge::{Kind, Severity, Verdict, judge_groups, judge_runs, weigh};
use crate::model::chinchilla::{CHINCHILLA, SKALING};
use crate::model::gadre::GADRE;
use crate::model::kaplan::KAPLAN_ND;
use crate::model::{Law, Quantity};

/// The laws of size and data that a plan is made from unless told otherwise. Rosenfeld's is not
/// among them: its envelope needs runs so small that they know nothing yet.
pub static LAWS_OF_A_PLAN: &[&Law] = &[&CHINCHILLA, &SKALING, &GADRE, &KAPLAN_ND];

/// Whether a law may be advice beside others. Kaplan's has no floor and contradicts itself far out:
/// it is shown for comparison. Laws of other inputs are fitted to other rows, so that their scores
/// do not compare.
fn may_advise(law: &Law) -> bool {
    law.id != KAPLAN_ND.id && law.inputs == [Quantity::Parameters, Quantity::Tokens]
}

/// A law fitted to the runs.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The fit.
    pub fit: Fit,
    /// How well it foretells the quarter of most compute; none where the runs are too few.
    pub held_out: Option<HeldOut>,
    /// What it is ranked by, see [`foresight`].
    pub foresight: Option<f64>,
}

/// Fitted laws, the one to believe first.
#[derive(Debug, Clone)]
pub struct Candidates {
    /// At least one.
    pub ranked: Vec<Candidate>,
    /// Laws that could not be fitted, and why.
    pub left_out: Vec<String>,
    /// The score of choosing in this way, and the law that it chose without the quarter of most
    /// compute; none where the runs are too few.
    pub choice: Option<(&'static Law, HeldOut)>,
}

/// Fits `laws` and ranks them by their [`foresight`]; the first `n_drawn` of them have bootstrap
/// draws.
///
/// # Errors
/// Refused where no law can be fitted, with the reason of the first.
pub fn candidates(
    runs: &[TrainingRun],
    laws: &[&'static Law],
    recipe: &Recipe,
    n_drawn: usize,
    journal: &mut dyn Journal,
) -> Result<Candidates, Error> {
    let mut scored = vec![];
    let mut left_out = vec![];
    let mut first_refusal = None;
    for (i, law) in laws.iter().enumerate() {
        journal.progress("laws scored on held-out compute", i as u64, laws.len() as u64);
        match score(law, runs, recipe) {
            Ok(found) => scored.push(found),
            Err(error) => {
                left_out.push(format!("{}: {}", law.name, first_line(&error)));
                first_refusal.get_or_insert(error);
            }
        }
    }
    let all = laws.len() as u64;
    journal.progress("laws scored on held-out compute", all, all);
    if scored.is_empty() {
        return Err(first_refusal.unwrap_or_else(|| {
            Error::refused("no law was asked for", "name one with --law, or leave --law out")
        }));
    }
    // Those that may not advise come last, before them unscored ones, in the order given.
    let key = |s: &Scored| (!may_advise(s.law), s.foresight.unwrap_or(f64::INFINITY));
    scored.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let advisers: Vec<_> = scored.iter().map(|s| s.law).filter(|law| may_advise(law)).collect();
    let choice = held_out_choice(&advisers, &scored[0].observations, recipe);
    let mut ranked = vec![];
    for (rank, Scored { law, observations, held_out, foresight }) in scored.into_iter().enumerate()
    {
        let n_bootstrap = if rank < n_drawn { recipe.n_bootstrap } else { 0 };
        match fit(law, observations, &Recipe { n_bootstrap, ..*recipe }, journal) {
            Ok(fit) => ranked.push(Candidate { fit, held_out, foresight }),
            Err(error) => {
                left_out.push(format!("{}: {}", law.name, first_line(&error)));
                first_refusal.get_or_insert(error);
            }
        }
    }
    match (ranked.is_empty(), first_refusal) {
        (true, Some(refusal)) => Err(refusal),
        _ => Ok(Candidates { ranked, left_out, choice }),
    }
}

/// Refuses runs that no law can be fitted to, before time is spent on it: what [`judge_runs`] and
/// [`judge_groups`] refuse, the latter by a quick fit.
///
/// # Errors
/// Refused with their sentences.
pub fn look(runs: &[TrainingRun], recipe: &Recipe) -> Result<(), Error> {
    const FEW_STARTS: usize = 10;
    let mut verdicts = judge_runs(runs);
    if runs.iter().any(|r| r.group != runs[0].group) {
        let quick = Recipe { n_starts: FEW_STARTS, n_bootstrap: 0, ..*recipe };
        let law = LAWS_OF_A_PLAN[0];
        let fitted = observe(law, runs).and_then(|o| fit(law, o, &quick, &mut Silent));
        verdicts.extend(fitted.ok().and_then(|fit| judge_groups(&fit, runs)));
    }
    weigh(verdicts, false).map(|_| ())
}

struct Scored {
    law: &'static Law,
    observations: Observations,
    held_out: Option<HeldOut>,
    foresight: Option<f64>,
}

fn score(law: &'static Law, runs: &[TrainingRun], recipe: &Recipe) -> Result<Scored, Error> {
    let observations = observe(law, runs)?;
    let held_out = held_out(law, &observations, recipe, SHARE_HELD_OUT).ok();
    let foresight = foresight(law, &observations, recipe);
    Ok(Scored { law, observations, held_out, foresight })
}

fn first_line(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

impl Candidates {
    /// The one to believe.
    pub fn best(&self) -> &Candidate {
        &self.ranked[0]
    }

    /// The next best.
    pub fn runner_up(&self) -> Option<&Candidate> {
        self.ranked.get(1)
    }

    /// What the ranking is worth.
    pub fn judge(&self) -> Option<Verdict> {
        let best = self.best();
        let Some(score) = &best.held_out else {
            return Some(Verdict::new(
                Kind::NoHeldOut,
                Severity::Warning,
                format!(
                    "{} runs are too few to hold some out: nothing says how well {} foretells",
                    best.fit.observations.loss.len(),
                    best.fit.law.name
                ),
                "add runs",
            ));
        };
        let second = self.runner_up()?;
        let other = second.held_out.as_ref()?;
        score.interval.as_ref()?.contains(other.mape).then(|| {
            Verdict::new(
                Kind::NoClearWinner,
                Severity::Note,
                format!(
                    "{} foretells held-out compute to {:.2} % and {} to {:.2} %: too close to \
                     tell apart on {} runs",
                    best.fit.law.name,
                    100.0 * score.mape,
                    second.fit.law.name,
                    100.0 * other.mape,
                    score.n_test
                ),
                "read both lines of the plan",
            )
        })
    }
}
