//! `fieldkit craters intensity`: where records say that most bombs fell, blurred by their errors.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use craters::Error;
use craters::estimate::intensity::{self, Ranking};
use craters::records;
use craters::survey;
use serde_json::json;

use super::recorded;
use crate::output::{Output, show};
use crate::scaling::words::{columns, wrapped};

/// See `Command::Intensity`.
#[derive(Args)]
pub(crate) struct IntensityArgs {
    /// Bombing records: THOR's CSV, or a CSV with lon, lat and n_bombs.
    records: PathBuf,
    /// Rank the cells of this survey's scene, in its projection; the area of the records, in their
    /// UTM zone, where left out.
    #[arg(long, value_name = "NAME")]
    survey: Option<String>,
    /// Side of a cell, 50 to 100 m.
    #[arg(long, default_value_t = 100.0, value_name = "METRES")]
    cell: f64,
    /// Where the cells go.
    #[arg(long, default_value = "intensity.csv", value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &IntensityArgs) -> Result<()> {
    let inputs = [args.records.clone()];
    let ranking = recorded(&args.output, "intensity", &inputs, None, |journal| {
        let ranking = ranking(args)?;
        workbench::write_whole(&args.to, ranking.csv().as_bytes())?;
        journal.artifact("intensity.csv", ranking.csv().as_bytes());
        journal.metric("cells", 0, ranking.bombs.len() as f64);
        Ok(ranking)
    })?;
    let json = json!({ "ranking": ranking, "file": args.to });
    show(&args.output, &text(&ranking, args), &json)
}

fn ranking(args: &IntensityArgs) -> Result<Ranking> {
    let data = args.output.records.folder();
    let kept = args.survey.as_deref().map(|name| survey::open(data, name)).transpose()?;
    if let Some(kept) = &kept {
        kept.survey.in_metres()?;
    }
    let bounds = kept.as_ref().and_then(|kept| kept.survey.bounds());
    let options = records::Options { bounds, ..records::Options::default() };
    let records = records::read(&args.records, &options)?;
    let Some(first) = records.bombs.first() else {
        let what = "the records hold no general-purpose bombs";
        return Err(
            Error::refused(what, "cluster munitions are ranked apart, never with them").into()
        );
    };
    let place = kept.as_ref().and_then(|kept| kept.survey.georeference.as_ref());
    let proj = place.map_or_else(|| records::datum::utm(first.lon_lat), |place| place.proj.clone());
    let drops = intensity::drops(&records.bombs, &proj)?;
    let area = kept.map_or_else(|| intensity::area_of(&drops), |kept| kept.survey.extent());
    Ok(intensity::rank(&drops, area, args.cell)?)
}

fn text(ranking: &Ranking, args: &IntensityArgs) -> String {
    let mut order: Vec<usize> = (0..ranking.bombs.len()).collect();
    order.sort_by(|a, b| ranking.bombs[*b].total_cmp(&ranking.bombs[*a]).then(a.cmp(b)));
    let mut rows = vec![["east", "north", "recorded bombs", "decile"].map(str::to_owned).to_vec()];
    for at in order.into_iter().take(10) {
        let middle =
            |first: f64, n: usize| format!("{:.0}", first + (n as f64 + 0.5) * ranking.cell_m);
        rows.push(vec![
            middle(ranking.west_m, at % ranking.width),
            middle(ranking.south_m, at / ranking.width),
            format!("{:.2}", ranking.bombs[at]),
            ranking.decile[at].to_string(),
        ]);
    }
    format!(
        "{} x {} cells of {} m, the ten with most:\n{}\n{}\nall cells: {}",
        ranking.width,
        ranking.height,
        ranking.cell_m,
        columns(&rows),
        wrapped(&ranking.statement, 0),
        args.to.display()
    )
}
