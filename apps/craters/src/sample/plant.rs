//! Puts craters into a real image, lit by the sun that lit the image. What comes out is partly
//! synthetic and must be called so.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::bombing::{Fill, Truth, fill, normal};
use super::crater::{Pit, REACH};
use super::draw::Ground;
use super::land::{Tone, mixed, tones};
use super::law::{Law, Parameters};
use super::light::{self, Light};
use super::noise::{self, Octaves, hash};
use super::sensor::{PAN, blur};
use crate::data::{Band, Sun, Window};
use crate::raster::Raster;

/// Light of the sky as a share of the whole, for images that do not tell.
const SKY: f32 = 0.25;
/// The finest roughness of ground that a crater has turned over, as a share of its tone.
const TURNED: Octaves =
    Octaves { longest_m: 3.0, shortest_m: 0.8, amplitude: 0.05, gain: 0.8, is_ridged: false };
/// Places tried for each crater before it is given up.
const TRIES: usize = 200;
/// Of so many places that would do, the calmest is taken: what lies under a closed canopy
/// or on a roof nobody can see.
const CHOICE: usize = 6;

/// Plants up to `n` craters by the law's sizes, ages and fills where they do not touch each
/// other, the edge or pixels without data (NaN or zero). Positions are those of the window.
///
/// Shading multiplies: with F the light on the crater's surface as a share of that on flat
/// ground and D the darkest of the image (haze), a pixel I becomes D + (I - D) F. Where the
/// ground is turned over, under water or plants, the old texture gives way to a new one with the
/// image's own noise.
pub fn plant(
    window: &Window,
    sun: &Sun,
    gsd_m: f64,
    seed: u64,
    n: usize,
    law: Law,
) -> (Window, Vec<Truth>) {
    let p = law.parameters();
    let craters = places(&window.bands[0].1, p, gsd_m, seed, n);
    let mut planted = window.clone();
    let light = Light { towards: light::towards(sun), sky: SKY, haze: [0.0; 4] };
    let darks: Vec<f32> = planted.bands.iter().map(|(_, plane)| darkest(plane)).collect();
    let noises: Vec<f32> = planted.bands.iter().map(|(_, plane)| noise_of(plane)).collect();
    for (k, crater) in craters.iter().enumerate() {
        let stamp = Stamp::new(p, crater, gsd_m, &light, hash(seed, k as i64, 71));
        for (j, (band, plane)) in planted.bands.iter_mut().enumerate() {
            stamp.press(plane, *band, darks[j], noises[j]);
        }
    }
    (planted, craters)
}

fn places(plane: &Raster, p: &Parameters, gsd_m: f64, seed: u64, n: usize) -> Vec<Truth> {
    let mut rng = ChaCha8Rng::seed_from_u64(hash(seed, 0, 72));
    let mut found: Vec<Truth> = Vec::new();
    for _ in 0..n {
        let age = rng.random::<f64>().powf(p.age_power) as f32;
        let radius_px = 0.5 * p.sizes.diameter_m(normal(&mut rng)) / gsd_m;
        let fill = fill(&mut rng, p);
        let tried = (0..TRIES).map(|_| {
            let x = rng.random_range(0.0..plane.width as f64);
            let y = rng.random_range(0.0..plane.height as f64);
            Truth { x, y, radius_px, age, fill }
        });
        let free = tried.filter(|crater| is_free(crater, &found) && has_data(plane, crater));
        let calmest =
            free.take(CHOICE).min_by(|a, b| roughness(plane, a).total_cmp(&roughness(plane, b)));
        found.extend(calmest);
    }
    found
}

/// Deviation over mean of the ground that a crater would take.
fn roughness(plane: &Raster, crater: &Truth) -> f32 {
    let values: Vec<f32> = (-4..=4)
        .flat_map(|i| (-4..=4).map(move |j| (f64::from(i), f64::from(j))))
        .map(|(i, j)| {
            let step = 0.4 * crater.radius_px;
            plane.at((crater.x + i * step) as f32, (crater.y + j * step) as f32)
        })
        .collect();
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>();
    (variance / values.len() as f32).sqrt() / mean
}

fn is_free(crater: &Truth, others: &[Truth]) -> bool {
    others.iter().all(|other| {
        let apart = (crater.x - other.x).hypot(crater.y - other.y);
        1.3 * (crater.radius_px + other.radius_px) < apart
    })
}

