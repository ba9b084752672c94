//! Whether two surveys of one scene say the same.

use std::fs;
use std::path::Path;

use record::Journal;
use serde::{Deserialize, Serialize};

use super::Settings;
use crate::data::{Scene, SceneOptions};
use crate::error::{Error, Result};
use crate::model::Detector;
use crate::review::is_same;
use crate::survey::{self, Crater};

/// How far two lists of craters agree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Craters of the first list.
    pub n_first: usize,
    /// Craters of the second.
    pub n_second: usize,
    /// Pairs, one to one.
    pub n_both: usize,
}

impl Agreement {
    /// Of those from the threshold on: each of the first list finds its nearest partner of the
    /// second that is still free and is the same by the rule of scoring.
    pub fn of(first: &[Crater], second: &[Crater], threshold: f64) -> Self {
        let counted = |all: &[Crater]| -> Vec<(f64, f64, f64)> {
            let counted = all.iter().filter(|it| threshold <= it.probability);
            counted.map(|it| (it.x_px, it.y_px, it.diameter_px)).collect()
        };
        let (first, mut second) = (counted(first), counted(second));
        let (n_first, n_second) = (first.len(), second.len());
        second.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut is_free = vec![true; second.len()];
        let mut n_both = 0;
        for here in &first {
            let reach = here.2.max(2.0);
            let begin = second.partition_point(|it| it.0 < here.0 - reach);
            let end = second.partition_point(|it| it.0 <= here.0 + reach);
            let apart = |idx: &usize| (second[*idx].0 - here.0).hypot(second[*idx].1 - here.1);
            let free = (begin..end).filter(|idx| is_free[*idx] && is_same(*here, second[*idx]));
            if let Some(idx) = free.min_by(|a, b| apart(a).total_cmp(&apart(b))) {
                is_free[idx] = false;
                n_both += 1;
            }
        }
        Self { n_first, n_second, n_both }
    }

    /// Pairs over what either list has; none where both are empty.
    pub fn share(&self) -> Option<f64> {
        let n = self.n_first + self.n_second - self.n_both;
        (0 < n).then(|| self.n_both as f64 / n as f64)
    }
}

/// Surveys a scene twice, the second time with tiles that begin elsewhere, and compares those from
/// the threshold on. The two surveys lie in the scratch folder while this goes on.
///
/// # Errors
/// As [`super::survey()`].
pub fn of_moved_tiles(
    scene: &Scene,
    options: &SceneOptions,
    detector: &Detector,
    settings: &Settings,
    scratch: &Path,
    journal: &mut dyn Journal,
) -> Result<Agreement> {
    let tile = settings.tile_px as i64;
    let moved = Settings { tile_origin: [tile / 2 + 13, tile / 3 + 7], ..settings.clone() };
    let mut lists = Vec::new();
    let mut threshold = 0.0;
    for (name, settings) in [("first", settings), ("second", &moved)] {
        let folder = scratch.join(name);
        fs::create_dir_all(&folder)
            .map_err(|source| Error::Write { path: folder.clone(), source })?;
        let survey = super::survey(scene, options, detector, settings, &folder, journal)?;
        threshold = f64::from(survey.threshold);
        lists.push(survey::read::<Vec<Crater>>(&folder.join(survey::CRATERS))?);
    }
    fs::remove_dir_all(scratch)
        .map_err(|source| Error::Write { path: scratch.to_owned(), source })?;
    Ok(Agreement::of(&lists[0], &lists[1], threshold))
}
