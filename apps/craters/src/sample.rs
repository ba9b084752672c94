//! Scenes of our own making, for the demo, for tests and for training: synthetic, and called so.
//!
//! A scene follows from a [`Law`], a size and a seed alone. It is drawn by squares that know
//! nothing of each other, so it may be larger than memory and does not depend on the number of
//! threads. What a detector reaches on it tests code and ranks methods; it says nothing of real
//! ground.

mod bombing;
mod crater;
mod draw;
mod land;
mod law;
mod light;
mod noise;
mod plant;
mod sensor;
mod things;
mod write;

use rayon::prelude::*;

pub use bombing::{Bomb, Fill, Raid, Truth};
pub use law::Law;
pub use plant::plant;
pub use things::{LookAlike, ThingKind};
pub use write::{CORNER_M, EPSG, Files};

use crate::data::{Band, Sun, Window};
use crate::raster::Raster;
use crater::Pit;
use draw::Ground;
use land::{Land, mixed, tones};
use law::Parameters;
use light::Light;
use noise::{hash, uniform};

/// Pixels in a row of the squares that a scene is drawn by.
pub const BLOCK: usize = 512;
/// Pixels round a square that are drawn with it, for shadows and whatever begins outside.
const MARGIN: usize = 64;
/// The bands of a scene, in the order of its window.
pub const BANDS: [Band; 5] = [Band::Pan, Band::Blue, Band::Green, Band::Red, Band::Nir];

/// A synthetic scene in memory with all that is true of it.
#[derive(Debug, Clone)]
pub struct Synthetic {
    /// Pan, blue, green, red, near infrared: whole numbers from 1 to 2047.
    pub window: Window,
    /// Where the sun stands.
    pub sun: Sun,
    /// Metres a pixel.
    pub gsd_m: f64,
    /// The craters whose centres lie inside.
    pub craters: Vec<Truth>,
    /// Things that look like craters and are none.
    pub look_alikes: Vec<LookAlike>,
    /// The raids that made the craters.
    pub raids: Vec<Raid>,
}

/// A synthetic scene before it is drawn: small, whatever its size in pixels.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The law it follows.
    pub law: Law,
    /// Pixels in a row, and rows.
    pub size_px: usize,
    /// The seed it follows from.
    pub seed: u64,
    /// Where the sun stands.
    pub sun: Sun,
    /// Metres a pixel.
    pub gsd_m: f64,
    /// The craters whose centres lie inside.
    pub craters: Vec<Truth>,
    /// The raids that made them.
    pub raids: Vec<Raid>,
    land: Land,
    light: Light,
}

/// Draws a synthetic scene of `size_px` by `size_px` pixels.
pub fn scene(law: Law, size_px: usize, seed: u64) -> Synthetic {
    let plan = Plan::new(law, size_px, seed);
    let mut planes: Vec<Raster> =
        BANDS.iter().map(|_| Raster::filled(size_px, size_px, f32::NAN)).collect();
    let n = size_px.div_ceil(BLOCK);
    for block_row in 0..n {
        let drawn: Vec<[Raster; 5]> =
            (0..n).into_par_iter().map(|column| plan.block(column, block_row)).collect();
        for (column, block) in drawn.iter().enumerate() {
            for (plane, part) in planes.iter_mut().zip(block) {
                paste(plane, part, column * BLOCK, block_row * BLOCK);
            }
        }
    }
    Synthetic {
        window: Window { x0: 0, y0: 0, bands: BANDS.into_iter().zip(planes).collect() },
        sun: plan.sun,
        gsd_m: plan.gsd_m,
        look_alikes: plan.look_alikes(),
        craters: plan.craters,
        raids: plan.raids,
    }
}

/// Copies what fits of a part to a plane.
fn paste(plane: &mut Raster, part: &Raster, x0: usize, y0: usize) {
    let n = part.width.min(plane.width - x0);
    for row in 0..part.height.min(plane.height - y0) {
        let at = (y0 + row) * plane.width + x0;
        plane.values[at..at + n].copy_from_slice(&part.row(row)[..n]);
    }
}

