//! What the crater detector scores on labelled pictures: trains and judges by folds of images,
//! prints the table, writes every number and every detection.
//!
//! ```text
//! cargo run -p craters --example scores -- [--data FOLDER] [--out FILE.json] [--only lunar,...] [--model FOLDER]
//! ```
//! Sets: `lunar` (12 tiles at 0.5 m/px), `sentinel` (Ukraine, 10 m chips), `ablation` (lunar
//! without the sun, without each group of features, and by the paper's recipe), `synthetic` (a
//! detector trained on one law, judged on the other; `--model` keeps it). A set whose files are absent is skipped, and
//! the skipping said.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use craters::candidates::estimate_sun_axis;
use craters::data::labels::{Ground, chips, marks, read};
use craters::data::{Band, Scene, SceneOptions, Sun};
use craters::evaluate::{Image, Truth};
use craters::features::Group;
use craters::fit::{LabelledImage, Recipe, cross_validate, synthetic, test, train};
use craters::sample::Law;
use record::{EvalReport, Journal};
use serde_json::{Value, json};

type Res<T> = Result<T, Box<dyn Error>>;

/// Says what it waits for.
struct Talk(Instant);

impl Journal for Talk {
    fn param(&mut self, _: &str, _: &str) {}
    fn metric(&mut self, _: &str, _: u64, _: f64) {}
    fn artifact(&mut self, _: &str, _: &[u8]) {}
    fn progress(&mut self, what: &str, done: u64, total: u64) {
        if what == "folds" {
            self.note(&format!("{what} {done}/{total}"));
        }
    }
    fn note(&mut self, text: &str) {
        eprintln!("{:6.1} s  {text}", self.0.elapsed().as_secs_f64());
    }
}

fn main() -> Res<()> {
    let args: Vec<String> = std::env::args().collect();
    let value =
        |name: &str| args.iter().position(|of| of == name).and_then(|at| args.get(at + 1)).cloned();
    let data = PathBuf::from(value("--data").unwrap_or("../shared/data/craters".to_owned()));
    let only = value("--only");
    let is_asked = |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|o| o == name));
    let mut sets = serde_json::Map::new();
    if is_asked("lunar")
        && let Some(images) = lunar(&data)?
    {
        sets.insert("lunar".to_owned(), scored("lunar", &images, &lunar_recipe(), 4)?);
    }
    if is_asked("sentinel")
        && let Some(images) = sentinel(&data)?
    {
        sets.insert("sentinel".to_owned(), scored("sentinel", &images, &sentinel_recipe(), 3)?);
    }
    if is_asked("ablation")
        && let Some(images) = lunar(&data)?
    {
        for (name, images, recipe) in ablations(&images) {
            sets.insert(name.clone(), scored(&name, &images, &recipe, 4)?);
        }
    }
    if is_asked("synthetic") {
        sets.insert("synthetic".to_owned(), shipped(value("--model").as_deref())?);
    }
    if let Some(out) = value("--out") {
        std::fs::write(&out, serde_json::to_vec_pretty(&json!({ "sets": sets }))?)?;
        println!("raw numbers: {out}");
    }
    Ok(())
}

/// Fixed before any score was seen but for the sizes, which are those of the labels.
fn lunar_recipe() -> Recipe {
    let mut recipe = Recipe { trained_on: "lunar tiles".to_owned(), ..Recipe::default() };
    recipe.candidates.min_diameter_px = 8.0;
    recipe.candidates.max_diameter_px = 300.0;
    recipe
}

/// Marks of about three pixels: the chips are drawn out fourfold.
fn sentinel_recipe() -> Recipe {
    let mut recipe = Recipe {
        name: "sun-aware, drawn out fourfold".to_owned(),
        trained_on: "Sentinel-2 chips".to_owned(),
        magnify: 4,
        complete_from_px: 0.0,
        floors_px: vec![0.0],
        folds: 3,
        ..Recipe::default()
    };
    recipe.boosted.trees = 120;
    recipe.candidates.quota_per_mp = 60_000.0;
    recipe
}

fn ablations(images: &[LabelledImage]) -> Vec<(String, Vec<LabelledImage>, Recipe)> {
    let blind: Vec<LabelledImage> =
        images.iter().map(|image| LabelledImage { sun: None, ..image.clone() }).collect();
    let groups = [Group::Shape, Group::Texture, Group::Size];
    let mut rows = vec![
        ("without the sun".to_owned(), blind, lunar_recipe()),
        ("paper recipe".to_owned(), images.to_vec(), paper_recipe()),
    ];
    for group in groups {
        let mut recipe = lunar_recipe();
        recipe.groups.retain(|of| *of != group);
        rows.push((format!("without {group:?}").to_lowercase(), images.to_vec(), recipe));
    }
    rows
}

fn paper_recipe() -> Recipe {
    Recipe { candidates: lunar_recipe().candidates, ..Recipe::paper() }
}

