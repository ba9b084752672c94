mod bad_input;
mod large;
mod tiny;

use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

/// Public images beside the workspace; `None` where they are not there.
fn sample(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/craters");
    let path = root.join("geotiff_samples").join(name);
    if !path.exists() {
        eprintln!("skipped: {} is not here", path.display());
        return None;
    }
    Some(path)
}

/// Runs one of GDAL's programs; `false` where it is not installed.
fn gdal(program: &str, args: &[&str], files: [&Path; 2]) -> bool {
    let Ok(output) = Command::new(program).args(args).args(files).output() else {
        eprintln!("skipped: {program} is not installed");
        return false;
    };
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {err}");
    true
}

fn open(path: &Path) -> Scene {
    Scene::open(path, &SceneOptions::default()).unwrap()
}

fn whole(scene: &Scene) -> Window {
    scene.window(0, 0, scene.width, scene.height).unwrap()
}

/// Number of values with data and their mean.
fn mean(raster: &Raster) -> (usize, f64) {
    let values: Vec<f64> =
        raster.values.iter().filter(|v| !v.is_nan()).map(|v| f64::from(*v)).collect();
    (values.len(), values.iter().sum::<f64>() / values.len() as f64)
}

#[test]
fn a_window_is_the_same_however_the_file_is_packed() {
    let packings: [&[&str]; 12] = [
        &["-co", "COMPRESS=NONE"],
        &["-co", "COMPRESS=NONE", "-co", "BLOCKYSIZE=1"],
        &["-co", "COMPRESS=LZW", "-co", "BLOCKYSIZE=1"],
        &["-co", "COMPRESS=LZW", "-co", "PREDICTOR=2"],
        &[
            "-co",
            "COMPRESS=DEFLATE",
            "-co",
            "TILED=YES",
            "-co",
            "BLOCKXSIZE=64",
            "-co",
            "BLOCKYSIZE=48",
        ],
        &["-co", "COMPRESS=DEFLATE", "-co", "PREDICTOR=2", "-co", "INTERLEAVE=BAND"],
        &["-co", "COMPRESS=PACKBITS", "-co", "TILED=YES"],
        &["-co", "TILED=YES", "-co", "BIGTIFF=YES"],
        &["-co", "ENDIANNESS=BIG"],
        &["-co", "ENDIANNESS=BIG", "-co", "COMPRESS=LZW", "-co", "PREDICTOR=2", "-ot", "UInt16"],
        &["-ot", "Float32", "-co", "COMPRESS=DEFLATE", "-co", "PREDICTOR=3"],
        &["-ot", "Int16", "-co", "TILED=YES", "-co", "COMPRESS=LZW", "-co", "PREDICTOR=2"],
    ];
    let Some(path) = sample("neon_trees/OSBS_029.tif") else { return };
    let folder = tempfile::tempdir().unwrap();
    let expected = open(&path).window(-3, 37, 210, 391).unwrap();
    for packing in packings {
        let packed = folder.path().join("packed.tif");
        if !gdal("gdal_translate", packing, [&path, &packed]) {
            return;
        }
        let window = open(&packed).window(-3, 37, 210, 391).unwrap();
        assert_eq!(window.bands.len(), 3);
        for ((_, left), (_, right)) in window.bands.iter().zip(&expected.bands) {
            let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
            assert!(left.values.iter().zip(&right.values).all(same), "{packing:?}");
        }
    }
}

