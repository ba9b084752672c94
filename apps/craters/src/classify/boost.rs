//! Histogram-boosted trees: each tree corrects what those before it got wrong (Friedman 2001;
//! bins after Ke et al. 2017, LightGBM).

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::bins::{Binned, Table};
use super::grow::{self, Limits};

/// A sum of trees, in flat lists: the nodes of all trees one after another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boosted {
    /// Where the sum starts.
    start: f32,
    /// First node of each tree.
    roots: Vec<u32>,
    /// Feature that a node asks; −1 at a leaf.
    feature: Vec<i32>,
    /// What is compared, or what a leaf adds.
    value: Vec<f32>,
    /// Where the side below stands; the side above stands behind it.
    below: Vec<u32>,
    /// 1 where absent values go below.
    absent_below: Vec<u8>,
}

/// What the sum is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Log-odds of a target of 0 or 1.
    Logistic,
    /// The target itself.
    Squared,
}

/// How trees are boosted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Most trees.
    pub trees: usize,
    /// Most leaves of a tree.
    pub leaves: usize,
    /// Questions on the longest way of a tree.
    pub depth: usize,
    /// Share of a tree's answer that counts.
    pub rate: f64,
    /// λ: leaves of little evidence say little.
    pub l2: f64,
    /// Least curvature of a leaf (of rows, where the loss is squared).
    pub least_curvature: f64,
    /// Share of the features that a tree may ask.
    pub share_of_features: f64,
    /// Share of the rows that a tree sees.
    pub share_of_rows: f64,
    /// Stop after so many trees that do not lower the held-out loss.
    pub patience: usize,
    /// Of the draws of rows and features.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trees: 200,
            leaves: 15,
            depth: 8,
            rate: 0.07,
            l2: 5.0,
            least_curvature: 4.0,
            share_of_features: 0.35,
            share_of_rows: 0.7,
            patience: 25,
            seed: 1,
        }
    }
}

/// The rows to learn from: what each should become, how much it counts, and which of them are
/// held out to say when to stop.
#[derive(Debug, Clone, Copy)]
pub struct Examples<'a> {
    /// The features.
    pub table: &'a Table,
    /// What each row should become.
    pub targets: &'a [f32],
    /// How much each row counts; all alike where absent.
    pub weights: Option<&'a [f32]>,
    /// Rows not learnt from; boosting stops when they get no better. All trees where absent.
    pub held_out: Option<&'a [bool]>,
}

impl Boosted {
    /// Learns from examples. The same examples and seed give the same trees.
    pub fn fit(examples: &Examples, loss: Loss, settings: &Settings) -> Self {
        let binned = Binned::of(examples.table);
        let n = examples.targets.len();
        let is_out = |row: usize| examples.held_out.is_some_and(|out| out[row]);
        let inside: Vec<u32> = (0..n).filter(|row| !is_out(*row)).map(|row| row as u32).collect();
        let weight = |row: usize| examples.weights.map_or(1.0, |weights| weights[row]);
        let mut model = Self::empty(start(examples.targets, &inside, weight, loss));
        let mut sums = vec![model.start; n];
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        let (mut best, mut n_best) = (f64::INFINITY, 0);
        let mut pairs = vec![[0.0_f32; 2]; n];
        for tree in 0..settings.trees {
            for (row, pair) in pairs.iter_mut().enumerate() {
                *pair = gradient(examples.targets[row], sums[row], weight(row), loss);
            }
            model.add(&one_tree(&binned, &inside, &pairs, settings, &mut rng), settings.rate);
            let root = model.roots[tree] as usize;
            for (row, sum) in examples.table.rows().zip(&mut sums) {
                *sum += model.value[model.leaf(root, row)];
            }
            if examples.held_out.is_some() {
                let now = held_out_loss(examples.targets, &sums, is_out, weight, loss);
                if now < best {
                    (best, n_best) = (now, tree + 1);
                } else if tree + 1 >= n_best + settings.patience {
                    break;
                }
            }
        }
        if examples.held_out.is_some() {
            model.keep(n_best);
        }
        model
    }

    /// The mean of several sums, as one.
    pub fn mean(models: &[Self]) -> Self {
        let n = models.len() as f32;
        let mut mean = Self::empty(models.iter().map(|model| model.start / n).sum());
        for model in models {
            let first = mean.feature.len() as u32;
            mean.roots.extend(model.roots.iter().map(|root| root + first));
            mean.below.extend(model.below.iter().map(|below| below + first));
            mean.feature.extend(&model.feature);
            mean.absent_below.extend(&model.absent_below);
            let values = model.feature.iter().zip(&model.value);
            mean.value.extend(values.map(|(of, value)| if *of < 0 { value / n } else { *value }));
        }
        mean
    }

    /// The sum for a row: log-odds, or the target itself.
    pub fn predict(&self, row: &[f32]) -> f32 {
        let leaves = self.roots.iter().map(|root| self.value[self.leaf(*root as usize, row)]);
        self.start + leaves.sum::<f32>()
    }

