//! A survey for tests, and what holds for all outputs.

use super::*;
use crate::classify::tree::Question;
use crate::data::{Band, Georeference, SceneOptions, Sun};

/// Half-metre pixels in UTM zone 48 north.
pub(crate) fn utm() -> Georeference {
    Georeference {
        affine: [0.5, 0.0, 500_000.0, 0.0, -0.5, 1_250_000.0],
        epsg: Some(32648),
        proj: "+proj=utm +zone=48 +datum=WGS84 +units=m +no_defs".into(),
    }
}

/// A survey of 3000 by 2000 pixels.
pub(crate) fn survey(georeference: Option<Georeference>) -> Survey {
    Survey {
        name: "trabaek".into(),
        scene: "/somewhere/Trabaek \"A&B\" <ống>.tif".into(),
        options: SceneOptions::default(),
        width: 3000,
        height: 2000,
        bands: vec![Band::Pan],
        gsd_m: georeference.as_ref().map(|_| 0.5),
        georeference,
        sun: Some(Sun { azimuth_deg: 140.0, elevation_deg: Some(50.0) }),
        is_synthetic: true,
        detector: "0123abcd, trained on synthetic scenes".into(),
        questions: vec!["diameter_px".to_owned()],
        threshold: 0.5,
        area_km2: Some(1.5),
        evidence_class: "indirect".into(),
        warnings: vec![],
    }
}

/// A crater of ten metres.
pub(crate) fn crater(id: u64, probability: f64) -> Crater {
    let (x_px, y_px) = (40.0 + 37.0 * (id % 70) as f64, 30.0 + 41.0 * (id / 70 % 40) as f64);
    let path = vec![Question {
        feature: 0,
        threshold: 12.0,
        value: 20.0,
        is_below: false,
        share_before: 0.4,
    }];
    Crater {
        id,
        x_px,
        y_px,
        diameter_px: 20.0,
        diameter_m: Some(10.0),
        position: None,
        lon_lat: Some([105.0 + x_px * 4.58e-6, 11.307 - y_px * 4.52e-6]),
        probability,
        path,
        verdict: None,
    }
}

#[test]
fn each_format_is_asked_for_by_its_name() {
    for format in Format::ALL {
        assert_eq!(Format::named(format.name()).unwrap(), format);
    }
    assert!(Format::named("dwg").unwrap_err().to_string().contains("take one of gpkg, shp"));
}

#[test]
fn without_a_place_on_the_ground_geojson_and_kml_are_refused_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let mut survey = survey(None);
    survey.is_synthetic = false;
    for format in [Format::GeoJson, Format::Kml] {
        let options = Options { formats: Some(vec![format]), ..Options::default() };
        let error = write(&survey, &[], &options, folder.path()).unwrap_err().to_string();
        assert!(error.contains("world file"), "{error}");
        assert!(!folder.path().join(format.file()).exists());
    }
}
