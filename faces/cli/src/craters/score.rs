//! `fieldkit craters score`: a detector on labelled images.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use craters::evaluate::{self, Image};
use craters::fit::{LabelledImage, cross_validate};
use craters::model::Detector;
use record::EvalReport;
use serde_json::json;

use super::args::detector;
use super::recorded;
use super::sources::Sources;
use super::train::RecipeArgs;
use crate::output::{Output, show};
use crate::scaling::words::{columns, wrapped};

/// See `Command::Score`.
#[derive(Args)]
pub(crate) struct ScoreArgs {
    #[command(flatten)]
    sources: Sources,
    /// The detector; the one that the program carries where left out.
    #[arg(long, value_name = "FILE")]
    detector: Option<PathBuf>,
    /// Train anew on the images of other folds instead, so that no image is scored by a detector
    /// that saw it.
    #[arg(long, value_name = "FOLDS", conflicts_with = "detector")]
    cross_validate: Option<usize>,
    #[command(flatten)]
    recipe: RecipeArgs,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &ScoreArgs) -> Result<()> {
    let recipe = args.recipe.recipe();
    let (inputs, seed) = (args.sources.files(), args.recipe.seed);
    let report = recorded(&args.output, "score", &inputs, Some(seed), |journal| {
        let images = args.sources.read(args.output.records.folder(), seed)?;
        let report = match args.cross_validate {
            Some(folds) => cross_validate(&images, &recipe, folds, journal)?.0,
            None => {
                let detector = detector(args.detector.as_deref())?;
                let judged: Vec<Image> = images
                    .iter()
                    .enumerate()
                    .map(|(idx, image)| {
                        journal.progress("images", idx as u64 + 1, images.len() as u64);
                        judged(image, &detector, &recipe.floors_px)
                    })
                    .collect();
                let title =
                    format!("{} on {}", detector.trained_on, args.sources.in_words(&images));
                evaluate::report(&title, "a detector as it is", &judged, &recipe.floors_px)
            }
        };
        for score in &report.scores {
            journal.metric(&score.metric, 0, score.value);
        }
        journal.artifact("report.html", evaluate::page(&report).as_bytes());
        Ok(report)
    })?;
    show(&args.output, &in_words(&report), &json!(report))
}

fn judged(image: &LabelledImage, detector: &Detector, floors_px: &[f64]) -> Image {
    let mut detections = detector.detect(&image.window, image.sun.as_ref(), image.gsd_m);
    for detection in &mut detections {
        detection.x -= image.window.x0 as f64;
        detection.y -= image.window.y0 as f64;
    }
    let [width, height] = image.truth.size;
    Image {
        name: image.name.clone(),
        truth: image.truth.clone(),
        detections,
        thresholds: floors_px.iter().map(|floor| detector.threshold_at(*floor)).collect(),
        area_km2: image.gsd_m.map(|gsd| width * height * gsd * gsd / 1e6),
    }
}

/// Scores, an interval beside each.
pub(crate) fn in_words(report: &EvalReport) -> String {
    let mut rows = vec![["score", "value", "interval", "split"].map(str::to_owned).to_vec()];
    for score in &report.scores {
        let interval = score.interval.as_ref();
        rows.push(vec![
            score.metric.clone(),
            format!("{:.3}", score.value),
            interval.map_or("-".to_owned(), |it| format!("{:.3} to {:.3}", it.low, it.high)),
            score.split.clone(),
        ]);
    }
    let notes: String =
        report.notes.iter().map(|note| format!("\n{}\n", wrapped(note, 0))).collect();
    format!("{}\n\n{}{notes}", report.title, columns(&rows))
}
