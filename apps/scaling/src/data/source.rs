//! A file as a stream of plain bytes, whatever it is packed in. What it holds is told by its
//! first bytes, not by its name.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

use crate::Error;

/// How much of a file is looked at to tell what it is.
const HEAD_BYTES: usize = 64 * 1024;

/// An open file: its first bytes, and a reader of all of them.
pub(super) struct Source {
    pub path: PathBuf,
    /// The first bytes, unpacked and without a byte-order mark.
    pub head: Vec<u8>,
    /// Whether the head is the whole file.
    pub is_whole: bool,
    pub progress: Progress,
    rest: Box<dyn Read>,
}

/// How far a file has been read.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    done: Rc<Cell<u64>>,
    pub total_bytes: u64,
}

impl Progress {
    pub(super) fn done_bytes(&self) -> u64 {
        self.done.get().min(self.total_bytes)
    }
}

impl Source {
    /// Opens a file and unpacks it where it is a gzip.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let total_bytes = file.metadata().map_err(io)?.len();
        let progress = Progress { done: Rc::default(), total_bytes };
        let mut file = Counted { file, done: Rc::clone(&progress.done) };
        let mut magic = Vec::new();
        file.by_ref().take(2).read_to_end(&mut magic).map_err(io)?;
        let is_gzip = magic == [0x1f, 0x8b];
        let named_gzip = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"));
        let plain = Cursor::new(magic).chain(file);
        let rest: Box<dyn Read> =
            if is_gzip { Box::new(MultiGzDecoder::new(plain)) } else { Box::new(plain) };
        let mut source =
            Self { path: path.to_owned(), head: vec![], is_whole: false, progress, rest };
        source.read_head(HEAD_BYTES)?;
        if source.head.starts_with(b"\xef\xbb\xbf") {
            source.head.drain(..3);
        }
        if named_gzip && !is_gzip && !source.head.is_empty() {
            return Err(Error::input(
                path,
                None,
                "the file is named as a gzip and is not one",
                "copy or download it again; if it is plain text, take `.gz` off its name",
            ));
        }
        Ok(source)
    }

    /// Looks at `more` further bytes.
    pub(super) fn read_head(&mut self, more: usize) -> Result<(), Error> {
        let got = self.rest.by_ref().take(more as u64).read_to_end(&mut self.head);
        let n = got.map_err(|e| broken(&self.path, None, e))?;
        self.is_whole = n < more;
        Ok(())
    }

    /// A reader of the whole file.
    pub(super) fn into_reader(self) -> impl Read {
        Cursor::new(self.head).chain(self.rest)
    }

    /// Refuses what cannot be text.
    pub(super) fn check_text(&self) -> Result<(), Error> {
        let refuse = |what: &str, hint: &str| Err(Error::input(&self.path, None, what, hint));
        if self.head.iter().all(u8::is_ascii_whitespace) {
            return refuse(
                "the file is empty",
                "give a file with a header line and one line a run",
            );
        }
        if self.head.starts_with(b"\xff\xfe") || self.head.starts_with(b"\xfe\xff") {
            return refuse(
                "the file is UTF-16 text",
                "save it as UTF-8 (`iconv -f utf-16 -t utf-8 IN > OUT`)",
            );
        }
        if let Some((_, what, hint)) = KNOWN.iter().find(|(m, _, _)| self.head.starts_with(m)) {
            return refuse(&format!("the file is {what}"), hint);
        }
        if self.head.contains(&0) {
            return refuse(
                "the file is binary and of no known kind",
                "give a CSV, a JSON lines file, a TensorBoard event file, or a folder of those",
            );
        }
        Ok(())
    }
}

/// What people give instead of what is read, by its first bytes.
const KNOWN: &[(&[u8], &str, &str)] = &[
    (b"PK\x03\x04", "a zip (or a spreadsheet)", "unpack it, or save the sheet as CSV"),
    (b"\xfd7zXZ\0", "packed by xz", "unpack it (`xz -d`)"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd", "unpack it (`zstd -d`)"),
    (b"BZh", "packed by bzip2", "unpack it (`bzip2 -d`)"),
    (b"[", "a JSON array", "write one JSON object a line (`jq -c '.[]' IN > OUT`)"),
    (b"PAR1", "a Parquet file", "write it as CSV"),
    (
        b"SQLite format 3\0",
        "an SQLite database",
        "of MLflow, give the folder `mlruns`, or the CSV that `mlflow experiments csv` writes",
    ),
    (
        b":W&B",
        "the journal of a Weights & Biases run",
        "give the export of the finished runs: runs.jsonl and a history as CSV",
    ),
];

/// A file that counts what was read of it.
struct Counted {
    file: File,
    done: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.done.set(self.done.get() + n as u64);
        Ok(n)
    }
}

/// The error of a stream that ended badly, by whose fault it is.
pub(super) fn broken(path: &Path, line: Option<u64>, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => Error::input(
            path,
            line,
            "the gzip ends in the middle",
            "copy or download the file again; nothing was taken from it",
        ),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Error::input(
            path,
            line,
            format!("the gzip is damaged ({source})"),
            "copy or download the file again; nothing was taken from it",
        ),
        _ => Error::Io { path: path.to_owned(), source },
    }
}
