//! Cloud-optimised GeoTIFF of one 8-bit band: tiles, overviews, and everything that tells where a
//! tile lies at the beginning of the file. Knows nothing of craters.
//!
//! Tags: TIFF 6.0. Keys: OGC 19-008r4 (GeoTIFF 1.1). The layout and the words that announce it:
//! GDAL's documentation of its COG driver.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::crs::Crs;

/// Pixels along a tile's side.
pub(crate) const TILE: usize = 512;

/// What the file promises to readers that fetch it in pieces: each tile has its length before it
/// and its last four bytes again behind it.
const PROMISE: &str = "LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\n\
    BLOCK_LEADER=SIZE_AS_UINT4\nBLOCK_TRAILER=LAST_4_BYTES_REPEATED\n\
    KNOWN_INCOMPATIBLE_EDITION=NO\n ";

const LONG: u16 = 4;
const SHORT: u16 = 3;
const ASCII: u16 = 2;
const DOUBLE: u16 = 12;

/// The pixels of a tile.
pub(crate) enum Tile {
    /// All the same.
    Even(u8),
    /// Row by row.
    Pixels(Vec<u8>),
}

/// What is written, apart from its pixels.
pub(crate) struct Layout<'a> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// The value of a pixel without data.
    pub(crate) no_data: u8,
    /// What a value is to be multiplied with.
    pub(crate) scale: f64,
    /// Names and values for whoever looks into the file.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Where it lies.
    pub(crate) ground: Option<([f64; 6], &'a Crs)>,
}

/// One resolution: the image or an overview.
struct Level {
    width: usize,
    height: usize,
    offsets: Vec<u32>,
    lengths: Vec<u32>,
}

impl Level {
    fn columns(&self) -> usize {
        self.width.div_ceil(TILE)
    }
}

/// Number of levels of an image: each half as wide as the one before, until one tile holds all.
pub(crate) fn n_levels(width: usize, height: usize) -> usize {
    let mut n = 1;
    while width.max(height).div_ceil(1 << (n - 1)) > TILE {
        n += 1;
    }
    n
}

/// Writes the file. `tile(level, column, row)` gives the pixels of a tile; one is in memory at a
/// time. What lies outside of the image within a tile is never seen.
pub(crate) fn write(
    file: File,
    layout: &Layout<'_>,
    tile: impl Fn(usize, usize, usize) -> Tile,
) -> io::Result<()> {
    let mut levels: Vec<Level> = (0..n_levels(layout.width, layout.height))
        .map(|k| {
            let (width, height) = (layout.width.div_ceil(1 << k), layout.height.div_ceil(1 << k));
            let n = width.div_ceil(TILE) * height.div_ceil(TILE);
            Level { width, height, offsets: vec![0; n], lengths: vec![0; n] }
        })
        .collect();
    let mut out = BufWriter::new(file);
    let mut at = head(layout, &levels).len();
    out.write_all(&vec![0; at])?;
    let mut even: Vec<Option<Vec<u8>>> = vec![None; 256];
    // The smallest first: whoever wants an impression reads the fewest bytes.
    for (k, level) in levels.iter_mut().enumerate().rev() {
        for idx in 0..level.offsets.len() {
            let packed;
            let bytes = match tile(k, idx % level.columns(), idx / level.columns()) {
                Tile::Even(value) => {
                    let slot = &mut even[usize::from(value)];
                    if slot.is_none() {
                        *slot = Some(pack(&vec![value; TILE * TILE])?);
                    }
                    slot.as_deref().unwrap_or_default()
                }
                Tile::Pixels(pixels) => {
                    packed = pack(&pixels)?;
                    &packed
                }
            };
            let short = |n: usize| u32::try_from(n).map_err(|_| too_large());
            (level.offsets[idx], level.lengths[idx]) = (short(at + 4)?, short(bytes.len())?);
            out.write_all(&level.lengths[idx].to_le_bytes())?;
            out.write_all(bytes)?;
            out.write_all(&bytes[bytes.len() - 4..])?;
            at += bytes.len() + 8;
        }
    }
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&head(layout, &levels))?;
    out.flush()
}

