//! Rows of a table to runs, or to how many updates they took to a loss.

use std::collections::BTreeMap;
use std::path::Path;

use super::StepsToLoss;
use super::draft::Draft;
use super::flags::is_failure;
use super::gather::Gather;
use super::lines::{Lines, Row};
use super::number::{Cell, cell};
use super::role::Role;
use super::source::Source;
use super::table::{Table, counted, nothing_left, text};
use crate::Error;
use crate::units::{Nats, Steps, Tokens};

/// Rows between two reports of progress.
const N_BETWEEN_REPORTS: u64 = 1 << 16;

/// One row, one run.
pub(super) fn read_runs(
    source: Source,
    table: &Table,
    gather: &mut Gather<'_>,
) -> Result<(), Error> {
    let path = source.path.clone();
    gather.begin(&path);
    let mut soft = SoftCells::default();
    let mut n_read = 0;
    each_row(source, table, gather, |gather, row| {
        match facts(&path, row, table, &mut soft, |_| true)? {
            Ok(draft) => {
                n_read += 1;
                gather.add(draft)?;
            }
            Err(why) => gather.reject(&path, row.line, why),
        }
        Ok(())
    })?;
    soft.tell(&path, gather);
    if n_read == 0 { Err(nothing_left(&path, gather)) } else { Ok(()) }
}

/// One row, one model trained to one loss at one batch size.
pub(super) fn read_steps_to_loss(
    source: Source,
    table: &Table,
    gather: &mut Gather<'_>,
) -> Result<(), Error> {
    let path = source.path.clone();
    let mut soft = SoftCells::default();
    let mut n_read = 0;
    each_row(source, table, gather, |gather, row| {
        let point = facts(&path, row, table, &mut soft, |_| true)?.and_then(steps_to_loss);
        match point {
            Ok(point) if gather.steps_to_loss.len() < gather.options.limits.n_runs => {
                n_read += 1;
                gather.steps_to_loss.push(point);
                Ok(())
            }
            Ok(_) => {
                let what = format!("there are more than {} rows", gather.options.limits.n_runs);
                Err(Error::input(&path, row.line, what, "give fewer models or batch sizes"))
            }
            Err(why) => {
                gather.reject(&path, row.line, why);
                Ok(())
            }
        }
    })?;
    soft.tell(&path, gather);
    if n_read == 0 { Err(nothing_left(&path, gather)) } else { Ok(()) }
}

fn steps_to_loss(mut draft: Draft) -> Result<StepsToLoss, String> {
    if let (Some(batch), Some(length)) = (draft.get(Role::Batch), draft.get(Role::SequenceLength)) {
        draft.set_missing(Role::BatchTokens, Some(batch * length));
    }
    draft.derive();
    let (Some(target), Some(batch), Some(steps)) =
        (draft.get(Role::TargetLoss), draft.get(Role::BatchTokens), draft.get(Role::Steps))
    else {
        return Err("the loss to reach, the steps or the batch in tokens is missing".to_owned());
    };
    Ok(StepsToLoss {
        model: draft.model.clone(),
        group: draft.group.clone(),
        target: Nats(target),
        batch: Tokens(batch),
        steps: Steps(steps),
        origin: draft.origin.clone(),
        parameters: draft.into_run(String::new()).parameters,
    })
}

/// Calls `each` with every row that has as many fields as the header; the others are rejected.
pub(super) fn each_row(
    source: Source,
    table: &Table,
    gather: &mut Gather<'_>,
    mut each: impl FnMut(&mut Gather<'_>, &Row) -> Result<(), Error>,
) -> Result<(), Error> {
    let path = source.path.clone();
    let progress = source.progress.clone();
    let limit = gather.options.limits.n_row_bytes;
    let mut lines = Lines::new(path.clone(), source.into_reader(), limit);
    let mut row = Row::default();
    lines.next_row(table.delimiter, &mut row)?; // the header
    while lines.next_row(table.delimiter, &mut row)? {
        gather.n_rows += 1;
        if gather.n_rows.is_multiple_of(N_BETWEEN_REPORTS) {
            gather.progress(&progress);
        }
        if row.len() == table.header.len() {
            each(gather, &row)?;
        } else {
            let (n, expected) = (row.len(), table.header.len());
            let why = format!("it has {n} fields and the header has {expected}");
            gather.reject(&path, row.line, why);
        }
    }
    Ok(())
}

/// The facts of a row in the columns of the roles that are `wanted`, or why it is a bad one.
pub(super) fn facts(
    path: &Path,
    row: &Row,
    table: &Table,
    soft: &mut SoftCells,
    wanted: impl Fn(Role) -> bool,
) -> Result<Result<Draft, String>, Error> {
    let mut draft = Draft::new(path.to_owned(), Some(row.line));
    for (role, column) in table.columns.iter().filter(|(role, _)| wanted(**role)) {
        let raw = text(path, Some(row.line), row.field(*column))?;
        if role.is_text() {
            if !raw.trim().is_empty() {
                draft.set_text(*role, raw.trim());
            }
            continue;
        }
        let value = cell(raw, table.decimal, role.is_count());
        match check(*role, value, raw) {
            Ok(value) => draft.set(*role, value * table.factor(*column)),
            // A run that failed has no loss to be wrong about.
            Err(_) if role.is_loss() && draft.state.as_deref().is_some_and(is_failure) => {}
            Err(why) if is_needed(*role, table) => {
                return Ok(Err(format!("`{}` {why}", table.header[*column])));
            }
            Err(_) if value == Cell::Empty => {}
            Err(why) => soft.add(&table.header[*column], row.line, &why),
        }
    }
    Ok(Ok(draft))
}

/// The number in a cell, or what is wrong with it.
pub(super) fn check(role: Role, value: Cell, raw: &str) -> Result<f64, String> {
    let is_size = role.is_count() || role.is_loss();
    match value {
        Cell::Empty => Err("is empty".to_owned()),
        Cell::Text => Err(format!("is not a number: `{}`", shown(raw))),
        Cell::Number(x) if x.is_nan() => Err("is NaN".to_owned()),
        Cell::Number(x) if x.is_infinite() => Err("is infinite".to_owned()),
        Cell::Number(x) if is_size && x < 0.0 => Err(format!("is negative: {}", shown(raw))),
        Cell::Number(0.0) if is_size => Err("is zero".to_owned()),
        Cell::Number(x) => Ok(x),
    }
}

fn is_needed(role: Role, table: &Table) -> bool {
    use Role::*;
    match role {
        TrainLoss => !table.has(Loss),
        Loss | TargetLoss | BodyParameters | TotalParameters | Parameters | Tokens => true,
        Step | Value => true,
        _ => false,
    }
}

/// Cells of columns that a run can do without, which could not be used.
#[derive(Default)]
pub(super) struct SoftCells(BTreeMap<String, (usize, u64, String)>);

impl SoftCells {
    pub(super) fn add(&mut self, column: &str, line: u64, why: &str) {
        let first = || (0, line, why.to_owned());
        self.0.entry(column.to_owned()).or_insert_with(first).0 += 1;
    }

    pub(super) fn tell(self, path: &Path, gather: &mut Gather<'_>) {
        for (column, (n, line, why)) in self.0 {
            let cells = counted(n, "cell");
            gather.note(format!(
                "{}: left out: {cells} of `{column}`; the first, at line {line}, {why}",
                path.display()
            ));
        }
    }
}

/// The beginning of a cell, for an error.
fn shown(raw: &str) -> &str {
    raw.char_indices().nth(30).map_or(raw, |(at, _)| &raw[..at])
}
