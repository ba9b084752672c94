//! The questions of a decision tree in words.

use std::collections::BTreeMap;

use craters::classify::tree::Question;
use craters::export::path_in_words;
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

/// What the tree asked, first to last; `names` are those of the survey's questions.
pub(super) fn of(path: &[Question], names: &[String]) -> Vec<Reason> {
    let groups: BTreeMap<String, Group> =
        features::names().into_iter().map(|(group, name)| (name, group)).collect();
    let group_of = |at: usize| names.get(at).and_then(|name| groups.get(name));
    let reason = |question: &Question| Reason {
        group: group_of(question.feature).map_or("", |it| group(*it)).to_owned(),
        sentence: path_in_words(std::slice::from_ref(question), names),
        share_before: question.share_before,
    };
    path.iter().map(reason).collect()
}

fn group(group: Group) -> &'static str {
    match group {
        Group::Colour => "colour",
        Group::Shape => "shape",
        Group::Size => "size",
        Group::Texture => "texture",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_a_sentence_with_its_group_and_an_unknown_feature_has_none() {
        let question = |feature| Question {
            feature,
            threshold: 12.5,
            value: 9.25,
            is_below: true,
            share_before: 0.3,
        };
        let seen = of(&[question(0), question(99_999)], &["diameter_px".to_owned()]);
        assert_eq!(seen[0].sentence, "diameter px 9.25 is at most 12.5");
        assert_eq!(seen[1].sentence, "feature 99999 9.25 is at most 12.5");
        assert_eq!([&seen[0].group, &seen[1].group], ["size", ""]);
    }
}
