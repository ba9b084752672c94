//! Approach 2: the best size of each budget is the lowest point of a parabola in ln N.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Serialize;

use super::{Growth, Pair, Point, power_laws};
use crate::Error;
use crate::least_squares::{PowerLaw, linear};
use crate::units::{Flop, Nats, Parameters, Tokens, short};

/// Runs of one budget differ in compute by less than this factor.
const SAME_BUDGET: f64 = 1.1;
/// A profile has at least so many sizes.
const FEWEST_SIZES: usize = 4;
/// Far from its lowest point a profile is no parabola: only sizes within this factor of the best
/// one are fitted, unless that leaves fewer than five.
const NEAR: f64 = 5.0;
const FEWEST_NEAR: usize = 5;

/// Runs of one budget, by size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Isoflop {
    /// The budget: the geometric mean over its runs.
    pub compute: Flop,
    /// Its runs, smallest model first.
    pub points: Vec<Point>,
    /// The parabola, where the lowest loss is not at an end.
    pub parabola: Option<Parabola>,
    /// Why there is no parabola.
    pub edge: Option<String>,
}

/// `L = lowest + bend·(ln N − ln N*)²`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parabola {
    /// N*.
    pub best: Parameters,
    /// L at N*.
    pub lowest: Nats,
    /// Above zero.
    pub bend: f64,
    /// How many points it was fitted to: those near the best size.
    pub n_fitted: usize,
    #[serde(skip)]
    fitted: Vec<(f64, f64)>,
}

/// The isoFLOP profiles among `points`: groups of equal compute with at least four sizes.
pub fn profiles(points: &[Point]) -> Vec<Isoflop> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.compute.0.total_cmp(&b.compute.0));
    let mut groups: Vec<Vec<Point>> = vec![];
    for point in sorted {
        match groups.last_mut() {
            Some(group) if point.compute.0 < SAME_BUDGET * group[0].compute.0 => group.push(point),
            _ => groups.push(vec![point]),
        }
    }
    groups.into_iter().filter_map(Isoflop::of).collect()
}

/// A parabola through each profile, and a line through their lowest points.
///
/// The intervals come of drawing each profile again around its parabola, with its own residuals (a
/// residual bootstrap: the sizes are chosen, not drawn).
///
/// # Errors
/// Refused where fewer than three profiles have their lowest loss inside.
pub fn approach_2(points: &[Point], n_bootstrap: usize, seed: u64) -> Result<Growth, Error> {
    let profiles = profiles(points);
    let inside: Vec<&Isoflop> = profiles.iter().filter(|p| p.parabola.is_some()).collect();
    let pairs: Vec<Pair> = inside.iter().filter_map(|p| p.pair(p.parabola.as_ref()?)).collect();
    let left_out: Vec<String> = profiles.iter().filter_map(|p| p.edge.clone()).collect();
    let Some(laws) = power_laws(&pairs) else {
        return Err(Error::refused(
            format!(
                "{} of {} isoFLOP profiles have their lowest loss inside, and a line takes three{}",
                pairs.len(),
                profiles.len(),
                left_out.first().map(|why| format!(" ({why})")).unwrap_or_default(),
            ),
            "add sizes on the side where the loss still falls, or fit a law (`scaling fit`)",
        ));
    };
    let draw = |k: usize| power_laws(&redrawn(&inside, seed, k));
    let draws: Vec<[PowerLaw; 2]> = (0..n_bootstrap).filter_map(draw).collect();
    let source = format!("isoFLOP parabolas at {} budgets (approach 2)", pairs.len());
    let mut growth =
        Growth::new(&source, laws, pairs).with_draws(draws, "residual bootstrap of the parabolas");
    growth.left_out = left_out;
    Ok(growth)
}

/// The minima of the profiles that have one inside, and the same in each of `n_bootstrap` draws.
pub(crate) fn minima(
    points: &[Point],
    n_bootstrap: usize,
    seed: u64,
) -> (Vec<Pair>, Vec<Vec<Pair>>) {
    let profiles = profiles(points);
    let inside: Vec<&Isoflop> = profiles.iter().filter(|p| p.parabola.is_some()).collect();
    let pairs = inside.iter().filter_map(|p| p.pair(p.parabola.as_ref()?)).collect();
    (pairs, (0..n_bootstrap).map(|k| redrawn(&inside, seed, k)).collect())
}

