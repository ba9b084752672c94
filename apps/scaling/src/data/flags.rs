//! What is odd about a run, by its own log and by the runs beside it. A flag leaves a run out of
//! a fit, so each names its evidence and none is given on a suspicion.

use std::collections::HashMap;

use super::draft::{Draft, ENDED};
use super::role::Role;
use super::{Flag, Schedule, TrainingRun, outlier, schedule};

/// The part of the peak above which a decaying learning rate has not come down. Schedules that
/// end at a tenth of the peak are common, none is known to end above this.
const NOT_DOWN: f64 = 0.3;
/// Part of the run before which a last held-out loss says nothing about its end.
const READ_EARLY: f64 = 0.9;

/// Flags a run by its own log.
pub(super) fn of_draft(draft: &mut Draft) {
    let state = draft.state.as_deref().unwrap_or_default().to_ascii_lowercase();
    let done = draft.get(Role::LastStep).or(draft.get(Role::Steps));
    if is_failure(&state) {
        draft.flags.push(Flag::Failed { why: format!("its state is `{state}`") });
    }
    let planned = draft.planned_steps;
    let is_short = planned.zip(done).is_some_and(|(planned, done)| done < ENDED * planned);
    if is_short || draft.is_cut || matches!(&*state, "running" | "scheduled" | "pending") {
        draft.flags.push(Flag::Unfinished { done: done.unwrap_or(0.0), planned });
    }
    if let (Some(read), Some(done)) = (draft.loss_step, draft.get(Role::LastStep))
        && read < READ_EARLY * done
    {
        let why = format!("its held-out loss was last read at step {read} of {done}");
        draft.flags.push(Flag::MidSchedule { why });
    }
    let decays = draft.schedule.as_deref().map(schedule::named).is_some_and(|s| {
        matches!(s, Schedule::Cosine | Schedule::Linear | Schedule::WarmupStableDecay)
    });
    if let (Some(last), Some(peak)) = (draft.last_learning_rate, draft.get(Role::LearningRate))
        && decays
        && last > NOT_DOWN * peak
    {
        let schedule = draft.schedule.as_deref().unwrap_or_default();
        let why = format!(
            "the learning rate ends at {:.0} % of its peak on a schedule that decays ({schedule})",
            100.0 * last / peak
        );
        draft.flags.push(Flag::MidSchedule { why });
    }
}

/// Whether a state says that the run did not end as it should.
pub(super) fn is_failure(state: &str) -> bool {
    let known = ["crashed", "failed", "failure", "killed", "error", "diverged", "aborted", "nan"];
    known.contains(&state.to_ascii_lowercase().as_str())
}

/// A run and what its log calls it.
pub(super) struct Named {
    pub run: TrainingRun,
    pub own_id: Option<String>,
    pub own_name: Option<String>,
}

/// Flags runs by the runs beside them; returns what is suspicious and not enough for a flag.
pub(super) fn between(runs: &mut [Named]) -> Vec<String> {
    let notes = same_id(runs);
    same_values(runs);
    outlier::flag(runs);
    notes
}

/// Rows of one id are one run: the same row twice, or checkpoints of which the last is the end.
fn same_id(runs: &mut [Named]) -> Vec<String> {
    let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, named) in runs.iter().enumerate() {
        match (&named.own_id, &named.own_name) {
            (Some(id), _) => by_id.entry(id).or_default().push(at),
            (None, Some(name)) => by_name.entry(name).or_default().push(at),
            _ => {}
        }
    }
    let mut flags: Vec<(usize, Flag)> = vec![];
    for rows in by_id.into_values().filter(|rows| rows.len() > 1) {
        flags.extend(checkpoints_and_copies(rows, runs));
    }
    let is_grid = |rows: &[usize]| {
        let first = &runs[rows[0]].run;
        rows.iter().any(|r| goes_on(&runs[*r].run, first) || goes_on(first, &runs[*r].run))
    };
    let shared = by_name
        .iter()
        .filter(|(_, rows)| is_grid(rows))
        .map(|(name, rows)| (rows.len(), *name))
        .max();
    let note = shared.map(|(n, name)| {
        format!(
            "{n} rows are called `{name}` and differ in D: taken as runs of their own; if they \
             are checkpoints of one run, say `--map id=COLUMN` with the column of that name"
        )
    });
    for (row, flag) in flags {
        runs[row].run.flags.push(flag);
    }
    note.into_iter().collect()
}

