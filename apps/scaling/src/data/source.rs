//! A file as a stream of plain bytes, whatever it is packed in. What it holds is told by its
//! first bytes, not by its name.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::Error;

/// How much of a file is looked at to tell what it is.
const HEAD_BYTES: usize = 64 * 1024;

/// An open file: its first bytes, and a reader of all of them.
pub(super) struct Source {
    pub path: PathBuf,
    /// The first bytes, unpacked and without a byte-order mark.
    pub head: Vec<u8>,
    /// What the reader should know about how it was packed.
    pub note: Option<String>,
    rest: Box<dyn Read>,
}

impl Source {
    /// Opens a file and unpacks it where it is a gzip.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(io)?;
        let mut magic = Vec::new();
        file.by_ref().take(2).read_to_end(&mut magic).map_err(io)?;
        let is_gzip = magic == [0x1f, 0x8b];
        let named_gzip = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"));
        let plain = Cursor::new(magic).chain(file);
        let mut rest: Box<dyn Read> =
            if is_gzip { Box::new(MultiGzDecoder::new(plain)) } else { Box::new(plain) };
        let mut head = Vec::new();
        let got = rest.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head);
        got.map_err(|e| broken(path, None, e))?;
        if head.starts_with(b"\xef\xbb\xbf") {
            head.drain(..3);
        }
        let note = (named_gzip && !is_gzip && !head.is_empty()).then(|| {
            format!("{} is named as a gzip and is not one; read as it is", path.display())
        });
        Ok(Self { path: path.to_owned(), head, note, rest })
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
        if self.head.contains(&0) {
            return refuse(
                "the file is binary and of no known kind",
                "give a CSV, a JSON lines file, a TensorBoard event file, or a folder of those",
            );
        }
        Ok(())
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
