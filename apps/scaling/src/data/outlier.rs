//! Runs whose loss is far from the runs beside them: those of the same N and D, and those of
//! nearby N and D, of the same group and measured on the same text.
//!
//! The judgement is meant to be slow: a run is held against at least eight others within a factor
//! of five, by a fit that a few bad ones cannot bend, and has to be off both by a part of its
//! loss that no choice of hyper-parameters explains and by many times what is usual there.

use std::collections::BTreeMap;

use super::Flag;
use super::flags::Named;

/// The least relative distance from the neighbours' fit, in ln L.
const LEAST_RESIDUAL: f64 = 0.08;
/// The least distance in units of the usual residual (1.4826 times the median).
const LEAST_RATIO: f64 = 8.0;
/// The largest standard error of the fit at the run, in units of the residual (1 is an endless
/// number of neighbours around it): beyond, the run lies outside of them.
const MOST_LEVERAGE: f64 = 1.35;
/// How far a neighbour may be in (ln N, ln D, ln U): a factor of five.
const RADIUS: f64 = 1.6;
/// Neighbours by whose plane the loss is higher, and as many by whose it is lower: at the edge of
/// the runs the plane is only guessed on.
const LEAST_EACH_SIDE: usize = 2;
const N_NEIGHBOURS: usize = 12;
const LEAST_NEIGHBOURS: usize = 8;
/// Fewer judged runs do not tell what is usual.
const LEAST_JUDGED: usize = 10;
/// More cells in a group are not judged: every one is held against every other.
const MOST_CELLS: usize = 5_000;
/// Runs of the same N and D, and the multiple of their middle loss from which one has diverged.
const LEAST_SIBLINGS: usize = 8;
const DIVERGED: f64 = 1.5;

/// Flags outliers among the runs that have no flag yet.
pub(super) fn flag(runs: &mut [Named]) {
    let mut groups: BTreeMap<(Option<String>, bool), Vec<usize>> = BTreeMap::new();
    for (at, Named { run, .. }) in runs.iter().enumerate() {
        if run.flags.is_empty() && place(&runs[at]).is_some() {
            groups.entry((run.group.clone(), run.loss_is_training)).or_default().push(at);
        }
    }
    for members in groups.into_values() {
        let mut cells: BTreeMap<[u64; 3], Vec<usize>> = BTreeMap::new();
        for at in members {
            if let Some(x) = place(&runs[at]) {
                cells.entry(x.map(|x| (x * 1e6).round().to_bits())).or_default().push(at);
            }
        }
        let mut flags = vec![];
        let mut best = vec![];
        for cell in cells.values() {
            let diverged = diverged(runs, cell);
            let sound = cell.iter().filter(|at| diverged.iter().all(|(d, _)| d != *at));
            best.extend(sound.min_by(|a, b| loss(runs, **a).total_cmp(&loss(runs, **b))).copied());
            flags.extend(diverged);
        }
        let single = |at: &usize| cells.values().any(|cell| cell.len() == 1 && cell[0] == *at);
        if best.len() <= MOST_CELLS {
            flags.extend(apart(runs, &best).into_iter().filter(|(at, _)| single(at)));
        }
        for (at, why) in flags {
            runs[at].run.flags.push(Flag::Outlier { why });
        }
    }
}

/// (ln N, ln D, ln U) of a run with a loss. U is D where it is not logged.
fn place(Named { run, .. }: &Named) -> Option<[f64; 3]> {
    run.loss?;
    let n = run.parameters.total.or(run.parameters.unstated).or(run.parameters.body)?;
    let d = run.tokens?.0;
    Some([n.0.ln(), d.ln(), run.unique_tokens.map_or(d, |u| u.0).ln()])
}

fn loss(runs: &[Named], at: usize) -> f64 {
    runs[at].run.loss.map_or(f64::INFINITY, |loss| loss.0)
}

/// Runs of the same N and D that ended far above their siblings: whatever the learning rate, a
/// run that trains ends nearer.
fn diverged(runs: &[Named], cell: &[usize]) -> Vec<(usize, String)> {
    if cell.len() < LEAST_SIBLINGS {
        return vec![];
    }
    let middle = median(cell.iter().map(|at| loss(runs, *at)).collect());
    let far = cell.iter().filter(|at| loss(runs, **at) > DIVERGED * middle);
    far.map(|at| {
        let loss = loss(runs, *at);
        let why = format!(
            "its loss {loss:.3} is {:.1} times the middle one of the {} runs of its N and D, \
             {middle:.3}",
            loss / middle,
            cell.len()
        );
        (*at, why)
    })
    .collect()
}

