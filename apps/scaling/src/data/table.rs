//! Delimited text: which delimiter, which column is what, and rows to runs.

use std::collections::BTreeMap;
use std::path::Path;

use csv::ByteRecord;

use super::draft::Draft;
use super::gather::Gather;
use super::number::{Cell, Decimal, cell, has_decimal_comma};
use super::role::{Rank, Role, UNSTATED_LOSS, guess};
use super::source::{Source, broken};
use super::{Origin, StepsToLoss};
use crate::Error;
use crate::units::{Nats, Steps, Tokens};

/// How many rows are looked at before the columns are settled.
const N_SAMPLE: usize = 200;

/// A delimited file whose header has been read.
pub(super) struct Table {
    pub delimiter: u8,
    pub decimal: Decimal,
    pub header: Vec<String>,
    /// The column of each role.
    pub columns: BTreeMap<Role, usize>,
    /// The first rows.
    pub sample: Vec<ByteRecord>,
}

/// Reads a delimited file of any shape.
pub(super) fn read(source: Source, gather: &mut Gather) -> Result<(), Error> {
    source.check_text()?;
    let table = Table::sniff(&source, gather)?;
    let has = |role| table.columns.contains_key(&role);
    let has_batch = has(Role::Batch) || has(Role::BatchTokens) || has(Role::BatchSequences);
    if has(Role::TargetLoss) && has(Role::Steps) && has_batch {
        return read_steps_to_loss(source, &table, gather);
    }
    if !has(Role::Loss) && !has(Role::TrainLoss) {
        return Err(no_loss(&source.path, &table));
    }
    let known = [Role::Tokens, Role::Compute, Role::PfDays, Role::Steps, Role::Id, Role::Name];
    let has_size = has(Role::Parameters) || has(Role::BodyParameters) || has(Role::TotalParameters);
    if !has_size && !known.iter().any(|role| has(*role)) {
        return Err(no_inputs(&source.path, &table));
    }
    read_runs(source, &table, gather)
}

impl Table {
    fn sniff(source: &Source, gather: &mut Gather) -> Result<Self, Error> {
        let path = &source.path;
        let delimiter = delimiter(&source.head).ok_or_else(|| {
            Error::input(
                path,
                1,
                "the header has one column only",
                "separate columns by a comma, a semicolon, a tab or a vertical bar",
            )
        })?;
        // The head may end within a row: that row is left to the reader of the whole file.
        let end = memchr::memrchr(b'\n', &source.head).map_or(source.head.len(), |at| at + 1);
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(&source.head[..end]);
        let header = rows.byte_headers().map_err(|e| csv_error(path, e))?.clone();
        let header: Vec<String> = header
            .iter()
            .map(|name| text(path, Some(1), name).map(|t| t.trim().to_owned()))
            .collect::<Result<_, _>>()?;
        let sample: Vec<ByteRecord> = rows
            .byte_records()
            .take(N_SAMPLE)
            .collect::<Result<_, _>>()
            .map_err(|e| csv_error(path, e))?;
        if sample.is_empty() {
            return Err(Error::input(
                path,
                None,
                "the file has a header and no rows",
                "add one line a run below the header",
            ));
        }
        check_shape(path, delimiter, &header, &sample)?;
        let decimal = match delimiter {
            b',' if !source.head.contains(&b'"') => Decimal::Point,
            _ if sample
                .iter()
                .flatten()
                .filter_map(|c| std::str::from_utf8(c).ok())
                .any(has_decimal_comma) =>
            {
                gather.note(format!(
                    "{}: decimal commas were read as decimal points",
                    path.display()
                ));
                Decimal::Comma
            }
            _ => Decimal::Point,
        };
        let mut table = Self { delimiter, decimal, header, columns: BTreeMap::new(), sample };
        table.assign(path, gather)?;
        Ok(table)
    }

