//! What is written is opened by GDAL, the library beneath QGIS, without a word of complaint. Where
//! `ogrinfo` is not installed (Debian: gdal-bin) those tests say so and are skipped.

#![allow(clippy::unwrap_used, reason = "a panic in a test is a failure with a place")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use craters::classify::tree::Question;
use craters::data::{Band, Georeference, SceneOptions, Sun};
use craters::export::columns::Value;
use craters::export::{Coverage, Cut, Format, Options, Picture, Zone, write};
use craters::survey::{Crater, Survey, Verdict};
use serde_json::Value as Json;

const WIDTH: usize = 3000;
const HEIGHT: usize = 2000;

fn utm_48_north() -> Georeference {
    Georeference {
        affine: [0.5, 0.0, 500_000.0, 0.0, -0.5, 1_250_000.0],
        epsg: Some(32648),
        proj: "+proj=utm +zone=48 +datum=WGS84 +units=m +no_defs".into(),
    }
}

/// A survey whose names hold everything that a format could stumble over.
fn survey(georeference: Option<Georeference>) -> Survey {
    Survey {
        name: "trabaek".into(),
        scene: "/somewhere/Trabaek \"A&B\" <hố bom> 'x' 47°.tif".into(),
        options: SceneOptions::default(),
        width: WIDTH,
        height: HEIGHT,
        bands: vec![Band::Pan],
        gsd_m: georeference.as_ref().map(|_| 0.5),
        georeference,
        sun: Some(Sun { azimuth_deg: 140.0, elevation_deg: Some(50.0) }),
        is_synthetic: true,
        detector: "0123abcd & \"more\"; trained on <synthetic> scenes".into(),
        questions: vec!["diameter_px".to_owned()],
        threshold: 0.5,
        area_km2: Some(1.5),
        evidence_class: "indirect".into(),
        warnings: vec!["the datum was guessed".into()],
    }
}

/// `n` craters in rows of 70, of all probabilities, the first confirmed, the second rejected.
fn craters(n: u64, survey: &Survey) -> Vec<Crater> {
    let path = vec![Question {
        feature: 0,
        threshold: 12.0,
        value: 20.0,
        is_below: false,
        share_before: 0.4,
    }];
    let is_placed = survey.georeference.is_some();
    let crater = |id: u64| {
        let (x, y) = (40.0 + 37.0 * (id % 70) as f64, 30.0 + 41.0 * (id / 70 % 40) as f64);
        Crater {
            id,
            x_px: x,
            y_px: y,
            diameter_px: 20.0,
            diameter_m: is_placed.then_some(10.0),
            position: None,
            lon_lat: is_placed.then_some([105.0 + x * 4.58e-6, 11.307 - y * 4.52e-6]),
            probability: (id % 101) as f64 / 100.0,
            path: path.clone(),
            verdict: match id {
                1 => Some(Verdict::Confirmed),
                2 => Some(Verdict::Rejected),
                _ => None,
            },
        }
    };
    (1..=n).map(crater).collect()
}

fn zones() -> Vec<Zone> {
    let square = |at: f64, side: f64| {
        let (x, y) = (500_000.0 + at, 1_249_000.0 + at);
        vec![[x, y], [x, y + side], [x + side, y + side], [x + side, y]]
    };
    let attributes = |coverage: f64| {
        vec![
            ("coverage".to_owned(), Value::Real(coverage)),
            ("rule".to_owned(), Value::Text("intensity \"q\" > c & more".into())),
        ]
    };
    vec![
        Zone {
            rings: vec![square(100.0, 300.0), square(150.0, 100.0)],
            attributes: attributes(0.9),
        },
        Zone { rings: vec![square(600.0, 50.0)], attributes: attributes(0.95) },
    ]
}

