//! Features as small whole numbers: trees look for splits between 255 bins, not between all rows.
//! Knows neither craters nor labels.

/// The code of a number that is absent.
pub(super) const ABSENT: u8 = 255;
/// Bins of numbers that are there.
const MOST: usize = 255;

/// Rows of features, row by row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Numbers in a row.
    pub n_features: usize,
    /// `n_rows` rows of `n_features` numbers; NaN where one is absent.
    pub values: Vec<f32>,
}

impl Table {
    /// An empty table of so many columns.
    pub fn new(n_features: usize) -> Self {
        Self { n_features, values: Vec::new() }
    }

    /// How many rows there are.
    pub fn n_rows(&self) -> usize {
        self.values.len().checked_div(self.n_features).unwrap_or(0)
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.n_features..(row + 1) * self.n_features]
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.n_features.max(1))
    }

    /// Adds a row.
    pub fn push(&mut self, row: &[f32]) {
        debug_assert_eq!(row.len(), self.n_features);
        self.values.extend_from_slice(row);
    }

    /// The table of these rows.
    pub fn only(&self, rows: &[usize]) -> Self {
        let values = rows.iter().flat_map(|row| self.row(*row)).copied().collect();
        Self { n_features: self.n_features, values }
    }
}

/// A table in bins, column by column.
pub(super) struct Binned {
    /// For each feature the code of each row; [`ABSENT`] where the number is.
    pub(super) codes: Vec<Vec<u8>>,
    /// For each feature the upper ends of its bins but the last: a value belongs to the first bin
    /// whose end it does not exceed.
    pub(super) ends: Vec<Vec<f32>>,
}

impl Binned {
    /// Puts a table into bins of about equally many rows.
    pub(super) fn of(table: &Table) -> Self {
        use rayon::prelude::*;
        let columns = (0..table.n_features).into_par_iter().map(|feature| {
            let column: Vec<f32> = table.rows().map(|row| row[feature]).collect();
            let ends = ends_of(&column);
            let codes = column.iter().map(|value| code(*value, &ends)).collect();
            (codes, ends)
        });
        let (codes, ends) = columns.collect::<Vec<(Vec<u8>, Vec<f32>)>>().into_iter().unzip();
        Self { codes, ends }
    }
}

fn code(value: f32, ends: &[f32]) -> u8 {
    if value.is_nan() { ABSENT } else { ends.partition_point(|end| *end < value) as u8 }
}

/// Ends half-way between neighbouring values: between all where they are few, else at quantiles.
fn ends_of(column: &[f32]) -> Vec<f32> {
    let mut sorted: Vec<f32> = column.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_by(f32::total_cmp);
    let n = sorted.len();
    let mut distinct = sorted.clone();
    distinct.dedup();
    let cuts: Vec<usize> = if distinct.len() <= MOST {
        (1..distinct.len()).collect()
    } else {
        let at = |cut: usize| distinct.partition_point(|value| *value < sorted[cut * n / MOST]);
        (1..MOST).map(at).filter(|at| *at > 0).collect()
    };
    let mut ends: Vec<f32> =
        cuts.iter().map(|at| middle(distinct[at - 1], distinct[*at])).collect();
    ends.dedup();
    ends
}

/// Half-way, yet below the upper value, so that the two stay apart.
fn middle(low: f32, high: f32) -> f32 {
    let middle = low / 2.0 + high / 2.0;
    if low <= middle && middle < high { middle } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_keep_a_bin_each_and_absent_ones_their_own() {
        let table = Table { n_features: 1, values: vec![3.0, 1.0, f32::NAN, 1.0, 2.0] };
        let binned = Binned::of(&table);
        assert_eq!(binned.ends[0], [1.5, 2.5]);
        assert_eq!(binned.codes[0], [2, 0, ABSENT, 0, 1]);
    }

    #[test]
    fn many_values_share_255_bins_evenly() {
        let table = Table { n_features: 1, values: (0..5100).map(|i| i as f32).collect() };
        let binned = Binned::of(&table);
        let mut counts = [0; 255];
        binned.codes[0].iter().for_each(|code| counts[*code as usize] += 1);
        assert!(counts.iter().all(|count| *count == 20), "{counts:?}");
    }
}
