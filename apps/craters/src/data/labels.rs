//! Readers of label sets: what each file holds is told by its content. The only module that knows
//! how others write down their craters. Reads positions; the images are read by [`Scene`].
//!
//! Known: boxes as CSV or TSV (`X, Y, W, H`), our own CSV (`x_px, y_px, diameter_px`), YOLO text
//! (`class x y w h` in shares of the image), masks (connected regions of a TIFF or PNG), points of
//! GeoJSON with a diameter.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use super::{Band, Georeference, Scene, Window};
use crate::Error;
use crate::error::Result;
use crate::evaluate::Label;
use crate::raster::Raster;

/// What must be known of the image to read its labels.
#[derive(Debug, Clone, Default)]
pub struct Ground {
    /// Pixels in a row and rows.
    pub size: [usize; 2],
    /// Where it lies; asked for by GeoJSON only.
    pub georeference: Option<Georeference>,
    /// Metres a pixel; asked for by GeoJSON only.
    pub gsd_m: Option<f64>,
}

impl Ground {
    /// That of a scene.
    pub fn of(scene: &Scene) -> Self {
        let size = [scene.width, scene.height];
        Self { size, georeference: scene.georeference.clone(), gsd_m: scene.gsd_m }
    }
}

/// The labels of a file, in pixel positions of its image.
///
/// # Errors
/// Names the line of a table that cannot be read, and says what a file should hold that is none of
/// the known kinds.
pub fn read(path: &Path, ground: &Ground) -> Result<Vec<Label>> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.into(), source })?;
    of_bytes(&bytes, path, ground)
}

/// As [`read`], of a file that is in memory.
pub fn of_bytes(bytes: &[u8], path: &Path, ground: &Ground) -> Result<Vec<Label>> {
    if bytes.starts_with(b"II") || bytes.starts_with(b"MM") || bytes.starts_with(b"\x89PNG") {
        return Ok(regions(&mask(bytes, path)?));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| unknown(path))?;
    let text = text.trim_start_matches('\u{feff}');
    let first = text.trim_start().chars().next();
    match first {
        None => Ok(Vec::new()),
        Some('{') => geojson(text, path, ground),
        Some(c) if c.is_ascii_digit() || c == '-' || c == '.' => yolo(text, path, ground),
        Some(_) => table(text, path),
    }
}

fn unknown(path: &Path) -> Error {
    Error::input(
        path,
        None,
        "no labels of a known kind",
        "give CSV with x_px,y_px,diameter_px or X,Y,W,H, YOLO text, a mask, or GeoJSON points",
    )
}

/// Boxes, or centres and diameters, by the names of the columns.
fn table(text: &str, path: &Path) -> Result<Vec<Label>> {
    let head = text.lines().next().unwrap_or_default();
    let delimiter = [b'\t', b';', b','].into_iter().find(|of| head.as_bytes().contains(of));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let names: Vec<String> = match reader.headers() {
        Ok(names) => names.iter().map(str::to_lowercase).collect(),
        Err(_) => return Err(unknown(path)),
    };
    let column = |name: &str| names.iter().position(|of| of == name);
    let of_circle = [column("x_px"), column("y_px"), column("diameter_px")];
    let of_box = [column("x"), column("y"), column("w"), column("h")];
    let mut labels = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map(csv::Position::line);
            Error::input(path, line, format!("{error}"), "give each row every column")
        })?;
        let line = record.position().map(csv::Position::line);
        let number = |at: usize| number(record.get(at).unwrap_or_default(), path, line);
        labels.push(if let [Some(x), Some(y), Some(d)] = of_circle {
            label(number(x)?, number(y)?, number(d)?, path, line)?
        } else if let [Some(x), Some(y), Some(w), Some(h)] = of_box {
            let (w, h) = (number(w)?, number(h)?);
            label(number(x)? + w / 2.0, number(y)? + h / 2.0, (w + h) / 2.0, path, line)?
        } else {
            return Err(unknown(path));
        });
    }
    Ok(labels)
}

fn number(text: &str, path: &Path, line: Option<u64>) -> Result<f64> {
    text.parse().ok().filter(|of: &f64| of.is_finite()).ok_or_else(|| {
        Error::input(path, line, format!("`{text}` is no number"), "mend or remove the row")
    })
}

