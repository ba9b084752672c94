//! Ways to spend one budget, side by side.

use serde::Serialize;

use super::{Outcome, Request};
use crate::data::TrainingRun;
use crate::evaluate::HeldOut;
use crate::isoflop::{self, approach_2};
use crate::model::chinchilla::CHINCHILLA;
use crate::model::kaplan::{allocation, loss};
use crate::model::pearce::{embedding_share, total_parameters};
use crate::model::{Constants, Standing};
use crate::predict::Estimate;
use crate::predict::candidates::Candidates;
use crate::predict::frontier::Frontier;
use crate::units::{BodyParameters, CountKind, Flop, PfDays};

/// What a line is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// To be followed.
    Advice,
    /// The next best fit to the runs.
    RunnerUp,
    /// Another fit to the runs.
    Fitted,
    /// Constants of others, found on their text with their models.
    Published,
    /// Known to be wrong as advice.
    ComparisonOnly,
}

/// One way to spend the budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Whose.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// Which parameters N counts.
    pub count: CountKind,
    /// N*.
    pub parameters: Estimate,
    /// D*.
    pub tokens: Estimate,
    /// D*/N*.
    pub tokens_per_parameter: Estimate,
    /// The loss there; none where it is not foretold.
    pub loss: Option<Estimate>,
    /// The score on held-out compute, for fits.
    pub held_out: Option<HeldOut>,
    /// N* in the count of the advice, where that is another and the shape is known.
    pub converted_parameters: Option<f64>,
    /// What else to know.
    pub remark: String,
}

pub(super) fn lines(
    runs: &[TrainingRun],
    candidates: &Candidates,
    request: &Request,
    advice: &Outcome,
) -> Vec<Line> {
    let c = advice.compute;
    let count = candidates.best().fit.observations.count;
    let mut lines = fitted(candidates, request, advice);
    lines.extend(from_parabolas(runs, c, count));
    lines.extend(chinchilla(c));
    lines.push(kaplan(c));
    if let (Some(omega), Some(count)) = (request.omega, count) {
        for line in &mut lines {
            line.converted_parameters = converted(line, count, omega);
        }
    }
    lines
}

/// The advice first, then the other fits, each at the compute of the advice.
fn fitted(candidates: &Candidates, request: &Request, advice: &Outcome) -> Vec<Line> {
    let mut lines = vec![];
    for (rank, candidate) in candidates.ranked.iter().enumerate() {
        let role = match rank {
            0 => Role::Advice,
            1 => Role::RunnerUp,
            _ => Role::Fitted,
        };
        let at_same_compute =
            Request { budget: super::Budget::Compute(advice.compute), ..request.clone() };
        let own;
        let outcome = if rank == 0 {
            advice
        } else {
            let Ok(found) = Outcome::of(candidate, &at_same_compute) else { continue };
            own = found;
            &own
        };
        let fit = &candidate.fit;
        let source = format!("{}, fitted to {} runs", fit.law.name, fit.observations.loss.len());
        let limited = request.unique_tokens.is_some_and(|u| outcome.best.split.tokens.0 > u.0);
        lines.push(Line {
            name: format!("{}, your runs", fit.law.name),
            role,
            count: fit.observations.count.unwrap_or(CountKind::Unstated),
            parameters: outcome.estimate(|o| o.split.parameters.0, &source),
            tokens: outcome.estimate(|o| o.split.tokens.0, &source),
            tokens_per_parameter: outcome.estimate(|o| o.split.tokens_per_parameter(), &source),
            loss: Some(outcome.estimate(|o| o.loss.0, &source)),
            held_out: candidate.held_out.clone(),
            converted_parameters: None,
            remark: if limited {
                "text is limited: repeats are worth less (Muennighoff et al. 2023)".to_owned()
            } else {
                String::new()
            },
        });
    }
    lines
}

