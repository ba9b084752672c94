//! How one tree grows on gradients and curvatures in bins. One rule serves both kinds of tree:
//! with gradient −y and curvature 1 the gain below is the fall of the Gini impurity (for y of 0
//! and 1), and a node's value the share of ones.
//!
//! A node with sums G and H is worth `G²/(H + λ)`; a split gains what its sides are worth together
//! beyond the node, and the value of a node is `−G/(H + λ)` (Chen, Guestrin 2016, XGBoost, eq. 5-7).

use rayon::prelude::*;

use super::bins::{ABSENT, Binned};

/// When a tree stops growing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Questions on the longest way.
    pub(super) depth: usize,
    /// Leaves; those that gain most are split first.
    pub(super) leaves: usize,
    /// Least curvature of a leaf: its number of rows where each has the curvature 1.
    pub(super) least_curvature: f64,
    /// λ.
    pub(super) l2: f64,
}

/// A node of a grown tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Node {
    /// The question; none at a leaf.
    pub(super) split: Option<Split>,
    /// `−G/(H + λ)`.
    pub(super) value: f64,
}

/// The question of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Split {
    pub(super) feature: usize,
    /// Values up to this go below.
    pub(super) threshold: f32,
    /// Whether absent values go below.
    pub(super) absent_below: bool,
    /// Where the side below stands; the other stands behind it.
    pub(super) below: usize,
}

/// Sums of one bin: gradient, curvature.
type Sum = [f64; 2];
type Histogram = Vec<Sum>;

struct Open {
    node: usize,
    depth: usize,
    rows: Vec<u32>,
    sum: Sum,
    histograms: Vec<Histogram>,
    best: Option<Best>,
}

#[derive(Clone, Copy)]
struct Best {
    gain: f64,
    /// Position in the list of features that may be asked.
    at: usize,
    bin: u8,
    absent_below: bool,
}

/// A tree over these rows that asks these features only. `pairs` holds gradient and curvature of
/// every row of the table.
pub(super) fn grow(
    binned: &Binned,
    rows: Vec<u32>,
    features: &[usize],
    pairs: &[[f32; 2]],
    limits: &Limits,
) -> Vec<Node> {
    let root = open(binned, rows, features, pairs, limits, 0, 0);
    let mut nodes = vec![Node { split: None, value: value(root.sum, limits) }];
    let mut leaves = vec![root];
    while leaves.len() < limits.leaves {
        let Some(at) = most_gainful(&leaves) else { break };
        let leaf = leaves.swap_remove(at);
        let Some(best) = leaf.best else { break };
        let feature = features[best.at];
        let split = Split {
            feature,
            threshold: binned.ends[feature][best.bin as usize],
            absent_below: best.absent_below,
            below: nodes.len(),
        };
        nodes[leaf.node].split = Some(split);
        let [below, above] = divide(binned, leaf, best, features, pairs, limits, nodes.len());
        nodes.push(Node { split: None, value: value(below.sum, limits) });
        nodes.push(Node { split: None, value: value(above.sum, limits) });
        leaves.extend([below, above]);
    }
    nodes
}

fn value(sum: Sum, limits: &Limits) -> f64 {
    -sum[0] / (sum[1] + limits.l2).max(1e-12)
}

/// The leaf that gains most, the oldest among equals.
fn most_gainful(leaves: &[Open]) -> Option<usize> {
    let gain = |leaf: &Open| leaf.best.map_or(0.0, |best| best.gain);
    let order = |a: &(usize, &Open), b: &(usize, &Open)| {
        gain(a.1).total_cmp(&gain(b.1)).then(b.1.node.cmp(&a.1.node))
    };
    leaves
        .iter()
        .enumerate()
        .filter(|(_, leaf)| leaf.best.is_some())
        .max_by(order)
        .map(|(at, _)| at)
}

fn open(
    binned: &Binned,
    rows: Vec<u32>,
    features: &[usize],
    pairs: &[[f32; 2]],
    limits: &Limits,
    node: usize,
    depth: usize,
) -> Open {
    let histograms = histograms(binned, &rows, features, pairs);
    finish(binned, rows, features, pairs, limits, (node, depth), histograms)
}

