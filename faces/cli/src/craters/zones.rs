//! `fieldkit craters zones`: risk zones around craters, with the coverage that they promise.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use craters::Error;
use craters::estimate::zones::{Coverage, Method, Settings, Zone, coverage_of, zone};
use craters::export::columns::Value;
use craters::export::{self, Format, Options};
use craters::survey::{self, Survey};
use record::Journal;
use serde_json::json;

use super::detect::counted;
use super::recorded;
use crate::output::{Output, show};

/// See `Command::Zones`.
#[derive(Args)]
pub(crate) struct ZonesArgs {
    /// The survey whose craters are taken, from its threshold on.
    #[arg(long, required_unless_present = "points", value_name = "NAME")]
    survey: Option<String>,
    /// Positions in place of a survey: a CSV whose first two columns are metres east and north.
    #[arg(long, conflicts_with = "survey", requires = "window", value_name = "FILE")]
    points: Option<PathBuf>,
    /// Corners of the area that was looked at, in the same form; a survey's is its scene.
    #[arg(long, value_name = "FILE")]
    window: Option<PathBuf>,
    /// Share of bombs that failed.
    #[arg(long, default_value_t = 0.15, value_name = "SHARE")]
    q: f64,
    /// Draw the zone so that any unexploded bomb lies outside with at most this probability.
    #[arg(long, default_value_t = 0.05, value_name = "PROBABILITY")]
    alpha: f64,
    /// Draw a buffer instead, which holds each unexploded bomb with this probability.
    #[arg(long, value_name = "PROBABILITY")]
    buffer: Option<f64>,
    /// Side of a cell.
    #[arg(long, value_name = "METRES")]
    cell: Option<f64>,
    /// Measure the coverage by so many thinnings of the positions.
    #[arg(long, value_name = "COUNT")]
    thinnings: Option<u64>,
    /// The seed of the thinnings.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the files go; the survey's folder where left out.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// What a zone is drawn around, and where it goes.
struct Place {
    survey: Survey,
    points: Vec<[f64; 2]>,
    window: Vec<[f64; 2]>,
    folder: Option<PathBuf>,
}

pub(crate) fn run(args: &ZonesArgs) -> Result<()> {
    let place = place(args)?;
    let method = match args.buffer {
        Some(level) => Method::Buffer { level },
        None => Method::Intensity { alpha: args.alpha },
    };
    let settings = Settings { method, q: args.q, cell_m: args.cell };
    let inputs: Vec<PathBuf> =
        [&args.points, &args.window].into_iter().flatten().cloned().collect();
    let (zone, coverage, files) =
        recorded(&args.output, "zones", &inputs, Some(args.seed), |journal| {
            let zone = zone(&place.points, &place.window, &settings)?;
            let coverage = args
                .thinnings
                .map(|n| coverage_of(&place.points, &place.window, &settings, n, args.seed))
                .transpose()?;
            tell(&zone, coverage.as_ref(), journal);
            let files = write(&place, &zone)?;
            Ok((zone, coverage, files))
        })?;
    let json = json!({
        "zone": zone, "coverage": coverage, "n_points": place.points.len(), "files": files,
        "is_synthetic": place.survey.is_synthetic, "evidence_class": place.survey.evidence_class,
    });
    show(&args.output, &text(&place, &zone, coverage.as_ref(), &files), &json)
}

fn place(args: &ZonesArgs) -> Result<Place> {
    let window = args.window.as_deref().map(positions).transpose()?;
    if let Some(path) = &args.points {
        return Ok(Place {
            survey: of_points(path),
            points: positions(path)?,
            window: window.unwrap_or_default(),
            folder: args.to.clone(),
        });
    }
    let name = args.survey.as_deref().unwrap_or_default();
    let kept = survey::open(args.output.records.folder(), name)?;
    if kept.survey.georeference.is_none() {
        let what =
            format!("the scene of `{name}` has no place on the ground, and zones are in metres");
        return Err(Error::refused(what, "survey the scene again with a georeference").into());
    }
    let points =
        counted(&kept.survey, &kept.craters).filter_map(|crater| crater.position).collect();
    let [west, south, east, north] = kept.survey.extent();
    let scene = vec![[west, south], [east, south], [east, north], [west, north]];
    let folder = Some(args.to.clone().unwrap_or(kept.folder));
    Ok(Place { survey: kept.survey, points, window: window.unwrap_or(scene), folder })
}

/// Positions of nobody's survey, in metres of their own.
fn of_points(path: &Path) -> Survey {
    Survey {
        name: survey::name_of(path),
        scene: path.to_owned(),
        options: craters::data::SceneOptions::default(),
        width: 0,
        height: 0,
        bands: Vec::new(),
        gsd_m: None,
        georeference: None,
        sun: None,
        is_synthetic: false,
        detector: "positions from a file".to_owned(),
        questions: Vec::new(),
        threshold: 0.0,
        area_km2: None,
        evidence_class: "indirect".to_owned(),
        warnings: Vec::new(),
    }
}

/// The first two columns of a CSV, below a first line of names.
fn positions(path: &Path) -> Result<Vec<[f64; 2]>> {
    let text =
        fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let lines = text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty());
    let read = |(at, line): (usize, &str)| {
        let mut cells = line.split(',').map(|cell| cell.trim().parse::<f64>());
        match (cells.next(), cells.next()) {
            (Some(Ok(x)), Some(Ok(y))) if x.is_finite() && y.is_finite() => Ok([x, y]),
            _ => Err(Error::input(
                path,
                at as u64 + 1,
                format!("`{line}` does not begin with two numbers"),
                "write x_m,y_m in the first line and metres east and north below it",
            )),
        }
    };
    Ok(lines.map(read).collect::<Result<Vec<_>, _>>()?)
}

