//! False alarms on real images without craters, at the threshold that finds 85 of 100 craters
//! planted into them. The detector has learnt from synthetic scenes of the law of training and
//! has seen neither image; what is planted follows the law of test.
//!
//! ```text
//! cargo run -p craters --example craters-alarms -- [--data FOLDER] [--out FILE.json]
//! ```
//! The images are two panchromatic WorldView chips. Where they are absent, the skipping is said.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::path::{Path, PathBuf};

use craters::data::{Band, Scene, SceneOptions, Sun, Window};
use craters::evaluate::{Judged, Label, Outcome, Truth, judge};
use craters::fit::{LabelledImage, Recipe, train};
use craters::model::Detector;
use craters::sample::{self, Law, plant};
use record::Silent;
use serde_json::{Value, json};

type Res<T> = Result<T, Box<dyn Error>>;

/// File, metres a pixel, and where the sun stood: read off the shadows, for the files do not
/// say it.
const CHIPS: [(&str, f64, f64); 2] =
    [("sample_geotiff.tif", 0.5, 155.0), ("road_mask_input.tif", 0.3, 161.0)];
/// Seeds of the scenes that are learnt from.
const TRAINING: std::ops::Range<u64> = 101..109;
/// Seeds of plantings, and craters of each.
const PLANTINGS: (std::ops::Range<u64>, usize) = (1..6, 20);
const RECALL: f64 = 0.85;
const FLOORS_PX: [f64; 2] = [10.0, 16.0];

struct Chip {
    name: &'static str,
    window: Window,
    sun: Sun,
    gsd_m: f64,
}

fn main() -> Res<()> {
    let args: Vec<String> = std::env::args().collect();
    let value =
        |name: &str| args.iter().position(|of| of == name).and_then(|at| args.get(at + 1)).cloned();
    let data = PathBuf::from(value("--data").unwrap_or("../shared/data/craters".to_owned()));
    let chips = chips(&data.join("geotiff_samples/spacenet_worldview"))?;
    let mut rows = Vec::new();
    if !chips.is_empty() {
        let detector = learnt()?;
        for floor_px in FLOORS_PX {
            rows.extend(chips.iter().map(|chip| row(&detector, chip, floor_px)));
        }
    }
    for row in &rows {
        println!("{row}");
    }
    if let Some(out) = value("--out") {
        std::fs::write(&out, serde_json::to_vec_pretty(&json!({ "rows": rows }))?)?;
    }
    Ok(())
}

fn chips(folder: &Path) -> Res<Vec<Chip>> {
    let mut found = Vec::new();
    for (name, gsd_m, azimuth_deg) in CHIPS {
        let path = folder.join(name);
        if !path.exists() {
            eprintln!("skipped: no {}", path.display());
            continue;
        }
        let sun = Sun { azimuth_deg, elevation_deg: None };
        let options = SceneOptions { bands: Some(vec![Band::Pan]), ..Default::default() };
        let scene = Scene::open(&path, &options)?;
        let window = scene.window(0, 0, scene.width, scene.height)?;
        found.push(Chip { name, window, sun, gsd_m });
    }
    Ok(found)
}

/// A detector of one band, as the chips have no other.
fn learnt() -> Res<Detector> {
    let images: Vec<LabelledImage> = TRAINING
        .map(|seed| {
            let made = sample::scene(Law::Training, 1024, seed);
            let window = Window { bands: made.window.bands[..1].to_vec(), ..made.window };
            LabelledImage {
                name: format!("synthetic training {seed}"),
                truth: truth(&window, &made.craters),
                window,
                sun: Some(made.sun),
                gsd_m: Some(made.gsd_m),
            }
        })
        .collect();
    let recipe =
        Recipe { trained_on: "synthetic scenes, law of training".to_owned(), ..Recipe::default() };
    Ok(train(&images, &recipe, &mut Silent)?)
}

fn truth(window: &Window, craters: &[sample::Truth]) -> Truth {
    let raster = &window.bands[0].1;
    Truth {
        size: [raster.width as f64, raster.height as f64],
        labels: craters
            .iter()
            .map(|crater| Label { x: crater.x, y: crater.y, radius_px: crater.radius_px })
            .collect(),
        is_complete: true,
        ..Truth::default()
    }
}

/// The scores of one chip at one smallest diameter.
fn row(detector: &Detector, chip: &Chip, floor_px: f64) -> Value {
    let detect = |window: &Window| detector.detect(window, Some(&chip.sun), Some(chip.gsd_m));
    let planted: Vec<Judged> = PLANTINGS
        .0
        .map(|seed| {
            let n = PLANTINGS.1;
            let (window, craters) = plant(&chip.window, &chip.sun, chip.gsd_m, seed, n, Law::Test);
            judge(&detect(&window), &truth(&window, &craters), floor_px)
        })
        .collect();
    let n_craters: usize = planted.iter().map(|one| one.n_labels).sum();
    let mut right: Vec<f32> = planted
        .iter()
        .flat_map(|one| &one.outcomes)
        .filter(|(_, outcome)| *outcome == Outcome::Right)
        .map(|(probability, _)| *probability)
        .collect();
    right.sort_by(|a, b| b.total_cmp(a));
    let needed = (RECALL * n_craters as f64).ceil() as usize;
    let threshold = right.get(needed.saturating_sub(1)).copied();
    let raster = &chip.window.bands[0].1;
    let area_km2 = (raster.width * raster.height) as f64 * (chip.gsd_m / 1000.0).powi(2);
    let alarms = detect(&chip.window);
    let per_km2 = |least: f32| {
        let counts = |d: &&craters::model::Detection| {
            least <= d.probability && floor_px <= 2.0 * d.radius_px
        };
        alarms.iter().filter(counts).count() as f64 / area_km2
    };
    let own = detector.threshold_at(floor_px);
    let found = right.iter().filter(|probability| own <= **probability).count();
    json!({
        "chip": chip.name,
        "floor_px": floor_px,
        "area_km2": area_km2,
        "planted": n_craters,
        "found_at_all": right.len(),
        "threshold_for_recall": threshold,
        "alarms_km2": threshold.map(per_km2),
        "own_threshold": own,
        "recall_at_own": found as f64 / n_craters.max(1) as f64,
        "alarms_km2_at_own": per_km2(own),
    })
}
