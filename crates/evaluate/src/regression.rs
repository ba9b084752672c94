//! Errors of predicted numbers. Each is none where it is not defined, never a stand-in value.
//!
//! Definitions as in Hyndman and Koehler 2006, "Another look at measures of forecast accuracy"
//! (Int. J. Forecasting 22:679), with ŷ the predicted and y the observed value.

/// One predicted number and what was observed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// ŷ.
    pub predicted: f64,
    /// y.
    pub observed: f64,
}

impl From<(f64, f64)> for Pair {
    /// From `(predicted, observed)`.
    fn from((predicted, observed): (f64, f64)) -> Self {
        Self { predicted, observed }
    }
}

impl Pair {
    /// `ŷ − y`.
    pub fn error(&self) -> f64 {
        self.predicted - self.observed
    }

    /// `(ŷ − y)/y`.
    pub fn relative_error(&self) -> f64 {
        self.error() / self.observed
    }
}

/// Mean absolute error, `Σ|ŷ − y|/n`.
pub fn mae(pairs: &[Pair]) -> Option<f64> {
    mean(pairs, |pair| pair.error().abs())
}

/// Root of the mean squared error, `√(Σ(ŷ − y)²/n)`.
pub fn rmse(pairs: &[Pair]) -> Option<f64> {
    mean(pairs, |pair| pair.error().powi(2)).map(f64::sqrt)
}

/// Mean absolute error as a share of what was observed, `Σ|(ŷ − y)/y|/n`; 0.01 is 1 %.
pub fn mape(pairs: &[Pair]) -> Option<f64> {
    mean(pairs, |pair| pair.relative_error().abs())
}

/// Mean error, `Σ(ŷ − y)/n`: above zero where the predictions are too high.
pub fn bias(pairs: &[Pair]) -> Option<f64> {
    mean(pairs, Pair::error)
}

/// Mean error as a share of what was observed, `Σ((ŷ − y)/y)/n`; 0.01 is 1 % too high.
pub fn relative_bias(pairs: &[Pair]) -> Option<f64> {
    mean(pairs, Pair::relative_error)
}

/// The largest absolute error, `max|ŷ − y|`.
pub fn max_error(pairs: &[Pair]) -> Option<f64> {
    let errors: Vec<f64> = pairs.iter().map(|pair| pair.error().abs()).collect();
    let all_finite = errors.iter().all(|error| error.is_finite());
    errors.into_iter().max_by(f64::total_cmp).filter(|_| all_finite)
}

/// The coefficient of determination, `R² = 1 − Σ(ŷ − y)²/Σ(y − ȳ)²` (Kvålseth 1985, eq. 1): 1 is
/// perfect, 0 as good as always the mean. None where all observed values are the same.
pub fn r_squared(pairs: &[Pair]) -> Option<f64> {
    let middle = mean(pairs, |pair| pair.observed)?;
    let unexplained = mean(pairs, |pair| pair.error().powi(2))?;
    let total = mean(pairs, |pair| (pair.observed - middle).powi(2))?;
    (total > 0.0).then(|| 1.0 - unexplained / total)
}

fn mean(pairs: &[Pair], of: impl Fn(&Pair) -> f64) -> Option<f64> {
    let mean = pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
    mean.is_finite().then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs() -> [Pair; 4] {
        [(3.0, 2.0), (1.0, 2.0), (5.0, 4.0), (4.0, 4.0)].map(Pair::from)
    }

    #[test]
    fn every_metric_of_four_pairs_is_what_one_computes_by_hand() {
        let pairs = pairs();
        assert_eq!(mae(&pairs), Some(0.75));
        assert_eq!(rmse(&pairs), Some(0.75f64.sqrt()));
        assert_eq!(mape(&pairs), Some((0.5 + 0.5 + 0.25) / 4.0));
        assert_eq!(bias(&pairs), Some(0.25));
        assert_eq!(relative_bias(&pairs), Some(0.0625));
        assert_eq!(max_error(&pairs), Some(1.0));
        assert_eq!(r_squared(&pairs), Some(0.25));
    }

    #[test]
    fn no_pairs_have_no_error_rather_than_none_at_all() {
        for metric in [mae, rmse, mape, bias, relative_bias, max_error, r_squared] {
            assert_eq!(metric(&[]), None);
        }
    }

    #[test]
    fn a_prediction_that_is_not_a_number_has_no_error() {
        let pairs = [(f64::NAN, 1.0), (2.0, 3.0)].map(Pair::from);
        for metric in [mae, rmse, mape, bias, relative_bias, max_error, r_squared] {
            assert_eq!(metric(&pairs), None);
        }
    }

    #[test]
    fn an_observation_of_zero_has_no_relative_error() {
        assert_eq!(mape(&[Pair::from((1.0, 0.0))]), None);
        assert_eq!(mae(&[Pair::from((1.0, 0.0))]), Some(1.0));
    }

    #[test]
    fn observations_that_do_not_vary_have_no_r_squared() {
        assert_eq!(r_squared(&[(1.0, 2.0), (3.0, 2.0)].map(Pair::from)), None);
    }
}
