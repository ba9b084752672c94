//! What may remain: corrected crater counts, unexploded bombs with the prior printed beside them,
//! risk zones, and where the data do not allow a number.
//!
//! Read in this order: [`blind`] (places for people to look at), [`verified`] (what they saw, and
//! the corrected count), [`mod@posterior`] (unexploded bombs), [`sticks`] (gaps in a line of craters),
//! [`zones`] and [`intensity`] (where). [`simulate`] asks whether the intervals hold.
//!
//! Nothing here says of land that a person may walk on it.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::records::Records;

pub mod belief;
pub mod blind;
mod chance;
pub mod intensity;
mod page;
pub mod posterior;
pub mod simulate;
pub mod sticks;
mod text;
pub mod verified;
pub mod zones;

pub use belief::Belief;
pub use page::page;
pub use posterior::{Inputs, Posterior, Priors, Survival, posterior};

/// What is asked, with all that is known.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// Name of the survey.
    pub survey: &'a str,
    /// Whether the scene is synthetic.
    pub is_synthetic: bool,
    /// IMSMA's class of evidence: see [`EVIDENCE_CLASS`].
    pub evidence_class: &'a str,
    /// Detections from the threshold on.
    pub n_detections: u64,
    /// What people saw at places drawn blindly, by stratum.
    pub strata: &'a [verified::Stratum],
    /// Recall where there is no verified sample.
    pub recall: Option<Belief>,
    /// Precision where there is no verified sample.
    pub precision: Option<Belief>,
    /// Bombing records of the area.
    pub records: Option<&'a Records>,
    /// West, south, east, north of the survey in degrees: records count by how likely they lie
    /// inside. None takes all rows.
    pub bounds: Option<[f64; 4]>,
    /// What is believed beforehand.
    pub priors: Priors,
    /// Of the random numbers.
    pub seed: u64,
}

/// The class of evidence unless the user says otherwise. Craters and records are on no default list
/// of direct evidence.
pub const EVIDENCE_CLASS: &str = "indirect";

/// All that can be said, every number with its interval and its prior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Name of the survey.
    pub survey: String,
    /// Whether the scene is synthetic.
    pub is_synthetic: bool,
    /// IMSMA's class of evidence, a setting.
    pub evidence_class: String,
    /// Detections from the threshold on.
    pub n_detections: u64,
    /// The corrected count of craters, by stratum and in all.
    pub craters: Answer<verified::Counted>,
    /// What the records say.
    pub recorded: Option<Recorded>,
    /// Unexploded bombs.
    pub unexploded: Answer<Posterior>,
    /// How the number moves as errors are admitted.
    pub sensitivity: Vec<posterior::Row>,
    /// What the reader must know.
    pub notes: Vec<String>,
}

/// A result, or why there is none and what would allow it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer<T> {
    /// The result.
    Known(T),
    /// No number.
    Refused {
        /// Why.
        why: String,
    },
}

/// Records within the area.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// General-purpose bombs expected inside.
    pub n_bombs: f64,
    /// Standard deviation, from the error of positions alone.
    pub sd: f64,
    /// Rows of general-purpose bombs.
    pub n_rows: usize,
    /// Containers of cluster munitions, in all rows: no part of any number here.
    pub n_clusters: u64,
    /// Rows left out.
    pub n_left_out: usize,
    /// Warnings and notes of reading.
    pub notes: Vec<String>,
}

impl<T> Answer<T> {
    /// The result, where there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Refused { .. } => None,
        }
    }

    fn refused(why: impl ToString) -> Self {
        Self::Refused { why: why.to_string() }
    }
}

impl<T> From<Result<T>> for Answer<T> {
    fn from(result: Result<T>) -> Self {
        result.map_or_else(Self::refused, Self::Known)
    }
}