fn write(place: &Place, zone: &Zone) -> Result<Vec<PathBuf>> {
    let Some(folder) = &place.folder else { return Ok(Vec::new()) };
    let rings = zone.polygons.iter().flatten().cloned().collect();
    let (method, probability) = match zone.settings.method {
        Method::Intensity { alpha } => ("intensity", alpha),
        Method::Buffer { level } => ("buffer", level),
    };
    let attributes = vec![
        ("method".to_owned(), Value::Text(method.to_owned())),
        ("probability".to_owned(), Value::Real(probability)),
        ("q".to_owned(), Value::Real(zone.settings.q)),
        ("area_m2".to_owned(), Value::Real(zone.area_m2)),
        ("statement".to_owned(), Value::Text(zone.statement.clone())),
    ];
    let options = Options {
        formats: Some(vec![Format::Zones]),
        zones: vec![export::Zone { rings, attributes }],
        ..Options::default()
    };
    Ok(export::write(&place.survey, &[], &options, folder)?)
}

fn tell(zone: &Zone, coverage: Option<&Coverage>, journal: &mut dyn Journal) {
    journal.metric("area_m2", 0, zone.area_m2);
    journal.metric("share_of_window", 0, zone.share_of_window);
    if let Some(coverage) = coverage {
        journal.metric("coverage", 0, coverage.share);
    }
}

fn text(place: &Place, zone: &Zone, coverage: Option<&Coverage>, files: &[PathBuf]) -> String {
    let mut text = format!(
        "{} craters; the zone takes {:.3} km², {:.0} % of the area looked at\n{}\n",
        place.points.len(),
        zone.area_m2 / 1e6,
        100.0 * zone.share_of_window,
        zone.statement
    );
    if let Some(coverage) = coverage {
        let _ = writeln!(
            text,
            "measured by {} thinnings: {:.3} (95 % {:.3} to {:.3}) where {:.3} is promised; the \
             zones took {:.0} % of the area",
            coverage.n,
            coverage.share,
            coverage.interval.low,
            coverage.interval.high,
            coverage.promised,
            100.0 * coverage.share_of_window
        );
    }
    for file in files {
        let _ = writeln!(text, "  {}", file.display());
    }
    let _ = writeln!(text, "evidence class: {}", place.survey.evidence_class);
    text.push_str(
        "Outside of a zone less is expected, under these assumptions; nothing is ruled out.",
    );
    text
}