fn label(x: f64, y: f64, diameter: f64, path: &Path, line: Option<u64>) -> Result<Label> {
    if !(diameter > 0.0) {
        let what = format!("a diameter of {diameter}");
        return Err(Error::input(path, line, what, "mend or remove the row"));
    }
    Ok(Label { x, y, radius_px: diameter / 2.0 })
}

/// `class x y w h`, centre and size in shares of the image.
fn yolo(text: &str, path: &Path, ground: &Ground) -> Result<Vec<Label>> {
    let [width, height] = ground.size.map(|of| of as f64);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(at, line): (usize, &str)| {
        let line_no = Some(at as u64 + 1);
        let fields: Vec<f64> = line
            .split_whitespace()
            .map(|field| number(field, path, line_no))
            .collect::<Result<_>>()?;
        match fields[..] {
            [_, x, y, w, h] if [x, y, w, h].iter().all(|of| (0.0..=1.0).contains(of)) => {
                let diameter = (w * width + h * height) / 2.0;
                label(x * width, y * height, diameter, path, line_no)
            }
            _ => {
                let what = "not `class x y w h` in shares of the image";
                Err(Error::input(path, line_no, what, "YOLO's numbers lie between 0 and 1"))
            }
        }
    };
    lines.map(read).collect()
}

/// Points with `diameter_m` (or `diam_m`, `diameter`) on the ground.
fn geojson(text: &str, path: &Path, ground: &Ground) -> Result<Vec<Label>> {
    let no = |what: &str, hint: &str| Error::input(path, None, what, hint);
    let root: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| Error::input(path, error.line() as u64, format!("{error}"), "mend it"))?;
    let Some(features) = root["features"].as_array() else {
        return Err(no("GeoJSON without features", "give a FeatureCollection of points"));
    };
    let (Some(place), Some(gsd)) = (&ground.georeference, ground.gsd_m) else {
        let hint = "give labels in pixels (x_px,y_px,diameter_px)";
        return Err(no("points on the ground, but the image has no place", hint));
    };
    let projection = place.projection()?;
    let read = |feature: &serde_json::Value| {
        let point = &feature["geometry"]["coordinates"];
        let names = ["diameter_m", "diam_m", "diameter"];
        let diameter = names.iter().find_map(|name| feature["properties"][*name].as_f64());
        let (Some(lon), Some(lat), Some(diameter)) =
            (point[0].as_f64(), point[1].as_f64(), diameter)
        else {
            let hint = "each feature needs a point and a property diameter_m";
            return Err(no("a feature that is no point with a diameter", hint));
        };
        let Some([east, north]) = projection.from_lon_lat(lon, lat) else {
            let hint = "GeoJSON holds longitude, then latitude, in degrees";
            return Err(no("a point that the image's projection cannot show", hint));
        };
        let (x, y) = place.pixel(east, north);
        label(x, y, diameter / gsd, path, None)
    };
    features.iter().map(read).collect()
}

fn mask(bytes: &[u8], path: &Path) -> Result<Raster> {
    if bytes.starts_with(b"\x89PNG") {
        let bad =
            |error| Error::input(path, None, format!("{error}"), "give a mask as TIFF or PNG");
        let grey = image::load_from_memory(bytes).map_err(bad)?.to_luma32f();
        let (width, height) = (grey.width() as usize, grey.height() as usize);
        return Ok(Raster { width, height, values: grey.into_raw() });
    }
    planes(bytes, path)?.into_iter().next().ok_or_else(|| unknown(path))
}

