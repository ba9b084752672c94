//! The loss over size and data: contours, lines of equal compute, the runs, and the best way up.

use ::evaluate::plot::{Axis, Colour, Layer, Line, Marks, Plot, Shape, short};

use super::contour::Grid;
use super::{Frontier, Run, drawn, extent, flop, n_runs, spread};
use crate::units::{CountKind, Flop, Parameters, Tokens};

/// What is to be seen on the plane of size and data.
#[derive(Clone, Copy)]
pub struct Plane<'a> {
    /// L(N, D), in nats.
    pub loss: &'a dyn Fn(f64, f64) -> f64,
    /// The runs.
    pub runs: &'a [Run],
    /// N* over compute.
    pub frontier: &'a [Frontier],
    /// A run to be made.
    pub planned: Option<&'a Point>,
    /// Which parameters N counts.
    pub count: CountKind,
}

/// A place on the plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// What it is.
    pub name: String,
    /// N.
    pub parameters: Parameters,
    /// D.
    pub tokens: Tokens,
}

type Ends = (f64, f64);

/// L(N, D) as contours, with lines of equal compute C = 6ND, the runs as points, and N*(C) with
/// its band.
pub fn plane(plane: &Plane<'_>) -> Plot {
    let mut plot = described(plane);
    let Some((n, d)) = ends(plane) else { return plot };
    (plot.x.range, plot.y.range) = (Some(n), Some(d));
    let (ln_n, ln_d) = (ln(&spread(n.0, n.1, 72)), ln(&spread(d.0, d.1, 54)));
    let grid = Grid::of(ln_n, ln_d, |ln_n, ln_d| (plane.loss)(ln_n.exp(), ln_d.exp()));
    let levels = levels(plane.loss, n, d);
    let hollows = levels.iter().flat_map(|level| grid.below(*level)).map(exp).collect();
    plot = plot
        .with(Layer::of("depth", Colour::Blue, Marks::Areas(hollows)).faint(0.05))
        .with(same_compute(n, d))
        .with(same_loss(&grid, &levels));
    plot = with_frontier(plot, plane.frontier);
    plot = with_runs(plot, plane.runs);
    if let Some(point) = plane.planned {
        let (n, d) = (point.parameters.0, point.tokens.0);
        plot = plot
            .with(Layer::points("planned", Colour::Ink, vec![(n, d)]).shaped(Shape::Diamond, 6.0))
            .with(Layer::texts("planned", Colour::Ink, vec![(n, d, point.name.clone())]));
    }
    plot
}

fn described(plane: &Plane<'_>) -> Plot {
    let n = match plane.count {
        CountKind::Body => "N, parameters without embeddings",
        CountKind::Total => "N, parameters",
        CountKind::Unstated => "N, parameters (kind not stated)",
    };
    let title = "Loss over model size and data";
    let plot = Plot::new(title, Axis::log(n).short(), Axis::log("D, tokens").short());
    let frontier = plane.frontier.first().zip(plane.frontier.last()).map(|(first, last)| {
        format!(
            " The compute-optimal size grows from {} parameters at {} to {} at {}.",
            short(first.best.parameters.0),
            flop(first.compute),
            short(last.best.parameters.0),
            flop(last.compute)
        )
    });
    plot.describe(format!(
        "Contours of the fitted loss with {} and lines of equal compute.{}",
        n_runs(plane.runs),
        frontier.unwrap_or_default()
    ))
}

/// How far the plane reaches: as far as the runs and what is planned, and a little further.
fn ends(plane: &Plane<'_>) -> Option<(Ends, Ends)> {
    let further = |(low, high): Ends| {
        let room = (high / low).powf(0.06).max(1.25);
        (low / room, high * room)
    };
    let planned = plane.planned;
    let n = plane.runs.iter().map(|run| run.parameters.0);
    let d = plane.runs.iter().map(|run| run.tokens.0);
    let n = extent(n.chain(planned.map(|p| p.parameters.0)))?;
    let d = extent(d.chain(planned.map(|p| p.tokens.0)))?;
    Some((further(n), further(d)))
}

