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
