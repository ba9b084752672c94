//! Delimited text: which delimiter, which column is what, and so what kind of table it is.

use std::collections::BTreeMap;
use std::path::Path;

use super::gather::{Gather, missing_column};
use super::lines::{Lines, Row};
use super::names::{Rank, guess, guess_with_unit, is_unstated};
use super::number::{Cell, Decimal, cell, has_decimal_comma};
use super::role::Role;
use super::source::Source;
use super::{NO_COLUMN, long_history, rows, step_table};
use crate::Error;

/// How many rows are looked at before the columns are settled.
const N_SAMPLE: usize = 200;

/// A delimited file whose header has been read.
pub(super) struct Table {
    pub delimiter: u8,
    pub decimal: Decimal,
    pub header: Vec<String>,
    /// The column of each role.
    pub columns: BTreeMap<Role, usize>,
    /// What the counts of a column are multiplied by, where its name says a unit.
    factors: BTreeMap<usize, f64>,
    pub kind: Kind,
    /// The first rows.
    sample: Vec<Row>,
    /// What the reader should know about the choice of columns.
    notes: Vec<String>,
}

/// What a row of the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A run.
    Runs,
    /// How many updates it took to a loss.
    StepsToLoss,
    /// One metric at one step of a run.
    LongHistory,
    /// All metrics at one step of a run.
    StepTable,
}

/// Reads a delimited file of any shape.
pub(super) fn read(source: Source, table: Table, gather: &mut Gather<'_>) -> Result<(), Error> {
    gather.know_names(&source.path, &table.header);
    let named = gather.options.map.iter().filter(|(_, name)| table.header.contains(name));
    gather.mapped.extend(named.map(|(role, _)| *role));
    table.notes.iter().for_each(|note| gather.note(note.clone()));
    match table.kind {
        Kind::Runs => rows::read_runs(source, &table, gather),
        Kind::StepsToLoss => rows::read_steps_to_loss(source, &table, gather),
        Kind::LongHistory => long_history::read(source, &table, gather),
        Kind::StepTable => step_table::read(source, &table, gather),
    }
}

impl Table {
    /// Looks at the first rows and settles which column is what.
    pub(super) fn sniff(
        source: &mut Source,
        map: &BTreeMap<Role, String>,
        limit: usize,
    ) -> Result<Self, Error> {
        source.check_text()?;
        let path = source.path.clone();
        let (delimiter, header, sample) = loop {
            let delimiter = delimiter(&source.head);
            let (header, sample) = first_rows(source, delimiter.unwrap_or(b','), limit)?;
            if !sample.is_empty() || source.is_whole {
                break (delimiter, header, sample);
            }
            source.read_head(source.head.len() * 3)?; // a header of thousands of columns
        };
        let Some(delimiter) = delimiter else {
            let what = "the header has one column only";
            let hint = "separate columns by a comma, a semicolon, a tab or a vertical bar";
            return Err(Error::input(path, 1, what, hint));
        };
        let header: Vec<String> = header
            .fields()
            .map(|name| text(&path, Some(1), name).map(|t| t.trim().to_owned()))
            .collect::<Result<_, _>>()?;
        if sample.is_empty() {
            return Err(Error::input(
                path,
                None,
                "the file has a header and no rows",
                "add one line a run below the header",
            ));
        }
        check_shape(&path, delimiter, &header, &sample)?;
        let mut table = Self {
            delimiter,
            decimal: Decimal::Point,
            header,
            columns: BTreeMap::new(),
            factors: BTreeMap::new(),
            kind: Kind::Runs,
            sample,
            notes: vec![],
        };
        table.find_decimal(source);
        table.assign(&path);
        table.apply_map(&path, map)?;
        table.find_kind(&path, map)?;
        table.tell(&path);
        Ok(table)
    }

