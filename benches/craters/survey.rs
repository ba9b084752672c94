//! A whole survey: trains the detector that comes with the program, and measures what a survey
//! costs and whether it depends on where tiles begin. Everything here is synthetic.
//!
//! ```text
//! cargo run -p craters --example craters-survey -- train N_SCENES SIZE_PX OUT.json
//! cargo run -p craters --example craters-survey -- measure DETECTOR.json SIZE_PX SEED
//! ```
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::fs;
use std::path::Path;

use craters::data::{Scene, SceneOptions};
use craters::fit::{Recipe, synthetic, train};
use craters::model::Detector;
use craters::predict::{self, Settings, agreement};
use craters::sample::{Law, Plan};
use record::Silent;

type Res<T> = Result<T, Box<dyn Error>>;

fn main() -> Res<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["train", n, size, out] => trained(n.parse()?, size.parse()?, out),
        ["measure", detector, size, seed] => measure(detector, size.parse()?, seed.parse()?),
        _ => Err("train N_SCENES SIZE_PX OUT.json, or measure DETECTOR.json SIZE_PX SEED".into()),
    }
}

fn trained(n: u64, size: usize, out: &str) -> Res<()> {
    let images = synthetic(Law::Training, 1..n + 1, size);
    let n_craters: usize = images.iter().map(|image| image.truth.labels.len()).sum();
    let mut recipe = Recipe {
        trained_on: format!("{n_craters} craters on {n} synthetic scenes of the training law"),
        ..Recipe::default()
    };
    recipe.candidates.max_diameter_px = 120.0;
    let detector = train(&images, &recipe, &mut Silent)?;
    fs::write(out, detector.to_json())?;
    println!(
        "{}; threshold {:.2}; {} bytes",
        detector.trained_on,
        detector.threshold,
        detector.to_json().len()
    );
    Ok(())
}

fn measure(detector: &str, size: usize, seed: u64) -> Res<()> {
    let folder = std::env::temp_dir().join(format!("craters-survey-{}", std::process::id()));
    let plan = Plan::new(Law::Test, size, seed);
    let files = plan.write(&folder)?;
    let detector = Detector::from_json(&fs::read_to_string(detector)?, Path::new(detector))?;
    let options = SceneOptions::default();
    let scene = Scene::open(&files.image, &options)?;
    let settings =
        Settings { max_diameter_m: Some(60.0), is_synthetic: true, ..Settings::default() };
    let survey = folder.join("survey");
    fs::create_dir_all(&survey)?;
    let before = cpu_seconds()?;
    let done = predict::survey(&scene, &options, &detector, &settings, &survey, &mut Silent)?;
    let megapixels = (size * size) as f64 / 1e6;
    println!("{megapixels:.1} MP: {:.3} CPU-s/MP", (cpu_seconds()? - before) / megapixels);
    println!("peak memory {} (with the making of the scene)", peak_memory()?);
    println!("area {:?} km2, threshold {}", done.area_km2, done.threshold);
    let scratch = folder.join("moved");
    let of =
        agreement::of_moved_tiles(&scene, &options, &detector, &settings, &scratch, &mut Silent)?;
    println!("moved grid: {of:?}, share {:?}, {} true craters", of.share(), plan.craters.len());
    Ok(fs::remove_dir_all(&folder)?)
}

/// User and system time of this process, from Linux's own count in hundredths of a second.
fn cpu_seconds() -> Res<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> =
        after.split_whitespace().skip(11).take(2).filter_map(|it| it.parse().ok()).collect();
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

fn peak_memory() -> Res<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown");
    Ok(line.trim_start_matches("VmHWM:").trim().to_owned())
}
