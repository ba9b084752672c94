//! Places to search from, sized to the data. A law's `start` draws exponents from a point of
//! the unit cube and asks here how large a coefficient must be for its term to matter.

/// How large the inputs and the losses of some rows are.
pub(super) struct Sizes {
    /// The geometric mean of each input.
    pub(super) x: Vec<f64>,
    /// The smallest of each input.
    pub(super) smallest: Vec<f64>,
    /// The largest of each input.
    pub(super) largest: Vec<f64>,
    /// The median loss.
    pub(super) loss: f64,
    /// The lowest loss.
    pub(super) lowest: f64,
}

impl Sizes {
    pub(super) fn of(rows: &[Vec<f64>], loss: &[f64]) -> Self {
        let inputs = 0..rows.first().map_or(0, Vec::len);
        let column = |i: usize| rows.iter().map(move |x| x[i]);
        let mean_ln = |i: usize| column(i).map(f64::ln).sum::<f64>() / rows.len() as f64;
        let mut sorted = loss.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self {
            x: inputs.clone().map(|i| mean_ln(i).exp()).collect(),
            smallest: inputs.clone().map(|i| column(i).fold(f64::INFINITY, f64::min)).collect(),
            largest: inputs.map(|i| column(i).fold(0.0, f64::max)).collect(),
            loss: sorted.get(sorted.len() / 2).copied().unwrap_or(1.0),
            lowest: sorted.first().copied().unwrap_or(1.0),
        }
    }

    /// A such that A / xᵢ^exponent is `share` of the median loss at the typical xᵢ.
    pub(super) fn coefficient(&self, i: usize, exponent: f64, share: f64) -> f64 {
        share * self.loss * self.x[i].powf(exponent)
    }

    /// x_c such that (x_c / xᵢ)^exponent is `share` of the median loss at the typical xᵢ.
    pub(super) fn scale(&self, i: usize, exponent: f64, share: f64) -> f64 {
        self.x[i] * (share * self.loss).powf(1.0 / exponent)
    }
}

/// The point `u` of the way from `low` to `high`.
pub(super) fn between(low: f64, high: f64, u: f64) -> f64 {
    low + u * (high - low)
}

/// The point `u` of the way from `low` to `high`, by their logarithms.
pub(super) fn between_log(low: f64, high: f64, u: f64) -> f64 {
    low * (high / low).powf(u)
}
