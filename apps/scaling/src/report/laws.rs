//! Which law foretells best.

use ::evaluate::plot::{Axis, Colour, Layer, Line, Plot, Shape};
use record::Interval;

/// A law's error on compute that it has not seen.
#[derive(Debug, Clone, PartialEq)]
pub struct LawScore {
    /// The law.
    pub name: String,
    /// Its mean absolute error as a share of the loss: 0.01 is 1 %.
    pub mape: f64,
    /// Where that lies.
    pub interval: Option<Interval>,
    /// Whether it is the one that was chosen.
    pub chosen: bool,
}

/// The held-out error of each law, with the error of what needs no law as a line.
pub fn laws(scores: &[LawScore], baseline: Option<(&str, f64)>) -> Plot {
    // The first at the top, where reading begins.
    let from_below: Vec<&LawScore> = scores.iter().rev().collect();
    let names = from_below.iter().map(|score| score.name.clone()).collect();
    let mut plot = Plot::new(
        "Error on compute not seen",
        Axis::linear("mean absolute error of the held-out loss").percent(),
        Axis::names(names),
    )
    .describe(said(scores, baseline))
    .tall(0.22 + 0.09 * scores.len() as f64);
    let ends = scores.iter().flat_map(|s| [Some(s.mape), s.interval.as_ref().map(|i| i.high)]);
    let most = ends.flatten().filter(|end| end.is_finite()).fold(0.0, f64::max);
    // A baseline far off would press everything else against the axis.
    let near = baseline.filter(|(_, value)| *value < 4.0 * most);
    let most = near.map_or(most, |(_, value)| value.max(most));
    plot.x.range = (most > 0.0).then_some((0.0, 1.08 * most));
    if let Some((name, value)) = near {
        let line = vec![(value, -0.5), (value, scores.len() as f64 - 0.5)];
        let line = Layer::line("baseline", Colour::Muted, line).width(1.4).dashed();
        plot = plot.with(line.named(name));
    }
    let place = |wanted: bool| {
        let rows = from_below.iter().enumerate().filter(move |(_, score)| score.chosen == wanted);
        rows.map(|(i, score)| (i as f64, *score))
    };
    for (chosen, colour) in [(false, Colour::Blue), (true, Colour::Vermillion)] {
        let whiskers = place(chosen).filter_map(|(y, score)| {
            let interval = score.interval.as_ref()?;
            Some(Line::through(vec![(interval.low, y), (interval.high, y)]))
        });
        let whiskers: Vec<Line> = whiskers.collect();
        let at: Vec<(f64, f64)> = place(chosen).map(|(y, score)| (score.mape, y)).collect();
        let texts =
            place(chosen).map(|(y, score)| (score.mape, y, format!("{:.2} %", 100.0 * score.mape)));
        let texts = Layer::texts("value", colour, texts.collect());
        if !at.is_empty() {
            let name = if chosen { "chosen law, 95 % interval" } else { "law, 95 % interval" };
            plot = plot
                .with(Layer::lines("interval", colour, whiskers).width(2.2))
                .with(Layer::points("law", colour, at).shaped(Shape::Dot, 5.5).named(name))
                .with(texts);
        }
    }
    plot
}

fn said(scores: &[LawScore], baseline: Option<(&str, f64)>) -> String {
    let score = |score: &LawScore| format!("{} {:.2} %", score.name, 100.0 * score.mape);
    let scores: Vec<String> = scores.iter().map(score).collect();
    let baseline = baseline.map(|(name, value)| format!("; {name} {:.2} %", 100.0 * value));
    format!("Held-out error: {}{}.", scores.join(", "), baseline.unwrap_or_default())
}
