//! From runs to a law with its uncertainty.
//!
//! [`observe`] turns runs into rows of a law's inputs, [`fit`] searches from many starts
//! (`descend`) and again for every bootstrap draw, [`profile_interval`] is a second opinion on one
//! parameter that draws nothing.

use std::collections::BTreeMap;

use ::evaluate::bootstrap::of_draws;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;
use record::{Interval, Journal};
use serde::Serialize;

use crate::Error;
use crate::model::{Law, Quantity};
use crate::units::{CountKind, Flop};

mod descend;
mod observe;
mod profile;

use descend::{Descent, Problem, descend, descend_by_squares, descend_from};
pub use observe::observe;
pub use profile::profile_interval;

/// What a law is fitted to: rows of inputs in the law's order, and the loss seen there.
#[derive(Debug, Clone, PartialEq)]
pub struct Observations {
    /// What each column of `x` is.
    pub inputs: &'static [Quantity],
    /// One row an observation.
    pub x: Vec<Vec<f64>>,
    /// The observed loss in nats per token.
    pub loss: Vec<f64>,
    /// The run each row belongs to: rows of one run are drawn together by the bootstrap.
    pub run: Vec<usize>,
    /// The run's name, one a row.
    pub id: Vec<String>,
    /// C of each row: as logged, else 6ND; none where neither is known.
    pub compute: Vec<Option<Flop>>,
    /// Which parameters N counts; none where the law takes no N.
    pub count: Option<CountKind>,
    /// Which runs were left out, and why, in words.
    pub notes: Vec<String>,
}

impl Observations {
    /// The rows at `keep`, in that order.
    pub fn rows(&self, keep: &[usize]) -> Self {
        Self {
            inputs: self.inputs,
            x: keep.iter().map(|i| self.x[*i].clone()).collect(),
            loss: keep.iter().map(|i| self.loss[*i]).collect(),
            run: keep.iter().map(|i| self.run[*i]).collect(),
            id: keep.iter().map(|i| self.id[*i].clone()).collect(),
            compute: keep.iter().map(|i| self.compute[*i]).collect(),
            count: self.count,
            notes: self.notes.clone(),
        }
    }
}

/// What is minimised, over r = ln L̂ − ln L.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Objective {
    /// Σ huber_δ(r): r²/2 within δ, δ(|r| − δ/2) beyond (Hoffmann et al. 2022, eq. 3).
    Huber {
        /// Where the square turns into a line.
        delta: f64,
    },
    /// Σ r²/2.
    LeastSquares,
}

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recipe {
    /// What is minimised.
    pub objective: Objective,
    /// Starts spread over the law's plausible range, beside the published constants.
    pub n_starts: usize,
    /// Bootstrap draws, by run; 0 for none.
    pub n_bootstrap: usize,
    /// The seed of the bootstrap.
    pub seed: u64,
}

impl Default for Recipe {
    /// Hoffmann's objective with δ = 1e-3, 100 starts, 4,000 draws, seed 0.
    fn default() -> Self {
        let objective = Objective::Huber { delta: 1e-3 };
        Self { objective, n_starts: 100, n_bootstrap: 4000, seed: 0 }
    }
}

/// A fitted law.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The law.
    pub law: &'static Law,
    /// Its parameters at the optimum, in the law's order.
    pub theta: Vec<f64>,
    /// The objective there.
    pub objective: f64,
    /// How it was fitted.
    pub recipe: Recipe,
    /// What it was fitted to.
    pub observations: Observations,
    /// Starts tried, and how many of them ended at the optimum.
    pub n_starts: usize,
    /// See `n_starts`.
    pub n_reached: usize,
    /// The parameters refitted to each bootstrap draw.
    pub draws: Vec<Vec<f64>>,
}

