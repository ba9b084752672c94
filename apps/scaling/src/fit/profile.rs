//! An interval that draws nothing: how far one parameter can be pushed before the rest cannot make
//! up for it.

use record::Interval;

use super::descend::{Problem, descend};
use super::{Fit, Objective};
use crate::model::Scale;

/// The 95 % quantile of χ² with one degree of freedom.
const CHI_SQUARED_95: f64 = 3.841_458_820_694_124;

/// The 95 % profile interval of parameter `index`: where
///
/// `2·(Σψ′/Σψ²)·[f(θ_i) − f(θ̂)] = χ²₁(0.95)`
///
/// with f(θ_i) the objective minimised over all other parameters (the likelihood-ratio test for
/// M-estimators, Ronchetti 1982; for least squares with Σψ² corrected to n − p degrees of freedom,
/// the usual profile likelihood). An end that the parameter's bound cuts off is the bound. None
/// where the curvature is nought, as when hardly a residual lies within δ.
pub fn profile_interval(fit: &Fit, index: usize) -> Option<Interval> {
    let problem = Problem::new(fit.law, &fit.observations, fit.recipe.objective);
    let (sum_slope, sum_squares) = sums(fit);
    let n = fit.observations.loss.len() as f64;
    let freedom = n - fit.law.parameters.len() as f64;
    let rise = CHI_SQUARED_95 / 2.0 * (sum_squares / freedom) / (sum_slope / n);
    if !(rise.is_finite() && rise > 0.0) {
        return None;
    }
    let best = problem.z(&fit.theta);
    let excess = |at: f64, from: &[f64]| {
        let mut z = from.to_vec();
        z[index] = at;
        let end = descend(&problem, z, Some(index));
        (end.value - fit.objective - rise, end.z)
    };
    let parameter = fit.law.parameters[index];
    let (bound_low, bound_high) = match parameter.scale {
        Scale::Log => (parameter.low.ln(), parameter.high.ln()),
        Scale::Linear => (parameter.low, parameter.high),
    };
    let end = |direction: f64, bound: f64| {
        let (mut inside, mut z_inside) = (best[index], best.clone());
        let mut step = direction * 0.01 * best[index].abs().max(1.0);
        for _ in 0..60 {
            let next = inside + step;
            let beyond = (bound - next) * direction <= 0.0;
            let next = if beyond { bound } else { next };
            let (over, z) = excess(next, &z_inside);
            if over > 0.0 {
                return bisect(inside, next, z_inside, excess);
            }
            if beyond {
                return bound;
            }
            (inside, z_inside) = (next, z);
            step *= 1.6;
        }
        bound
    };
    let (low, high) = (end(-1.0, bound_low), end(1.0, bound_high));
    let back = |z: f64| if parameter.scale == Scale::Log { z.exp() } else { z };
    Some(Interval::new(back(low), back(high), 0.95, "profile"))
}

/// Σψ′ and Σψ² over the residuals.
fn sums(fit: &Fit) -> (f64, f64) {
    let each = fit.residuals().into_iter().map(|r| match fit.recipe.objective {
        Objective::LeastSquares => (1.0, r * r),
        Objective::Huber { delta } if r.abs() <= delta => (1.0, r * r),
        Objective::Huber { delta } => (0.0, delta * delta),
    });
    each.fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d))
}

fn bisect(
    mut inside: f64,
    mut outside: f64,
    mut z: Vec<f64>,
    excess: impl Fn(f64, &[f64]) -> (f64, Vec<f64>),
) -> f64 {
    while (outside - inside).abs() > 1e-5 * inside.abs().max(1e-3) {
        let middle = f64::midpoint(inside, outside);
        let (over, at) = excess(middle, &z);
        if over > 0.0 {
            outside = middle;
        } else {
            (inside, z) = (middle, at);
        }
    }
    f64::midpoint(inside, outside)
}
