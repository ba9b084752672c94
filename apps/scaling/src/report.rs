//! What people look at: the pictures of a fit and of a plan, and the pages that hold them. Every
//! picture is a function from plain values; nothing here fits or plans.
//!
//! ```
//! use scaling::report::{Run, residuals};
//! use scaling::units::{Flop, Nats, Parameters, Tokens};
//!
//! let run = Run {
//!     id: "a".into(),
//!     parameters: Parameters(1e9),
//!     tokens: Tokens(2e10),
//!     compute: Flop(1.2e20),
//!     loss: Nats(2.4),
//! };
//! let picture = residuals(&[(run, 0.004)]);
//! assert!(picture.standalone(evaluate::plot::Size::WIDE).starts_with("<svg"));
//! ```

mod assemble;
mod commands;
mod contour;
mod curves;
mod frontier;
mod hyperbola;
mod laws;
mod pages;
mod parabolas;
mod plane;
mod residuals;

pub use assemble::{fit_page, plan_page, plane_svg};
pub use commands::{batch_page, curve_page};
pub use curves::{Curve, curves};
pub use frontier::{Frontier, loss_against_compute, optimum_of};
pub use hyperbola::{TradeOff, hyperbola};
pub use laws::{LawScore, laws};
pub use pages::{Material, Planned, fit_report, plan_report};
pub use parabolas::{Isoflop, Lowest, parabolas};
pub use plane::{Plane, Point, plane};
pub use residuals::residuals;

use ::evaluate::plot::{power, short};

use crate::fit::Observations;
use crate::model::Quantity;
use crate::units::{Flop, Nats, Parameters, Tokens};

/// A run in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its name.
    pub id: String,
    /// N.
    pub parameters: Parameters,
    /// D.
    pub tokens: Tokens,
    /// C.
    pub compute: Flop,
    /// L.
    pub loss: Nats,
}

/// The runs of `observations`, in their order; none where they have no size, no data or no
/// compute.
pub fn runs(observations: &Observations) -> Option<Vec<Run>> {
    let column = |wanted| observations.inputs.iter().position(|input| *input == wanted);
    let (n, d) = (column(Quantity::Parameters)?, column(Quantity::Tokens)?);
    let row = |i: usize| {
        let x = &observations.x[i];
        Some(Run {
            id: observations.id[i].clone(),
            parameters: Parameters(x[n]),
            tokens: Tokens(x[d]),
            compute: observations.compute[i].unwrap_or(Flop(6.0 * x[n] * x[d])),
            loss: Nats(observations.loss[i]),
        })
    };
    (0..observations.x.len()).map(row).collect()
}

impl Run {
    /// What it says when pointed at.
    fn tip(&self) -> String {
        format!(
            "{}: N {}, D {}, C {}, L {:.3}",
            self.id,
            short(self.parameters.0),
            short(self.tokens.0),
            flop(self.compute),
            self.loss.0
        )
    }
}

/// `1.3×10²¹ FLOP`.
fn flop(c: Flop) -> String {
    let unit = 10f64.powf(c.0.log10().floor() - 1.0);
    format!("{} FLOP", power((c.0 / unit).round() * unit))
}

/// So many runs are drawn at most; more would only cover each other, and make the page heavy.
const MOST_DRAWN: usize = 2_000;

/// `runs`, evenly thinned where there are too many to draw.
fn drawn<T>(runs: &[T]) -> Vec<&T> {
    runs.iter().step_by(runs.len().div_ceil(MOST_DRAWN).max(1)).collect()
}

/// `240 runs`, and which of them are drawn where not all are.
fn n_runs<T>(runs: &[T]) -> String {
    match (runs.len(), drawn(runs).len()) {
        (1, _) => "1 run".to_owned(),
        (all, some) if some < all => format!("{all} runs, of which {some} are drawn,"),
        (all, _) => format!("{all} runs"),
    }
}

/// The smallest and the largest of the values that are finite numbers; none where none is.
fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|value| value.is_finite());
    finite.fold(None, |ends, value| {
        let (low, high) = ends.unwrap_or((value, value));
        Some((value.min(low), value.max(high)))
    })
}

/// `n` values from `low` to `high`, evenly spread by their logarithms.
fn spread(low: f64, high: f64, n: usize) -> Vec<f64> {
    let step = (high / low).ln() / (n.max(2) - 1) as f64;
    (0..n.max(2)).map(|i| low * (step * i as f64).exp()).collect()
}

#[cfg(test)]
mod tests;
