//! `fieldkit craters export`: the files of a survey, again.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use craters::Error;
use craters::data::Scene;
use craters::export::{self, Format, Options, Picture, Zone};
use craters::survey::{self, Kept};
use record::Journal;
use serde_json::json;

use super::recorded;
use crate::output::{Output, show};

/// See `Command::Export`.
#[derive(Args)]
pub(crate) struct ExportArgs {
    /// The survey's name.
    survey: String,
    /// What to write: gpkg, shp, geojson, kml, csv, cog, report; all that can be had where left
    /// out.
    #[arg(long, value_name = "FORMAT,…", value_delimiter = ',')]
    formats: Vec<String>,
    /// Leave out what is less likely, unless a person confirmed it; the survey's threshold where
    /// left out.
    #[arg(long, value_name = "PROBABILITY")]
    min_probability: Option<f64>,
    /// Where the files go; the survey's folder where left out.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// The sensor, such as WorldView-2.
    #[arg(long)]
    sensor: Option<String>,
    #[command(flatten)]
    output: Output,
}

/// What is to be written, and where.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) formats: Option<Vec<Format>>,
    pub(crate) min_probability: Option<f64>,
    pub(crate) to: Option<PathBuf>,
    pub(crate) sensor: Option<String>,
    pub(crate) zones: Vec<Zone>,
}

pub(crate) fn run(args: &ExportArgs) -> Result<()> {
    let formats =
        args.formats.iter().map(|name| Format::named(name)).collect::<Result<Vec<_>, _>>()?;
    let wanted = Wanted {
        formats: Some(formats).filter(|formats| !formats.is_empty()),
        min_probability: args.min_probability,
        to: args.to.clone(),
        sensor: args.sensor.clone(),
        zones: Vec::new(),
    };
    let data = args.output.records.folder();
    let kept = survey::open(data, &args.survey)?;
    let files = recorded(&args.output, "export", &[], None, |journal| {
        let scene = Scene::open(&kept.survey.scene, &kept.survey.options);
        if let Err(error) = &scene {
            journal.note(&format!("the report has no pictures: {error}"));
        }
        let files = write_all(&kept, scene.as_ref().ok(), &wanted)?;
        give_report(&kept, journal)?;
        Ok(files)
    })?;
    let lines: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    show(&args.output, &lines.join("\n"), &json!({ "survey": kept.survey.name, "files": files }))
}

/// Writes what is wanted of a survey. Without its scene the report has no pictures.
pub(crate) fn write_all(
    kept: &Kept,
    scene: Option<&Scene>,
    wanted: &Wanted,
) -> Result<Vec<PathBuf>> {
    let picture = scene.map(Picture::from_scene);
    let options = Options {
        formats: wanted.formats.clone(),
        sensor: wanted.sensor.clone(),
        min_probability: wanted.min_probability.unwrap_or(f64::from(kept.survey.threshold)),
        zones: wanted.zones.clone(),
        picture: picture.as_ref().map(|cut| cut as _),
        ..Options::default()
    };
    let to = wanted.to.as_ref().unwrap_or(&kept.folder);
    Ok(export::write(&kept.survey, &kept.craters, &options, to)?)
}

/// The report of the survey's folder goes into the record, and to where `--html` says.
pub(crate) fn give_report(kept: &Kept, journal: &mut dyn Journal) -> Result<()> {
    let path = kept.folder.join(Format::Report.file());
    if path.is_file() {
        let bytes = fs::read(&path).map_err(|source| Error::Io { path, source })?;
        journal.artifact("report.html", &bytes);
    }
    Ok(())
}
