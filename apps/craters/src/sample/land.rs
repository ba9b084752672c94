//! What the land is used for at a place: regions of one layout, in them parcels, in them rows.
//! Knows metres and a seed; nothing of pixels or light.

use super::law::Parameters;
use super::noise::{Octaves, hash, smooth, uniform, unit};

/// A kind of land.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    /// Paddy under water.
    Flooded,
    /// Paddy with plants.
    Paddy,
    /// Paddy after harvest.
    Stubble,
    /// Field with rows.
    Field,
    /// Bare ground.
    Bare,
    /// Grass.
    Grass,
    /// Grass with many bushes.
    Scrub,
    /// Trees.
    Wood,
}

/// The land at one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    /// Its use.
    pub cover: Cover,
    /// Random bits of the parcel.
    pub parcel: u64,
    /// Metres to the parcel's edge.
    pub edge_m: f32,
    /// Metres across the rows.
    pub across_m: f32,
}

/// Reflectances in blue, green, red and near infrared.
pub(super) type Tone = [f32; 4];

/// Reflectances in the manner of published field spectra: dry and wet soil dark in blue, plants
/// with their step at 700 nm, water dark in the near infrared.
pub(super) mod tones {
    use super::Tone;
    pub(crate) const SOIL: Tone = [0.10, 0.14, 0.19, 0.27];
    pub(crate) const WET_SOIL: Tone = [0.065, 0.085, 0.105, 0.15];
    pub(crate) const CROP: Tone = [0.035, 0.075, 0.045, 0.40];
    pub(crate) const GRASS: Tone = [0.05, 0.09, 0.075, 0.30];
    pub(crate) const STRAW: Tone = [0.10, 0.145, 0.18, 0.28];
    pub(crate) const LEAVES: Tone = [0.025, 0.05, 0.03, 0.29];
    pub(crate) const WATER: Tone = [0.055, 0.065, 0.045, 0.02];
    pub(crate) const MUD: Tone = [0.085, 0.115, 0.12, 0.06];
    pub(crate) const ROOF: Tone = [0.32, 0.34, 0.36, 0.38];
    pub(crate) const ASH: Tone = [0.05, 0.055, 0.06, 0.08];
}

/// `share` of `b`, the rest of `a`.
pub(super) fn mixed(a: Tone, b: Tone, share: f32) -> Tone {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * share)
}

/// A tone, brighter or darker.
pub(super) fn scaled(tone: Tone, by: f32) -> Tone {
    tone.map(|value| value * by)
}

/// Borders are not drawn with a ruler: places are moved by this before they are looked up.
const CROOKED: Octaves =
    Octaves { longest_m: 70.0, shortest_m: 17.0, amplitude: 2.2, gain: 0.5, is_ridged: false };

/// A region: parcels of one size and direction round a centre.
#[derive(Debug, Clone, Copy)]
pub(super) struct Region {
    bits: u64,
    centre: [f64; 2],
    way: [f64; 2],
    parcel: [f64; 2],
}

/// The layout of the land of a scene.
#[derive(Debug, Clone, Copy)]
pub(super) struct Land {
    p: &'static Parameters,
    seed: u64,
}

impl Land {
    pub(super) fn new(p: &'static Parameters, seed: u64) -> Self {
        Self { p, seed: hash(seed, 1, 1) }
    }

    /// The land at a place in metres.
    pub(super) fn at(&self, x_m: f64, y_m: f64) -> Spot {
        let [dx, dy] = [2, 3].map(|k| f64::from(CROOKED.at(hash(self.seed, k, 0), x_m, y_m)));
        let moved = [x_m + dx, y_m + dy];
        self.spot(&self.region(moved), moved)
    }

    /// By how much each pixel's place is moved before it is looked up.
    pub(super) fn crookedness(&self, width: usize, at_m: [f64; 2], gsd: f64) -> [Vec<f32>; 2] {
        [2, 3].map(|k| {
            let mut plane = vec![0.0; width * width];
            CROOKED.add(&mut plane, width, hash(self.seed, k, 0), at_m, gsd);
            plane
        })
    }

    /// The region of a moved place: that of the nearest centre, one centre a cell.
    pub(super) fn region(&self, [x, y]: [f64; 2]) -> Region {
        let size = self.p.region_m;
        let (column, row) = ((x / size).floor() as i64, (y / size).floor() as i64);
        let mut nearest = (f64::INFINITY, 0, [0.0; 2]);
        for (i, j) in (-1..=1).flat_map(|j| (-1..=1).map(move |i| (column + i, row + j))) {
            let bits = hash(self.seed, i, j);
            let centre = [
                (i as f64 + f64::from(unit(bits))) * size,
                (j as f64 + f64::from(unit(bits << 24))) * size,
            ];
            let far = (x - centre[0]).powi(2) + (y - centre[1]).powi(2);
            if far < nearest.0 {
                nearest = (far, bits, centre);
            }
        }
        Region::new(nearest.1, nearest.2)
    }

