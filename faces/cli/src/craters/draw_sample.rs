//! `fieldkit craters draw-sample`: places that people verify without knowing what the detector
//! thought.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use craters::Error;
use craters::estimate::blind::{self, Detected, Plan};
use craters::survey::{self, Kept};
use serde_json::json;

use super::recorded;
use crate::output::{Output, show};

/// See `Command::DrawSample`.
#[derive(Args)]
pub(crate) struct DrawSampleArgs {
    /// The survey's name.
    survey: String,
    /// Detections to look at in each class of size and band of probability.
    #[arg(long, default_value_t = 10, value_name = "COUNT")]
    sites: usize,
    /// Squares in which every crater is marked.
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    plots: usize,
    /// Side of a square, metres (pixels where the scene has no place).
    #[arg(long, default_value_t = 50.0, value_name = "METRES")]
    plot_side: f64,
    /// Limits between classes of rim diameter, metres (or pixels).
    #[arg(long, value_delimiter = ',', default_value = "8,16", value_name = "METRES,…")]
    sizes: Vec<f64>,
    /// The seed of the draw.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where sheet and key go; the survey's folder where left out.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// The detections of a survey as the sampler sees them.
pub(crate) fn detected(kept: &Kept) -> Vec<Detected> {
    let one = |crater: &survey::Crater| Detected {
        id: crater.id,
        position: crater.position.unwrap_or([crater.x_px, crater.y_px]),
        diameter: crater.diameter_m.unwrap_or(crater.diameter_px),
        land_cover: None,
        probability: crater.probability,
    };
    kept.craters.iter().map(one).collect()
}

pub(crate) fn run(args: &DrawSampleArgs) -> Result<()> {
    let kept = survey::open(args.output.records.folder(), &args.survey)?;
    if kept.survey.georeference.is_some() {
        kept.survey.in_metres()?;
    }
    let threshold = f64::from(kept.survey.threshold);
    let plan = Plan {
        threshold,
        size_limits: args.sizes.clone(),
        band_limits: vec![threshold + (1.0 - threshold) / 2.0],
        sites_a_band: args.sites,
        n_plots: args.plots,
        plot_side: args.plot_side,
        seed: args.seed,
    };
    let folder = args.to.as_ref().unwrap_or(&kept.folder);
    let (sheet, key) = (folder.join("sheet.csv"), folder.join("key.json"));
    let n = recorded(&args.output, "draw-sample", &[], Some(args.seed), |journal| {
        let sample = blind::draw(&detected(&kept), kept.survey.extent(), &plan)?;
        fs::create_dir_all(folder)
            .map_err(|source| Error::Write { path: folder.clone(), source })?;
        blind::write_sheet(&sample, &sheet)?;
        workbench::write_whole(&key, serde_json::to_string_pretty(&sample)?.as_bytes())?;
        journal.metric("places", 0, sample.sheet.len() as f64);
        Ok(sample.sheet.len())
    })?;
    let text = format!(
        "{n} places, of them {} plots\n  for the people:     {}\n  not for them:       {}\n\
         Each answers yes or no in is_crater; in a plot one line for each crater, with its place \
         and diameter.\nThen: fieldkit craters estimate RECORDS --survey {} --key {} --answers {}",
        args.plots,
        sheet.display(),
        key.display(),
        args.survey,
        key.display(),
        sheet.display(),
    );
    show(&args.output, &text, &json!({ "places": n, "sheet": sheet, "key": key }))
}