fn finish(
    binned: &Binned,
    rows: Vec<u32>,
    features: &[usize],
    pairs: &[[f32; 2]],
    limits: &Limits,
    (node, depth): (usize, usize),
    histograms: Vec<Histogram>,
) -> Open {
    let sum = rows.iter().fold([0.0; 2], |sum, row| {
        let [g, h] = pairs[*row as usize];
        [sum[0] + f64::from(g), sum[1] + f64::from(h)]
    });
    let may_split = depth < limits.depth && sum[1] >= 2.0 * limits.least_curvature;
    let best = may_split.then(|| best_split(binned, features, &histograms, sum, limits)).flatten();
    Open { node, depth, rows, sum, histograms, best }
}

/// The smaller side is counted, the other is what remains of the parent.
fn divide(
    binned: &Binned,
    leaf: Open,
    best: Best,
    features: &[usize],
    pairs: &[[f32; 2]],
    limits: &Limits,
    node: usize,
) -> [Open; 2] {
    let codes = &binned.codes[features[best.at]];
    let is_below = |row: &u32| match codes[*row as usize] {
        ABSENT => best.absent_below,
        code => code <= best.bin,
    };
    let (below, above): (Vec<u32>, Vec<u32>) = leaf.rows.iter().copied().partition(is_below);
    let is_below_small = below.len() <= above.len();
    let small = if is_below_small { &below } else { &above };
    let counted = histograms(binned, small, features, pairs);
    let mut rest = leaf.histograms;
    for (rest, counted) in rest.iter_mut().flatten().zip(counted.iter().flatten()) {
        rest[0] -= counted[0];
        rest[1] -= counted[1];
    }
    let (of_below, of_above) = if is_below_small { (counted, rest) } else { (rest, counted) };
    let depth = leaf.depth + 1;
    [
        finish(binned, below, features, pairs, limits, (node, depth), of_below),
        finish(binned, above, features, pairs, limits, (node + 1, depth), of_above),
    ]
}

/// Each feature is summed in the order of the rows, whatever the number of threads.
fn histograms(
    binned: &Binned,
    rows: &[u32],
    features: &[usize],
    pairs: &[[f32; 2]],
) -> Vec<Histogram> {
    let near: Vec<[f32; 2]> = rows.iter().map(|row| pairs[*row as usize]).collect();
    let of = |feature: &usize| {
        let codes = &binned.codes[*feature];
        let mut histogram = vec![[0.0; 2]; 256];
        for (row, [g, h]) in rows.iter().zip(&near) {
            let sum = &mut histogram[codes[*row as usize] as usize];
            sum[0] += f64::from(*g);
            sum[1] += f64::from(*h);
        }
        histogram
    };
    features.par_iter().with_min_len(8).map(of).collect()
}

/// The best question; among equals the first feature and the lowest bin.
fn best_split(
    binned: &Binned,
    features: &[usize],
    histograms: &[Histogram],
    sum: Sum,
    limits: &Limits,
) -> Option<Best> {
    let mut best: Option<Best> = None;
    for (at, (feature, histogram)) in features.iter().zip(histograms).enumerate() {
        let found = best_of_feature(at, histogram, binned.ends[*feature].len(), sum, limits);
        if let Some(found) = found
            && best.is_none_or(|best| best.gain < found.gain)
        {
            best = Some(found);
        }
    }
    best
}

fn best_of_feature(
    at: usize,
    histogram: &[Sum],
    n_ends: usize,
    sum: Sum,
    limits: &Limits,
) -> Option<Best> {
    let worth = |s: Sum| s[0] * s[0] / (s[1] + limits.l2).max(1e-12);
    let absent = histogram[ABSENT as usize];
    let has_absent = absent[1] > 1e-9;
    let least = limits.least_curvature.max(1e-9);
    let mut best: Option<Best> = None;
    let mut below = [0.0; 2];
    for (bin, counted) in histogram.iter().enumerate().take(n_ends) {
        below = [below[0] + counted[0], below[1] + counted[1]];
        for absent_below in [false, true] {
            if absent_below && !has_absent {
                continue;
            }
            let add = if absent_below { absent } else { [0.0; 2] };
            let low = [below[0] + add[0], below[1] + add[1]];
            let high = [sum[0] - low[0], sum[1] - low[1]];
            // Sums by subtraction carry rounding: a side of least rows may miss by a hair.
            if low[1] < least - 1e-6 || high[1] < least - 1e-6 {
                continue;
            }
            let gain = worth(low) + worth(high) - worth(sum);
            if gain > 1e-9 && best.is_none_or(|best| best.gain < gain) {
                best = Some(Best { gain, at, bin: bin as u8, absent_below });
            }
        }
    }
    best
}
