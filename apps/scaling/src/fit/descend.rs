//! From one start down to the optimum beside it, by analytic gradients.
//!
//! The objective is about 1e-3, and an end is told by gains as a share of it. Told by an absolute
//! gain, as the default of SciPy's L-BFGS-B does below one, a search that starts at Hoffmann's
//! published constants stays there. Gradients are written out: exact, and for one evaluation of
//! the law in place of one a parameter.
//!
//! Two stages. Far away, damped Gauss-Newton steps on the reweighted squares (Levenberg 1944,
//! Marquardt 1963; weights ψ(r)/r, Holland and Welsch 1977) find the valley in few steps. Within
//! it, BFGS (Nocedal and Wright 2006, §6.1) from that curvature: where most residuals lie beyond
//! δ, reweighting alone creeps. Bounds are kept by projection.

use super::{Objective, Observations};
use crate::model::{Law, Scale};

/// A law, rows and what is to be minimised, laid out for speed.
pub(super) struct Problem {
    pub(super) law: &'static Law,
    objective: Objective,
    n_inputs: usize,
    /// Row after row.
    x: Vec<f64>,
    ln_loss: Vec<f64>,
    weight: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
}

/// Where a descent ended.
#[derive(Debug, Clone)]
pub(super) struct Descent {
    /// In search coordinates, see [`Problem::theta`].
    pub(super) z: Vec<f64>,
    pub(super) value: f64,
    /// Twice-differentiable neighbourhood of the end, for the next descent from near by.
    curvature: Vec<f64>,
}

/// What the objective and its slope are at a point.
struct Point {
    z: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

const MOST_DAMPED_STEPS: usize = 60;
const MOST_BFGS_STEPS: usize = 400;
/// A damped step that gains less than this share hands over to BFGS.
const SMALL_GAIN: f64 = 1e-3;
/// Converged where a full step is foretold to gain less than this share.
const NO_GAIN: f64 = 1e-11;

impl Problem {
    /// Every row with weight one.
    pub(super) fn new(law: &'static Law, o: &Observations, objective: Objective) -> Self {
        Self::weighted(law, o, objective, &vec![1.0; o.loss.len()])
    }

    /// Rows of weight zero are not looked at.
    pub(super) fn weighted(
        law: &'static Law,
        o: &Observations,
        objective: Objective,
        weight: &[f64],
    ) -> Self {
        let used: Vec<usize> = (0..o.loss.len()).filter(|i| weight[*i] > 0.0).collect();
        let bound = |end: f64, scale| if scale == Scale::Log { f64::ln(end) } else { end };
        Self {
            law,
            objective,
            n_inputs: law.inputs.len(),
            x: used.iter().flat_map(|i| o.x[*i].iter().copied()).collect(),
            ln_loss: used.iter().map(|i| o.loss[*i].ln()).collect(),
            weight: used.iter().map(|i| weight[*i]).collect(),
            low: law.parameters.iter().map(|p| bound(p.low, p.scale)).collect(),
            high: law.parameters.iter().map(|p| bound(p.high, p.scale)).collect(),
        }
    }

    /// Search coordinates of `theta`: ln θ where the parameter is searched by its logarithm.
    pub(super) fn z(&self, theta: &[f64]) -> Vec<f64> {
        let pairs = theta.iter().zip(self.law.parameters);
        let mut z: Vec<f64> =
            pairs.map(|(v, p)| if p.scale == Scale::Log { v.ln() } else { *v }).collect();
        self.clamp(&mut z);
        z
    }

    /// The parameters at search coordinates `z`.
    pub(super) fn theta(&self, z: &[f64]) -> Vec<f64> {
        let pairs = z.iter().zip(self.law.parameters);
        let theta = pairs.map(|(v, p)| if p.scale == Scale::Log { v.exp() } else { *v }).collect();
        self.law.within_bounds(theta)
    }

    fn clamp(&self, z: &mut [f64]) {
        for ((v, low), high) in z.iter_mut().zip(&self.low).zip(&self.high) {
            *v = v.clamp(*low, *high);
        }
    }

    /// The objective, infinite where the law gives no loss above zero, with its gradient and the
    /// reweighted squares' curvature Jᵀ·W·J.
    fn value_gradient_curvature(
        &self,
        objective: Objective,
        z: &[f64],
        gradient: &mut [f64],
        curvature: &mut [f64],
    ) -> f64 {
        let p = z.len();
        gradient.fill(0.0);
        curvature.fill(0.0);
        self.sum(objective, z, |row, psi, share| {
            for (i, (slope, g)) in row.iter().zip(gradient.iter_mut()).enumerate() {
                *g += psi * slope;
                let scaled = share * slope;
                for (c, other) in curvature[i * p..].iter_mut().zip(&row[..=i]) {
                    *c += scaled * other;
                }
            }
        })
    }

