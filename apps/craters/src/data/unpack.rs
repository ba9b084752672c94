//! Chunks of a TIFF as they were before they were compressed: packing, predictors and byte order
//! undone, the last few kept.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, MutexGuard, PoisonError};

use super::chunks::{Image, JPEG, MOST_CHUNK_BYTES, NONE, Sample, YCBCR};
use super::tiff::File;
use crate::error::Result;

/// Unpacked chunks that are kept for the next window.
pub(super) const CACHE_BYTES: usize = 96 << 20;

#[derive(Default)]
pub(super) struct Cache {
    bytes: usize,
    clock: u64,
    chunks: BTreeMap<usize, (u64, Arc<Vec<u8>>)>,
}

impl Image {
    /// Turns big-endian samples to little-endian ones.
    pub(super) fn swap(&self, file: &File, bytes: &mut [u8]) {
        if file.big_endian && 1 < self.sample.size() {
            bytes.chunks_exact_mut(self.sample.size()).for_each(<[u8]>::reverse);
        }
    }

    /// A whole chunk, little-endian, from the cache where it is there.
    pub(super) fn unpacked(&self, file: &File, idx: usize) -> Result<Arc<Vec<u8>>> {
        if let Some(chunk) = self.lock().get(idx) {
            return Ok(chunk);
        }
        let mut bytes = self.unpack(file, idx)?;
        match self.predictor {
            3 => undo_float_prediction(
                &mut bytes,
                self.row_bytes(),
                self.samples_in_chunk(),
                self.sample.size(),
            ),
            predictor => {
                self.swap(file, &mut bytes);
                if predictor == 2 {
                    undo_prediction(
                        &mut bytes,
                        self.row_bytes(),
                        self.samples_in_chunk(),
                        self.sample.size(),
                    );
                }
            }
        }
        if self.photometric == YCBCR && self.samples_in_chunk() == 3 {
            bytes.chunks_exact_mut(3).for_each(to_rgb);
        }
        if self.sample == Sample::Bit {
            bytes = bytes_of_bits(&bytes, self.row_bytes(), self.chunk_width);
        }
        let chunk = Arc::new(bytes);
        self.lock().put(idx, &chunk);
        Ok(chunk)
    }

    fn lock(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes of a chunk as they were before they were compressed. The `tiff` crate sees a
    /// small file of one strip of grey bytes, so that it needs to know nothing of our samples.
    fn unpack(&self, file: &File, idx: usize) -> Result<Vec<u8>> {
        let rows = self.n_rows(idx);
        let (offset, count) = (self.offsets[idx], self.counts[idx]);
        let mut bytes = vec![0; self.row_bytes() * rows];
        if self.compression == NONE {
            file.read_at(offset, &mut bytes)?;
            return Ok(bytes);
        }
        if 2 * MOST_CHUNK_BYTES < count {
            let what = format!("damaged: a chunk of {count} bytes");
            return Err(file.error(what, "copy it again from where it came"));
        }
        if file.len < offset.saturating_add(count) {
            return Err(file.truncated(offset.saturating_add(count) - file.len));
        }
        let mut small = self.small_file(rows, count as u32);
        let start = small.len();
        small.resize(start + count as usize, 0);
        file.read_at(offset, &mut small[start..])?;
        let damaged = |err: tiff::TiffError| {
            let what = format!("damaged: the chunk at byte {offset} cannot be unpacked ({err})");
            file.error(what, "copy it again from where it came")
        };
        let mut decoder = tiff::decoder::Decoder::new(Cursor::new(small)).map_err(damaged)?;
        decoder.read_chunk_bytes(0, &mut bytes).map_err(damaged)?;
        Ok(bytes)
    }

    /// A TIFF of one strip, but for the strip.
    fn small_file(&self, rows: usize, count: u32) -> Vec<u8> {
        let tables = self.jpeg_tables.as_deref().filter(|_| self.compression == JPEG);
        let n_entries = 9 + u32::from(tables.is_some());
        let after = 8 + 2 + 12 * n_entries + 4;
        let tables_len = tables.map_or(0, <[u8]>::len) as u32;
        let mut out = b"II\x2a\0\x08\0\0\0".to_vec();
        out.extend((n_entries as u16).to_le_bytes());
        let mut entry = |tag: u16, kind: u16, n: u32, value: u32| {
            out.extend(tag.to_le_bytes());
            out.extend(kind.to_le_bytes());
            out.extend(n.to_le_bytes());
            out.extend(value.to_le_bytes());
        };
        entry(256, 4, 1, self.row_bytes() as u32);
        entry(257, 4, 1, rows as u32);
        entry(258, 3, 1, 8);
        entry(259, 3, 1, self.compression as u32);
        entry(262, 3, 1, 1);
        entry(273, 4, 1, after + tables_len);
        entry(277, 3, 1, 1);
        entry(278, 4, 1, rows as u32);
        entry(279, 4, 1, count);
        if tables.is_some() {
            entry(347, 7, tables_len, after);
        }
        out.extend([0; 4]);
        out.extend(tables.unwrap_or_default());
        out
    }
}

impl Cache {
    fn get(&mut self, idx: usize) -> Option<Arc<Vec<u8>>> {
        self.clock += 1;
        let clock = self.clock;
        self.chunks.get_mut(&idx).map(|(used, chunk)| {
            *used = clock;
            Arc::clone(chunk)
        })
    }