fn has_data(plane: &Raster, crater: &Truth) -> bool {
    let reach = 1.6 * crater.radius_px + 2.0;
    (-2..=2).flat_map(|i| (-2..=2).map(move |j| (i, j))).all(|(i, j)| {
        let [x, y] = [(crater.x, i), (crater.y, j)].map(|(at, k)| at + f64::from(k) * reach / 2.0);
        // NaN is not greater than zero.
        plane.get(x.floor() as isize, y.floor() as isize) > 0.0
    })
}

/// The value that one pixel of two hundred is darker than: haze and deep shadow.
fn darkest(plane: &Raster) -> f32 {
    let mut values: Vec<f32> =
        plane.values.iter().step_by(7).copied().filter(|value| 0.0 < *value).collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 200).map_or(0.0, |value| 0.9 * value)
}

/// Deviation of the noise: from the calmest tenth of differences between a pixel and the mean
/// of its two neighbours, whose variance is 1.5 times that of the noise.
fn noise_of(plane: &Raster) -> f32 {
    let mut calm: Vec<f32> = plane
        .values
        .chunks_exact(9)
        .map(|nine| {
            let off = |i: usize| (nine[i] - 0.5 * (nine[i - 1] + nine[i + 1])).powi(2);
            ((1..8).map(off).sum::<f32>() / 7.0 / 1.5).sqrt()
        })
        .filter(|deviation| deviation.is_finite())
        .collect();
    calm.sort_by(f32::total_cmp);
    calm.get(calm.len() / 10).copied().unwrap_or(0.0)
}

/// What a crater does to the pixels round it.
struct Stamp {
    first: [i64; 2],
    width: usize,
    /// Light and tone as a share of what they were.
    factor: [Vec<f32>; 5],
    /// How much of the old texture is gone.
    covered: Vec<f32>,
    /// The new texture, as a share of the tone.
    turned: Vec<f32>,
    seed: u64,
}

impl Stamp {
    fn new(p: &Parameters, crater: &Truth, gsd_m: f64, light: &Light, seed: u64) -> Self {
        let reach = f64::from(REACH) * 1.15 * crater.radius_px + 4.0;
        let first = [crater.x, crater.y].map(|at| (at - reach).floor() as i64);
        let width = (2.0 * reach).ceil() as usize + 1;
        let pit = Pit::new(*crater, gsd_m, p.profile, seed);
        let old = mixed(tones::SOIL, tones::GRASS, 0.5);
        let soil = mixed(old, tones::SOIL, 0.9 * noise::uniform(seed, 1, 73));
        let mut ground = Ground::flat(first, width, gsd_m, old);
        ground.dig(&pit, [crater.x * gsd_m, crater.y * gsd_m], 0.0, soil);
        let mut turned = vec![0.0; width * width];
        TURNED.add(&mut turned, width, seed, first.map(|k| k as f64 * gsd_m), gsd_m);
        let covered = covered(&pit, crater, first, width, gsd_m as f32);
        Self {
            first,
            width,
            factor: factors(light.on(&ground), old, width, p.blur_px),
            covered: blurred(covered, width, p.blur_px),
            turned,
            seed,
        }
    }

    fn press(&self, plane: &mut Raster, band: Band, dark: f32, noise: f32) {
        let factor = &self.factor[column_of(band)];
        let level = self.level(plane);
        for (i, factor) in factor.iter().enumerate() {
            let column = self.first[0] + (i % self.width) as i64;
            let row = self.first[1] + (i / self.width) as i64;
            if !(0 <= column
                && column < plane.width as i64
                && 0 <= row
                && row < plane.height as i64)
            {
                continue;
            }
            let value = &mut plane.values[row as usize * plane.width + column as usize];
            let covered = self.covered[i];
            let ground = *value + covered * (level * (1.0 + self.turned[i]) - *value);
            let grain = covered * noise * noise::normal(self.seed, column, row);
            if 0.0 < *value {
                *value = (dark + (ground - dark) * factor + grain).max(1.0);
            }
        }
    }

    /// Median of the pixels that the crater leaves as they are.
    fn level(&self, plane: &Raster) -> f32 {
        let mut around: Vec<f32> = (0..self.covered.len())
            .filter(|i| self.covered[*i] < 0.05)
            .map(|i| {
                let column = self.first[0] + (i % self.width) as i64;
                let row = self.first[1] + (i / self.width) as i64;
                plane.get(column as isize, row as isize)
            })
            .filter(|value| 0.0 < *value)
            .collect();
        around.sort_by(f32::total_cmp);
        around.get(around.len() / 2).copied().unwrap_or(0.0)
    }
}

