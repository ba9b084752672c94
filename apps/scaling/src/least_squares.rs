//! Small least-squares problems: a handful of coefficients, linear or nearly so.

use serde::Serialize;

/// `y = coefficient·x^exponent`, by least squares on the logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PowerLaw {
    /// The factor.
    pub coefficient: f64,
    /// The exponent.
    pub exponent: f64,
    /// R² of the logarithms.
    pub r2: f64,
}

impl PowerLaw {
    /// The value at `x`.
    pub fn at(&self, x: f64) -> f64 {
        self.coefficient * x.powf(self.exponent)
    }

    /// Fitted to pairs above zero; none where the x are not at least two different ones.
    pub(crate) fn fitted(x: &[f64], y: &[f64]) -> Option<Self> {
        let (x, y): (Vec<f64>, Vec<f64>) = x.iter().zip(y).map(|(x, y)| (x.ln(), y.ln())).unzip();
        let (mx, my) = (mean(&x), mean(&y));
        let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            x.iter().zip(&y).map(|(a, b)| f(a - mx, b - my)).sum()
        };
        let (xx, xy, yy) = (sum(&|a, _| a * a), sum(&|a, b| a * b), sum(&|_, b| b * b));
        let exponent = xy / xx;
        let left = sum(&|a, b| (b - exponent * a).powi(2));
        let law = Self {
            coefficient: (my - exponent * mx).exp(),
            exponent,
            r2: if yy > 0.0 { 1.0 - left / yy } else { 1.0 },
        };
        (xx > 0.0 && law.coefficient.is_finite() && law.exponent.is_finite()).then_some(law)
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Coefficients of a linear least-squares fit, with the inverse of XᵀWX for their errors.
#[derive(Debug, Clone)]
pub(crate) struct Linear<const P: usize> {
    pub coefficients: [f64; P],
    pub inverse: [[f64; P]; P],
    /// Σ w·r².
    pub squares: f64,
}

/// Minimises Σ w·(x·c − y)². None where the columns are not independent.
///
/// Columns are scaled to unit length before they are solved for, so that their units do not
/// matter.
pub(crate) fn linear<const P: usize>(
    rows: &[[f64; P]],
    y: &[f64],
    weights: Option<&[f64]>,
) -> Option<Linear<P>> {
    let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
    let mut normal = [[0.0; P]; P];
    let mut right = [0.0; P];
    for (i, (row, y)) in rows.iter().zip(y).enumerate() {
        for j in 0..P {
            right[j] += weight(i) * row[j] * y;
            for k in 0..P {
                normal[j][k] += weight(i) * row[j] * row[k];
            }
        }
    }
    let scale: [f64; P] = std::array::from_fn(|j| normal[j][j].sqrt());
    if scale.iter().any(|s| !(*s > 0.0 && s.is_finite())) {
        return None;
    }
    let scaled: [[f64; P]; P] =
        std::array::from_fn(|j| std::array::from_fn(|k| normal[j][k] / (scale[j] * scale[k])));
    let inverse = inverted(scaled)?;
    let inverse: [[f64; P]; P] =
        std::array::from_fn(|j| std::array::from_fn(|k| inverse[j][k] / (scale[j] * scale[k])));
    let coefficients: [f64; P] =
        std::array::from_fn(|j| (0..P).map(|k| inverse[j][k] * right[k]).sum());
    let residual =
        |row: &[f64; P], y: f64| row.iter().zip(&coefficients).map(|(x, c)| x * c).sum::<f64>() - y;
    let squares =
        rows.iter().zip(y).enumerate().map(|(i, (r, y))| weight(i) * residual(r, *y).powi(2)).sum();
    Some(Linear { coefficients, inverse, squares })
}

/// Gauss-Jordan with pivots.
fn inverted<const P: usize>(mut a: [[f64; P]; P]) -> Option<[[f64; P]; P]> {
    let mut inverse: [[f64; P]; P] =
        std::array::from_fn(|j| std::array::from_fn(|k| if j == k { 1.0 } else { 0.0 }));
    for column in 0..P {
        let pivot =
            (column..P).max_by(|i, j| a[*i][column].abs().total_cmp(&a[*j][column].abs()))?;
        let size = a[pivot][column].abs();
        if size.is_nan() || size <= 1e-13 {
            return None;
        }
        a.swap(column, pivot);
        inverse.swap(column, pivot);
        let by = a[column][column];
        for k in 0..P {
            a[column][k] /= by;
            inverse[column][k] /= by;
        }
        for row in (0..P).filter(|row| *row != column) {
            let by = a[row][column];
            for k in 0..P {
                a[row][k] -= by * a[column][k];
                inverse[row][k] -= by * inverse[column][k];
            }
        }
    }
    Some(inverse)
}

/// Where a search for the least Σ r² ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Minimum<const P: usize> {
    pub at: [f64; P],
    /// Σ r².
    pub squares: f64,
}

