use super::*;

fn close(found: [f64; 2], expected: [f64; 2], within: f64) {
    let near = |i: usize| (found[i] - expected[i]).abs() <= within;
    assert!(near(0) && near(1), "{found:?}, expected {expected:?}");
}

/// UTM by Karney 2011 (10.1007/s00190-011-0445-3), series to n⁴: written apart from the library.
fn utm_by_hand(lon: f64, lat: f64, zone: f64) -> [f64; 2] {
    let (a, f) = (6_378_137.0, 1.0 / 298.257_223_563);
    let n: f64 = f / (2.0 - f);
    let rectifying = a / (1.0 + n) * (1.0 + n * n / 4.0 + n.powi(4) / 64.0);
    let alpha = [
        n / 2.0 - 2.0 / 3.0 * n.powi(2) + 5.0 / 16.0 * n.powi(3) + 41.0 / 180.0 * n.powi(4),
        13.0 / 48.0 * n.powi(2) - 3.0 / 5.0 * n.powi(3) + 557.0 / 1440.0 * n.powi(4),
        61.0 / 240.0 * n.powi(3) - 103.0 / 140.0 * n.powi(4),
        49_561.0 / 161_280.0 * n.powi(4),
    ];
    let (phi, lambda) = (lat.to_radians(), (lon - (6.0 * zone - 183.0)).to_radians());
    let e = 2.0 * n.sqrt() / (1.0 + n);
    let t = (phi.sin().atanh() - e * (e * phi.sin()).atanh()).sinh();
    let (xi, eta) = (t.atan2(lambda.cos()), (lambda.sin() / t.hypot(lambda.cos())).asinh());
    let (mut x, mut y) = (eta, xi);
    for (j, a) in alpha.iter().enumerate() {
        let k = 2.0 * (j + 1) as f64;
        x += a * (k * xi).cos() * (k * eta).sinh();
        y += a * (k * xi).sin() * (k * eta).cosh();
    }
    [500_000.0 + 0.9996 * rectifying * x, 0.9996 * rectifying * y]
}

#[test]
fn utm_is_what_the_series_of_its_paper_gives_and_goes_back() {
    let utm = Projection::new("EPSG:32648").unwrap();
    for [lon, lat] in [[105.4, 11.2], [102.1, 0.5], [107.9, 60.0], [105.0, 16.8]] {
        let found = utm.from_lon_lat(lon, lat).unwrap();
        close(found, utm_by_hand(lon, lat, 48.0), 1e-3);
        close(utm.lon_lat(found[0], found[1]).unwrap(), [lon, lat], 1e-9);
    }
}

#[test]
fn south_of_the_equator_northings_begin_at_ten_million() {
    let north = utm_by_hand(33.5, 2.0, 36.0);
    let south = Projection::new("EPSG:32736").unwrap().from_lon_lat(33.5, -2.0).unwrap();
    close(south, [north[0], 10_000_000.0 - north[1]], 1e-3);
}

#[test]
fn web_mercator_is_its_formula_without_a_shift_of_datum() {
    let (lon, lat) = (105.4_f64, 11.2_f64);
    let a = 6_378_137.0;
    let north = a * (std::f64::consts::FRAC_PI_4 + lat.to_radians() / 2.0).tan().ln();
    let mercator = Projection::new("EPSG:3857").unwrap();
    close(mercator.from_lon_lat(lon, lat).unwrap(), [a * lon.to_radians(), north], 1e-3);
    close(mercator.lon_lat(a * lon.to_radians(), north).unwrap(), [lon, lat], 1e-9);
}

/// Published error of taking Indian 1960 for WGS84 at two bombed places.
#[test]
fn indian_1960_taken_for_wgs84_is_hundreds_of_metres_wrong() {
    let (east, north) = datum_shift(105.42, 11.16, "EPSG:4131", "EPSG:4326").unwrap();
    close([east, north], [-426.0, 226.0], 2.0);
    let (east, north) = datum_shift(107.1, 16.8, "EPSG:4131", "EPSG:4326").unwrap();
    close([east, north], [-446.0, 178.0], 4.0);
}

#[test]
fn the_shift_is_that_of_the_geocentric_formula() {
    // Everest 1830 (1937 adjustment) to WGS84 over earth-centred coordinates.
    let (lon, lat) = (105.42_f64.to_radians(), 11.16_f64.to_radians());
    let (a, f) = (6_377_276.345, 1.0 / 300.8017);
    let e2 = f * (2.0 - f);
    let n = a / (1.0 - e2 * lat.sin().powi(2)).sqrt();
    let x = n * lat.cos() * lon.cos() + 198.0;
    let y = n * lat.cos() * lon.sin() + 881.0;
    let z = n * (1.0 - e2) * lat.sin() + 317.0;
    let (a, f) = (6_378_137.0, 1.0 / 298.257_223_563);
    let e2 = f * (2.0 - f);
    let mut phi = lat;
    for _ in 0..20 {
        let n: f64 = a / (1.0 - e2 * f64::sin(phi).powi(2)).sqrt();
        phi = (z + e2 * n * phi.sin()).atan2(x.hypot(y));
    }
    let indian = Projection::new("EPSG:4131").unwrap();
    let expected = [y.atan2(x).to_degrees(), phi.to_degrees()];
    close(indian.lon_lat(105.42, 11.16).unwrap(), expected, 1e-7);
}

#[test]
fn indian_1960_utm_carries_the_same_shift_as_its_degrees() {
    let projected = Projection::new("EPSG:3148").unwrap();
    let degrees = Projection::new("EPSG:4131").unwrap();
    let text = "+proj=utm +zone=48 +a=6377276.345 +rf=300.8017 +towgs84=0,0,0 +no_defs";
    let unshifted = Projection::new(text).unwrap();
    let [east, north] = [545_000.0, 1_234_000.0];
    let [lon, lat] = projected.lon_lat(east, north).unwrap();
    let [own_lon, own_lat] = degrees.from_lon_lat(lon, lat).unwrap();
    let [plain_lon, plain_lat] = unshifted.lon_lat(east, north).unwrap();
    // Between them lies only the difference of the ellipsoids, far less than the datum.
    assert!((own_lon - plain_lon).abs() < 1e-4 && (own_lat - plain_lat).abs() < 1e-3);
    let (east_m, _) = metres_between([plain_lon, plain_lat], [lon, lat]);
    assert!((-450.0..-400.0).contains(&east_m), "{east_m}");
}

#[test]
fn an_unknown_code_is_named_with_what_to_pass() {
    let said = parse_projection("EPSG:2056").unwrap_err().to_string();
    assert!(said.contains("EPSG:2056") && said.contains("gdalsrsinfo EPSG:2056"), "{said}");
    let said = parse_projection("+proj=nothing").unwrap_err().to_string();
    assert!(said.contains("+proj=nothing") && said.contains("PROJ text"), "{said}");
    assert_eq!(parse_projection("epsg:32648").unwrap().0, Some(32648));
}