/// Pan, blue, green, red, near infrared: light that leaves the ground as a share of what left it
/// before.
fn factors(seen: [Vec<f32>; 4], old: Tone, width: usize, blur_px: f32) -> [Vec<f32>; 5] {
    let pan_of = |value: &dyn Fn(usize) -> f32| (0..4).map(|k| PAN[k] * value(k)).sum::<f32>();
    let before = pan_of(&|k| old[k]);
    let pan = (0..seen[0].len()).map(|i| pan_of(&|k| seen[k][i]) / before).collect();
    let share = |k: usize| seen[k].iter().map(|value| value / old[k]).collect();
    [pan, share(0), share(1), share(2), share(3)].map(|plane| blurred(plane, width, blur_px))
}

/// How much of each pixel's old ground can no longer be seen.
fn covered(pit: &Pit, crater: &Truth, first: [i64; 2], width: usize, gsd_m: f32) -> Vec<f32> {
    let offset = |k: i64, at: f64| ((k as f64 + 0.5 - at) as f32) * gsd_m;
    let inside = if crater.fill == Fill::Bare { 0.0 } else { 1.0 };
    (0..width * width)
        .map(|i| {
            let dx = offset(first[0] + (i % width) as i64, crater.x);
            let dy = offset(first[1] + (i / width) as i64, crater.y);
            let r = pit.distance(dx, dy);
            pit.bareness(r).max(inside * noise::smooth((1.0 - r) / 0.2))
        })
        .collect()
}

fn blurred(values: Vec<f32>, width: usize, deviation_px: f32) -> Vec<f32> {
    let mut plane = Raster { width, height: values.len() / width, values };
    blur(&mut plane, deviation_px);
    plane.values
}

/// Which of a stamp's planes a band takes.
fn column_of(band: Band) -> usize {
    match band {
        Band::Coastal | Band::Blue => 1,
        Band::Green => 2,
        Band::Yellow | Band::Red => 3,
        Band::RedEdge | Band::Nir | Band::Nir2 => 4,
        Band::Pan | Band::Other => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUTH: Sun = Sun { azimuth_deg: 180.0, elevation_deg: Some(40.0) };

    fn planted(n: usize, law: Law) -> (Window, Vec<Truth>) {
        let flat = Window::of(Band::Pan, Raster::filled(400, 400, 500.0));
        plant(&flat, &SOUTH, 0.5, 1, n, law)
    }

    #[test]
    fn the_wall_away_from_the_sun_is_lit_and_the_other_in_shade() {
        for law in [Law::Training, Law::Test] {
            let (window, craters) = planted(30, law);
            let pan = &window.bands[0].1;
            for crater in craters.iter().filter(|c| c.fill == Fill::Bare && c.age < 0.35) {
                let (x, off) = (crater.x as f32, 0.6 * crater.radius_px as f32);
                let north = pan.at(x, crater.y as f32 - off);
                let south = pan.at(x, crater.y as f32 + off);
                assert!(south < north, "{crater:?}: {south} and {north}");
            }
        }
    }

    #[test]
    fn ground_between_craters_stays_as_it_was() {
        let (window, craters) = planted(12, Law::Training);
        let pan = &window.bands[0].1;
        assert_eq!(craters.len(), 12);
        let is_far = |x: f64, y: f64| {
            craters.iter().all(|c| 3.0 * c.radius_px + 8.0 < (x - c.x).hypot(y - c.y))
        };
        let far = (0..400 * 400).filter(|i| is_far((i % 400) as f64, (i / 400) as f64));
        let values: Vec<f32> = far.map(|i| pan.values[i]).collect();
        assert!(1000 < values.len() && values.iter().all(|value| (value - 500.0).abs() < 0.5));
    }

    #[test]
    fn nothing_is_planted_where_there_is_no_data() {
        let nothing = Window::of(Band::Pan, Raster::filled(200, 200, f32::NAN));
        let (window, craters) = plant(&nothing, &SOUTH, 0.5, 1, 5, Law::Test);
        assert!(craters.is_empty());
        assert!(window.bands[0].1.values.iter().all(|value| value.is_nan()));
    }
}
