//! `fieldkit craters draw-sample`: what people verify blindly.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use craters::review::blind::{self, Draw, Kind};
use craters::survey;
use serde_json::json;

use crate::output::{Output, show};

/// See `Command::DrawSample`.
#[derive(Args)]
pub(crate) struct DrawSampleArgs {
    /// The survey's name.
    survey: String,
    /// Detections to look at.
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    sites: usize,
    /// Squares in which every crater is marked.
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    plots: usize,
    /// Their side in metres.
    #[arg(long, default_value_t = 100.0, value_name = "METRES")]
    plot_side: f64,
    /// The seed of the draw.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the sample goes; `sample.csv` in the survey's folder where left out.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &DrawSampleArgs) -> Result<()> {
    let kept = survey::open(args.output.records.folder(), &args.survey)?;
    let asked = Draw {
        n_sites: args.sites,
        n_plots: args.plots,
        plot_px: args.plot_side / kept.survey.gsd_m.unwrap_or(0.5),
        seed: args.seed,
    };
    let places = blind::draw(&kept.survey, &kept.craters, &asked);
    let path = args.out.clone().unwrap_or_else(|| kept.folder.join("sample.csv"));
    if path.exists() {
        let what = format!("{} is there, and may hold verdicts", path.display());
        return Err(
            craters::Error::refused(what, "move it, or name another file with --out").into()
        );
    }
    blind::write(&path, &places)?;
    let n_sites = places.iter().filter(|place| place.kind == Kind::Site).count();
    let n_plots = places.len() - n_sites;
    let text = format!(
        "{n_sites} sites and {n_plots} plots of {} m in {}\n\n\
         Let somebody who has not seen the probabilities write a verdict beside each site (confirmed,\n\
         rejected, unsure), mark every crater of each plot as a row of kind mark, and then:\n  \
         fieldkit craters estimate {} --verified {} …",
        args.plot_side,
        path.display(),
        kept.survey.name,
        path.display()
    );
    let json = json!({ "file": path, "n_sites": n_sites, "n_plots": n_plots, "seed": args.seed });
    show(&args.output, &text, &json)
}