    /// How many trees there are.
    pub fn n_trees(&self) -> usize {
        self.roots.len()
    }

    /// How often each of so many features is asked.
    pub fn questions(&self, n_features: usize) -> Vec<usize> {
        let mut counts = vec![0; n_features];
        self.feature.iter().filter(|of| **of >= 0).for_each(|of| counts[*of as usize] += 1);
        counts
    }

    /// Whether every question asks one of so many features and leads onward, so that trees from a
    /// file can be followed.
    pub fn is_sound(&self, n_features: usize) -> bool {
        let n = self.feature.len();
        let same = [self.value.len(), self.below.len(), self.absent_below.len()] == [n; 3];
        let leads_on = |(at, of): (usize, &i32)| {
            let below = self.below[at] as usize;
            *of < 0 || ((*of as usize) < n_features && at < below && below + 1 < n)
        };
        same && self.roots.iter().all(|root| (*root as usize) < n)
            && self.feature.iter().enumerate().all(leads_on)
    }

    fn empty(start: f32) -> Self {
        let (roots, feature, value, below, absent_below) = Default::default();
        Self { start, roots, feature, value, below, absent_below }
    }

    fn leaf(&self, root: usize, row: &[f32]) -> usize {
        let mut at = root;
        while self.feature[at] >= 0 {
            let value = row[self.feature[at] as usize];
            let is_below =
                value <= self.value[at] || (value.is_nan() && self.absent_below[at] == 1);
            at = self.below[at] as usize + usize::from(!is_below);
        }
        at
    }

    fn add(&mut self, tree: &[grow::Node], rate: f64) {
        let first = self.feature.len();
        self.roots.push(first as u32);
        for node in tree {
            let leaf = (node.value * rate) as f32;
            let split = node.split.as_ref();
            self.feature.push(split.map_or(-1, |split| split.feature as i32));
            self.value.push(split.map_or(leaf, |split| split.threshold));
            self.below.push(split.map_or(0, |split| (first + split.below) as u32));
            self.absent_below.push(u8::from(split.is_some_and(|split| split.absent_below)));
        }
    }

    fn keep(&mut self, n_trees: usize) {
        if let Some(end) = self.roots.get(n_trees).map(|end| *end as usize) {
            self.roots.truncate(n_trees);
            self.feature.truncate(end);
            self.value.truncate(end);
            self.below.truncate(end);
            self.absent_below.truncate(end);
        }
    }
}

