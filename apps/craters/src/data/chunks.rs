//! Pixels of one image of a TIFF, chunk by chunk: strips and tiles, of any compression that the
//! `tiff` crate can undo. Knows samples, not what they show.
//!
//! Uncompressed chunks are read in part, no more than a window needs. Compressed ones are
//! unpacked whole and the last few kept, within [`CACHE_BYTES`].

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

use super::tiff::{Directory, File};
use crate::error::Result;

/// Unpacked chunks that are kept for the next window.
pub(super) const CACHE_BYTES: usize = 96 << 20;
/// A compressed chunk may be no larger than this when unpacked.
const MOST_CHUNK_BYTES: u64 = 256 << 20;

const NONE: u64 = 1;
const LZW: u64 = 5;
const JPEG: u64 = 7;
const DEFLATE: u64 = 8;
const OLD_DEFLATE: u64 = 32946;
const PACK_BITS: u64 = 32773;
const YCBCR: u64 = 6;

/// How the numbers of an image are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sample {
    Bit,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    F64,
}

impl Sample {
    fn of(bits: u64, format: u64) -> Option<Self> {
        Some(match (bits, format) {
            (1, 1) => Self::Bit,
            (8, 2) => Self::I8,
            (8, _) => Self::U8,
            (16, 2) => Self::I16,
            (16, 1 | 4) => Self::U16,
            (32, 1 | 4) => Self::U32,
            (32, 2) => Self::I32,
            (32, 3) => Self::F32,
            (64, 3) => Self::F64,
            _ => return None,
        })
    }

    /// Bytes of one.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Bit | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The number in little-endian bytes.
    fn value(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Self::I8, &[a]) => f32::from(a as i8),
            (_, &[a]) => f32::from(a),
            (Self::I16, &[a, b]) => f32::from(i16::from_le_bytes([a, b])),
            (_, &[a, b]) => f32::from(u16::from_le_bytes([a, b])),
            (Self::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            (Self::I32, &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]) as f32,
            (_, &[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]) as f32,
            (_, &[a, b, c, d, e, f, g, h]) => f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32,
            _ => f32::NAN,
        }
    }
}

/// One image of a TIFF: where its chunks lie and how they are packed.
pub(super) struct Image {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Numbers a pixel.
    pub(super) n_samples: usize,
    pub(super) sample: Sample,
    pub(super) photometric: u64,
    /// 1: alpha multiplied in, 2: alpha, else unknown; for the last samples of a pixel.
    pub(super) extra_samples: Vec<u64>,
    pub(super) is_tiled: bool,
    chunk_width: usize,
    chunk_height: usize,
    is_planar: bool,
    compression: u64,
    predictor: u64,
    jpeg_tables: Option<Vec<u8>>,
    offsets: Vec<u64>,
    counts: Vec<u64>,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    bytes: usize,
    clock: u64,
    chunks: BTreeMap<usize, (u64, Arc<Vec<u8>>)>,
}

