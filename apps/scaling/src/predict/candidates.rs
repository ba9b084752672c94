//! Which law to believe: several are fitted, and the one that has foretold more compute best is
//! chosen and named with its runner-up. They are never averaged.

use record::{Journal, Silent};

use crate::Error;
use crate::data::TrainingRun;
use crate::evaluate::{self, CANDIDATES, Choice, HeldOut, SHARE_HELD_OUT, held_out};
use crate::fit::{Fit, Observations, Recipe, fit, observe};
use crate::judge::{Kind, Severity, Verdict, judge_groups, judge_runs, weigh};
use crate::model::Law;

/// A law fitted to the runs.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The fit; only the first two candidates have bootstrap draws.
    pub fit: Fit,
    /// How well it foretells; none where too few runs could be held out.
    pub held_out: Option<HeldOut>,
}

/// Fitted laws, the one to believe first.
#[derive(Debug, Clone)]
pub struct Candidates {
    /// At least one.
    pub ranked: Vec<Candidate>,
    /// How they were ranked, where the laws to choose among were not named.
    pub choice: Option<Choice>,
    /// Laws that could not be fitted, and why.
    pub left_out: Vec<String>,
}

/// Fits laws and ranks them: [`evaluate::choose`] among its candidates where `laws` is empty, else
/// the laws given, by their held-out score. `prepare` has the last word on the rows, as
/// [`Observations::without_highest`] does.
///
/// # Errors
/// Refused where no law can be fitted, with the reason of the first.
pub fn candidates(
    runs: &[TrainingRun],
    laws: &[&'static Law],
    prepare: impl Fn(Observations) -> Observations,
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Candidates, Error> {
    let mut choice = None;
    let mut order = laws.to_vec();
    if order.is_empty() {
        journal.progress("laws tried on held-out compute", 0, 1);
        let observations = prepare(observe(CANDIDATES[0], runs)?);
        choice = evaluate::choose(&observations, recipe).ok();
        order = in_order(choice.as_ref());
        journal.progress("laws tried on held-out compute", 1, 1);
    }
    let mut scored = vec![];
    let mut refusals = vec![];
    for law in order {
        match observe(law, runs).map(&prepare) {
            Ok(observations) => {
                let score = held_out(law, &observations, recipe, SHARE_HELD_OUT).ok();
                scored.push((law, observations, score));
            }
            Err(error) => refusals.push((law, error)),
        }
    }
    if choice.is_none() {
        // Unscored laws come last, in the order given.
        let key = |h: &Option<HeldOut>| h.as_ref().map_or(f64::INFINITY, |h| h.mape);
        scored.sort_by(|a, b| key(&a.2).total_cmp(&key(&b.2)));
    }
    let mut ranked = vec![];
    for (law, observations, held_out) in scored {
        let n_bootstrap = if ranked.len() < 2 { recipe.n_bootstrap } else { 0 };
        match fit(law, observations, &Recipe { n_bootstrap, ..*recipe }, journal) {
            Ok(fit) => ranked.push(Candidate { fit, held_out }),
            Err(error) => refusals.push((law, error)),
        }
    }
    if ranked.is_empty() {
        let first = refusals.into_iter().next().map(|(_, error)| error);
        return Err(first.unwrap_or_else(|| {
            Error::refused("no law was asked for", "name one with --law, or leave --law out")
        }));
    }
    let first_line = |e: &Error| e.to_string().lines().next().unwrap_or_default().to_owned();
    let left_out =
        refusals.iter().map(|(law, e)| format!("{}: {}", law.name, first_line(e))).collect();
    Ok(Candidates { ranked, choice, left_out })
}

/// Refuses runs that no law can be fitted to, before time is spent on it: what [`judge_runs`] and
/// [`judge_groups`] refuse, the latter by a quick fit.
///
/// # Errors
/// Refused with their sentences.
pub fn look(
    runs: &[TrainingRun],
    prepare: impl Fn(Observations) -> Observations,
    recipe: &Recipe,
) -> Result<(), Error> {
    const FEW_STARTS: usize = 10;
    let mut verdicts = judge_runs(runs);
    if runs.iter().any(|r| r.group != runs[0].group) {
        let quick = Recipe { n_starts: FEW_STARTS, n_bootstrap: 0, ..*recipe };
        let law = CANDIDATES[0];
        let fitted = observe(law, runs).and_then(|o| fit(law, prepare(o), &quick, &mut Silent));
        verdicts.extend(fitted.ok().and_then(|fit| judge_groups(&fit, runs)));
    }
    weigh(verdicts, false).map(|_| ())
}

fn in_order(choice: Option<&Choice>) -> Vec<&'static Law> {
    let Some(choice) = choice else { return CANDIDATES.to_vec() };
    let named = |id: &str| CANDIDATES.iter().copied().find(|law| law.id == id);
    choice.foresight.iter().filter_map(|(id, _)| named(id)).collect()
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
        score.interval.contains(other.mape).then(|| {
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
