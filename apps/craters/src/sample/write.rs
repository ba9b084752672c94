//! A synthetic scene as files: image, sun, truth and bombing records, each of which says that it
//! is synthetic. Its place is open sea, so that nobody takes it for a village.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use proj4rs::Proj;
use rayon::prelude::*;
use serde_json::{Value, json};
use tiff::encoder::{DirectoryEncoder, TiffEncoder, TiffKind};
use tiff::tags::Tag;

use super::{BLOCK, Plan};
use crate::raster::Raster;
use crate::{Error, error::Result};

/// Upper left corner in UTM zone 48 north: the South China Sea, 250 km from any coast.
pub const CORNER_M: [f64; 2] = [700_000.0, 700_000.0];
/// EPSG code of the scene's projection.
pub const EPSG: u16 = 32648;

const PROJECTION: &str = "+proj=utm +zone=48 +datum=WGS84 +units=m +no_defs";
const NOTE: &str = "synthetic scene made by a program; not a photograph, not a real place";
/// GDAL's tag for metadata as XML.
const GDAL_METADATA: u16 = 42112;
/// Pixels in a row of a tile of the file.
const TILE: usize = 256;
/// A classic TIFF counts its bytes in 32 bits.
const LARGEST_CLASSIC: u64 = 4_000_000_000;
/// The four bands of the file in the window's order, after the panchromatic one.
const NAMES: [&str; 4] = ["Blue", "Green", "Red", "NIR"];

/// The files of a scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Four bands, 16 bits: blue, green, red, near infrared.
    pub image: PathBuf,
    /// Where the sun stands, as a vendor writes it.
    pub sun: PathBuf,
    /// Every crater: `id, x_px, y_px, diameter_px, diameter_m, age, fill`.
    pub truth: PathBuf,
    /// The same with longitude and latitude.
    pub truth_geojson: PathBuf,
    /// Things that look like craters and are none.
    pub look_alikes: PathBuf,
    /// What was written down of the raids, with errors of position.
    pub records: PathBuf,
    /// Every bomb where it truly fell, and whether it exploded.
    pub bombs: PathBuf,
    /// Law, seed, size and sun.
    pub about: PathBuf,
}

impl Plan {
    /// Draws the scene and writes it and all that is true of it to a folder, which is made where
    /// it is absent. Memory does not grow with the scene but by one row of its squares.
    pub fn write(&self, folder: &Path) -> Result<Files> {
        std::fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
        let at = |name: &str| folder.join(name);
        let files = Files {
            image: at("scene.tif"),
            sun: at("scene.IMD"),
            truth: at("truth.csv"),
            truth_geojson: at("truth.geojson"),
            look_alikes: at("look_alikes.csv"),
            records: at("records.csv"),
            bombs: at("bombs.csv"),
            about: at("synthetic.json"),
        };
        self.write_image(&files.image)?;
        put(&files.sun, &self.imd())?;
        put(&files.truth, &self.truth_csv())?;
        put(&files.truth_geojson, &self.truth_geojson().to_string())?;
        put(&files.look_alikes, &self.look_alikes_csv())?;
        put(&files.records, &self.records_csv())?;
        put(&files.bombs, &self.bombs_csv())?;
        put(&files.about, &format!("{:#}\n", self.about()))?;
        Ok(files)
    }

    /// Longitude and latitude of a position in pixels.
    pub fn lon_lat(&self, x: f64, y: f64) -> [f64; 2] {
        let mut place = (CORNER_M[0] + x * self.gsd_m, CORNER_M[1] - y * self.gsd_m, 0.0);
        let moved = Proj::from_proj_string(PROJECTION).and_then(|utm| {
            let geographic = Proj::from_proj_string("+proj=longlat +datum=WGS84 +no_defs")?;
            proj4rs::transform::transform(&utm, &geographic, &mut place)
        });
        if moved.is_err() {
            return [f64::NAN; 2];
        }
        [place.0.to_degrees(), place.1.to_degrees()]
    }

