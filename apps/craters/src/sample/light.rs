//! Sun and sky on a square of ground: Lambert's shading, cast shadows, haze.

use super::draw::Ground;
use crate::data::Sun;

/// How a scene is lit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Light {
    /// Towards the sun: right, down, up; of length one.
    pub towards: [f32; 3],
    /// Share of the light that comes from the whole sky.
    pub sky: f32,
    /// Light that never touched the ground, as a reflectance in each band.
    pub haze: [f32; 4],
}

/// Elevation that is taken where none is known.
const ELEVATION_DEG: f64 = 45.0;

/// The direction towards the sun: right, down, up.
pub(super) fn towards(sun: &Sun) -> [f32; 3] {
    let azimuth = sun.azimuth_deg.to_radians();
    let elevation = sun.elevation_deg.unwrap_or(ELEVATION_DEG).to_radians();
    let flat = elevation.cos();
    [(azimuth.sin() * flat) as f32, (-azimuth.cos() * flat) as f32, elevation.sin() as f32]
}

/// Light on a surface that falls by `slope` = (dz/dx, dz/dy), as a share of that on flat ground:
/// max(0, n·l) / l_z with n = (-dz/dx, -dz/dy, 1) / |n|.
pub(super) fn lambert([along_x, along_y]: [f32; 2], [x, y, z]: [f32; 3]) -> f32 {
    let length = (1.0 + along_x * along_x + along_y * along_y).sqrt();
    ((z - along_x * x - along_y * y) / length).max(0.0) / z
}

/// Height of the shadow's surface over each pixel: the sun is hidden from whatever lies below.
///
/// S(p) = max(h(p), S(p + s) - |s| tan(elevation)), s one step towards the sun along the longer
/// axis, filled from the sunny side.
pub(super) fn shadow_heights(
    height: &[f32],
    width: usize,
    gsd_m: f32,
    [x, y, z]: [f32; 3],
) -> Vec<f32> {
    let is_along_x = y.abs() <= x.abs();
    let (major, minor) = if is_along_x { (x, y) } else { (y, x) };
    let side = minor / major.abs();
    let drop = gsd_m * (1.0 + side * side).sqrt() * z / x.hypot(y);
    let rows = height.len() / width;
    let (n_lines, n_across) = if is_along_x { (width, rows) } else { (rows, width) };
    let index =
        |line: usize, k: usize| if is_along_x { k * width + line } else { line * width + k };
    let mut found = height.to_vec();
    for step in 1..n_lines {
        let (line, sunny) =
            if 0.0 < major { (n_lines - 1 - step, n_lines - step) } else { (step, step - 1) };
        for k in 0..n_across {
            let from = (k as f32 + side).clamp(0.0, (n_across - 1) as f32);
            let low = from as usize;
            let high = (low + 1).min(n_across - 1);
            let share = from - low as f32;
            let above =
                found[index(sunny, low)] * (1.0 - share) + found[index(sunny, high)] * share;
            let here = index(line, k);
            found[here] = found[here].max(above - drop);
        }
    }
    found
}

/// How much of the sun reaches a pixel that lies `below` metres under the shadow's surface.
pub(super) fn sunlit(below_m: f32) -> f32 {
    (1.0 - (below_m - 0.02) / 0.15).clamp(0.0, 1.0)
}

impl Light {
    /// What leaves the ground towards the sensor, as reflectance of flat ground in full sun.
    pub(super) fn on(&self, ground: &Ground) -> [Vec<f32>; 4] {
        let width = ground.width;
        let gsd = ground.gsd_m as f32;
        let height: Vec<f32> =
            ground.height.iter().zip(&ground.canopy).map(|(land, above)| land + above).collect();
        let shadow = shadow_heights(&height, width, gsd, self.towards);
        let mut seen: [Vec<f32>; 4] = std::array::from_fn(|_| vec![0.0; height.len()]);
        for row in 0..width {
            let (up, down) = (row.saturating_sub(1), (row + 1).min(width - 1));
            for column in 0..width {
                let (left, right) = (column.saturating_sub(1), (column + 1).min(width - 1));
                let i = row * width + column;
                let slope = [
                    (height[row * width + right] - height[row * width + left]) / (2.0 * gsd),
                    (height[down * width + column] - height[up * width + column]) / (2.0 * gsd),
                ];
                let direct = lambert(slope, self.towards) * sunlit(shadow[i] - height[i]);
                let light = self.sky + (1.0 - self.sky) * direct;
                for (k, band) in seen.iter_mut().enumerate() {
                    band[i] = ground.tone[i][k] * light + self.haze[k];
                }
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEST: Sun = Sun { azimuth_deg: 270.0, elevation_deg: Some(45.0) };

    #[test]
    fn a_wall_casts_a_shadow_as_long_as_it_is_high_at_45_degrees() {
        let mut height = vec![0.0; 20 * 3];
        for row in 0..3 {
            height[row * 20 + 5] = 4.0;
        }
        let shadow = shadow_heights(&height, 20, 1.0, towards(&WEST));
        let hidden: Vec<usize> =
            (0..20).filter(|i| 0.01 < shadow[20 + i] - height[20 + i]).collect();
        assert_eq!(hidden, [6, 7, 8]);
    }

    #[test]
    fn a_slope_that_faces_the_sun_is_brighter_than_flat_ground() {
        let light = towards(&WEST);
        assert!((lambert([0.0, 0.0], light) - 1.0).abs() < 1e-6);
        assert!(lambert([0.2, 0.0], light) > 1.1, "rises to the east, faces west");
        assert!(lambert([-0.2, 0.0], light) < 0.9);
    }
}
