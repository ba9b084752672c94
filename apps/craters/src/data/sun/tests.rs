use std::fs;

use super::*;

/// A scene's sun from a file beside its image, and what was said.
fn sun_of(image: &str, file: &str, text: &str) -> Option<Sun> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(file), text).unwrap();
    of(&folder.path().join(image), None, None, (9, 9), &mut Vec::new()).unwrap()
}

fn sun(azimuth_deg: f64, elevation_deg: f64) -> Option<Sun> {
    Some(Sun { azimuth_deg, elevation_deg: Some(elevation_deg) })
}

#[test]
fn each_vendor_s_file_beside_the_image_is_read() {
    let imd = "BEGIN_GROUP = IMAGE_1\n\tmeanSunAz = 152.3;\n\tmeanSunEl = 61.5;\nEND_GROUP\n";
    assert_eq!(sun_of("a.TIF", "a.IMD", imd), sun(152.3, 61.5));
    let xml = "<isd><IMD><IMAGE><MEANSUNAZ>152.3</MEANSUNAZ><MEANSUNEL>61.5</MEANSUNEL></IMAGE></IMD></isd>";
    assert_eq!(sun_of("a.tif", "a.XML", xml), sun(152.3, 61.5));
    let mtl = "    SUN_AZIMUTH = 145.1\n    SUN_ELEVATION = 55.2\n";
    assert_eq!(sun_of("LC08_1_T1_B4.TIF", "LC08_1_T1_MTL.txt", mtl), sun(145.1, 55.2));
    let json = "{\n\"SUN_AZIMUTH\": \"145.1\",\n\"SUN_ELEVATION\": \"55.2\",\n}";
    assert_eq!(sun_of("LC08_1_T1_B4.TIF", "LC08_1_T1_MTL.json", json), sun(145.1, 55.2));
    let sentinel = "<n1:X xmlns:n1=\"u\"><Mean_Sun_Angle><ZENITH_ANGLE unit=\"deg\">30.5</ZENITH_ANGLE>\
                    <AZIMUTH_ANGLE unit=\"deg\">150</AZIMUTH_ANGLE></Mean_Sun_Angle></n1:X>";
    assert_eq!(sun_of("B04.tif", "MTD_TL.xml", sentinel), sun(150.0, 59.5));
    assert_eq!(sun_of("a.tif", "a.IMD", "nothing of use"), None);
}

/// The azimuth and elevation that are used, and what is said of them.
fn used(azimuth: f64, elevation: Option<f64>, lat: Option<f64>) -> (Option<Written>, String) {
    let mut warnings = Vec::new();
    let found = mended(Written { azimuth, elevation }, lat, &mut warnings);
    (found, warnings.join("; "))
}

#[test]
fn an_azimuth_in_another_convention_is_mended_where_it_is_certain_and_said() {
    let (found, said) = used(2.6, Some(1.05), None);
    assert!((found.unwrap().azimuth - 148.97).abs() < 0.01 && said.contains("radians"), "{said}");
    let (found, said) = used(-30.0, None, None);
    assert!(found.unwrap().azimuth == 330.0 && said.contains("-180"), "{said}");
    assert_eq!(used(400.0, None, None).0, None);
    assert_eq!(used(150.0, Some(95.0), None).0, None);
    assert_eq!(used(150.0, Some(50.0), Some(48.0)).1, "");
}

#[test]
fn the_direction_of_shadows_is_turned_round_where_no_sun_could_stand_there() {
    // June near Kyiv: the sun stands in the south-east at ten.
    let (found, said) = used(330.0, Some(50.0), Some(48.0));
    assert!(found.unwrap().azimuth == 150.0 && said.contains("direction of shadows"), "{said}");
    // At the equator both are possible at some time of the year: nothing is certain.
    assert_eq!(used(45.0, Some(60.0), Some(0.0)).1, "");
}

/// UTM of an image whose up points so many degrees clockwise from north.
fn turned_by(degrees: f64) -> Georeference {
    let (sin, cos) = degrees.to_radians().sin_cos();
    Georeference {
        affine: [cos, -sin, 500_000.0, -sin, -cos, 1_200_000.0],
        epsg: Some(32648),
        proj: crate::data::proj_text(32648).unwrap(),
    }
}

#[test]
fn in_a_turned_image_the_sun_is_turned_with_it() {
    let in_image = |degrees| in_image(&turned_by(degrees), (0.0, 0.0), 150.0).unwrap();
    assert!((in_image(0.0) - 150.0).abs() < 0.01);
    assert!((in_image(30.0) - 120.0).abs() < 0.01, "{}", in_image(30.0));
    let mirrored = Georeference { affine: [1.0, 0.0, 5e5, 0.0, 1.0, 1.2e6], ..turned_by(0.0) };
    let found = super::in_image(&mirrored, (0.0, 0.0), 150.0).unwrap();
    assert!((found - 30.0).abs() < 0.01, "rows that go north turn it upside down: {found}");
}

/// Bumps at many places, lit from an azimuth.
fn lit_from(azimuth_deg: f64) -> Raster {
    let (dx, dy) = (azimuth_deg.to_radians().sin(), -azimuth_deg.to_radians().cos());
    let mut state = 7_u32;
    let mut place = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 25)
    };
    let bumps: Vec<(f64, f64)> = (0..60).map(|_| (place(), place())).collect();
    let height = |x: f64, y: f64| {
        let bump = |(cx, cy): &(f64, f64)| (-((x - cx).powi(2) + (y - cy).powi(2)) / 40.0).exp();
        bumps.iter().map(bump).sum::<f64>()
    };
    let mut raster = Raster::filled(128, 128, 0.0);
    for (idx, value) in raster.values.iter_mut().enumerate() {
        let (x, y) = ((idx % 128) as f64, (idx / 128) as f64);
        // Slopes that rise away from the sun are bright.
        *value = (100.0 * (height(x - dx, y - dy) - height(x + dx, y + dy))) as f32;
    }
    raster
}

#[test]
fn a_picture_shaded_along_another_axis_contradicts_the_sun() {
    let at = |azimuth_deg| Sun { azimuth_deg, elevation_deg: None };
    let picture = lit_from(135.0);
    assert_eq!(sun_disagrees(&picture, &at(140.0)), None);
    // The sign cannot be told from a picture.
    assert_eq!(sun_disagrees(&picture, &at(315.0)), None);
    let said = sun_disagrees(&picture, &at(225.0)).unwrap();
    assert!(said.contains("counter-clockwise"), "{said}");
}