/// The probability of log-odds.
pub fn logistic(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The best constant: the mean, or its log-odds.
fn start(targets: &[f32], rows: &[u32], weight: impl Fn(usize) -> f32, loss: Loss) -> f32 {
    let (mut sum, mut weights) = (0.0_f64, 0.0_f64);
    for row in rows.iter().map(|row| *row as usize) {
        sum += f64::from(weight(row) * targets[row]);
        weights += f64::from(weight(row));
    }
    let mean = if weights > 0.0 { sum / weights } else { 0.0 };
    match loss {
        Loss::Squared => mean as f32,
        Loss::Logistic => {
            let share = mean.clamp(1e-4, 1.0 - 1e-4);
            (share / (1.0 - share)).ln() as f32
        }
    }
}

/// First and second derivative of the loss.
fn gradient(target: f32, sum: f32, weight: f32, loss: Loss) -> [f32; 2] {
    match loss {
        Loss::Squared => [weight * (sum - target), weight],
        Loss::Logistic => {
            let p = logistic(sum);
            [weight * (p - target), weight * (p * (1.0 - p)).max(1e-6)]
        }
    }
}

fn one_tree(
    binned: &Binned,
    inside: &[u32],
    pairs: &[[f32; 2]],
    settings: &Settings,
    rng: &mut ChaCha8Rng,
) -> Vec<grow::Node> {
    let n_features = binned.codes.len();
    let n_asked = (settings.share_of_features * n_features as f64).ceil() as usize;
    let n_asked = n_asked.clamp(1, n_features);
    let mut features: Vec<usize> = (0..n_features).collect();
    for at in 0..n_asked {
        features.swap(at, rng.random_range(at..n_features));
    }
    features.truncate(n_asked);
    features.sort_unstable();
    let is_drawn = |_: &u32| rng.random_bool(settings.share_of_rows.clamp(0.0, 1.0));
    let rows = inside.iter().copied().filter(is_drawn).collect();
    let limits = Limits {
        depth: settings.depth,
        leaves: settings.leaves,
        least_curvature: settings.least_curvature,
        l2: settings.l2,
    };
    grow::grow(binned, rows, &features, pairs, &limits)
}

fn held_out_loss(
    targets: &[f32],
    sums: &[f32],
    is_out: impl Fn(usize) -> bool,
    weight: impl Fn(usize) -> f32,
    loss: Loss,
) -> f64 {
    let of = |row: usize| {
        let (target, sum) = (f64::from(targets[row]), f64::from(sums[row]));
        let loss = match loss {
            Loss::Squared => (sum - target).powi(2),
            // −log p of the truth, in a form that cannot overflow.
            Loss::Logistic => sum.max(0.0) - sum * target + (-sum.abs()).exp().ln_1p(),
        };
        loss * f64::from(weight(row))
    };
    (0..targets.len()).filter(|row| is_out(*row)).map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Settings = Settings {
        trees: 60,
        leaves: 4,
        depth: 3,
        rate: 0.3,
        l2: 0.1,
        least_curvature: 0.01,
        share_of_features: 1.0,
        share_of_rows: 1.0,
        patience: 5,
        seed: 7,
    };

    /// Two features; a crater where exactly one of them is high; some values absent.
    fn either_or(n: usize) -> (Table, Vec<f32>) {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut table = Table::new(3);
        let mut targets = Vec::new();
        for _ in 0..n {
            let (a, b, noise) = (rng.random::<f32>(), rng.random::<f32>(), rng.random::<f32>());
            let shown = if noise < 0.1 { f32::NAN } else { noise };
            table.push(&[a, b, shown]);
            targets.push(f32::from(u8::from((a > 0.5) != (b > 0.5))));
        }
        (table, targets)
    }

    fn examples<'a>(table: &'a Table, targets: &'a [f32]) -> Examples<'a> {
        Examples { table, targets, weights: None, held_out: None }
    }

    #[test]
    fn what_no_number_tells_alone_is_learnt_from_two() {
        let (table, targets) = either_or(600);
        let model = Boosted::fit(&examples(&table, &targets), Loss::Logistic, &PLAIN);
        assert!(model.predict(&[0.9, 0.1, f32::NAN]) > 2.0);
        assert!(model.predict(&[0.1, 0.9, 0.5]) > 2.0);
        assert!(model.predict(&[0.9, 0.9, 0.5]) < -2.0);
        assert!(model.predict(&[0.1, 0.1, f32::NAN]) < -2.0);
    }

    #[test]
    fn a_curve_is_followed_by_the_squared_loss() {
        let table = Table { n_features: 1, values: (0..200).map(|i| i as f32 / 100.0).collect() };
        let targets: Vec<f32> = table.values.iter().map(|x| x * x).collect();
        let model = Boosted::fit(&examples(&table, &targets), Loss::Squared, &PLAIN);
        for x in [0.2_f32, 1.0, 1.8] {
            assert!((model.predict(&[x]) - x * x).abs() < 0.05, "{x}");
        }
    }

    #[test]
    fn one_thread_and_four_grow_the_same_trees() {
        let (table, targets) = either_or(500);
        let settings = Settings { share_of_rows: 0.7, share_of_features: 0.67, ..PLAIN };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Boosted::fit(&examples(&table, &targets), Loss::Logistic, &settings))
        };
        assert_eq!(with(1), with(4));
    }

    #[test]
    fn boosting_stops_where_held_out_rows_get_no_better() {
        let (table, mut targets) = either_or(300);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        targets.iter_mut().for_each(|target| *target = f32::from(u8::from(rng.random_bool(0.5))));
        let held_out: Vec<bool> = (0..300).map(|row| row % 3 == 0).collect();
        let examples = Examples { held_out: Some(&held_out), ..examples(&table, &targets) };
        let model = Boosted::fit(&examples, Loss::Logistic, &PLAIN);
        assert!(model.n_trees() < 20, "{} trees on noise", model.n_trees());
    }

    #[test]
    fn a_row_without_weight_teaches_nothing() {
        let table = Table { n_features: 1, values: vec![0.0, 0.0, 1.0, 1.0] };
        let targets = [0.0, 5.0, 2.0, 9.0];
        let weights = [1.0, 0.0, 1.0, 0.0];
        let examples = Examples { weights: Some(&weights), ..examples(&table, &targets) };
        let settings = Settings { l2: 0.0, ..PLAIN };
        let model = Boosted::fit(&examples, Loss::Squared, &settings);
        assert!(model.predict(&[0.0]).abs() < 0.01 && (model.predict(&[1.0]) - 2.0).abs() < 0.01);
    }

    #[test]
    fn the_mean_of_two_predicts_their_mean_and_survives_json() {
        let (table, targets) = either_or(200);
        let fit = |seed| {
            let settings = Settings { seed, share_of_rows: 0.5, ..PLAIN };
            Boosted::fit(&examples(&table, &targets), Loss::Logistic, &settings)
        };
        let (a, b) = (fit(1), fit(2));
        let mean = Boosted::mean(&[a.clone(), b.clone()]);
        let row = [0.3, 0.8, f32::NAN];
        assert!((mean.predict(&row) - (a.predict(&row) + b.predict(&row)) / 2.0).abs() < 1e-4);
        let text = serde_json::to_string(&mean).unwrap();
        assert_eq!(serde_json::from_str::<Boosted>(&text).unwrap(), mean);
        assert!(mean.is_sound(3) && !mean.is_sound(1));
    }
}