/// A rectangle inside an image, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rect {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Image {
    /// What a directory says of its image.
    pub(super) fn read(file: &File, directory: &Directory) -> Result<Self> {
        let integer = |tag, or| file.integer(directory, tag, or);
        let (width, height) = (integer(256, 0)?, integer(257, 0)?);
        let n_samples = integer(277, 1)?;
        let (bits, format) = (integer(258, 1)?, integer(339, 1)?);
        if width == 0 || height == 0 || 1 << 31 < width || 1 << 31 < height {
            let what = format!("an image of {width} x {height} pixels");
            return Err(file.error(what, "export the scene again; nothing can be found in it"));
        }
        let Some(sample) = Sample::of(bits, format).filter(|_| 1 <= n_samples && n_samples <= 64)
        else {
            let what = format!("{n_samples} samples of {bits} bits (format {format}) a pixel");
            return Err(file.error(what, "convert it with `gdal_translate -ot UInt16`"));
        };
        let is_tiled = integer(322, 0)? != 0;
        let (chunk_width, chunk_height) = if is_tiled {
            (integer(322, 0)?, integer(323, 0)?)
        } else {
            (width, integer(278, height)?.min(height))
        };
        let mut image = Self {
            width: width as usize,
            height: height as usize,
            n_samples: n_samples as usize,
            sample,
            photometric: integer(262, 1)?,
            extra_samples: file.integers(directory, 338)?,
            is_tiled,
            chunk_width: chunk_width as usize,
            chunk_height: chunk_height as usize,
            is_planar: integer(284, 1)? == 2,
            compression: integer(259, NONE)?,
            predictor: integer(317, 1)?,
            jpeg_tables: file.raw(directory, 347)?,
            offsets: file.integers(directory, if is_tiled { 324 } else { 273 })?,
            counts: file.integers(directory, if is_tiled { 325 } else { 279 })?,
            cache: Mutex::default(),
        };
        image.check(file)?;
        Ok(image)
    }

    fn check(&mut self, file: &File) -> Result<()> {
        self.check_packing(file)?;
        let sides_fit = 1 <= self.chunk_width
            && 1 <= self.chunk_height
            && self.chunk_width <= 1 << 31
            && self.chunk_height <= 1 << 31;
        if !sides_fit {
            let (w, h) = (self.chunk_width, self.chunk_height);
            let what = format!("damaged: chunks of {w} x {h} pixels");
            return Err(file.error(what, "copy it again from where it came"));
        }
        let across = self.width.div_ceil(self.chunk_width) as u64;
        let down = self.height.div_ceil(self.chunk_height) as u64;
        let expected = (across * down).saturating_mul(self.n_planes() as u64);
        if self.offsets.len() as u64 != expected {
            let found = self.offsets.len();
            let what = format!("damaged: {expected} chunks are needed and {found} are listed");
            return Err(file.error(what, "copy it again from where it came"));
        }
        let bytes = (self.row_bytes() as u64).saturating_mul(self.chunk_height as u64);
        if self.compression == NONE && self.counts.len() != self.offsets.len() {
            self.counts = vec![bytes; self.offsets.len()];
        }
        if self.counts.len() != self.offsets.len() {
            return Err(file.error("damaged: chunks without length", "copy it again"));
        }
        if self.compression != NONE && MOST_CHUNK_BYTES < bytes {
            let what = format!("one compressed chunk of {} MB", bytes >> 20);
            return Err(file.error(what, "rewrite it with `gdal_translate -co TILED=YES`"));
        }
        self.check_end(file)
    }

    fn check_packing(&self, file: &File) -> Result<()> {
        let name = match self.compression {
            NONE | LZW | JPEG | DEFLATE | OLD_DEFLATE | PACK_BITS => None,
            6 => Some("old JPEG"),
            2..=4 => Some("CCITT fax"),
            34712 => Some("JPEG 2000"),
            34887 => Some("LERC"),
            34925 => Some("LZMA"),
            50000 => Some("ZSTD"),
            50001 => Some("WebP"),
            50002 => Some("JPEG XL"),
            _ => Some("unknown"),
        };
        let hint = "rewrite it with `gdal_translate -co COMPRESS=DEFLATE -co TILED=YES`";
        if let Some(name) = name {
            let what = format!("compression {name} ({}) cannot be read", self.compression);
            return Err(file.error(what, hint));
        }
        let is_float = matches!(self.sample, Sample::F32 | Sample::F64);
        let is_packed = self.compression != NONE && self.compression != JPEG;
        let fits = match self.predictor {
            1 => true,
            2 => self.sample != Sample::Bit,
            3 => is_float && is_packed,
            _ => false,
        };
        if !fits {
            let what = format!("predictor {} does not fit its samples", self.predictor);
            return Err(file.error(what, hint));
        }
        if self.compression == JPEG && self.sample != Sample::U8 {
            return Err(file.error("JPEG of more than 8 bits cannot be read", hint));
        }
        if self.photometric == YCBCR && self.compression != JPEG {
            return Err(file.error("YCbCr without JPEG cannot be read", hint));
        }
        if self.photometric == 3 {
            let hint = "expand it with `gdal_translate -expand rgb`";
            return Err(file.error("a picture of palette colours", hint));
        }
        Ok(())
    }

    /// Refuses a file that ends before its last chunk.
    fn check_end(&self, file: &File) -> Result<()> {
        let mut end = 0;
        for (idx, (offset, count)) in self.offsets.iter().zip(&self.counts).enumerate() {
            let needed = (self.row_bytes() as u64).saturating_mul(self.n_rows(idx) as u64);
            let count = if self.compression == NONE && *offset != 0 { needed } else { *count };
            end = end.max(offset.saturating_add(count));
        }
        if file.len < end { Err(file.truncated(end - file.len)) } else { Ok(()) }
    }

    fn n_planes(&self) -> usize {
        if self.is_planar { self.n_samples } else { 1 }
    }

    fn samples_in_chunk(&self) -> usize {
        if self.is_planar { 1 } else { self.n_samples }
    }

    /// Bytes of one row of a chunk.
    fn row_bytes(&self) -> usize {
        let samples = self.chunk_width.saturating_mul(self.samples_in_chunk());
        match self.sample {
            Sample::Bit => samples.div_ceil(8),
            sample => samples.saturating_mul(sample.size()),
        }
    }

    fn chunks_in_plane(&self) -> usize {
        self.offsets.len() / self.n_planes()
    }

    /// Rows of a chunk: the last strip may be short.
    fn n_rows(&self, idx: usize) -> usize {
        let across = self.width.div_ceil(self.chunk_width);
        let first = (idx % self.chunks_in_plane()) / across * self.chunk_height;
        if self.is_tiled { self.chunk_height } else { self.chunk_height.min(self.height - first) }
    }

    /// How many rows can be kept unpacked while a scene is read from left to right; `None` where
    /// reading a part of a row costs no more than that part.
    pub(super) fn rows_in_cache(&self) -> Option<usize> {
        let whole_rows = self.compression != NONE && self.width < 2 * self.chunk_width;
        let row = self.row_bytes() * self.n_planes() * self.width.div_ceil(self.chunk_width);
        whole_rows.then(|| (CACHE_BYTES / row.max(1)).max(1))
    }

    /// Writes the samples of a rectangle inside the image, one plane of `rect.width` a sample.
    pub(super) fn read_rect(
        &self,
        file: &File,
        rect: Rect,
        mut put: impl FnMut(usize, usize, usize, f32),
    ) -> Result<()> {
        let across = self.width.div_ceil(self.chunk_width);
        let columns = rect.x / self.chunk_width..=(rect.x + rect.width - 1) / self.chunk_width;
        for row in rect.y / self.chunk_height..=(rect.y + rect.height - 1) / self.chunk_height {
            for column in columns.clone() {
                for plane in 0..self.n_planes() {
                    let idx = plane * self.chunks_in_plane() + row * across + column;
                    let origin = (column * self.chunk_width, row * self.chunk_height);
                    self.read_chunk(file, idx, plane, origin, rect, &mut put)?;
                }
            }
        }
        Ok(())
    }

    /// The part of one chunk that lies in the rectangle.
    fn read_chunk(
        &self,
        file: &File,
        idx: usize,
        plane: usize,
        (left, top): (usize, usize),
        rect: Rect,
        put: &mut impl FnMut(usize, usize, usize, f32),
    ) -> Result<()> {
        if self.offsets[idx] == 0 || self.counts[idx] == 0 {
            // A chunk that was never written: no data, as GDAL has it.
            return Ok(());
        }
        let x0 = rect.x.max(left) - left;
        let x1 = (rect.x + rect.width).min(left + self.chunk_width).min(self.width) - left;
        let y0 = rect.y.max(top) - top;
        let y1 = (rect.y + rect.height).min(top + self.chunk_height).min(self.height) - top;
        let n = self.samples_in_chunk();
        let is_partial =
            self.compression == NONE && self.predictor == 1 && self.sample != Sample::Bit;
        let pixel = n * self.sample.size();
        let whole = if is_partial { None } else { Some(self.unpacked(file, idx)?) };
        let mut buffer = vec![0; if is_partial { (x1 - x0) * pixel } else { 0 }];
        for y in y0..y1 {
            let row = match &whole {
                Some(whole) => {
                    let row = &whole[y * self.row_bytes()..(y + 1) * self.row_bytes()];
                    if self.sample == Sample::Bit {
                        for x in x0..x1 {
                            let bit = row[x * n / 8] >> (7 - x * n % 8) & 1;
                            put(plane, left + x - rect.x, top + y - rect.y, f32::from(bit));
                        }
                        continue;
                    }
                    &row[x0 * pixel..x1 * pixel]
                }
                None => {
                    let at = (y * self.row_bytes() + x0 * pixel) as u64;
                    file.read_at(self.offsets[idx].saturating_add(at), &mut buffer)?;
                    self.swap(file, &mut buffer);
                    &buffer
                }
            };
            let (column, line) = (left + x0 - rect.x, top + y - rect.y);
            for (x, pixel) in row.chunks_exact(pixel).enumerate() {
                for (s, bytes) in pixel.chunks_exact(self.sample.size()).enumerate() {
                    put(plane + s, column + x, line, self.sample.value(bytes));
                }
            }
        }
        Ok(())
    }

    /// Turns big-endian samples to little-endian ones.
    fn swap(&self, file: &File, bytes: &mut [u8]) {
        if file.big_endian && 1 < self.sample.size() {
            bytes.chunks_exact_mut(self.sample.size()).for_each(<[u8]>::reverse);
        }
    }

    /// A whole chunk, little-endian, from the cache where it is there.
    fn unpacked(&self, file: &File, idx: usize) -> Result<Arc<Vec<u8>>> {
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
        let chunk = Arc::new(bytes);
        self.lock().put(idx, &chunk);
        Ok(chunk)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
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
        let mut small = self.small_file(rows, count as u32);
        let start = small.len();
        if file.len < offset.saturating_add(count) {
            return Err(file.truncated(offset.saturating_add(count) - file.len));
        }
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
