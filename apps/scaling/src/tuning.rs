//! How the best learning rate and batch grow with size and data, where a log tried several of them
//! at each: the form of Step Law (Li et al. 2025, arXiv 2503.04715, eq. 1), fitted to the runs.

use std::collections::BTreeMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Serialize;

use crate::Error;
use crate::data::TrainingRun;
use crate::least_squares::linear;
use crate::predict::Estimate;
use crate::units::CountKind;

/// `η* = c·N^p·D^q`, and `B* = k·D^r` where the batch was swept too, each with its interval by bootstrap over the cells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tuning {
    /// Which parameters N counts.
    pub count: CountKind,
    /// Sizes and lengths at which several learning rates were tried.
    pub n_cells: usize,
    /// In how many of them the best rate is the smallest or largest tried: there the true best may
    /// lie beyond.
    pub n_at_edge: usize,
    /// ln c.
    pub ln_rate: Estimate,
    /// p.
    pub rate_by_size: Estimate,
    /// q.
    pub rate_by_data: Estimate,
    /// B*; none where too few batches were tried to call one the best.
    pub batch: Option<BatchGrowth>,
}

/// `B* = k·D^r`, from the sizes and lengths at which several batches were tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BatchGrowth {
    /// How many there are.
    pub n_cells: usize,
    /// In how many of them the best batch is the smallest or largest tried.
    pub n_at_edge: usize,
    /// ln k.
    pub ln_batch: Estimate,
    /// r.
    pub by_data: Estimate,
}

impl BatchGrowth {
    /// B* for that ln D, in tokens.
    pub fn tokens(&self, ln_d: f64) -> f64 {
        (self.ln_batch.value + self.by_data.value * ln_d).exp()
    }
}

/// One size and length with the best of what was tried there.
struct Cell {
    ln_n: f64,
    ln_d: f64,
    ln_rate: f64,
    at_edge: bool,
    /// ln B of the best and whether it is at the edge; none where too few batches were tried.
    batch: Option<(f64, bool)>,
}

/// Learning rates tried in a cell below which it tells nothing.
const FEWEST_RATES: usize = 4;
/// Batches tried in a cell below which none is the best.
const FEWEST_BATCHES: usize = 3;
const FEWEST_CELLS: usize = 5;
const N_DRAWS: usize = 2000;

/// Fits the growth of the best learning rate and batch, N counted as `count` says.
///
/// # Errors
/// Refused where fewer than five sizes and lengths have four learning rates each, or they do not
/// vary in both.
pub fn tuning(runs: &[TrainingRun], count: CountKind, seed: u64) -> Result<Tuning, Error> {
    let cells = cells(runs, count);
    if cells.len() < FEWEST_CELLS {
        return Err(Error::refused(
            format!("{} sizes and lengths have {FEWEST_RATES} learning rates or more", cells.len()),
            "sweep the learning rate and the batch at five sizes and lengths or more",
        ));
    }
    let all: Vec<&Cell> = cells.iter().collect();
    let Some(estimates) = with_intervals(&all, rate_line, seed) else {
        return Err(Error::refused(
            "size and data of the swept runs vary together",
            "sweep at sizes and lengths that differ in both",
        ));
    };
    let [ln_rate, rate_by_size, rate_by_data] = estimates;
    Ok(Tuning {
        count,
        n_cells: cells.len(),
        n_at_edge: cells.iter().filter(|c| c.at_edge).count(),
        ln_rate,
        rate_by_size,
        rate_by_data,
        batch: batch_growth(&cells, seed),
    })
}

/// None where fewer than five cells have three batches each, or all are of one length.
fn batch_growth(cells: &[Cell], seed: u64) -> Option<BatchGrowth> {
    let swept: Vec<&Cell> = cells.iter().filter(|c| c.batch.is_some()).collect();
    if swept.len() < FEWEST_CELLS {
        return None;
    }
    let [ln_batch, by_data] = with_intervals(&swept, batch_line, seed)?;
    let n_at_edge = swept.iter().filter(|c| c.batch.is_some_and(|b| b.1)).count();
    Some(BatchGrowth { n_cells: swept.len(), n_at_edge, ln_batch, by_data })
}

/// The coefficients of a line through cells, each with its interval by bootstrap over the cells.
fn with_intervals<const K: usize>(
    cells: &[&Cell],
    line: fn(&[&Cell]) -> Option<[f64; K]>,
    seed: u64,
) -> Option<[Estimate; K]> {
    let best = line(cells)?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let draws: Vec<[f64; K]> = (0..N_DRAWS)
        .filter_map(|_| {
            let drawn: Vec<&Cell> =
                (0..cells.len()).map(|_| cells[random.random_range(0..cells.len())]).collect();
            line(&drawn)
        })
        .collect();
    Some(std::array::from_fn(|i| {
        let column = draws.iter().map(|d| d[i]).collect();
        Estimate::with_draws(best[i], column, "least squares on the best of each size and length")
    }))
}

fn cells(runs: &[TrainingRun], count: CountKind) -> Vec<Cell> {
    let mut tried: BTreeMap<(i64, i64), Vec<[f64; 5]>> = BTreeMap::new();
    for run in runs.iter().filter(|r| r.flags.is_empty()) {
        let n = match count {
            CountKind::Body => run.parameters.body.map(|n| n.0),
            CountKind::Total => run.parameters.total.map(|n| n.0),
            CountKind::Unstated => run.parameters.unstated.map(|n| n.0),
        };
        let (Some(n), Some(d), Some(rate), Some(batch), Some(loss)) =
            (n, run.tokens, run.learning_rate, run.batch, run.loss)
        else {
            continue;
        };
        let (ln_n, ln_d) = (n.ln(), d.0.ln());
        let key = ((ln_n * 1e3).round() as i64, (ln_d * 1e3).round() as i64);
        tried.entry(key).or_default().push([ln_n, ln_d, rate.ln(), batch.0.ln(), loss.0]);
    }
    tried.values().filter_map(|tried| best_of(tried)).collect()
}

