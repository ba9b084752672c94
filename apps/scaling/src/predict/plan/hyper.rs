//! Batch and learning rate for a size and a number of tokens.

use serde::Serialize;

use super::lines::body_parameters;
use crate::model::Standing;
use crate::model::allocation::Split;
use crate::model::critical_batch::ZHANG_BY_SIZE;
use crate::model::hyperparameters::{self, Hyperparameters};
use crate::predict::Estimate;
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

pub(super) fn batch(tokens: Tokens, given: Option<Tokens>) -> Batch {
    let law = hyperparameters::step_law(BodyParameters(1.0), tokens);
    let best = law.batch.map_or(f64::NAN, |b| b.0);
    let suggested = || Estimate::alone(best, hyperparameters::STEP_LAW.source);
    Batch {
        tokens: given.map_or_else(suggested, |b| Estimate::alone(b.0, "as given")),
        five_percent: [best / 2.0, 2.0 * best],
        twenty_percent: Estimate::alone(
            // It depends on the tokens; the law by size was fitted along D = 20N.
            ZHANG_BY_SIZE.tokens(tokens.0 / 20.0).0,
            "Zhang et al. 2024: 20 % more tokens than perfect scaling from 256 × 512 tokens; \
             their law by size along D = 20N, read at D/20",
        ),
    }
}

pub(super) fn rates(split: Split, c: Flop, count: CountKind, omega: Option<f64>) -> Vec<Rate> {
    let n = split.parameters.0;
    let (body, remark) = match (count, omega) {
        (CountKind::Body, _) => (n, ""),
        (CountKind::Total, Some(omega)) => (body_parameters(n, omega).0, ""),
        _ => (n, "the rule takes N without embeddings; here it was given N as the log counts it"),
    };
    let body = BodyParameters(body);
    let step = hyperparameters::step_law(body, split.tokens);
    let deepseek = hyperparameters::deepseek(c);
    let in_words = |h: Hyperparameters, remark: &str| rate(h.rule, Some(&h), remark.to_owned());
    let kaplan = match hyperparameters::kaplan(body) {
        Ok(found) => in_words(found, remark),
        Err(_) => {
            rate(&hyperparameters::KAPLAN, None, "it breaks down beyond 1e10 parameters".to_owned())
        }
    };
    vec![in_words(step, remark), in_words(deepseek, ""), kaplan]
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