/// Fits `law`: from many starts to the optimum, then again for every bootstrap draw. The same
/// observations and recipe give the same fit, whatever the number of threads.
///
/// # Errors
/// Refused where there are not more rows than parameters.
pub fn fit(
    law: &'static Law,
    observations: Observations,
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Fit, Error> {
    check_enough(law, &observations)?;
    let starts = starts(law, &observations, recipe.n_starts);
    fit_from(law, observations, &starts, recipe, journal)
}

/// The same from the starts given; `recipe.n_starts` is not looked at.
///
/// # Errors
/// As for [`fit`].
pub fn fit_from(
    law: &'static Law,
    observations: Observations,
    starts: &[Vec<f64>],
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Fit, Error> {
    check_enough(law, &observations)?;
    let problem = Problem::new(law, &observations, recipe.objective);
    let ends = descend_all(&problem, starts, journal);
    let value = |end: &Option<Descent>| end.as_ref().map_or(f64::INFINITY, |e| e.value);
    let best = ends.iter().min_by(|a, b| value(a).total_cmp(&value(b))).cloned().flatten();
    let Some(best) = best.filter(|b| b.value.is_finite()) else {
        return Err(Error::refused(
            format!("{} gives no loss above zero at any start", law.name),
            "check that losses, sizes and tokens are in plain units",
        ));
    };
    let n_reached = ends.iter().filter(|e| value(e) <= best.value * (1.0 + 1e-6) + 1e-15).count();
    let draws = bootstrap(law, &observations, &best, recipe, journal);
    Ok(Fit {
        law,
        theta: problem.theta(&best.z),
        objective: best.value,
        recipe: *recipe,
        n_starts: ends.len(),
        n_reached,
        draws,
        observations,
    })
}

/// The end of each start. The first starts go down the objective itself; the rest go down the
/// least squares, which is smooth and quick, and from each different end of that down the
/// objective, once.
fn descend_all(
    problem: &Problem,
    starts: &[Vec<f64>],
    journal: &mut dyn Journal,
) -> Vec<Option<Descent>> {
    let what = format!("{}: starts", problem.law.id);
    let (direct, spread) = starts.split_at(starts.len().min(N_DIRECT));
    let down = |z: Vec<f64>| Some(descend(problem, z, None));
    let mut ends: Vec<Option<Descent>> =
        direct.par_iter().map(|theta| down(problem.z(theta))).collect();
    let mut by_squares: Vec<(f64, Vec<f64>)> = Vec::with_capacity(spread.len());
    for chunk in spread.chunks(CHUNK) {
        let squares = |theta: &Vec<f64>| {
            let mut z = problem.z(theta);
            (descend_by_squares(problem, &mut z), z)
        };
        by_squares.par_extend(chunk.par_iter().map(squares));
        journal.progress(&what, (direct.len() + by_squares.len()) as u64, starts.len() as u64);
    }
    let (places, place_of) = distinct(&by_squares);
    let place_ends: Vec<_> = places.into_par_iter().map(down).collect();
    ends.extend(place_of.into_iter().map(|place| place_ends.get(place?).cloned().flatten()));
    journal.progress(&what, starts.len() as u64, starts.len() as u64);
    ends
}

/// How many starts go down the objective itself.
const N_DIRECT: usize = 32;

/// How many different ends of the least squares, the lowest, are followed further.
const MOST_PLACES: usize = 100;

/// The different places among `ends`, lowest first, and which of them each end is; none for ends
/// beyond [`MOST_PLACES`].
fn distinct(ends: &[(f64, Vec<f64>)]) -> (Vec<Vec<f64>>, Vec<Option<usize>>) {
    let mut order: Vec<usize> = (0..ends.len()).filter(|i| ends[*i].0.is_finite()).collect();
    order.sort_by(|i, j| ends[*i].0.total_cmp(&ends[*j].0));
    let is_same =
        |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3 * (1.0 + a.abs()));
    let mut places: Vec<Vec<f64>> = vec![];
    let mut place_of = vec![None; ends.len()];
    for i in order {
        let z = &ends[i].1;
        place_of[i] = places.iter().position(|place| is_same(place, z));
        if place_of[i].is_none() && places.len() < MOST_PLACES {
            place_of[i] = Some(places.len());
            places.push(z.clone());
        }
    }
    (places, place_of)
}

/// Work between two reports of progress.
const CHUNK: usize = 256;

/// How many different points the rows are at.
fn n_distinct<'a>(rows: impl Iterator<Item = &'a Vec<f64>>) -> usize {
    let mut distinct: Vec<&Vec<f64>> = rows.collect();
    distinct.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    distinct.dedup();
    distinct.len()
}

