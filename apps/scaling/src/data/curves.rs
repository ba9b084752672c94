//! What was logged along each run: one curve a run and metric, thinned so that the memory stays
//! bounded whatever the length of the log.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::names::{Rank, guess};
use super::role::Role;
use super::{Limits, NO_COLUMN, Origin};
use crate::Error;

/// Metric names beyond which a column is no column of names.
const MAX_METRICS: usize = 100_000;

/// All curves of an import.
pub(super) struct Curves {
    limits: Limits,
    /// `--map`, which has the last word on what a metric is.
    map: BTreeMap<Role, String>,
    pub metrics: Vec<Metric>,
    metric_by_name: HashMap<Vec<u8>, usize>,
    pub runs: Vec<Logged>,
    run_by_id: HashMap<Vec<u8>, usize>,
    n_points: usize,
    /// Points that one curve may keep by now.
    max_points: usize,
}

/// A logged quantity.
pub(super) struct Metric {
    pub name: String,
    /// What it holds; metrics that hold nothing of use are not kept.
    pub role: Option<(Role, Rank)>,
}

/// What was logged of one run.
pub(super) struct Logged {
    pub id: String,
    pub origin: Origin,
    /// By metric.
    pub curves: Vec<(usize, Curve)>,
}

impl Curves {
    pub(super) fn new(limits: Limits, map: &BTreeMap<Role, String>) -> Self {
        Self {
            limits,
            map: map.clone(),
            metrics: vec![],
            metric_by_name: HashMap::new(),
            runs: vec![],
            run_by_id: HashMap::new(),
            n_points: 0,
            max_points: limits.n_points.max(2),
        }
    }

    /// The number of a metric, new where it was not seen before.
    pub(super) fn metric(&mut self, name: &[u8], place: &Origin) -> Result<usize, Error> {
        if let Some(at) = self.metric_by_name.get(name) {
            return Ok(*at);
        }
        let text = super::table::text(&place.file, place.line, name)?;
        let role = self.role_of(text);
        self.add_metric(name, text, role, place)
    }

    /// A column whose role is settled, under its name.
    pub(super) fn column(
        &mut self,
        name: &str,
        role: Role,
        place: &Origin,
    ) -> Result<usize, Error> {
        // Apart from a metric of that name, which may mean something else in another file.
        let key = format!("{name}\0{role}");
        if let Some(at) = self.metric_by_name.get(key.as_bytes()) {
            return Ok(*at);
        }
        self.add_metric(key.as_bytes(), name, Some((role, 0)), place)
    }

    fn add_metric(
        &mut self,
        key: &[u8],
        name: &str,
        role: Option<(Role, Rank)>,
        place: &Origin,
    ) -> Result<usize, Error> {
        if self.metrics.len() >= MAX_METRICS {
            return Err(Error::input(
                &place.file,
                place.line,
                format!("there are more than {MAX_METRICS} different metrics"),
                "say which column holds their names with `--map metric=COLUMN`",
            ));
        }
        self.metrics.push(Metric { name: name.to_owned(), role });
        self.metric_by_name.insert(key.to_owned(), self.metrics.len() - 1);
        Ok(self.metrics.len() - 1)
    }

    /// What a metric of that name holds, by `--map` or its name.
    fn role_of(&self, name: &str) -> Option<(Role, Rank)> {
        if let Some((role, _)) = self.map.iter().find(|(_, mapped)| *mapped == name) {
            return Some((*role, 0));
        }
        let (role, rank) = guess(name)?;
        let is_mapped = self.map.get(&role).is_some_and(|m| m == NO_COLUMN || *m != name);
        let is_kept = role.is_curve() || role.is_count() || role == Role::Seed;
        (is_kept && !is_mapped).then_some((role, rank))
    }

    /// The number of a run, new where it was not seen before.
    pub(super) fn run(&mut self, id: &[u8], place: &Origin) -> Result<usize, Error> {
        if let Some(at) = self.run_by_id.get(id) {
            return Ok(*at);
        }
        let text = super::table::text(&place.file, place.line, id)?;
        if self.runs.len() >= self.limits.n_runs {
            return Err(Error::input(
                &place.file,
                place.line,
                format!("there are histories of more than {} runs", self.limits.n_runs),
                "say which column tells the run with `--map id=COLUMN`, or give fewer runs",
            ));
        }
        let run = Logged { id: text.to_owned(), origin: place.clone(), curves: vec![] };
        self.runs.push(run);
        self.run_by_id.insert(id.to_owned(), self.runs.len() - 1);
        Ok(self.runs.len() - 1)
    }

    /// A run id for a file that is the history of one run: its name, else its path.
    pub(super) fn id_of_file(&self, path: &Path) -> String {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if self.run_by_id.contains_key(stem.as_bytes()) {
            return path.to_string_lossy().into_owned();
        }
        stem
    }

    /// Takes back what was logged under an id.
    pub(super) fn forget(&mut self, id: &str) {
        if let Some(run) = self.run_by_id.get(id.as_bytes()) {
            self.runs[*run].curves.clear();
        }
    }

    /// Adds one logged value.
    pub(super) fn push(&mut self, run: usize, metric: usize, step: f64, value: f64) {
        let is_curve = self.metrics[metric].role.is_some_and(|(role, _)| role.is_curve());
        let curve = self.curve(run, metric);
        curve.take(step, value);
        let keeps = is_curve && value.is_finite() && curve.n_seen.is_multiple_of(curve.stride);
        curve.n_seen += 1;
        if !keeps {
            return;
        }
        curve.points.push((step, value));
        self.n_points += 1;
        let max_points = self.max_points;
        let curve = self.curve(run, metric);
        if curve.points.len() > max_points {
            let n_before = curve.points.len();
            curve.thin();
            let n_dropped = n_before - curve.points.len();
            self.n_points -= n_dropped;
        }
        if self.n_points > self.limits.n_points_total.max(1) {
            self.thin_all();
        }
    }

