//! The surveys of craters below the data folder: found, looked at, judged by people, and what may
//! remain.
//!
//! - `kept`: the folder, and what of it is in memory. No other module joins a path.
//! - `found`: the craters of a survey, one of them with its history, and in words why.
//! - `pictures`: tiles of the scene, and a crater's surroundings.
//! - `reviews`: what people say of a crater, and which one to look at next.
//! - `estimate`: what may remain, under the priors that were asked for.
//! - `exports`: the files for other programs.

pub(super) mod estimate;
pub(super) mod exports;
pub(super) mod found;
mod kept;
pub(super) mod pictures;
pub(super) mod reviews;
mod sentences;

use std::time::SystemTime;

use axum::extract::{Path, State as Extract};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use self::kept::Open;
pub(crate) use self::kept::Surveys;
use super::problem::Problem;
use crate::State;
use crate::users::{Caller, Role};

/// The surveys of the data folder, the one that changed last first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SurveyList {
    surveys: Vec<SurveyItem>,
}

/// A survey in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SurveyItem {
    name: String,
    /// Milliseconds since 1970.
    changed_ms: Option<i64>,
    /// What was found; none where its files cannot be read.
    summary: Option<SurveySummary>,
    /// Why its files cannot be read.
    problem: Option<String>,
}

/// How much was found in a scene.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SurveySummary {
    /// Whether the scene is of our own making.
    is_synthetic: bool,
    /// Pixels in a row of the scene.
    width: usize,
    /// Rows of the scene.
    height: usize,
    /// Metres a pixel.
    gsd_m: Option<f64>,
    area_km2: Option<f64>,
    /// Detections from this probability on are counted as craters.
    threshold: f32,
    /// Every candidate that was kept, below the threshold too.
    n_detections: usize,
    /// Those from the threshold on that no person rejected, and those that a person confirmed.
    n_craters: usize,
    n_confirmed: usize,
    n_rejected: usize,
    n_unsure: usize,
    /// Craters that persons added.
    n_added: usize,
    /// What the reader must be told.
    warnings: Vec<String>,
}

/// A survey with all that its page needs to begin.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SurveyPage {
    name: String,
    summary: SurveySummary,
    /// The name of the scene's file.
    scene: String,
    /// Digest of the detector, and what it was trained on.
    detector: String,
    /// IMSMA's class of evidence.
    evidence_class: String,
    /// What no reader may conclude.
    limits: String,
    bands: Vec<String>,
    /// EPSG code of the projection.
    epsg: Option<u32>,
    /// Whether positions on the ground are known.
    is_georeferenced: bool,
    /// Degrees clockwise from the picture's up, towards the sun.
    sun_azimuth_deg: Option<f64>,
    sun_elevation_deg: Option<f64>,
    /// The zoom at which a pixel of a tile is a pixel of the scene.
    max_zoom: u32,
    /// Pixels along the side of a tile.
    tile_px: u32,
    /// The files for other programs that are there.
    exports: Vec<exports::ExportFile>,
    /// Who reviews, where the server knows its users.
    reviewer: Option<String>,
    /// Whether this reader may review.
    may_review: bool,
}

/// All surveys of the data folder.
#[utoipa::path(get, path = "/craters", responses((status = OK, body = SurveyList)))]
pub(crate) async fn surveys(Extract(state): Extract<State>) -> Result<Json<SurveyList>, Problem> {
    let surveys = state.surveys.clone();
    state
        .blocking(move |_| {
            let names = surveys.names()?.into_iter();
            let mut surveys: Vec<SurveyItem> = names.map(|name| listed(&surveys, name)).collect();
            surveys.sort_by_key(|item| std::cmp::Reverse(item.changed_ms));
            Ok(Json(SurveyList { surveys }))
        })
        .await
}

fn listed(surveys: &Surveys, name: String) -> SurveyItem {
    match surveys.open(&name) {
        Ok(open) => {
            let changed_ms = open.changed.and_then(milliseconds);
            SurveyItem { name, changed_ms, summary: Some(summary(&open)), problem: None }
        }
        Err(problem) => {
            let problem = Some(problem.to_string());
            SurveyItem { name, changed_ms: None, summary: None, problem }
        }
    }
}

fn milliseconds(at: SystemTime) -> Option<i64> {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

/// One survey.
#[utoipa::path(
    get,
    path = "/craters/{name}",
    params(("name" = String, Path, description = "The survey's name")),
    responses((status = OK, body = SurveyPage), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn survey(
    Extract(state): Extract<State>,
    caller: Option<Extension<Caller>>,
    Path(name): Path<String>,
) -> Result<Json<SurveyPage>, Problem> {
    let surveys = state.surveys.clone();
    let caller = caller.map(|Extension(caller)| caller);
    state.blocking(move |_| Ok(Json(page(&*surveys.open(&name)?, name, caller)))).await
}

fn page(open: &Open, name: String, caller: Option<Caller>) -> SurveyPage {
    let survey = &open.survey;
    let scene = survey.scene.file_name().unwrap_or_default().to_string_lossy().into_owned();
    SurveyPage {
        name,
        summary: summary(open),
        scene,
        detector: survey.detector.clone(),
        evidence_class: survey.evidence_class.clone(),
        limits: craters::export::LIMITS.to_owned(),
        bands: survey.bands.iter().map(|band| format!("{band:?}")).collect(),
        epsg: survey.georeference.as_ref().and_then(|it| it.epsg),
        is_georeferenced: survey.georeference.is_some(),
        sun_azimuth_deg: survey.sun.map(|sun| sun.azimuth_deg),
        sun_elevation_deg: survey.sun.and_then(|sun| sun.elevation_deg),
        max_zoom: pictures::max_zoom(survey.width, survey.height),
        tile_px: pictures::TILE,
        exports: exports::there(&open.folder),
        may_review: caller.as_ref().is_none_or(|caller| caller.role >= Role::Editor),
        reviewer: caller.map(|caller| caller.name),
    }
}

fn summary(open: &Open) -> SurveySummary {
    let survey = &open.survey;
    let [n_confirmed, n_rejected, n_unsure] = open.verdicts();
    SurveySummary {
        is_synthetic: survey.is_synthetic,
        width: survey.width,
        height: survey.height,
        gsd_m: survey.gsd_m,
        area_km2: survey.area_km2,
        threshold: survey.threshold,
        n_detections: open.craters.len(),
        n_craters: open.craters.iter().filter(|crater| found::is_counted(survey, crater)).count(),
        n_confirmed,
        n_rejected,
        n_unsure,
        n_added: open.reviews.iter().filter(|review| review.crater.is_none()).count(),
        warnings: survey.warnings.clone(),
    }
}
