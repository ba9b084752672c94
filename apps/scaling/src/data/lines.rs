//! Lines and rows of a text of any size, one at a time, in bounded memory. Quotes are read as
//! RFC 4180 writes them.

use std::io::{self, Read};
use std::path::PathBuf;

use memchr::memchr;

use super::source::broken;
use crate::Error;

/// What is read at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// A text as lines.
pub(super) struct Lines<R> {
    path: PathBuf,
    reader: R,
    buffer: Vec<u8>,
    /// What of the buffer is read and not yet given out.
    start: usize,
    end: usize,
    /// The number of the last line given out, from 1.
    line: u64,
    limit: usize,
    ended: bool,
}

impl<R: Read> Lines<R> {
    /// Lines of at most `limit` bytes; a longer one is an error.
    pub(super) fn new(path: PathBuf, reader: R, limit: usize) -> Self {
        let buffer = vec![0; CHUNK_BYTES];
        Self { path, reader, buffer, start: 0, end: 0, line: 0, limit, ended: false }
    }

    /// The number of the next line, from 1, and the line without its end.
    pub(super) fn next_line(&mut self) -> Result<Option<(u64, &[u8])>, Error> {
        let mut searched = self.start;
        loop {
            if let Some(at) = memchr(b'\n', &self.buffer[searched..self.end]) {
                let line = self.start..searched + at;
                self.start = line.end + 1;
                self.line += 1;
                return Ok(Some((self.line, without_return(&self.buffer[line]))));
            }
            if self.ended {
                let line = self.start..self.end;
                self.start = self.end;
                self.line += u64::from(!line.is_empty());
                let rest = without_return(&self.buffer[line.clone()]);
                return Ok((!line.is_empty()).then_some((self.line, rest)));
            }
            searched = self.end - self.start;
            self.fill()?;
        }
    }

    /// Moves what is left to the front and reads more behind it.
    fn fill(&mut self) -> Result<(), Error> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            if self.end >= self.limit {
                return Err(self.too_long(self.line + 1));
            }
            self.buffer.resize((self.end * 2).min(self.limit.max(CHUNK_BYTES)), 0);
        }
        match self.reader.read(&mut self.buffer[self.end..]) {
            Ok(0) => self.ended = true,
            Ok(n) => self.end += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(broken(&self.path, Some(self.line + 1), e)),
        }
        Ok(())
    }

    fn too_long(&self, line: u64) -> Error {
        Error::input(
            &self.path,
            line,
            format!("the row is longer than {} bytes", self.limit),
            "end rows with a line feed, and close every quote that is opened",
        )
    }

    /// Reads the next row that is not blank into `row`; false at the end.
    pub(super) fn next_row(&mut self, delimiter: u8, row: &mut Row) -> Result<bool, Error> {
        row.clear();
        let mut quoted = false;
        loop {
            let Some((number, line)) = self.next_line()? else {
                if quoted {
                    return Err(Error::input(
                        &self.path,
                        row.line,
                        "a quote is opened in this row and never closed",
                        "close it, or write a quote within a text as two",
                    ));
                }
                return Ok(false);
            };
            if quoted {
                row.text.push(b'\n');
            } else if line.iter().all(u8::is_ascii_whitespace) && !line.contains(&delimiter) {
                continue;
            } else {
                row.line = number;
            }
            quoted = row.take(line, delimiter, quoted);
            if !quoted {
                return Ok(true);
            }
            if row.text.len() > self.limit {
                return Err(self.too_long(row.line));
            }
        }
    }
}

/// One row, cut into fields.
#[derive(Debug, Default, Clone)]
pub(super) struct Row {
    /// The line it begins at, from 1.
    pub line: u64,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Row {
    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Takes one line as a whole row; false where it ends within a quote.
    pub(super) fn take_line(&mut self, line: &[u8], delimiter: u8) -> bool {
        self.clear();
        !self.take(line, delimiter, false)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The field of that column; empty beyond the last.
    pub(super) fn field(&self, column: usize) -> &[u8] {
        let Some(end) = self.ends.get(column) else { return &[] };
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        &self.text[start..*end]
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|column| self.field(column))
    }

    /// Adds a line; `quoted` where it begins within a quoted field. Whether it ends within one.
    fn take(&mut self, line: &[u8], delimiter: u8, mut quoted: bool) -> bool {
        let mut rest = line;
        loop {
            if quoted {
                let Some(at) = memchr(b'"', rest) else {
                    self.text.extend_from_slice(rest);
                    return true;
                };
                self.text.extend_from_slice(&rest[..at]);
                rest = &rest[at + 1..];
                if rest.first() == Some(&b'"') {
                    self.text.push(b'"');
                    rest = &rest[1..];
                    continue;
                }
                quoted = false;
            } else if rest.first() == Some(&b'"') && self.at_field_start() {
                quoted = true;
                rest = &rest[1..];
                continue;
            }
            let Some(at) = memchr(delimiter, rest) else {
                self.text.extend_from_slice(rest);
                self.ends.push(self.text.len());
                return false;
            };
            self.text.extend_from_slice(&rest[..at]);
            self.ends.push(self.text.len());
            rest = &rest[at + 1..];
        }
    }

    fn at_field_start(&self) -> bool {
        self.text.len() == self.ends.last().copied().unwrap_or_default()
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<(u64, Vec<String>)>, Error> {
        let mut lines = Lines::new("t.csv".into(), text.as_bytes(), 1 << 20);
        let (mut row, mut all) = (Row::default(), vec![]);
        while lines.next_row(b',', &mut row)? {
            let fields = row.fields().map(|f| String::from_utf8_lossy(f).into_owned());
            all.push((row.line, fields.collect()));
        }
        Ok(all)
    }

    fn check(text: &str, expected: &[(u64, &[&str])]) {
        let expected: Vec<(u64, Vec<String>)> = expected
            .iter()
            .map(|(n, f)| (*n, f.iter().map(|s| (*s).to_owned()).collect()))
            .collect();
        assert_eq!(rows(text).unwrap(), expected);
    }

    #[test]
    fn rows_are_cut_at_delimiters_and_numbered_by_line() {
        check("a,b\r\n1,2\n\n3,\n", &[(1, &["a", "b"]), (2, &["1", "2"]), (4, &["3", ""])]);
        check("a,b\n1,2", &[(1, &["a", "b"]), (2, &["1", "2"])]);
    }

    #[test]
    fn a_quoted_field_may_hold_delimiters_quotes_and_line_ends() {
        check("\"a,b\",c\n", &[(1, &["a,b", "c"])]);
        check("\"say \"\"x\"\"\",c\n", &[(1, &["say \"x\"", "c"])]);
        check("\"a\nb\",c\nd,e\n", &[(1, &["a\nb", "c"]), (3, &["d", "e"])]);
        check("\"\",\"\"\n", &[(1, &["", ""])]);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_an_error_at_its_row() {
        let e = rows("a,b\n\"1,2\n3,4\n").unwrap_err().to_string();
        assert!(e.starts_with("t.csv:2: a quote is opened in this row and never closed"), "{e}");
    }

    #[test]
    fn a_row_without_end_is_refused_before_it_fills_the_memory() {
        let text = "x".repeat(CHUNK_BYTES * 3);
        let mut lines = Lines::new("t.csv".into(), text.as_bytes(), CHUNK_BYTES);
        let e = lines.next_line().unwrap_err().to_string();
        assert!(e.starts_with("t.csv:1: the row is longer than 262144 bytes"), "{e}");
    }
}
