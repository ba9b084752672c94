//! A history in long form, one metric at one step a row: what Weights & Biases and our own sweep
//! export. It may have a hundred million rows, so the lines are cut by hand, and most of them
//! cost two comparisons with the line before, one integer and one decimal number.

use std::collections::HashMap;

use memchr::{memchr, memchr_iter};

use super::Origin;
use super::curves::Curves;
use super::gather::Gather;
use super::lines::{Lines, Row};
use super::number::{Cell, Decimal, cell};
use super::role::Role;
use super::rows::check;
use super::source::Source;
use super::table::{Table, list, nothing_left, text};
use crate::Error;

/// Lines between two reports of progress.
const N_BETWEEN_REPORTS: u64 = 1 << 20;

/// Reads the history.
pub(super) fn read(source: Source, table: &Table, gather: &mut Gather<'_>) -> Result<(), Error> {
    let (path, progress) = (source.path.clone(), source.progress.clone());
    let layout = Layout::of(table);
    let whole_file = gather.curves.id_of_file(&path);
    let mut reader = Reader::new(&source, table, whole_file);
    let limit = gather.options.limits.n_row_bytes;
    let mut lines = Lines::new(path.clone(), source.into_reader(), limit);
    let mut row = Row::default();
    lines.next_row(table.delimiter, &mut row)?; // the header
    let (mut n_rows, mut n_taken) = (0_u64, 0_u64);
    while let Some((number, line)) = lines.next_line()? {
        let fields = if memchr(b'"', line).is_none() {
            layout.cut(line)
        } else if row.take_line(line, table.delimiter) {
            layout.pick(&row)
        } else {
            None
        };
        if fields.is_none() && line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        n_rows += 1;
        reader.place.line = Some(number);
        let taken = match fields {
            Some(fields) => reader.take(&fields, &mut gather.curves)?,
            None => Err(format!("it has not the {} fields of the header", table.header.len())),
        };
        match taken {
            Ok(()) => n_taken += 1,
            Err(why) => gather.reject(&path, number, why),
        }
        if n_rows.is_multiple_of(N_BETWEEN_REPORTS) {
            gather.progress(&progress);
        }
    }
    gather.n_rows += n_rows;
    if n_taken == 0 {
        return Err(nothing_left(&path, gather));
    }
    reader.check_use()
}

/// Where the fields stand in a line.
struct Layout {
    delimiter: u8,
    n_columns: usize,
    run: Option<usize>,
    step: usize,
    metric: usize,
    value: usize,
}

/// What a line says.
struct Fields<'a> {
    /// None where the file is of one run.
    run: Option<&'a [u8]>,
    step: &'a [u8],
    metric: &'a [u8],
    value: &'a [u8],
}

impl Layout {
    fn of(table: &Table) -> Self {
        let column = |role| table.columns.get(&role).copied();
        Self {
            delimiter: table.delimiter,
            n_columns: table.header.len(),
            run: column(Role::Id).or(column(Role::Name)),
            step: column(Role::Step).unwrap_or_default(),
            metric: column(Role::Metric).unwrap_or_default(),
            value: column(Role::Value).unwrap_or_default(),
        }
    }

    /// The fields of a line without quotes; none where their number is not the header's.
    fn cut<'a>(&self, line: &'a [u8]) -> Option<Fields<'a>> {
        let mut fields = Fields { run: None, step: &[], metric: &[], value: &[] };
        let (mut start, mut column) = (0, 0);
        for end in memchr_iter(self.delimiter, line).chain([line.len()]) {
            let field = &line[start..end];
            if column == self.step {
                fields.step = field;
            } else if column == self.metric {
                fields.metric = field;
            } else if column == self.value {
                fields.value = field;
            } else if Some(column) == self.run {
                fields.run = Some(field);
            }
            start = end + 1;
            column += 1;
        }
        (column == self.n_columns).then_some(fields)
    }

    fn pick<'a>(&self, row: &'a Row) -> Option<Fields<'a>> {
        (row.len() == self.n_columns).then(|| Fields {
            run: self.run.map(|column| row.field(column)),
            step: row.field(self.step),
            metric: row.field(self.metric),
            value: row.field(self.value),
        })
    }
}

/// Puts values on their curves, and remembers the last line: the next one is mostly of the same
/// run, and of the metric that followed last time.
struct Reader {
    place: Origin,
    decimal: Decimal,
    whole_file: Vec<u8>,
    step_name: String,
    run_id: Vec<u8>,
    run: Option<usize>,
    /// The metrics seen in this file.
    metrics: Vec<Seen>,
    by_name: HashMap<Vec<u8>, usize>,
    last: usize,
}