/// Runs that are far from where their neighbours lead, the worst first: a bad run bends the
/// judgement of those beside it, so the milder ones are judged again without it.
fn apart(runs: &[Named], members: &[usize]) -> Vec<(usize, String)> {
    let points: Vec<([f64; 3], f64)> =
        members.iter().filter_map(|at| Some((place(&runs[*at])?, loss(runs, *at).ln()))).collect();
    let mut kept: Vec<usize> = (0..points.len()).collect();
    let mut found = vec![];
    loop {
        let judged: Vec<(usize, Judgement)> =
            kept.iter().filter_map(|at| Some((*at, judge(&points, &kept, *at)?))).collect();
        if judged.len() < LEAST_JUDGED {
            return found;
        }
        let ratios = judged.iter().map(|(_, j)| j.residual.abs() / j.leverage).collect();
        let usual = (1.4826 * median(ratios)).max(1e-3);
        let is_far = |j: &Judgement| {
            let residual = j.residual.abs();
            residual > LEAST_RESIDUAL
                && residual > LEAST_RATIO * usual * j.leverage
                && j.leverage < MOST_LEVERAGE
        };
        let far: Vec<&(usize, Judgement)> = judged.iter().filter(|(_, j)| is_far(j)).collect();
        let worst = far.iter().map(|(_, j)| j.residual.abs()).fold(0.0, f64::max);
        let far: Vec<_> =
            far.into_iter().filter(|(_, j)| j.residual.abs() >= 0.5 * worst).collect();
        if far.is_empty() {
            return found;
        }
        for (at, j) in &far {
            let (loss, led_to) = (points[*at].1.exp(), (points[*at].1 - j.residual).exp());
            let side = if j.residual > 0.0 { "above" } else { "below" };
            let why = format!(
                "its loss {loss:.3} is {:.0} % {side} the {led_to:.3} that the {} runs nearest in \
                 N and D lead to; {:.1} % is usual",
                100.0 * (loss / led_to - 1.0).abs(),
                j.n_neighbours,
                100.0 * usual
            );
            found.push((members[*at], why));
        }
        kept.retain(|at| far.iter().all(|(bad, _)| bad != at));
    }
}

/// A run held against its neighbours.
struct Judgement {
    /// ln L less what the neighbours lead to.
    residual: f64,
    leverage: f64,
    n_neighbours: usize,
}

/// The neighbours' ln L as a plane in (ln N, ln D, ln U) around the run, by least absolute
/// residuals beyond 1.5 times the usual one (Huber's weights, reweighted).
fn judge(points: &[([f64; 3], f64)], kept: &[usize], at: usize) -> Option<Judgement> {
    let (here, own) = points[at];
    let mut near: Vec<(f64, [f64; 4], f64)> = kept
        .iter()
        .filter(|other| **other != at)
        .map(|other| {
            let (x, y) = points[*other];
            let [a, b, c] = [0, 1, 2].map(|i| x[i] - here[i]);
            (a * a + b * b + c * c, [1.0, a, b, c], y)
        })
        .filter(|(distance, ..)| *distance <= RADIUS * RADIUS)
        .collect();
    if near.len() < LEAST_NEIGHBOURS {
        return None;
    }
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    near.truncate(N_NEIGHBOURS);
    let mut weights = vec![1.0; near.len()];
    let (mut level, mut leverage, mut n_higher) = (0.0, 1.0, 0);
    for _ in 0..8 {
        let (mut g, mut v) = ([[0.0; 4]; 4], [0.0; 4]);
        for ((_, x, y), w) in near.iter().zip(&weights) {
            for i in 0..4 {
                v[i] += w * x[i] * y;
                (0..4).for_each(|j| g[i][j] += w * x[i] * x[j]);
            }
        }
        // Where the neighbours lie on a line, the slope across it is nought.
        (1..4).for_each(|i| g[i][i] += 1e-3 * near.len() as f64);
        let slope = solve(g, v)?;
        level = slope[0];
        leverage = (1.0 + solve(g, [1.0, 0.0, 0.0, 0.0])?[0]).sqrt();
        let plane = |x: &[f64; 4]| x.iter().zip(slope).map(|(x, b)| x * b).sum::<f64>();
        n_higher = near.iter().filter(|(_, x, _)| plane(x) > level).count();
        let residuals: Vec<f64> = near.iter().map(|(_, x, y)| y - plane(x)).collect();
        let usual = 1.4826 * median(residuals.iter().map(|r| r.abs()).collect()) + 1e-4;
        for (w, r) in weights.iter_mut().zip(&residuals) {
            *w = 1.0 / f64::max(1.0, r.abs() / (1.5 * usual));
        }
    }
    let is_inside = n_higher.min(near.len() - n_higher) >= LEAST_EACH_SIDE;
    is_inside.then_some(Judgement { residual: own - level, leverage, n_neighbours: near.len() })
}

/// x of g·x = v, by elimination with pivots; none where g has no inverse.
fn solve(mut g: [[f64; 4]; 4], mut v: [f64; 4]) -> Option<[f64; 4]> {
    for column in 0..4 {
        let pivot =
            (column..4).max_by(|a, b| g[*a][column].abs().total_cmp(&g[*b][column].abs()))?;
        if g[pivot][column].abs() < 1e-12 {
            return None;
        }
        g.swap(column, pivot);
        v.swap(column, pivot);
        for row in 0..4 {
            if row != column {
                let factor = g[row][column] / g[column][column];
                (column..4).for_each(|k| g[row][k] -= factor * g[column][k]);
                v[row] -= factor * v[column];
            }
        }
    }
    Some([0, 1, 2, 3].map(|i| v[i] / g[i][i]))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