/// The lunar tiles. They lie at 45 to 46 degrees south with north up, so the sun stands in the
/// northern half; the axis is that of the shading.
fn lunar(data: &Path) -> Res<Option<Vec<LabelledImage>>> {
    let folder = data.join("moon_lro_nac_train");
    let Some(paths) = files(&folder, "png") else { return Ok(None) };
    let image = |path: &PathBuf| -> Res<LabelledImage> {
        let scene = Scene::open(path, &SceneOptions { gsd_m: Some(0.5), ..Default::default() })?;
        let window = scene.window(0, 0, scene.width, scene.height)?;
        let axis = estimate_sun_axis(&window.grey());
        let sun = axis.map(|axis| {
            let is_south = 90.0 < axis.rem_euclid(360.0) && axis.rem_euclid(360.0) < 270.0;
            let azimuth_deg = if is_south { axis + 180.0 } else { axis };
            Sun { azimuth_deg: azimuth_deg.rem_euclid(360.0), elevation_deg: None }
        });
        let labels = read(&path.with_extension("txt"), &Ground::of(&scene))?;
        let truth = truth_of(labels, &scene);
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(LabelledImage { name, window, sun, gsd_m: Some(0.5), truth })
    };
    Ok(Some(paths.iter().map(image).collect::<Res<_>>()?))
}

fn truth_of(labels: Vec<craters::evaluate::Label>, scene: &Scene) -> Truth {
    let size = [scene.width as f64, scene.height as f64];
    Truth { size, labels, is_complete: true, ..Truth::default() }
}

/// The chips; a chip is the unit of the folds.
fn sentinel(data: &Path) -> Res<Option<Vec<LabelledImage>>> {
    let path = data.join("sentinel2_ukraine/train_02.zip");
    if !path.exists() {
        eprintln!("skipped: no {}", path.display());
        return Ok(None);
    }
    let chips = chips(&path, &[Band::Red, Band::Green, Band::Blue, Band::Nir])?;
    let image = |chip: craters::data::labels::Chip| {
        let raster = &chip.window.bands[0].1;
        let size = [raster.width as f64, raster.height as f64];
        // A mark is a disc of 12 to 13 pixels; marks that touch are told apart for training and
        // count neither way.
        let (labels, aside) = marks(&chip.mask, 12.5);
        let truth = Truth { size, labels, aside, is_complete: true, ..Truth::default() };
        // Half past eight in the morning, universal time, at 48 degrees north in early July.
        let sun = Some(Sun { azimuth_deg: 145.0, elevation_deg: Some(60.0) });
        LabelledImage { name: chip.name, window: chip.window, sun, gsd_m: Some(10.0), truth }
    };
    Ok(Some(chips.into_iter().map(image).collect()))
}

/// The detector that comes with the program: trained on one law, judged on the other. Written
/// with its report into a folder where one is named.
fn shipped(folder: Option<&str>) -> Res<Value> {
    let start = Instant::now();
    let recipe = Recipe::shipped();
    let training = synthetic(Law::Training, 1..49, 1024);
    let detector = train(&training, &recipe, &mut Talk(start))?;
    let seconds = start.elapsed().as_secs_f64();
    println!("synthetic: trained in {seconds:.0} s, {} bytes", detector.to_json().len());
    let scenes = synthetic(Law::Test, 101..117, 1024);
    let split = "synthetic scenes of the test law, seeds 101 to 116, 1024 px";
    let (report, judged) = test(&detector, &scenes, &recipe.floors_px, split);
    print(&report);
    if let Some(folder) = folder {
        let folder = Path::new(folder);
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("detector.json"), detector.to_json())?;
        std::fs::write(folder.join("report.json"), serde_json::to_vec_pretty(&report)?)?;
    }
    let tiles: Vec<Value> = judged.iter().map(|of| tile(of, 0, &recipe)).collect();
    Ok(json!({ "report": report, "recipe": recipe, "seconds": seconds, "tiles": tiles }))
}

fn files(folder: &Path, extension: &str) -> Option<Vec<PathBuf>> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        eprintln!("skipped: no {}", folder.display());
        return None;
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|of| of.ok().map(|of| of.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|of| of == extension));
    paths.sort();
    Some(paths)
}

fn scored(name: &str, images: &[LabelledImage], recipe: &Recipe, folds: usize) -> Res<Value> {
    let start = Instant::now();
    println!("{name}: {} images", images.len());
    for image in images.iter().take(12) {
        let sun =
            image.sun.map_or("no sun".to_owned(), |sun| format!("sun {:.0}", sun.azimuth_deg));
        eprintln!("  {} {sun}, {} labels", image.name, image.truth.labels.len());
    }
    let (report, judged) = cross_validate(images, recipe, folds, &mut Talk(start))?;
    print(&report);
    let seconds = start.elapsed().as_secs_f64();
    println!("  {seconds:.0} s");
    let tiles: Vec<Value> =
        judged.iter().enumerate().map(|(at, of)| tile(of, at % folds, recipe)).collect();
    Ok(json!({ "report": report, "recipe": recipe, "seconds": seconds, "tiles": tiles }))
}

fn tile(of: &Image, fold: usize, recipe: &Recipe) -> Value {
    let detections: Vec<Value> =
        of.detections.iter().map(|d| json!([d.x, d.y, d.radius_px, d.probability])).collect();
    let mut tile = json!({ "name": of.name, "fold": fold, "detections": detections });
    for (floor, threshold) in recipe.floors_px.iter().zip(&of.thresholds) {
        tile[format!("threshold_{floor}")] = json!(threshold);
    }
    tile
}

fn print(report: &EvalReport) {
    for score in &report.scores {
        let sure = score
            .interval
            .as_ref()
            .map_or(String::new(), |sure| format!("  ({:.3} to {:.3})", sure.low, sure.high));
        println!("  {:32} {:.3}{sure}", score.metric, score.value);
    }
}
