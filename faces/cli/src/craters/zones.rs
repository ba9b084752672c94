//! `fieldkit craters zones`: risk zones around craters, with the coverage that they promise.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use craters::Error;
use craters::estimate::zones::{Method, Settings, Zone, zone};
use craters::export::columns::Value;
use craters::export::{self, Format};
use craters::survey::{self, Kept, Verdict};
use serde_json::json;

use super::detect::counted;
use super::export::{Wanted, write_all};
use super::{know, recorded};
use crate::output::{Output, show};
use crate::scaling::words::wrapped;

/// See `Command::Zones`.
#[derive(Args)]
pub(crate) struct ZonesArgs {
    /// The survey's name; its craters from the threshold on but those that were rejected.
    #[arg(required_unless_present = "points", conflicts_with = "points")]
    survey: Option<String>,
    /// Craters in place of a survey: a CSV of east and north in metres.
    #[arg(long, value_name = "FILE", requires = "window")]
    points: Option<PathBuf>,
    /// Corners of the surveyed window in metres, a CSV as well; the scene where left out.
    #[arg(long, value_name = "FILE")]
    window: Option<PathBuf>,
    /// Share of the bombs that did not explode.
    #[arg(long, value_name = "SHARE")]
    q: f64,
    /// Probability that any unexploded bomb of this pattern lies outside the zone.
    #[arg(long, value_name = "PROBABILITY", default_value_t = 0.1)]
    alpha: f64,
    /// A buffer around craters instead, which holds each bomb with this probability.
    #[arg(long, value_name = "PROBABILITY", conflicts_with = "alpha")]
    buffer: Option<f64>,
    /// Side of a cell in metres.
    #[arg(long, value_name = "METRES")]
    cell: Option<f64>,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &ZonesArgs) -> Result<()> {
    let data = args.output.records.folder();
    let kept = args.survey.as_ref().map(|name| survey::open(data, name)).transpose()?;
    let inputs: Vec<PathBuf> = args.points.iter().chain(&args.window).cloned().collect();
    let method = match args.buffer {
        Some(level) => Method::Buffer { level },
        None => Method::Intensity { alpha: args.alpha },
    };
    let settings = Settings { method, q: args.q, cell_m: args.cell };
    let (n, found, files) = recorded(&args.output, "zones", &inputs, None, |journal| {
        let window = args.window.as_deref().map(positions).transpose()?;
        let (craters, window) = match (&kept, &args.points, window) {
            (Some(kept), _, window) => {
                let (craters, scene) = on_the_ground(kept)?;
                (craters, window.unwrap_or(scene))
            }
            (None, Some(points), Some(window)) => (positions(points)?, window),
            _ => {
                return Err(
                    Error::refused("there are no craters", "name a survey or --points").into()
                );
            }
        };
        let found = zone(&craters, &window, &settings)?;
        journal.metric("share_of_window", 0, found.share_of_window);
        let files = match &kept {
            Some(kept) => write(kept, &found, args.q)?,
            None => Vec::new(),
        };
        Ok((craters.len(), found, files))
    })?;
    let mut text = format!(
        "{n} craters, q = {}: the zone takes {:.1} % of the window, {:.3} km², in {} parts\n  {}\n",
        args.q,
        100.0 * found.share_of_window,
        found.area_m2 / 1e6,
        found.polygons.len(),
        wrapped(&found.statement, 2)
    );
    text.push_str("  Outside the zone nothing is promised beyond that; low is not free of risk.\n");
    for file in &files {
        text.push_str(&format!("  {}\n", file.display()));
    }
    if let Some(kept) = &kept {
        text.push_str(&format!("evidence class: {}\n", kept.survey.evidence_class));
        if kept.survey.is_synthetic {
            text.push_str(&know(&["the scene is synthetic".to_owned()]));
        }
    }
    show(&args.output, &text, &json!({ "n_craters": n, "zone": found, "files": files }))
}

/// Craters of a survey and the corners of its scene, in metres.
fn on_the_ground(kept: &Kept) -> Result<(Vec<[f64; 2]>, Vec<[f64; 2]>)> {
    let georeference = kept.survey.georeference.as_ref();
    let projected = match georeference {
        Some(it) if !it.projection()?.is_geographic() => it,
        _ => {
            let what = format!("the scene of `{}` has no metres east and north", kept.survey.name);
            let hint = "survey it with a projected georeference (--projection), or give --points and --window";
            return Err(Error::refused(what, hint).into());
        }
    };
    let craters = counted(&kept.survey, &kept.craters)
        .filter(|crater| crater.verdict != Some(Verdict::Rejected))
        .filter_map(|crater| crater.position)
        .collect();
    let (width, height) = (kept.survey.width as f64, kept.survey.height as f64);
    let corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)];
    let window = corners.map(|(x, y)| <[f64; 2]>::from(projected.ground(x, y))).to_vec();
    Ok((craters, window))
}

/// Writes the zone's files of the survey's folder.
fn write(kept: &Kept, found: &Zone, q: f64) -> Result<Vec<PathBuf>> {
    let attributes = |idx: usize| {
        let text = |name: &str, value: &str| (name.to_owned(), Value::Text(value.to_owned()));
        vec![
            ("part".to_owned(), Value::Integer(idx as i64 + 1)),
            ("q".to_owned(), Value::Real(q)),
            text("statement", &found.statement),
            text("evidence_class", &kept.survey.evidence_class),
            ("is_synthetic".to_owned(), Value::Boolean(kept.survey.is_synthetic)),
        ]
    };
    let parts = found.polygons.iter().enumerate();
    let zones = parts
        .map(|(idx, rings)| export::Zone { rings: rings.clone(), attributes: attributes(idx) })
        .collect();
    let wanted = Wanted { formats: Some(vec![Format::Zones]), zones, ..Wanted::default() };
    write_all(kept, None, &wanted)
}

/// Positions of a CSV: the columns `x_m`, `y_m` or `east`, `north`, else the first two.
fn positions(path: &Path) -> Result<Vec<[f64; 2]>> {
    let text =
        fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let mut lines = text.lines().enumerate();
    let head: Vec<&str> =
        lines.next().map(|(_, line)| line.split(',').map(str::trim).collect()).unwrap_or_default();
    let column = |names: [&str; 3], otherwise: usize| {
        head.iter().position(|it| names.contains(it)).unwrap_or(otherwise)
    };
    let (x, y) = (column(["x_m", "east", "x"], 0), column(["y_m", "north", "y"], 1));
    let mut positions = Vec::new();
    for (idx, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |at: usize| cells.get(at).and_then(|it| it.trim().parse::<f64>().ok());
        match (cell(x), cell(y)) {
            (Some(east), Some(north)) if east.is_finite() && north.is_finite() => {
                positions.push([east, north]);
            }
            _ => {
                let what = format!("`{line}` holds no east and north");
                let hint = "a line of head, then two numbers a line, in metres";
                return Err(Error::input(path, idx as u64 + 1, what, hint).into());
            }
        }
    }
    Ok(positions)
}
