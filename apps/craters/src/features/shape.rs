//! Shape: rings and their harmonics about the sun, the patch itself, oriented gradients, the lit
//! and the dark segment.

use super::patch::{Patch, RADIUS, SIDE, SPOTS, Spot};

/// Rings of half a quarter radius each.
const RINGS: usize = 6;
/// Cells of the downsampled patch: full height, half width (left and right folded together).
const CELLS: usize = 12;
/// Directions of the histogram of oriented gradients.
const DIRECTIONS: usize = 8;

pub(super) fn names() -> Vec<String> {
    let mut names = Vec::new();
    for what in ["mean", "cosine", "sine", "second"] {
        names.extend((0..RINGS).map(|ring| format!("ring_{what}_{ring}")));
    }
    for row in 0..CELLS {
        names.extend((0..CELLS / 2).map(|column| format!("patch_{row}_{column}")));
    }
    for zone in ["inside", "rim"] {
        names.extend((0..DIRECTIONS).map(|k| format!("hog_{zone}_{k}")));
    }
    for segment in ["dark", "lit"] {
        for what in ["area", "along", "across", "elongation", "tilt"] {
            names.push(format!("{segment}_{what}"));
        }
    }
    let rest = ["bowl", "bowl_slope", "rim_slope", "rim_evenness", "fold", "inside_outside"];
    names.extend(rest.map(str::to_owned));
    names
}

pub(super) fn measure(patch: &Patch, row: &mut Vec<f32>) {
    let rings = Rings::of(patch);
    for harmonic in rings.harmonics {
        row.extend(harmonic);
    }
    folded(patch, row);
    oriented(patch, row);
    segment(patch, |v| v < -0.7, row);
    segment(patch, |v| 0.7 < v, row);
    row.extend([bowl(patch), bowl_slope(patch)]);
    row.extend(rim(patch));
    row.extend([fold(patch), inside_outside(patch)]);
}

/// Means over rings of 1, cos, |sin| and cos of the double angle from the sun's direction.
struct Rings {
    harmonics: [[f32; RINGS]; 4],
}

impl Rings {
    fn of(patch: &Patch) -> Self {
        let mut sums = [[0.0_f32; RINGS]; 4];
        let mut counts = [0.0_f32; RINGS];
        for (value, spot) in patch.values.iter().zip(SPOTS.iter()) {
            let ring = (spot.distance * 4.0) as usize;
            if RINGS <= ring {
                continue;
            }
            let weights = [1.0, spot.cos, spot.u / spot.distance, spot.cos_double];
            for (sum, weight) in sums.iter_mut().zip(weights) {
                sum[ring] += weight * value;
            }
            counts[ring] += 1.0;
        }
        for sum in &mut sums {
            sum.iter_mut().zip(counts).for_each(|(s, n)| *s /= n);
        }
        // The mirror about the sun's direction changes nothing that light can tell.
        sums[2].iter_mut().for_each(|s| *s = s.abs());
        Self { harmonics: sums }
    }
}

/// The patch at half the detail, left and right folded together: the mirror about the sun's
/// direction is the one symmetry of a lit hollow.
fn folded(patch: &Patch, row: &mut Vec<f32>) {
    let step = SIDE / CELLS;
    let cell = |r: usize, c: usize| {
        let at = |y: usize, x: usize| patch.values[(r * step + y) * SIDE + c * step + x];
        (0..step).flat_map(|y| (0..step).map(move |x| (y, x))).map(|(y, x)| at(y, x)).sum::<f32>()
            / (step * step) as f32
    };
    for r in 0..CELLS {
        row.extend((0..CELLS / 2).map(|c| 0.5 * (cell(r, c) + cell(r, CELLS - 1 - c))));
    }
}

/// Histograms of oriented gradients inside and about the rim, each of sum one.
fn oriented(patch: &Patch, row: &mut Vec<f32>) {
    let mut zones = [[0.0_f32; DIRECTIONS]; 2];
    for (i, spot) in SPOTS.iter().enumerate() {
        let zone = match spot.distance {
            d if d < 0.75 => 0,
            d if d < 1.3 => 1,
            _ => continue,
        };
        // Folded: a slope to the left counts as one to the right.
        let direction = direction(patch.dx[i].abs(), patch.dy[i]);
        zones[zone][direction] += patch.size[i];
    }
    for zone in zones {
        let total = zone.iter().sum::<f32>() + 1e-6;
        row.extend(zone.map(|sum| sum / total));
    }
}

