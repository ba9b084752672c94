//! Scores as a page.

use ::evaluate::{Block, Page, Section};
use record::EvalReport;

/// A report as one HTML file.
pub fn page(report: &EvalReport) -> String {
    let lead = "One to one: a detection is a crater's where its centre lies within max(2 px, r/2) and its \
                radius within a factor of two. Intervals by bootstrap over images.";
    let scores = Section::new("Scores", vec![Block::Scores(report.clone())]);
    ::evaluate::html(&Page::new(report.title.clone(), lead).with(scores))
}
