//! Step one: loose circular candidates, found by shading along the sun and by blobs.
//!
//! On a ladder of radii the picture is smoothed; the maxima of its slope away from the sun (a
//! hollow is dark on the sun's side and bright on the other) and of its Laplacian of either sign
//! are starting points. Each is moved and resized until its surroundings agree best with a hollow
//! (see `polar`); of near ones of like size the best stays. Large radii are sought on reduced
//! planes.
//!
//! Everything is decided within [`margin_px`] of a candidate and on the scene's own grid, so that
//! it does not matter where a window begins.

mod axis;
pub(crate) mod filters;
mod near;
mod peaks;
mod polar;

use serde::{Deserialize, Serialize};

use crate::data::Sun;
use crate::raster::Raster;
pub use axis::estimate_sun_axis;
pub(crate) use peaks::towards;

/// A circle that may be a crater.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Centre, in pixel positions of the raster it was found in.
    pub x: f32,
    /// Centre.
    pub y: f32,
    /// Rim radius in pixels.
    pub radius_px: f32,
    /// The response that found it; larger is more likely.
    pub score: f32,
}

/// What step one looks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Smallest rim diameter in pixels.
    pub min_diameter_px: f32,
    /// Largest rim diameter in pixels.
    pub max_diameter_px: f32,
    /// About this many candidates a megapixel at most, where they crowd; each octave of radii has
    /// its share. Ranks are taken among neighbours.
    pub quota_per_mp: f32,
    /// Candidates with a lower score are left out.
    pub min_score: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { min_diameter_px: 6.0, max_diameter_px: 400.0, quota_per_mp: 4000.0, min_score: 0.4 }
    }
}

/// Where a plane lies in its scene, and how much of it is there for its neighbours' sake only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Column of the plane's first pixel in the scene.
    pub x0: i64,
    /// Row of the plane's first pixel in the scene.
    pub y0: i64,
    /// Pixels along each edge where no centre is reported.
    pub margin: usize,
}

/// Steps of the ladder of radii in an octave.
const STEPS: usize = 3;
/// What is measured of a candidate lies within this many radii.
const REACH: f32 = 2.25;

/// How far beyond a tile a plane must reach, so that the candidates in the tile are the same as
/// in the whole scene.
pub fn margin_px(settings: &Settings) -> usize {
    (REACH * settings.max_diameter_px / 2.0).ceil() as usize + 8
}

/// The candidates of a plane, best first. Without a sun the shading is unsigned.
pub fn find(grey: &Raster, sun: Option<&Sun>, settings: &Settings) -> Vec<Candidate> {
    find_at(grey, Place::default(), sun, settings)
}

/// The candidates of a part of a scene, best first, in pixel positions of the plane.
pub fn find_at(
    grey: &Raster,
    place: Place,
    sun: Option<&Sun>,
    settings: &Settings,
) -> Vec<Candidate> {
    let whole = filters::filled(grey, (place.x0, place.y0));
    let levels = filters::pyramid(whole, (place.x0, place.y0), 8, 4);
    let mut found = Vec::new();
    for octave in octaves(settings, levels.len()) {
        found.extend(peaks::of_octave(&levels[octave.level], &octave, place.margin, grey, sun));
    }
    found.retain(|c| {
        let range = settings.min_diameter_px..=settings.max_diameter_px;
        settings.min_score <= c.score && range.contains(&(2.0 * c.radius_px))
    });
    let found = near::strongest(found);
    let mut kept = near::within_quota(found, settings);
    kept.retain(|c| is_inside(c, grey, place.margin));
    kept.sort_by(|a, b| b.score.total_cmp(&a.score));
    kept
}

/// A doubling of the radius: the radii that are sought, and the level they are sought at.
struct Octave {
    level: usize,
    radii_px: Vec<f32>,
}

/// The ladder from the smallest radius to the largest, each octave at the level where its first
/// radius is three to six pixels (or at the first).
fn octaves(settings: &Settings, n_levels: usize) -> Vec<Octave> {
    let (least, most) = (settings.min_diameter_px / 2.0, settings.max_diameter_px / 2.0);
    let radius = |i: usize| least * 2.0_f32.powf(i as f32 / STEPS as f32);
    let radii: Vec<f32> = (0..).map(radius).take_while(|r| *r <= most).collect();
    radii
        .chunks(STEPS)
        .map(|radii| {
            let level = (radii[0] / 3.0).log2().floor().max(0.0) as usize;
            Octave { level: level.min(n_levels - 1), radii_px: radii.to_vec() }
        })
        .collect()
}

