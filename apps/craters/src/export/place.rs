//! Where a crater lies: its centre and its rim, in the scene's projection, in WGS84, or in pixels
//! where the scene has no place.

use crate::data::Georeference;
use crate::survey::Crater;

/// Corners of a rim that is drawn as a polygon.
pub(crate) const CORNERS: usize = 32;

/// Its centre in the scene's projection. Without one: column and minus row, which is where QGIS
/// lays a picture that has no place.
pub(crate) fn centre(crater: &Crater, georeference: Option<&Georeference>) -> [f64; 2] {
    let Some(georeference) = georeference else { return [crater.x_px, -crater.y_px] };
    let [a, b, c, d, e, f] = georeference.affine;
    let (x, y) = (crater.x_px, crater.y_px);
    crater.position.unwrap_or([a * x + b * y + c, d * x + e * y + f])
}

/// Its rim as a closed ring, counter-clockwise, where [`centre`] has its centre.
pub(crate) fn rim(crater: &Crater, georeference: Option<&Georeference>) -> Vec<[f64; 2]> {
    let [x, y] = centre(crater, georeference);
    let [a, b, _, d, e, _] =
        georeference.map_or([1.0, 0.0, 0.0, 0.0, -1.0, 0.0], |georeference| georeference.affine);
    let r = crater.diameter_px / 2.0;
    let is_mirrored = a * e - b * d < 0.0;
    ring(|sin, cos| {
        let (dx, dy) = (r * cos, if is_mirrored { -r * sin } else { r * sin });
        [x + a * dx + b * dy, y + d * dx + e * dy]
    })
}

/// Its rim in longitude and latitude, WGS84, counter-clockwise; none where its place or its
/// diameter in metres is not known.
pub(crate) fn rim_wgs84(crater: &Crater) -> Option<Vec<[f64; 2]>> {
    let ([lon, lat], r) = (crater.lon_lat?, crater.diameter_m? / 2.0);
    let [east, north] = metres_per_degree(lat);
    Some(ring(|sin, cos| [lon + r * cos / east, lat + r * sin / north]))
}

fn ring(corner: impl Fn(f64, f64) -> [f64; 2]) -> Vec<[f64; 2]> {
    let angle = |i: usize| std::f64::consts::TAU * (i % CORNERS) as f64 / CORNERS as f64;
    (0..=CORNERS)
        .map(|i| {
            let (sin, cos) = angle(i).sin_cos();
            corner(sin, cos)
        })
        .collect()
}

/// Metres of a degree of longitude and of latitude, from the radii of curvature of the ellipsoid:
/// N = a / W in the prime vertical, M = a (1 - e²) / W³ in the meridian, W² = 1 - e² sin² φ.
/// Constants of WGS84: NIMA TR8350.2, table 3.1.
fn metres_per_degree(lat: f64) -> [f64; 2] {
    const A: f64 = 6_378_137.0;
    const E2: f64 = 0.006_694_379_990_14;
    let (sin, cos) = lat.to_radians().sin_cos();
    let w = (1.0 - E2 * sin * sin).sqrt();
    let degree = std::f64::consts::PI / 180.0;
    // At a pole all longitudes are one; a millimetre keeps the division finite.
    [(degree * A / w * cos).max(1e-3), degree * A * (1.0 - E2) / w.powi(3)]
}

/// Twice the signed area of a closed ring; positive where it runs counter-clockwise.
pub(crate) fn signed_area(ring: &[[f64; 2]]) -> f64 {
    // Relative to the first corner: coordinates of a projection are large, rings are small.
    let Some([x0, y0]) = ring.first() else { return 0.0 };
    let cross = |pair: &[[f64; 2]]| {
        (pair[0][0] - x0) * (pair[1][1] - y0) - (pair[1][0] - x0) * (pair[0][1] - y0)
    };
    ring.windows(2).map(cross).sum()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{crater, utm};
    use super::*;

    #[test]
    fn a_rim_is_closed_and_runs_counter_clockwise_on_ground_and_in_pixels() {
        let crater = crater(1, 0.9);
        for georeference in [Some(utm()), None] {
            let rim = rim(&crater, georeference.as_ref());
            assert_eq!(rim.len(), 33);
            assert_eq!(rim[0], rim[32]);
            assert!(signed_area(&rim) > 0.0);
        }
    }

    #[test]
    fn a_rim_in_degrees_is_as_wide_as_the_diameter() {
        // One degree of latitude at 45° is 111,131.75 m, of longitude 78,846.81 m on WGS84.
        let [east, north] = metres_per_degree(45.0);
        assert!((north - 111_131.75).abs() < 0.1, "{north}");
        assert!((east - 78_846.81).abs() < 0.1, "{east}");
        let rim = rim_wgs84(&crater(1, 0.9)).unwrap();
        let [east, _] = metres_per_degree(rim[0][1]);
        assert!(((rim[0][0] - rim[16][0]) * east - 10.0).abs() < 1e-6);
    }
}
