//! Whether intervals and zones hold what they promise: draws truths, thins real positions, prints
//! one line of JSON a promise.
//!
//! ```text
//! cargo run -p craters --example coverage -- [--n N] [--seed SEED] [--positions FOLDER]
//! ```
//! FOLDER has `craterA.csv` and `craterA_window.csv`, columns `x_m,y_m`.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::path::Path;

use craters::estimate::simulate;
use craters::estimate::zones::{Method, Settings, coverage_of};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word =
        |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    let number = |name: &str, otherwise: u64| word(name).map_or(Ok(otherwise), |w| w.parse());
    let (n, seed) = (number("--n", 1000)?, number("--seed", 1)?);
    for held in simulate::coverage(n, seed)? {
        println!("{}", serde_json::to_string(&held)?);
    }
    let Some(folder) = word("--positions") else { return Ok(()) };
    let points = positions(&Path::new(folder).join("craterA.csv"))?;
    let window = positions(&Path::new(folder).join("craterA_window.csv"))?;
    for q in [0.05, 0.1, 0.2] {
        let by_intensity = [0.1, 0.2, 0.4].map(|alpha| Method::Intensity { alpha });
        for method in by_intensity.into_iter().chain([Method::Buffer { level: 0.95 }]) {
            let settings = Settings { method, q, cell_m: Some(25.0) };
            let found = coverage_of(&points, &window, &settings, n, seed)?;
            println!("{}", serde_json::json!({ "settings": settings, "coverage": found }));
        }
    }
    Ok(())
}

fn positions(path: &Path) -> Result<Vec<[f64; 2]>, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path)?;
    let position = |line: &str| -> Result<[f64; 2], Box<dyn std::error::Error>> {
        let (x, y) = line.split_once(',').ok_or("a line without a comma")?;
        Ok([x.trim().parse()?, y.trim().parse()?])
    };
    text.lines().skip(1).map(position).collect()
}