/// The best of one cell; none where too little was tried.
fn best_of(tried: &[[f64; 5]]) -> Option<Cell> {
    let best = tried.iter().min_by(|a, b| a[4].total_cmp(&b[4]))?;
    let &[ln_n, ln_d, ln_rate, ln_batch, _] = best;
    let (rates, batches) = (different(tried, 2), different(tried, 3));
    let batch = (batches.len() >= FEWEST_BATCHES).then(|| (ln_batch, is_end(&batches, ln_batch)));
    let at_edge = is_end(&rates, ln_rate);
    (rates.len() >= FEWEST_RATES).then_some(Cell { ln_n, ln_d, ln_rate, at_edge, batch })
}

/// The different values of a column, ascending.
fn different(tried: &[[f64; 5]], column: usize) -> Vec<f64> {
    let mut values: Vec<f64> = tried.iter().map(|t| t[column]).collect();
    values.sort_by(f64::total_cmp);
    values.dedup_by(|a, b| (*a - *b).abs() < 1e-3);
    values
}

fn is_end(ascending: &[f64], value: f64) -> bool {
    let is = |end: Option<&f64>| end.is_some_and(|end| (end - value).abs() < 1e-3);
    is(ascending.first()) || is(ascending.last())
}

/// ln c, p and q.
fn rate_line(cells: &[&Cell]) -> Option<[f64; 3]> {
    let x: Vec<[f64; 3]> = cells.iter().map(|c| [1.0, c.ln_n, c.ln_d]).collect();
    let y: Vec<f64> = cells.iter().map(|c| c.ln_rate).collect();
    Some(linear(&x, &y, None)?.coefficients)
}

/// ln k and r, of cells with a best batch.
fn batch_line(cells: &[&Cell]) -> Option<[f64; 2]> {
    let rows = cells.iter().filter_map(|c| Some(([1.0, c.ln_d], c.batch?.0)));
    let (x, y): (Vec<[f64; 2]>, Vec<f64>) = rows.unzip();
    Some(linear(&x, &y, None)?.coefficients)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Options, import};
    use crate::units::Parameters;
    use record::Silent;
    use std::io::Write as _;

    /// Runs at sizes and lengths of a grid, their loss lowest at the rates of `η = 2·N^−0.7·D^0.3`
    /// and the batches of `B = 0.5·D^0.6`, with so many batches to either side tried.
    fn swept(n_sizes: i32, n_beside: i32) -> Vec<TrainingRun> {
        let mut table = "N,D,lr,batch_tokens,loss\n".to_owned();
        for (n, d) in (0..n_sizes).flat_map(|i| [(i, 0), (i, 1), (i, 3)]) {
            let (n, d) = (1e7 * 2f64.powi(n), 1e9 * 2f64.powi(d));
            let (rate, batch) = (2.0 * n.powf(-0.7) * d.powf(0.3), 0.5 * d.powf(0.6));
            for (r, b) in (-2..=2).flat_map(|r| (-n_beside..=n_beside).map(move |b| (r, b))) {
                let loss = 2.0 + 0.01 * f64::from(r * r + b * b);
                let (rate, batch) = (rate * 2f64.powi(r), batch * 2f64.powi(b));
                table += &format!("{n},{d},{rate},{batch},{loss}\n");
            }
        }
        let mut file = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
        file.write_all(table.as_bytes()).unwrap();
        import(&[file.path().to_owned()], &Options::default(), &mut Silent).unwrap().runs
    }

    #[test]
    fn a_sweep_gives_back_the_rule_it_was_made_by() {
        let found = tuning(&swept(4, 1), CountKind::Unstated, 0).unwrap();
        assert_eq!((found.n_cells, found.n_at_edge), (12, 0));
        assert!((found.rate_by_size.value + 0.7).abs() < 1e-6);
        assert!((found.rate_by_data.value - 0.3).abs() < 1e-6);
        assert!((found.ln_rate.value - 2f64.ln()).abs() < 1e-4);
        let batch = found.batch.unwrap();
        assert_eq!((batch.n_cells, batch.n_at_edge), (12, 0));
        assert!((batch.by_data.value - 0.6).abs() < 1e-6);
    }

    #[test]
    fn of_batches_that_were_not_swept_none_is_called_the_best() {
        let found = tuning(&swept(4, 0), CountKind::Unstated, 0).unwrap();
        assert_eq!(found.batch, None);
        assert!((found.rate_by_size.value + 0.7).abs() < 1e-6);
    }

    #[test]
    fn the_rule_takes_n_in_the_count_that_was_asked_for() {
        let mut runs = swept(4, 1);
        for run in &mut runs {
            let n = run.parameters.unstated.unwrap();
            run.parameters.total = Some(n);
            run.parameters.body = Some(Parameters(0.5 * n.0));
        }
        let of = |count| tuning(&runs, count, 0).unwrap();
        let (body, total) = (of(CountKind::Body), of(CountKind::Total));
        assert_eq!((body.count, total.count), (CountKind::Body, CountKind::Total));
        // The same rates at half the N: c·2^p.
        let apart = body.ln_rate.value - total.ln_rate.value;
        assert!((apart + 0.7 * 2f64.ln()).abs() < 1e-6, "{apart}");
    }

    #[test]
    fn a_sweep_at_three_sizes_and_lengths_is_refused() {
        let refusal = tuning(&swept(1, 1), CountKind::Unstated, 0).unwrap_err().to_string();
        assert!(refusal.contains("3 sizes and lengths"), "{refusal}");
    }
}
