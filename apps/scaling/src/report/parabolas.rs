//! IsoFLOP profiles: loss against size at one budget each (Hoffmann et al. 2022, approach 2).

use ::evaluate::plot::{Axis, Colour, Layer, Line, Plot, Shape};

use super::{extent, spread};
use crate::units::{Flop, Nats, Parameters};

/// Runs of one budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Isoflop {
    /// The budget.
    pub compute: Flop,
    /// Size and loss of each run.
    pub points: Vec<(Parameters, Nats)>,
    /// What was made of them.
    pub lowest: Lowest,
}

/// The lowest point of a profile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lowest {
    /// Of the parabola `L = loss + bend·(ln N − ln N*)²`.
    Inside {
        /// N*.
        best: Parameters,
        /// L at N*.
        loss: Nats,
        /// How steeply it rises on both sides.
        bend: f64,
    },
    /// At the smallest or largest size: where the loss would be lowest, the runs do not say.
    AtEdge {
        /// That size.
        size: Parameters,
        /// The loss there.
        loss: Nats,
    },
}

/// Loss against size, one colour a budget, with the lowest points marked.
pub fn parabolas(profiles: &[Isoflop]) -> Plot {
    let inside = profiles.iter().filter(|p| matches!(p.lowest, Lowest::Inside { .. })).count();
    let mut plot = Plot::new(
        "IsoFLOP profiles",
        Axis::log("N, parameters").short(),
        Axis::log("L, nats per token"),
    )
    .describe(format!(
        "Loss against model size at {} budgets; {inside} have their lowest loss inside, {} at an \
         edge.",
        profiles.len(),
        profiles.len() - inside
    ));
    let logs = |p: &Isoflop| p.compute.0.ln();
    let Some((low, high)) = extent(profiles.iter().map(logs)) else { return plot };
    for profile in profiles {
        let share = if high > low { (logs(profile) - low) / (high - low) } else { 1.0 };
        let colour = Colour::ramp(share);
        let at = profile.points.iter().map(|(n, l)| (n.0, l.0)).collect();
        plot = plot
            .with(Layer::lines("parabola", colour, vec![line(profile)]).width(1.6))
            .with(Layer::points("run", colour, at).shaped(Shape::Dot, 3.4));
    }
    let marked = |wanted: fn(&Lowest) -> Option<(f64, f64)>| {
        profiles.iter().filter_map(|p| wanted(&p.lowest)).collect::<Vec<_>>()
    };
    let best = marked(|lowest| match lowest {
        Lowest::Inside { best, loss, .. } => Some((best.0, loss.0)),
        Lowest::AtEdge { .. } => None,
    });
    let edge = marked(|lowest| match lowest {
        Lowest::AtEdge { size, loss } => Some((size.0, loss.0)),
        Lowest::Inside { .. } => None,
    });
    if !best.is_empty() {
        let marks = Layer::points("lowest", Colour::Vermillion, best).shaped(Shape::Diamond, 5.0);
        plot = plot.with(marks.named("lowest point"));
    }
    if !edge.is_empty() {
        let marks = Layer::points("edge", Colour::Vermillion, edge).shaped(Shape::Ring, 7.0);
        plot = plot.with(marks.named("lowest at an edge: no minimum"));
    }
    plot
}

/// The parabola between the smallest and the largest size, or, where there is none, a line
/// through the runs; labelled with the budget at its upper end.
fn line(profile: &Isoflop) -> Line {
    let label = format!("{} FLOP", ::evaluate::plot::power(rounded(profile.compute.0)));
    let sizes = extent(profile.points.iter().map(|(n, _)| n.0));
    let points = match (profile.lowest, sizes) {
        (Lowest::Inside { best, loss, bend }, Some((low, high))) => spread(low, high, 48)
            .into_iter()
            .map(|n| (n, loss.0 + bend * (n / best.0).ln().powi(2)))
            .collect(),
        _ => profile.points.iter().map(|(n, l)| (n.0, l.0)).collect(),
    };
    Line::through(points).labelled(label, 0.0)
}

/// Two digits.
fn rounded(c: f64) -> f64 {
    let unit = 10f64.powf(c.log10().floor() - 1.0);
    (c / unit).round() * unit
}
