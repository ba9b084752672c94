//! Sentences that stand in more than one output.

use super::columns::image_name;
use crate::classify::tree::Question;
use crate::survey::{Survey, Verdict};

/// What no reader may conclude.
pub const LIMITS: &str = "A low probability, or no mark at all, does not mean that there is no \
    crater or no ordnance: craters are overgrown, filled, ploughed or hidden, and a bomb that did \
    not explode leaves none. These are detections in a picture, to be weighed with other evidence.";

/// What is said of everything that was made by a generator.
pub(crate) const SYNTHETIC: &str =
    "SYNTHETIC: this scene was made by a generator. Nothing here is about a real place.";

/// What is said of a layer, a document or a page: what it is, on what evidence, and its limits.
pub(crate) fn description(survey: &Survey) -> String {
    let synthetic = if survey.is_synthetic { format!("{SYNTHETIC} ") } else { String::new() };
    format!(
        "{synthetic}Craters detected in {}. Class of evidence: {}. {LIMITS}",
        image_name(survey),
        survey.evidence_class
    )
}

/// The word of a verdict.
pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Confirmed => "confirmed",
        Verdict::Rejected => "rejected",
        Verdict::Unsure => "unsure",
    }
}

/// The questions of a decision tree as a sentence; `names` are those of the features.
pub fn path_in_words(path: &[Question], names: &[String]) -> String {
    let said: Vec<String> = path.iter().map(|question| one(question, names)).collect();
    said.join("; ")
}

fn one(question: &Question, names: &[String]) -> String {
    let name = names
        .get(question.feature)
        .map_or_else(|| format!("feature {}", question.feature), |name| name.replace('_', " "));
    let (value, threshold) = (short(question.value), short(question.threshold));
    match (question.value.is_nan(), question.is_below) {
        (true, _) => format!("{name} cannot be told here"),
        (false, true) => format!("{name} {value} is at most {threshold}"),
        (false, false) => format!("{name} {value} is above {threshold}"),
    }
}

/// Three digits that matter.
fn short(value: f32) -> String {
    let size = value.abs();
    let n_decimals = match size {
        _ if size >= 100.0 || size == 0.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.n_decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(feature: usize, value: f32, is_below: bool) -> Question {
        Question { feature, threshold: 12.5, value, is_below, share_before: 0.5 }
    }

    #[test]
    fn a_path_reads_as_a_sentence() {
        let names = vec!["diameter_px".to_owned(), "rim_contrast".to_owned()];
        let path = [question(0, 18.25, false), question(1, f32::NAN, true), question(7, 0.5, true)];
        assert_eq!(
            path_in_words(&path, &names),
            "diameter px 18.2 is above 12.5; rim contrast cannot be told here; \
             feature 7 0.500 is at most 12.5"
        );
    }
}
