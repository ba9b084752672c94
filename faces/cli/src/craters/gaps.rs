//! `fieldkit craters gaps`: places in a stick of craters where one is missing.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::Args;
use craters::Error;
use craters::estimate::Survival;
use craters::estimate::sticks::{self, Known, Line};
use craters::survey::{self, Kept};
use serde_json::json;

use super::args::Share;
use super::recorded;
use crate::output::{Output, show};
use crate::scaling::words::{columns, wrapped};

/// See `Command::Gaps`.
#[derive(Args)]
pub(crate) struct GapsArgs {
    /// The survey's name.
    survey: String,
    /// Numbers of the craters of one stick.
    #[arg(long, required = true, value_delimiter = ',', value_name = "CRATER,…")]
    craters: Vec<u64>,
    /// Bombs of the stick, where a record says so.
    #[arg(long, value_name = "COUNT")]
    bombs: Option<u32>,
    /// Metres from bomb to bomb, where known.
    #[arg(long, value_name = "METRES")]
    spacing: Option<f64>,
    /// Share of craters that are found, such as 0.80-0.90 or 152/177.
    #[arg(long, value_name = "SHARE")]
    recall: Share,
    /// Share of general-purpose bombs that did not explode.
    #[arg(long, default_value = "0.05-0.36", value_name = "SHARE")]
    duds: Share,
    /// Share of the craters that is still visible.
    #[arg(long, requires = "survival_evidence", value_name = "SHARE")]
    survival: Option<Share>,
    /// What that rests on.
    #[arg(long, requires = "survival", value_name = "WORDS")]
    survival_evidence: Option<String>,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &GapsArgs) -> Result<()> {
    let kept = survey::open(args.output.records.folder(), &args.survey)?;
    kept.survey.in_metres()?;
    let line = recorded(&args.output, "gaps", &[], None, |journal| {
        let known = Known { n_bombs: args.bombs, spacing_m: args.spacing };
        let survival = args.survival.zip(args.survival_evidence.clone());
        let survival = survival.map(|(share, evidence)| Survival { share: share.0, evidence });
        let (duds, recall) = (args.duds.0, args.recall.0);
        let line = sticks::gaps(&positions(&kept, args)?, &known, duds, recall, survival.as_ref())?;
        journal.metric("gaps", 0, line.gaps.len() as f64);
        Ok(line)
    })?;
    let json = json!({
        "line": line, "survey": kept.survey.name, "is_synthetic": kept.survey.is_synthetic,
        "evidence_class": kept.survey.evidence_class,
    });
    show(&args.output, &text(&line, &kept), &json)
}

/// Where the named craters lie, metres.
fn positions(kept: &Kept, args: &GapsArgs) -> Result<Vec<[f64; 2]>> {
    let numbers: BTreeSet<u64> = args.craters.iter().copied().collect();
    let position = |id: &u64| {
        let crater = kept.craters.iter().find(|crater| crater.id == *id);
        crater.and_then(|crater| crater.position).ok_or_else(|| {
            let what = format!("the survey `{}` has no crater {id}", kept.survey.name);
            Error::refused(what, "craters.csv in the survey's folder has their numbers")
        })
    };
    Ok(numbers.iter().map(position).collect::<Result<_, _>>()?)
}

fn text(line: &Line, kept: &Kept) -> String {
    let head = ["east", "north", "ellipse, m", "unexploded there, 95 %", ""];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for gap in &line.gaps {
        rows.push(vec![
            format!("{:.0}", gap.position[0]),
            format!("{:.0}", gap.position[1]),
            format!("{:.0} x {:.0}", gap.ellipse_m[0], gap.ellipse_m[1]),
            format!("{:.2} ({:.2} to {:.2})", gap.probability, gap.interval[0], gap.interval[1]),
            if gap.is_beyond { "beyond the ends" } else { "" }.to_owned(),
        ]);
    }
    format!(
        "a line at {:.0} degrees, a bomb each {:.1} m{}; {} gaps\n{}\n{}\nevidence class: {}",
        line.heading_deg,
        line.spacing_m,
        if kept.survey.is_synthetic { " (a synthetic scene)" } else { "" },
        line.gaps.len(),
        columns(&rows),
        wrapped(&line.statement, 0),
        kept.survey.evidence_class
    )
}