    fn imd(&self) -> String {
        let elevation = self.sun.elevation_deg.unwrap_or(f64::NAN);
        let size = self.size_px;
        let bands: String = ["BAND_B", "BAND_G", "BAND_R", "BAND_N"]
            .iter()
            .map(|band| format!("BEGIN_GROUP = {band}\nEND_GROUP = {band}\n"))
            .collect();
        format!(
            "version = \"R\";\nproductLevel = \"synthetic\";\nbandId = \"Multi\";\n\
             numRows = {size};\nnumColumns = {size};\nbitsPerPixel = 16;\n{bands}\
             BEGIN_GROUP = IMAGE_1\n\tsatId = \"synthetic\";\n\tmeanProductGSD = {gsd:.3};\n\
             \tmeanSunAz = {azimuth:.1};\n\tmeanSunEl = {elevation:.1};\n\
             END_GROUP = IMAGE_1\nEND;\n",
            gsd = self.gsd_m,
            azimuth = self.sun.azimuth_deg,
        )
    }

    fn truth_csv(&self) -> String {
        let mut text = "id,x_px,y_px,diameter_px,diameter_m,age,fill,synthetic\n".to_owned();
        for (k, crater) in self.craters.iter().enumerate() {
            let diameter_px = 2.0 * crater.radius_px;
            text += &format!(
                "{},{:.2},{:.2},{diameter_px:.2},{:.2},{:.3},{},true\n",
                k + 1,
                crater.x,
                crater.y,
                diameter_px * self.gsd_m,
                crater.age,
                word(&json!(crater.fill)),
            );
        }
        text
    }

    fn truth_geojson(&self) -> Value {
        let features: Vec<Value> = (1..)
            .zip(&self.craters)
            .map(|(id, crater)| {
                json!({
                    "type": "Feature",
                    "id": id,
                    "geometry": {"type": "Point", "coordinates": self.lon_lat(crater.x, crater.y)},
                    "properties": {
                        "diameter_m": 2.0 * crater.radius_px * self.gsd_m,
                        "age": crater.age,
                        "fill": crater.fill,
                        "synthetic": true,
                    },
                })
            })
            .collect();
        json!({"type": "FeatureCollection", "name": NOTE, "features": features})
    }

    fn look_alikes_csv(&self) -> String {
        let mut text = "x_px,y_px,diameter_px,kind,synthetic\n".to_owned();
        for thing in self.look_alikes() {
            let kind = json!(thing.kind);
            let diameter_px = 2.0 * thing.radius_px;
            text +=
                &format!("{:.2},{:.2},{diameter_px:.2},{},true\n", thing.x, thing.y, word(&kind));
        }
        text
    }

    /// One row a raid. Heading and spacing are left out: most real records lack them.
    fn records_csv(&self) -> String {
        let mut text = "mission,date,lon,lat,n_bombs,kind,error_m,synthetic\n".to_owned();
        let error_m = self.law.parameters().record_error_m;
        let first = jiff::civil::date(1970, 5, 1);
        for (k, raid) in self.raids.iter().enumerate() {
            let [lon, lat] = self.lon_lat(raid.recorded[0], raid.recorded[1]);
            let day = first.saturating_add(jiff::Span::new().days(i64::from(raid.day)));
            text += &format!(
                "synthetic-{},{day},{lon:.6},{lat:.6},{},general-purpose,{error_m},true\n",
                k + 1,
                raid.recorded_bombs,
            );
        }
        text
    }

    fn bombs_csv(&self) -> String {
        let mut text = "mission,x_px,y_px,lon,lat,is_dud,synthetic\n".to_owned();
        for (k, raid) in self.raids.iter().enumerate() {
            for bomb in &raid.bombs {
                let [lon, lat] = self.lon_lat(bomb.x, bomb.y);
                text += &format!(
                    "synthetic-{},{:.2},{:.2},{lon:.6},{lat:.6},{},true\n",
                    k + 1,
                    bomb.x,
                    bomb.y,
                    bomb.is_dud,
                );
            }
        }
        text
    }

