//! How many recorded bombs fell within an area, when each position may be wrong.

use super::Record;

/// Metres of a degree of latitude on a sphere of 6,371 km: enough beside an error of hundreds of
/// metres.
const METRES_A_DEGREE: f64 = 111_195.0;

/// Bombs expected within `[west, south, east, north]` in degrees:
///
/// ```text
/// Σ nᵢ P(west < lonᵢ + ε < east) P(south < latᵢ + ε < north),  ε ~ Normal(0, error of position)
/// ```
///
/// A record just outside may have fallen inside, and one inside outside.
pub fn within(records: &[Record], bounds: [f64; 4]) -> f64 {
    let [west, south, east, north] = bounds;
    let expected = |record: &Record| {
        let [lon, lat] = record.lon_lat;
        let metres_a_lon = METRES_A_DEGREE * lat.to_radians().cos();
        let share = |low: f64, high: f64, at: f64, metres: f64| {
            let of = |edge: f64| normal_share((edge - at) * metres / record.error_m.max(1e-9));
            of(high) - of(low)
        };
        f64::from(record.n_bombs)
            * share(west, east, lon, metres_a_lon)
            * share(south, north, lat, METRES_A_DEGREE)
    };
    records.iter().map(expected).sum()
}

/// `Φ(z)`, by the approximation of erf in Abramowitz and Stegun 1964, 7.1.26 (error below 1.5e-7).
fn normal_share(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = t
        * (0.254_829_592
            + t * (-0.284_496_736
                + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let above = series * (-x * x).exp() / 2.0;
    if z < 0.0 { above } else { 1.0 - above }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    fn record(lon: f64, lat: f64, error_m: f64) -> Record {
        Record {
            line: 2,
            mission: None,
            source: None,
            date: None,
            lon_lat: [lon, lat],
            error_m,
            n_bombs: 100,
            kind: Kind::GeneralPurpose,
            weapon: None,
            weight_lb: None,
            n_aircraft: None,
            aircraft: None,
            mission_function: None,
            stick: None,
        }
    }

    #[test]
    fn half_of_the_bombs_recorded_on_an_edge_fell_within() {
        let n = within(&[record(107.0, 16.5, 400.0)], [107.0, 16.0, 108.0, 17.0]);
        assert!((n - 50.0).abs() < 1e-3, "{n}");
    }

    #[test]
    fn far_inside_all_count_and_far_outside_none() {
        let bounds = [107.0, 16.0, 108.0, 17.0];
        assert!((within(&[record(107.5, 16.5, 400.0)], bounds) - 100.0).abs() < 1e-3);
        assert!(within(&[record(109.0, 16.5, 400.0)], bounds) < 1e-3);
    }

    #[test]
    fn the_normal_law_is_that_of_tables() {
        assert!((normal_share(1.959_964) - 0.975).abs() < 1e-6);
        assert!((normal_share(-1.0) - 0.158_655).abs() < 1e-6);
    }
}