    /// Settles which column is what.
    fn assign(&mut self, path: &Path, gather: &mut Gather) -> Result<(), Error> {
        let mut claims: BTreeMap<Role, Vec<(Rank, usize)>> = BTreeMap::new();
        for (column, name) in self.header.iter().enumerate() {
            if let Some((role, rank)) = guess(name) {
                claims.entry(role).or_default().push((rank, column));
            }
        }
        for (role, mut found) in claims {
            found.sort_by_key(|(rank, _)| *rank);
            let best = found[0].0;
            let tied: Vec<usize> =
                found.iter().take_while(|(rank, _)| *rank == best).map(|(_, c)| *c).collect();
            let column = if role.is_loss() { self.lowest_median(&tied) } else { tied[0] };
            self.columns.insert(role, column);
            if role.is_loss() && found.len() > 1 {
                let others: Vec<&str> = found
                    .iter()
                    .filter(|(_, c)| *c != column)
                    .map(|(_, c)| self.header[*c].as_str())
                    .collect();
                let why = if tied.len() > 1 { " (the lowest of those that fit)" } else { "" };
                gather.note(format!(
                    "{}: `{}` was taken for {role}{why}, not {}; say `--map loss=COLUMN` for another",
                    path.display(),
                    self.header[column],
                    list(&others),
                ));
            }
        }
        if self.columns.contains_key(&Role::Parameters)
            && self.columns.contains_key(&Role::BodyParameters)
        {
            // Beside a count without embeddings, the plain count is the one with them.
            if let Some(column) = self.columns.remove(&Role::Parameters) {
                self.columns.entry(Role::TotalParameters).or_insert(column);
            }
        }
        self.apply_map(path, gather)?;
        let chosen: Vec<String> = self
            .columns
            .iter()
            .map(|(role, column)| format!("{role} from `{}`", self.header[*column]))
            .collect();
        gather.note(format!("{}: {}", path.display(), chosen.join(", ")));
        if let Some(column) = self.columns.get(&Role::Loss)
            && guess(&self.header[*column]).is_some_and(|(_, rank)| rank >= UNSTATED_LOSS)
            && !self.columns.contains_key(&Role::Step)
        {
            gather.note(format!(
                "{}: `{}` does not say on which text it was measured; taken as held-out",
                path.display(),
                self.header[*column],
            ));
        }
        Ok(())
    }

    /// `--map` has the last word.
    fn apply_map(&mut self, path: &Path, gather: &mut Gather) -> Result<(), Error> {
        for (role, name) in gather.options.map.clone() {
            if name == super::NO_COLUMN {
                self.columns.remove(&role);
                continue;
            }
            let Some(column) = self.header.iter().position(|h| *h == name) else {
                let what = format!("there is no column `{name}`, which --map names for {role}");
                return Err(Error::input(
                    path,
                    1,
                    what,
                    format!("the columns are {}", list(&self.header)),
                ));
            };
            self.columns.retain(|_, c| *c != column);
            if matches!(role, Role::Parameters | Role::BodyParameters | Role::TotalParameters) {
                for count in [Role::Parameters, Role::BodyParameters, Role::TotalParameters] {
                    self.columns.remove(&count);
                }
            }
            if role == Role::Loss {
                self.columns.remove(&Role::TrainLoss);
            }
            self.columns.insert(role, column);
        }
        Ok(())
    }

    /// Of several losses that fit alike, the one with the lowest median: the text most like the
    /// one that was trained on.
    fn lowest_median(&self, columns: &[usize]) -> usize {
        let median = |column: &usize| {
            let mut values: Vec<f64> = self
                .sample
                .iter()
                .filter_map(|row| std::str::from_utf8(row.get(*column)?).ok())
                .filter_map(|text| match cell(text, self.decimal, false) {
                    Cell::Number(x) if x.is_finite() => Some(x),
                    _ => None,
                })
                .collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::INFINITY)
        };
        let best = columns.iter().min_by(|a, b| median(a).total_cmp(&median(b)));
        best.copied().unwrap_or_default()
    }

    pub(super) fn reader<R: std::io::Read>(&self, reader: R) -> csv::Reader<R> {
        csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .flexible(true)
            .buffer_capacity(256 * 1024)
            .from_reader(reader)
    }
}

/// Calls `each` with every row that has as many fields as the header; the others are rejected.
pub(super) fn each_row(
    source: Source,
    table: &Table,
    gather: &mut Gather,
    mut each: impl FnMut(&mut Gather, u64, &ByteRecord) -> Result<(), Error>,
) -> Result<(), Error> {
    let path = source.path.clone();
    let mut rows = table.reader(source.into_reader());
    let mut row = ByteRecord::new();
    let mut line = 1;
    loop {
        match rows.read_byte_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(e) => return Err(csv_error_at(&path, line, e)),
        }
        line = row.position().map_or(line, csv::Position::line);
        gather.n_rows += 1;
        if row.len() != table.header.len() {
            let why =
                format!("it has {} fields and the header has {}", row.len(), table.header.len());
            gather.reject(&path, line, why);
            continue;
        }
        each(gather, line, &row)?;
    }
}

