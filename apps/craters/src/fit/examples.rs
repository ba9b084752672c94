//! Candidates as examples: which is a crater, which is none, and of which nothing is known.

use super::{LabelledImage, Mode, Recipe};
use crate::candidates::Candidate;
use crate::classify::Table;
use crate::evaluate::{Label, Truth, is_same};
use crate::model::{Measured, measure};

/// An image's candidates with what they are.
pub(super) struct Examples {
    pub(super) measured: Measured,
    /// None where nothing is known.
    pub(super) is_crater: Vec<Option<bool>>,
    /// The label that each lies on, in positions of the candidates.
    pub(super) label: Vec<Option<Label>>,
    pub(super) truth: Truth,
    /// For the paper's recipe: the image itself.
    pub(super) image: Option<LabelledImage>,
}

impl Examples {
    pub(super) fn of(image: &LabelledImage, recipe: &Recipe, columns: &[usize]) -> Self {
        let sun = image.sun.as_ref().filter(|_| recipe.mode == Mode::SunAware);
        let (settings, magnify) = (&recipe.candidates, recipe.magnify);
        let measured = measure(&image.window, sun, image.gsd_m, settings, magnify, columns, 0);
        let truth = drawn_out(&image.truth, magnify as f64);
        let complete_from = recipe.complete_from_px * magnify as f64;
        let known = measured.candidates.iter().map(|of| known(of, &truth, complete_from));
        let (is_crater, label) = known.unzip();
        let is_paper = recipe.mode == Mode::Paper;
        let image_kept = is_paper.then(|| image.clone());
        let truth = image.truth.clone();
        Self { measured, is_crater, label, truth, image: image_kept }
    }

    pub(super) fn known_rows(&self) -> impl Iterator<Item = (usize, bool)> {
        self.is_crater.iter().enumerate().filter_map(|(row, is)| is.map(|is| (row, is)))
    }
}

fn drawn_out(truth: &Truth, times: f64) -> Truth {
    let draw =
        |of: &Label| Label { x: of.x * times, y: of.y * times, radius_px: of.radius_px * times };
    Truth {
        size: truth.size.map(|of| of * times),
        labels: truth.labels.iter().map(draw).collect(),
        aside: truth.aside.iter().map(draw).collect(),
        rejected: truth.rejected.iter().map(draw).collect(),
        is_complete: truth.is_complete,
    }
}

/// A candidate that lies well on a label is a crater; one that lies so-so on one is neither, for
/// the place is corrected later; any other is none, if labels are complete there.
fn known(
    candidate: &Candidate,
    truth: &Truth,
    complete_from: f64,
) -> (Option<bool>, Option<Label>) {
    let circle = circle(candidate);
    let misfit = |label: &Label| {
        let far = (circle.x - label.x).hypot(circle.y - label.y) / label.radius_px.max(3.0);
        far + (circle.radius_px / label.radius_px).ln().abs()
    };
    let best = |labels: &[Label]| {
        let same = labels.iter().filter(|label| is_same(&circle, label));
        same.min_by(|a, b| misfit(a).total_cmp(&misfit(b))).copied()
    };
    if let Some(label) = best(&truth.labels) {
        const FITS: f64 = 0.7;
        return ((misfit(&label) < FITS).then_some(true), Some(label));
    }
    if let Some(label) = best(&truth.aside) {
        return (Some(true), Some(label));
    }
    let is_told = truth.is_complete && 2.0 * circle.radius_px >= complete_from;
    let is_none = is_told || best(&truth.rejected).is_some();
    (is_none.then_some(false), None)
}

pub(super) fn circle(candidate: &Candidate) -> Label {
    Label {
        x: f64::from(candidate.x),
        y: f64::from(candidate.y),
        radius_px: f64::from(candidate.radius_px),
    }
}

/// All rows of which something is known.
pub(super) fn labelled(examples: &[&Examples]) -> (Table, Vec<bool>) {
    let mut table = Table::new(examples.first().map_or(0, |of| of.measured.table.n_features));
    let mut is_crater = Vec::new();
    for of in examples {
        for (row, is) in of.known_rows() {
            table.push(of.measured.table.row(row));
            is_crater.push(is);
        }
    }
    (table, is_crater)
}
