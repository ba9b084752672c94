//! Draws a square of ground: heights and tones, first the land, then what stands and lies on it.
//! Knows nothing of light and sensor.

use super::bombing::Fill;
use super::crater::{Pit, REACH};
use super::land::{Land, Tone, mixed, scaled, tones};
use super::law::Parameters;
use super::noise::{Octaves, hash, smooth, uniform};
use super::things::{Thing, ThingKind};

/// A square of ground, pixel by pixel.
pub(super) struct Ground {
    /// First column and row in pixels of the scene.
    pub first: [i64; 2],
    /// Pixels in a row, and rows.
    pub width: usize,
    /// Metres a pixel.
    pub gsd_m: f64,
    /// Height of the land in metres.
    pub height: Vec<f32>,
    /// Height above it of whatever casts a shadow without being land: crowns, walls.
    pub canopy: Vec<f32>,
    /// Reflectances.
    pub tone: Vec<Tone>,
}

/// Roughness within the crowns of trees.
const CROWN: Octaves =
    Octaves { longest_m: 2.4, shortest_m: 1.2, amplitude: 0.28, gain: 0.8, is_ridged: false };

impl Ground {
    /// Level ground of one tone.
    pub(super) fn flat(first: [i64; 2], width: usize, gsd_m: f64, tone: Tone) -> Self {
        let zero = vec![0.0; width * width];
        Self {
            first,
            width,
            gsd_m,
            height: zero.clone(),
            canopy: zero,
            tone: vec![tone; width * width],
        }
    }

    /// The land without things on it.
    pub(super) fn lay(
        p: &Parameters,
        land: &Land,
        seed: u64,
        first: [i64; 2],
        width: usize,
    ) -> Self {
        let gsd = p.gsd_m;
        let at_m = first.map(|k| (k as f64 + 0.5) * gsd);
        let plane = |octaves: Octaves, k: i64| {
            let mut plane = vec![0.0; width * width];
            octaves.add(&mut plane, width, hash(seed, k, 0), at_m, gsd);
            plane
        };
        let mut ground = Self {
            first,
            width,
            gsd_m: gsd,
            height: plane(p.terrain, 31),
            canopy: vec![0.0; width * width],
            tone: vec![[0.0; 4]; width * width],
        };
        ground.cover(p, land, at_m, &plane(p.moisture, 32), &plane(p.texture, 33));
        ground
    }

    fn cover(&mut self, p: &Parameters, land: &Land, at_m: [f64; 2], moist: &[f32], rough: &[f32]) {
        let [crooked_x, crooked_y] = land.crookedness(self.width, at_m, self.gsd_m);
        for row in 0..self.width {
            let y = at_m[1] + row as f64 * self.gsd_m;
            for column in 0..self.width {
                let i = row * self.width + column;
                let x = at_m[0] + column as f64 * self.gsd_m;
                let moved = [x + f64::from(crooked_x[i]), y + f64::from(crooked_y[i])];
                let spot = land.spot(&land.region(moved), moved);
                let (tone, raised) = spot.surface(p, smooth(0.5 + 0.5 * moist[i]));
                self.tone[i] = scaled(tone, rough[i].exp());
                self.height[i] += raised;
            }
        }
    }

    /// Calls `paint` for each pixel within a reach of a place, with its index and the metres
    /// from the place.
    fn around(
        &mut self,
        at_m: [f64; 2],
        reach_m: f32,
        mut paint: impl FnMut(&mut Self, usize, [f32; 2]),
    ) {
        let range = |k: usize| {
            let middle = at_m[k] / self.gsd_m - self.first[k] as f64;
            let reach = f64::from(reach_m) / self.gsd_m;
            let last = self.width as f64;
            (middle - reach).floor().clamp(0.0, last) as usize
                ..(middle + reach).ceil().clamp(0.0, last) as usize
        };
        let (columns, rows) = (range(0), range(1));
        for row in rows {
            let dy = ((self.first[1] + row as i64) as f64 + 0.5) * self.gsd_m - at_m[1];
            for column in columns.clone() {
                let dx = ((self.first[0] + column as i64) as f64 + 0.5) * self.gsd_m - at_m[0];
                paint(self, row * self.width + column, [dx as f32, dy as f32]);
            }
        }
    }