/// Levenberg-Marquardt (Marquardt 1963) within a box. `residuals(θ, each)` gives every residual
/// with its gradient to `each`, or says that θ is not allowed.
pub(crate) fn least_squares<const P: usize>(
    start: [f64; P],
    bounds: &[(f64, f64); P],
    n_most: usize,
    residuals: impl Fn(&[f64; P], &mut dyn FnMut(f64, &[f64; P])) -> bool,
) -> Minimum<P> {
    let clamp =
        |z: [f64; P]| -> [f64; P] { std::array::from_fn(|i| z[i].clamp(bounds[i].0, bounds[i].1)) };
    let look = |z: &[f64; P]| {
        let (mut squares, mut gradient, mut curvature) = (0.0, [0.0; P], [[0.0; P]; P]);
        let allowed = residuals(z, &mut |r, g| {
            squares += r * r;
            for j in 0..P {
                gradient[j] += r * g[j];
                for k in 0..P {
                    curvature[j][k] += g[j] * g[k];
                }
            }
        });
        let squares = if allowed && f64::is_finite(squares) { squares } else { f64::INFINITY };
        (squares, gradient, curvature)
    };
    let mut at = clamp(start);
    let (mut squares, mut gradient, mut curvature) = look(&at);
    let mut damping = 1e-3;
    for _ in 0..n_most {
        // A parameter that its bound holds is out of this step.
        let held: [bool; P] = std::array::from_fn(|i| {
            (at[i] <= bounds[i].0 && gradient[i] > 0.0)
                || (at[i] >= bounds[i].1 && gradient[i] < 0.0)
        });
        let Some(step) = damped_step(&curvature, &gradient, &held, damping) else { break };
        let trial = clamp(std::array::from_fn(|i| at[i] + step[i]));
        let (after, g, c) = look(&trial);
        if after < squares {
            let gain = (squares - after) / squares;
            (at, squares, gradient, curvature) = (trial, after, g, c);
            damping = (damping / 4.0_f64).max(1e-12);
            if gain < 1e-10 {
                break;
            }
        } else {
            damping *= 6.0;
            if damping > 1e12 {
                break;
            }
        }
    }
    Minimum { at, squares }
}

fn damped_step<const P: usize>(
    curvature: &[[f64; P]; P],
    gradient: &[f64; P],
    held: &[bool; P],
    damping: f64,
) -> Option<[f64; P]> {
    let scale: [f64; P] = std::array::from_fn(|i| curvature[i][i].sqrt().max(1e-150));
    let damped: [[f64; P]; P] = std::array::from_fn(|i| {
        std::array::from_fn(|j| match (held[i] || held[j], i == j) {
            (true, same) => f64::from(u8::from(same)),
            (false, true) => 1.0 + damping,
            (false, false) => curvature[i][j] / (scale[i] * scale[j]),
        })
    });
    let inverse = inverted(damped)?;
    let scaled: [f64; P] =
        std::array::from_fn(|i| if held[i] { 0.0 } else { -gradient[i] / scale[i] });
    let step: [f64; P] =
        std::array::from_fn(|i| (0..P).map(|j| inverse[i][j] * scaled[j]).sum::<f64>() / scale[i]);
    step.iter().all(|s| s.is_finite()).then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_law_is_found_from_two_points_on_it() {
        let law = PowerLaw::fitted(&[2.0, 50.0], &[3.0 * 2f64.powf(0.7), 3.0 * 50f64.powf(0.7)]);
        let law = law.unwrap();
        assert!((law.coefficient - 3.0).abs() < 1e-12 && (law.exponent - 0.7).abs() < 1e-12);
        assert!((law.r2 - 1.0).abs() < 1e-12);
        assert_eq!(PowerLaw::fitted(&[2.0, 2.0], &[3.0, 4.0]), None);
    }

    #[test]
    fn columns_of_any_unit_are_solved_for() {
        let rows: Vec<[f64; 3]> =
            (1..6).map(|i| [1.0, 1e12 * f64::from(i), 1e-9 * f64::from(i * i)]).collect();
        let y: Vec<f64> = rows.iter().map(|r| 2.0 + 3e-12 * r[1] - 4e9 * r[2]).collect();
        let fit = linear(&rows, &y, None).unwrap();
        let expected = [2.0, 3e-12, -4e9];
        for (found, expected) in fit.coefficients.iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-9);
        }
        assert!(fit.squares < 1e-18);
    }

    #[test]
    fn dependent_columns_are_not_solved_for() {
        let rows = [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]];
        assert!(linear(&rows, &[1.0, 2.0, 3.0], None).is_none());
    }

    #[test]
    fn a_curve_is_found_from_afar_and_a_bound_is_kept() {
        let x: Vec<f64> = (1..20).map(f64::from).collect();
        let residuals = |theta: &[f64; 2], each: &mut dyn FnMut(f64, &[f64; 2])| {
            for x in &x {
                let decay = (-theta[1] * x).exp();
                each(theta[0] * decay - 5.0 * (-0.3 * x).exp(), &[decay, -theta[0] * x * decay]);
            }
            true
        };
        let free = least_squares([1.0, 1.0], &[(0.0, 100.0), (0.0, 10.0)], 100, residuals);
        assert!((free.at[0] - 5.0).abs() < 1e-6 && (free.at[1] - 0.3).abs() < 1e-6, "{free:?}");
        let bound = least_squares([1.0, 1.0], &[(0.0, 4.0), (0.0, 10.0)], 100, residuals);
        assert_eq!(bound.at[0], 4.0);
    }
}