/// The k-th draw of the minima: each profile drawn again around its parabola.
fn redrawn(inside: &[&Isoflop], seed: u64, k: usize) -> Vec<Pair> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(k as u64);
    let mut again = |p: &&Isoflop| {
        let parabola = p.parabola.as_ref()?;
        let residuals = parabola.residuals();
        let noise = |_: &f64| residuals[random.random_range(0..residuals.len())];
        let noise: Vec<f64> = residuals.iter().map(noise).collect();
        p.pair(&parabola.with_noise(&noise)?)
    };
    inside.iter().filter_map(&mut again).collect()
}

impl Isoflop {
    fn of(mut points: Vec<Point>) -> Option<Self> {
        points.sort_by(|a, b| a.parameters.0.total_cmp(&b.parameters.0));
        let mut sizes: Vec<f64> = points.iter().map(|p| p.parameters.0).collect();
        sizes.dedup();
        if sizes.len() < FEWEST_SIZES {
            return None;
        }
        let ln_c = points.iter().map(|p| p.compute.0.ln()).sum::<f64>() / points.len() as f64;
        let compute = Flop(ln_c.exp());
        let found = Parabola::through(&points);
        let edge = found.as_ref().err().map(|why| format!("at {compute} {why}"));
        Some(Self { compute, points, parabola: found.ok(), edge })
    }

    /// The smallest and the largest size.
    pub fn smallest_and_largest(&self) -> (Parameters, Parameters) {
        (self.points[0].parameters, self.points[self.points.len() - 1].parameters)
    }

    /// N* with its D*: `C/(k·N)`, where k is FLOP a parameter and token as in these runs (6, where
    /// compute was not logged).
    fn pair(&self, parabola: &Parabola) -> Option<Pair> {
        let per = self.points.iter().map(|p| (p.compute.0 / (p.parameters.0 * p.tokens.0)).ln());
        let k = (per.sum::<f64>() / self.points.len() as f64).exp();
        let tokens = Tokens(self.compute.0 / (k * parabola.best.0));
        (tokens.0.is_finite() && tokens.0 > 0.0).then_some(Pair {
            compute: self.compute,
            parameters: parabola.best,
            tokens,
            loss: Some(parabola.lowest),
        })
    }
}

impl Parabola {
    /// Through the points near the lowest loss; else why not.
    fn through(points: &[Point]) -> Result<Self, String> {
        let lowest = (0..points.len())
            .min_by(|i, j| points[*i].loss.0.total_cmp(&points[*j].loss.0))
            .unwrap_or(0);
        let (first, last) = (points[0].parameters, points[points.len() - 1].parameters);
        let at = points[lowest].parameters;
        if at == first || at == last {
            let (end, side) =
                if at == first { ("smallest", "smaller") } else { ("largest", "larger") };
            return Err(format!(
                "the {end} model ({at}) has the lowest loss, {}: the best one may be {side}",
                points[lowest].loss
            ));
        }
        let distance = |p: &Point| (p.parameters.0 / at.0).ln().abs();
        let mut near: Vec<&Point> = points.iter().collect();
        near.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
        let n_near = near.iter().take_while(|p| distance(p) <= NEAR.ln()).count();
        near.truncate(n_near.max(FEWEST_NEAR.min(near.len())));
        let fitted = near.iter().map(|p| (p.parameters.0.ln(), p.loss.0)).collect();
        let found = Self::fitted_to(fitted)
            .ok_or("the losses do not bend upwards on both sides of the lowest one")?;
        if !(first.0 < found.best.0 && found.best.0 < last.0) {
            return Err(format!(
                "the parabola is lowest at {}, outside the sizes {} to {}",
                found.best,
                short(first.0),
                short(last.0)
            ));
        }
        Ok(found)
    }

    fn fitted_to(fitted: Vec<(f64, f64)>) -> Option<Self> {
        let middle = fitted.iter().map(|p| p.0).sum::<f64>() / fitted.len() as f64;
        let rows: Vec<[f64; 3]> =
            fitted.iter().map(|(x, _)| [1.0, x - middle, (x - middle).powi(2)]).collect();
        let losses: Vec<f64> = fitted.iter().map(|p| p.1).collect();
        let [c, b, a] = linear(&rows, &losses, None)?.coefficients;
        let best = middle - b / (2.0 * a);
        let n_fitted = fitted.len();
        let lowest = Nats(c - b * b / (4.0 * a));
        (a > 0.0).then_some(Self {
            best: Parameters(best.exp()),
            lowest,
            bend: a,
            n_fitted,
            fitted,
        })
    }

