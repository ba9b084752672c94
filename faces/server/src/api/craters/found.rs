//! The craters of a survey: all of them as columns for the map, and one with all that is known.

use axum::Json;
use axum::extract::{Path, Query, State as Extract};
use craters::survey::{Crater, Review, Survey, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::kept::Open;
use super::sentences;
use crate::State;
use crate::api::problem::Problem;

/// The most craters that one answer has.
const MOST: usize = 100_000;

/// Which craters are meant. What is absent restricts nothing.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub(crate) struct Sought {
    /// The least probability.
    min_probability: Option<f64>,
    /// The largest probability.
    max_probability: Option<f64>,
    /// The least rim diameter in pixels.
    min_diameter_px: Option<f64>,
    /// The largest rim diameter in pixels.
    max_diameter_px: Option<f64>,
    /// `confirmed`, `rejected`, `unsure` or `none`, several with commas between them.
    verdict: Option<String>,
    /// Left, top, right and bottom in pixels of the scene, with commas between them.
    bbox: Option<String>,
    /// So many are left out, the most likely ones first.
    #[serde(default)]
    offset: usize,
    /// So many come at most.
    limit: Option<usize>,
}

/// Craters of a survey, most likely first, as columns of one length.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Found {
    /// How many fit the question; more than come where there is a limit.
    n: usize,
    /// Numbers within the survey.
    id: Vec<u64>,
    /// Centres in pixels of the scene.
    x_px: Vec<f64>,
    /// Centres in pixels of the scene.
    y_px: Vec<f64>,
    /// Rim diameters in pixels.
    diameter_px: Vec<f64>,
    /// Calibrated probabilities.
    probability: Vec<f64>,
    /// The last verdict of a person on each.
    verdict: Vec<Judgement>,
    /// What persons added, whatever was sought.
    added: Vec<Said>,
}

/// What is known of a crater from people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Judgement {
    /// It is a crater.
    Confirmed,
    /// It is none.
    Rejected,
    /// It cannot be told from the image.
    Unsure,
    /// Nobody has said anything.
    None,
}

/// A verdict, with who and when.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Said {
    /// The crater's number; none for one that the person added.
    crater: Option<u64>,
    x_px: f64,
    y_px: f64,
    diameter_px: f64,
    verdict: Judgement,
    who: String,
    /// RFC 3339 in UTC.
    when: String,
}

/// A crater with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CraterPage {
    id: u64,
    x_px: f64,
    y_px: f64,
    diameter_px: f64,
    diameter_m: Option<f64>,
    /// East and north in the scene's projection.
    position: Option<[f64; 2]>,
    /// Longitude and latitude, WGS84, degrees.
    lon_lat: Option<[f64; 2]>,
    probability: f64,
    /// Whether it is counted as a crater.
    is_counted: bool,
    verdict: Judgement,
    /// Why: the decision tree's questions in words, first to last.
    why: Vec<sentences::Reason>,
    /// What was said of it, the last first.
    reviews: Vec<Said>,
}

