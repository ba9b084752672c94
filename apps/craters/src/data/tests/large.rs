//! Scenes larger than memory, of which nearly all is the same few bytes on disk.

use std::path::Path;

use crate::data::{Band, Scene, SceneOptions};

/// A BigTIFF of 40.9 GB as its header has it, one row a strip: 73,000 x 70,000 pixels of four
/// bands of 16 bits, where all strips lie at the same place.
fn write_large(path: &Path) {
    let (width, height, n_bands) = (73_000_u64, 70_000_u64, 4_u64);
    let row: Vec<u8> = (0..width * n_bands)
        .flat_map(|i| ((i / 4 % 50_000 + i % 4) as u16).to_le_bytes())
        .collect();
    let n_tags = 10;
    let after = 16 + 8 + 20 * n_tags + 8;
    let (offsets, counts) = (after + row.len() as u64, after + row.len() as u64 + 8 * height);
    let mut out = b"II\x2b\0\x08\0\0\0".to_vec();
    out.extend(16_u64.to_le_bytes());
    out.extend(n_tags.to_le_bytes());
    let mut tag = |tag: u16, kind: u16, n: u64, value: u64| {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(n.to_le_bytes());
        out.extend(value.to_le_bytes());
    };
    tag(256, 4, 1, width);
    tag(257, 4, 1, height);
    tag(258, 3, 4, 0x0010_0010_0010_0010);
    tag(259, 3, 1, 1);
    tag(262, 3, 1, 1);
    tag(273, 16, height, offsets);
    tag(277, 3, 1, n_bands);
    tag(278, 4, 1, 1);
    tag(279, 16, height, counts);
    tag(284, 3, 1, 1);
    out.extend([0; 8]);
    out.extend(&row);
    out.extend((0..height).flat_map(|_| after.to_le_bytes()));
    out.extend((0..height).flat_map(|_| (row.len() as u64).to_le_bytes()));
    std::fs::write(path, out).unwrap();
}

#[test]
fn a_scene_of_forty_gigabytes_is_read_in_windows_by_several_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.tif");
    write_large(&path);
    let scene = Scene::open(&path, &SceneOptions::default()).unwrap();
    assert_eq!((scene.width, scene.height, scene.bands.len()), (73_000, 70_000, 4));
    std::thread::scope(|scope| {
        for x0 in [0_i64, 31_000, 72_998] {
            let scene = &scene;
            scope.spawn(move || {
                let window = scene.window(x0, 69_999, 3, 2).unwrap();
                let red = window.band(Band::Red).unwrap();
                assert_eq!(red.get(1, 0), ((x0 + 1) % 50_000 + 2) as f32);
                assert!(red.get(0, 1).is_nan(), "below the last row");
                assert_eq!(red.get(2, 0).is_nan(), x0 == 72_998);
            });
        }
    });
    let picture = scene.picture(0.0, 0.0, 73_000.0, 70_000.0, 8, 8).unwrap();
    assert!(picture.iter().all(|byte| 0 < *byte));
}