/// Which eighth of the half circle from up to down a slope points to.
fn direction(right: f32, down: f32) -> usize {
    const TAN_EIGHTH: f32 = 0.414_213_57; // tan(22.5 degrees)
    let below = down.abs();
    let away = usize::from(TAN_EIGHTH * right < below)
        + usize::from(right < below)
        + usize::from(right < TAN_EIGHTH * below);
    if down < 0.0 { DIRECTIONS / 2 - 1 - away } else { DIRECTIONS / 2 + away }
}

/// The samples inside that are dark (or lit), as an ellipse: area in crater areas, centre along
/// and across the sun in radii, ratio of the axes, tilt of the long one against the sun.
fn segment(patch: &Patch, belongs: impl Fn(f32) -> bool, row: &mut Vec<f32>) {
    let (mut n, mut u1, mut v1, mut uu, mut vv, mut uv) = (0.0_f32, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (value, &Spot { u, v, distance, .. }) in patch.values.iter().zip(SPOTS.iter()) {
        if 1.2 < distance || !belongs(*value) {
            continue;
        }
        n += 1.0;
        u1 += u;
        v1 += v;
        uu += u * u;
        vv += v * v;
        uv += u * v;
    }
    let area = n / (std::f32::consts::PI * RADIUS * RADIUS);
    if n < 3.0 {
        row.extend([area, 0.0, 0.0, 1.0, 0.0]);
        return;
    }
    let (mu, mv) = (u1 / n, v1 / n);
    let (cuu, cvv, cuv) = (uu / n - mu * mu, vv / n - mv * mv, uv / n - mu * mv);
    let (half, root) = (0.5 * (cuu + cvv), (0.25 * (cuu - cvv).powi(2) + cuv * cuv).sqrt());
    let elongation = ((half + root) / (half - root).max(1e-4)).sqrt();
    let tilt = (cuu - cvv) / (2.0 * root).max(1e-6);
    row.extend([area, -mv, mu.abs(), elongation, tilt]);
}

/// Correlation with a bowl lit from above: dark towards the sun, bright away from it.
fn bowl(patch: &Patch) -> f32 {
    let (mut product, mut power, mut own) = (0.0, 0.0, 0.0);
    for (value, &Spot { v, distance, .. }) in patch.values.iter().zip(SPOTS.iter()) {
        let shade = if distance < 1.0 { v } else { 0.0 };
        product += shade * value;
        power += shade * shade;
        own += value * value;
    }
    product / (power * own).sqrt().max(1e-6)
}

/// Share of the slope inside that points away from the sun.
fn bowl_slope(patch: &Patch) -> f32 {
    let (mut along, mut total) = (0.0, 1e-6);
    for (i, spot) in SPOTS.iter().enumerate() {
        if spot.distance < 0.8 {
            along += patch.dy[i];
            total += patch.size[i];
        }
    }
    along / total
}

/// About the rim: the mean size of the slope across it against the mean slope, and the share of
/// twelve sectors where it is larger than average.
fn rim(patch: &Patch) -> [f32; 2] {
    let (mut across, mut all) = (0.0, 1e-6);
    let mut sectors = [[0.0_f32; 2]; 12];
    for (i, &Spot { u, v, distance, sector, .. }) in SPOTS.iter().enumerate() {
        if !(0.75..1.3).contains(&distance) {
            continue;
        }
        let radial = ((u * patch.dx[i] + v * patch.dy[i]) / distance).abs();
        let total = patch.size[i];
        across += radial;
        all += total;
        sectors[sector][0] += radial;
        sectors[sector][1] += total;
    }
    let even = sectors.iter().filter(|[radial, total]| 0.7 * total < *radial).count();
    [across / all, even as f32 / 12.0]
}

/// How unlike left and right are: mean square difference.
fn fold(patch: &Patch) -> f32 {
    let mut sum = 0.0;
    for line in patch.values.chunks_exact(SIDE) {
        sum += (0..SIDE / 2).map(|i| (line[i] - line[SIDE - 1 - i]).powi(2)).sum::<f32>();
    }
    2.0 * sum / (SIDE * SIDE) as f32
}

/// Mean inside less mean outside, in deviations of the patch.
fn inside_outside(patch: &Patch) -> f32 {
    let mut sums = [[0.0_f32; 2]; 2];
    for (value, spot) in patch.values.iter().zip(SPOTS.iter()) {
        let zone = &mut sums[usize::from(1.0 < spot.distance)];
        zone[0] += value;
        zone[1] += 1.0;
    }
    sums[0][0] / sums[0][1] - sums[1][0] / sums[1][1]
}
