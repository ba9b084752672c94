//! Where bombs fell: sticks, clusters and single craters, and a record of them as poor as real
//! ones are. Knows metres; nothing of pixels' values.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::law::{Law, Parameters};

/// What lies in a crater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// Bare ground.
    Bare,
    /// Plants, taller than those around.
    Plants,
    /// Standing water.
    Water,
}

/// A crater that was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Centre in pixel positions of the scene.
    pub x: f64,
    /// Centre.
    pub y: f64,
    /// Radius of the rim's crest in pixels.
    pub radius_px: f64,
    /// From 0, fresh, to 1, all but levelled.
    pub age: f32,
    /// What lies in it.
    pub fill: Fill,
}

/// A bomb of a raid: where it fell, and whether it exploded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bomb {
    /// Position in pixels of the scene; it may lie outside.
    pub x: f64,
    /// Position.
    pub y: f64,
    /// Whether it lies in the ground unexploded.
    pub is_dud: bool,
}

/// A raid: the bombs, and what was written down about them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Raid {
    /// The bombs in the order of their fall.
    pub bombs: Vec<Bomb>,
    /// Where the record says that they fell, in pixels of the scene.
    pub recorded: [f64; 2],
    /// How many bombs the record says.
    pub recorded_bombs: usize,
    /// Day of the raid, counted from the first.
    pub day: u32,
    /// Direction of flight, degrees clockwise from up.
    pub heading_deg: f64,
}

/// Raids until the scene holds as many craters as the law asks for, and the craters inside.
pub(super) fn raids(law: Law, size_px: usize, seed: u64) -> (Vec<Raid>, Vec<Truth>) {
    let p = law.parameters();
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ law.salt() ^ 0xb0);
    let size = size_px as f64;
    let [few, many] = p.craters_km2;
    let craters_km2 = few * (many / few).powf(rng.random::<f64>());
    let n_wanted = (craters_km2 * (size * p.gsd_m / 1000.0).powi(2)).round().max(1.0) as usize;
    let (mut raids, mut craters) = (Vec::new(), Vec::new());
    let mut targets = Vec::new();
    while craters.len() < n_wanted {
        if targets.is_empty() || rng.random_bool(0.25) {
            targets.push([rng.random_range(0.0..size), rng.random_range(0.0..size)]);
        }
        let target = targets[rng.random_range(0..targets.len())];
        let raid = raid(&mut rng, p, target);
        let age = rng.random::<f64>().powf(p.age_power);
        let middle_z = 0.5 * normal(&mut rng);
        for bomb in raid.bombs.iter().filter(|bomb| !bomb.is_dud) {
            let crater = crater(&mut rng, p, bomb, age, middle_z);
            if lies_inside(&crater, size) {
                craters.push(crater);
            }
        }
        raids.push(raid);
    }
    (raids, craters)
}

fn lies_inside(crater: &Truth, size: f64) -> bool {
    (0.0..size).contains(&crater.x) && (0.0..size).contains(&crater.y)
}

/// A stick in six of ten, a cluster round a target in two, else a single bomb.
fn raid(rng: &mut ChaCha8Rng, p: &Parameters, target: [f64; 2]) -> Raid {
    let heading_deg: f64 = rng.random_range(0.0..360.0);
    let way = [heading_deg.to_radians().sin(), -heading_deg.to_radians().cos()];
    let kind: f64 = rng.random();
    let n = if kind < 0.8 { rng.random_range(p.stick[0]..=p.stick[1]) } else { 1 };
    let is_stick = kind < 0.6;
    let spacing = rng.random_range(p.spacing_m[0]..p.spacing_m[1]) / p.gsd_m;
    let off = 60.0 / p.gsd_m;
    let middle = [target[0] + off * normal(rng), target[1] + off * normal(rng)];
    let scatter = if is_stick { 0.12 * spacing } else { 1.6 * spacing };
    let bombs = (0..n)
        .map(|i| {
            let along = if is_stick { (i as f64 - 0.5 * (n - 1) as f64) * spacing } else { 0.0 };
            Bomb {
                x: middle[0] + along * way[0] + scatter * normal(rng),
                y: middle[1] + along * way[1] + scatter * normal(rng),
                is_dud: rng.random_bool(p.dud_rate),
            }
        })
        .collect();
    let error = p.record_error_m / p.gsd_m;
    Raid {
        bombs,
        recorded: [middle[0] + error * normal(rng), middle[1] + error * normal(rng)],
        recorded_bombs: n,
        day: rng.random_range(0..1000),
        heading_deg,
    }
}

/// Half of the spread of sizes and most of that of ages lies between raids.
fn crater(rng: &mut ChaCha8Rng, p: &Parameters, bomb: &Bomb, age: f64, middle_z: f64) -> Truth {
    let z = middle_z + 0.75f64.sqrt() * normal(rng);
    let age = (age + 0.12 * normal(rng)).clamp(0.0, 1.0);
    Truth {
        x: bomb.x,
        y: bomb.y,
        radius_px: 0.5 * p.sizes.diameter_m(z) / p.gsd_m,
        age: age as f32,
        fill: fill(rng, p),
    }
}

pub(super) fn fill(rng: &mut ChaCha8Rng, p: &Parameters) -> Fill {
    let [bare, plants] = p.bare_plants;
    match rng.random::<f64>() {
        u if u < bare => Fill::Bare,
        u if u < bare + plants => Fill::Plants,
        _ => Fill::Water,
    }
}

/// A standard normal deviate (Box and Muller 1958).
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diameters_m(law: Law) -> Vec<f64> {
        let gsd = law.parameters().gsd_m;
        let craters = (1..9).flat_map(|seed| raids(law, 8000, seed).1);
        let mut found: Vec<f64> = craters.map(|c| 2.0 * c.radius_px * gsd).collect();
        found.sort_by(f64::total_cmp);
        found
    }

    #[test]
    fn diameters_follow_the_published_quantiles() {
        let found = diameters_m(Law::Training);
        let at = |share: f64| found[(share * (found.len() - 1) as f64) as usize];
        assert!((at(0.5) - 9.4).abs() < 0.5, "median {}", at(0.5));
        assert!((at(0.05) - 4.8).abs() < 0.5, "5 % {}", at(0.05));
        assert!((at(0.95) - 17.1).abs() < 1.5, "95 % {}", at(0.95));
    }

    #[test]
    fn a_record_counts_duds_too_and_errs_in_its_place() {
        let (raids, _) = raids(Law::Training, 2048, 1);
        assert!(raids.iter().all(|raid| raid.recorded_bombs == raid.bombs.len()));
        let n = raids.iter().map(|raid| raid.bombs.len()).sum::<usize>() as f64;
        let duds = raids.iter().flat_map(|raid| &raid.bombs).filter(|bomb| bomb.is_dud).count();
        assert!((duds as f64 / n - 0.12).abs() < 0.08, "{duds} of {n}");
    }
}