/// Answers a question as far as the data allow.
///
/// # Errors
/// Where a belief is none.
pub fn estimate(question: &Question<'_>) -> Result<Estimate> {
    let craters = verified::count(question.strata, question.seed);
    let recall = craters.as_ref().map(|counted| counted.recall.belief).or(question.recall);
    let precision = craters.as_ref().map(|counted| counted.precision.belief).or(question.precision);
    let recorded = question.records.map(|records| recorded(records, question.bounds));
    let mut priors = question.priors.clone();
    let (mut sensitivity, mut notes) = (Vec::new(), notes(question));
    let unexploded = match (recall, precision, &recorded) {
        (Some(recall), Some(precision), Some(recorded)) => {
            priors.records_error = with_positions(priors.records_error, recorded);
            let n_detections = question.n_detections;
            let inputs = Inputs { n_detections, n_bombs: recorded.n_bombs, recall, precision };
            sensitivity = posterior::sensitivity(&inputs, &priors, question.seed)?;
            posterior(&inputs, &priors, question.seed).into()
        }
        (_, _, None) => Answer::refused(
            "no bombing records: without how many bombs fell, craters say nothing of those that \
             did not explode",
        ),
        _ => Answer::refused(
            "recall or precision has no evidence: have a blind sample of sites and plots verified, \
             or state both",
        ),
    };
    if craters.is_none() && recall.is_some() {
        notes.push("recall and precision are stated by the user, not measured here".to_owned());
    }
    Ok(Estimate {
        survey: question.survey.to_owned(),
        is_synthetic: question.is_synthetic,
        evidence_class: question.evidence_class.to_owned(),
        n_detections: question.n_detections,
        craters: craters.map_or_else(
            || {
                Answer::refused(
                    "no corrected count: no blind sample with both sites and craters in plots was \
                     verified; draw one, and have it looked at",
                )
            },
            Answer::Known,
        ),
        recorded,
        unexploded,
        sensitivity,
        notes,
    })
}

impl Estimate {
    /// For the terminal.
    pub fn text(&self) -> String {
        text::of(self)
    }
}

fn notes(question: &Question<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if question.is_synthetic {
        notes.push("synthetic scene: nothing here is about a real place".to_owned());
    }
    notes.push(
        "a low number does not release land; only survey and clearance under the national \
         standards do"
            .to_owned(),
    );
    notes
}

/// What rows say of an area: a row counts with the probability that it lies inside, its bombs all
/// at one place, positions being normal around what is recorded.
fn recorded(records: &Records, bounds: Option<[f64; 4]>) -> Recorded {
    let (mut n_bombs, mut variance) = (0.0, 0.0);
    for row in &records.bombs {
        let inside = bounds.map_or(1.0, |bounds| inside(bounds, row.lon_lat, row.error_m));
        let n = f64::from(row.n_bombs);
        n_bombs += n * inside;
        variance += n * n * inside * (1.0 - inside);
    }
    Recorded {
        n_bombs,
        sd: variance.sqrt(),
        n_rows: records.bombs.len(),
        n_clusters: records.clusters.iter().map(|row| u64::from(row.n_bombs)).sum(),
        n_left_out: records.left_out.len(),
        notes: records.warnings.iter().chain(&records.notes).cloned().collect(),
    }
}

/// Probability that a place lies within bounds, its error normal.
fn inside([west, south, east, north]: [f64; 4], [lon, lat]: [f64; 2], error_m: f64) -> f64 {
    const METRES_A_DEGREE: f64 = 111_195.0;
    let between = |low: f64, high: f64, scale: f64| {
        let error_m = error_m.max(1e-3);
        chance::normal_cdf(high * scale / error_m) - chance::normal_cdf(low * scale / error_m)
    };
    between(west - lon, east - lon, METRES_A_DEGREE * lat.to_radians().cos())
        * between(south - lat, north - lat, METRES_A_DEGREE)
}

