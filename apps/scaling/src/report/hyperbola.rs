//! Steps against examples at one loss (McCandlish et al. 2018, eq. 2.11; Kaplan et al. 2020,
//! eq. 5.1).

use ::evaluate::plot::{Axis, Colour, Layer, Line, Plot, Shape, short};
use record::Interval;

use super::{extent, spread};
use crate::model::mccandlish::StepsAgainstExamples;
use crate::units::{Nats, Steps, Tokens};

/// Batches with which one model was trained to one loss.
#[derive(Debug, Clone, PartialEq)]
pub struct TradeOff {
    /// The model.
    pub name: String,
    /// The loss.
    pub target: Nats,
    /// Batch and steps of each run.
    pub runs: Vec<(Tokens, Steps)>,
    /// The fitted hyperbola.
    pub fitted: StepsAgainstExamples,
    /// Where B_crit lies.
    pub critical: Option<Interval>,
}

/// S against E = B·S: the runs, the fitted hyperbola with its two asymptotes, and B_crit where it
/// takes twice the least of both.
pub fn hyperbola(trade_offs: &[TradeOff]) -> Plot {
    let said: Vec<String> = trade_offs.iter().map(said).collect();
    let mut plot = Plot::new(
        "Steps against examples",
        Axis::log("E, tokens processed").short(),
        Axis::log("S, parameter updates").short(),
    )
    .describe(said.join(" "));
    let mut asymptotes = Vec::new();
    for (i, trade_off) in trade_offs.iter().enumerate() {
        let colour = Colour::series(i);
        let Some(batches) = extent(trade_off.runs.iter().map(|(b, _)| b.0)) else { continue };
        let fitted = trade_off.fitted;
        let critical = fitted.critical_batch();
        let (low, high) = (batches.0.min(critical.0) / 2.0, batches.1.max(critical.0) * 2.0);
        let at = |batch: f64| {
            let batch = Tokens(batch);
            (fitted.examples(batch).0, fitted.steps(batch).0)
        };
        let curve: Vec<(f64, f64)> = spread(low, high, 80).into_iter().map(at).collect();
        asymptotes.extend(to_the_limits(&fitted, &curve));
        let runs = trade_off.runs.iter().map(|(b, s)| (b.0 * s.0, s.0)).collect();
        let tips = trade_off
            .runs
            .iter()
            .map(|(b, s)| format!("B {}, S {}", short(b.0), short(s.0)))
            .collect();
        let label = format!("critical batch {}", short(critical.0));
        let name = format!("{} to L = {}", trade_off.name, trade_off.target.0);
        plot = plot
            .with(Layer::line("hyperbola", colour, curve).width(1.8))
            .with(Layer::points("run", colour, runs).tipped(tips).named(name))
            .with(
                Layer::points("critical", colour, vec![at(critical.0)]).shaped(Shape::Diamond, 6.5),
            )
            .with(Layer::texts(
                "critical",
                colour,
                vec![{
                    let (e, s) = at(critical.0);
                    (e, s, label)
                }],
            ));
    }
    if asymptotes.is_empty() {
        return plot;
    }
    plot.layers.insert(
        0,
        Layer::lines("asymptote", Colour::Muted, asymptotes)
            .width(1.0)
            .dashed()
            .faint(0.75)
            .named("least steps, least tokens"),
    );
    plot
}

fn said(trade_off: &TradeOff) -> String {
    let critical = trade_off.fitted.critical_batch();
    let interval = trade_off.critical.as_ref();
    let sure = interval.map(|i| format!(" (95 % {} to {})", short(i.low), short(i.high)));
    format!(
        "{} to a loss of {}: at least {} steps and {} tokens, critical batch {} tokens{}.",
        trade_off.name,
        trade_off.target.0,
        short(trade_off.fitted.least_steps.0),
        short(trade_off.fitted.least_examples.0),
        short(critical.0),
        sure.unwrap_or_default()
    )
}

/// From the curve's ends to the lines that it never reaches.
fn to_the_limits(fitted: &StepsAgainstExamples, curve: &[(f64, f64)]) -> Vec<Line> {
    let (least_e, least_s) = (fitted.least_examples.0, fitted.least_steps.0);
    let (Some(most_e), Some(most_s)) =
        (extent(curve.iter().map(|p| p.0)), extent(curve.iter().map(|p| p.1)))
    else {
        return Vec::new();
    };
    vec![
        Line::through(vec![(least_e, least_s), (most_e.1, least_s)]),
        Line::through(vec![(least_e, least_s), (least_e, most_s.1)]),
    ]
}