/// Noise: what packs worst.
fn noise(cut: Cut) -> Picture {
    let (width, height) = (cut.out_width, cut.out_height);
    let mut state = cut.x0.unsigned_abs() + 7;
    let mut byte = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    Picture { width, height, rgb: (0..3 * width * height).map(|_| byte()).collect() }
}

fn gdal_is_there() -> bool {
    let is_there = Command::new("ogrinfo").arg("--version").output().is_ok();
    if !is_there {
        eprintln!("skipped: ogrinfo is not installed (Debian: gdal-bin)");
    }
    is_there
}

/// What a program of GDAL says; nothing of it may be a warning.
fn gdal(program: &str, arguments: &[&str], file: &Path) -> String {
    let run = Command::new(program).args(arguments).arg(file).output().unwrap();
    let (said, complaint) =
        (String::from_utf8(run.stdout).unwrap(), String::from_utf8_lossy(&run.stderr).into_owned());
    assert!(run.status.success(), "{program} {}: {complaint}", file.display());
    assert_eq!(complaint, "", "{program} {}", file.display());
    assert!(!said.contains("Warning") && !said.contains("ERROR"), "{said}");
    said
}

/// What `ogrinfo` says of each layer, by its name.
fn layers(file: &Path) -> BTreeMap<String, String> {
    let said = gdal("ogrinfo", &["-al", "-so"], file);
    let named = |part: &str| {
        let (name, rest) = part.split_once('\n').unwrap();
        (name.to_owned(), rest.to_owned())
    };
    said.split("\nLayer name: ").skip(1).map(named).collect()
}

fn written(survey: &Survey, n: u64, folder: &Path) -> Vec<PathBuf> {
    let picture = |cut| Ok(noise(cut));
    let zones = if survey.georeference.is_some() { zones() } else { Vec::new() };
    let options = Options {
        sensor: Some("WorldView-2".into()),
        zones,
        picture: Some(&picture),
        ..Options::default()
    };
    write(survey, &craters(n, survey), &options, folder).unwrap()
}

/// The extent in what `ogrinfo` says of a layer.
fn extent(said: &str) -> Vec<f64> {
    let line = said.lines().find(|line| line.starts_with("Extent")).unwrap();
    let numbers = line.split(['(', ')', ',', ' ', '-']).filter(|word| word.contains('.'));
    numbers.map(|number| number.parse().unwrap()).collect()
}

#[test]
fn gdal_opens_every_output_of_a_scene_in_utm() {
    if !gdal_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    written(&survey(Some(utm_48_north())), 300, folder.path());

    for (file, layer, id, n) in [
        ("craters.gpkg", "craters", "ID[\"EPSG\",32648]", 300),
        ("craters.gpkg", "crater_centres", "ID[\"EPSG\",32648]", 300),
        ("craters.gpkg", "zones", "ID[\"EPSG\",32648]", 2),
        ("zones.gpkg", "zones", "ID[\"EPSG\",32648]", 2),
        ("craters.shp", "craters", "ID[\"EPSG\",32648]", 300),
        ("craters.geojson", "craters", "ID[\"EPSG\",4326]", 300),
        ("zones.geojson", "zones", "ID[\"EPSG\",4326]", 2),
        ("craters.kml", "confirmed", "ID[\"EPSG\",4326]", 1),
        ("craters.kml", "rejected", "ID[\"EPSG\",4326]", 1),
    ] {
        let layers = layers(&at(file));
        let said = layers.get(layer).unwrap_or_else(|| panic!("{file}: {:?}", layers.keys()));
        assert!(said.contains(&format!("Feature Count: {n}\n")), "{file}: {said}");
        assert!(said.contains(id), "{file} {layer}: {said}");
    }
    // Every geometry is read once: a broken one would be found.
    for file in ["craters.gpkg", "craters.shp", "craters.geojson", "craters.kml", "zones.gpkg"] {
        gdal("ogrinfo", &["-al", "-q"], &at(file));
    }
    let text = gdal("ogrinfo", &["-al", "-q", "-fid", "1"], &at("craters.gpkg"));
    assert!(
        text.contains("source_image (String) = Trabaek \"A&B\" <hố bom> 'x' 47°.tif"),
        "{text}"
    );
    assert!(text.contains("is_synthetic (Integer(Boolean)) = 1"), "{text}");
    assert!(text.contains("verdict (String) = confirmed"), "{text}");
    let text = gdal("ogrinfo", &["-al", "-q", "-fid", "0"], &at("craters.shp"));
    assert!(text.contains("src_image (String) = Trabaek \"A&B\" <hố bom> 'x' 47°.tif"), "{text}");

    // Columns 0 to 69 and rows 0 to 4, ten pixels of rim, half a metre a pixel.
    let ground = [500_015.0, 1_249_898.0, 500_020.0 + 1276.5 + 5.0, 1_249_990.0];
    for (file, layer) in [("craters.gpkg", "craters"), ("craters.shp", "craters")] {
        let extent = extent(&layers(&at(file))[layer]);
        assert!(extent.iter().zip(ground).all(|(a, b)| (a - b).abs() < 0.01), "{extent:?}");
    }
    // The same place in degrees, as GDAL itself turns it.
    let degrees = extent(&layers(&at("craters.geojson"))["craters"]);
    assert!((degrees[0] - 105.000_13).abs() < 1e-4 && (degrees[3] - 11.307).abs() < 1e-3);
}

