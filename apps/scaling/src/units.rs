//! What the numbers are. Two quantities of different units are two types, so that a batch in
//! sequences is never taken for a batch in tokens, nor FLOP for PF-days.

use std::fmt;

use serde::{Deserialize, Serialize};

/// FLOP in one petaflop/s-day: 1e15 · 86,400 (Kaplan et al. 2020, §1.3).
pub const FLOP_PER_PF_DAY: f64 = 8.64e19;

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident, $suffix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&short(self.0))?;
                f.write_str($suffix)
            }
        }
    };
}

unit!(
    /// A number of model parameters; which ones is said by [`ParameterCount`].
    Parameters, " parameters");
unit!(
    /// A number of parameters without token and position embeddings: the only count that the
    /// constants of Kaplan et al. are for.
    BodyParameters, " parameters without embeddings");
unit!(
    /// A number of training tokens (bytes, for a byte-level model).
    Tokens, " tokens");
unit!(
    /// A number of parameter updates.
    Steps, " steps");
unit!(
    /// A number of sequences.
    Sequences, " sequences");
unit!(
    /// Floating-point operations.
    Flop, " FLOP");
unit!(
    /// Petaflop/s-days, Kaplan's unit of compute.
    PfDays, " PF-days");
unit!(
    /// Cross-entropy in nats per token.
    Nats, " nats");

impl From<PfDays> for Flop {
    fn from(c: PfDays) -> Self {
        Self(c.0 * FLOP_PER_PF_DAY)
    }
}

impl From<Flop> for PfDays {
    fn from(c: Flop) -> Self {
        Self(c.0 / FLOP_PER_PF_DAY)
    }
}

/// The parameters of one model, by which of them are counted. Kaplan's laws take the body
/// (without embeddings), Chinchilla's the total.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ParameterCount {
    /// Without token and position embeddings.
    pub body: Option<Parameters>,
    /// All of them.
    pub total: Option<Parameters>,
    /// Where the log does not say which are counted.
    pub unstated: Option<Parameters>,
}

/// Which parameters a law or a plan counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountKind {
    /// Without embeddings.
    Body,
    /// All.
    Total,
    /// The file does not say.
    Unstated,
}

/// A number as people read it: `1.23e10` beyond a million, digits grouped below.
pub fn short(x: f64) -> String {
    match x.abs() {
        a if a >= 1e6 || (a < 1e-3 && a > 0.0) => format!("{x:.3e}"),
        a if a >= 1000.0 => {
            let digits = format!("{x:.0}");
            let (sign, digits) = digits.strip_prefix('-').map_or(("", &*digits), |d| ("-", d));
            let (head, tail) = digits.split_at(digits.len() - 3);
            format!("{sign}{head},{tail}")
        }
        _ => format!("{x:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pf_day_is_86_400_seconds_of_a_petaflop() {
        assert_eq!(Flop::from(PfDays(1.0)).0, 1e15 * 86_400.0);
        assert_eq!(PfDays::from(Flop(8.64e19)).0, 1.0);
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        let shown = [1.5e10, 131_072.0, 2.5, -1234.0, 0.0003, 0.0].map(short);
        assert_eq!(shown, ["1.500e10", "131,072", "2.5000", "-1,234", "3.000e-4", "0.0000"]);
    }
}