/// The flags of rows that have one id.
fn checkpoints_and_copies(mut rows: Vec<usize>, runs: &[Named]) -> Vec<(usize, Flag)> {
    rows.sort_by(|a, b| reach(&runs[*a].run).total_cmp(&reach(&runs[*b].run)));
    let mut flags = vec![];
    let Some(last) = rows.last().map(|at| &runs[*at].run) else { return flags };
    let mut kept = None;
    for at in &rows {
        let run = &runs[*at].run;
        if let Some(twin) = kept.filter(|twin: &&TrainingRun| is_same_place(twin, run)) {
            flags.push((*at, Flag::Duplicate { of: twin.id.clone() }));
            continue;
        }
        kept = Some(run);
        if goes_on(last, run) && run.schedule != Some(Schedule::Constant) {
            let why = format!("it is a checkpoint of a run that goes on, see {}", place(last));
            flags.push((*at, Flag::MidSchedule { why }));
        }
    }
    flags
}

/// How far a run went: D, else S.
fn reach(run: &TrainingRun) -> f64 {
    run.tokens.map(|d| d.0).or(run.steps.map(|s| s.0)).unwrap_or(0.0)
}

fn is_same_place(a: &TrainingRun, b: &TrainingRun) -> bool {
    let near = |x: f64, y: f64| (x - y).abs() <= 0.01 * x.abs().max(y.abs());
    let same_size = a.parameters == b.parameters || a.origin.file != b.origin.file;
    same_size && near(reach(a), reach(b))
}

/// Whether `later` is the same model as `run` further on.
fn goes_on(later: &TrainingRun, run: &TrainingRun) -> bool {
    later.parameters == run.parameters
        && later.batch == run.batch
        && later.learning_rate == run.learning_rate
        && later.seed == run.seed
        && reach(later) > 1.01 * reach(run)
}

fn place(run: &TrainingRun) -> String {
    match run.origin.line {
        Some(line) => format!("line {line}"),
        None => format!("`{}`", run.id),
    }
}

/// The same values twice are the same run under two names: no two trainings end at one loss to
/// the last digit.
fn same_values(runs: &mut [Named]) {
    let mut first: HashMap<Vec<u64>, usize> = HashMap::new();
    for at in 0..runs.len() {
        let Named { run, own_id, own_name } = &runs[at];
        let Some(loss) = run.loss else { continue };
        let numbers = [
            run.parameters.body.map(|n| n.0),
            run.parameters.total.map(|n| n.0),
            run.parameters.unstated.map(|n| n.0),
            run.tokens.map(|x| x.0),
            run.unique_tokens.map(|x| x.0),
            run.steps.map(|x| x.0),
            run.batch.map(|x| x.0),
            run.compute.map(|x| x.0),
            run.learning_rate,
            run.seed.map(|seed| seed as f64),
            Some(loss.0),
        ];
        let key: Vec<u64> = numbers.iter().map(|x| x.map_or(u64::MAX, f64::to_bits)).collect();
        let Some(twin) = first.get(&key).copied() else {
            first.insert(key, at);
            continue;
        };
        let other = &runs[twin];
        let is_rounded = (loss.0 * 1e3 - (loss.0 * 1e3).round()).abs() < 1e-6;
        let same_name = other.own_id == *own_id && other.own_name == *own_name;
        let is_flagged = run.flags.iter().any(|f| matches!(f, Flag::Duplicate { .. }));
        if other.run.group == run.group && (same_name || !is_rounded) && !is_flagged {
            let of = other.run.id.clone();
            runs[at].run.flags.push(Flag::Duplicate { of });
        }
    }
}