/// The stated error of the records, and that of their positions, as one.
fn with_positions(stated: f64, recorded: &Recorded) -> f64 {
    let positions = 1.96 * recorded.sd / recorded.n_bombs.max(1.0);
    (stated.ln_1p().powi(2) + positions.ln_1p().powi(2)).sqrt().exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{Kind, Record};

    fn row(lon: f64, n_bombs: u32, kind: Kind) -> Record {
        Record {
            line: 2,
            mission: None,
            source: None,
            date: None,
            lon_lat: [lon, 11.0],
            error_m: 400.0,
            n_bombs,
            kind,
            weapon: None,
            weight_lb: None,
            n_aircraft: None,
            aircraft: None,
            mission_function: None,
            stick: None,
        }
    }

    fn records() -> Records {
        Records {
            bombs: vec![row(105.5, 900, Kind::GeneralPurpose), row(105.0, 200, Kind::Unstated)],
            clusters: vec![row(105.5, 7, Kind::Cluster)],
            ..Records::default()
        }
    }

    fn question(records: &Records) -> Question<'_> {
        let share = Belief::Range { low: 0.5, high: 0.95 };
        Question {
            survey: "test",
            is_synthetic: true,
            evidence_class: EVIDENCE_CLASS,
            n_detections: 500,
            strata: &[],
            recall: Some(Belief::Counted { yes: 152.0, of: 177.0 }),
            precision: Some(Belief::Range { low: 0.6, high: 0.95 }),
            records: Some(records),
            bounds: Some([105.0, 10.5, 106.0, 11.5]),
            priors: Priors {
                survival: Some(Survival { share, evidence: "a guess".to_owned() }),
                ..Priors::default()
            },
            seed: 1,
        }
    }

    #[test]
    fn a_record_on_the_border_counts_half() {
        let recorded = recorded(&records(), Some([105.0, 10.5, 106.0, 11.5]));
        assert!((recorded.n_bombs - 1000.0).abs() < 0.5, "{recorded:?}");
        assert!((recorded.sd - 100.0).abs() < 0.5);
        assert_eq!(recorded.n_clusters, 7);
    }

    #[test]
    fn what_has_no_evidence_has_no_number() {
        let records = records();
        let mut asked = question(&records);
        asked.priors.survival = None;
        let found = estimate(&asked).unwrap();
        assert!(found.unexploded.known().is_none() && found.craters.known().is_none());
        assert!(found.text().contains("older picture"), "{}", found.text());
        asked.records = None;
        assert!(estimate(&asked).unwrap().text().contains("no bombing records"));
    }

    #[test]
    fn the_prior_is_printed_beside_the_number() {
        let records = records();
        let text = estimate(&question(&records)).unwrap().text();
        for words in
            ["prior", "5.0 to 36.0 %", "a guess", "indirect", "synthetic", "not in any number"]
        {
            assert!(text.contains(words), "{words} is not in\n{text}");
        }
    }

    #[test]
    fn an_estimate_survives_its_file() {
        let records = records();
        let found = estimate(&question(&records)).unwrap();
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Estimate>(&json).unwrap().text(), found.text());
    }

    /// Every string of this module's files that a person may read.
    #[test]
    fn no_output_says_that_land_is_clear_or_safe() {
        let records = records();
        let mut said = estimate(&question(&records)).unwrap().text();
        let settings = |method| zones::Settings { method, q: 0.1, cell_m: Some(50.0) };
        let craters: Vec<[f64; 2]> = (0..20).map(|at| [50.0 * f64::from(at), 500.0]).collect();
        let window = [[0.0, 0.0], [1000.0, 0.0], [1000.0, 1000.0], [0.0, 1000.0]];
        for method in [
            zones::Method::Intensity { alpha: 0.2 },
            zones::Method::Intensity { alpha: 0.01 },
            zones::Method::Buffer { level: 0.9 },
        ] {
            said += &zones::zone(&craters, &window, &settings(method)).unwrap().statement;
        }
        said += &posterior::no_survival().to_string();
        said += intensity::STATEMENT;
        said += sticks::STATEMENT;
        let is_word = |word: &str, other: &str| {
            word.trim_matches(|c: char| !c.is_alphabetic()).eq_ignore_ascii_case(other)
        };
        for word in said.split_whitespace() {
            for forbidden in ["clear", "cleared", "safe", "safely"] {
                assert!(!is_word(word, forbidden), "{forbidden} is in\n{said}");
            }
        }
    }
}
