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

/// `η* = c·N^p·D^q` and `B* = k·D^r`, each with its interval by bootstrap over the cells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tuning {
    /// Sizes and lengths at which several learning rates and batches were tried.
    pub n_cells: usize,
    /// In how many of them the best one is the smallest or largest tried: there the true best may
    /// lie beyond.
    pub n_at_edge: usize,
    /// ln c.
    pub ln_rate: Estimate,
    /// p.
    pub rate_by_size: Estimate,
    /// q.
    pub rate_by_data: Estimate,
    /// ln k.
    pub ln_batch: Estimate,
    /// r.
    pub batch_by_data: Estimate,
}

/// One size and length with the best of what was tried there.
struct Cell {
    ln_n: f64,
    ln_d: f64,
    ln_rate: f64,
    ln_batch: f64,
    at_edge: bool,
}

/// Learning rates tried in a cell below which it tells nothing.
const FEWEST_RATES: usize = 4;
const FEWEST_CELLS: usize = 5;
const N_DRAWS: usize = 2000;

/// Fits the growth of the best learning rate and batch.
///
/// # Errors
/// Refused where fewer than five sizes and lengths have four learning rates each, or they do not
/// vary in both.
pub fn tuning(runs: &[TrainingRun], seed: u64) -> Result<Tuning, Error> {
    let cells = cells(runs);
    if cells.len() < FEWEST_CELLS {
        return Err(Error::refused(
            format!("{} sizes and lengths have {FEWEST_RATES} learning rates or more", cells.len()),
            "sweep the learning rate and the batch at five sizes and lengths or more",
        ));
    }
    let all: Vec<&Cell> = cells.iter().collect();
    let Some(best) = lines(&all) else {
        return Err(Error::refused(
            "size and data of the swept runs vary together",
            "sweep at sizes and lengths that differ in both",
        ));
    };
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let draws: Vec<[f64; 5]> = (0..N_DRAWS)
        .filter_map(|_| {
            let drawn: Vec<&Cell> =
                (0..all.len()).map(|_| all[random.random_range(0..all.len())]).collect();
            lines(&drawn)
        })
        .collect();
    let estimate = |i: usize| {
        let column = draws.iter().map(|d| d[i]).collect();
        Estimate::with_draws(best[i], column, "least squares on the best of each size and length")
    };
    Ok(Tuning {
        n_cells: cells.len(),
        n_at_edge: cells.iter().filter(|c| c.at_edge).count(),
        ln_rate: estimate(0),
        rate_by_size: estimate(1),
        rate_by_data: estimate(2),
        ln_batch: estimate(3),
        batch_by_data: estimate(4),
    })
}

fn cells(runs: &[TrainingRun]) -> Vec<Cell> {
    let mut tried: BTreeMap<(i64, i64), Vec<[f64; 5]>> = BTreeMap::new();
    for run in runs.iter().filter(|r| r.flags.is_empty()) {
        let count = run.parameters;
        let n = count.body.or(count.unstated).or(count.total);
        let (Some(n), Some(d), Some(rate), Some(batch), Some(loss)) =
            (n, run.tokens, run.learning_rate, run.batch, run.loss)
        else {
            continue;
        };
        let (ln_n, ln_d) = (n.0.ln(), d.0.ln());
        let key = ((ln_n * 1e3).round() as i64, (ln_d * 1e3).round() as i64);
        tried.entry(key).or_default().push([ln_n, ln_d, rate.ln(), batch.0.ln(), loss.0]);
    }
    tried.values().filter_map(|tried| best_of(tried)).collect()
}

/// The best of one cell; none where too little was tried.
fn best_of(tried: &[[f64; 5]]) -> Option<Cell> {
    let mut rates: Vec<f64> = tried.iter().map(|t| t[2]).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup_by(|a, b| (*a - *b).abs() < 1e-3);
    let best = tried.iter().min_by(|a, b| a[4].total_cmp(&b[4]))?;
    let &[ln_n, ln_d, ln_rate, ln_batch, _] = best;
    let is_end = |end: Option<&f64>| end.is_some_and(|end| (end - ln_rate).abs() < 1e-3);
    let at_edge = is_end(rates.first()) || is_end(rates.last());
    (rates.len() >= FEWEST_RATES).then_some(Cell { ln_n, ln_d, ln_rate, ln_batch, at_edge })
}

/// ln c, p, q, ln k and r.
fn lines(cells: &[&Cell]) -> Option<[f64; 5]> {
    let column = |f: fn(&Cell) -> f64| cells.iter().map(|c| f(c)).collect::<Vec<f64>>();
    let by_both: Vec<[f64; 3]> = cells.iter().map(|c| [1.0, c.ln_n, c.ln_d]).collect();
    let by_data: Vec<[f64; 2]> = cells.iter().map(|c| [1.0, c.ln_d]).collect();
    let [c, p, q] = linear(&by_both, &column(|c| c.ln_rate), None)?.coefficients;
    let [k, r] = linear(&by_data, &column(|c| c.ln_batch), None)?.coefficients;
    Some([c, p, q, k, r])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Options, import};
    use record::Silent;
    use std::io::Write as _;

    /// Runs at sizes and lengths of a grid, their loss lowest at the rates of `η = 2·N^−0.7·D^0.3`
    /// and the batches of `B = 0.5·D^0.6`.
    fn swept(n_sizes: i32) -> Vec<TrainingRun> {
        let mut table = "N,D,lr,batch_tokens,loss\n".to_owned();
        for (n, d) in (0..n_sizes).flat_map(|i| [(i, 0), (i, 1), (i, 3)]) {
            let (n, d) = (1e7 * 2f64.powi(n), 1e9 * 2f64.powi(d));
            let (rate, batch) = (2.0 * n.powf(-0.7) * d.powf(0.3), 0.5 * d.powf(0.6));
            for (r, b) in (-2..=2).flat_map(|r| (-1..=1).map(move |b| (r, b))) {
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
        let found = tuning(&swept(4), 0).unwrap();
        assert_eq!((found.n_cells, found.n_at_edge), (12, 0));
        assert!((found.rate_by_size.value + 0.7).abs() < 1e-6);
        assert!((found.rate_by_data.value - 0.3).abs() < 1e-6);
        assert!((found.ln_rate.value - 2f64.ln()).abs() < 1e-4);
        assert!((found.batch_by_data.value - 0.6).abs() < 1e-6);
    }

    #[test]
    fn a_sweep_at_three_sizes_and_lengths_is_refused() {
        let refusal = tuning(&swept(1), 0).unwrap_err().to_string();
        assert!(refusal.contains("3 sizes and lengths"), "{refusal}");
    }
}