    /// Puts a thing on the ground. `level_m` is the height of the land at its centre.
    pub(super) fn put(&mut self, thing: &Thing, level_m: f32) {
        match thing.kind {
            ThingKind::Pond => self.pond(thing, level_m),
            ThingKind::Silo => self.silo(thing),
            ThingKind::House => self.house(thing),
            ThingKind::Hay => self.dome(thing, 1.3, 0.35, tones::STRAW, false),
            ThingKind::Termites => self.mound(thing),
            ThingKind::Patch => self.patch(thing),
            ThingKind::Tree => self.tree(thing),
        }
    }

    fn pond(&mut self, thing: &Thing, level_m: f32) {
        let water = mixed(tones::WATER, tones::MUD, uniform(thing.bits, 3, 1));
        self.around(thing.at_m, 1.5 * thing.radius_m, |ground, i, d| {
            let r = lobed(thing, d, 0.16);
            let inside = smooth((1.0 - r) / 0.12);
            let bank = smooth((1.35 - r) / 0.3);
            let level = level_m - 0.5;
            ground.height[i] += (level - ground.height[i]) * inside.max(0.6 * bank);
            ground.tone[i] =
                mixed(mixed(ground.tone[i], tones::WET_SOIL, 0.5 * bank), water, inside);
        });
    }

    fn silo(&mut self, thing: &Thing) {
        let height_m = 2.5 + 5.0 * uniform(thing.bits, 3, 1);
        let roof = scaled(tones::ROOF, 0.6 + 0.7 * uniform(thing.bits, 4, 1));
        self.around(thing.at_m, thing.radius_m + 0.5, |ground, i, [dx, dy]| {
            let far = dx.hypot(dy);
            if far < thing.radius_m {
                ground.canopy[i] = height_m + 0.35 * (thing.radius_m - far);
                ground.tone[i] = roof;
            }
        });
    }

    /// A roof whose ridge runs along the longer side.
    fn house(&mut self, thing: &Thing) {
        let draw = |k: i64| uniform(thing.bits, k, 1);
        let (sin, cos) = (std::f32::consts::TAU * draw(3)).sin_cos();
        let (long, short) = (0.85 * thing.radius_m, (0.4 + 0.12 * draw(4)) * thing.radius_m);
        let roof = mixed(tones::ROOF, tones::SOIL, draw(5));
        self.around(thing.at_m, thing.radius_m, |ground, i, [dx, dy]| {
            let along = (dx * cos + dy * sin).abs();
            let across = (dy * cos - dx * sin).abs();
            if along < long && across < short {
                ground.canopy[i] = 2.6 + 0.6 * (short - across);
                ground.tone[i] = roof;
            }
        });
    }

    /// A rounded body: height `high_m` at the centre, falling with the given power.
    fn dome(&mut self, thing: &Thing, high_m: f32, power: f32, tone: Tone, is_rough: bool) {
        let seed = thing.bits;
        self.around(thing.at_m, 1.2 * thing.radius_m, |ground, i, d| {
            let r = lobed(thing, d, if is_rough { 0.15 } else { 0.0 });
            if r < 1.0 {
                let rough =
                    if is_rough { CROWN.at(seed, f64::from(d[0]), f64::from(d[1])) } else { 0.0 };
                let own = high_m * (1.0 - r * r).powf(power) * (1.0 + 0.5 * rough);
                ground.canopy[i] = ground.canopy[i].max(own);
                ground.tone[i] = scaled(tone, (0.6 * rough).exp());
            }
        });
    }