impl Plan {
    /// Decides everything of a scene but its pixels.
    pub fn new(law: Law, size_px: usize, seed: u64) -> Self {
        let p = law.parameters();
        let salted = hash(law.salt(), seed as i64, 0);
        let (raids, craters) = bombing::raids(law, size_px, salted);
        let draw = |k: i64| uniform(salted, k, 41);
        let [low, high] = p.elevation_deg;
        let sun = Sun {
            azimuth_deg: (f64::from(draw(0)) * 360.0).round(),
            elevation_deg: Some((low + (high - low) * f64::from(draw(1))).round()),
        };
        let light = Light {
            towards: light::towards(&sun),
            sky: p.sky[0] + (p.sky[1] - p.sky[0]) * draw(2),
            haze: [0.045, 0.03, 0.018, 0.008].map(|haze| haze * (0.5 + draw(3))),
        };
        let land = Land::new(p, salted);
        Self { law, size_px, seed, sun, gsd_m: p.gsd_m, craters, raids, land, light }
    }

    fn salted(&self) -> u64 {
        hash(self.law.salt(), self.seed as i64, 0)
    }

    /// Draws one square of [`BLOCK`] by [`BLOCK`] pixels, whole even where it passes the edge.
    pub fn block(&self, column: usize, row: usize) -> [Raster; 5] {
        let p = self.law.parameters();
        let width = BLOCK + 2 * MARGIN;
        let first = [column, row].map(|k| (k * BLOCK) as i64 - MARGIN as i64);
        let mut ground = Ground::lay(p, &self.land, self.salted(), first, width);
        self.furnish(p, &mut ground);
        let bands = sensor::bands(p, self.light.on(&ground), width);
        let mut cut = bands.map(|band| cut(&band, MARGIN, BLOCK));
        for (k, band) in cut.iter_mut().enumerate() {
            self.read_out(p, band, k as i64, first);
        }
        cut
    }

    /// Things and craters: craters before trees that were there, whose crowns they took.
    fn furnish(&self, p: &Parameters, ground: &mut Ground) {
        let reach_m = 20.0;
        let from = ground.first.map(|k| k as f64 * p.gsd_m - reach_m);
        let to = from.map(|k| k + ground.width as f64 * p.gsd_m + 2.0 * reach_m);
        let seed = self.salted();
        let level = |at_m: [f64; 2]| p.terrain.at(hash(seed, 31, 0), at_m[0], at_m[1]);
        for thing in things::things(p, &self.land, seed, from, to) {
            ground.put(&thing, level(thing.at_m));
        }
        for (k, crater) in self.craters.iter().enumerate() {
            let at_m = [crater.x * p.gsd_m, crater.y * p.gsd_m];
            if (0..2).all(|axis| from[axis] <= at_m[axis] && at_m[axis] <= to[axis]) {
                let pit = Pit::new(*crater, p.gsd_m, p.profile, hash(seed, 51, k as i64));
                let soil = mixed(tones::SOIL, tones::WET_SOIL, 0.6 * uniform(seed, 52, k as i64));
                ground.dig(&pit, at_m, level(at_m), soil);
            }
        }
    }

    fn read_out(&self, p: &Parameters, band: &mut Raster, k: i64, first: [i64; 2]) {
        let seed = hash(self.salted(), 61, k);
        let x0 = first[0] + MARGIN as i64;
        let gains: Vec<f32> =
            (0..BLOCK as i64).map(|column| sensor::column_gain(p, seed, x0 + column)).collect();
        for (row, line) in band.values.chunks_exact_mut(BLOCK).enumerate() {
            let y = first[1] + (MARGIN + row) as i64;
            for (column, (value, gain)) in line.iter_mut().zip(&gains).enumerate() {
                *value = sensor::read_out(p, *value * gain, seed, x0 + column as i64, y);
            }
        }
    }

    /// The things inside that look like craters and are none.
    pub fn look_alikes(&self) -> Vec<LookAlike> {
        let gsd = self.gsd_m;
        let size = self.size_px as f64;
        let to = [size * gsd; 2];
        things::things(self.law.parameters(), &self.land, self.salted(), [0.0; 2], to)
            .into_iter()
            .map(|thing| LookAlike {
                x: thing.at_m[0] / gsd,
                y: thing.at_m[1] / gsd,
                radius_px: f64::from(thing.radius_m) / gsd,
                kind: thing.kind,
            })
            .filter(|thing| thing.x < size && thing.y < size)
            .collect()
    }
}

