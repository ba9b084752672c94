//! Bad input is named, with what to do; it never panics.

use std::fs;
use std::io::Write;

use super::tiny::{Tiny, Values};
use crate::data::{Band, Scene, SceneOptions};

fn tiny() -> Tiny {
    Tiny::grey(4, 2, &[0, 10, 20, 30, 40, 50, 60, 70])
}

/// So many sevens, compressed.
fn deflated(n: usize) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&vec![7; n]).unwrap();
    packer.finish().unwrap()
}

/// What is said when a file of these bytes is refused.
fn refused(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let said = Scene::open(&path, &SceneOptions::default()).err().unwrap().to_string();
    assert!(said.contains(name) && said.contains("hint: "), "no place or hint: {said}");
    said
}

fn warned(tiny: &Tiny) -> String {
    tiny.open().unwrap().warnings.join("; ")
}

#[test]
fn a_truncated_tiff_says_how_many_bytes_are_missing() {
    let bytes = tiny().bytes();
    // The pixels are the last eight bytes.
    let said = refused("scene.tif", &bytes[..bytes.len() - 5]);
    assert!(said.contains("5 more are missing"), "{said}");
    refused("scene.tif", &bytes[..20]);
    refused("scene.tif", &bytes[..4]);
}

#[test]
fn a_file_that_is_no_image_is_named_for_what_it_is() {
    assert!(refused("scene.tif", b"").contains("an empty file"));
    assert!(refused("scene.csv", b"lat,lon\n").contains("not an image"));
    assert!(refused("scene.png", b"\x89PNG\r\n\x1a\n").contains("truncated or damaged"));
    assert!(refused("a.jp2", b"\0\0\0\x0cjP  ").contains("JPEG 2000"));
    let folder = tempfile::tempdir().unwrap();
    let said = Scene::open(folder.path(), &SceneOptions::default()).err().unwrap().to_string();
    assert!(said.contains("a folder, not an image"), "{said}");
    let absent = folder.path().join("absent.tif");
    let said = Scene::open(&absent, &SceneOptions::default()).err().unwrap().to_string();
    assert!(said.contains("cannot read") && said.contains("absent.tif"), "{said}");
}

#[test]
fn what_cannot_be_unpacked_is_named_with_the_command_that_converts_it() {
    let packed = |code| refused("a.tif", &tiny().with(259, Values::Short(vec![code])).bytes());
    assert!(packed(50000).contains("ZSTD") && packed(50000).contains("gdal_translate"));
    assert!(packed(34887).contains("LERC"));
    assert!(packed(1234).contains("1234"));
    let palette = refused("a.tif", &tiny().with(262, Values::Short(vec![3])).bytes());
    assert!(palette.contains("-expand rgb"), "{palette}");
    let twelve = refused("a.tif", &tiny().with(258, Values::Short(vec![12])).bytes());
    assert!(twelve.contains("12 bits"), "{twelve}");
    let nothing = refused("a.tif", &tiny().with(256, Values::Long(vec![0])).bytes());
    assert!(nothing.contains("0 x 2 pixels"), "{nothing}");
}

#[test]
fn long_rows_that_were_compressed_whole_are_named_as_slow() {
    let long = Tiny::grey(1_000_000, 1, &deflated(1_000_000)).with(259, Values::Short(vec![8]));
    assert!(warned(&long).contains("TILED=YES"));
    assert!(!warned(&tiny()).contains("slow"));
}

#[test]
fn a_damaged_chunk_is_named_by_its_place_in_the_file() {
    let mut bytes = deflated(64);
    bytes[4..].fill(0xff);
    let packed = Tiny::grey(8, 8, &bytes).with(259, Values::Short(vec![8]));
    let said = refused("scene.tif", &packed.bytes());
    assert!(said.contains("the chunk at byte") && said.contains("copy it again"), "{said}");
}

#[test]
fn a_scene_without_a_place_says_so_and_one_with_half_a_place_too() {
    assert!(warned(&tiny()).contains("no georeference"));
    let unplaced = tiny().at(5e5, 1.2e6, 0.5, 32648).with(34735, Values::Short(vec![1, 1, 0, 0]));
    assert!(warned(&unplaced).contains("no projection"));
    let points = [[0.0, 0.0, 0.0, 5e5, 1.2e6, 0.0], [4.0, 0.0, 0.0, 5.1e5, 1.2e6, 0.0]].concat();
    let points = tiny().with(33922, Values::Double(points));
    assert!(warned(&points).contains("gdalwarp"));
}

