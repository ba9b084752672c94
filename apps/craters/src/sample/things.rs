//! Things that look like craters and are none: ponds, silos, houses, hay, termite mounds, burnt places,
//! trees. Where they stand follows from the seed and the cell of the ground they stand in.

use serde::{Deserialize, Serialize};

use super::land::{Cover, Land};
use super::law::Parameters;
use super::noise::{hash, uniform};

/// What kind of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThingKind {
    /// Water in a hollow with a lobed outline.
    Pond,
    /// A round building with a flat roof.
    Silo,
    /// A building with a ridged roof: its corners and shadow confuse.
    House,
    /// A bale of hay.
    Hay,
    /// A mound: the same circle with its shading turned over.
    Termites,
    /// A burnt or trodden place: round and flat.
    Patch,
    /// The crown of a tree.
    Tree,
}

/// A thing that looks like a crater and is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LookAlike {
    /// Centre in pixel positions of the scene.
    pub x: f64,
    /// Centre.
    pub y: f64,
    /// Radius in pixels.
    pub radius_px: f64,
    /// Its kind.
    pub kind: ThingKind,
}

/// A thing with what its drawing needs, in metres.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thing {
    pub kind: ThingKind,
    pub at_m: [f64; 2],
    pub radius_m: f32,
    pub bits: u64,
}

/// One thing at most in a cell of this size.
const CELL_M: f64 = 25.0;
/// One tree at most in a cell of this size.
const TREE_CELL_M: f64 = 7.0;

/// The things whose cells touch a square of the ground, in the order of their cells: trees last.
pub(super) fn things(
    p: &Parameters,
    land: &Land,
    seed: u64,
    from_m: [f64; 2],
    to_m: [f64; 2],
) -> Vec<Thing> {
    let mut found: Vec<Thing> =
        cells(CELL_M, from_m, to_m).filter_map(|cell| thing(p, hash(seed, 21, 0), cell)).collect();
    found.extend(
        cells(TREE_CELL_M, from_m, to_m).filter_map(|cell| tree(p, land, hash(seed, 22, 0), cell)),
    );
    found
}

fn cells(size: f64, from: [f64; 2], to: [f64; 2]) -> impl Iterator<Item = [i64; 2]> {
    let range = move |k: usize| (from[k] / size).floor() as i64..=(to[k] / size).floor() as i64;
    range(1).flat_map(move |row| range(0).map(move |column| [column, row]))
}

fn thing(p: &Parameters, seed: u64, cell: [i64; 2]) -> Option<Thing> {
    let bits = hash(seed, cell[0], cell[1]);
    let f = p.things;
    let kinds = [
        (ThingKind::Pond, f.ponds, [2.5_f32, 14.0_f32]),
        (ThingKind::Silo, f.silos, [1.8, 6.0]),
        (ThingKind::House, f.houses, [3.5, 9.0]),
        (ThingKind::Hay, f.hay, [0.7, 1.3]),
        (ThingKind::Termites, f.termites, [1.2, 4.5]),
        (ThingKind::Patch, f.patches, [1.5, 8.0]),
    ];
    let mut left = uniform(bits, 0, 1) * (1e6 / (CELL_M * CELL_M)) as f32;
    let (kind, _, [small, large]) = kinds.into_iter().find(|(_, frequency, _)| {
        left -= frequency;
        left < 0.0
    })?;
    let radius_m = small * (large / small).powf(uniform(bits, 1, 1));
    Some(Thing { kind, at_m: place(bits, cell, CELL_M), radius_m, bits })
}

fn tree(p: &Parameters, land: &Land, seed: u64, cell: [i64; 2]) -> Option<Thing> {
    let bits = hash(seed, cell[0], cell[1]);
    let draw = uniform(bits, 0, 1);
    let at_m = place(bits, cell, TREE_CELL_M);
    if draw > 0.9 {
        return None;
    }
    let spot = land.at(at_m[0], at_m[1]);
    let share = match spot.cover {
        Cover::Wood => 0.9,
        Cover::Scrub => 0.22,
        Cover::Grass => 0.03,
        Cover::Flooded | Cover::Paddy | Cover::Stubble if spot.edge_m < 1.5 => 0.05,
        Cover::Flooded | Cover::Paddy | Cover::Stubble => 0.001,
        Cover::Field | Cover::Bare => 0.006,
    };
    let [small, large] = p.crown_m;
    let large = if spot.cover == Cover::Scrub { 0.5 * large } else { large };
    let radius_m = small + (large - small) * uniform(bits, 1, 1).powf(1.5);
    (draw < share).then_some(Thing { kind: ThingKind::Tree, at_m, radius_m, bits })
}

fn place(bits: u64, cell: [i64; 2], size: f64) -> [f64; 2] {
    [0, 1].map(|k| (cell[k] as f64 + f64::from(uniform(bits, k as i64, 2))) * size)
}
