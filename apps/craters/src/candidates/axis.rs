//! The axis along which a picture is shaded, from the picture alone.

use super::filters;
use crate::raster::Raster;

/// The axis through the sun in degrees clockwise from up, from 0 to 180; which of its two ends the
/// sun stands at cannot be told from a picture. None where no direction stands out.
///
/// Relief h of no preferred direction, lit low from s, shows I = a + b (s . grad h): its slopes
/// are three times as strong (in power) along s as across it. So the axis is the main direction
/// of the slopes' second moments.
pub fn estimate_sun_axis(grey: &Raster) -> Option<f64> {
    let smooth = filters::gaussian(&filters::filled(grey, (0, 0)), 1.5);
    if smooth.width < 16 || smooth.height < 16 {
        return None;
    }
    let [xx, yy, xy] = second_moments(&smooth);
    let (half, root) = (0.5 * (xx + yy), (0.25 * (xx - yy).powi(2) + xy * xy).sqrt());
    // Directions that are all alike have a ratio near one.
    const LEAST_RATIO: f64 = 1.15;
    if !(LEAST_RATIO * (half - root) < half + root) {
        return None;
    }
    let from_x_axis = 0.5 * (2.0 * xy).atan2(xx - yy).to_degrees();
    Some((from_x_axis + 90.0).rem_euclid(180.0))
}

/// Sums of products of the slopes, each slope shortened to that of the strong ones, so that a few
/// roofs or shadows do not decide.
fn second_moments(smooth: &Raster) -> [f64; 3] {
    let mut slopes = Vec::with_capacity(smooth.values.len());
    for row in 1..smooth.height - 1 {
        let (above, line, below) = (smooth.row(row - 1), smooth.row(row), smooth.row(row + 1));
        for i in 1..smooth.width - 1 {
            slopes.push((line[i + 1] - line[i - 1], below[i] - above[i]));
        }
    }
    let mut sizes: Vec<f32> = slopes.iter().step_by(7).map(|(dx, dy)| dx.hypot(*dy)).collect();
    let strong = sizes.len() * 9 / 10;
    let (_, cap, _) = sizes.select_nth_unstable_by(strong, f32::total_cmp);
    let cap = *cap;
    let mut sums = [0.0_f64; 3];
    for (dx, dy) in slopes {
        let gain = (cap / dx.hypot(dy).max(f32::MIN_POSITIVE)).min(1.0);
        let (dx, dy) = (f64::from(dx * gain), f64::from(dy * gain));
        sums[0] += dx * dx;
        sums[1] += dy * dy;
        sums[2] += dx * dy;
    }
    sums
}