    /// The value that a metric ended at, as the log sums it up: over what its curve ends at.
    pub(super) fn end_at(&mut self, run: usize, metric: usize, value: f64) {
        self.curve(run, metric).summary = Some(value);
    }

    fn curve(&mut self, run: usize, metric: usize) -> &mut Curve {
        let curves = &mut self.runs[run].curves;
        let at = curves.iter().position(|(m, _)| *m == metric).unwrap_or_else(|| {
            curves.push((metric, Curve::default()));
            curves.len() - 1
        });
        &mut curves[at].1
    }

    fn thin_all(&mut self) {
        if self.max_points <= 2 {
            return;
        }
        self.max_points = (self.max_points / 2).max(2);
        self.n_points = 0;
        for (_, curve) in self.runs.iter_mut().flat_map(|run| &mut run.curves) {
            while curve.points.len() > self.max_points {
                curve.thin();
            }
            self.n_points += curve.points.len();
        }
    }
}

/// One metric along one run.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    /// Step and value; only finite values.
    points: Vec<(f64, f64)>,
    /// One of so many values is kept.
    stride: u64,
    n_seen: u64,
    /// The value at the highest step, finite or not.
    last: Option<(f64, f64)>,
    /// The highest finite value.
    pub highest: Option<f64>,
    /// What the log says that it ended at.
    pub summary: Option<f64>,
}

impl Default for Curve {
    fn default() -> Self {
        Self { points: vec![], stride: 1, n_seen: 0, last: None, highest: None, summary: None }
    }
}

impl Curve {
    fn take(&mut self, step: f64, value: f64) {
        if self.last.is_none_or(|(last, _)| last <= step) {
            self.last = Some((step, value));
        }
        if value.is_finite() && self.highest.is_none_or(|highest| highest < value) {
            self.highest = Some(value);
        }
    }

    fn thin(&mut self) {
        let mut at = 0;
        self.points.retain(|_| {
            at += 1;
            at % 2 == 1
        });
        self.stride *= 2;
    }

    /// The step of the last value.
    pub(super) fn last_step(&self) -> Option<f64> {
        self.last.map(|(step, _)| step)
    }

    /// The value that it ended at; NaN or infinite where it diverged.
    pub(super) fn end(&self) -> Option<f64> {
        self.summary.or(self.last.map(|(_, value)| value))
    }

    /// The kept points and the last one, by step; of two values at a step the later one.
    pub(super) fn points(&self) -> Vec<(f64, f64)> {
        let mut points = self.points.clone();
        points.extend(self.last.filter(|(_, value)| value.is_finite()));
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points.reverse();
        points.dedup_by(|a, b| a.0 == b.0);
        points.reverse();
        points
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn curves(n_points: usize, n_points_total: usize) -> Curves {
        let limits = Limits { n_points, n_points_total, ..Limits::default() };
        Curves::new(limits, &BTreeMap::new())
    }

    fn place() -> Origin {
        Origin { file: PathBuf::from("h.csv"), line: Some(2) }
    }

    #[test]
    fn a_long_curve_keeps_its_first_and_last_point_and_every_so_many_between() {
        let mut curves = curves(4, 1000);
        let run = curves.run(b"a", &place()).unwrap();
        let loss = curves.metric(b"loss", &place()).unwrap();
        for step in 0..100 {
            curves.push(run, loss, f64::from(step), 3.0);
        }
        let steps: Vec<f64> = curves.runs[0].curves[0].1.points().iter().map(|p| p.0).collect();
        assert_eq!(steps, [0.0, 32.0, 64.0, 96.0, 99.0]);
    }

    #[test]
    fn many_curves_together_stay_within_the_total() {
        let mut curves = curves(1000, 300);
        let loss = curves.metric(b"loss", &place()).unwrap();
        for run in 0..30 {
            let run = curves.run(format!("run {run}").as_bytes(), &place()).unwrap();
            for step in 0..500 {
                curves.push(run, loss, f64::from(step), 3.0);
            }
        }
        let n: usize = curves.runs.iter().map(|r| r.curves[0].1.points.len()).sum();
        assert!(n <= 300 && curves.runs.iter().all(|r| r.curves[0].1.points.len() >= 2), "{n}");
    }

    #[test]
    fn a_step_logged_again_after_a_restart_counts_once_with_its_later_value() {
        let mut curves = curves(100, 1000);
        let run = curves.run(b"a", &place()).unwrap();
        let loss = curves.metric(b"loss", &place()).unwrap();
        for (step, value) in [(1.0, 4.0), (2.0, 3.5), (2.0, 3.4), (3.0, 3.0)] {
            curves.push(run, loss, step, value);
        }
        assert_eq!(curves.runs[0].curves[0].1.points(), [(1.0, 4.0), (2.0, 3.4), (3.0, 3.0)]);
    }

    #[test]
    fn a_curve_that_ends_in_nan_says_so() {
        let mut curves = curves(100, 1000);
        let run = curves.run(b"a", &place()).unwrap();
        let loss = curves.metric(b"loss", &place()).unwrap();
        curves.push(run, loss, 1.0, 4.0);
        curves.push(run, loss, 2.0, f64::NAN);
        let curve = &curves.runs[0].curves[0].1;
        assert!(curve.end().is_some_and(f64::is_nan));
        assert_eq!(curve.points(), [(1.0, 4.0)]);
    }
}