    fn at(&self, z: Vec<f64>) -> Point {
        let mut gradient = vec![0.0; z.len()];
        let value = self.sum(self.objective, &z, |row, psi, _| {
            for (g, r) in gradient.iter_mut().zip(row) {
                *g += psi * r;
            }
        });
        Point { z, value, gradient }
    }

    /// Σ w·ρ(r), giving each row's ∂r/∂z, w·ψ(r) and w·ψ(r)/r to `each`.
    fn sum(&self, objective: Objective, z: &[f64], mut each: impl FnMut(&[f64], f64, f64)) -> f64 {
        let p = z.len();
        let (mut theta, mut row) = ([0.0; MOST], [0.0; MOST]);
        let mut chain = [1.0; MOST];
        for (i, parameter) in self.law.parameters.iter().enumerate() {
            theta[i] = z[i];
            if parameter.scale == Scale::Log {
                theta[i] = z[i].exp();
                chain[i] = theta[i];
            }
        }
        let mut total = 0.0;
        for ((x, ln_loss), weight) in
            self.x.chunks_exact(self.n_inputs).zip(&self.ln_loss).zip(&self.weight)
        {
            let loss = (self.law.loss)(x, &theta[..p], &mut row[..p]);
            if !(loss > 0.0 && loss < f64::INFINITY) {
                return f64::INFINITY;
            }
            let r = loss.ln() - ln_loss;
            let (rho, psi, share) = objective.at(r);
            total += weight * rho;
            let inverse = 1.0 / loss;
            for (slope, chain) in row[..p].iter_mut().zip(&chain[..p]) {
                *slope *= chain * inverse;
            }
            each(&row[..p], weight * psi, weight * share);
        }
        if total.is_nan() { f64::INFINITY } else { total }
    }
}

/// No law has more parameters.
const MOST: usize = 16;

impl Objective {
    /// ρ(r), ψ(r) = ρ′(r) and ψ(r)/r.
    fn at(self, r: f64) -> (f64, f64, f64) {
        match self {
            Self::LeastSquares => (r * r / 2.0, r, 1.0),
            Self::Huber { delta } => {
                let size = r.abs();
                if size <= delta {
                    (r * r / 2.0, r, 1.0)
                } else {
                    (delta * (size - delta / 2.0), delta.copysign(r), delta / size)
                }
            }
        }
    }
}

/// Down from `z`; the parameter `fixed` stays where it is.
pub(super) fn descend(problem: &Problem, mut z: Vec<f64>, fixed: Option<usize>) -> Descent {
    damped_steps(problem, problem.objective, &mut z, SMALL_GAIN, fixed);
    let curvature = curvature_at(problem, &z);
    bfgs(problem, z, curvature, fixed)
}

/// Down from the end of an earlier descent on other weights of the same rows.
pub(super) fn descend_from(problem: &Problem, near: &Descent) -> Descent {
    bfgs(problem, near.z.clone(), near.curvature.clone(), None)
}

/// Down from `z` by least squares alone: smooth, hence quick, and many starts end at one point.
/// Returns the objective of the least squares there.
pub(super) fn descend_by_squares(problem: &Problem, z: &mut Vec<f64>) -> f64 {
    damped_steps(problem, Objective::LeastSquares, z, 1e-6, None)
}

/// Levenberg-Marquardt on the reweighted squares until twice in a row it gains less than the share
/// `small_gain`; returns the objective reached.
fn damped_steps(
    problem: &Problem,
    objective: Objective,
    z: &mut Vec<f64>,
    small_gain: f64,
    fixed: Option<usize>,
) -> f64 {
    let p = z.len();
    let (mut gradient, mut curvature) = (vec![0.0; p], vec![0.0; p * p]);
    let (mut next_gradient, mut next_curvature) = (gradient.clone(), curvature.clone());
    let mut value = problem.value_gradient_curvature(objective, z, &mut gradient, &mut curvature);
    let (mut damping, mut n_small) = (1e-4, 0);
    for _ in 0..MOST_DAMPED_STEPS {
        let free = free(problem, z, &gradient, fixed);
        let Some(step) = solve_damped(&curvature, &gradient, &free, damping) else { break };
        let mut trial: Vec<f64> = z.iter().zip(&step).map(|(a, b)| a + b).collect();
        problem.clamp(&mut trial);
        let after = problem.value_gradient_curvature(
            objective,
            &trial,
            &mut next_gradient,
            &mut next_curvature,
        );
        if after < value {
            n_small = if value - after < small_gain * value { n_small + 1 } else { 0 };
            (*z, value) = (trial, after);
            std::mem::swap(&mut gradient, &mut next_gradient);
            std::mem::swap(&mut curvature, &mut next_curvature);
            damping = (damping / 10.0).max(1e-12);
        } else {
            damping *= 8.0;
        }
        if n_small == 2 || damping > 1e8 {
            break;
        }
    }
    value
}

/// BFGS on the free parameters, from a curvature.
fn bfgs(problem: &Problem, z: Vec<f64>, curvature: Vec<f64>, fixed: Option<usize>) -> Descent {
    let p = z.len();
    let mut here = problem.at(z);
    let mut active = free(problem, &here.z, &here.gradient, fixed);
    let mut inverse = inverted(&curvature, &active);
    let (mut n_still, mut fresh) = (0, true);
    for _ in 0..MOST_BFGS_STEPS {
        let now_free = free(problem, &here.z, &here.gradient, fixed);
        if now_free != active {
            active = now_free;
            inverse = inverted(&curvature_at(problem, &here.z), &active);
            fresh = true;
        }
        let direction = downhill(&inverse, &here.gradient, &active);
        let slope: f64 = direction.iter().zip(&here.gradient).map(|(d, g)| d * g).sum();
        let still = -slope <= NO_GAIN * here.value;
        let next = if still { None } else { line_search(problem, &here, &direction, slope) };
        let Some(next) = next else {
            // Once more from a fresh curvature, lest a worn-out one feigned the end.
            n_still += 1;
            if fresh || n_still > 3 {
                break;
            }
            inverse = inverted(&curvature_at(problem, &here.z), &active);
            fresh = true;
            continue;
        };
        update(&mut inverse, &here, &next, &active);
        fresh = false;
        here = next;
    }
    let curvature = curvature_at(problem, &here.z);
    debug_assert_eq!(curvature.len(), p * p);
    Descent { z: here.z, value: here.value, curvature }
}

fn curvature_at(problem: &Problem, z: &[f64]) -> Vec<f64> {
    let (mut gradient, mut curvature) = (vec![0.0; z.len()], vec![0.0; z.len() * z.len()]);
    problem.value_gradient_curvature(problem.objective, z, &mut gradient, &mut curvature);
    curvature
}

/// A point along `direction` with enough gain (Armijo), farther while the slope stays steep.
fn line_search(problem: &Problem, here: &Point, direction: &[f64], slope: f64) -> Option<Point> {
    let point_at = |t: f64| {
        let mut z: Vec<f64> = here.z.iter().zip(direction).map(|(z, d)| z + t * d).collect();
        problem.clamp(&mut z);
        problem.at(z)
    };
    let enough = |point: &Point, t: f64| point.value <= here.value + 1e-4 * t * slope;
    let steep = |point: &Point| {
        let now: f64 = direction.iter().zip(&point.gradient).map(|(d, g)| d * g).sum();
        now < 0.9 * slope
    };
    let mut t = 1.0;
    let mut best = point_at(t);
    if enough(&best, t) {
        while steep(&best) && t < 1e3 {
            t *= 2.0;
            let farther = point_at(t);
            if !(enough(&farther, t) && farther.value < best.value) {
                break;
            }
            best = farther;
        }
        return Some(best);
    }
    for _ in 0..40 {
        // The lowest point of the parabola through value, slope and the trial, kept sane.
        let parabola = -slope * t * t / (2.0 * (best.value - here.value - slope * t));
        t = if parabola.is_finite() { parabola.clamp(0.1 * t, 0.5 * t) } else { 0.1 * t };
        best = point_at(t);
        if enough(&best, t) && best.value < here.value {
            return Some(best);
        }
    }
    None
}

/// Which parameters may move: not the fixed one, nor one that its bound holds.
fn free(problem: &Problem, z: &[f64], gradient: &[f64], fixed: Option<usize>) -> Vec<bool> {
    let held = |i: usize| {
        (z[i] <= problem.low[i] && gradient[i] >= 0.0)
            || (z[i] >= problem.high[i] && gradient[i] <= 0.0)
    };
    (0..z.len()).map(|i| Some(i) != fixed && !held(i)).collect()
}

fn downhill(inverse: &[f64], gradient: &[f64], free: &[bool]) -> Vec<f64> {
    let p = gradient.len();
    let row = |i: usize| -> f64 {
        (0..p).filter(|j| free[*j]).map(|j| -inverse[i * p + j] * gradient[j]).sum()
    };
    (0..p).map(|i| if free[i] { row(i) } else { 0.0 }).collect()
}

/// The BFGS update of the inverse curvature (Nocedal and Wright 2006, eq. 6.17):
/// `H ← (I − ρ·s·yᵀ)·H·(I − ρ·y·sᵀ) + ρ·s·sᵀ`, ρ = 1/yᵀs. Skipped where yᵀs is not above zero.
fn update(inverse: &mut [f64], before: &Point, after: &Point, free: &[bool]) {
    let p = free.len();
    let mask = |i: usize, v: f64| if free[i] { v } else { 0.0 };
    let s: Vec<f64> = (0..p).map(|i| mask(i, after.z[i] - before.z[i])).collect();
    let y: Vec<f64> = (0..p).map(|i| mask(i, after.gradient[i] - before.gradient[i])).collect();
    let ys: f64 = y.iter().zip(&s).map(|(a, b)| a * b).sum();
    let size = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    if ys <= 1e-12 * size(&s) * size(&y) {
        return;
    }
    let hy: Vec<f64> = (0..p).map(|i| (0..p).map(|j| inverse[i * p + j] * y[j]).sum()).collect();
    let yhy: f64 = y.iter().zip(&hy).map(|(a, b)| a * b).sum();
    for i in 0..p {
        for j in 0..p {
            inverse[i * p + j] +=
                (1.0 + yhy / ys) * s[i] * s[j] / ys - (hy[i] * s[j] + s[i] * hy[j]) / ys;
        }
    }
}

/// `−(K + damping·diag K)⁻¹·g` over the free parameters; K is given by its lower triangle.
fn solve_damped(
    curvature: &[f64],
    gradient: &[f64],
    free: &[bool],
    damping: f64,
) -> Option<Vec<f64>> {
    let p = gradient.len();
    let index: Vec<usize> = (0..p).filter(|i| free[*i]).collect();
    let factor = cholesky(curvature, &index, p, damping)?;
    let n = index.len();
    let mut s: Vec<f64> = index.iter().map(|i| -gradient[*i]).collect();
    for i in 0..n {
        let known: f64 = (0..i).map(|j| factor[i * n + j] * s[j]).sum();
        s[i] = (s[i] - known) / factor[i * n + i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| factor[j * n + i] * s[j]).sum();
        s[i] = (s[i] - known) / factor[i * n + i];
    }
    let mut step = vec![0.0; p];
    for (value, i) in s.into_iter().zip(index) {
        step[i] = value;
    }
    Some(step)
}

/// K⁻¹ over the free parameters, lightly damped; the identity's scale where K is singular.
fn inverted(curvature: &[f64], free: &[bool]) -> Vec<f64> {
    let p = free.len();
    let mut inverse = vec![0.0; p * p];
    for i in (0..p).filter(|i| free[*i]) {
        let mut unit = vec![0.0; p];
        unit[i] = -1.0;
        let column = [1e-9, 1e-6, 1e-3, 1.0]
            .iter()
            .find_map(|damping| solve_damped(curvature, &unit, free, *damping));
        match column {
            Some(column) => (0..p).for_each(|j| inverse[j * p + i] = column[j]),
            None => inverse[i * p + i] = 1.0,
        }
    }
    inverse
}

/// The lower Cholesky factor of the free part of K + damping·diag K; none where it is not
/// positive definite.
fn cholesky(curvature: &[f64], index: &[usize], p: usize, damping: f64) -> Option<Vec<f64>> {
    let n = index.len();
    let largest = index.iter().map(|i| curvature[i * p + i]).fold(0.0, f64::max);
    let mut factor = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let mut value = curvature[index[i] * p + index[j]];
            if i == j {
                value += damping * value.max(1e-12 * largest);
            }
            value -= (0..j).map(|k| factor[i * n + k] * factor[j * n + k]).sum::<f64>();
            if i > j {
                factor[i * n + j] = value / factor[j * n + j];
            } else if value > 0.0 && value.is_finite() {
                factor[i * n + i] = value.sqrt();
            } else {
                return None;
            }
        }
    }
    Some(factor)
}
