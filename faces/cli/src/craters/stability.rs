//! `fieldkit craters stability`: the same survey with its tiles elsewhere.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use craters::data::Scene;
use craters::predict::agreement;
use craters::survey;
use serde_json::json;

use super::args::{SceneArgs, detector};
use super::detect::Search;
use super::recorded;
use crate::output::{Output, show};

/// See `Command::Stability`.
#[derive(Args)]
pub(crate) struct StabilityArgs {
    /// The image.
    scene: PathBuf,
    #[command(flatten)]
    options: SceneArgs,
    #[command(flatten)]
    search: Search,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &StabilityArgs) -> Result<()> {
    let detector = detector(args.search.detector.as_deref())?;
    let options = args.options.options()?;
    let settings = args.search.settings(&args.scene)?;
    let folder = survey::folder(args.output.records.folder(), &survey::name_of(&args.scene))?;
    let inputs = [args.scene.clone()];
    let found = recorded(&args.output, "stability", &inputs, None, |journal| {
        let scene = Scene::open(&args.scene, &options)?;
        let scratch = folder.join("moved");
        let found =
            agreement::of_moved_tiles(&scene, &options, &detector, &settings, &scratch, journal)?;
        if let Some(share) = found.share() {
            journal.metric("agreement", 0, share);
        }
        Ok(found)
    })?;
    let share = found.share().map_or("nothing was found in either".to_owned(), |share| {
        format!("{:.2} % of the detections of either are in both", 100.0 * share)
    });
    let text = format!(
        "{share}\n  tiles where they are  {} craters\n  tiles moved           {} craters\n  in both               {}",
        found.n_first, found.n_second, found.n_both
    );
    show(&args.output, &text, &json!({ "agreement": found, "share": found.share() }))
}
