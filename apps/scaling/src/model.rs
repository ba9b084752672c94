//! The laws. Each is a plain value: an equation with its parameters, its gradient, its source
//! and the constants that were published for it. Nothing here fits anything.

use serde::Serialize;

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
}