/// Approach 2, where the runs hold isoFLOP profiles.
fn from_parabolas(runs: &[TrainingRun], c: Flop, count: Option<CountKind>) -> Option<Line> {
    const DRAWS: usize = 1000;
    let count = count?;
    let growth = approach_2(&isoflop::points(runs, count)?, DRAWS, 0).ok()?;
    let [parameters, tokens] = growth.best_split(c);
    let ratio = Estimate::alone(tokens.value / parameters.value, growth.source.clone());
    Some(Line {
        name: "isoFLOP parabolas, your runs".to_owned(),
        role: Role::Fitted,
        count,
        parameters,
        tokens,
        tokens_per_parameter: ratio,
        loss: None,
        held_out: None,
        converted_parameters: None,
        remark: format!("a = {:.3} over {} budgets", growth.a.value, growth.pairs.len()),
    })
}

/// The least compute of the runs behind the published constants of Chinchilla is 6e18 FLOP; well
/// below it they foretell no loss.
const LEAST_FOR_CHINCHILLA: Flop = Flop(1e17);

/// The published constants of Chinchilla that were reproduced from its data.
fn chinchilla(c: Flop) -> Option<Line> {
    let reproduced = |k: &&Constants| k.standing == Standing::Reproduced;
    let constants = CHINCHILLA.published.iter().find(reproduced)?;
    let best = Frontier { law: &CHINCHILLA, theta: constants.theta }.best(c)?;
    let alone = |value| Estimate::alone(value, constants.source);
    Some(Line {
        name: format!("Chinchilla, {}", constants.name),
        role: Role::Published,
        count: CountKind::Total,
        parameters: alone(best.split.parameters.0),
        tokens: alone(best.split.tokens.0),
        tokens_per_parameter: alone(best.split.tokens_per_parameter()),
        loss: (c.0 >= LEAST_FOR_CHINCHILLA.0).then(|| alone(best.loss.0)),
        held_out: None,
        converted_parameters: None,
        remark: if c.0 >= LEAST_FOR_CHINCHILLA.0 {
            "its loss is that of its own text".to_owned()
        } else {
            format!("its runs took 6e18 FLOP and more: no loss is foretold at {c}")
        },
    })
}

/// Kaplan's Table 6, for comparison.
fn kaplan(c: Flop) -> Line {
    let c = PfDays::from(c);
    let found = allocation::allocation(c);
    let alone = |value| {
        Estimate::alone(value, "Kaplan et al. 2020, Table 6 and eq. 1.3, from memory of the paper")
    };
    Line {
        name: "Kaplan 2020".to_owned(),
        role: Role::ComparisonOnly,
        count: CountKind::Body,
        parameters: alone(found.parameters.0),
        tokens: alone(found.tokens.0),
        tokens_per_parameter: alone(found.tokens.0 / found.parameters.0),
        loss: Some(alone(loss::loss_of_least_compute(c).0)),
        held_out: None,
        converted_parameters: None,
        remark: "N ∝ C^0.73 is too steep (Porian et al. 2024), and its loss is that of its own \
                 text: for comparison only"
            .to_owned(),
    }
}

/// N* of a line in the count of the advice.
fn converted(line: &Line, count: CountKind, omega: f64) -> Option<f64> {
    match (line.count, count) {
        (CountKind::Body, CountKind::Total) => {
            Some(total_parameters(BodyParameters(line.parameters.value), omega).0)
        }
        (CountKind::Total, CountKind::Body) => {
            Some(body_parameters(line.parameters.value, omega).0)
        }
        _ => None,
    }
}

/// The body of a model of that many parameters in all: `N_E + ω·N_E^(1/3) = N_T`, by bisection.
pub(super) fn body_parameters(total: f64, omega: f64) -> BodyParameters {
    let (mut low, mut high) = (0.0, total);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        let above = total_parameters(BodyParameters(middle), omega).0 > total;
        if above { high = middle } else { low = middle }
    }
    let body = BodyParameters(low);
    debug_assert!(total < 1.0 || embedding_share(body, omega) < 1.0);
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pearce::OMEGA;

    #[test]
    fn a_body_and_its_total_lead_to_each_other() {
        for body in [1e5, 1e8, 1e11] {
            let total = total_parameters(BodyParameters(body), OMEGA).0;
            assert!((body_parameters(total, OMEGA).0 / body - 1.0).abs() < 1e-9);
        }
    }
}