/// The planes of a small TIFF in memory.
fn planes(bytes: &[u8], path: &Path) -> Result<Vec<Raster>> {
    use tiff::decoder::{Decoder, DecodingResult};
    let bad =
        |error| Error::input(path, None, format!("{error}"), "give a TIFF of one kind of number");
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(bad)?;
    let (width, height) = decoder.dimensions().map_err(bad)?;
    let (width, height) = (width as usize, height as usize);
    let values: Vec<f32> = match decoder.read_image().map_err(bad)? {
        DecodingResult::U8(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::U16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::I16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::F32(values) => values,
        _ => return Err(unknown(path)),
    };
    let n = values.len() / (width * height).max(1);
    let plane = |band: usize| values.iter().skip(band).step_by(n).copied().collect();
    Ok((0..n).map(|band| Raster { width, height, values: plane(band) }).collect())
}

/// The connected regions (eight neighbours) of a mask's values above zero, each as the circle of
/// its area round its centre of gravity.
pub fn regions(mask: &Raster) -> Vec<Label> {
    pixels_of_regions(mask).iter().map(|region| circle_of(region, mask.width)).collect()
}

fn circle_of(region: &[usize], width: usize) -> Label {
    let n = region.len() as f64;
    let mean =
        |of: &dyn Fn(usize) -> usize| region.iter().map(|at| of(*at) as f64 + 0.5).sum::<f64>() / n;
    let radius_px = (n / std::f64::consts::PI).sqrt();
    Label { x: mean(&|at| at % width), y: mean(&|at| at / width), radius_px }
}

/// Marks of one size: regions of about so many pixels stand alone; larger ones are taken apart
/// into marks that touch, each where the disc of that size covers most of what is left.
pub fn marks(mask: &Raster, pixels: f64) -> (Vec<Label>, Vec<Label>) {
    let (mut alone, mut touching) = (Vec::new(), Vec::new());
    for region in pixels_of_regions(mask) {
        if (region.len() as f64) < 1.35 * pixels {
            alone.push(circle_of(&region, mask.width));
        } else {
            touching.extend(discs(region, mask.width, (pixels / std::f64::consts::PI).sqrt()));
        }
    }
    (alone, touching)
}

fn discs(mut left: Vec<usize>, width: usize, radius_px: f64) -> Vec<Label> {
    let corners: Vec<(f64, f64)> = left
        .iter()
        .flat_map(|at| {
            let (x, y) = ((at % width) as f64, (at / width) as f64);
            [(x + 0.5, y + 0.5), (x + 1.0, y + 1.0)]
        })
        .collect();
    let is_covered = |at: usize, (x, y): (f64, f64)| {
        ((at % width) as f64 + 0.5 - x).hypot((at / width) as f64 + 0.5 - y) <= radius_px + 0.2
    };
    let mut discs = Vec::new();
    loop {
        let cover = |of: &(f64, f64)| left.iter().filter(|at| is_covered(**at, *of)).count();
        let best =
            corners.iter().map(|of| (cover(of), *of)).reduce(|a, b| if b.0 > a.0 { b } else { a });
        let Some((n, (x, y))) = best else { break };
        // What is left of less than half a disc is the ragged edge of others.
        if (n as f64) < 0.5 * std::f64::consts::PI * radius_px * radius_px {
            break;
        }
        left.retain(|at| !is_covered(*at, (x, y)));
        discs.push(Label { x, y, radius_px });
    }
    discs
}

fn pixels_of_regions(mask: &Raster) -> Vec<Vec<usize>> {
    let mut is_seen = vec![false; mask.values.len()];
    let mut regions = Vec::new();
    for start in 0..mask.values.len() {
        if is_seen[start] || !(mask.values[start] > 0.0) {
            continue;
        }
        is_seen[start] = true;
        let (mut open, mut region) = (vec![start], vec![start]);
        while let Some(at) = open.pop() {
            let (x, y) = (at % mask.width, at / mask.width);
            for row in y.saturating_sub(1)..=(y + 1).min(mask.height - 1) {
                for column in x.saturating_sub(1)..=(x + 1).min(mask.width - 1) {
                    let next = row * mask.width + column;
                    if !is_seen[next] && mask.values[next] > 0.0 {
                        is_seen[next] = true;
                        open.push(next);
                        region.push(next);
                    }
                }
            }
        }
        regions.push(region);
    }
    regions
}

/// A chip of a training set with its labels.
#[derive(Debug, Clone)]
pub struct Chip {
    /// Name of its file.
    pub name: String,
    /// Its pixels.
    pub window: Window,
    /// Its mask.
    pub mask: Raster,
}

/// The chips of a ZIP with a folder `images` and a folder `masks` of TIFFs of the same names.
/// `bands` are those of the chips, in their order.
///
/// # Errors
/// Where the file is no such ZIP.
pub fn chips(path: &Path, bands: &[Band]) -> Result<Vec<Chip>> {
    let file =
        std::fs::File::open(path).map_err(|source| Error::Io { path: path.into(), source })?;
    let bad = |error: zip::result::ZipError| {
        Error::input(path, None, format!("{error}"), "give a ZIP with `images` and `masks`")
    };
    let mut zip = zip::ZipArchive::new(file).map_err(bad)?;
    let mut names: Vec<String> = zip
        .file_names()
        .filter_map(|of| of.ok().map(|of| of.into_owned()))
        .filter(|of| of.contains("images/") && of.ends_with(".tif"))
        .collect();
    names.sort();
    let mut bytes = |name: &str| -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut file = zip.by_name(name).map_err(bad)?;
        file.read_to_end(&mut bytes).map_err(|source| Error::Io { path: path.into(), source })?;
        Ok(bytes)
    };
    let chip = |name: &String| {
        let inside = |of: &str| PathBuf::from(format!("{}:{of}", path.display()));
        let planes = planes(&bytes(name)?, &inside(name))?;
        let of_mask = name.replacen("images/", "masks/", 1);
        let mask = mask(&bytes(&of_mask)?, &inside(&of_mask))?;
        let window = Window { x0: 0, y0: 0, bands: bands.iter().copied().zip(planes).collect() };
        Ok(Chip { name: name.clone(), window, mask })
    };
    names.iter().map(chip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Label>> {
        let ground = Ground { size: [200, 100], ..Ground::default() };
        of_bytes(text.as_bytes(), Path::new("labels"), &ground)
    }

    fn circle(x: f64, y: f64, radius_px: f64) -> Label {
        Label { x, y, radius_px }
    }

    #[test]
    fn boxes_are_read_with_commas_or_tabs() {
        let comma = "ID,X,Y,W,H,C_X,CY\n3,10,20,8,8,14,24\n";
        assert_eq!(read(comma).unwrap(), [circle(14.0, 24.0, 4.0)]);
        assert_eq!(read(&comma.replace(',', "\t")).unwrap(), [circle(14.0, 24.0, 4.0)]);
    }

    #[test]
    fn our_own_table_holds_centres_and_diameters_in_any_order() {
        let text = "who,diameter_px,x_px,y_px\nana,9,1.5,2.5\n";
        assert_eq!(read(text).unwrap(), [circle(1.5, 2.5, 4.5)]);
    }

    #[test]
    fn yolo_counts_in_shares_of_the_image() {
        assert_eq!(read("1 0.5 0.5 0.05 0.1\n").unwrap(), [circle(100.0, 50.0, 5.0)]);
        let error = read("1 0.5 0.5 0.05 0.1\n1 3 0.5 0.1 0.1\n").unwrap_err().to_string();
        assert!(error.starts_with("labels:2: not `class x y w h`"), "{error}");
    }

    #[test]
    fn a_row_that_cannot_be_read_is_named() {
        let error = read("x_px,y_px,diameter_px\n1,2,3\n1,two,3\n").unwrap_err().to_string();
        assert!(error.starts_with("labels:3: `two` is no number"), "{error}");
        let error = read("x_px,y_px,diameter_px\n1,2,0\n").unwrap_err().to_string();
        assert!(error.starts_with("labels:2: a diameter of 0"), "{error}");
        assert!(read("name,colour\na,red\n").unwrap_err().to_string().contains("known kind"));
    }

    #[test]
    fn a_file_without_text_holds_no_craters() {
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn touching_pixels_of_a_mask_are_one_crater() {
        let mut mask = Raster::filled(6, 3, 0.0);
        for at in [0, 7, 4, 5] {
            mask.values[at] = 1.0;
        }
        let r = (2.0 / std::f64::consts::PI).sqrt();
        assert_eq!(regions(&mask), [circle(1.0, 1.0, r), circle(5.0, 0.5, r)]);
    }

    #[test]
    fn points_on_the_ground_become_pixels() {
        let georeference = Georeference {
            affine: [0.001, 0.0, 30.0, 0.0, -0.001, 50.0],
            epsg: Some(4326),
            proj: "+proj=longlat +datum=WGS84".to_owned(),
        };
        let ground =
            Ground { size: [100, 100], georeference: Some(georeference), gsd_m: Some(2.0) };
        let text = r#"{"type":"FeatureCollection","features":[{"type":"Feature",
            "properties":{"diameter_m":12},
            "geometry":{"type":"Point","coordinates":[30.01,49.98]}}]}"#;
        let labels = of_bytes(text.as_bytes(), Path::new("points.geojson"), &ground).unwrap();
        assert!((labels[0].x - 10.0).abs() < 1e-6 && (labels[0].y - 20.0).abs() < 1e-6);
        assert_eq!(labels[0].radius_px, 3.0);
        assert!(of_bytes(text.as_bytes(), Path::new("p"), &Ground::default()).is_err());
    }
}
