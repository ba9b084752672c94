//! `fieldkit craters …`: one file a command, and what they share.

mod args;
mod detect;
mod draw_sample;
mod estimate;
mod export;
mod gaps;
mod intensity;
mod review;
mod sample;
mod score;
mod sources;
mod stability;
mod train;
mod zones;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use record::Journal;

use crate::output::{self, Output};

/// What the crater survey can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Survey scenes: every crater with its probability, in files that a GIS opens.
    Detect(Box<detect::DetectArgs>),
    /// Look through a survey at the terminal: list, confirm, reject, what to look at next.
    Review(review::ReviewArgs),
    /// Train a detector from labelled images or from what was reviewed, 50 craters or more.
    Train(train::TrainArgs),
    /// Score a detector on labelled images.
    Score(score::ScoreArgs),
    /// Survey a scene twice, with the tiles elsewhere, and say how far the two agree.
    Stability(stability::StabilityArgs),
    /// Draw a blind sample of a survey, for people to verify.
    DrawSample(draw_sample::DrawSampleArgs),
    /// What may remain: bombing records against craters, the prior beside the result.
    Estimate(Box<estimate::EstimateArgs>),
    /// Risk zones around craters, with the coverage that they promise.
    Zones(zones::ZonesArgs),
    /// Gaps in a stick of craters: places where a bomb may lie that did not explode.
    Gaps(gaps::GapsArgs),
    /// Where records say that most bombs fell: cells ranked, blurred by the errors of the records.
    Intensity(intensity::IntensityArgs),
    /// Write the files of a survey again, after reviews or in other formats.
    Export(export::ExportArgs),
    /// Make a synthetic scene with all that is true of it.
    Sample(sample::SampleArgs),
}

pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        Command::Detect(args) => detect::run(&args),
        Command::Review(args) => review::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Stability(args) => stability::run(&args),
        Command::DrawSample(args) => draw_sample::run(&args),
        Command::Estimate(args) => estimate::run(&args),
        Command::Zones(args) => zones::run(&args),
        Command::Gaps(args) => gaps::run(&args),
        Command::Intensity(args) => intensity::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Sample(args) => sample::run(&args),
    }
}

/// The commands that give `report.html`.
const WITH_PICTURES: [&str; 4] = ["detect", "export", "estimate", "score"];

/// Does `work` as a run of the survey. See [`output::recorded`].
fn recorded<T>(
    output: &Output,
    command: &str,
    inputs: &[PathBuf],
    seed: Option<u64>,
    work: impl FnOnce(&mut dyn Journal) -> Result<T>,
) -> Result<T> {
    let what = output::Work {
        application: "craters",
        command,
        with_pictures: &WITH_PICTURES,
        inputs,
        seed,
    };
    output::recorded(output, &what, work)
}

/// The sentences that a reader must know, one a line.
fn know(warnings: &[String]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let line = |text: &String| format!("  warning: {}\n", crate::scaling::words::wrapped(text, 11));
    format!("\nKnow\n{}", warnings.iter().map(line).collect::<String>())
}