fn too_large() -> io::Error {
    io::Error::other("the raster would be larger than 4 GB; survey the scene in parts")
}

fn pack(pixels: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::new(6));
    packer.write_all(pixels)?;
    packer.finish()
}

/// Everything before the pixels; as long with offsets as without.
fn head(layout: &Layout<'_>, levels: &[Level]) -> Vec<u8> {
    let mut head = b"II\x2a\0\0\0\0\0".to_vec();
    head.extend(format!("GDAL_STRUCTURAL_METADATA_SIZE={:06} bytes\n", PROMISE.len()).bytes());
    head.extend(PROMISE.bytes());
    let mut pointer = 4;
    for (k, level) in levels.iter().enumerate() {
        if head.len() % 2 == 1 {
            head.push(0);
        }
        let start = (head.len() as u32).to_le_bytes();
        head[pointer..pointer + 4].copy_from_slice(&start);
        pointer = directory(&mut head, &tags(layout, level, k == 0));
    }
    head
}

/// A tag: number, type, how many values, their bytes.
type Tag = (u16, u16, usize, Vec<u8>);

/// Writes a directory and returns where the place of the next one is to be noted.
fn directory(head: &mut Vec<u8>, tags: &[Tag]) -> usize {
    let n_bytes = 2 + 12 * tags.len() + 4;
    let mut behind = head.len() + n_bytes;
    let mut data = Vec::new();
    head.extend((tags.len() as u16).to_le_bytes());
    for (number, kind, n, bytes) in tags {
        head.extend(number.to_le_bytes());
        head.extend(kind.to_le_bytes());
        head.extend((*n as u32).to_le_bytes());
        if bytes.len() <= 4 {
            head.extend(bytes);
            head.extend(vec![0; 4 - bytes.len()]);
        } else {
            head.extend((behind as u32).to_le_bytes());
            let padded = bytes.len() + bytes.len() % 2;
            data.extend(bytes);
            data.resize(data.len() + padded - bytes.len(), 0);
            behind += padded;
        }
    }
    let pointer = head.len();
    head.extend([0; 4]);
    head.extend(data);
    pointer
}

fn tags(layout: &Layout<'_>, level: &Level, is_whole: bool) -> Vec<Tag> {
    let mut tags = vec![
        longs(254, &[u32::from(!is_whole)]),
        longs(256, &[level.width as u32]),
        longs(257, &[level.height as u32]),
        shorts(258, &[8]),
        shorts(259, &[8]), // deflate
        shorts(262, &[1]), // black is nought
        shorts(277, &[1]),
        shorts(284, &[1]),
        shorts(322, &[TILE as u16]),
        shorts(323, &[TILE as u16]),
        longs(324, &level.offsets),
        longs(325, &level.lengths),
        shorts(339, &[1]),
    ];
    if let (true, Some((affine, crs))) = (is_whole, layout.ground) {
        tags.extend(ground(affine, crs));
    }
    if is_whole {
        tags.push(ascii(42112, &facts(layout)));
    }
    tags.push(ascii(42113, &layout.no_data.to_string()));
    tags
}