fn check_enough(law: &Law, o: &Observations) -> Result<(), Error> {
    let n_distinct = n_distinct(o.x.iter());
    if n_distinct > law.parameters.len() {
        return Ok(());
    }
    Err(Error::refused(
        format!(
            "{} has {} parameters and there are {} runs at different points: nothing would be \
             left to check it with",
            law.name,
            law.parameters.len(),
            n_distinct,
        ),
        "add runs of other sizes and lengths, or fit a smaller law (`fieldkit scaling laws`)",
    ))
}

/// The published constants, then `n` points spread over the law's plausible range.
fn starts(law: &Law, o: &Observations, n: usize) -> Vec<Vec<f64>> {
    let published = law.published.iter().map(|c| c.theta.to_vec());
    let spread = (0..n).map(|k| (law.start)(&o.x, &o.loss, &spread_point(k, law.parameters.len())));
    published.chain(spread).collect()
}

/// The k-th of points that fill the unit cube evenly: `u_j = ½ + (k + 1)·φ^−(j+1) mod 1`, with
/// φ^(d+1) = φ + 1 (Roberts 2018, the R_d sequence).
fn spread_point(k: usize, d: usize) -> Vec<f64> {
    let mut phi = 2.0f64;
    for _ in 0..60 {
        phi = (1.0 + phi).powf(1.0 / (d as f64 + 1.0));
    }
    (0..d).map(|j| (0.5 + (k as f64 + 1.0) * phi.powi(-(j as i32 + 1))).fract()).collect()
}

/// The parameters refitted to draws of whole runs with replacement (Efron 1979); not numbers where
/// a draw does not determine them.
fn bootstrap(
    law: &'static Law,
    o: &Observations,
    best: &Descent,
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Vec<Vec<f64>> {
    let mut rows_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, run) in o.run.iter().enumerate() {
        rows_of.entry(*run).or_default().push(row);
    }
    let runs: Vec<Vec<usize>> = rows_of.into_values().collect();
    let draw = |k: usize| {
        let mut random = ChaCha8Rng::seed_from_u64(recipe.seed);
        random.set_stream(k as u64);
        let mut weight = vec![0.0; o.loss.len()];
        for _ in 0..runs.len() {
            for row in &runs[random.random_range(0..runs.len())] {
                weight[*row] += 1.0;
            }
        }
        // No more points than parameters determine nothing: such a draw says so, lest it stay near
        // the optimum and feign certainty.
        let drawn = o.x.iter().zip(&weight).filter(|(_, weight)| **weight > 0.0);
        if n_distinct(drawn.map(|(x, _)| x)) <= law.parameters.len() {
            return vec![f64::NAN; law.parameters.len()];
        }
        let problem = Problem::weighted(law, o, recipe.objective, &weight);
        problem.theta(&descend_from(&problem, best).z)
    };
    let mut draws = Vec::with_capacity(recipe.n_bootstrap);
    while draws.len() < recipe.n_bootstrap {
        let chunk = draws.len()..recipe.n_bootstrap.min(draws.len() + CHUNK);
        draws.extend(chunk.into_par_iter().map(draw).collect::<Vec<_>>());
        let total = recipe.n_bootstrap as u64;
        journal.progress(&format!("{}: bootstrap", law.id), draws.len() as u64, total);
    }
    draws
}

impl Fit {
    /// The fitted loss at `x`, in nats.
    pub fn loss(&self, x: &[f64]) -> f64 {
        self.law.at(x, &self.theta)
    }

    /// r = ln L̂ − ln L of every observation.
    pub fn residuals(&self) -> Vec<f64> {
        let rows = self.observations.x.iter().zip(&self.observations.loss);
        rows.map(|(x, l)| self.loss(x).ln() - l.ln()).collect()
    }

    /// The mean of |L̂ − L|/L over the observations.
    pub fn mape(&self) -> f64 {
        let relative = self.residuals().into_iter().map(|r| r.exp_m1().abs());
        relative.sum::<f64>() / self.observations.loss.len() as f64
    }

    /// The percentile interval of `quantity(θ)` over the bootstrap draws; none where there are
    /// too few draws in which it is a finite number.
    pub fn interval(&self, level: f64, quantity: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        let draws = self.draws.iter().map(|theta| quantity(theta)).collect();
        of_draws(draws, level, "bootstrap by run")
    }
}
