//! The boosted trees: first look, second look, place; and their scores on images that they have
//! not seen.

use record::Journal;

use super::examples::Examples;
use super::recipe::Recipe;
use crate::classify::boost::{self, Loss};
use crate::classify::{Boosted, Table, boost::Settings};
use crate::model::context;
use crate::model::stack::{Place, Stack, WORTH_A_SECOND};
use crate::model::{Detection, detection, suppress};

/// Trees from all images, and for each image the detections (log-odds in the place of the
/// probability) of trees from the images of other folds.
pub(super) fn fit(
    examples: &[&Examples],
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> (Stack, Vec<Vec<Detection>>) {
    let units = units(examples, recipe.folds);
    let n_folds = recipe.folds.max(2);
    let mut first: Vec<Vec<f32>> =
        examples.iter().map(|of| vec![0.0; of.measured.candidates.len()]).collect();
    for fold in 0..n_folds {
        let trees = first_look(examples, recipe, |image, row| units[image][row] != fold);
        for (image, of) in examples.iter().enumerate() {
            for (row, unit) in units[image].iter().enumerate() {
                if *unit == fold {
                    first[image][row] = trees.predict(of.measured.table.row(row));
                }
            }
        }
        journal.progress("first looks", fold as u64 + 1, n_folds as u64);
    }
    let seen: Vec<Second> =
        examples.iter().zip(&first).map(|(of, first)| Second::of(of, first)).collect();
    let mut out_of_fold: Vec<Vec<crate::model::stack::Scored>> = vec![Vec::new(); examples.len()];
    let whole = first_look(examples, recipe, |_, _| true);
    for fold in 0..n_folds {
        let stack =
            second_look(&whole, examples, &seen, recipe, |image, row| units[image][row] != fold);
        for (image, of) in examples.iter().enumerate() {
            let scored = stack.score_again(&of.measured, &first[image]);
            let mine = scored.into_iter().filter(|of| units[image][of.row] == fold);
            out_of_fold[image].extend(mine);
        }
        journal.progress("second looks", fold as u64 + 1, n_folds as u64);
    }
    let stack = second_look(&whole, examples, &seen, recipe, |_, _| true);
    let detections = examples.iter().zip(out_of_fold).map(|(of, scored)| {
        let told = |scored: &crate::model::stack::Scored| {
            let mut told = detection(scored, &of.measured, scored.log_odds, Vec::new());
            told.x -= of.measured.origin[0];
            told.y -= of.measured.origin[1];
            told
        };
        suppress::strongest(&scored).iter().map(told).collect()
    });
    (stack, detections.collect())
}

/// The fold of each candidate: by image; where there are too few images, by strips of an image.
fn units(examples: &[&Examples], folds: usize) -> Vec<Vec<usize>> {
    let folds = folds.max(2);
    let by_image = examples.len() >= folds;
    let of = |(image, of): (usize, &&Examples)| {
        let width = of.truth.size[0] * of.measured.magnify as f64;
        let strip = |x: f32| (f64::from(x) / width.max(1.0) * 2.0 * folds as f64) as usize;
        let unit = |x: f32| if by_image { image % folds } else { (image + strip(x)) % folds };
        of.measured.candidates.iter().map(|candidate| unit(candidate.x)).collect()
    };
    examples.iter().enumerate().map(of).collect()
}

fn first_look(
    examples: &[&Examples],
    recipe: &Recipe,
    takes: impl Fn(usize, usize) -> bool,
) -> Boosted {
    let mut table = Table::new(examples[0].measured.table.n_features);
    let mut targets = Vec::new();
    for (image, of) in examples.iter().enumerate() {
        for (row, is) in of.known_rows().filter(|(row, _)| takes(image, *row)) {
            table.push(of.measured.table.row(row));
            targets.push(f32::from(u8::from(is)));
        }
    }
    mean_of_seeds(&table, &targets, Loss::Logistic, &recipe.boosted, recipe.seeds, recipe.seed)
}

fn mean_of_seeds(
    table: &Table,
    targets: &[f32],
    loss: Loss,
    settings: &Settings,
    seeds: u64,
    seed: u64,
) -> Boosted {
    let examples = boost::Examples { table, targets, weights: None, held_out: None };
    let models: Vec<Boosted> = (0..seeds.max(1))
        .map(|at| Boosted::fit(&examples, loss, &Settings { seed: 1000 * at + seed, ..*settings }))
        .collect();
    Boosted::mean(&models)
}

/// What the second look sees of an image: rows that are worth it, with their surroundings.
struct Second {
    rows: Vec<usize>,
    table: Table,
}

impl Second {
    fn of(examples: &Examples, first: &[f32]) -> Self {
        let measured = &examples.measured;
        let rows: Vec<usize> =
            (0..first.len()).filter(|row| first[*row] > WORTH_A_SECOND).collect();
        let near = context::of(&measured.candidates, first, &rows, measured.up);
        let mut table = Table::new(measured.table.n_features + context::NAMES.len());
        for (row, near) in rows.iter().zip(&near) {
            let mut all = measured.table.row(*row).to_vec();
            all.extend(near);
            table.push(&all);
        }
        Self { rows, table }
    }
}

fn second_look(
    first: &Boosted,
    examples: &[&Examples],
    seen: &[Second],
    recipe: &Recipe,
    takes: impl Fn(usize, usize) -> bool,
) -> Stack {
    let n = seen[0].table.n_features;
    let (mut table, mut targets) = (Table::new(n), Vec::new());
    let (mut placed, mut sizes, mut along, mut across) =
        (Table::new(n), Vec::new(), Vec::new(), Vec::new());
    for (image, (of, seen)) in examples.iter().zip(seen).enumerate() {
        for (at, row) in seen.rows.iter().enumerate().filter(|(_, row)| takes(image, **row)) {
            if let Some(is) = of.is_crater[*row] {
                table.push(seen.table.row(at));
                targets.push(f32::from(u8::from(is)));
            }
            if let Some([size, a, b]) = offset(of, *row) {
                placed.push(seen.table.row(at));
                sizes.push(size);
                along.push(a);
                across.push(b);
            }
        }
    }
    let place =
        Settings { trees: recipe.boosted.trees.min(120), least_curvature: 10.0, ..recipe.boosted };
    let fit =
        |targets: &[f32]| mean_of_seeds(&placed, targets, Loss::Squared, &place, 1, recipe.seed);
    let second =
        mean_of_seeds(&table, &targets, Loss::Logistic, &recipe.boosted, recipe.seeds, recipe.seed);
    Stack {
        first: first.clone(),
        second,
        place: Place { size: fit(&sizes), along: fit(&along), across: fit(&across) },
    }
}

/// Where the label lies from its candidate: log of the ratio of radii, towards the sun, across.
fn offset(of: &Examples, row: usize) -> Option<[f32; 3]> {
    let (label, candidate) = (of.label[row]?, &of.measured.candidates[row]);
    let (up, r) = (of.measured.up, candidate.radius_px);
    let (dx, dy) = (label.x as f32 - candidate.x, label.y as f32 - candidate.y);
    let along = (dx * up[0] + dy * up[1]) / r;
    let across = (dy * up[0] - dx * up[1]) / r;
    Some([(label.radius_px as f32 / r).ln(), along, across])
}