fn longs(number: u16, values: &[u32]) -> Tag {
    (number, LONG, values.len(), values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn shorts(number: u16, values: &[u16]) -> Tag {
    (number, SHORT, values.len(), values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn doubles(number: u16, values: &[f64]) -> Tag {
    (number, DOUBLE, values.len(), values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn ascii(number: u16, text: &str) -> Tag {
    let bytes: Vec<u8> = text.bytes().chain([0]).collect();
    (number, ASCII, bytes.len(), bytes)
}

/// GDAL's own tag for names and values.
fn facts(layout: &Layout<'_>) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // GDAL unescapes twice.
    let escape = |text: &str| escape(&escape(text));
    let facts: String = layout
        .facts
        .iter()
        .map(|(name, value)| format!("<Item name=\"{name}\">{}</Item>", escape(value)))
        .collect();
    format!(
        "<GDALMetadata>{facts}<Item name=\"SCALE\" sample=\"0\" role=\"scale\">{}</Item>\
         <Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">probability</Item>\
         </GDALMetadata>",
        layout.scale
    )
}

/// Where it lies: the shift and scale of its pixels, or the matrix where it is turned, and the keys
/// of its projection.
fn ground([a, b, c, d, e, f]: [f64; 6], crs: &Crs) -> Vec<Tag> {
    let mut tags = if b == 0.0 && d == 0.0 && a > 0.0 && e < 0.0 {
        vec![doubles(33550, &[a, -e, 0.0]), doubles(33922, &[0.0, 0.0, 0.0, c, f, 0.0])]
    } else {
        let matrix = [a, b, 0.0, c, d, e, 0.0, f, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        vec![doubles(34264, &matrix)]
    };
    let mut keys = Keys::default();
    keys.short(1024, if crs.is_geographic { 2 } else { 1 });
    keys.short(1025, 1); // a pixel is an area
    let (system, citation) = if crs.is_geographic { (2048, 2049) } else { (3072, 3073) };
    keys.text(citation, &crs.name);
    match crs.epsg.and_then(|code| u16::try_from(code).ok()) {
        Some(code) => keys.short(system, code),
        None => keys.own_system(crs),
    }
    tags.extend(keys.tags());
    tags
}

/// The keys of a projection: number, where the value is, how long it is, where in there.
#[derive(Default)]
struct Keys {
    directory: Vec<[u16; 4]>,
    doubles: Vec<f64>,
    text: String,
}

/// A value that no list of codes holds.
const USER_DEFINED: u16 = 32767;

impl Keys {
    fn short(&mut self, key: u16, value: u16) {
        self.directory.push([key, 0, 1, value]);
    }

    fn doubles(&mut self, key: u16, values: &[f64]) {
        self.directory.push([key, 34736, values.len() as u16, self.doubles.len() as u16]);
        self.doubles.extend(values);
    }

    fn text(&mut self, key: u16, text: &str) {
        let start = self.text.len() as u16;
        self.text += &text.replace('|', "/");
        self.text.push('|');
        self.directory.push([key, 34737, self.text.len() as u16 - start, start]);
    }

    /// A system that EPSG does not list, by its ellipsoid and its projection's parameters.
    fn own_system(&mut self, crs: &Crs) {
        self.short(2048, USER_DEFINED);
        self.short(2050, USER_DEFINED);
        self.short(2051, 8901); // Greenwich
        self.short(2054, 9102); // degrees
        self.short(2056, USER_DEFINED);
        self.doubles(2057, &[crs.earth.a]);
        self.doubles(2059, &[crs.earth.inverse_flattening]);
        if !crs.earth.shift.is_empty() {
            self.doubles(2062, &crs.earth.shift);
        }
        if !crs.is_geographic {
            self.short(3072, USER_DEFINED);
            self.short(3074, USER_DEFINED);
            self.short(3075, crs.method);
            self.short(3076, 9001); // metres
            for (key, value) in &crs.parameters {
                self.doubles(*key, &[*value]);
            }
        }
    }

    fn tags(mut self) -> Vec<Tag> {
        self.directory.sort_unstable();
        let head = [1, 1, 0, self.directory.len() as u16];
        let directory: Vec<u16> =
            head.into_iter().chain(self.directory.into_iter().flatten()).collect();
        let mut tags = vec![shorts(34735, &directory)];
        if !self.doubles.is_empty() {
            tags.push(doubles(34736, &self.doubles));
        }
        tags.push(ascii(34737, &self.text));
        tags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overviews_go_on_until_one_tile_holds_all() {
        assert_eq!(n_levels(512, 1), 1);
        assert_eq!(n_levels(513, 1), 2);
        assert_eq!(n_levels(73_000, 70_000), 9);
    }

    #[test]
    fn the_head_is_as_long_with_offsets_as_without() {
        let layout = Layout {
            width: 1000,
            height: 700,
            no_data: 255,
            scale: 0.004,
            facts: vec![],
            ground: None,
        };
        let level =
            |n| Level { width: 1000, height: 700, offsets: vec![n; 4], lengths: vec![n; 4] };
        assert_eq!(head(&layout, &[level(0)]).len(), head(&layout, &[level(77)]).len());
    }
}