/// Craters of a survey.
#[utoipa::path(
    get,
    path = "/craters/{name}/craters",
    params(("name" = String, Path, description = "The survey's name"), Sought),
    responses((status = OK, body = Found), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn craters(
    Extract(state): Extract<State>,
    Path(name): Path<String>,
    Query(sought): Query<Sought>,
) -> Result<Json<Found>, Problem> {
    let surveys = state.surveys.clone();
    state.blocking(move |_| Ok(Json(found(&*surveys.open(&name)?, &sought)?))).await
}

/// One crater.
#[utoipa::path(
    get,
    path = "/craters/{name}/craters/{id}",
    params(
        ("name" = String, Path, description = "The survey's name"),
        ("id" = u64, Path, description = "The crater's number")
    ),
    responses((status = OK, body = CraterPage), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn crater(
    Extract(state): Extract<State>,
    Path((name, id)): Path<(String, u64)>,
) -> Result<Json<CraterPage>, Problem> {
    let surveys = state.surveys.clone();
    state.blocking(move |_| Ok(Json(crater_page(&*surveys.open(&name)?, id)?))).await
}

/// Whether a crater is counted: a person confirmed it, or it is likely enough and none rejected it.
pub(super) fn is_counted(survey: &Survey, crater: &Crater) -> bool {
    match crater.verdict {
        Some(Verdict::Confirmed) => true,
        Some(Verdict::Rejected) => false,
        Some(Verdict::Unsure) | None => crater.probability >= f64::from(survey.threshold),
    }
}

fn found(open: &Open, sought: &Sought) -> Result<Found, Problem> {
    let test = Test::of(sought)?;
    let all: Vec<&Crater> = open.craters.iter().filter(|crater| test.fits(crater)).collect();
    let limit = sought.limit.unwrap_or(MOST).min(MOST);
    let shown: Vec<&Crater> = all.iter().skip(sought.offset).take(limit).copied().collect();
    let column = |of: fn(&Crater) -> f64| shown.iter().map(|crater| of(crater)).collect();
    let added = open.reviews.iter().filter(|review| review.crater.is_none());
    Ok(Found {
        n: all.len(),
        id: shown.iter().map(|crater| crater.id).collect(),
        x_px: column(|crater| rounded(crater.x_px, 10.0)),
        y_px: column(|crater| rounded(crater.y_px, 10.0)),
        diameter_px: column(|crater| rounded(crater.diameter_px, 10.0)),
        probability: column(|crater| rounded(crater.probability, 1e4)),
        verdict: shown.iter().map(|crater| crater.verdict.into()).collect(),
        added: added.map(Said::from).collect(),
    })
}

/// What the map cannot show is not sent.
fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

/// A question that was understood.
struct Test {
    probability: [f64; 2],
    diameter: [f64; 2],
    verdicts: Option<Vec<Judgement>>,
    bbox: Option<[f64; 4]>,
}

impl Test {
    fn of(sought: &Sought) -> Result<Self, Problem> {
        let range = |low: Option<f64>, high: Option<f64>| {
            [low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY)]
        };
        Ok(Self {
            probability: range(sought.min_probability, sought.max_probability),
            diameter: range(sought.min_diameter_px, sought.max_diameter_px),
            verdicts: sought.verdict.as_deref().map(verdicts).transpose()?,
            bbox: sought.bbox.as_deref().map(bbox).transpose()?,
        })
    }

    fn fits(&self, crater: &Crater) -> bool {
        let within = |value: f64, [low, high]: [f64; 2]| low <= value && value <= high;
        within(crater.probability, self.probability)
            && within(crater.diameter_px, self.diameter)
            && self.verdicts.as_ref().is_none_or(|them| them.contains(&crater.verdict.into()))
            && self.bbox.is_none_or(|[left, top, right, bottom]| {
                within(crater.x_px, [left, right]) && within(crater.y_px, [top, bottom])
            })
    }
}

fn verdicts(text: &str) -> Result<Vec<Judgement>, Problem> {
    let parse = |word: &str| {
        Ok(match word.trim() {
            "confirmed" => Judgement::Confirmed,
            "rejected" => Judgement::Rejected,
            "unsure" => Judgement::Unsure,
            "none" => Judgement::None,
            other => {
                return Err(Problem::invalid(format!(
                    "`{other}` is no verdict: confirmed, rejected, unsure and none are"
                )));
            }
        })
    };
    text.split(',').map(parse).collect()
}

fn bbox(text: &str) -> Result<[f64; 4], Problem> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    numbers.ok().and_then(|numbers| <[f64; 4]>::try_from(numbers).ok()).ok_or_else(|| {
        Problem::invalid(format!(
            "`{text}` is no box: left, top, right and bottom in pixels, with commas between them"
        ))
    })
}

fn crater_page(open: &Open, id: u64) -> Result<CraterPage, Problem> {
    let crater = open.crater(id)?;
    let said = open.reviews.iter().rev().filter(|review| review.crater == Some(id));
    Ok(CraterPage {
        id,
        x_px: crater.x_px,
        y_px: crater.y_px,
        diameter_px: crater.diameter_px,
        diameter_m: crater.diameter_m,
        position: crater.position,
        lon_lat: crater.lon_lat,
        probability: crater.probability,
        is_counted: is_counted(&open.survey, crater),
        verdict: crater.verdict.into(),
        why: sentences::of(&crater.path, &open.survey.questions),
        reviews: said.map(Said::from).collect(),
    })
}

impl From<Option<Verdict>> for Judgement {
    fn from(verdict: Option<Verdict>) -> Self {
        match verdict {
            Some(Verdict::Confirmed) => Self::Confirmed,
            Some(Verdict::Rejected) => Self::Rejected,
            Some(Verdict::Unsure) => Self::Unsure,
            None => Self::None,
        }
    }
}

impl From<&Review> for Said {
    fn from(review: &Review) -> Self {
        Self {
            crater: review.crater,
            x_px: review.x_px,
            y_px: review.y_px,
            diameter_px: review.diameter_px,
            verdict: Some(review.verdict).into(),
            who: review.who.clone(),
            when: review.when.clone(),
        }
    }
}