#[test]
fn a_place_that_its_projection_cannot_have_is_refused_and_named() {
    let refused = [
        (1.2e6, 5e5, 0.5, 32648, "east and north are swapped"),
        (105.4, 11.2, 0.000_005, 32648, "degrees in a projection of metres"),
        (11.2, 105.4, 0.000_005, 4326, "longitude and latitude are swapped"),
        (5e5, 1.2e6, 0.5, 4326, "metres in a projection of degrees"),
    ];
    for (east, north, step, epsg, expected) in refused {
        let scene = tiny().at(east, north, step, epsg).open().unwrap();
        assert_eq!(scene.georeference, None);
        assert!(scene.warnings.join("; ").contains(expected), "{:?}", scene.warnings);
    }
    let scene = tiny().at(5e5, 1.2e6, 0.5, 32648).open().unwrap();
    assert_eq!((scene.georeference.unwrap().epsg, scene.gsd_m), (Some(32648), Some(0.5)));
}

#[test]
fn an_unknown_projection_of_a_file_is_an_error_that_an_option_mends() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny().at(2.6e6, 1.2e6, 0.5, 2056).save(folder.path());
    let said = Scene::open(&path, &SceneOptions::default()).err().unwrap().to_string();
    assert!(said.contains("EPSG:2056") && said.contains("gdalsrsinfo"), "{said}");
    let text = "+proj=somerc +lat_0=46.9524055555556 +lon_0=7.43958333333333 +k_0=1 +x_0=2600000 \
                +y_0=1200000 +ellps=bessel +towgs84=674.374,15.056,405.346 +units=m";
    let options = SceneOptions { projection: Some(text.to_owned()), ..SceneOptions::default() };
    let place = Scene::open(&path, &options).unwrap().georeference.unwrap();
    let [lon, lat] = place.lon_lat(2.6e6, 1.2e6).unwrap();
    // The old observatory of Bern.
    assert!((lon - 7.4386).abs() < 0.001 && (lat - 46.9511).abs() < 0.001, "{lon} {lat}");
}

#[test]
fn a_projection_passed_against_the_file_s_own_is_a_warning_with_the_metres() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny().at(545_000.0, 1_234_000.0, 0.5, 32648).save(folder.path());
    let options = SceneOptions { projection: Some("EPSG:3148".into()), ..SceneOptions::default() };
    let scene = Scene::open(&path, &options).unwrap();
    assert_eq!(scene.georeference.unwrap().epsg, Some(3148));
    let said = scene.warnings.join("; ");
    assert!(said.contains("EPSG:3148") && said.contains("m west"), "{said}");
}

#[test]
fn a_world_file_needs_six_numbers_and_a_projection() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny().save(folder.path());
    let world = folder.path().join("scene.tfw");
    let utm = SceneOptions { projection: Some("EPSG:32648".into()), ..SceneOptions::default() };
    fs::write(&world, "0.5\n0\n0\n-0.5\n500000.25\n1199999.75\n").unwrap();
    let scene = Scene::open(&path, &utm).unwrap();
    assert_eq!(scene.georeference.unwrap().ground(0.0, 0.0), (500_000.0, 1_200_000.0));
    let scene = Scene::open(&path, &SceneOptions::default()).unwrap();
    assert!(scene.warnings.join(";").contains("no projection"), "{:?}", scene.warnings);
    for (wkt, epsg) in [
        ("PROJCS[\"WGS_1984_UTM_Zone_36S\",GEOGCS[\"GCS_WGS_1984\"]]", 32736),
        (
            "PROJCS[\"a\",GEOGCS[\"b\",AUTHORITY[\"EPSG\",\"4131\"]],AUTHORITY[\"EPSG\",\"3148\"]]",
            3148,
        ),
    ] {
        fs::write(folder.path().join("scene.prj"), wkt).unwrap();
        let place = Scene::open(&path, &SceneOptions::default()).unwrap().georeference;
        assert_eq!(place.and_then(|place| place.epsg), Some(epsg), "{wkt}");
    }
    fs::write(&world, "0.5\n0\n0\n-0.5\n500000.25\n").unwrap();
    let said = Scene::open(&path, &utm).err().unwrap().to_string();
    assert!(said.contains("scene.tfw") && said.contains("of 5 numbers"));
    fs::write(&world, "0.5\n0\nnorth\n-0.5\n1\n2\n").unwrap();
    let said = Scene::open(&path, &utm).err().unwrap().to_string();
    assert!(said.contains("scene.tfw:3") && said.contains("`north`"), "{said}");
}

