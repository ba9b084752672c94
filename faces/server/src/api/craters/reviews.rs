//! What people say of a crater, and which one to look at next.

use axum::extract::{Path, Query, State as Extract};
use axum::{Extension, Json};
use craters::review as log;
use craters::survey::{Review, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::found::{Judgement, Said};
use super::kept::Open;
use crate::State;
use crate::api::problem::Problem;
use crate::users::Caller;

/// The longest name of a reviewer.
const LONGEST_NAME: usize = 64;
/// The most candidates that are given to look at.
const MOST: usize = 200;

/// What a person says of a crater, or of a place where one was missed.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewReview {
    /// The crater's number; none for one that was missed.
    crater: Option<u64>,
    /// Of a missed one: its centre in pixels of the scene.
    x_px: Option<f64>,
    /// Of a missed one: its centre in pixels of the scene.
    y_px: Option<f64>,
    /// Of a missed one: its rim diameter in pixels.
    diameter_px: Option<f64>,
    /// `confirmed`, `rejected` or `unsure`.
    verdict: Judgement,
    /// Who says it. Where the server knows its users this is not read: it is the one who asks.
    who: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct Wanted {
    /// So many come at most.
    limit: Option<usize>,
}

/// Craters to look at, the one that teaches most first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Next {
    /// Numbers within the survey.
    id: Vec<u64>,
    /// How many nobody has judged yet.
    n_left: usize,
}

/// Says what a crater is. The review is added to the log; none is ever taken from it.
#[utoipa::path(
    post,
    path = "/craters/{name}/reviews",
    params(("name" = String, Path, description = "The survey's name")),
    request_body = NewReview,
    responses(
        (status = OK, body = Said),
        (status = BAD_REQUEST, body = Problem),
        (status = NOT_FOUND, body = Problem)
    )
)]
pub(crate) async fn review(
    Extract(state): Extract<State>,
    caller: Option<Extension<Caller>>,
    Path(name): Path<String>,
    body: Json<NewReview>,
) -> Result<Json<Said>, Problem> {
    let surveys = state.surveys.clone();
    let caller = caller.map(|Extension(caller)| caller.name);
    state
        .blocking(move |_| {
            let open = surveys.open(&name)?;
            let review = checked(&open, body.0, caller)?;
            surveys.append(&open, &review)?;
            Ok(Json(Said::from(&review)))
        })
        .await
}

fn checked(open: &Open, new: NewReview, caller: Option<String>) -> Result<Review, Problem> {
    let verdict = match new.verdict {
        Judgement::Confirmed => Verdict::Confirmed,
        Judgement::Rejected => Verdict::Rejected,
        Judgement::Unsure => Verdict::Unsure,
        Judgement::None => return Err(Problem::invalid("say confirmed, rejected or unsure")),
    };
    let (x_px, y_px, diameter_px) = match new.crater {
        Some(id) => {
            let crater = open.crater(id)?;
            (crater.x_px, crater.y_px, crater.diameter_px)
        }
        None => place(open, &new)?,
    };
    let who = reviewer(caller.or(new.who))?;
    let when = jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string();
    Ok(Review { crater: new.crater, x_px, y_px, diameter_px, verdict, who, when })
}

/// Where a missed crater is said to be.
fn place(open: &Open, new: &NewReview) -> Result<(f64, f64, f64), Problem> {
    let (Some(x), Some(y), Some(diameter)) = (new.x_px, new.y_px, new.diameter_px) else {
        return Err(Problem::invalid(
            "say which crater is meant, or x_px, y_px and diameter_px of one that was missed",
        ));
    };
    let (width, height) = (open.survey.width as f64, open.survey.height as f64);
    let is_inside = (0.0..=width).contains(&x) && (0.0..=height).contains(&y);
    if !is_inside || !(1.0..=width.max(height)).contains(&diameter) {
        return Err(Problem::invalid(format!(
            "a circle of {diameter} px at {x}, {y} is not in the scene of {width} x {height} px"
        )));
    }
    Ok((x, y, diameter))
}

fn reviewer(said: Option<String>) -> Result<String, Problem> {
    let name = said.unwrap_or_default().trim().to_owned();
    let is_short = name.chars().count() <= LONGEST_NAME;
    if name.is_empty() || !is_short || name.chars().any(char::is_control) {
        return Err(Problem::invalid(format!(
            "say who reviews: a name of 1 to {LONGEST_NAME} letters"
        )));
    }
    Ok(name)
}

/// Which craters to look at next.
#[utoipa::path(
    get,
    path = "/craters/{name}/next",
    params(("name" = String, Path, description = "The survey's name"), Wanted),
    responses((status = OK, body = Next), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn next(
    Extract(state): Extract<State>,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Next>, Problem> {
    let surveys = state.surveys.clone();
    state
        .blocking(move |_| {
            let limit = wanted.limit.unwrap_or(50).min(MOST);
            Ok(Json(most_telling(&*surveys.open(&name)?, limit)))
        })
        .await
}

/// In the order in which a detector would learn most.
fn most_telling(open: &Open, limit: usize) -> Next {
    let n_left = open.craters.iter().filter(|crater| crater.verdict.is_none()).count();
    let next = log::next(&open.craters, f64::from(open.survey.threshold), limit);
    Next { id: next.into_iter().map(|crater| crater.id).collect(), n_left }
}
