//! IsoFLOP profiles: loss against size at one budget each (Hoffmann et al. 2022, approach 2).

use ::evaluate::plot::{Axis, Colour, Layer, Plot, Shape};

use super::{extent, flop, spread};
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

/// At most so many budgets are written.
const MOST_WRITTEN: usize = 9;

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
    let (Some((low, high)), Some([sizes, losses])) =
        (extent(profiles.iter().map(logs)), ends(profiles))
    else {
        return plot;
    };
    (plot.x.range, plot.y.range) = (Some(sizes), Some(losses));
    // Of very many budgets only some are written.
    let every = profiles.len().div_ceil(MOST_WRITTEN);
    for (i, profile) in profiles.iter().enumerate() {
        let share = if high > low { (logs(profile) - low) / (high - low) } else { 1.0 };
        let colour = Colour::ramp(share);
        let at = profile.points.iter().map(|(n, l)| (n.0, l.0)).collect();
        plot = plot
            .with(Layer::line("parabola", colour, line(profile)).width(1.6))
            .with(Layer::points("run", colour, at).shaped(Shape::Dot, 3.4));
        if i % every == 0 || i + 1 == profiles.len() {
            plot = plot.with(Layer::texts("budget", colour, vec![budget(profile)]));
        }
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

/// The parabola as far as it is seen, or, where there is none, a line through the runs.
fn line(profile: &Isoflop) -> Vec<(f64, f64)> {
    let sizes = extent(profile.points.iter().map(|(n, _)| n.0));
    match (profile.lowest, sizes) {
        (Lowest::Inside { best, loss, bend }, Some((low, high))) => spread(low, high, 60)
            .into_iter()
            .map(|n| (n, loss.0 + bend * (n / best.0).ln().powi(2)))
            .collect(),
        _ => profile.points.iter().map(|(n, l)| (n.0, l.0)).collect(),
    }
}

/// Around the lowest points: a profile rises far beyond them, where nobody looks for a minimum.
fn ends(profiles: &[Isoflop]) -> Option<[(f64, f64); 2]> {
    const SIZES: f64 = 12.0;
    let lowest = |p: &Isoflop| match p.lowest {
        Lowest::Inside { best, loss, .. } => (best.0, loss.0),
        Lowest::AtEdge { size, loss } => (size.0, loss.0),
    };
    let all_sizes = extent(profiles.iter().flat_map(|p| p.points.iter().map(|(n, _)| n.0)))?;
    let all_losses = extent(profiles.iter().flat_map(|p| p.points.iter().map(|(_, l)| l.0)))?;
    let sizes = extent(profiles.iter().map(|p| lowest(p).0))?;
    let losses = extent(profiles.iter().map(|p| lowest(p).1))?;
    let sizes =
        ((sizes.0 / SIZES).max(all_sizes.0 / 1.3), (sizes.1 * SIZES).min(all_sizes.1 * 1.3));
    // As much above the highest minimum as that lies above the lowest, and at least a tenth.
    let above = (losses.1 / losses.0).sqrt().max(1.1);
    Some([sizes, (losses.0 / above.powf(0.3), (losses.1 * above).min(all_losses.1 * 1.01))])
}

/// The budget, at the lowest point.
fn budget(profile: &Isoflop) -> (f64, f64, String) {
    let (n, loss) = match profile.lowest {
        Lowest::Inside { best, loss, .. } => (best, loss),
        Lowest::AtEdge { size, loss } => (size, loss),
    };
    (n.0, loss.0, flop(profile.compute))
}