/// About nine round losses, evenly spread from corner to corner of the plane.
fn levels(loss: impl Fn(f64, f64) -> f64, n: Ends, d: Ends) -> Vec<f64> {
    const LEVELS: usize = 10;
    let along = spread(n.0, n.1, LEVELS).into_iter().zip(spread(d.0, d.1, LEVELS));
    let losses: Vec<f64> = along.map(|(n, d)| loss(n, d)).filter(|l| l.is_finite()).collect();
    let step = losses.windows(2).map(|pair| (pair[0] - pair[1]).abs()).fold(f64::MAX, f64::min);
    // Two digits where the losses lie that far apart, more where they lie closer.
    let round = if step > 0.05 { 0.05 } else { 10f64.powf(step.max(1e-4).log10().floor()) };
    let mut levels: Vec<f64> = losses.iter().map(|l| (l / round).round() * round).collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup_by(|a, b| (*a - *b).abs() < round / 2.0);
    levels
}

fn same_loss(grid: &Grid, levels: &[f64]) -> Layer {
    let label = |level: f64| {
        let text = format!("{level:.3}");
        text.strip_suffix('0').unwrap_or(&text).to_owned()
    };
    let line = |level: f64, points| Line::through(exp(points)).labelled(label(level), 0.22);
    let lines = levels
        .iter()
        .flat_map(|&level| grid.lines(level).into_iter().map(move |points| (level, points)))
        .map(|(level, points)| line(level, points))
        .collect();
    Layer::lines("contour", Colour::Blue, lines).width(1.0).faint(0.75).named("same loss (nats)")
}

/// C = 6ND for round budgets: powers of ten, fewer of them on a wide plane and more on a narrow one.
fn same_compute(n: Ends, d: Ends) -> Layer {
    let (low, high) = (6.0 * n.0 * d.0, 6.0 * n.1 * d.1);
    let (first, last) = (low.log10().floor() as i32, high.log10().floor() as i32);
    let mantissas: &[f64] = if last - first < 3 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let step = (usize::try_from(last - first).unwrap_or(0) / 8).max(1);
    let budgets = (first..=last)
        .step_by(step)
        .flat_map(|exponent| mantissas.iter().map(move |m| m * 10f64.powi(exponent)))
        .filter(|c| low < *c && *c < high);
    let line = |c: f64| {
        let points = spread(n.0, n.1, 2).into_iter().map(|n| (n, c / (6.0 * n))).collect();
        Line::through(points).labelled(flop(Flop(c)), 0.96)
    };
    Layer::lines("isoflop", Colour::Muted, budgets.map(line).collect())
        .width(1.0)
        .dashed()
        .faint(0.7)
        .named("same compute")
}

/// N*(C), and along each line of equal compute from one end of its interval to the other.
fn with_frontier(plot: Plot, frontier: &[Frontier]) -> Plot {
    let at = |point: &Frontier, n: f64| (n, point.compute.0 / (6.0 * n));
    let banded = frontier.iter().filter_map(|point| Some((point, point.size_interval.as_ref()?)));
    let (low, high): (Vec<Ends>, Vec<Ends>) =
        banded.map(|(point, i)| (at(point, i.low), at(point, i.high))).unzip();
    let best = frontier.iter().map(|p| (p.best.parameters.0, p.best.tokens.0)).collect::<Vec<_>>();
    let mut plot = plot;
    if low.len() > 1 {
        plot = plot
            .with(Layer::band("band", Colour::Vermillion, low, high).faint(0.3).named("95 % band"));
    }
    if best.len() > 1 {
        let line = Layer::line("frontier", Colour::Vermillion, best).width(2.4);
        plot = plot.with(line.named("compute-optimal"));
    }
    plot
}

/// The runs, coloured by their loss: the lower, the stronger.
fn with_runs(plot: Plot, runs: &[Run]) -> Plot {
    let runs = drawn(runs);
    let Some((low, high)) = extent(runs.iter().map(|run| run.loss.0.ln())) else { return plot };
    let step = |run: &Run| Colour::ramp((high - run.loss.0.ln()) / (high - low).max(1e-12));
    let layers = (0..7).map(Colour::Ramp).filter_map(|colour| {
        let alike: Vec<&Run> = runs.iter().copied().filter(|run| step(run) == colour).collect();
        let at = alike.iter().map(|run| (run.parameters.0, run.tokens.0)).collect();
        let tips = alike.iter().map(|run| run.tip()).collect();
        let layer = Layer::points("run", colour, at).shaped(Shape::Dot, 3.4).tipped(tips);
        (!alike.is_empty()).then_some(layer)
    });
    let mut layers: Vec<Layer> = layers.collect();
    if let Some(last) = layers.last_mut() {
        last.name = Some("runs".to_owned());
    }
    layers.into_iter().fold(plot, Plot::with)
}

fn ln(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value.ln()).collect()
}

fn exp(points: Vec<Ends>) -> Vec<Ends> {
    points.into_iter().map(|(x, y)| (x.exp(), y.exp())).collect()
}