    fn about(&self) -> Value {
        let duds = self.raids.iter().flat_map(|raid| &raid.bombs).filter(|bomb| bomb.is_dud);
        json!({
            "synthetic": true,
            "note": NOTE,
            "law": self.law,
            "seed": self.seed,
            "size_px": self.size_px,
            "gsd_m": self.gsd_m,
            "sun": self.sun,
            "craters": self.craters.len(),
            "bombs": self.raids.iter().map(|raid| raid.bombs.len()).sum::<usize>(),
            "duds": duds.count(),
        })
    }

    fn write_image(&self, path: &Path) -> Result<()> {
        let file = BufWriter::new(File::create(path).map_err(|source| failed(path, source))?);
        let n_bytes = (self.size_px as u64).pow(2) * 8;
        let written = if n_bytes < LARGEST_CLASSIC {
            TiffEncoder::new(file).and_then(|encoder| self.encode(encoder))
        } else {
            TiffEncoder::new_big(file).and_then(|encoder| self.encode(encoder))
        };
        written.map_err(|error| failed(path, std::io::Error::other(error)))
    }

    fn encode<W: Write + Seek, K: TiffKind>(
        &self,
        mut encoder: TiffEncoder<W, K>,
    ) -> tiff::TiffResult<()> {
        let mut directory = encoder.image_directory()?;
        let n_tiles = self.size_px.div_ceil(TILE);
        let mut offsets = vec![0; n_tiles * n_tiles];
        let n_blocks = self.size_px.div_ceil(BLOCK);
        for block_row in 0..n_blocks {
            let drawn: Vec<[Raster; 5]> =
                (0..n_blocks).into_par_iter().map(|column| self.block(column, block_row)).collect();
            for (block_column, block) in drawn.iter().enumerate() {
                for (i, j) in (0..2).flat_map(|j| (0..2).map(move |i| (i, j))) {
                    let (column, row) = (2 * block_column + i, 2 * block_row + j);
                    if column < n_tiles && row < n_tiles {
                        let tile = self.tile(block, [i, j], [column, row]);
                        offsets[row * n_tiles + column] = directory.write_data(&tile[..])?;
                    }
                }
            }
        }
        let offsets: Vec<K::OffsetType> =
            offsets.into_iter().map(K::convert_offset).collect::<tiff::TiffResult<_>>()?;
        directory.write_tag(Tag::TileOffsets, K::convert_slice(&offsets))?;
        self.tags(&mut directory)?;
        directory.finish()
    }

    /// The values of a tile, pixel by pixel; nought beyond the edge of the scene.
    fn tile(&self, block: &[Raster; 5], part: [usize; 2], tile: [usize; 2]) -> Vec<u16> {
        let mut values = vec![0; TILE * TILE * 4];
        let n = [0, 1].map(|k| TILE.min(self.size_px - tile[k] * TILE));
        for row in 0..n[1] {
            for column in 0..n[0] {
                let from = (part[1] * TILE + row) * BLOCK + part[0] * TILE + column;
                let to = 4 * (row * TILE + column);
                for band in 0..4 {
                    values[to + band] = block[1 + band].values[from] as u16;
                }
            }
        }
        values
    }

    fn tags<W: Write + Seek, K: TiffKind>(
        &self,
        directory: &mut DirectoryEncoder<'_, W, K>,
    ) -> tiff::TiffResult<()> {
        let size = self.size_px as u32;
        let n_tiles = self.size_px.div_ceil(TILE).pow(2);
        directory.write_tag(Tag::ImageWidth, size)?;
        directory.write_tag(Tag::ImageLength, size)?;
        directory.write_tag(Tag::BitsPerSample, &[16_u16; 4][..])?;
        directory.write_tag(Tag::Compression, 1_u16)?;
        directory.write_tag(Tag::PhotometricInterpretation, 1_u16)?;
        directory.write_tag(Tag::ImageDescription, NOTE)?;
        directory.write_tag(Tag::SamplesPerPixel, 4_u16)?;
        directory.write_tag(Tag::ExtraSamples, &[0_u16; 3][..])?;
        directory.write_tag(Tag::SampleFormat, &[1_u16; 4][..])?;
        directory.write_tag(Tag::PlanarConfiguration, 1_u16)?;
        directory.write_tag(Tag::TileWidth, TILE as u32)?;
        directory.write_tag(Tag::TileLength, TILE as u32)?;
        let n_bytes = (TILE * TILE * 8) as u32;
        directory.write_tag(Tag::TileByteCounts, &vec![n_bytes; n_tiles][..])?;
        directory.write_tag(Tag::ModelPixelScaleTag, &[self.gsd_m, self.gsd_m, 0.0][..])?;
        let tie = [0.0, 0.0, 0.0, CORNER_M[0], CORNER_M[1], 0.0];
        directory.write_tag(Tag::ModelTiepointTag, &tie[..])?;
        directory.write_tag(Tag::GeoKeyDirectoryTag, &geo_keys()[..])?;
        directory.write_tag(Tag::Unknown(GDAL_METADATA), metadata().as_str())
    }
}

