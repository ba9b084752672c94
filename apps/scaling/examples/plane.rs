//! Draws the loss over size and data as an SVG file that stands alone:
//! `cargo run -p scaling --example plane -- RUNS.csv PLANE.svg`.

use std::path::PathBuf;

use evaluate::plot::Size;
use record::Silent;
use scaling::Error;
use scaling::data::{Options, import};
use scaling::fit::{Recipe, fit, observe};
use scaling::model::allocation::TwoTerms;
use scaling::model::chinchilla::CHINCHILLA;
use scaling::report::{Plane, optimum_of, plane, runs};
use scaling::units::{CountKind, Flop};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [table, picture] = &files[..] else { return Err("say RUNS.csv and PLANE.svg".into()) };
    std::fs::write(picture, draw(table.clone())?)?;
    Ok(())
}

fn draw(table: PathBuf) -> Result<String, Error> {
    let imported = import(&[table], &Options::default(), &mut Silent)?;
    let observations = observe(&CHINCHILLA, &imported.runs)?;
    let recipe = Recipe { n_bootstrap: 1000, ..Recipe::default() };
    let fit = fit(&CHINCHILLA, observations, &recipe, &mut Silent)?;
    let runs = runs(&fit.observations).unwrap_or_default();
    let compute = || runs.iter().map(|run| run.compute.0);
    let (least, most) = (compute().fold(f64::INFINITY, f64::min), compute().fold(0.0, f64::max));
    let budgets: Vec<Flop> =
        (0..=40).map(|i| Flop(least * (30.0 * most / least).powf(f64::from(i) / 40.0))).collect();
    let frontier = optimum_of(&fit, &budgets, |theta, c| {
        let &[e, a, b, alpha, beta] = theta else { return None };
        Some(TwoTerms { e, a, b, alpha, beta }.best_split(c))
    });
    let picture = plane(&Plane {
        loss: &|n, d| fit.loss(&[n, d]),
        runs: &runs,
        frontier: &frontier,
        planned: None,
        count: fit.observations.count.unwrap_or(CountKind::Unstated),
    });
    Ok(picture.standalone(Size::WIDE))
}
