//! The questions of a decision tree in words.

use craters::classify::tree::Question;
use craters::features::{self, Group};
use serde::Serialize;
use utoipa::ToSchema;

/// One question on the way to a decision.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Reason {
    /// The group of the feature that was asked for: colour, shape, size or texture.
    group: String,
    /// The question and its answer.
    sentence: String,
    /// Share of craters among the training candidates that came to this question.
    share_before: f32,
}

/// What the tree asked, first to last.
pub(super) fn of(path: &[Question]) -> Vec<Reason> {
    let names = features::names();
    path.iter().map(|question| reason(question, names.get(question.feature))).collect()
}

fn reason(question: &Question, feature: Option<&(Group, String)>) -> Reason {
    let name = feature.map_or_else(|| format!("feature {}", question.feature), |it| words(&it.1));
    let group = feature.map_or("", |it| group(it.0)).to_owned();
    let threshold = digits(question.threshold);
    let sentence = match (question.value.is_nan(), question.is_below) {
        (true, _) => format!("{name} could not be measured"),
        (false, true) => format!("{name} {} is at most {threshold}", digits(question.value)),
        (false, false) => format!("{name} {} is above {threshold}", digits(question.value)),
    };
    Reason { group, sentence, share_before: question.share_before }
}

fn group(group: Group) -> &'static str {
    match group {
        Group::Colour => "colour",
        Group::Shape => "shape",
        Group::Size => "size",
        Group::Texture => "texture",
    }
}

/// `ring_contrast_px` as a person says it.
fn words(name: &str) -> String {
    match name.strip_suffix("_px") {
        Some(name) => format!("{} (pixels)", name.replace('_', " ")),
        None => name.replace('_', " "),
    }
}

/// Three significant digits.
fn digits(value: f32) -> String {
    let size = value.abs();
    if size != 0.0 && !(0.001..100_000.0).contains(&size) {
        return format!("{value:.2e}");
    }
    let decimals = if size == 0.0 { 0 } else { (2 - size.log10().floor() as i32).clamp(0, 5) };
    format!("{value:.*}", decimals as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_a_sentence_with_the_value_that_was_measured() {
        let question = Question {
            feature: 0,
            threshold: 12.5,
            value: 9.25,
            is_below: true,
            share_before: 0.3,
        };
        let feature = (Group::Size, "diameter_px".to_owned());
        let seen = reason(&question, Some(&feature));
        assert_eq!(seen.sentence, "diameter (pixels) 9.25 is at most 12.5");
        assert_eq!(seen.group, "size");
    }

    #[test]
    fn what_could_not_be_measured_is_said() {
        let question = Question {
            feature: 7,
            threshold: 0.1,
            value: f32::NAN,
            is_below: false,
            share_before: 0.3,
        };
        assert_eq!(reason(&question, None).sentence, "feature 7 could not be measured");
    }

    #[test]
    fn numbers_have_three_digits_that_count() {
        let seen = [0.0, 0.01234, 1.5, 123.4, -12.34, 1e-7].map(digits);
        assert_eq!(seen, ["0", "0.0123", "1.50", "123", "-12.3", "1.00e-7"]);
    }
}