/// What `gdalinfo -stats` says of each public image: size and bands, EPSG code, longitude and
/// latitude of the centre, values with data and mean of the first band. Metres a pixel are from
/// its pixel size.
#[test]
fn public_images_are_read_as_gdal_reads_them() {
    type Expected = (&'static str, [usize; 3], f64, Option<u32>, [f64; 2], (usize, f64));
    let middle = [-105.6928506, 40.3399315];
    let (vegas, atlanta) = ([-115.2320526, 36.1405827], [-84.4789363, 33.6383960]);
    let expected: [Expected; 7] = [
        ("landsat/blue.tif", [485, 373, 1], 145.70, Some(4326), middle, (169_651, 87.927)),
        ("landsat/green.tif", [485, 373, 1], 145.70, Some(4326), middle, (169_637, 105.285)),
        ("landsat/red.tif", [485, 373, 1], 145.70, Some(4326), middle, (169_617, 109.124)),
        (
            "landsat/rmnp-dem.tif",
            [152, 187, 1],
            233.95,
            Some(4326),
            [-105.7035, 40.3563931],
            (28_424, 3119.111),
        ),
        (
            "spacenet_worldview/road_mask_input.tif",
            [1300, 1300, 1],
            0.27,
            Some(4326),
            vegas,
            (1_690_000, 558.986),
        ),
        (
            "spacenet_worldview/sample_geotiff.tif",
            [900, 900, 1],
            0.5,
            Some(32616),
            atlanta,
            (810_000, 456.988),
        ),
        (
            "spacenet_worldview/sample_geotiff_custom_proj.tif",
            [512, 512, 3],
            30.0,
            None,
            [-104.0850, 41.8501528],
            (262_144, 807.216),
        ),
    ];
    for (name, [width, height, n_bands], gsd_m, epsg, lon_lat, (n, mean_value)) in expected {
        let Some(path) = sample(name) else { return };
        let scene = open(&path);
        assert_eq!(
            [scene.width, scene.height, scene.bands.len()],
            [width, height, n_bands],
            "{name}"
        );
        let found = mean(&whole(&scene).bands[0].1);
        assert_eq!(found.0, n, "{name}");
        assert!((found.1 - mean_value).abs() < 1e-3, "{name}: mean {}", found.1);
        let found = scene.gsd_m.unwrap();
        assert!((found / gsd_m - 1.0).abs() < 1e-3, "{name}: {found} m");
        let place = scene.georeference.unwrap();
        assert_eq!(place.epsg, epsg, "{name}");
        let (east, north) = place.ground(0.5 * width as f64, 0.5 * height as f64);
        let [lon, lat] = place.lon_lat(east, north).unwrap();
        let apart = (lon - lon_lat[0]).abs().max((lat - lon_lat[1]).abs());
        assert!(apart < 2e-6, "{name}: {lon} {lat}");
        let (x, y) = place.pixel(east, north);
        assert!((x - 0.5 * width as f64).abs() < 1e-6 && (y - 0.5 * height as f64).abs() < 1e-6);
    }
}

#[test]
fn a_photograph_of_three_bands_is_red_green_blue_and_white_in_one_band_is_data() {
    let Some(path) = sample("neon_trees/OSBS_029.tif") else { return };
    let scene = open(&path);
    assert_eq!(scene.bands, [Band::Red, Band::Green, Band::Blue]);
    assert_eq!((scene.gsd_m, scene.georeference.clone().unwrap().epsg), (Some(0.1), Some(32617)));
    // The mean that the file itself records, over all pixels but those white in all bands.
    let (n, found) = mean(&whole(&scene).bands[0].1);
    assert!(n < 160_000 && 158_410 < n && (found - 156.478).abs() < 1.0, "{n} {found}");
}

/// Mean difference of the values that both have, and how many one has and the other has not.
fn apart(left: &Window, right: &Window) -> (f64, usize) {
    let pairs = left.bands.iter().zip(&right.bands);
    let pairs = pairs.flat_map(|(left, right)| left.1.values.iter().zip(&right.1.values));
    let (mut sum, mut n, mut one_sided) = (0.0, 0, 0);
    for (left, right) in pairs {
        if left.is_nan() || right.is_nan() {
            one_sided += usize::from(left.is_nan() != right.is_nan());
        } else {
            sum += f64::from((left - right).abs());
            n += 1;
        }
    }
    (sum / f64::from(n), one_sided)
}

#[test]
fn overviews_masks_and_jpeg_of_a_cloud_optimised_scene_are_used() {
    let Some(path) = sample("neon_trees/OSBS_029.tif") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (moved, cog) = (folder.path().join("moved.tif"), folder.path().join("cog.tif"));
    // A hundred columns further east, where the photograph ends and opacity is nought.
    let warp = "-q -srcnodata None -dstalpha -te 404221.9 3285102.9 404261.9 3285142.9";
    let to_cog =
        "-q -of COG -co COMPRESS=JPEG -co QUALITY=95 -co BLOCKSIZE=128 -co RESAMPLING=AVERAGE";
    let words = |text: &'static str| text.split(' ').collect::<Vec<_>>();
    let is_there = gdal("gdalwarp", &words(warp), [&path, &moved])
        && gdal("gdal_translate", &words(to_cog), [&moved, &cog]);
    if !is_there {
        return;
    }
    let (plain, moved, cog) = (open(&path), open(&moved), open(&cog));
    let Source::Tiff(tiff) = &cog.source else { panic!("a COG is a TIFF") };
    assert!(1 < tiff.levels.len() && tiff.alpha.is_none(), "overviews, and a mask of one bit");
    for scene in [&moved, &cog] {
        assert_eq!(scene.bands, [Band::Red, Band::Green, Band::Blue]);
        let window = scene.window(250, 70, 120, 60).unwrap();
        let (mean, one_sided) = apart(&plain.window(350, 70, 120, 60).unwrap(), &window);
        assert!(mean < 4.0, "{mean}");
        // White in all bands is no data of the one and data of the other.
        assert!(one_sided < 3 * 200, "{one_sided}");
        let window = scene.reduced(0, 0, 400, 400, 4).unwrap();
        let (mean, one_sided) = apart(&plain.reduced(100, 0, 400, 400, 4).unwrap(), &window);
        // An overview's mask may take one column more or less.
        assert!(mean < 4.0 && one_sided <= 3 * 100, "{mean} {one_sided}");
    }
}

#[test]
fn a_chip_of_sentinel_2_is_read_from_its_archive_as_gdal_reads_it() {
    use std::io::Read;
    let Some(folder) = sample("../sentinel2_ukraine") else { return };
    let file = std::fs::File::open(folder.join("train_02.zip")).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut bytes = Vec::new();
    archive.by_name("train_02/images/00147.tif").unwrap().read_to_end(&mut bytes).unwrap();
    let chip = tempfile::Builder::new().suffix(".tif").tempfile().unwrap();
    std::fs::write(chip.path(), bytes).unwrap();
    let scene = open(chip.path());
    assert_eq!((scene.width, scene.height, scene.gsd_m), (32, 32, Some(10.0)));
    assert_eq!(scene.bands, [Band::Blue, Band::Green, Band::Red, Band::Nir]);
    let place = scene.georeference.clone().unwrap();
    let (east, north) = place.ground(16.0, 16.0);
    let [lon, lat] = place.lon_lat(east, north).unwrap();
    assert_eq!(place.epsg, Some(32637));
    assert!((lon - 37.6360194).abs() < 2e-6 && (lat - 48.9318361).abs() < 2e-6, "{lon} {lat}");
    let window = whole(&scene);
    let means: Vec<f64> = window.bands.iter().map(|(_, raster)| mean(raster).1).collect();
    let expected = [2053.79296875, 1818.271484375, 1634.8193359375, 2811.05078125];
    assert_eq!(means, expected);
}

#[test]
fn a_real_scene_stretched_to_a_byte_is_told_from_one_that_is_not() {
    let Some(path) = sample("spacenet_worldview/sample_geotiff.tif") else { return };
    let folder = tempfile::tempdir().unwrap();
    let narrow = folder.path().join("narrow.tif");
    let args = ["-q", "-ot", "Byte", "-scale", "250", "430", "1", "254"];
    if !gdal("gdal_translate", &args, [&path, &narrow]) {
        return;
    }
    assert!(open(&narrow).warnings.join(";").contains("original 16-bit scene"));
    assert!(!open(&path).warnings.join(";").contains("stretched"));
}
