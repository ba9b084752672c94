//! The laws. Each is a plain value: an equation with its parameters, its gradient, its source
//! and the constants that were published for it. Nothing here fits anything.

pub mod alabdulmohsin;
pub mod allocation;
pub mod annealing;
pub mod bnsl;
pub mod chinchilla;
pub mod critical_batch;
pub mod gadre;
pub mod hyperparameters;
pub mod kaplan;
pub mod mccandlish;
pub mod moe;
pub mod muennighoff;
pub mod pearce;
pub mod rosenfeld;
mod start;

use serde::Serialize;

use crate::units::CountKind;

/// Every law of the loss whose inputs stand in a log, in the order in which they are listed to
/// people.
pub static LAWS: &[&Law] = &[
    &kaplan::KAPLAN_N,
    &kaplan::KAPLAN_D,
    &kaplan::KAPLAN_ND,
    &kaplan::KAPLAN_NS,
    &kaplan::KAPLAN_C,
    &chinchilla::CHINCHILLA,
    &chinchilla::SKALING,
    &muennighoff::MUENNIGHOFF,
    &rosenfeld::ROSENFELD,
    &gadre::GADRE,
    &alabdulmohsin::M1,
    &alabdulmohsin::M2,
    &alabdulmohsin::M3,
    &alabdulmohsin::M4,
    &bnsl::BNSL,
    &moe::CLARK,
];

/// Equations that are fitted in the same way, but whose inputs are derived first or whose value
/// is not a loss. Their fields say which.
pub static RELATED: &[&Law] = &[
    &kaplan::training::CRITICAL_BATCH,
    &critical_batch::STEPS_TO_LOSS,
    &annealing::TISSUE,
    &moe::KRAJEWSKI,
    &gadre::GADRE_ERROR,
];

/// The law of that short name.
pub fn law(id: &str) -> Option<&'static Law> {
    LAWS.iter().copied().find(|law| law.id == id)
}

/// What a law takes in. The order of [`Law::inputs`] is the order of the values it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// N, parameters.
    Parameters,
    /// D, tokens processed.
    Tokens,
    /// U, different tokens.
    UniqueTokens,
    /// S, parameter updates.
    Steps,
    /// B, tokens in a batch.
    Batch,
    /// C, FLOP.
    Compute,
    /// E, experts of a mixture-of-experts model.
    Experts,
    /// G, into how many parts each expert is cut.
    Granularity,
    /// S₁, the sum of the learning rates so far.
    ForwardArea,
    /// S₂, the decayed sum of the falls of the learning rate so far.
    AnnealingArea,
    /// L, a loss in nats.
    Loss,
}

/// How a parameter is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Above zero and searched by its logarithm.
    Log,
    /// Searched as it is.
    Linear,
}

/// One parameter of a law.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Parameter {
    /// As the paper writes it, such as `α`.
    pub symbol: &'static str,
    /// Its unit, such as `nats` or `1`.
    pub unit: &'static str,
    /// How it is searched.
    pub scale: Scale,
    /// Smallest value allowed.
    pub low: f64,
    /// Largest value allowed.
    pub high: f64,
}

/// How a published number came to be here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Reproduced from data or from a published file.
    Reproduced,
    /// Read in a published file.
    Read,
    /// From memory of the paper: shown as such, never a default.
    FromMemory,
}

/// Published values of a law's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Constants {
    /// Who published them.
    pub name: &'static str,
    /// Which parameters N counts in them; none where the law takes no N.
    pub count: Option<CountKind>,
    /// One value a parameter, in the law's order.
    pub theta: &'static [f64],
    /// Paper, table or equation.
    pub source: &'static str,
    /// How it came to be here.
    pub standing: Standing,
}

/// A loss as a function of what was spent.
#[derive(Debug, Clone, Copy)]
pub struct Law {
    /// Short name for the command line, such as `chinchilla`.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// The equation in the paper's letters.
    pub equation: &'static str,
    /// What it takes in.
    pub inputs: &'static [Quantity],
    /// What is fitted.
    pub parameters: &'static [Parameter],
    /// Paper and equation.
    pub source: &'static str,
    /// Published values.
    pub published: &'static [Constants],
    /// `loss(x, θ, gradient)` returns L in nats at the inputs `x` and writes ∂L/∂θ.
    pub loss: fn(&[f64], &[f64], &mut [f64]) -> f64,
    /// `start(rows, losses, u)` turns a point `u` of the unit cube, one coordinate a parameter,
    /// into a place to search from: exponents from `u`, coefficients sized to the rows. It lies
    /// within the bounds.
    pub start: Start,
}

/// See [`Law::start`].
pub type Start = fn(&[Vec<f64>], &[f64], &[f64]) -> Vec<f64>;

impl Parameter {
    /// A parameter above zero, searched by its logarithm.
    pub const fn log(symbol: &'static str, unit: &'static str, low: f64, high: f64) -> Self {
        Self { symbol, unit, scale: Scale::Log, low, high }
    }

    /// A parameter searched as it is.
    pub const fn linear(symbol: &'static str, unit: &'static str, low: f64, high: f64) -> Self {
        Self { symbol, unit, scale: Scale::Linear, low, high }
    }
}

/// No law has more parameters.
const MOST_PARAMETERS: usize = 16;

impl Law {
    /// The loss at inputs `x` under parameters `theta`, in nats.
    pub fn at(&self, x: &[f64], theta: &[f64]) -> f64 {
        (self.loss)(x, theta, &mut [0.0; MOST_PARAMETERS][..theta.len()])
    }

    /// `theta` with every value moved to the nearest one allowed.
    pub fn within_bounds(&self, mut theta: Vec<f64>) -> Vec<f64> {
        for (value, p) in theta.iter_mut().zip(self.parameters) {
            *value = value.clamp(p.low, p.high);
        }
        theta
    }
}

#[cfg(test)]
mod tests;