/// GeoTIFF 1.1: a projected system of pixels that are areas.
fn geo_keys() -> [u16; 16] {
    let keys = [[1024, 0, 1, 1], [1025, 0, 1, 1], [3072, 0, 1, EPSG]];
    let mut found = [0; 16];
    found[..4].copy_from_slice(&[1, 1, 1, keys.len() as u16]);
    for (slot, key) in found[4..].chunks_exact_mut(4).zip(keys) {
        slot.copy_from_slice(&key);
    }
    found
}

/// What GDAL shows of a file: that it is synthetic, and the bands' names.
fn metadata() -> String {
    let bands: String = (0..)
        .zip(NAMES)
        .map(|(k, name)| {
            format!("<Item name=\"DESCRIPTION\" sample=\"{k}\" role=\"description\">{name}</Item>")
        })
        .collect();
    format!("<GDALMetadata><Item name=\"SYNTHETIC\">{NOTE}</Item>{bands}</GDALMetadata>")
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn put(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|source| failed(path, source))
}

fn failed(path: &Path, source: std::io::Error) -> Error {
    Error::Write { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Band, Scene, SceneOptions};
    use crate::sample::{Law, scene};

    #[test]
    fn a_written_scene_is_read_back_pixel_by_pixel() {
        let folder = tempfile::tempdir().unwrap();
        let files = Plan::new(Law::Training, 600, 1).write(folder.path()).unwrap();
        let opened = Scene::open(&files.image, &SceneOptions::default()).unwrap();
        assert_eq!((opened.width, opened.height), (600, 600));
        assert_eq!(opened.bands, [Band::Blue, Band::Green, Band::Red, Band::Nir]);
        let read = opened.window(0, 0, 600, 600).unwrap();
        let drawn = scene(Law::Training, 600, 1);
        for band in opened.bands {
            assert_eq!(read.band(band), drawn.window.band(band), "{band:?}");
        }
    }

    #[test]
    fn every_file_says_that_it_is_synthetic() {
        let folder = tempfile::tempdir().unwrap();
        Plan::new(Law::Test, 300, 1).write(folder.path()).unwrap();
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            assert!(bytes.windows(9).any(|word| word == b"synthetic"), "{}", path.display());
            names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
        names.sort();
        let expected = [
            "bombs.csv",
            "look_alikes.csv",
            "records.csv",
            "scene.IMD",
            "scene.tif",
            "synthetic.json",
            "truth.csv",
            "truth.geojson",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn bombs_are_craters_duds_or_outside() {
        let plan = Plan::new(Law::Training, 2048, 1);
        let bombs: Vec<_> = plan.raids.iter().flat_map(|raid| &raid.bombs).collect();
        let is_inside = |x: f64| (0.0..2048.0).contains(&x);
        let n_exploded = bombs
            .iter()
            .filter(|bomb| !bomb.is_dud && is_inside(bomb.x) && is_inside(bomb.y))
            .count();
        assert_eq!(n_exploded, plan.craters.len());
    }

    #[test]
    fn the_corner_lies_in_the_south_china_sea() {
        let [lon, lat] = Plan::new(Law::Training, 300, 1).lon_lat(0.0, 0.0);
        assert!((lon - 106.808).abs() < 0.01 && (lat - 6.330).abs() < 0.01, "{lon} {lat}");
    }
}