struct Seen {
    name: Vec<u8>,
    metric: usize,
    /// None where the metric is not kept.
    role: Option<Role>,
    /// Which one followed it last.
    next: usize,
}

impl Reader {
    fn new(source: &Source, table: &Table, whole_file: String) -> Self {
        let step = table.columns.get(&Role::Step).map(|column| table.header[*column].clone());
        Self {
            place: Origin { file: source.path.clone(), line: None },
            decimal: table.decimal,
            whole_file: whole_file.into_bytes(),
            step_name: step.unwrap_or_default(),
            run_id: vec![],
            run: None,
            metrics: vec![],
            by_name: HashMap::new(),
            last: 0,
        }
    }

    /// Takes one line, or says what is wrong with it.
    fn take(
        &mut self,
        fields: &Fields<'_>,
        curves: &mut Curves,
    ) -> Result<Result<(), String>, Error> {
        let seen = self.metric(fields.metric, curves)?;
        let Seen { metric, role, .. } = self.metrics[seen];
        let Some(role) = role else { return Ok(Ok(())) };
        let step = integer(fields.step).or_else(|| number(fields.step, self.decimal));
        let Some(step) = step.filter(|step| step.is_finite() && *step >= 0.0) else {
            let raw = text(&self.place.file, self.place.line, fields.step)?;
            let why = check(Role::Steps, cell(raw, self.decimal, false), raw);
            return Ok(Err(format!("`{}` {}", self.step_name, why.err().unwrap_or_default())));
        };
        let value = match number(fields.value, self.decimal) {
            // A loss of NaN is no mistake in the file: the run diverged.
            Some(x) if !(x.is_finite() && x <= 0.0 && role.is_loss()) => x,
            _ => {
                let raw = text(&self.place.file, self.place.line, fields.value)?;
                let why = check(role, cell(raw, self.decimal, false), raw);
                let name = String::from_utf8_lossy(fields.metric);
                return Ok(Err(format!("`{name}` {}", why.err().unwrap_or_default())));
            }
        };
        let run = self.run(fields.run, curves)?;
        curves.push(run, metric, step, value);
        Ok(Ok(()))
    }

    fn run(&mut self, id: Option<&[u8]>, curves: &mut Curves) -> Result<usize, Error> {
        if let Some(run) = self.run
            && id.is_none_or(|id| id == self.run_id)
        {
            return Ok(run);
        }
        let id = id.unwrap_or(&self.whole_file);
        let run = curves.run(id, &self.place)?;
        self.run = Some(run);
        self.run_id.clear();
        self.run_id.extend_from_slice(id);
        Ok(run)
    }

    fn metric(&mut self, name: &[u8], curves: &mut Curves) -> Result<usize, Error> {
        let Some(last) = self.metrics.get(self.last) else {
            return self.new_metric(name, curves);
        };
        let next = last.next;
        if self.metrics[next].name == name {
            self.last = next;
            return Ok(next);
        }
        let found = match self.by_name.get(name) {
            Some(found) => *found,
            None => self.new_metric(name, curves)?,
        };
        self.metrics[self.last].next = found;
        self.last = found;
        Ok(found)
    }

    fn new_metric(&mut self, name: &[u8], curves: &mut Curves) -> Result<usize, Error> {
        let metric = curves.metric(name, &self.place)?;
        let role = curves.metrics[metric].role.map(|(role, _)| role);
        let next = self.metrics.len();
        self.metrics.push(Seen { name: name.to_owned(), metric, role, next });
        self.by_name.insert(name.to_owned(), next);
        Ok(next)
    }

    /// Refuses a history that says nothing about a run.
    fn check_use(&self) -> Result<(), Error> {
        if self.metrics.iter().any(|seen| seen.role.is_some()) {
            return Ok(());
        }
        let names: Vec<String> =
            self.metrics.iter().map(|s| String::from_utf8_lossy(&s.name).into_owned()).collect();
        Err(Error::input(
            &self.place.file,
            None,
            "no metric of this history looks like a loss or a learning rate",
            format!("say which one is, `--map loss=METRIC`; the metrics are {}", list(&names)),
        ))
    }
}

/// The plain digits that most steps are.
fn integer(field: &[u8]) -> Option<f64> {
    if field.is_empty() || field.len() > 15 || !field.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(field.iter().fold(0_u64, |n, digit| n * 10 + u64::from(digit - b'0')) as f64)
}

fn number(field: &[u8], decimal: Decimal) -> Option<f64> {
    let text = std::str::from_utf8(field).ok()?;
    if decimal == Decimal::Point
        && let Ok(value) = text.parse()
    {
        return Some(value);
    }
    match cell(text, decimal, false) {
        Cell::Number(value) => Some(value),
        Cell::Empty | Cell::Text => None,
    }
}
