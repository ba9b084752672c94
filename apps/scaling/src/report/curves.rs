//! The loss along a run, and what it would be under another schedule.

use ::evaluate::plot::{Axis, Colour, Layer, Plot};

use super::extent;

/// A loss over steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The run or the schedule.
    pub name: String,
    /// Step and loss in nats.
    pub points: Vec<(f64, f64)>,
    /// Whether it was computed, not logged.
    pub predicted: bool,
    /// Lower and upper end of the band around it, one a point; empty for none.
    pub band: Vec<(f64, f64)>,
}

/// So many points of a curve are drawn.
const DRAWN: usize = 500;

/// Loss against steps: logged curves faint, computed ones strong.
pub fn curves(curves: &[Curve]) -> Plot {
    let ends = curves.iter().filter_map(|curve| {
        let (step, loss) = curve.points.last()?;
        Some(format!("{} ends at {loss:.3} after {step:.0} steps.", curve.name))
    });
    let ends: Vec<String> = ends.collect();
    let mut plot = Plot::new(
        "Loss along the run",
        Axis::linear("S, parameter updates").short(),
        Axis::log("L, nats per token"),
    )
    .describe(ends.join(" "));
    plot.y.range = beyond_the_first_fall(curves);
    let (mut logged, mut computed) = (0, 0);
    for curve in curves {
        // Logged curves take the hues from the end, computed ones from the front.
        let colour = if curve.predicted {
            computed += 1;
            Colour::series(computed)
        } else {
            logged += 1;
            Colour::series(if logged == 1 { 0 } else { 6 - logged % 6 })
        };
        if curve.band.len() == curve.points.len() && !curve.band.is_empty() {
            let steps = thinned(&curve.points).into_iter().map(|(step, _)| step);
            let band: Vec<(f64, (f64, f64))> = steps.zip(thinned(&curve.band)).collect();
            let low = band.iter().map(|(step, (low, _))| (*step, *low)).collect();
            let high = band.iter().map(|(step, (_, high))| (*step, *high)).collect();
            plot = plot.with(Layer::band("band", colour, low, high));
        }
        let class = if curve.predicted { "predicted" } else { "logged" };
        let line = Layer::line(class, colour, thinned(&curve.points)).named(&*curve.name);
        plot = plot.with(match curve.predicted {
            true => line.width(2.4),
            false => line.width(1.1).faint(0.65),
        });
    }
    // What was computed lies over what was logged.
    plot.layers.sort_by_key(|layer| layer.class == "predicted");
    plot
}

/// From the lowest loss to the one after a fiftieth of the steps: before that it falls so fast
/// that nothing else would be seen.
fn beyond_the_first_fall(curves: &[Curve]) -> Option<(f64, f64)> {
    let late = |curve: &Curve| {
        let last = curve.points.last().map_or(0.0, |point| point.0);
        curve.points.iter().filter(|p| p.0 >= last / 50.0).map(|p| p.1).collect::<Vec<_>>()
    };
    let (low, high) = extent(curves.iter().flat_map(late).filter(|loss| *loss > 0.0))?;
    (low < high).then(|| (low / 1.015, high * 1.01))
}

/// Evenly thinned; the last point stays.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(DRAWN).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.iter().enumerate().filter(|(i, _)| i % step == 0 || *i == last);
    kept.map(|(_, point)| *point).collect()
}
