//! The directories of a TIFF file: what is stored where. Reads tags and bytes, knows nothing of
//! pixels' values or of the ground. TIFF 6.0 and BigTIFF, both byte orders.
//!
//! A directory is read without its chunks, and every count is held against the length of the
//! file before memory is taken for it, so that a damaged file costs no more than its size.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{Error, error::Result};

/// A TIFF file, open.
pub(super) struct File {
    path: PathBuf,
    handle: Mutex<std::fs::File>,
    pub(super) len: u64,
    pub(super) big_endian: bool,
    is_big: bool,
}

/// One image of the file: its tags, values not yet read.
pub(super) struct Directory {
    entries: BTreeMap<u16, Entry>,
}

struct Entry {
    kind: u16,
    count: u64,
    /// Where in the file its values begin.
    offset: u64,
}

/// More images than this in one file: a cycle, or nothing that we can use.
const MOST_DIRECTORIES: usize = 64;

impl File {
    /// Opens a file and lists its images.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<Directory>)> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let handle = std::fs::File::open(path).map_err(io)?;
        let len = handle.metadata().map_err(io)?.len();
        let handle = Mutex::new(handle);
        let mut file =
            Self { path: path.to_owned(), handle, len, big_endian: false, is_big: false };
        let first = file.header()?;
        let directories = file.directories(first)?;
        Ok((file, directories))
    }

    /// An error about this file.
    pub(super) fn error(&self, what: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::input(&self.path, None, what, hint)
    }

    fn header(&mut self) -> Result<u64> {
        let mut head = [0; 16];
        let known = head.len().min(self.len as usize);
        self.read_at(0, &mut head[..known])?;
        self.big_endian = &head[..2] == b"MM";
        match self.number(&head[2..4]) {
            42 => Ok(self.number(&head[4..8])),
            43 if self.number(&head[4..6]) == 8 => {
                self.is_big = true;
                Ok(self.number(&head[8..16]))
            }
            _ => Err(self.error("its header is not that of a TIFF", "open it with `gdalinfo`")),
        }
    }

    /// An unsigned number in the byte order of the file.
    fn number(&self, bytes: &[u8]) -> u64 {
        let push = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
    }

    /// Fills a buffer from a place in the file.
    pub(super) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset.saturating_add(buffer.len() as u64);
        if self.len < end {
            return Err(self.truncated(end - self.len));
        }
        let io = |source| Error::Io { path: self.path.clone(), source };
        let mut handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        handle.seek(SeekFrom::Start(offset)).map_err(io)?;
        handle.read_exact(buffer).map_err(io)
    }

    /// The error of a file that ends too early.
    pub(super) fn truncated(&self, missing: u64) -> Error {
        let len = self.len;
        self.error(
            format!("truncated or damaged: it has {len} bytes, and {missing} more are missing"),
            "copy it again from where it came and compare the sizes",
        )
    }

    fn directories(&self, first: u64) -> Result<Vec<Directory>> {
        let (mut found, mut seen, mut next) = (Vec::new(), Vec::new(), first);
        while next != 0 && !seen.contains(&next) && found.len() < MOST_DIRECTORIES {
            seen.push(next);
            match self.directory(next) {
                Ok((directory, after)) => {
                    found.push(directory);
                    next = after;
                }
                Err(err) if found.is_empty() => return Err(err),
                // The picture itself is there; a damaged overview is not needed.
                Err(_) => break,
            }
        }
        if found.is_empty() {
            return Err(self.error("a TIFF without an image", "open it with `gdalinfo`"));
        }
        Ok(found)
    }

    /// The directory at a place, and where the next one is.
    fn directory(&self, at: u64) -> Result<(Directory, u64)> {
        let (count_size, entry_size, word) = if self.is_big { (8, 20, 8) } else { (2, 12, 4) };
        let mut count = [0; 8];
        self.read_at(at, &mut count[..count_size])?;
        let count = self.number(&count[..count_size]);
        if 4096 < count {
            let what = format!("damaged: a directory of {count} entries at byte {at}");
            return Err(self.error(what, "copy it again from where it came"));
        }
        let mut bytes = vec![0; count as usize * entry_size + word];
        let start = at.saturating_add(count_size as u64);
        self.read_at(start, &mut bytes)?;
        let entries = (0..count as usize).map(|idx| {
            let entry = &bytes[idx * entry_size..(idx + 1) * entry_size];
            self.entry(entry, word, start + (idx * entry_size) as u64)
        });
        let entries = entries.collect();
        Ok((Directory { entries }, self.number(&bytes[count as usize * entry_size..])))
    }

    fn entry(&self, bytes: &[u8], word: usize, at: u64) -> (u16, Entry) {
        let tag = self.number(&bytes[..2]) as u16;
        let kind = self.number(&bytes[2..4]) as u16;
        let count = self.number(&bytes[4..4 + word]);
        let is_inline = count.saturating_mul(size_of_kind(kind)) <= word as u64;
        let offset = if is_inline { at + 4 + word as u64 } else { self.number(&bytes[4 + word..]) };
        (tag, Entry { kind, count, offset })
    }

    fn bytes(&self, entry: &Entry) -> Result<Vec<u8>> {
        let size = entry.count.saturating_mul(size_of_kind(entry.kind));
        let end = entry.offset.saturating_add(size);
        if self.len < end {
            return Err(self.truncated(end - self.len));
        }
        let mut bytes = vec![0; size as usize];
        self.read_at(entry.offset, &mut bytes)?;
        Ok(bytes)
    }

    /// The unsigned numbers of a tag; empty where it is absent.
    pub(super) fn integers(&self, directory: &Directory, tag: u16) -> Result<Vec<u64>> {
        let Some(entry) = directory.entries.get(&tag) else { return Ok(Vec::new()) };
        let size = size_of_kind(entry.kind) as usize;
        Ok(self.bytes(entry)?.chunks_exact(size).map(|bytes| self.number(bytes)).collect())
    }

    /// The first number of a tag, or another where it is absent.
    pub(super) fn integer(&self, directory: &Directory, tag: u16, or: u64) -> Result<u64> {
        Ok(self.integers(directory, tag)?.first().copied().unwrap_or(or))
    }

    /// The floating-point numbers of a tag; empty where it is absent or something else.
    pub(super) fn doubles(&self, directory: &Directory, tag: u16) -> Result<Vec<f64>> {
        const DOUBLE: u16 = 12;
        match directory.entries.get(&tag) {
            Some(entry) if entry.kind == DOUBLE => {
                let bits = self.integers(directory, tag)?;
                Ok(bits.into_iter().map(f64::from_bits).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The raw bytes of a tag.
    pub(super) fn raw(&self, directory: &Directory, tag: u16) -> Result<Option<Vec<u8>>> {
        directory.entries.get(&tag).map(|entry| self.bytes(entry)).transpose()
    }

    /// The text of a tag.
    pub(super) fn text(&self, directory: &Directory, tag: u16) -> Result<Option<String>> {
        let raw = self.raw(directory, tag)?;
        Ok(raw.map(|raw| String::from_utf8_lossy(&raw).trim_end_matches('\0').to_owned()))
    }
}

/// Bytes of one value of a TIFF type. An unknown type is taken for bytes.
fn size_of_kind(kind: u16) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => 1,
    }
}
