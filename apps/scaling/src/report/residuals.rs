//! What a law gets wrong, and where.

use ::evaluate::plot::{Axis, Colour, Layer, Plot, Shape, short};

use super::{Run, drawn, extent, n_runs};

/// At most so many classes of size.
const CLASSES: usize = 5;

/// r = ln L̂ − ln L of each run against its compute, coloured by size, with the zero line and two
/// standard deviations on either side. A pattern in it says that the law is not the law of these
/// runs.
pub fn residuals(residuals: &[(Run, f64)]) -> Plot {
    let sd = standard_deviation(residuals);
    let mut plot = Plot::new(
        "Residuals",
        Axis::log("C, FLOP").powers(),
        Axis::linear("ln L̂ − ln L (above zero: predicted too high)").percent(),
    )
    .describe(format!(
        "Residuals of {} against compute; their standard deviation, by the median, is {:.2} %.",
        n_runs(residuals),
        100.0 * sd
    ));
    let Some((low, high)) = extent(residuals.iter().map(|(run, _)| run.compute.0)) else {
        return plot;
    };
    let (low, high) = (low / 1.5, high * 1.5);
    plot.x.range = Some((low, high));
    let level = |y: f64| vec![(low, y), (high, y)];
    let band = Layer::band("two-sd", Colour::Muted, level(-2.0 * sd), level(2.0 * sd));
    plot = plot
        .with(band.faint(0.14).named(format!("±2 sd ({:.2} %)", 200.0 * sd)))
        .with(Layer::line("zero", Colour::Ink, level(0.0)).width(1.2));
    let reach = reach(residuals);
    plot.y.range = Some((-reach, reach));
    for (class, colour, name) in by_size(residuals) {
        let class = drawn(&class);
        let at = class.iter().map(|(run, r)| (run.compute.0, *r)).collect();
        let tips = class.iter().map(|(run, r)| format!("{}, r {:+.2} %", run.tip(), 100.0 * r));
        let layer = Layer::points("run", colour, at).shaped(Shape::Dot, 3.6);
        plot = plot.with(layer.tipped(tips.collect()).named(name));
    }
    with_further_out(plot, residuals, reach)
}

/// How far the axis goes on both sides: as far as all but the worst few reach, so that those do not
/// press the rest onto the zero line.
fn reach(residuals: &[(Run, f64)]) -> f64 {
    let mut sizes: Vec<f64> = residuals.iter().map(|(_, r)| r.abs()).collect();
    sizes.retain(|size| size.is_finite());
    sizes.sort_by(f64::total_cmp);
    let most = sizes.last().copied().unwrap_or(0.0);
    let usual = ::evaluate::bootstrap::quantile(&sizes, 0.95).unwrap_or(0.0);
    let reach = most.min(2.0 * usual) * 1.1;
    if reach > 0.0 { reach } else { 0.01 }
}

/// Marks at the edge for the runs that lie beyond it.
fn with_further_out(plot: Plot, residuals: &[(Run, f64)], reach: f64) -> Plot {
    let beyond: Vec<&(Run, f64)> = residuals.iter().filter(|(_, r)| r.abs() > reach).collect();
    let Some(worst) = beyond.iter().map(|(_, r)| *r).max_by(|a, b| a.abs().total_cmp(&b.abs()))
    else {
        return plot;
    };
    let at = beyond.iter().map(|(run, r)| (run.compute.0, r.signum() * reach * 0.97)).collect();
    let tips = beyond.iter().map(|(run, r)| format!("{}, r {:+.2} %", run.tip(), 100.0 * r));
    let marks = Layer::points("further", Colour::Vermillion, at).shaped(Shape::Ring, 4.5);
    let name = format!("{} further out, to {:+.1} %", beyond.len(), 100.0 * worst);
    plot.with(marks.tipped(tips.collect()).named(name))
}

type Class<'a> = (Vec<&'a (Run, f64)>, Colour, String);

/// Classes of about as many runs each, from the smallest models to the largest.
fn by_size(residuals: &[(Run, f64)]) -> Vec<Class<'_>> {
    let mut sizes: Vec<f64> = residuals.iter().map(|(run, _)| run.parameters.0).collect();
    sizes.sort_by(f64::total_cmp);
    let mut distinct = sizes.clone();
    distinct.dedup();
    let n_classes = distinct.len().min(CLASSES);
    let mut bounds: Vec<f64> = (1..n_classes).map(|i| sizes[i * sizes.len() / n_classes]).collect();
    bounds.dedup();
    let class_of = |n: f64| bounds.iter().filter(|bound| **bound <= n).count();
    (0..=bounds.len())
        .filter_map(|class| {
            let members: Vec<&(Run, f64)> =
                residuals.iter().filter(|(run, _)| class_of(run.parameters.0) == class).collect();
            let (low, high) = extent(members.iter().map(|(run, _)| run.parameters.0))?;
            let name = if low < high {
                format!("N {} to {}", short(low), short(high))
            } else {
                format!("N {}", short(low))
            };
            let share = class as f64 / bounds.len().max(1) as f64;
            Some((members, Colour::ramp(share), name))
        })
        .collect()
}

/// The standard deviation around zero as the bulk of the runs shows it, whatever a few of them do:
/// 1.4826 times the median of |r| (Hampel 1974), the factor that makes it the standard deviation
/// where r is normal.
fn standard_deviation(residuals: &[(Run, f64)]) -> f64 {
    let mut sizes: Vec<f64> = residuals.iter().map(|(_, r)| r.abs()).collect();
    sizes.retain(|size| size.is_finite());
    sizes.sort_by(f64::total_cmp);
    1.4826 * ::evaluate::bootstrap::quantile(&sizes, 0.5).unwrap_or(0.0)
}
