//! Training: labelled images, or a review log, to a detector.
//!
//! Everything that is chosen — calibration, thresholds — is chosen on scores of trees that have
//! not seen the image they score.

mod examples;
mod paper;
mod recipe;
mod reviews;
mod trees;

use record::{EvalReport, Journal};

pub use recipe::{Mode, Recipe};
pub use reviews::reviewed;

use crate::Error;
use crate::classify::{Calibration, Tree};
use crate::data::{Sun, Window};
use crate::error::Result;
use crate::evaluate::{self, Image, Judged, Outcome, Truth, best_threshold, judge};
use crate::features;
use crate::model::{Detection, Detector, columns};
use examples::Examples;

/// An image with what people marked on it.
#[derive(Debug, Clone)]
pub struct LabelledImage {
    /// Its name.
    pub name: String,
    /// Its pixels. Positions of labels are of the scene, as the window's own.
    pub window: Window,
    /// Where the sun stood.
    pub sun: Option<Sun>,
    /// Metres a pixel.
    pub gsd_m: Option<f64>,
    /// What was marked; its positions are relative to the window's first pixel.
    pub truth: Truth,
}

/// Fewest labelled craters to learn from.
pub const FEWEST_LABELS: usize = 50;

/// Trains a detector.
///
/// # Errors
/// Refused below [`FEWEST_LABELS`] craters, and where nothing tells what is none.
pub fn train(
    images: &[LabelledImage],
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Detector> {
    let recipe = recipe.for_labels(n_labels(images)?);
    let prepared = prepare(images, &recipe, journal)?;
    let gsd_m = common_gsd(images);
    let all: Vec<&Examples> = prepared.iter().collect();
    train_on(&all, &recipe, gsd_m, journal)
}

/// Scores by image: each image is scored by a detector, with calibration and thresholds, that was
/// trained on the images of other folds. Returns the report and what it was made of.
///
/// # Errors
/// As [`train`]; refused also where there are fewer images than folds.
pub fn cross_validate(
    images: &[LabelledImage],
    recipe: &Recipe,
    n_folds: usize,
    journal: &mut dyn Journal,
) -> Result<(EvalReport, Vec<Image>)> {
    if images.len() < n_folds || n_folds < 2 {
        return Err(Error::refused(
            format!("{} images do not make {n_folds} folds", images.len()),
            "label more images, or ask for fewer folds (at least 2)",
        ));
    }
    let recipe = recipe.for_labels(n_labels(images)? * (n_folds - 1) / n_folds);
    let prepared = prepare(images, &recipe, journal)?;
    let mut judged = Vec::new();
    for fold in 0..n_folds {
        let others: Vec<&Examples> = (0..images.len())
            .filter(|image| image % n_folds != fold)
            .map(|image| &prepared[image])
            .collect();
        let detector = train_on(&others, &recipe, common_gsd(images), journal)?;
        for image in (fold..images.len()).step_by(n_folds) {
            judged
                .push((image, scored_image(&images[image], &prepared[image], &detector, &recipe)));
        }
        journal.progress("folds", fold as u64 + 1, n_folds as u64);
    }
    judged.sort_by_key(|(image, _)| *image);
    let judged: Vec<Image> = judged.into_iter().map(|(_, of)| of).collect();
    let title = format!("{} on {} images", recipe.name, images.len());
    let split = format!("cross-validated by image, {n_folds} folds, thresholds of training folds");
    Ok((evaluate::report(&title, &split, &judged, &recipe.floors_px), judged))
}

fn scored_image(
    image: &LabelledImage,
    examples: &Examples,
    detector: &Detector,
    recipe: &Recipe,
) -> Image {
    let mut detections = detector.detections(&examples.measured);
    detections.iter_mut().for_each(|of| to_window(of, &image.window));
    let [width, height] = image.truth.size;
    Image {
        name: image.name.clone(),
        truth: image.truth.clone(),
        detections,
        thresholds: recipe.floors_px.iter().map(|floor| detector.threshold_at(*floor)).collect(),
        area_km2: image.gsd_m.map(|gsd| width * height * gsd * gsd / 1e6),
    }
}

fn to_window(detection: &mut Detection, window: &Window) {
    detection.x -= window.x0 as f64;
    detection.y -= window.y0 as f64;
}

fn n_labels(images: &[LabelledImage]) -> Result<usize> {
    let n = images.iter().map(|image| image.truth.labels.len()).sum();
    if n < FEWEST_LABELS {
        return Err(Error::refused(
            format!("{n} labelled craters are too few to learn from"),
            format!("label at least {FEWEST_LABELS}, and reject as many that are none"),
        ));
    }
    let is_complete = images.iter().any(|image| image.truth.is_complete);
    let rejected: usize = images.iter().map(|image| image.truth.rejected.len()).sum();
    if !is_complete && rejected < FEWEST_LABELS {
        return Err(Error::refused(
            format!("{rejected} rejected places are too few to learn from"),
            format!("reject at least {FEWEST_LABELS} candidates that are no craters"),
        ));
    }
    Ok(n)
}

/// The ground sampling distance of all images; none where they differ or lack it.
fn common_gsd(images: &[LabelledImage]) -> Option<f64> {
    let first = images.first()?.gsd_m?;
    let is_same =
        |image: &LabelledImage| image.gsd_m.is_some_and(|gsd| (gsd / first - 1.0).abs() < 0.02);
    images.iter().all(is_same).then_some(first)
}

/// Names of the features of the recipe's groups.
fn feature_names(recipe: &Recipe) -> Vec<String> {
    let of = features::names().into_iter().filter(|(group, _)| recipe.groups.contains(group));
    of.map(|(_, name)| name).collect()
}

fn prepare(
    images: &[LabelledImage],
    recipe: &Recipe,
    journal: &mut dyn Journal,
) -> Result<Vec<Examples>> {
    let columns = columns(&feature_names(recipe))?;
    let mut prepared = Vec::new();
    for (at, image) in images.iter().enumerate() {
        prepared.push(Examples::of(image, recipe, &columns));
        journal.progress("images measured", at as u64 + 1, images.len() as u64);
    }
    Ok(prepared)
}

fn train_on(
    examples: &[&Examples],
    recipe: &Recipe,
    gsd_m: Option<f64>,
    journal: &mut dyn Journal,
) -> Result<Detector> {
    let (table, is_crater) = examples::labelled(examples);
    if is_crater.iter().all(|is| *is) || !is_crater.iter().any(|is| *is) {
        return Err(Error::refused(
            "step one finds no craters, or nothing but craters, where labels lie",
            "check positions and diameters of the labels and the direction of the sun",
        ));
    }
    journal.note(&format!("{} candidates, {} of them craters", is_crater.len(), {
        is_crater.iter().filter(|is| **is).count()
    }));
    let (tree, stack, out_of_fold) = match recipe.mode {
        Mode::SunAware => {
            let tree = Tree::fit(&table, &is_crater, &recipe.tree);
            let (stack, out_of_fold) = trees::fit(examples, recipe, journal);
            (tree, Some(stack), out_of_fold)
        }
        Mode::Paper => {
            let (tree, out_of_fold) = paper::fit(examples, recipe);
            (tree, None, out_of_fold)
        }
    };
    let calibration = calibrate(examples, &out_of_fold, recipe);
    let told = |of: &Vec<Detection>| {
        let told = |of: &Detection| Detection {
            probability: calibration.probability(of.probability),
            ..of.clone()
        };
        of.iter().map(told).collect::<Vec<_>>()
    };
    let out_of_fold: Vec<Vec<Detection>> = out_of_fold.iter().map(told).collect();
    let thresholds: Vec<(f64, f32)> = recipe
        .floors_px
        .iter()
        .map(|floor| {
            let judged = judge_all(examples, &out_of_fold, *floor);
            (*floor, best_threshold(&judged).unwrap_or(0.5))
        })
        .collect();
    Ok(Detector {
        trained_on: recipe.trained_on.clone(),
        candidates: recipe.candidates.clone(),
        gsd_m,
        threshold: thresholds.first().map_or(0.5, |of| of.1),
        thresholds,
        knows_sun: recipe.mode == Mode::SunAware,
        magnify: recipe.magnify,
        features: feature_names(recipe),
        tree,
        stack,
        calibration,
    })
}

/// Detections here carry log-odds in the place of the probability.
fn calibrate(
    examples: &[&Examples],
    out_of_fold: &[Vec<Detection>],
    recipe: &Recipe,
) -> Calibration {
    let floor = recipe.floors_px.first().copied().unwrap_or(0.0);
    let judged = judge_all(examples, out_of_fold, floor);
    let counted: Vec<(f32, Outcome)> = judged
        .iter()
        .flat_map(|of| of.outcomes.iter().copied())
        .filter(|of| of.1 != Outcome::Aside)
        .collect();
    let scores: Vec<f32> = counted.iter().map(|of| of.0).collect();
    let is_crater: Vec<bool> = counted.iter().map(|of| of.1 == Outcome::Right).collect();
    Calibration::fit(&scores, &is_crater)
}

fn judge_all(examples: &[&Examples], found: &[Vec<Detection>], floor: f64) -> Vec<Judged> {
    examples.iter().zip(found).map(|(of, found)| judge(found, &of.truth, floor)).collect()
}