    fn mound(&mut self, thing: &Thing) {
        let height_m = thing.radius_m * (0.25 + 0.45 * uniform(thing.bits, 3, 1));
        let grown = uniform(thing.bits, 4, 1);
        self.around(thing.at_m, 1.6 * thing.radius_m, |ground, i, d| {
            let r = lobed(thing, d, 0.06);
            let body = (1.0 - (r / 1.5).powi(2)).max(0.0).powi(2);
            ground.height[i] += height_m * body;
            let tone = mixed(tones::SOIL, tones::GRASS, grown);
            ground.tone[i] = mixed(ground.tone[i], tone, smooth((1.2 - r) / 0.4));
        });
    }

    fn patch(&mut self, thing: &Thing) {
        let tone = match uniform(thing.bits, 3, 1) {
            u if u < 0.4 => tones::ASH,
            u if u < 0.7 => tones::SOIL,
            _ => tones::LEAVES,
        };
        let share = 0.4 + 0.5 * uniform(thing.bits, 4, 1);
        self.around(thing.at_m, 1.4 * thing.radius_m, |ground, i, d| {
            let inside = smooth((1.1 - lobed(thing, d, 0.10)) / 0.3);
            ground.tone[i] = mixed(ground.tone[i], tone, share * inside);
        });
    }

    fn tree(&mut self, thing: &Thing) {
        let green = uniform(thing.bits, 3, 1);
        let tone = scaled(mixed(tones::LEAVES, tones::GRASS, 0.5 * green), 0.8 + 0.5 * green);
        let high_m = thing.radius_m * (1.3 + 0.9 * uniform(thing.bits, 4, 1));
        self.dome(thing, high_m, 0.4, tone, true);
    }

    /// Digs a crater.
    pub(super) fn dig(&mut self, pit: &Pit, at_m: [f64; 2], level_m: f32, soil: Tone) {
        let seed = hash(at_m[0].to_bits(), at_m[1].to_bits() as i64, 4);
        let water = mixed(tones::WATER, tones::MUD, uniform(seed, 1, 1));
        let plants = mixed(tones::CROP, tones::LEAVES, uniform(seed, 2, 1));
        let surface = pit.water_m().map(|below| level_m + below);
        self.around(at_m, REACH * 1.12 * pit.radius_m, |ground, i, [dx, dy]| {
            let r = pit.distance(dx, dy);
            if r >= REACH {
                return;
            }
            ground.canopy[i] *= smooth((r - 1.0) / 0.3);
            ground.height[i] += pit.height_m(r);
            ground.tone[i] = mixed(ground.tone[i], soil, pit.bareness(r));
            if pit.truth.fill == Fill::Plants {
                let leaf = CROWN.at(seed, f64::from(dx), f64::from(dy));
                let grown = smooth((0.95 + 0.2 * leaf - r) / 0.2);
                ground.tone[i] = mixed(ground.tone[i], scaled(plants, (0.5 * leaf).exp()), grown);
                ground.canopy[i] = ground.canopy[i].max(grown * (0.5 + 0.8 * leaf.max(-0.5)));
            }
            if let Some(surface) = surface.filter(|surface| ground.height[i] < *surface && r < 1.0)
            {
                ground.height[i] = surface;
                ground.tone[i] = water;
            }
        });
    }
}

/// Distance from a thing's centre in radii, its outline lobed by so much.
fn lobed(thing: &Thing, [dx, dy]: [f32; 2], by: f32) -> f32 {
    let far = dx.hypot(dy) / thing.radius_m;
    if by == 0.0 {
        return far;
    }
    let angle = dy.atan2(dx);
    let phase = |k: i64| std::f32::consts::TAU * uniform(thing.bits, k, 9);
    let (two, three, five) = (phase(2), phase(3), phase(5));
    let wave = (2.0 * angle + two).cos()
        + 0.6 * (3.0 * angle + three).cos()
        + 0.4 * (5.0 * angle + five).cos();
    far / (1.0 + by * wave)
}