fn is_inside(c: &Candidate, plane: &Raster, margin: usize) -> bool {
    let (margin, width, height) = (margin as f32, plane.width as f32, plane.height as f32);
    let within = |at: f32, size: f32| margin <= at && at < size - margin;
    within(c.x, width) && within(c.y, height)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EAST: Sun = Sun { azimuth_deg: 90.0, elevation_deg: None };

    /// Level ground with a bowl of radius 12 lit from the east; a mound where `sign` is -1.
    fn bowl(sign: f32) -> Raster {
        let mut plane = Raster::filled(120, 110, 100.0);
        for (i, value) in plane.values.iter_mut().enumerate() {
            let (x, y) = ((i % 120) as f32 + 0.5 - 60.0, (i / 120) as f32 + 0.5 - 55.0);
            if x.hypot(y) < 12.0 {
                *value -= sign * 2.0 * x;
            }
        }
        plane
    }

    /// From 0 to 255, without order.
    fn noise(i: u32) -> f32 {
        let mixed = (i ^ (i >> 7)).wrapping_mul(2_654_435_761);
        let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_519);
        ((mixed ^ (mixed >> 13)) >> 24) as f32
    }

    fn meets(c: &Candidate) -> bool {
        (c.x - 60.0).hypot(c.y - 55.0) < 3.0 && (c.radius_px / 12.0 - 1.0).abs() < 0.15
    }

    #[test]
    fn a_bowl_is_found_with_its_centre_and_radius() {
        let found = find(&bowl(1.0), Some(&EAST), &Settings::default());
        assert!(meets(&found[0]), "{:?}", found[0]);
    }

    #[test]
    fn a_mound_is_found_only_where_the_sun_is_not_known() {
        let mound = bowl(-1.0);
        let signed = find(&mound, Some(&EAST), &Settings::default());
        assert!(!signed.iter().any(meets), "{signed:?}");
        assert!(find(&mound, None, &Settings::default()).iter().any(meets));
    }

    #[test]
    fn it_does_not_matter_where_a_window_begins() {
        let scene = Raster { width: 260, height: 260, values: (0..260 * 260).map(noise).collect() };
        let scene = filters::gaussian(&scene, 2.0);
        let settings = Settings { max_diameter_px: 24.0, ..Settings::default() };
        let window = |x0: usize, y0: usize| {
            let rows = (y0..y0 + 200).flat_map(|row| &scene.row(row)[x0..x0 + 200]);
            let plane = Raster { width: 200, height: 200, values: rows.copied().collect() };
            let place = Place { x0: x0 as i64, y0: y0 as i64, margin: margin_px(&settings) };
            let found = find_at(&plane, place, Some(&EAST), &settings);
            let inside =
                |c: &Candidate| (100.0..150.0).contains(&c.x) && (100.0..150.0).contains(&c.y);
            let mut centres: Vec<(i32, i32)> = found
                .into_iter()
                .map(|c| Candidate { x: c.x + x0 as f32, y: c.y + y0 as f32, ..c })
                .filter(inside)
                .map(|c| ((c.x * 20.0).round() as i32, (c.y * 20.0).round() as i32))
                .collect();
            centres.sort_unstable();
            centres
        };
        let (here, there) = (window(0, 0), window(37, 41));
        let same = here.iter().filter(|c| there.contains(c)).count();
        assert!(5 < here.len() && 0.98 * here.len() as f32 <= same as f32, "{here:?} {there:?}");
    }

    #[test]
    fn a_plane_without_data_has_no_candidates() {
        let nothing = Raster::filled(40, 40, f32::NAN);
        assert_eq!(find(&nothing, Some(&EAST), &Settings::default()), []);
    }

    #[test]
    fn the_axis_of_the_shading_is_that_of_the_sun() {
        let rough = Raster { width: 128, height: 128, values: (0..128 * 128).map(noise).collect() };
        let relief = filters::gaussian(&rough, 3.0);
        let mut lit = Raster::filled(128, 128, 0.0);
        for row in 0..128 {
            for column in 1..127 {
                let line = relief.row(row);
                lit.values[row * 128 + column] = line[column - 1] - line[column + 1];
            }
        }
        let axis = estimate_sun_axis(&lit).expect("lit from one side");
        assert!((axis - 90.0).abs() < 15.0, "{axis}");
    }
}
