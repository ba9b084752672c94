//! Training: labelled images, or a review log, to a detector.
//!
//! Everything that is chosen — calibration, thresholds — is chosen on scores of trees that have
//! not seen the image they score.

mod examples;
mod paper;
mod recipe;
mod reviews;
mod synthetic;
#[cfg(test)]
mod tests;
mod trees;

use record::{EvalReport, Journal};

pub use recipe::{Mode, Recipe};
pub use reviews::reviewed;
pub use synthetic::synthetic;

use crate::Error;
use crate::classify::{Calibration, Tree};
use crate::data::{Sun, Window};
use crate::error::Result;
use crate::evaluate::{self, Image, Judged, Outcome, Truth, best_threshold, judge};
use crate::features::Group;
use crate::model::{Detection, Detector, all_names, calibrated, columns};
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
            let found = detector.detections(&prepared[image].measured);
            let floors = &recipe.floors_px;
            judged.push((image, judged_image(&images[image], found, &detector, floors)));
        }
        journal.progress("folds", fold as u64 + 1, n_folds as u64);
    }
    judged.sort_by_key(|(image, _)| *image);
    let judged: Vec<Image> = judged.into_iter().map(|(_, of)| of).collect();
    let title = format!("{} on {} images", recipe.name, images.len());
    let split = format!("cross-validated by image, {n_folds} folds, thresholds of training folds");
    Ok((evaluate::report(&title, &split, &judged, &recipe.floors_px), judged))
}

/// The scores of a detector on images that it was not trained on, at its own thresholds.
pub fn test(
    detector: &Detector,
    images: &[LabelledImage],
    floors_px: &[f64],
    split: &str,
) -> (EvalReport, Vec<Image>) {
    let judged = images.iter().map(|image| {
        let found = detector.detect(&image.window, image.sun.as_ref(), image.gsd_m);
        judged_image(image, found, detector, floors_px)
    });
    let judged: Vec<Image> = judged.collect();
    let title = format!("trained on {}", detector.trained_on);
    (evaluate::report(&title, split, &judged, floors_px), judged)
}

fn judged_image(
    image: &LabelledImage,
    mut detections: Vec<Detection>,
    detector: &Detector,
    floors_px: &[f64],
) -> Image {
    detections.iter_mut().for_each(|of| to_window(of, &image.window));
    let [width, height] = image.truth.size;
    Image {
        name: image.name.clone(),
        truth: image.truth.clone(),
        detections,
        thresholds: floors_px.iter().map(|floor| detector.threshold_at(*floor)).collect(),
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
    let is_asked = |group: &Group, name: &str| {
        recipe.groups.contains(group) && (recipe.magnify > 1 || !name.starts_with("spot_"))
    };
    let of = all_names().into_iter().filter(|(group, name)| is_asked(group, name));
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
    let calibrations = calibrate(examples, &out_of_fold, recipe);
    let told = |of: &Vec<Detection>| {
        let told = |of: &Detection| Detection {
            probability: calibrated(&calibrations, 2.0 * of.radius_px, of.probability),
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
        calibrations,
    })
}

/// One calibration for each step of sizes between the floors, where there are enough examples;
/// detections here carry log-odds in the place of the probability.
fn calibrate(
    examples: &[&Examples],
    out_of_fold: &[Vec<Detection>],
    recipe: &Recipe,
) -> Vec<(f64, Calibration)> {
    const ENOUGH: usize = 1000;
    let first = recipe.floors_px.first().copied().unwrap_or(0.0);
    let mut calibrations = vec![(0.0, calibration(examples, out_of_fold, first, f64::INFINITY).1)];
    for (at, floor) in recipe.floors_px.iter().enumerate() {
        let next = recipe.floors_px.get(at + 1).copied().unwrap_or(f64::INFINITY);
        let (n, fitted) = calibration(examples, out_of_fold, *floor, next);
        if n >= ENOUGH {
            calibrations.push((*floor, fitted));
        }
    }
    calibrations
}

/// The calibration of the detections of these diameters, and how many there are.
fn calibration(
    examples: &[&Examples],
    out_of_fold: &[Vec<Detection>],
    from_px: f64,
    below_px: f64,
) -> (usize, Calibration) {
    let (mut scores, mut is_crater) = (Vec::new(), Vec::new());
    for (of, found) in examples.iter().zip(out_of_fold) {
        let judged = judge(found, &of.truth, from_px);
        let mut sorted: Vec<&Detection> = found.iter().collect();
        sorted.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        for (detection, (score, outcome)) in sorted.iter().zip(&judged.outcomes) {
            if *outcome != Outcome::Aside && 2.0 * detection.radius_px < below_px {
                scores.push(*score);
                is_crater.push(*outcome == Outcome::Right);
            }
        }
    }
    (scores.len(), Calibration::fit(&scores, &is_crater))
}

fn judge_all(examples: &[&Examples], found: &[Vec<Detection>], floor: f64) -> Vec<Judged> {
    examples.iter().zip(found).map(|(of, found)| judge(found, &of.truth, floor)).collect()
}
