//! What may remain, under the priors that were asked for. Nothing is kept: each question has its
//! own answer, and the prior is part of it.

use std::fs;

use axum::Json;
use axum::extract::{Path, State as Extract};
use craters::estimate::{belief, posterior};
use craters::survey::Verdict;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::found::is_counted;
use super::kept::Open;
use crate::State;
use crate::api::problem::Problem;

/// The same question has the same answer.
const SEED: u64 = 1;

/// A belief about a share between 0 and 1.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Belief {
    /// 95 % of the belief lies between the two.
    Range { low: f64, high: f64 },
    /// So many cases of so many.
    Counted { yes: f64, of: f64 },
}

/// Belief of how many craters are still visible, and what it rests on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Survival {
    share: Belief,
    evidence: String,
}

/// What was counted, and what is believed beforehand.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Question {
    /// Detections in the area of the records.
    n_detections: u64,
    /// General-purpose bombs that were recorded there; none where no records were read.
    n_bombs: Option<f64>,
    /// Records are right within this share, 95 %: 0.2 is within a fifth.
    records_error: f64,
    /// Share of craters that are found.
    recall: Belief,
    /// Share of detections that are craters.
    precision: Belief,
    /// Share of bombs that did not explode.
    duds: Belief,
    /// Share of visible craters that merged into another.
    merging: Belief,
    /// Share of craters still visible. Without evidence there is no number.
    survival: Option<Survival>,
}

/// A question to begin with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Start {
    question: Question,
    /// Where its numbers come from.
    notes: Vec<String>,
}

/// A quantity with its median and the ends of its interval of 95 %.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Quantity {
    median: f64,
    low: f64,
    high: f64,
}

/// Before and after the craters were counted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Learnt {
    prior: Quantity,
    posterior: Quantity,
}

/// How the number moves as one more source of error is admitted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SensitivityRow {
    letter: String,
    admits: String,
    /// Ends of 95 %; none where a belief is absent.
    interval: Option<[f64; 2]>,
    /// Whether the arithmetic leaves what can be.
    is_impossible: bool,
}

/// What may remain.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Remains {
    unexploded: Learnt,
    dud_share: Learnt,
    survival: Learnt,
    /// Equal bins of the number of unexploded bombs: lower edge and probability.
    histogram: Vec<[f64; 2]>,
    notes: Vec<String>,
}

/// An estimate, or why there is none, and how the number moves either way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Estimated {
    remains: Option<Remains>,
    /// Why there is no number.
    refusal: Option<String>,
    sensitivity: Vec<SensitivityRow>,
}

/// What to begin an estimate with.
#[utoipa::path(
    get,
    path = "/craters/{name}/estimate",
    params(("name" = String, Path, description = "The survey's name")),
    responses((status = OK, body = Start), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn start(
    Extract(state): Extract<State>,
    Path(name): Path<String>,
) -> Result<Json<Start>, Problem> {
    let surveys = state.surveys.clone();
    state.blocking(move |_| Ok(Json(beginning(&*surveys.open(&name)?)))).await
}

/// What may remain under these priors. Only reads.
#[utoipa::path(
    post,
    path = "/craters/{name}/estimate",
    params(("name" = String, Path, description = "The survey's name")),
    request_body = Question,
    responses(
        (status = OK, body = Estimated),
        (status = BAD_REQUEST, body = Problem),
        (status = NOT_FOUND, body = Problem)
    )
)]
pub(crate) async fn estimate(
    Extract(state): Extract<State>,
    Path(name): Path<String>,
    Json(question): Json<Question>,
) -> Result<Json<Estimated>, Problem> {
    let surveys = state.surveys.clone();
    state
        .blocking(move |_| {
            surveys.folder(&name)?;
            estimated(&question).map(Json)
        })
        .await
}

/// What an estimate of the command line was asked, as far as it says so.
#[derive(Deserialize)]
struct Kept {
    inputs: posterior::Inputs,
    priors: posterior::Priors,
}

fn beginning(open: &Open) -> Start {
    let kept = fs::read(open.folder.join("estimate.json")).ok();
    if let Some(kept) = kept.and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok()) {
        let notes = vec!["as estimated last by the command line".to_owned()];
        return Start { question: Question::of(&kept.inputs, &kept.priors), notes };
    }
    let priors = posterior::Priors::default();
    let n_detections = open.craters.iter().filter(|it| is_counted(&open.survey, it)).count() as u64;
    let (precision, note) = precision(open);
    let recall = Belief::Range { low: 0.5, high: 0.9 };
    let notes = vec![
        note,
        "recall 50 to 90 % is a placeholder: a blind verified sample measures it".to_owned(),
    ];
    let question =
        Question { n_detections, n_bombs: None, recall, precision, ..Question::of_priors(&priors) };
    Start { question, notes }
}

