//! Where a scene's pixels come from: a TIFF with its overviews and masks, or a picture in memory.
//! The rest of the crate asks for rectangles and gets planes.

use std::path::Path;

use super::chunks::{Image, Rect};
use super::picture::Picture;
use super::tiff::{Directory, File};
use crate::raster::Raster;
use crate::{Error, error::Result};

/// An open image: pixels of all its bands at one or several scales.
pub(super) enum Source {
    /// A TIFF, read by chunks.
    Tiff(Tiff),
    /// A PNG or JPEG, unpacked.
    Picture(Picture),
}

/// A TIFF with the images in it that belong together.
pub(super) struct Tiff {
    pub(super) file: File,
    /// The first image's tags.
    pub(super) first: Directory,
    /// The image and its overviews, largest first.
    pub(super) levels: Vec<Image>,
    /// Masks of one bit, each of the size of a level: nought is no data.
    masks: Vec<Image>,
    /// The number that stands for no data.
    pub(super) nodata: Option<f64>,
    /// Which sample of a pixel is its opacity.
    pub(super) alpha: Option<usize>,
}

/// Bits of tag 254.
const IS_REDUCED: u64 = 1;
const IS_MASK: u64 = 4;

impl Source {
    /// Opens a file by what it begins with.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let hint = "pass a GeoTIFF, PNG or JPEG";
        let io = |source| Error::Io { path: path.to_owned(), source };
        let about = std::fs::metadata(path).map_err(io)?;
        if about.is_dir() {
            let what = "a folder, not an image";
            return Err(Error::input(path, None, what, "pass one image of the folder"));
        }
        if about.len() == 0 {
            let hint = "copy it again from where it came";
            return Err(Error::input(path, None, "an empty file", hint));
        }
        let mut head = [0; 8];
        let mut file = std::fs::File::open(path).map_err(io)?;
        let n = std::io::Read::read(&mut file, &mut head).map_err(io)?;
        match &head[..n] {
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => {
                Tiff::open(path).map(Self::Tiff)
            }
            [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, ..] => {
                Picture::open(path).map(Self::Picture)
            }
            [b'I', b'I', ..] | [b'M', b'M', ..] => {
                Err(Error::input(path, None, "its header is not that of a TIFF", hint))
            }
            [0, 0, 0, 12, b'j', b'P', ..] => {
                let hint = "convert it with `gdal_translate -of COG in.jp2 out.tif`";
                Err(Error::input(path, None, "JPEG 2000 cannot be read", hint))
            }
            _ => Err(Error::input(path, None, "not an image that can be read", hint)),
        }
    }

    /// Width and height of the whole image.
    pub(super) fn size(&self) -> (usize, usize) {
        match self {
            Self::Tiff(tiff) => (tiff.levels[0].width, tiff.levels[0].height),
            Self::Picture(picture) => (picture.width, picture.height),
        }
    }

    /// Sizes of the levels, the whole image first.
    pub(super) fn levels(&self) -> Vec<(usize, usize)> {
        match self {
            Self::Tiff(tiff) => {
                tiff.levels.iter().map(|level| (level.width, level.height)).collect()
            }
            Self::Picture(picture) => vec![(picture.width, picture.height)],
        }
    }

    /// Bands, opacity not counted.
    pub(super) fn n_bands(&self) -> usize {
        match self {
            Self::Tiff(tiff) => tiff.levels[0].n_samples - usize::from(tiff.alpha.is_some()),
            Self::Picture(picture) => picture.n_bands(),
        }
    }

    /// Whether a value is one of 256.
    pub(super) fn is_8_bit(&self) -> bool {
        match self {
            Self::Tiff(tiff) => tiff.levels[0].sample.size() == 1,
            Self::Picture(picture) => picture.is_8_bit(),
        }
    }

    /// Why reading windows of it is slow, where it is.
    pub(super) fn slowness(&self) -> Option<String> {
        match self {
            Self::Tiff(tiff) => tiff.levels[0].slowness(),
            Self::Picture(_) => None,
        }
    }

    /// Planes of a rectangle of a level, one a band. `rect` lies inside the level.
    pub(super) fn read(&self, level: usize, rect: Rect) -> Result<Vec<Raster>> {
        match self {
            Self::Tiff(tiff) => tiff.read(level, rect),
            Self::Picture(picture) => Ok(picture.read(rect)),
        }
    }
}

