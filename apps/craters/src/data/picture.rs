//! PNG and JPEG: unpacked once, kept as bytes, no larger than memory allows.

use std::path::Path;

use image::{ColorType, ImageDecoder, ImageReader};

use super::chunks::Rect;
use super::source::hide;
use crate::raster::Raster;
use crate::{Error, error::Result};

/// A larger picture must be a TIFF, which can be read in parts.
const MOST_BYTES: u64 = 192 << 20;

/// A picture in memory.
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    color: ColorType,
    bytes: Vec<u8>,
}

impl Picture {
    /// Unpacks a file.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let damaged = |err: image::ImageError| {
            let what = format!("truncated or damaged: {err}");
            Error::input(path, None, what, "copy it again from where it came")
        };
        let reader = ImageReader::open(path).map_err(io)?.with_guessed_format().map_err(io)?;
        let decoder = reader.into_decoder().map_err(damaged)?;
        let ((width, height), color) = (decoder.dimensions(), decoder.color_type());
        let total = decoder.total_bytes();
        if width == 0 || height == 0 {
            return Err(Error::input(path, None, "a picture without pixels", "export it again"));
        }
        if MOST_BYTES < total {
            let what = format!("a picture of {} MB when unpacked", total >> 20);
            let hint = "convert it with `gdal_translate -co TILED=YES -co COMPRESS=DEFLATE`";
            return Err(Error::input(path, None, what, hint));
        }
        let mut bytes = vec![0; total as usize];
        decoder.read_image(&mut bytes).map_err(damaged)?;
        Ok(Self { width: width as usize, height: height as usize, color, bytes })
    }

    /// Bands, opacity not counted.
    pub(super) fn n_bands(&self) -> usize {
        usize::from(self.color.channel_count()) - usize::from(self.color.has_alpha())
    }

    /// Planes of a rectangle inside the picture.
    pub(super) fn read(&self, rect: Rect) -> Vec<Raster> {
        let channels = usize::from(self.color.channel_count());
        let mut planes = vec![Raster::filled(rect.width, rect.height, f32::NAN); channels];
        for y in 0..rect.height {
            for x in 0..rect.width {
                let pixel = ((rect.y + y) * self.width + rect.x + x) * channels;
                for (band, plane) in planes.iter_mut().enumerate() {
                    plane.values[y * rect.width + x] = self.value(pixel + band);
                }
            }
        }
        if self.color.has_alpha()
            && let Some(alpha) = planes.pop()
        {
            hide(&mut planes, |idx| alpha.values[idx] == 0.0);
        }
        planes
    }

    /// Whether a value is one of 256.
    pub(super) fn is_8_bit(&self) -> bool {
        self.color.bits_per_pixel() <= 8 * u16::from(self.color.channel_count())
    }

    fn value(&self, idx: usize) -> f32 {
        if self.is_8_bit() {
            f32::from(self.bytes[idx])
        } else {
            f32::from(u16::from_ne_bytes([self.bytes[2 * idx], self.bytes[2 * idx + 1]]))
        }
    }
}
