//! Learning rate and batch from the size of a run. Every rule was found with one optimiser and
//! one schedule, which stand beside it: with another, it is a guess.

use serde::Serialize;

use super::Standing;
use super::kaplan::architecture;
use crate::Error;
use crate::units::{BodyParameters, Flop, Tokens};

/// Where a rule comes from and what it was found with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Name for people.
    pub name: &'static str,
    /// The equations.
    pub equation: &'static str,
    /// The optimiser it was found with.
    pub optimiser: &'static str,
    /// The schedule it was found with.
    pub schedule: &'static str,
    /// Paper.
    pub source: &'static str,
    /// How its constants came to be here.
    pub standing: Standing,
}

/// A peak learning rate and, where the rule has one, a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hyperparameters {
    /// η, at the peak of the schedule.
    pub learning_rate: f64,
    /// B.
    pub batch: Option<Tokens>,
    /// The rule that says so.
    pub rule: &'static Rule,
}

/// Step Law (Li et al. 2025).
pub static STEP_LAW: Rule = Rule {
    name: "Step Law",
    equation: "η = 1.79·N^−0.713·D^0.307, B = 0.58·D^0.571",
    optimiser: "AdamW",
    schedule: "warm-up of 2,000 steps, then a cosine to a fixed 1e-5",
    source: "Li et al. 2025, arXiv 2503.04715, eq. 1",
    standing: Standing::Reproduced,
};

/// DeepSeek LLM (2024).
pub static DEEPSEEK: Rule = Rule {
    name: "DeepSeek LLM",
    equation: "η = 0.3118·C^−0.1250, B = 0.2920·C^0.3271",
    optimiser: "AdamW",
    schedule: "warm-up of 2,000 steps, then two steps down",
    source: "DeepSeek-AI 2024, arXiv 2401.02954, eq. 1",
    standing: Standing::FromMemory,
};

/// Kaplan's learning rate.
pub static KAPLAN: Rule = Rule {
    name: "Kaplan",
    equation: "η = 0.003239 − 0.0001395·ln N",
    optimiser: "Adam",
    schedule: "warm-up of 3,000 steps, then a cosine to zero",
    source: "Kaplan et al. 2020, arXiv 2001.08361, Appendix D.6",
    standing: Standing::FromMemory,
};

/// Every rule.
pub static RULES: &[&Rule] = &[&STEP_LAW, &DEEPSEEK, &KAPLAN];

/// `η = 1.79·N^−0.713·D^0.307`, `B = 0.58·D^0.571` tokens; N without embeddings. The median of
/// the paper's 1,000 bootstrap rows gives 1.782, −0.7122, 0.3070 and 0.573, 0.5713.
pub fn step_law(n: BodyParameters, d: Tokens) -> Hyperparameters {
    Hyperparameters {
        learning_rate: 1.79 * n.0.powf(-0.713) * d.0.powf(0.307),
        batch: Some(Tokens(0.58 * d.0.powf(0.571))),
        rule: &STEP_LAW,
    }
}

/// `η = 0.3118·C^−0.1250`, `B = 0.2920·C^0.3271` tokens, with C = M·D, where M is the FLOP a
/// token takes without embeddings but with attention.
pub fn deepseek(c: Flop) -> Hyperparameters {
    Hyperparameters {
        learning_rate: 0.3118 * c.0.powf(-0.1250),
        batch: Some(Tokens(0.2920 * c.0.powf(0.3271))),
        rule: &DEEPSEEK,
    }
}

/// Kaplan's learning rate, [`architecture::learning_rate`].
///
/// # Errors
/// Refused beyond 1e10 parameters.
pub fn kaplan(n: BodyParameters) -> Result<Hyperparameters, Error> {
    Ok(Hyperparameters {
        learning_rate: architecture::learning_rate(n)?,
        batch: None,
        rule: &KAPLAN,
    })
}

/// How long AdamW remembers, as a fraction of the run: `τ = B/(η·λ·D)`, with weight decay λ
/// (Bergsma et al. 2025, arXiv 2505.13738).
pub fn adamw_timescale(batch: Tokens, learning_rate: f64, weight_decay: f64, d: Tokens) -> f64 {
    batch.0 / (learning_rate * weight_decay * d.0)
}

/// The weight decay that gives AdamW the timescale τ: `λ = B/(η·τ·D)`. Bergsma et al. 2025 find
/// `τ = c·(D/N)^p` with p < 0; c and p are for the reader to fit.
pub fn weight_decay_for_timescale(tau: f64, batch: Tokens, learning_rate: f64, d: Tokens) -> f64 {
    batch.0 / (learning_rate * tau * d.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_its_optimiser_and_schedule() {
        for rule in RULES {
            assert!(rule.optimiser.starts_with("Adam"), "{}", rule.name);
            assert!(rule.schedule.contains("warm-up"), "{}", rule.name);
        }
    }

    #[test]
    fn the_weight_decay_for_a_timescale_has_that_timescale() {
        let (batch, d) = (Tokens(1e6), Tokens(1e11));
        let decay = weight_decay_for_timescale(0.2, batch, 3e-4, d);
        assert!((adamw_timescale(batch, 3e-4, decay, d) - 0.2).abs() < 1e-15);
    }

    #[test]
    fn kaplan_says_no_batch_and_nothing_beyond_its_range() {
        assert_eq!(kaplan(BodyParameters(1e6)).unwrap().batch, None);
        assert!(kaplan(BodyParameters(7e10)).is_err());
    }
}
