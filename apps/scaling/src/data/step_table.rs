//! A table with one row a step: the log of one run, of several told apart by an id or by their
//! sizes, or the table that Weights & Biases exports of a chart, with a column a run.

use std::collections::{BTreeMap, HashMap};

use super::Origin;
use super::draft::Draft;
use super::gather::Gather;
use super::lines::Row;
use super::names::guess;
use super::number::{Cell, cell};
use super::role::Role;
use super::rows::{SoftCells, check, each_row, facts};
use super::source::Source;
use super::table::{Table, nothing_left, text};
use crate::Error;

/// Reads the table.
pub(super) fn read(source: Source, table: &Table, gather: &mut Gather<'_>) -> Result<(), Error> {
    let path = source.path.clone();
    let origin = Origin { file: path.clone(), line: Some(1) };
    let charts = chart_columns(table, &origin, gather)?;
    let mut curves = curve_columns(table, &origin, gather)?;
    curves.retain(|(_, column, _)| charts.iter().all(|chart| chart.column != *column));
    let mut reader = Reader {
        table,
        whole_file: gather.curves.id_of_file(&path),
        curves,
        charts,
        origin,
        runs: HashMap::new(),
        drafts: vec![],
        soft: SoftCells::default(),
        is_split: false,
    };
    each_row(source, table, gather, |gather, row| {
        reader.origin.line = Some(row.line);
        match reader.take(row, gather)? {
            Ok(()) => Ok(()),
            Err(why) => {
                gather.reject(&reader.origin.file, row.line, why);
                Ok(())
            }
        }
    })?;
    let Reader { drafts, soft, is_split, charts, .. } = reader;
    soft.tell(&path, gather);
    if drafts.is_empty() && charts.is_empty() {
        return Err(nothing_left(&path, gather));
    }
    if is_split {
        gather.note(format!(
            "{}: rows of one model at rising steps are taken as the history of one run; if each \
             is a run of its own, say `--map s=COLUMN` with the column of the steps",
            path.display()
        ));
    }
    gather.begin(&path);
    drafts.into_iter().try_for_each(|run| gather.add(run.draft))
}

struct Reader<'a> {
    table: &'a Table,
    origin: Origin,
    /// The run that the file is, where its rows tell no other.
    whole_file: String,
    /// Columns with a metric of the row's run: role, column, metric.
    curves: Vec<(Role, usize, usize)>,
    /// Columns with a metric of one run each.
    charts: Vec<Chart>,
    /// The place in `drafts` of the run that a key tells.
    runs: HashMap<Vec<u8>, usize>,
    drafts: Vec<Begun>,
    soft: SoftCells,
    /// Whether runs are told apart by their sizes only.
    is_split: bool,
}

struct Chart {
    column: usize,
    run: usize,
    metric: usize,
    role: Role,
}

/// A run whose rows are being read.
struct Begun {
    draft: Draft,
    /// Its curves' number.
    run: usize,
    last_step: f64,
}