    fn put(&mut self, idx: usize, chunk: &Arc<Vec<u8>>) {
        if CACHE_BYTES < chunk.len() {
            return;
        }
        self.clock += 1;
        if self.chunks.insert(idx, (self.clock, Arc::clone(chunk))).is_none() {
            self.bytes += chunk.len();
        }
        while CACHE_BYTES < self.bytes {
            let oldest = self.chunks.iter().min_by_key(|(_, (used, _))| *used);
            let Some(oldest) = oldest.map(|(idx, _)| *idx) else { return };
            if let Some((_, chunk)) = self.chunks.remove(&oldest) {
                self.bytes -= chunk.len();
            }
        }
    }
}

/// A byte a bit, the most significant first, rows padded to whole bytes.
fn bytes_of_bits(bits: &[u8], row_bytes: usize, width: usize) -> Vec<u8> {
    let row = |row: &[u8]| (0..width).map(|x| row[x / 8] >> (7 - x % 8) & 1).collect::<Vec<u8>>();
    bits.chunks_exact(row_bytes).flat_map(row).collect()
}

/// Predictor 2 of TIFF 6.0, section 14: each sample was stored as its difference from that of the
/// pixel before it.
fn undo_prediction(bytes: &mut [u8], row_bytes: usize, n_samples: usize, size: usize) {
    let step = n_samples * size;
    for row in bytes.chunks_exact_mut(row_bytes) {
        for at in (step..row.len()).step_by(size) {
            let mut carry = 0;
            for byte in at..(at + size).min(row.len()) {
                let sum = u16::from(row[byte]) + u16::from(row[byte - step]) + carry;
                row[byte] = sum as u8;
                carry = sum >> 8;
            }
        }
    }
}

/// Predictor 3 of Adobe's TIFF technical note 3: the bytes of a row were sorted by significance,
/// most significant first, and each stored as its difference from the one before it.
fn undo_float_prediction(bytes: &mut [u8], row_bytes: usize, n_samples: usize, size: usize) {
    for row in bytes.chunks_exact_mut(row_bytes) {
        for at in n_samples..row.len() {
            row[at] = row[at].wrapping_add(row[at - n_samples]);
        }
        let n = row.len() / size;
        let sorted = row.to_vec();
        for (idx, value) in row.chunks_exact_mut(size).enumerate() {
            for (significance, byte) in value.iter_mut().rev().enumerate() {
                *byte = sorted[significance * n + idx];
            }
        }
    }
}

/// ITU-R BT.601 as JFIF has it.
fn to_rgb(pixel: &mut [u8]) {
    let (y, cb, cr) =
        (f32::from(pixel[0]), f32::from(pixel[1]) - 128.0, f32::from(pixel[2]) - 128.0);
    pixel[0] = (y + 1.402 * cr).round() as u8;
    pixel[1] = (y - 0.344_136 * cb - 0.714_136 * cr).round() as u8;
    pixel[2] = (y + 1.772 * cb).round() as u8;
}