    fn find_decimal(&mut self, source: &Source) {
        let may_have = self.delimiter != b',' || source.head.contains(&b'"');
        let mut cells = self.sample.iter().flat_map(Row::fields);
        let is_comma = |c: &[u8]| std::str::from_utf8(c).is_ok_and(has_decimal_comma);
        if may_have && cells.any(is_comma) {
            let note = "decimal commas were read as decimal points";
            self.notes.push(format!("{}: {note}", source.path.display()));
            self.decimal = Decimal::Comma;
        }
    }

    /// Settles which column is what, by their names.
    fn assign(&mut self, path: &Path) {
        let mut claims: BTreeMap<Role, Vec<(Rank, usize)>> = BTreeMap::new();
        for (column, name) in self.header.iter().enumerate() {
            if let Some((role, rank)) = guess(name) {
                claims.entry(role).or_default().push((rank, column));
            } else if let Some((role, factor)) = guess_with_unit(name) {
                claims.entry(role).or_default().push((Rank::MAX, column));
                self.factors.insert(column, factor);
            }
        }
        if claims.contains_key(&Role::Step) {
            unstated_is_training(&mut claims);
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
                self.notes.push(format!(
                    "{}: `{}` was taken for {role}{why}, not {}; say `--map loss=COLUMN` for another",
                    path.display(),
                    self.header[column],
                    list(&others),
                ));
            }
        }
        if self.has(Role::Parameters) && self.has(Role::BodyParameters) {
            // Beside a count without embeddings, the plain count is the one with them.
            if let Some(column) = self.columns.remove(&Role::Parameters) {
                self.columns.entry(Role::TotalParameters).or_insert(column);
            }
        }
    }

    /// `--map` has the last word.
    fn apply_map(&mut self, path: &Path, map: &BTreeMap<Role, String>) -> Result<(), Error> {
        let mut missing = None;
        for (role, name) in map {
            if name == NO_COLUMN {
                self.columns.remove(role);
                continue;
            }
            let Some(column) = self.header.iter().position(|h| h == name) else {
                missing = missing.or(Some((*role, name)));
                continue;
            };
            self.columns.retain(|_, c| *c != column);
            if matches!(role, Role::Parameters | Role::BodyParameters | Role::TotalParameters) {
                for count in [Role::Parameters, Role::BodyParameters, Role::TotalParameters] {
                    if !map.contains_key(&count) {
                        self.columns.remove(&count);
                    }
                }
            }
            if *role == Role::Loss && !self.has(Role::Step) {
                self.columns.remove(&Role::TrainLoss);
            }
            self.columns.insert(*role, column);
        }
        // The name may be in another file, unless this one is of no use without it.
        let is_fit = self.has(Role::Loss) || self.has(Role::TrainLoss) || self.has(Role::Value);
        match missing {
            Some((role, name)) if !is_fit => Err(missing_column(path, name, role, &self.header)),
            _ => Ok(()),
        }
    }

    fn find_kind(&mut self, path: &Path, map: &BTreeMap<Role, String>) -> Result<(), Error> {
        let has = |role| self.has(role);
        let has_batch = has(Role::Batch) || has(Role::BatchTokens) || has(Role::BatchSequences);
        let has_size =
            has(Role::Parameters) || has(Role::BodyParameters) || has(Role::TotalParameters);
        let known = [Role::Tokens, Role::Compute, Role::PfDays, Role::Steps, Role::Id, Role::Name];
        self.kind = if has(Role::Metric) && has(Role::Value) && has(Role::Step) {
            Kind::LongHistory
        } else if has(Role::TargetLoss) && has(Role::Steps) && has_batch {
            Kind::StepsToLoss
        } else if has(Role::Step)
            && self.header.iter().any(|name| step_table::run_and_metric(name, map).is_some())
        {
            Kind::StepTable
        } else if !has(Role::Loss) && !has(Role::TrainLoss) {
            return Err(no_loss(path, self));
        } else if has(Role::Step) {
            Kind::StepTable
        } else if !has_size && !known.iter().any(|role| has(*role)) {
            return Err(no_inputs(path, self));
        } else {
            Kind::Runs
        };
        if self.kind == Kind::StepTable
            && !map.contains_key(&Role::Loss)
            && !self.has(Role::TrainLoss)
            && let Some(column) = self.columns.get(&Role::Loss).copied()
            && guess(&self.header[column]).is_some_and(|(_, rank)| is_unstated(rank))
        {
            self.columns.remove(&Role::Loss);
            self.columns.insert(Role::TrainLoss, column);
        }
        Ok(())
    }

    fn tell(&mut self, path: &Path) {
        let chosen: Vec<String> = self
            .columns
            .iter()
            .map(|(role, column)| {
                let unit = match self.factor(*column) {
                    1.0 => String::new(),
                    factor => format!(" times {factor:e}"),
                };
                format!("{role} from `{}`{unit}", self.header[*column])
            })
            .collect();
        let file = path.display();
        self.notes.push(format!("{file}: {}", chosen.join(", ")));
        if let Some(column) = self.columns.get(&Role::Loss)
            && guess(&self.header[*column]).is_some_and(|(_, rank)| is_unstated(rank))
            && self.kind == Kind::Runs
        {
            let name = &self.header[*column];
            self.notes.push(format!(
                "{file}: `{name}` does not say on which text it was measured; taken as held-out"
            ));
        }
    }

    /// What the numbers of a column are multiplied by.
    pub(super) fn factor(&self, column: usize) -> f64 {
        self.factors.get(&column).copied().unwrap_or(1.0)
    }

    pub(super) fn has(&self, role: Role) -> bool {
        self.columns.contains_key(&role)
    }

    /// Of several losses that fit alike, the one with the lowest median: the text most like the
    /// one that was trained on.
    fn lowest_median(&self, columns: &[usize]) -> usize {
        let median = |column: &usize| {
            let mut values: Vec<f64> = self
                .sample
                .iter()
                .filter_map(|row| std::str::from_utf8(row.field(*column)).ok())
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
}

/// Logged along a run, a loss that does not say on which text is the training loss.
fn unstated_is_training(claims: &mut BTreeMap<Role, Vec<(Rank, usize)>>) {
    let losses = claims.remove(&Role::Loss).unwrap_or_default();
    for (rank, column) in losses {
        let role = if is_unstated(rank) { Role::TrainLoss } else { Role::Loss };
        claims.entry(role).or_default().push((rank, column));
    }
}

/// The header and the first whole rows.
fn first_rows(source: &Source, delimiter: u8, limit: usize) -> Result<(Row, Vec<Row>), Error> {
    // The head may end within a row: that row is left to the reader of the whole file.
    let end = if source.is_whole {
        source.head.len()
    } else {
        memchr::memrchr(b'\n', &source.head).map_or(0, |at| at + 1)
    };
    let mut lines = Lines::new(source.path.clone(), &source.head[..end], limit);
    let (mut header, mut row) = (Row::default(), Row::default());
    let mut sample = vec![];
    // A quote that the end of the head leaves open is no error yet.
    let ends_here = |e: Error| if source.is_whole { Err(e) } else { Ok(false) };
    if lines.next_row(delimiter, &mut header).or_else(ends_here)? {
        while sample.len() < N_SAMPLE && lines.next_row(delimiter, &mut row).or_else(ends_here)? {
            sample.push(row.clone());
        }
    }
    if sample.is_empty() && !source.is_whole && source.head.len() > limit {
        let line = if header.len() == 0 { 1 } else { 2 };
        return Err(Error::input(
            &source.path,
            line,
            format!("no row ends within the first {limit} bytes"),
            "end rows with a line feed, and close every quote that is opened",
        ));
    }
    Ok((header, sample))
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
fn check_shape(path: &Path, delimiter: u8, header: &[String], sample: &[Row]) -> Result<(), Error> {
    if sample.iter().any(|row| row.len() == header.len()) {
        return Ok(());
    }
    let first = &sample[0];
    let line = first.line;
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
        let words = super::names::words(name);
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

/// `1 row`, `2 rows`.
pub(super) fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
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
