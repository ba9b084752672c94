//! Batch and learning rate for a size and a number of tokens.

use serde::Serialize;

use super::lines::body_parameters;
use crate::model::Standing;
use crate::model::allocation::Split;
use crate::model::critical_batch::ZHANG_BY_SIZE;
use crate::model::hyperparameters::{self, Hyperparameters};
use crate::predict::Estimate;
use crate::tuning::Tuning;
use crate::units::{BodyParameters, CountKind, Flop, Tokens};

/// A batch with its bands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Batch {
    /// B, in tokens.
    pub tokens: Estimate,
    /// Half and twice the best batch: within it about 5 % of the compute is wasted at most
    /// (Schaipp et al. 2026, arXiv 2607.01487).
    pub five_percent: [f64; 2],
    /// The largest batch that takes no more than 20 % more tokens (Zhang et al. 2024).
    pub twenty_percent: Estimate,
}

/// A peak learning rate with what it was found with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rate {
    /// Name of the rule.
    pub rule: &'static str,
    /// η at the peak; none where the rule does not reach so far.
    pub learning_rate: Option<f64>,
    /// B that the rule goes with, in tokens.
    pub batch: Option<f64>,
    /// The optimiser it was found with.
    pub optimiser: &'static str,
    /// The schedule it was found with.
    pub schedule: &'static str,
    /// The paper, and how its constants came to be here.
    pub source: String,
    /// What else to know.
    pub remark: String,
}

/// The batch for so many tokens: as given, else as the user's own sweep of batches says, else Step Law's.
pub(super) fn batch(tokens: Tokens, given: Option<Tokens>, tuned: Option<&Tuning>) -> Batch {
    let law = hyperparameters::step_law(BodyParameters(1.0), tokens);
    let published = law.batch.map_or(f64::NAN, |b| b.0);
    let best = match tuned.and_then(|t| t.batch.as_ref()) {
        Some(growth) => Estimate::alone(
            growth.tokens(tokens.0.ln()),
            match growth.n_at_edge {
                0 => format!("as {} sizes and lengths of your runs were best", growth.n_cells),
                n => format!(
                    "as {} sizes and lengths of your runs were best, {n} of them at the edge of \
                     the batches tried",
                    growth.n_cells
                ),
            },
        ),
        None if is_far(None, tokens) => Estimate::alone(
            published,
            format!("{}, read {FAR_FROM_STEP_LAW}", hyperparameters::STEP_LAW.source),
        ),
        None => Estimate::alone(published, hyperparameters::STEP_LAW.source),
    };
    Batch {
        five_percent: [best.value / 2.0, 2.0 * best.value],
        tokens: given.map_or(best, |b| Estimate::alone(b.0, "as given")),
        twenty_percent: Estimate::alone(
            // It depends on the tokens; the law by size was fitted along D = 20N.
            ZHANG_BY_SIZE.tokens(tokens.0 / 20.0).0,
            "Zhang et al. 2024: 20 % more tokens than perfect scaling from 256 × 512 tokens; \
             their law by size along D = 20N, read at D/20",
        ),
    }
}

/// The sizes and tokens of the dense runs that Step Law is reproduced from, of its public log.
const STEP_LAW_SIZES: (f64, f64) = (2.1e8, 1.1e9);
const STEP_LAW_TOKENS: (f64, f64) = (4e9, 1e11);
const FAR_FROM_STEP_LAW: &str =
    "more than ten times outside its runs (0.2 to 1.1 B parameters, 4 to 100 B tokens)";

/// Whether Step Law is read more than ten times outside its runs.
fn is_far(n: Option<f64>, d: Tokens) -> bool {
    let outside = |v: f64, (low, high): (f64, f64)| v < low / 10.0 || v > high * 10.0;
    n.is_some_and(|n| outside(n, STEP_LAW_SIZES)) || outside(d.0, STEP_LAW_TOKENS)
}

/// Learning rates by rule: that of the user's own sweep first, where there is one.
pub(super) fn rates(
    split: Split,
    c: Flop,
    count: CountKind,
    omega: Option<f64>,
    tuned: Option<&Tuning>,
) -> Vec<Rate> {
    let n = split.parameters.0;
    let (body, remark) = match (count, omega) {
        (CountKind::Body, _) => (n, ""),
        (CountKind::Total, Some(omega)) => (body_parameters(n, omega).0, ""),
        _ => (n, "the rule takes N without embeddings; here it was given N as the log counts it"),
    };
    let body = BodyParameters(body);
    let step = hyperparameters::step_law(body, split.tokens);
    let mut step_remark = remark.to_owned();
    if is_far(Some(body.0), split.tokens) {
        let stop = if remark.is_empty() { "" } else { "; " };
        step_remark = format!("{remark}{stop}read {FAR_FROM_STEP_LAW}");
    }
    let deepseek = hyperparameters::deepseek(c);
    let kaplan = match hyperparameters::kaplan(body) {
        Ok(found) => rate(found.rule, Some(&found), remark.to_owned()),
        Err(_) => {
            rate(&hyperparameters::KAPLAN, None, "it breaks down beyond 1e10 parameters".to_owned())
        }
    };
    let mut rates: Vec<Rate> = tuned.map(|t| of_sweep(t, split)).into_iter().collect();
    rates.push(rate(step.rule, Some(&step), step_remark));
    rates.push(rate(deepseek.rule, Some(&deepseek), String::new()));
    rates.push(kaplan);
    rates
}

fn of_sweep(t: &Tuning, split: Split) -> Rate {
    let ln_d = split.tokens.0.ln();
    let ln_rate = t.ln_rate.value
        + t.rate_by_size.value * split.parameters.0.ln()
        + t.rate_by_data.value * ln_d;
    let remark = match t.n_at_edge {
        0 => String::new(),
        n => format!("in {n} of them the best one tried is the smallest or largest"),
    };
    Rate {
        rule: "your runs",
        learning_rate: Some(ln_rate.exp()),
        batch: t.batch.as_ref().map(|b| b.tokens(ln_d)),
        optimiser: "as in them",
        schedule: "as in them",
        source: format!(
            "η = c·N^{:.3}·D^{:.3} through the best of {} sizes and lengths",
            t.rate_by_size.value, t.rate_by_data.value, t.n_cells
        ),
        remark,
    }
}

fn rate(
    rule: &'static hyperparameters::Rule,
    found: Option<&Hyperparameters>,
    remark: String,
) -> Rate {
    let standing = match rule.standing {
        Standing::Reproduced => "reproduced from data",
        Standing::Read => "read in a published file",
        Standing::FromMemory => "from memory of the paper",
    };
    Rate {
        rule: rule.name,
        learning_rate: found.map(|h| h.learning_rate),
        batch: found.and_then(|h| h.batch).map(|b| b.0),
        optimiser: rule.optimiser,
        schedule: rule.schedule,
        source: format!("{}, {standing}", rule.source),
        remark,
    }
}