#[test]
fn gdal_opens_every_output_of_a_scene_without_a_place() {
    if !gdal_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files = written(&survey(None), 80, folder.path());
    let names: Vec<_> =
        files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(
        names,
        ["craters.gpkg", "craters.shp", "craters.csv", "probability.tif", "report.html"]
    );
    for file in &files[..2] {
        let said = &layers(file)["craters"];
        assert!(said.contains("Feature Count: 80\n"), "{said}");
        assert!(!said.contains("PROJCRS"), "{said}");
    }
    assert!(!folder.path().join("craters.prj").exists());
    let said = gdal("gdalinfo", &["-json"], &files[3]);
    let info: Json = serde_json::from_str(&said).unwrap();
    assert!(info.get("geoTransform").is_none(), "{said}");
}

#[test]
fn gdal_opens_every_output_of_a_survey_that_found_nothing() {
    if !gdal_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    written(&survey(Some(utm_48_north())), 0, folder.path());
    for file in ["craters.gpkg", "craters.shp", "craters.geojson"] {
        let said = &layers(&folder.path().join(file))["craters"];
        assert!(said.contains("Feature Count: 0\n"), "{file}: {said}");
    }
    let shape = &layers(&folder.path().join("craters.shp"))["craters"];
    assert!(shape.contains("Geometry: Polygon"), "{shape}");
    gdal("ogrinfo", &["-al", "-so"], &folder.path().join("craters.kml"));
    let csv = std::fs::read_to_string(folder.path().join("craters.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1);
}

#[test]
fn the_raster_is_a_cloud_optimised_geotiff_with_the_probabilities_in_place() {
    if !gdal_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let survey = survey(Some(utm_48_north()));
    let coverage = Coverage { cell_px: 1000, columns: 3, has_data: vec![true, true, true, false] };
    let options = Options {
        formats: Some(vec![Format::Probability]),
        coverage: Some(coverage),
        ..Options::default()
    };
    let file = write(&survey, &craters(300, &survey), &options, folder.path()).unwrap().remove(0);
    let info: Json = serde_json::from_str(&gdal("gdalinfo", &["-json", "-stats"], &file)).unwrap();
    assert_eq!(info["metadata"]["IMAGE_STRUCTURE"]["LAYOUT"], "COG");
    assert_eq!(info["metadata"]["IMAGE_STRUCTURE"]["COMPRESSION"], "DEFLATE");
    assert_eq!(info["metadata"][""]["IS_SYNTHETIC"], "true");
    assert_eq!(info["metadata"][""]["SOURCE_IMAGE"], "Trabaek \"A&B\" <hố bom> 'x' 47°.tif");
    assert_eq!(info["size"], serde_json::json!([WIDTH, HEIGHT]));
    assert!(info["coordinateSystem"]["wkt"].as_str().unwrap().contains("ID[\"EPSG\",32648]"));
    assert_eq!(
        info["geoTransform"],
        serde_json::json!([500_000.0, 0.5, 0.0, 1_250_000.0, 0.0, -0.5])
    );
    let band = &info["bands"][0];
    assert_eq!(band["type"], "Byte");
    assert_eq!(band["block"], serde_json::json!([512, 512]));
    assert_eq!(band["noDataValue"], 255.0);
    assert_eq!(band["scale"], 0.004);
    assert_eq!(band["overviews"].as_array().unwrap().len(), 3);
    assert_eq!(band["overviews"][0]["size"], serde_json::json!([1500, 1000]));
    // Of 300 craters 98 is the highest number but one that stands alone; 100 % is 250.
    assert_eq!(band["maximum"], 250.0);
    let _ = std::fs::remove_file(file.with_extension("tif.aux.xml"));

    // Crater 60 has a probability of 0.60; beside it there is nothing; below there are no data.
    for ([x, y], value) in [([2260, 30], "150"), ([2278, 50], "0"), ([10, 1500], "255")] {
        let place = [x.to_string(), y.to_string()];
        let run = Command::new("gdallocationinfo")
            .arg("-valonly")
            .arg(&file)
            .args(&place)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(run.stdout).unwrap().trim(), value, "{place:?}");
    }
    let small = folder.path().join("small.png");
    gdal(
        "gdal_translate",
        &["-q", "-of", "PNG", "-outsize", "10%", "10%", file.to_str().unwrap()],
        &small,
    );
}

#[test]
fn gdal_knows_every_projection_that_has_words() {
    if !gdal_is_there() {
        return;
    }
    let custom = "+proj=tmerc +lat_0=0 +lon_0=105.75 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 \
                  +towgs84=-191.904,-39.303,-111.450 +units=m";
    for (epsg, proj, affine, expected) in [
        (Some(32748), "", [0.5, 0.0, 5e5, 0.0, -0.5, 9e6], "WGS 84 / UTM zone 48S"),
        (Some(3857), "", [0.5, 0.0, 1.17e7, 0.0, -0.5, 1.2e6], "WGS 84 / Pseudo-Mercator"),
        (Some(4326), "", [5e-6, 0.0, 105.0, 0.0, -5e-6, 11.0], "WGS 84"),
        (Some(3148), "", [0.5, 0.0, 5e5, 0.0, -0.5, 1.2e6], "Indian 1960 / UTM zone 48N"),
        (Some(3149), "", [0.5, 0.0, 5e5, 0.0, -0.5, 1.2e6], "Indian 1960 / UTM zone 49N"),
        // Turned by a little, without a code.
        (None, custom, [0.5, 0.01, 5e5, 0.01, -0.5, 1.2e6], "tmerc on Unknown datum on WGS 84"),
        (
            None,
            "+proj=utm +zone=48 +datum=WGS84",
            [0.5, 0.0, 5e5, 0.0, -0.5, 1e6],
            "WGS 84 / UTM zone 48N",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let survey = survey(Some(Georeference { affine, epsg, proj: proj.into() }));
        let options = Options {
            formats: Some(vec![Format::GeoPackage, Format::Shapefile, Format::Probability]),
            ..Options::default()
        };
        let files = write(&survey, &craters(5, &survey), &options, folder.path()).unwrap();
        let code = epsg.map(|code| format!("ID[\"EPSG\",{code}]"));
        let vector = &layers(&files[0])["craters"];
        let raster = gdal("gdalinfo", &[], &files[2]);
        assert!(vector.contains(&format!("\"{expected}\"")), "{expected}: {vector}");
        for said in [vector, &raster] {
            assert!(code.as_ref().is_none_or(|code| said.contains(code)), "{expected}: {said}");
        }
        let shape = &layers(&files[1])["craters"];
        assert!(!shape.contains("(unknown)"), "{expected}: {shape}");
        if proj == custom {
            assert!(raster.contains("-191.904") && raster.contains("0.9999"), "{raster}");
        }
        assert!(!raster.contains("LOCAL_CS") && !raster.contains("ENGCRS"), "{raster}");
    }
}

#[test]
fn ten_thousand_craters_are_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let start = std::time::Instant::now();
    let files = written(&survey(Some(utm_48_north())), 10_000, folder.path());
    eprintln!("10,000 craters in every format: {:.2} s", start.elapsed().as_secs_f64());
    for file in &files {
        let n_bytes = std::fs::metadata(file).unwrap().len();
        eprintln!("{}: {n_bytes} bytes", file.display());
    }
    let csv = std::fs::read_to_string(folder.path().join("craters.csv")).unwrap();
    assert_eq!(csv.lines().count(), 10_001);
    // Even of pictures that pack as badly as noise.
    let report = std::fs::metadata(folder.path().join("report.html")).unwrap().len();
    assert!(report < 3_000_000, "{report}");
}

#[test]
fn the_same_survey_gives_the_same_bytes() {
    let read = || {
        let folder = tempfile::tempdir().unwrap();
        written(&survey(Some(utm_48_north())), 50, folder.path());
        let mut files: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let name = |file: &PathBuf| file.file_name().unwrap().to_owned();
        files.iter().map(|file| (name(file), std::fs::read(file).unwrap())).collect::<Vec<_>>()
    };
    let (once, again) = (read(), read());
    assert_eq!(once.len(), 13);
    for ((name, bytes), other) in once.iter().zip(&again) {
        assert!((name, bytes) == (&other.0, &other.1), "{} differs", name.display());
    }
}

#[test]
fn no_output_says_that_land_is_free_of_danger_and_every_one_says_that_it_is_synthetic() {
    let forbidden = ["clear", "cleared", "safe", "safely", "safety", "harmless"];
    for georeference in [Some(utm_48_north()), None] {
        let folder = tempfile::tempdir().unwrap();
        for file in written(&survey(georeference), 60, folder.path()) {
            let bytes = std::fs::read(&file).unwrap();
            let text = without_pictures(&String::from_utf8_lossy(&bytes)).to_lowercase();
            let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).collect();
            for word in forbidden {
                assert!(!words.contains(&word), "{} says \"{word}\"", file.display());
            }
            let says_synthetic = text.contains("synthetic");
            assert!(says_synthetic || file.ends_with("craters.shp"), "{}", file.display());
        }
        let table = std::fs::read(folder.path().join("craters.dbf")).unwrap();
        assert!(String::from_utf8_lossy(&table).contains("synthetic"));
    }
}

fn without_pictures(page: &str) -> String {
    let mut parts = page.split("base64,");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        text += part.split_once('"').unwrap().1;
    }
    text
}

#[test]
fn the_report_shows_what_was_found_with_its_limits() {
    let folder = tempfile::tempdir().unwrap();
    written(&survey(Some(utm_48_north())), 300, folder.path());
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    for words in [
        "SYNTHETIC: this scene was made by a generator",
        "Trabaek &quot;A&amp;B&quot; &lt;hố bom&gt; &#39;x&#39; 47°.tif",
        "does not mean that there is no crater",
        "the datum was guessed",
        "is above 12.0",
        "indirect",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert_eq!(page.matches("<img src=\"data:image/jpeg;base64,").count(), 1 + 24 + 12);
    for fetched in ["src=\"http", "href=\"http", "url(", "<script", "<link"] {
        assert!(!page.contains(fetched), "{fetched}");
    }
}