    /// The parabola's value at ln N.
    fn at(&self, ln_n: f64) -> f64 {
        self.lowest.0 + self.bend * (ln_n - self.best.0.ln()).powi(2)
    }

    /// Residuals, enlarged by √(n/(n − 3)): three coefficients took some of the noise.
    fn residuals(&self) -> Vec<f64> {
        let n = self.n_fitted as f64;
        let enlarge = if n > 3.0 { (n / (n - 3.0)).sqrt() } else { 1.0 };
        self.fitted.iter().map(|(x, l)| enlarge * (l - self.at(*x))).collect()
    }

    /// The parabola through its own values with other noise.
    fn with_noise(&self, noise: &[f64]) -> Option<Self> {
        let points = self.fitted.iter().zip(noise);
        Self::fitted_to(points.map(|((x, _), e)| (*x, self.at(*x) + e)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::allocation::{Split, TwoTerms};

    const LAW: TwoTerms =
        TwoTerms { e: 1.8172, a: 482.01, b: 2085.43, alpha: 0.3478, beta: 0.3658 };

    /// Profiles at `budgets` with sizes `factors` times the best one.
    fn points(budgets: &[f64], factors: &[f64]) -> Vec<Point> {
        let at = |c: f64, factor: f64| {
            let n = factor * LAW.best_split(Flop(c)).parameters.0;
            let split = Split { parameters: Parameters(n), tokens: Tokens(c / (6.0 * n)) };
            let loss = LAW.loss(split);
            Point { compute: Flop(c), parameters: split.parameters, tokens: split.tokens, loss }
        };
        budgets.iter().flat_map(|c| factors.iter().map(|f| at(*c, *f))).collect()
    }

    const BUDGETS: &[f64] = &[1e18, 1e19, 1e20, 1e21];
    const AROUND: &[f64] = &[0.3, 0.5, 0.8, 1.2, 2.0, 3.0];

    #[test]
    fn the_growth_of_the_best_size_is_that_of_the_law_behind_the_losses() {
        let growth = approach_2(&points(BUDGETS, AROUND), 200, 0).unwrap();
        assert!((growth.a.value - LAW.size_exponent()).abs() < 0.005, "{:?}", growth.a);
        assert!((growth.a.value + growth.b.value - 1.0).abs() < 1e-9);
        assert!(growth.a.interval.unwrap().contains(growth.a.value));
        let [n, _] = approach_2(&points(BUDGETS, AROUND), 0, 0).unwrap().best_split(Flop(1e22));
        assert!((n.value / LAW.best_split(Flop(1e22)).parameters.0).ln().abs() < 0.05);
    }

    #[test]
    fn a_lowest_loss_at_the_edge_is_refused_and_said() {
        let mut points = points(BUDGETS, AROUND);
        points.extend(self::points(&[1e22], &[1.1, 1.5, 2.0, 3.0]));
        let growth = approach_2(&points, 0, 0).unwrap();
        assert_eq!(growth.pairs.len(), 4);
        assert!(growth.left_out[0].contains("smallest model"), "{:?}", growth.left_out);
    }

    #[test]
    fn profiles_that_all_end_at_their_edge_give_no_growth() {
        let error = approach_2(&points(BUDGETS, &[1.2, 1.5, 2.0, 3.0]), 0, 0).unwrap_err();
        assert!(error.to_string().contains("0 of 4 isoFLOP profiles"), "{error}");
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let noisy: Vec<Point> = points(BUDGETS, AROUND)
            .into_iter()
            .enumerate()
            .map(|(i, p)| Point { loss: Nats(p.loss.0 + 0.01 * (i as f64).sin()), ..p })
            .collect();
        let interval = |seed| approach_2(&noisy, 100, seed).unwrap().a.interval.unwrap();
        assert_eq!(interval(1), interval(1));
        assert_ne!(interval(1), interval(2));
    }
}