impl Reader<'_> {
    /// Takes a row, or says what is wrong with it.
    fn take(&mut self, row: &Row, gather: &mut Gather<'_>) -> Result<Result<(), String>, Error> {
        let step = match self.number(Role::Step, row)? {
            Ok(step) if step < 0.0 => return Ok(Err("the step is negative".to_owned())),
            Ok(step) => step,
            Err(why) => return Ok(Err(why)),
        };
        for chart in &self.charts {
            match self.value(chart.role, chart.column, row)? {
                Ok(value) => value.into_iter().for_each(|value| {
                    gather.curves.push(chart.run, chart.metric, step, value);
                }),
                Err(why) => gather.reject(&self.origin.file, row.line, why),
            }
        }
        if self.curves.is_empty() {
            return Ok(Ok(()));
        }
        let wanted = |role: Role| role != Role::Step && !role.is_curve();
        let found = facts(&self.origin.file, row, self.table, &mut self.soft, wanted)?;
        let draft = match found {
            Ok(draft) => draft,
            Err(why) => return Ok(Err(why)),
        };
        let mut values = vec![];
        for (role, column, metric) in &self.curves {
            match self.value(*role, *column, row)? {
                Ok(value) => values.extend(value.map(|value| (*metric, value))),
                Err(why) => return Ok(Err(why)),
            }
        }
        let begun = self.begun(draft, step, gather)?;
        for (metric, value) in values {
            gather.curves.push(begun, metric, step, value);
        }
        Ok(Ok(()))
    }

    /// The number of the run that a row belongs to.
    fn begun(
        &mut self,
        mut draft: Draft,
        step: f64,
        gather: &mut Gather<'_>,
    ) -> Result<usize, Error> {
        let key = draft.identity();
        let own = draft.id.clone().or_else(|| draft.name.clone());
        if let Some(at) = self.runs.get(&key).copied() {
            let begun = &mut self.drafts[at];
            if own.is_some() || begun.last_step < step {
                self.is_split |= own.is_none() && draft.parameters().is_some();
                if begun.last_step <= step {
                    // What grows along the run is told by its last row.
                    begun.last_step = step;
                    draft.id.clone_from(&begun.draft.id);
                    draft.is_history = true;
                    draft.origin.clone_from(&begun.draft.origin);
                    begun.draft = draft;
                }
                return Ok(begun.run);
            }
        }
        let id = match own {
            Some(own) => own,
            None => {
                let line = self.origin.line.unwrap_or_default();
                let file = &self.whole_file;
                if self.drafts.is_empty() { file.clone() } else { format!("{file}:{line}") }
            }
        };
        let run = gather.curves.run(id.as_bytes(), &self.origin)?;
        draft.id = Some(id);
        draft.is_history = true;
        self.drafts.push(Begun { draft, run, last_step: step });
        self.runs.insert(key, self.drafts.len() - 1);
        Ok(run)
    }

    /// The value in a cell, none where it is empty.
    fn value(
        &self,
        role: Role,
        column: usize,
        row: &Row,
    ) -> Result<Result<Option<f64>, String>, Error> {
        let raw = text(&self.origin.file, self.origin.line, row.field(column))?;
        Ok(match cell(raw, self.table.decimal, false) {
            Cell::Empty => Ok(None),
            // A loss of NaN is no mistake in the file: the run diverged.
            Cell::Number(x) if !x.is_finite() => Ok(Some(x)),
            other => {
                let name = &self.table.header[column];
                check(role, other, raw).map(Some).map_err(|why| format!("`{name}` {why}"))
            }
        })
    }

    fn number(&self, role: Role, row: &Row) -> Result<Result<f64, String>, Error> {
        let Some(column) = self.table.columns.get(&role) else { return Ok(Ok(0.0)) };
        let raw = text(&self.origin.file, self.origin.line, row.field(*column))?;
        let value = check(role, cell(raw, self.table.decimal, false), raw);
        Ok(value.map_err(|why| format!("`{}` {why}", self.table.header[*column])))
    }
}

fn curve_columns(
    table: &Table,
    origin: &Origin,
    gather: &mut Gather<'_>,
) -> Result<Vec<(Role, usize, usize)>, Error> {
    let curves = table.columns.iter().filter(|(role, _)| role.is_curve());
    curves
        .map(|(role, column)| {
            let metric = gather.curves.column(&table.header[*column], *role, origin)?;
            Ok((*role, *column, metric))
        })
        .collect()
}

fn chart_columns(
    table: &Table,
    origin: &Origin,
    gather: &mut Gather<'_>,
) -> Result<Vec<Chart>, Error> {
    let map = &gather.options.map;
    let mut charts = vec![];
    for (column, name) in table.header.iter().enumerate() {
        let Some((run, metric)) = run_and_metric(name, map) else { continue };
        let run = gather.curves.run(run.as_bytes(), origin)?;
        let metric = gather.curves.metric(metric.as_bytes(), origin)?;
        if let Some((role, _)) = gather.curves.metrics[metric].role {
            charts.push(Chart { column, run, metric, role });
        }
    }
    Ok(charts)
}

/// The run and the metric of a column such as `llama-200M - val/loss`; the columns of least and
/// highest values beside it are none.
pub(super) fn run_and_metric<'a>(
    name: &'a str,
    map: &BTreeMap<Role, String>,
) -> Option<(&'a str, &'a str)> {
    let (run, metric) = name.rsplit_once(" - ")?;
    let is_spread = metric.ends_with("__MIN") || metric.ends_with("__MAX");
    let is_known = guess(metric).is_some_and(|(role, _)| role.is_curve())
        || map.values().any(|mapped| mapped == metric);
    (!is_spread && is_known).then_some((run, metric))
}
