//! `fieldkit craters sample`: a synthetic scene with all that is true of it.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use craters::sample::{Law, Plan};
use serde_json::json;

use super::recorded;
use crate::output::{Output, show};

/// See `Command::Sample`.
#[derive(Args)]
pub(crate) struct SampleArgs {
    /// Where its files go.
    #[arg(default_value = "craters-sample", value_name = "FOLDER")]
    folder: PathBuf,
    /// Pixels in a row, and rows.
    #[arg(long, default_value_t = 2048, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(64..=65_536))]
    size: u32,
    /// The law that it follows: the shipped detector has not seen scenes of the test law.
    #[arg(long, value_enum, default_value_t = Named::Test)]
    law: Named,
    /// The seed of everything random in it.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    output: Output,
}

/// Laws by name.
#[derive(Clone, Copy, ValueEnum)]
enum Named {
    /// For scenes to train on.
    Training,
    /// For scenes to test on.
    Test,
}

pub(crate) fn run(args: &SampleArgs) -> Result<()> {
    let law = match args.law {
        Named::Training => Law::Training,
        Named::Test => Law::Test,
    };
    let (plan, files) = recorded(&args.output, "sample", &[], Some(args.seed), |journal| {
        journal.note("this scene is synthetic");
        let plan = Plan::new(law, args.size as usize, args.seed);
        let files = plan.write(&args.folder)?;
        journal.metric("craters", 0, plan.craters.len() as f64);
        Ok((plan, files))
    })?;
    let elevation = plan.sun.elevation_deg.unwrap_or(f64::NAN);
    let text = format!(
        "A synthetic scene of {0} x {0} px, {1} m a pixel, {2} craters, {3} raids; sun at {4:.0}°, {elevation:.0}° high\n\n  \
         image       {5}\n  sun         {6}\n  truth       {7}\n  records     {8}\n  bombs       {9}\n\n\
         Next: fieldkit craters detect {5}",
        args.size,
        plan.gsd_m,
        plan.craters.len(),
        plan.raids.len(),
        plan.sun.azimuth_deg,
        files.image.display(),
        files.sun.display(),
        files.truth.display(),
        files.records.display(),
        files.bombs.display(),
    );
    let json = json!({
        "is_synthetic": true, "size_px": args.size, "gsd_m": plan.gsd_m, "sun": plan.sun,
        "n_craters": plan.craters.len(), "n_raids": plan.raids.len(), "seed": args.seed,
        "image": files.image, "sun_file": files.sun, "truth": files.truth,
        "truth_geojson": files.truth_geojson, "look_alikes": files.look_alikes,
        "records": files.records, "bombs": files.bombs, "about": files.about,
    });
    show(&args.output, &text, &json)
}
