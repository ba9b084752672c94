//! Step one alone: recall, candidates and CPU time on labelled pictures.
//!
//! `cargo run --release -p craters --example craters-stage1 -- FOLDER` with `*.png` and, beside
//! each, a `*.txt` of `ID,X,Y,W,H,C_X,CY`: the sun is taken to stand in the upper half of each
//! picture, on the axis that the picture shows. Without a folder: four synthetic scenes.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::path::Path;

use craters::candidates::{self, Candidate, Settings, estimate_sun_axis};
use craters::data::{Band, Sun, Window};
use craters::features::Features;
use craters::raster::Raster;
use craters::sample;

type Failure = Box<dyn std::error::Error>;

struct Circle {
    x: f32,
    y: f32,
    radius: f32,
}

fn main() -> Result<(), Failure> {
    let mut rows = Vec::new();
    match std::env::args().nth(1) {
        Some(folder) => {
            let mut pictures: Vec<_> = std::fs::read_dir(folder)?.filter_map(Result::ok).collect();
            pictures.sort_by_key(std::fs::DirEntry::path);
            for picture in pictures.iter().map(std::fs::DirEntry::path) {
                if picture.extension().is_some_and(|e| e == "png") {
                    rows.push(labelled(&picture)?);
                }
            }
        }
        None => rows.extend((1..=4).map(synthetic)),
    }
    total(&rows);
    Ok(())
}

fn labelled(picture: &Path) -> Result<Row, Failure> {
    let image = image::open(picture)?.to_luma8();
    let grey = Raster {
        width: image.width() as usize,
        height: image.height() as usize,
        values: image.pixels().map(|p| f32::from(p.0[0])).collect(),
    };
    let labels = labels(&picture.with_extension("txt"))?;
    let axis = estimate_sun_axis(&grey);
    let azimuth_deg = axis.map_or(0.0, |a| if 90.0 < a { a + 180.0 } else { a });
    let name = picture.file_name().unwrap_or_default().display().to_string();
    let sun = Sun { azimuth_deg, elevation_deg: None };
    Ok(survey(&name, &Window::of(Band::Pan, grey), sun, &labels))
}

fn synthetic(seed: u64) -> Row {
    let scene = sample::scene(sample::Law::Training, 2048, seed);
    let circle =
        |t: &sample::Truth| Circle { x: t.x as f32, y: t.y as f32, radius: t.radius_px as f32 };
    let labels: Vec<Circle> = scene.craters.iter().map(circle).collect();
    survey(&format!("synthetic scene {seed}"), &scene.window, scene.sun, &labels)
}

struct Row {
    pixels: usize,
    candidates: usize,
    /// At each number of candidates a megapixel: labels found, of 10 and of 16 px.
    found: Vec<[usize; 2]>,
    labels: [usize; 2],
    seconds: [f64; 3],
}

const DENSITIES: [usize; 6] = [33, 300, 1000, 2000, 4000, 16000];

fn survey(name: &str, window: &Window, sun: Sun, labels: &[Circle]) -> Row {
    let settings = Settings { quota_per_mp: 16000.0, ..Settings::default() };
    let grey = window.grey();
    let start = cpu_seconds();
    let found = candidates::find(&grey, Some(&sun), &settings);
    let step_one = cpu_seconds() - start;
    let start = cpu_seconds();
    let features = Features::new(window, Some(&sun), Some(0.5));
    let prepared = cpu_seconds() - start;
    let start = cpu_seconds();
    let sum: f32 = found.iter().map(|c| features.of(c)[0]).sum();
    let measured = cpu_seconds() - start;
    assert!(0.0 <= sum);
    let pixels = window.bands[0].1.values.len();
    let row = Row {
        pixels,
        candidates: found.len(),
        found: DENSITIES.map(|d| recall(&found, labels, d * pixels / 1_000_000)).to_vec(),
        labels: [10.0, 16.0].map(|d| labels.iter().filter(|l| d <= 2.0 * l.radius).count()),
        seconds: [step_one, prepared, measured],
    };
    println!(
        "{name}: axis {:.0?}, sun {:.0}, {} candidates, labels {:?}, found {:?}",
        estimate_sun_axis(&window.bands[0].1),
        sun.azimuth_deg,
        row.candidates,
        row.labels,
        row.found
    );
    row
}

fn labels(path: &Path) -> Result<Vec<Circle>, Failure> {
    let text = std::fs::read_to_string(path)?;
    let numbers = |line: &str| -> Vec<f32> {
        line.split([',', '\t']).filter_map(|field| field.trim().parse().ok()).collect()
    };
    let rows = text.lines().map(numbers).filter(|row| 5 <= row.len());
    Ok(rows
        .map(|row| Circle {
            x: row[1] + row[3] / 2.0,
            y: row[2] + row[4] / 2.0,
            radius: (row[3] + row[4]) / 4.0,
        })
        .collect())
}

/// Labels of 10 and of 16 px that one of the best `n` candidates meets.
fn recall(found: &[Candidate], labels: &[Circle], n: usize) -> [usize; 2] {
    let best = &found[..n.min(found.len())];
    let met = |label: &&Circle| {
        best.iter().any(|c| {
            let near = (c.x - label.x).hypot(c.y - label.y) <= (0.5 * label.radius).max(2.0);
            near && (0.5..=2.0).contains(&(c.radius_px / label.radius))
        })
    };
    [10.0, 16.0].map(|d| labels.iter().filter(|l| d <= 2.0 * l.radius).filter(met).count())
}

fn total(rows: &[Row]) {
    let megapixels = rows.iter().map(|r| r.pixels).sum::<usize>() as f64 / 1e6;
    for (i, density) in DENSITIES.iter().enumerate() {
        for (k, floor) in [10, 16].iter().enumerate() {
            let found: usize = rows.iter().map(|r| r.found[i][k]).sum();
            let labels: usize = rows.iter().map(|r| r.labels[k]).sum();
            let recall = found as f64 / labels as f64;
            println!("best {density} a megapixel, {floor} px: recall {recall:.3}");
        }
    }
    let seconds: Vec<f64> =
        (0..3).map(|k| rows.iter().map(|r| r.seconds[k]).sum::<f64>() / megapixels).collect();
    let candidates = rows.iter().map(|r| r.candidates).sum::<usize>() as f64 / megapixels;
    println!("{candidates:.0} candidates/MP; s/MP: find, prepare, measure {seconds:.3?}");
}

/// CPU time of this thread in seconds, as Linux counts it; zero elsewhere.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|field| field.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}
