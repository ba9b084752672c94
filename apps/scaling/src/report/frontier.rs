//! The best loss against compute, and how sure it is.

use ::evaluate::plot::{Axis, Colour, Layer, Plot, Shape, short};
use record::Interval;

use super::{Point, Run, drawn, extent, n_runs};
use crate::fit::Fit;
use crate::model::allocation::Split;
use crate::units::{Flop, Nats};

/// The best that a law allows at one budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Frontier {
    /// C.
    pub compute: Flop,
    /// N* and D*.
    pub best: Split,
    /// L(N*, D*).
    pub loss: Nats,
    /// Where N* lies.
    pub size_interval: Option<Interval>,
    /// Where L(N*, D*) lies.
    pub loss_interval: Option<Interval>,
}

/// The frontier of `fit` at `budgets`, with 95 % intervals from its bootstrap draws. `best` gives
/// the best split of a budget under parameters θ; budgets where it has none are left out.
pub fn optimum_of(
    fit: &Fit,
    budgets: &[Flop],
    best: impl Fn(&[f64], Flop) -> Option<Split>,
) -> Vec<Frontier> {
    let loss =
        |split: &Split, theta: &[f64]| fit.law.at(&[split.parameters.0, split.tokens.0], theta);
    let at = |&compute: &Flop| {
        let of_draw = |theta: &[f64]| best(theta, compute);
        let split = of_draw(&fit.theta)?;
        Some(Frontier {
            compute,
            best: split,
            loss: Nats(loss(&split, &fit.theta)),
            size_interval: fit.interval(0.95, |theta| {
                of_draw(theta).map_or(f64::NAN, |split| split.parameters.0)
            }),
            loss_interval: fit.interval(0.95, |theta| {
                of_draw(theta).map_or(f64::NAN, |split| loss(&split, theta))
            }),
        })
    };
    budgets.iter().filter_map(at).collect()
}

/// Loss against compute: the runs, the best loss of every budget with its band, and the planned
/// run. What lies beyond the largest run is shaded.
pub fn loss_against_compute(runs: &[Run], frontier: &[Frontier], planned: Option<&str>) -> Plot {
    let far = extent(runs.iter().map(|run| run.compute.0));
    let reached = far.zip(frontier.last()).map(|((_, most), last)| last.compute.0 / most);
    let beyond = reached.filter(|ratio| *ratio > 1.05);
    let description = format!(
        "{} and the best loss that the law allows at each budget{}.",
        n_runs(runs),
        beyond.map(|r| format!(", up to {} times the largest run", short(r))).unwrap_or_default(),
    );
    let mut plot = Plot::new(
        "Loss against compute",
        Axis::log("C, FLOP").powers(),
        Axis::log("L, nats per token"),
    )
    .describe(description);
    plot = with_beyond(plot, runs, frontier);
    let banded = frontier.iter().filter_map(|p| Some((p.compute.0, p.loss_interval.as_ref()?)));
    let (low, high): (Vec<_>, Vec<_>) = banded.map(|(c, i)| ((c, i.low), (c, i.high))).unzip();
    if low.len() > 1 {
        plot = plot.with(Layer::band("band", Colour::Vermillion, low, high).named("95 % band"));
    }
    let at = drawn(runs).iter().map(|run| (run.compute.0, run.loss.0)).collect();
    let tips = drawn(runs).into_iter().map(Run::tip).collect();
    let best = frontier.iter().map(|p| (p.compute.0, p.loss.0)).collect();
    plot = plot
        .with(
            Layer::points("run", Colour::Blue, at)
                .shaped(Shape::Dot, 3.2)
                .tipped(tips)
                .named("runs"),
        )
        .with(Layer::line("frontier", Colour::Vermillion, best).width(2.4).named("best split"));
    match (planned, frontier.last()) {
        (Some(name), Some(last)) => {
            let (c, l) = (last.compute.0, last.loss.0);
            let mark = Layer::points("planned", Colour::Ink, vec![(c, l)]);
            plot.with(mark.shaped(Shape::Diamond, 6.0)).with(Layer::texts(
                "planned",
                Colour::Ink,
                vec![(c, l, name.to_owned())],
            ))
        }
        _ => plot,
    }
}

/// Shades what lies beyond the largest run.
fn with_beyond(mut plot: Plot, runs: &[Run], frontier: &[Frontier]) -> Plot {
    let compute = runs.iter().map(|r| r.compute.0).chain(frontier.iter().map(|p| p.compute.0));
    let ends =
        frontier.iter().filter_map(|p| p.loss_interval.as_ref()).flat_map(|i| [i.low, i.high]);
    let loss = runs.iter().map(|run| run.loss.0).chain(frontier.iter().map(|p| p.loss.0));
    let most = extent(runs.iter().map(|run| run.compute.0));
    let (Some(c), Some(l), Some((_, most))) = (extent(compute), extent(loss.chain(ends)), most)
    else {
        return plot;
    };
    let (c, l) = ((c.0 / 1.6, c.1 * 2.2), (l.0 / 1.02, l.1 * 1.02));
    (plot.x.range, plot.y.range) = (Some(c), Some(l));
    if frontier.last().is_some_and(|last| last.compute.0 > 1.05 * most) {
        let (left, right) = (vec![(most, l.0), (c.1, l.0)], vec![(most, l.1), (c.1, l.1)]);
        let shade = Layer::band("beyond", Colour::Muted, left, right).faint(0.13);
        plot = plot.with(shade.named("beyond the runs"));
    }
    plot
}

impl Frontier {
    /// The place of this budget on the plane of size and data.
    pub fn point(&self, name: impl Into<String>) -> Point {
        Point { name: name.into(), parameters: self.best.parameters, tokens: self.best.tokens }
    }
}