/// The facts of a row, or why it is a bad one.
pub(super) fn facts(
    path: &Path,
    line: u64,
    row: &ByteRecord,
    table: &Table,
    soft: &mut SoftCells,
) -> Result<Result<Draft, String>, Error> {
    let mut draft = Draft::new(path.to_owned(), Some(line));
    for (role, column) in &table.columns {
        let raw = text(path, Some(line), row.get(*column).unwrap_or_default())?;
        if role.is_text() {
            if !raw.trim().is_empty() {
                draft.set_text(*role, raw.trim());
            }
            continue;
        }
        let name = &table.header[*column];
        let value = match cell(raw, table.decimal, role.is_count()) {
            Cell::Number(x) => x,
            Cell::Empty if is_needed(*role) => return Ok(Err(format!("`{name}` is empty"))),
            Cell::Empty => continue,
            Cell::Text if is_needed(*role) => {
                return Ok(Err(format!("`{name}` is not a number: `{}`", shown(raw))));
            }
            Cell::Text => {
                soft.add(name, line, raw);
                continue;
            }
        };
        let needs_positive = role.is_count() || role.is_loss();
        if !value.is_finite() {
            return Ok(Err(format!(
                "`{name}` is {}",
                if value.is_nan() { "NaN" } else { "infinite" }
            )));
        }
        if needs_positive && value <= 0.0 {
            let sign = if value < 0.0 { "negative" } else { "zero" };
            return Ok(Err(format!("`{name}` is {sign}")));
        }
        draft.set(*role, value);
    }
    Ok(Ok(draft))
}

fn is_needed(role: Role) -> bool {
    use Role::*;
    matches!(
        role,
        Loss | TrainLoss
            | TargetLoss
            | BodyParameters
            | TotalParameters
            | Parameters
            | Tokens
            | Step
            | Value
    )
}

/// Cells of columns that a run can do without, which were no numbers.
#[derive(Default)]
pub(super) struct SoftCells(BTreeMap<String, (u64, u64, String)>);

impl SoftCells {
    fn add(&mut self, column: &str, line: u64, raw: &str) {
        let entry =
            self.0.entry(column.to_owned()).or_insert_with(|| (0, line, shown(raw).to_owned()));
        entry.0 += 1;
    }

    pub(super) fn tell(self, path: &Path, gather: &mut Gather) {
        for (column, (n, line, raw)) in self.0 {
            gather.note(format!(
                "{}: {n} cells of `{column}` are no numbers and were left out, the first at line {line}: `{raw}`",
                path.display()
            ));
        }
    }
}

fn read_runs(source: Source, table: &Table, gather: &mut Gather) -> Result<(), Error> {
    let path = source.path.clone();
    let first = gather.drafts.len();
    let mut soft = SoftCells::default();
    each_row(source, table, gather, |gather, line, row| {
        match facts(&path, line, row, table, &mut soft)? {
            Ok(draft) => gather.add(draft)?,
            Err(why) => gather.reject(&path, line, why),
        }
        Ok(())
    })?;
    soft.tell(&path, gather);
    if gather.drafts.len() == first {
        return Err(nothing_left(&path, gather));
    }
    super::consistency::check(&path, first, gather)
}

fn read_steps_to_loss(source: Source, table: &Table, gather: &mut Gather) -> Result<(), Error> {
    let path = source.path.clone();
    let mut soft = SoftCells::default();
    let mut n_read = 0;
    each_row(source, table, gather, |gather, line, row| {
        let mut draft = match facts(&path, line, row, table, &mut soft)? {
            Ok(draft) => draft,
            Err(why) => {
                gather.reject(&path, line, why);
                return Ok(());
            }
        };
        if let (Some(batch), Some(length)) =
            (draft.get(Role::Batch), draft.get(Role::SequenceLength))
        {
            draft.set_missing(Role::BatchTokens, Some(batch * length));
        }
        draft.derive();
        let (Some(target), Some(batch), Some(steps)) =
            (draft.get(Role::TargetLoss), draft.get(Role::BatchTokens), draft.get(Role::Steps))
        else {
            let why = "the loss to reach, the steps or the batch in tokens is missing";
            gather.reject(&path, line, why.to_owned());
            return Ok(());
        };
        n_read += 1;
        let origin = Origin { file: path.clone(), line: Some(line) };
        let (model, group) = (draft.model.clone(), draft.group.clone());
        gather.steps_to_loss.push(StepsToLoss {
            model,
            group,
            parameters: draft.into_run(String::new()).parameters,
            target: Nats(target),
            batch: Tokens(batch),
            steps: Steps(steps),
            origin,
        });
        Ok(())
    })?;
    soft.tell(&path, gather);
    if n_read == 0 {
        return Err(nothing_left(&path, gather));
    }
    Ok(())
}

