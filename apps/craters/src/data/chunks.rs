//! Pixels of one image of a TIFF, chunk by chunk: strips and tiles, of any compression that the
//! `tiff` crate can undo. Knows samples, not what they show.
//!
//! Uncompressed chunks are read in part, no more than a window needs. Compressed ones are
//! unpacked whole and the last few kept.

use std::sync::Mutex;

use super::tiff::{Directory, File};
use super::unpack::{CACHE_BYTES, Cache};
use crate::error::Result;

/// A compressed chunk may be no larger than this when unpacked.
pub(super) const MOST_CHUNK_BYTES: u64 = 256 << 20;

/// Scenes of more pixels in a row or column than this are none.
const MOST_SIDE: u64 = 1 << 22;

pub(super) const NONE: u64 = 1;
const LZW: u64 = 5;
pub(super) const JPEG: u64 = 7;
const DEFLATE: u64 = 8;
const OLD_DEFLATE: u64 = 32946;
const PACK_BITS: u64 = 32773;
pub(super) const YCBCR: u64 = 6;

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
    pub(super) chunk_width: usize,
    chunk_height: usize,
    is_planar: bool,
    pub(super) compression: u64,
    pub(super) predictor: u64,
    pub(super) jpeg_tables: Option<Vec<u8>>,
    pub(super) offsets: Vec<u64>,
    pub(super) counts: Vec<u64>,
    pub(super) cache: Mutex<Cache>,
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
        if width == 0 || height == 0 || MOST_SIDE < width || MOST_SIDE < height {
            let what = format!("an image of {width} x {height} pixels");
            return Err(file.error(what, "export the scene again; nothing can be found in it"));
        }
        let Some(sample) = Sample::of(bits, format).filter(|_| (1..=64).contains(&n_samples))
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
        let samples = (self.chunk_width as u64).saturating_mul(self.chunk_height as u64);
        if !self.is_read_in_part() && MOST_CHUNK_BYTES < bytes.max(samples) {
            let what = format!("one chunk of {} MB that must be unpacked whole", bytes >> 20);
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
        if self.sample == Sample::Bit && self.n_samples != 1 {
            return Err(file.error("several bands of one bit cannot be read", hint));
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

    pub(super) fn samples_in_chunk(&self) -> usize {
        if self.is_planar { 1 } else { self.n_samples }
    }

    /// Bytes of one row of a chunk.
    pub(super) fn row_bytes(&self) -> usize {
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
    pub(super) fn n_rows(&self, idx: usize) -> usize {
        let across = self.width.div_ceil(self.chunk_width);
        let first = (idx % self.chunks_in_plane()) / across * self.chunk_height;
        if self.is_tiled { self.chunk_height } else { self.chunk_height.min(self.height - first) }
    }

    /// The number of black in a negative, where bright things have small numbers.
    pub(super) fn white_is_zero(&self) -> Option<f32> {
        match (self.photometric, self.sample) {
            (0, Sample::Bit) => Some(1.0),
            (0, Sample::U8) => Some(255.0),
            (0, Sample::U16) => Some(65_535.0),
            _ => None,
        }
    }

    /// What a user must know who will read windows of it: rows that were compressed whole and
    /// are so long that only few fit into memory are unpacked again and again.
    pub(super) fn slowness(&self) -> Option<String> {
        const WINDOW_ROWS: usize = 1024;
        let rows = CACHE_BYTES / (self.row_bytes() * self.n_planes()).max(1);
        let is_slow = self.compression != NONE && 4096 <= self.chunk_width && rows < WINDOW_ROWS;
        is_slow.then(|| {
            format!(
                "its rows of {} pixels are compressed whole, and {rows} of them fit into memory: \
                 reading is slow; `gdal_translate -co TILED=YES -co COMPRESS=DEFLATE` mends that",
                self.width
            )
        })
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
        let pixel = self.samples_in_chunk() * self.sample.size();
        let row_bytes = self.chunk_width * pixel;
        let whole = if self.is_read_in_part() { None } else { Some(self.unpacked(file, idx)?) };
        let mut buffer = vec![0; if whole.is_none() { (x1 - x0) * pixel } else { 0 }];
        for y in y0..y1 {
            let at = y * row_bytes + x0 * pixel;
            let row = if let Some(whole) = &whole {
                &whole[at..at + (x1 - x0) * pixel]
            } else {
                file.read_at(self.offsets[idx].saturating_add(at as u64), &mut buffer)?;
                self.swap(file, &mut buffer);
                &buffer
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

    /// Whether pixels lie in the file as they are, so that any of them can be read alone.
    fn is_read_in_part(&self) -> bool {
        self.compression == NONE && self.predictor == 1 && self.sample != Sample::Bit
    }
}
