use std::path::Path;

use super::*;
use crate::data::SceneOptions;

/// A grey PNG of the given pixels.
fn scene(folder: &Path, width: u32, pixels: &[u8]) -> Scene {
    let path = folder.join("scene.png");
    let picture = image::GrayImage::from_raw(width, pixels.len() as u32 / width, pixels.to_vec());
    picture.unwrap().save(&path).unwrap();
    Scene::open(&path, &SceneOptions::default()).unwrap()
}

#[test]
fn a_reduced_pixel_is_the_mean_of_those_it_covers_and_the_rest_is_no_data() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), 4, &[0, 10, 20, 30, 40, 50, 60, 70]);
    let means = |x0, width, factor| {
        scene.reduced(x0, 0, width, 2, factor).unwrap().bands[0].1.values.clone()
    };
    assert_eq!(means(0, 4, 2), [25.0, 45.0]);
    // The last one covers two columns of which one is there.
    assert_eq!(means(1, 3, 2), [35.0, 50.0]);
    assert!(means(4, 2, 2)[0].is_nan());
}

#[test]
fn a_picture_larger_than_its_pixels_repeats_them() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), 2, &[0, 200]);
    assert_eq!(scene.stretch(), [(Band::Pan, [0.0, 200.0])]);
    let picture = scene.picture(0.0, 0.0, 2.0, 1.0, 4, 1).unwrap();
    assert_eq!(picture, [1, 1, 1, 1, 1, 1, 255, 255, 255, 255, 255, 255]);
    // Outside there is nothing.
    assert_eq!(scene.picture(2.0, 0.0, 1.0, 1.0, 1, 1).unwrap(), [0, 0, 0]);
}

#[test]
fn a_view_that_is_no_number_is_a_picture_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), 2, &[0, 200]);
    assert_eq!(scene.picture(f64::NAN, 0.0, 2.0, 1.0, 1, 1).unwrap(), [0, 0, 0]);
    assert_eq!(scene.picture(1e300, -1e300, 2.0, 1e300, 1, 1).unwrap(), [0, 0, 0]);
}