/// The delimiter of the header line that cuts it into most columns; none where there is one
/// column only.
fn delimiter(head: &[u8]) -> Option<u8> {
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| {
        let mut quoted = false;
        line.iter()
            .filter(|b| {
                quoted ^= **b == b'"';
                !quoted && **b == delimiter
            })
            .count()
    };
    // The first of equals wins.
    let all = [b',', b'\t', b';', b'|'];
    let best = all.into_iter().rev().max_by_key(|d| count(*d))?;
    (count(best) > 0).then_some(best)
}

/// Refuses a file in which every row is cut otherwise than the header.
fn check_shape(
    path: &Path,
    delimiter: u8,
    header: &[String],
    sample: &[ByteRecord],
) -> Result<(), Error> {
    if sample.iter().any(|row| row.len() == header.len()) {
        return Ok(());
    }
    let first = &sample[0];
    let line = first.position().map(csv::Position::line);
    let what = format!(
        "every row is cut otherwise than the header: {} fields here, {} there",
        first.len(),
        header.len()
    );
    let hint = if delimiter == b',' && first.len() > header.len() {
        "where numbers have decimal commas, separate the columns by semicolons or write decimal points"
    } else {
        "give every row as many fields as the header, separated as the header is"
    };
    Err(Error::input(path, line, what, hint))
}

fn no_loss(path: &Path, table: &Table) -> Error {
    let is_fit = |name: &String| {
        let words = super::role::words(name);
        words
            .iter()
            .any(|w| matches!(w.as_str(), "exponent" | "coef" | "coefficient" | "alpha" | "r2"))
    };
    let what = if table.header.iter().any(is_fit) {
        "no column looks like a loss, and some look like the results of a fit: these are no runs"
    } else {
        "no column looks like a loss"
    };
    let hint =
        format!("say which one is, `--map loss=COLUMN`; the columns are {}", list(&table.header));
    Error::input(path, 1, what, hint)
}

fn no_inputs(path: &Path, table: &Table) -> Error {
    let what =
        "no column says how large the models were, how many tokens they saw, or which run a row is";
    let hint = format!(
        "say which one does, `--map n=COLUMN,d=COLUMN`; the columns are {}",
        list(&table.header)
    );
    Error::input(path, 1, what, hint)
}

/// No row of a file could be used.
pub(super) fn nothing_left(path: &Path, gather: &Gather) -> Error {
    let first = gather.rejected.iter().find(|r| r.origin.file == *path);
    let line = first.and_then(|r| r.origin.line);
    let why = first.map_or_else(String::new, |r| format!("; the first: {}", r.why));
    Error::input(
        path,
        line,
        format!("no row can be used{why}"),
        "mend the rows, or say with --map which columns are meant",
    )
}

/// Names in backquotes, for people.
pub(super) fn list<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<String> = names.iter().take(40).map(|n| format!("`{}`", n.as_ref())).collect();
    let more = names.len().saturating_sub(40);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// A cell as UTF-8.
pub(super) fn text<'a>(path: &Path, line: Option<u64>, raw: &'a [u8]) -> Result<&'a str, Error> {
    std::str::from_utf8(raw).map_err(|e| {
        let byte = raw.get(e.valid_up_to()).copied().unwrap_or_default();
        Error::input(
            path,
            line,
            format!("the text is not UTF-8 (byte 0x{byte:02X})"),
            "save it as UTF-8 (`iconv -f latin1 -t utf-8 IN > OUT`)",
        )
    })
}

fn shown(raw: &str) -> &str {
    raw.char_indices().nth(30).map_or(raw, |(at, _)| &raw[..at])
}

fn csv_error(path: &Path, e: csv::Error) -> Error {
    csv_error_at(path, 1, e)
}

fn csv_error_at(path: &Path, line: u64, e: csv::Error) -> Error {
    match e.into_kind() {
        csv::ErrorKind::Io(e) => broken(path, Some(line), e),
        other => Error::input(path, line, format!("the row cannot be read ({other:?})"), "mend it"),
    }
}