/// The middle of a plane.
fn cut(plane: &Raster, margin: usize, size: usize) -> Raster {
    let values = (margin..margin + size)
        .flat_map(|row| plane.row(row)[margin..margin + size].iter().copied())
        .collect();
    Raster { width: size, height: size, values }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static MADE: LazyLock<Synthetic> = LazyLock::new(|| scene(Law::Training, 2 * BLOCK, 2));

    /// Mean of a band over a small disc at so many rim radii from a crater's centre.
    fn mean_at(plane: &Raster, crater: &Truth, way: [f64; 2], radii: f64) -> f32 {
        let [x, y] =
            [0, 1].map(|k| ([crater.x, crater.y][k] + radii * crater.radius_px * way[k]) as f32);
        let off = 0.15 * crater.radius_px as f32;
        let places = [(0.0, 0.0), (off, 0.0), (-off, 0.0), (0.0, off), (0.0, -off)];
        places.iter().map(|(dx, dy)| plane.at(x + dx, y + dy)).sum::<f32>() / 5.0
    }

    #[test]
    fn the_same_seed_makes_the_same_scene_and_another_seed_another() {
        let [first, second, other] = [3, 3, 4].map(|seed| scene(Law::Training, 300, seed));
        assert_eq!(first.window.bands, second.window.bands);
        assert_eq!(first.craters, second.craters);
        assert_ne!(first.window.bands, other.window.bands);
    }

    #[test]
    fn the_laws_share_nothing_but_the_seed() {
        let [training, test] = [Law::Training, Law::Test].map(|law| Plan::new(law, 2048, 1));
        assert_ne!(training.gsd_m, test.gsd_m);
        assert_ne!(training.sun, test.sun);
        assert_ne!(training.craters[0], test.craters[0]);
    }

    #[test]
    fn the_wall_that_faces_the_sun_is_the_lit_one() {
        let azimuth = MADE.sun.azimuth_deg.to_radians();
        let to_sun = [azimuth.sin(), -azimuth.cos()];
        let fresh = |crater: &&Truth| {
            crater.fill == Fill::Bare && crater.age < 0.6 && 4.5 < crater.radius_px
        };
        let pan = &MADE.window.bands[0].1;
        let (n, n_right) = MADE.craters.iter().filter(fresh).fold((0, 0), |(n, good), crater| {
            let far = mean_at(pan, crater, to_sun, -0.6);
            let near = mean_at(pan, crater, to_sun, 0.6);
            (n + 1, good + usize::from(near < far))
        });
        assert!(8 <= n && 9 * n <= 10 * n_right, "{n_right} of {n}");
    }

    #[test]
    fn a_crater_with_water_is_darkest_in_the_near_infrared_where_the_truth_says() {
        let nir = MADE.window.band(Band::Nir).unwrap();
        let wet = |crater: &&Truth| crater.fill == Fill::Water && 6.0 < crater.radius_px;
        let (n, n_right) = MADE.craters.iter().filter(wet).fold((0, 0), |(n, good), crater| {
            let centre = mean_at(nir, crater, [0.0, 0.0], 0.0);
            let around = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
            let darkest = around
                .map(|way| mean_at(nir, crater, way, 1.3))
                .into_iter()
                .fold(f32::INFINITY, f32::min);
            (n + 1, good + usize::from(centre < darkest))
        });
        assert!(3 <= n && 8 * n <= 10 * n_right, "{n_right} of {n}");
    }

    #[test]
    fn a_scene_has_no_seams_between_its_squares() {
        let pan = &MADE.window.bands[0].1;
        let step = |column: usize| {
            (0..pan.height)
                .map(|row| (pan.row(row)[column] - pan.row(row)[column - 1]).abs())
                .sum::<f32>()
        };
        let usual = (BLOCK - 40..BLOCK).map(step).sum::<f32>() / 40.0;
        assert!(step(BLOCK) < 1.3 * usual, "{} against {usual}", step(BLOCK));
    }

    #[test]
    fn local_contrast_lies_between_open_and_wooded_ground_of_real_chips() {
        for law in [Law::Training, Law::Test] {
            let pan = &scene(law, 512, 1).window.bands[0].1;
            let mut contrasts: Vec<f32> = (0..32 * 32)
                .map(|k| {
                    let (x, y) = (k % 32 * 16, k / 32 * 16);
                    let values = || (y..y + 16).flat_map(|row| pan.row(row)[x..x + 16].iter());
                    let mean = values().sum::<f32>() / 256.0;
                    let variance = values().map(|v| (v - mean).powi(2)).sum::<f32>() / 256.0;
                    variance.sqrt() / mean
                })
                .collect();
            contrasts.sort_by(f32::total_cmp);
            // Least tenth in Las Vegas, median in Atlanta.
            assert!((0.069..0.30).contains(&contrasts[512]), "{law:?}: {}", contrasts[512]);
        }
    }
}
