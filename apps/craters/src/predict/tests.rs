use std::sync::atomic::AtomicU32;

use record::{Memory, Silent};

use super::*;
use crate::data::Band;

/// A grey picture with a bright dot at each place.
fn scene(folder: &Path, dots: &[[u32; 2]]) -> Scene {
    let mut picture = image::GrayImage::from_pixel(300, 200, image::Luma([10]));
    for [x, y] in dots {
        picture.put_pixel(*x, *y, image::Luma([200]));
    }
    let path = folder.join("dots.png");
    picture.save(&path).unwrap();
    Scene::open(&path, &SceneOptions::default()).unwrap()
}

fn grid(tile_origin: [i64; 2]) -> Grid {
    let margin = 64;
    Grid {
        scale: 1.0,
        gsd_m: Some(0.5),
        size: [300, 200],
        tile_px: 100,
        origin: tile_origin,
        margin,
    }
}

/// A detector that finds bright dots.
fn dots(window: &Window) -> Vec<Detection> {
    let plane = &window.bands[0].1;
    let bright = plane.values.iter().enumerate().filter(|(_, value)| 100.0 < **value);
    bright
        .map(|(idx, _)| Detection {
            x: (window.x0 + (idx % plane.width) as i64) as f64 + 0.5,
            y: (window.y0 + (idx / plane.width) as i64) as f64 + 0.5,
            radius_px: 5.0,
            probability: 0.5 + (idx % 7) as f32 / 20.0,
            path: Vec::new(),
        })
        .collect()
}

const PRINT: &[u8] = b"a scene and its settings";

fn places(grid: &Grid, shelf: &Shelf) -> Vec<[f64; 2]> {
    let list = merge::craters(grid, shelf, 0.5).unwrap();
    let mut places: Vec<_> = list.craters.iter().map(|it| [it.x_px, it.y_px]).collect();
    places.sort_by(|a, b| a[0].total_cmp(&b[0]));
    places
}

#[test]
fn what_is_found_does_not_depend_on_where_tiles_begin() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), &[[0, 0], [99, 100], [150, 30], [299, 199]]);
    let expected = [[0.5, 0.5], [99.5, 100.5], [150.5, 30.5], [299.5, 199.5]];
    for origin in [[0, 0], [50, 31], [100, 99]] {
        let survey = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(survey.path(), &Digest::of(PRINT), &mut Silent).unwrap();
        let grid = grid(origin);
        let n_valid = walk(&scene, &grid, &shelf, &dots, 2, &mut Silent).unwrap();
        assert_eq!(n_valid, 300 * 200);
        assert_eq!(places(&grid, &shelf), expected, "tiles begin at {origin:?}");
    }
}

#[test]
fn a_survey_that_was_stopped_goes_on_and_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), &[[20, 20], [120, 20], [220, 120]]);
    let grid = grid([0, 0]);
    let whole = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(whole.path(), &Digest::of(PRINT), &mut Silent).unwrap();
    walk(&scene, &grid, &shelf, &dots, 1, &mut Silent).unwrap();

    let halves = tempfile::tempdir().unwrap();
    let stopped = Shelf::open(halves.path(), &Digest::of(PRINT), &mut Silent).unwrap();
    for tile in [[0, 0], [2, 1]] {
        tile::search(&scene, &grid, &stopped, tile, &dots).unwrap();
    }
    let n_searched = AtomicU32::new(0);
    let counted = |window: &Window| {
        n_searched.fetch_add(1, Ordering::Relaxed);
        dots(window)
    };
    let mut journal = Memory::default();
    let again = Shelf::open(halves.path(), &Digest::of(PRINT), &mut journal).unwrap();
    walk(&scene, &grid, &again, &counted, 2, &mut journal).unwrap();

    assert_eq!(n_searched.into_inner(), 4);
    assert_eq!(journal.notes, ["2 of 6 tiles are there from before"]);
    for tile in grid.tiles() {
        let name = format!("tiles/{}_{}.jsonl", tile[0], tile[1]);
        let [a, b] = [&whole, &halves].map(|it| std::fs::read(it.path().join(&name)).unwrap());
        assert_eq!(a, b, "{name}");
    }
}

#[test]
fn tiles_of_other_settings_are_not_used_and_that_is_said() {
    let survey = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(survey.path(), &Digest::of(PRINT), &mut Silent).unwrap();
    shelf.put([0, 0], &shelf::Shelved { n_valid: 1, detections: Vec::new() }).unwrap();
    let mut journal = Memory::default();
    let other = Shelf::open(survey.path(), &Digest::of(b"others"), &mut journal).unwrap();
    assert!(!other.has([0, 0]));
    assert!(journal.notes[0].contains("begins anew"), "{:?}", journal.notes);
}

#[test]
fn a_crater_that_two_tiles_saw_a_little_apart_is_one() {
    let survey = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(survey.path(), &Digest::of(PRINT), &mut Silent).unwrap();
    let grid = grid([0, 0]);
    let at = |x: f64, probability: f32| Detection {
        x,
        y: 50.0,
        radius_px: 6.0,
        probability,
        path: Vec::new(),
    };
    for tile in grid.tiles() {
        let detections = match tile {
            [0, 0] => vec![at(99.4, 0.8)],
            [1, 0] => vec![at(100.6, 0.9), at(130.0, 0.7)],
            _ => Vec::new(),
        };
        shelf.put(tile, &shelf::Shelved { n_valid: 0, detections }).unwrap();
    }
    assert_eq!(places(&grid, &shelf), [[100.6, 50.0], [130.0, 50.0]]);
}

#[test]
fn a_finer_scene_is_surveyed_at_the_detectors_metres_a_pixel() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), &[[41, 41]]);
    let grid = Grid { scale: 2.0, size: [150, 100], ..grid([0, 0]) };
    let window = grid.window(&scene, [0, 0]).unwrap();
    assert_eq!((window.x0, window.y0), (-64, -64));
    // The dot of 200 is a quarter of the pixel (20, 20).
    let grey = window.band(Band::Pan).or(window.bands.first().map(|it| &it.1)).unwrap();
    assert_eq!(grey.get(84, 84), (200.0 + 3.0 * 10.0) / 4.0);
    assert_eq!(grey.get(83, 84), 10.0);
    assert_eq!(grid.n_valid(&window, [0, 0]), 100 * 100);
}