impl Tiff {
    fn open(path: &Path) -> Result<Self> {
        let (file, directories) = File::open(path)?;
        let mut directories = directories.into_iter();
        let Some(first) = directories.next() else {
            return Err(file.error("a TIFF without an image", "open it with `gdalinfo`"));
        };
        let mut levels = vec![Image::read(&file, &first)?];
        let mut masks = Vec::new();
        for directory in directories {
            let kind = file.integer(&directory, 254, 0)?;
            // A level that cannot be read is as good as none.
            let Ok(image) = Image::read(&file, &directory) else { continue };
            if kind & IS_MASK != 0 {
                masks.push(image);
            } else if kind & IS_REDUCED != 0 && image.n_samples == levels[0].n_samples {
                levels.push(image);
            }
        }
        levels[1..].sort_by_key(|level| std::cmp::Reverse(level.width));
        let nodata = file.text(&first, 42113)?.and_then(|text| text.trim().parse().ok());
        let extra = &levels[0].extra_samples;
        let colours = levels[0].n_samples.saturating_sub(extra.len());
        let alpha = extra.iter().position(|kind| matches!(kind, 1 | 2)).map(|idx| colours + idx);
        let alpha = alpha.filter(|alpha| *alpha < levels[0].n_samples && 1 < levels[0].n_samples);
        Ok(Self { file, first, levels, masks, nodata, alpha })
    }

    fn read(&self, level: usize, rect: Rect) -> Result<Vec<Raster>> {
        let image = &self.levels[level];
        let width = rect.width;
        let mut planes = vec![Raster::filled(width, rect.height, f32::NAN); image.n_samples];
        image.read_rect(&self.file, rect, |band, x, y, value| {
            planes[band].values[y * width + x] = value;
        })?;
        if let Some(alpha) = self.alpha {
            let alpha = planes.remove(alpha);
            hide(&mut planes, |idx| alpha.values[idx] == 0.0);
        }
        if let Some(nodata) = self.nodata {
            hide_nodata(&mut planes, nodata as f32);
        }
        self.apply_mask(image, rect, &mut planes)?;
        if let Some(white) = image.white_is_zero() {
            planes.iter_mut().flat_map(|plane| &mut plane.values).for_each(|v| *v = white - *v);
        }
        Ok(planes)
    }

    fn apply_mask(&self, image: &Image, rect: Rect, planes: &mut [Raster]) -> Result<()> {
        let fits = |mask: &&Image| (mask.width, mask.height) == (image.width, image.height);
        let Some(mask) = self.masks.iter().find(fits) else { return Ok(()) };
        let mut seen = vec![false; rect.width * rect.height];
        mask.read_rect(&self.file, rect, |_, x, y, value| seen[y * rect.width + x] = value != 0.0)?;
        hide(planes, |idx| !seen[idx]);
        Ok(())
    }
}

/// A pixel has no data where all its bands say so: one band alone may well be that bright.
fn hide_nodata(planes: &mut [Raster], nodata: f32) {
    let n = planes.first().map_or(0, |plane| plane.values.len());
    for idx in 0..n {
        if planes.iter().all(|plane| plane.values[idx] == nodata) {
            planes.iter_mut().for_each(|plane| plane.values[idx] = f32::NAN);
        }
    }
}

/// Takes the values away where there is no data.
pub(super) fn hide(planes: &mut [Raster], is_hidden: impl Fn(usize) -> bool) {
    for plane in planes {
        for (idx, value) in plane.values.iter_mut().enumerate() {
            if is_hidden(idx) {
                *value = f32::NAN;
            }
        }
    }
}