/// What the reviews say of detections above the threshold.
fn precision(open: &Open) -> (Belief, String) {
    let threshold = f64::from(open.survey.threshold);
    let detected = || open.craters.iter().filter(|crater| crater.probability >= threshold);
    let count = |verdict| detected().filter(|crater| crater.verdict == Some(verdict)).count();
    let (yes, no) = (count(Verdict::Confirmed), count(Verdict::Rejected));
    if yes + no < 20 {
        let note = "precision 50 to 95 % is a placeholder: fewer than 20 detections were reviewed";
        return (Belief::Range { low: 0.5, high: 0.95 }, note.to_owned());
    }
    let of = yes + no;
    let note = format!(
        "precision: {yes} of {of} reviewed detections were confirmed; reviews in the order of \
         doubt are no random sample, a blind verified sample is"
    );
    (Belief::Counted { yes: yes as f64, of: of as f64 }, note)
}

fn estimated(question: &Question) -> Result<Estimated, Problem> {
    let (inputs, priors) = question.parts();
    let known = question.n_bombs.is_some();
    let result = posterior::posterior(&inputs, &priors, SEED);
    let refusal = match &result {
        Ok(_) => None,
        Err(_) if !known => Some(
            "no number of unexploded bombs: no bombing records were read for this area".to_owned(),
        ),
        Err(craters::Error::Refused { what, hint }) => Some(format!("{what}\n{hint}")),
        Err(error) => Some(error.to_string()),
    };
    let rows = if known { posterior::sensitivity(&inputs, &priors, SEED)? } else { Vec::new() };
    let sensitivity = rows.into_iter().map(SensitivityRow::from).collect();
    Ok(Estimated { remains: result.ok().map(Remains::from), refusal, sensitivity })
}

impl Question {
    fn of_priors(priors: &posterior::Priors) -> Self {
        let nothing = Belief::Range { low: 0.0, high: 1.0 };
        Self {
            n_detections: 0,
            n_bombs: None,
            records_error: priors.records_error,
            recall: nothing,
            precision: nothing,
            duds: priors.duds.into(),
            merging: priors.merging.into(),
            survival: priors.survival.as_ref().map(|survival| Survival {
                share: survival.share.into(),
                evidence: survival.evidence.clone(),
            }),
        }
    }

    fn of(inputs: &posterior::Inputs, priors: &posterior::Priors) -> Self {
        Self {
            n_detections: inputs.n_detections,
            n_bombs: Some(inputs.n_bombs),
            recall: inputs.recall.into(),
            precision: inputs.precision.into(),
            ..Self::of_priors(priors)
        }
    }

    fn parts(&self) -> (posterior::Inputs, posterior::Priors) {
        let inputs = posterior::Inputs {
            n_detections: self.n_detections,
            n_bombs: self.n_bombs.unwrap_or_default(),
            recall: self.recall.into(),
            precision: self.precision.into(),
        };
        // A belief that rests on nothing is none.
        let said = self.survival.as_ref().filter(|it| !it.evidence.trim().is_empty());
        let survival = said.map(|it| posterior::Survival {
            share: it.share.into(),
            evidence: it.evidence.trim().to_owned(),
        });
        let priors = posterior::Priors {
            duds: self.duds.into(),
            survival,
            merging: self.merging.into(),
            records_error: self.records_error,
        };
        (inputs, priors)
    }
}

impl From<belief::Belief> for Belief {
    fn from(belief: belief::Belief) -> Self {
        match belief {
            belief::Belief::Range { low, high } => Self::Range { low, high },
            belief::Belief::Counted { yes, of } => Self::Counted { yes, of },
        }
    }
}

impl From<Belief> for belief::Belief {
    fn from(belief: Belief) -> Self {
        match belief {
            Belief::Range { low, high } => Self::Range { low, high },
            Belief::Counted { yes, of } => Self::Counted { yes, of },
        }
    }
}

impl From<posterior::Posterior> for Remains {
    fn from(found: posterior::Posterior) -> Self {
        Self {
            unexploded: found.unexploded.into(),
            dud_share: found.dud_share.into(),
            survival: found.survival.into(),
            histogram: found.histogram,
            notes: found.notes,
        }
    }
}

impl From<posterior::Learnt> for Learnt {
    fn from(learnt: posterior::Learnt) -> Self {
        Self { prior: learnt.prior.into(), posterior: learnt.posterior.into() }
    }
}

impl From<posterior::Quantity> for Quantity {
    fn from(it: posterior::Quantity) -> Self {
        Self { median: it.median, low: it.interval.low, high: it.interval.high }
    }
}

impl From<posterior::Row> for SensitivityRow {
    fn from(row: posterior::Row) -> Self {
        Self {
            letter: row.letter.to_string(),
            admits: row.admits,
            interval: row.unexploded.map(|interval| [interval.low, interval.high]),
            is_impossible: row.is_impossible,
        }
    }
}