#[test]
fn no_data_is_the_number_that_the_file_names_and_nan_and_nothing_else() {
    let named = tiny().with(42113, Values::Text("40")).open().unwrap();
    let values = &named.window(0, 1, 2, 1).unwrap().bands[0].1.values;
    assert!(values[0].is_nan() && values[1] == 50.0);
    let floats: Vec<u8> = [1.0_f32, f32::NAN].iter().flat_map(|v| v.to_le_bytes()).collect();
    let floats = Tiny::grey(2, 1, &floats).with(258, Values::Short(vec![32]));
    let scene = floats.with(339, Values::Short(vec![3])).open().unwrap();
    let values = &scene.window(0, 0, 2, 1).unwrap().bands[0].1.values;
    assert!(values[0] == 1.0 && values[1].is_nan());
    let empty = Tiny::grey(4, 2, &[0; 8]).with(42113, Values::Text("0"));
    assert!(warned(&empty).contains("no data"));
}

#[test]
fn a_negative_is_read_as_what_was_seen() {
    let negative = Tiny::grey(2, 1, &[0, 200]).with(262, Values::Short(vec![0])).open().unwrap();
    assert_eq!(negative.window(0, 0, 2, 1).unwrap().bands[0].1.values, [255.0, 55.0]);
}

#[test]
fn opacity_is_no_band_and_hides_what_is_under_it() {
    let pixels = [1, 2, 3, 255, 4, 5, 6, 0];
    let scene = Tiny::grey(2, 1, &pixels)
        .with(258, Values::Short(vec![8; 4]))
        .with(262, Values::Short(vec![2]))
        .with(277, Values::Short(vec![4]))
        .with(338, Values::Short(vec![2]))
        .open()
        .unwrap();
    assert_eq!(scene.bands, [Band::Red, Band::Green, Band::Blue]);
    let window = scene.window(0, 0, 2, 1).unwrap();
    let red = &window.band(Band::Red).unwrap().values;
    assert!(red[0] == 1.0 && red[1].is_nan());
}

#[test]
fn bands_are_named_by_flag_by_the_file_or_by_custom_and_then_it_is_said() {
    let four = Tiny::grey(1, 1, &[1, 2, 3, 4])
        .with(258, Values::Short(vec![8; 4]))
        .with(277, Values::Short(vec![4]));
    let assumed = four.open().unwrap();
    assert_eq!(assumed.bands, [Band::Blue, Band::Green, Band::Red, Band::Nir]);
    assert!(assumed.warnings.join(";").contains("assumed: blue, green, red, nir"));
    let xml = "<GDALMetadata><Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">NIR</Item>\
               <Item name=\"DESCRIPTION\" sample=\"1\" role=\"description\">red</Item></GDALMetadata>";
    let described = four.clone().with(42112, Values::Text(xml)).open().unwrap();
    assert_eq!(described.bands, [Band::Nir, Band::Red, Band::Other, Band::Other]);
    let folder = tempfile::tempdir().unwrap();
    let path = four.save(folder.path());
    let with = |bands| SceneOptions { bands: Some(bands), ..SceneOptions::default() };
    let flag = crate::data::parse_bands("red,green,blue,nir").unwrap();
    assert_eq!(Scene::open(&path, &with(flag.clone())).unwrap().bands, flag);
    let said = Scene::open(&path, &with(vec![Band::Red])).err().unwrap().to_string();
    assert!(said.contains("4 bands, and 1 were named"), "{said}");
    let said = crate::data::parse_bands("red,ultraviolet").unwrap_err().to_string();
    assert!(said.contains("`ultraviolet`") && said.contains("red-edge"), "{said}");
}

/// Opens whatever lies there and reads all that it claims to have, up to a little.
fn survive(path: &std::path::Path) {
    let Ok(scene) = Scene::open(path, &SceneOptions::default()) else { return };
    let (width, height) = (scene.width.min(64), scene.height.min(64));
    let _ = scene.window(-1, -1, width + 2, height + 2);
    let _ = scene.window(scene.width as i64 - 2, scene.height as i64 - 2, 4, 4);
    let _ = scene.picture(0.0, 0.0, scene.width as f64, scene.height as f64, 4, 4);
}

#[test]
fn no_flipped_byte_makes_it_panic() {
    let plain = tiny().at(5e5, 1.2e6, 0.5, 32648).with(42113, Values::Text("0"));
    let deflated = Tiny::grey(8, 8, &deflated(64)).with(317, Values::Short(vec![2]));
    let deflated = deflated.with(259, Values::Short(vec![8]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.tif");
    for bytes in [plain.bytes(), deflated.bytes()] {
        for at in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= flip;
                fs::write(&path, &bytes).unwrap();
                survive(&path);
            }
        }
    }
}
