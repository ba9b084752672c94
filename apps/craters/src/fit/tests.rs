//! Training on a picture small enough to know every answer.

use record::Silent;

use super::*;
use crate::data::Band;
use crate::evaluate::Label;
use crate::raster::Raster;

/// A rough plain with hollows lit from above: each dark towards the sun, bright away from it.
fn picture(seed: u32) -> LabelledImage {
    let side = 160;
    let mut state = seed;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    let mut plane = Raster::filled(side, side, 0.0);
    plane.values.iter_mut().for_each(|value| *value = 100.0 + 6.0 * noise());
    let mut labels = Vec::new();
    for (row, column) in (0..5).flat_map(|row| (0..5).map(move |column| (row, column))) {
        let (x, y) = (16.0 + 32.0 * column as f32, 16.0 + 32.0 * row as f32);
        let (x, y, r) = (x + 6.0 * noise(), y + 6.0 * noise(), 7.0 + 3.0 * noise());
        // Every third is a mound: lit the other way.
        let is_mound = (row + column) % 3 == 0;
        for (at, value) in plane.values.iter_mut().enumerate() {
            let dx = (at % side) as f32 + 0.5 - x;
            let dy = (at / side) as f32 + 0.5 - y;
            let d = dx.hypot(dy) / r;
            let sign = if is_mound { -1.0 } else { 1.0 };
            *value += if d < 1.0 { sign * 40.0 * dy / r } else { 0.0 };
        }
        if !is_mound {
            labels.push(Label { x: f64::from(x), y: f64::from(y), radius_px: f64::from(r) });
        }
    }
    LabelledImage {
        name: format!("picture {seed}"),
        window: Window::of(Band::Pan, plane),
        sun: Some(Sun { azimuth_deg: 0.0, elevation_deg: None }),
        gsd_m: Some(0.5),
        truth: Truth { size: [160.0; 2], labels, is_complete: true, ..Truth::default() },
    }
}

fn recipe() -> Recipe {
    let mut recipe = Recipe { floors_px: vec![8.0], folds: 2, ..Recipe::default() };
    recipe.candidates.max_diameter_px = 40.0;
    recipe
}

fn pictures(seeds: std::ops::Range<u32>) -> Vec<LabelledImage> {
    seeds.map(picture).collect()
}

#[test]
fn hollows_are_told_from_mounds_on_a_picture_that_was_not_seen() {
    let detector = train(&pictures(1..6), &recipe(), &mut Silent).unwrap();
    let (report, judged) = test(&detector, &pictures(20..22), &[8.0], "unseen");
    assert!(report.scores[0].metric == "f1_8px" && report.scores[0].value > 0.8, "{report:?}");
    assert!(!judged[0].detections[0].path.is_empty());
    let again = train(&pictures(1..6), &recipe(), &mut Silent).unwrap();
    assert_eq!(again, detector);
    let path = std::path::Path::new("detector.json");
    assert_eq!(Detector::from_json(&detector.to_json(), path).unwrap(), detector);
}

#[test]
fn scores_by_folds_are_of_detectors_that_have_not_seen_the_image() {
    let (report, judged) = cross_validate(&pictures(1..7), &recipe(), 2, &mut Silent).unwrap();
    assert_eq!(judged.len(), 6);
    assert!(judged.iter().zip(1..).all(|(of, n)| of.name == format!("picture {n}")));
    assert!(report.scores[0].interval.is_some());
}

#[test]
fn the_paper_recipe_gives_one_tree_and_no_sun() {
    let recipe = Recipe { folds: 2, floors_px: vec![8.0], ..Recipe::paper() };
    let detector = train(&pictures(1..5), &recipe, &mut Silent).unwrap();
    assert!(detector.stack.is_none() && !detector.knows_sun);
}

#[test]
fn fewer_than_fifty_labels_are_refused() {
    let error = train(&pictures(1..3), &recipe(), &mut Silent).unwrap_err().to_string();
    assert!(error.contains("labelled craters are too few") && error.contains("hint"), "{error}");
}

#[test]
fn a_detector_of_other_features_or_broken_trees_is_refused() {
    let detector = train(&pictures(1..5), &recipe(), &mut Silent).unwrap();
    let path = std::path::Path::new("detector.json");
    let other = Detector { features: vec!["colour_of_hope".to_owned()], ..detector.clone() };
    let error = Detector::from_json(&other.to_json(), path).unwrap_err().to_string();
    assert!(error.contains("colour_of_hope"), "{error}");
    let broken = Detector { features: detector.features[..2].to_vec(), ..detector };
    let error = Detector::from_json(&broken.to_json(), path).unwrap_err().to_string();
    assert!(error.contains("damaged"), "{error}");
}