    /// The land at a moved place of a region.
    pub(super) fn spot(&self, region: &Region, [x, y]: [f64; 2]) -> Spot {
        let (dx, dy) = (x - region.centre[0], y - region.centre[1]);
        let u = (dx * region.way[0] + dy * region.way[1]) / region.parcel[0];
        let column = u.floor();
        let shift = f64::from(uniform(region.bits, column as i64, 5));
        let v = (dy * region.way[0] - dx * region.way[1]) / region.parcel[1] + shift;
        let row = v.floor();
        let parcel = hash(region.bits, column as i64, row as i64);
        let (fu, fv) = (u - column, v - row);
        let edge_u = fu.min(1.0 - fu) * region.parcel[0];
        let edge_v = fv.min(1.0 - fv) * region.parcel[1];
        let is_along = parcel & 1 == 0;
        Spot {
            cover: self.cover(region.bits, parcel),
            parcel,
            edge_m: edge_u.min(edge_v) as f32,
            across_m: if is_along { fv * region.parcel[1] } else { fu * region.parcel[0] } as f32,
        }
    }

    /// Three parcels of four have the kind of their region.
    fn cover(&self, region: u64, parcel: u64) -> Cover {
        let bits = if unit(parcel << 8) < 0.75 { region } else { parcel };
        let total: f32 = self.p.land.iter().sum();
        let mut left = unit(hash(bits, 3, 3)) * total;
        let kind = self.p.land.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        match kind.unwrap_or(3) {
            0 => [Cover::Flooded, Cover::Paddy, Cover::Stubble][(parcel >> 5) as usize % 3],
            1 => Cover::Field,
            2 => Cover::Bare,
            3 => Cover::Grass,
            4 => Cover::Scrub,
            _ => Cover::Wood,
        }
    }
}

impl Region {
    fn new(bits: u64, centre: [f64; 2]) -> Self {
        let draw = |k: i64| f64::from(uniform(bits, k, 2));
        let angle = std::f64::consts::TAU * draw(0);
        Self {
            bits,
            centre,
            way: [angle.cos(), angle.sin()],
            parcel: [35.0 + 75.0 * draw(1), 16.0 + 34.0 * draw(2)],
        }
    }
}

impl Spot {
    /// Tone of the ground and its height above the terrain in metres. `moist` runs from 0 to 1.
    pub(super) fn surface(&self, p: &Parameters, moist: f32) -> (Tone, f32) {
        let soil = mixed(tones::SOIL, tones::WET_SOIL, moist);
        let own = 0.82 + 0.36 * unit(self.parcel << 12);
        let grown = unit(self.parcel << 20);
        match self.cover {
            Cover::Flooded | Cover::Paddy | Cover::Stubble => self.paddy(p, soil, own, grown),
            Cover::Field => self.field(p, soil, own, grown),
            Cover::Bare => (scaled(soil, own), 0.0),
            Cover::Grass | Cover::Scrub => {
                (scaled(mixed(soil, tones::GRASS, 0.45 + 0.4 * grown), own), 0.0)
            }
            Cover::Wood => (mixed(soil, tones::LEAVES, 0.7), 0.0),
        }
    }

    fn paddy(&self, p: &Parameters, soil: Tone, own: f32, grown: f32) -> (Tone, f32) {
        let inside = match self.cover {
            Cover::Flooded => mixed(tones::MUD, tones::CROP, 0.5 * grown),
            Cover::Paddy => mixed(tones::MUD, tones::CROP, 0.6 + 0.4 * grown),
            _ => mixed(soil, tones::STRAW, 0.4 + 0.5 * grown),
        };
        let bund = (-(self.edge_m / 0.8).powi(2)).exp();
        let bank = mixed(soil, tones::GRASS, 0.6);
        (mixed(scaled(inside, own), bank, smooth(1.4 * bund)), p.bund_m * bund)
    }

    /// Rows, and a pair of wheel tracks 1.8 m apart every 18 m.
    fn field(&self, p: &Parameters, soil: Tone, own: f32, grown: f32) -> (Tone, f32) {
        let rows_m = p.rows_m[0] + (p.rows_m[1] - p.rows_m[0]) * unit(self.parcel << 28);
        let wave = (std::f32::consts::TAU * self.across_m / rows_m).sin();
        let track = (self.across_m.rem_euclid(18.0) - 9.0).abs() - 0.9;
        let wheel = (-(track / 0.35).powi(2)).exp();
        let plants = (grown * (0.75 + 0.25 * wave)).clamp(0.0, 1.0) * (1.0 - 0.7 * wheel);
        (scaled(mixed(soil, tones::CROP, plants), own), 0.06 * wave - 0.10 * wheel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::law::Law;

    #[test]
    fn every_kind_of_land_that_the_law_names_occurs() {
        let land = Land::new(Law::Training.parameters(), 1);
        let mut seen: Vec<String> = (0..3000)
            .map(|i| {
                format!("{:?}", land.at(f64::from(i % 60) * 97.0, f64::from(i / 60) * 83.0).cover)
            })
            .collect();
        seen.sort();
        seen.dedup();
        assert_eq!(
            seen,
            ["Bare", "Field", "Flooded", "Grass", "Paddy", "Scrub", "Stubble", "Wood"]
        );
    }
}
