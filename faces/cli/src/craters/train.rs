//! `fieldkit craters train`: labelled images to a detector.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use craters::fit::{Recipe, cross_validate, train};
use serde_json::json;

use super::recorded;
use super::score::in_words;
use super::sources::Sources;
use crate::output::{Output, show};

/// See `Command::Train`.
#[derive(Args)]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    recipe: RecipeArgs,
    /// Where the detector goes.
    #[arg(long, default_value = "detector.json", value_name = "FILE")]
    out: PathBuf,
    /// Score by so many folds of images first; 0 for no scores.
    #[arg(long, default_value_t = 4, value_name = "COUNT")]
    folds: usize,
    #[command(flatten)]
    output: Output,
}

/// How a detector is trained.
#[derive(Args)]
pub(crate) struct RecipeArgs {
    /// The recipe.
    #[arg(long, value_enum, default_value_t = Named::SunAware)]
    recipe: Named,
    /// The seed of everything random.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Smallest rim diameter in pixels that it looks for.
    #[arg(long, default_value_t = 6.0, value_name = "PIXELS")]
    min_px: f32,
    /// Largest rim diameter in pixels.
    #[arg(long, default_value_t = 200.0, value_name = "PIXELS")]
    max_px: f32,
    /// Draw images out so many times first: for marks of a few pixels.
    #[arg(long, default_value_t = 1, value_name = "TIMES", value_parser = clap::value_parser!(u64).range(1..=8))]
    magnify: u64,
    /// Smallest diameters in pixels to score; the first is that of the threshold.
    #[arg(long, value_name = "PIXELS,…", value_delimiter = ',', default_value = "10,16")]
    floors: Vec<f64>,
    /// Below this diameter in pixels craters were labelled here and there only.
    #[arg(long, value_name = "PIXELS", default_value_t = 8.0)]
    complete_from: f64,
}

/// Recipes by name.
#[derive(Clone, Copy, ValueEnum)]
enum Named {
    /// Shading signed by the sun, boosted trees.
    SunAware,
    /// An approximation of Lin, Qin, Edgerton, Kong 2020: sun-blind, one tree.
    Paper,
}

impl RecipeArgs {
    pub(crate) fn recipe(&self) -> Recipe {
        let named = match self.recipe {
            Named::SunAware => Recipe::default(),
            Named::Paper => Recipe::paper(),
        };
        let mut recipe = Recipe {
            seed: self.seed,
            magnify: self.magnify as usize,
            floors_px: self.floors.clone(),
            complete_from_px: self.complete_from,
            ..named
        };
        recipe.candidates.min_diameter_px = self.min_px * self.magnify as f32;
        recipe.candidates.max_diameter_px = self.max_px * self.magnify as f32;
        recipe
    }
}

pub(crate) fn run(args: &TrainArgs) -> Result<()> {
    let mut recipe = args.recipe.recipe();
    let (inputs, seed) = (args.sources.files(), args.recipe.seed);
    let (detector, report) = recorded(&args.output, "train", &inputs, Some(seed), |journal| {
        let images = args.sources.read(args.output.records.folder(), seed)?;
        recipe.trained_on = args.sources.in_words(&images);
        let report = match args.folds {
            folds if 2 <= folds && folds <= images.len() => {
                Some(cross_validate(&images, &recipe, folds, journal)?.0)
            }
            folds => {
                if 0 < folds {
                    journal.note(&format!(
                        "{} images are too few for {folds} folds: no scores",
                        images.len()
                    ));
                }
                None
            }
        };
        for score in report.iter().flat_map(|report| &report.scores) {
            journal.metric(&score.metric, 0, score.value);
        }
        let detector = train(&images, &recipe, journal)?;
        journal.param("trained_on", &detector.trained_on);
        workbench::write_whole(&args.out, detector.to_json().as_bytes())?;
        journal.artifact("detector.json", detector.to_json().as_bytes());
        Ok((detector, report))
    })?;
    let scores = report.as_ref().map_or(String::new(), |report| format!("{}\n", in_words(report)));
    let text = format!(
        "{scores}{} written: trained on {}; craters from probability {:.2} on",
        args.out.display(),
        detector.trained_on,
        detector.threshold
    );
    let json = json!({
        "detector": args.out, "trained_on": detector.trained_on, "threshold": detector.threshold,
        "scores": report,
    });
    show(&args.output, &text, &json)
}
