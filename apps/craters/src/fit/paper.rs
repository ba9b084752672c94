//! The paper's recipe as far as it is known (Lin, Qin, Edgerton, Kong 2020): 49 craters and 108
//! others, each in the eight flips and turns of a square, and one decision tree. An approximation:
//! the abstract tells no parameters, and the descriptors here are ours.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::examples::Examples;
use super::{LabelledImage, Recipe, columns, feature_names};
use crate::candidates::Candidate;
use crate::classify::{Table, Tree};
use crate::data::Window;
use crate::features::Features;
use crate::model::{Detection, detection, scored, suppress};
use crate::raster::Raster;

/// Patches of craters and of others in the paper.
const PATCHES: [usize; 2] = [49, 108];

/// The tree of all images, and for each image the detections (log-odds in the place of the
/// probability) of a tree from the images of other folds.
pub(super) fn fit(examples: &[&Examples], recipe: &Recipe) -> (Tree, Vec<Vec<Detection>>) {
    let folds = recipe.folds.clamp(2, examples.len().max(2));
    let tree = one_tree(examples, recipe, &|_| true);
    let trees: Vec<Tree> = (0..folds)
        .map(|fold| {
            one_tree(examples, recipe, &|image| image % folds != fold || examples.len() == 1)
        })
        .collect();
    let found = examples.iter().enumerate().map(|(image, of)| {
        let scored = scored(&trees[image % folds], None, &of.measured);
        let told = suppress::strongest(&scored);
        let told = told.iter().map(|scored| {
            let mut told = detection(scored, &of.measured, scored.log_odds, Vec::new());
            told.x -= of.measured.origin[0];
            told.y -= of.measured.origin[1];
            told
        });
        told.collect()
    });
    let found = found.collect();
    (tree, found)
}

fn one_tree(examples: &[&Examples], recipe: &Recipe, takes: &dyn Fn(usize) -> bool) -> Tree {
    let mut patches: [Vec<(usize, usize)>; 2] = Default::default();
    for (image, of) in examples.iter().enumerate().filter(|(image, _)| takes(*image)) {
        for (row, is) in of.known_rows() {
            patches[usize::from(!is)].push((image, row));
        }
    }
    let mut rng = ChaCha8Rng::seed_from_u64(recipe.seed);
    let columns = columns(&feature_names(recipe)).unwrap_or_default();
    let (mut table, mut is_crater) = (Table::new(columns.len() + 1), Vec::new());
    for (kind, patches) in patches.iter_mut().enumerate() {
        patches.sort_unstable();
        patches.shuffle(&mut rng);
        for (image, row) in patches.iter().take(PATCHES[kind]) {
            let of = examples[*image];
            let Some(picture) = &of.image else { continue };
            for turned in eight(picture, &of.measured.candidates[*row]) {
                table.push(&measured(&turned, &columns));
                is_crater.push(kind == 0);
            }
        }
    }
    Tree::fit(&table, &is_crater, &recipe.tree)
}

struct Patch {
    window: Window,
    candidate: Candidate,
    gsd_m: Option<f64>,
}

fn measured(patch: &Patch, columns: &[usize]) -> Vec<f32> {
    let all = Features::new(&patch.window, None, patch.gsd_m).of(&patch.candidate);
    let mut row: Vec<f32> = columns.iter().map(|at| all[*at]).collect();
    row.push(patch.candidate.score);
    row
}

/// A square cut round a candidate, flipped and turned.
fn eight(image: &LabelledImage, candidate: &Candidate) -> Vec<Patch> {
    let half = (4.0 * candidate.radius_px).ceil() as i64 + 8;
    let side = 2 * half as usize;
    let (x0, y0) = (candidate.x.floor() as i64 - half, candidate.y.floor() as i64 - half);
    let (x, y) = (candidate.x - x0 as f32, candidate.y - y0 as f32);
    let last = side as i64 - 1;
    let turn = |kind: usize| {
        let back = move |column: i64, row: i64| {
            let (column, row) = if kind & 1 == 0 { (column, row) } else { (last - column, row) };
            let (column, row) = if kind & 2 == 0 { (column, row) } else { (column, last - row) };
            if kind & 4 == 0 { (column, row) } else { (row, column) }
        };
        let cut = |raster: &Raster| {
            let at = |i: usize| {
                let (column, row) = back((i % side) as i64, (i / side) as i64);
                raster.get((x0 + column) as isize, (y0 + row) as isize)
            };
            Raster { width: side, height: side, values: (0..side * side).map(at).collect() }
        };
        let bands = image.window.bands.iter().map(|(band, raster)| (*band, cut(raster))).collect();
        // Where the centre goes: the way back, undone step by step from its end.
        let (x, y) = if kind & 4 == 0 { (x, y) } else { (y, x) };
        let y = if kind & 2 == 0 { y } else { side as f32 - y };
        let x = if kind & 1 == 0 { x } else { side as f32 - x };
        let window = Window { x0: 0, y0: 0, bands };
        Patch { window, candidate: Candidate { x, y, ..*candidate }, gsd_m: image.gsd_m }
    };
    (0..8).map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Band;

    #[test]
    fn each_flip_and_turn_keeps_the_centre_on_its_pixel() {
        let mut plane = Raster::filled(60, 60, 0.0);
        plane.values[31 * 60 + 28] = 1.0;
        let image = LabelledImage {
            name: String::new(),
            window: Window::of(Band::Pan, plane),
            sun: None,
            gsd_m: None,
            truth: Default::default(),
        };
        let candidate = Candidate { x: 28.5, y: 31.5, radius_px: 3.0, score: 1.0 };
        let patches = eight(&image, &candidate);
        assert_eq!(patches.len(), 8);
        for patch in patches {
            let plane = patch.window.band(Band::Pan).unwrap();
            assert_eq!(plane.at(patch.candidate.x, patch.candidate.y), 1.0);
        }
    }
}
