//! What a learning rate does over a run, by its name or by its logged values.

use super::Schedule;

/// A schedule by its name in a log.
pub(super) fn named(name: &str) -> Schedule {
    let lower = name.to_ascii_lowercase();
    let has = |part: &str| lower.contains(part);
    if has("wsd") || has("trapez") || has("stable") {
        Schedule::WarmupStableDecay
    } else if has("cosine") {
        Schedule::Cosine
    } else if has("const") {
        Schedule::Constant
    } else if has("linear") {
        Schedule::Linear
    } else {
        Schedule::Other(name.to_owned())
    }
}

/// The least logged rates that show a shape.
const N_FOR_SHAPE: usize = 20;
/// How far, in parts of the peak, a rate may be from the shape.
const TOLERANCE: f64 = 0.02;

/// The name of the schedule that logged (step, rate) pairs follow from their peak to their end;
/// none where they follow none.
pub(super) fn shape(points: &[(f64, f64)]) -> Option<&'static str> {
    if points.len() < N_FOR_SHAPE {
        return None;
    }
    let peak = points.iter().map(|p| p.1).fold(0.0, f64::max);
    let top = points.iter().position(|p| p.1 >= peak * (1.0 - 1e-9))?;
    let after = &points[top..];
    let (first, last) = (after.first()?, after.last()?);
    let span = last.0 - first.0;
    if after.len() < N_FOR_SHAPE || peak <= 0.0 || span <= 0.0 {
        return None;
    }
    let follows = |rate: &dyn Fn(f64) -> f64| {
        after
            .iter()
            .all(|(step, seen)| (rate((step - first.0) / span) - seen).abs() <= TOLERANCE * peak)
    };
    let fall = peak - last.1;
    if follows(&|_| peak) {
        Some("constant")
    } else if fall < 0.5 * peak {
        None // cut off before its end, or none of these
    } else if follows(&|part| last.1 + fall * 0.5 * (1.0 + (std::f64::consts::PI * part).cos())) {
        Some("cosine")
    } else if follows(&|part| last.1 + fall * (1.0 - part)) {
        Some("linear")
    } else {
        let n_level = after.iter().take_while(|p| p.1 >= peak * (1.0 - TOLERANCE)).count();
        (n_level * 2 > after.len()).then_some("wsd")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rate: impl Fn(f64) -> f64, expected: Option<&str>) {
        let points: Vec<(f64, f64)> =
            (0..=100).map(f64::from).map(|s| (s, 3e-4 * rate(s / 100.0))).collect();
        assert_eq!(shape(&points), expected);
    }

    #[test]
    fn a_schedule_is_known_by_its_shape() {
        let warmup = |t: f64| (t / 0.1).min(1.0);
        check(warmup, Some("constant"));
        let cosine = |t: f64| 0.55 + 0.45 * (std::f64::consts::PI * (t - 0.1) / 0.9).cos();
        check(|t| if t < 0.1 { warmup(t) } else { cosine(t) }, Some("cosine"));
        check(|t| warmup(t).min(1.0 - (t - 0.1) / 0.9), Some("linear"));
        check(|t| warmup(t).min((1.0 - t) / 0.2), Some("wsd"));
    }

    #[test]
    fn a_schedule_that_was_cut_off_has_no_shape() {
        check(|t| 0.5 + 0.5 * (0.4 * std::f64::consts::PI * t).cos(), None);
        check(|t| (0.1 / t.max(0.1)).sqrt(), None);
    }
}
