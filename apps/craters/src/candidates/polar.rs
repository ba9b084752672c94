//! What lies around a centre, sampled on rings.

use std::sync::LazyLock;

use crate::raster::Raster;

const ANGLES: usize = 8;
const OUTERMOST: f32 = 1.7;
/// Rings in radii, each with the shading along the sun that a hollow shows there (its walls, and
/// beyond its rim the slope that falls off the other way), and with the tone of a disc that is
/// filled by water or plants.
const RINGS: [[f32; 3]; 6] = [
    [0.3, 0.5, 1.0],
    [0.6, 0.9, 1.0],
    [0.85, 0.9, 0.4],
    [1.15, -0.2, 0.0],
    [1.4, -0.2, 0.0],
    [OUTERMOST, 0.0, 0.0],
];

/// A sample: where, in radii; its share of the area; the shading of a hollow there; the tone of a
/// disc, of mean zero over all samples.
struct Sample {
    x: f32,
    y: f32,
    weight: f32,
    shade: f32,
    tone: f32,
}

/// The samples with the sums that correlations need.
struct Template {
    samples: Vec<Sample>,
    /// Sum of the weights.
    n: f32,
    /// Power of the shading along one direction.
    shading: f32,
    /// Power of the tone.
    tone: f32,
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let mean = RINGS.iter().map(|[reach, _, tone]| reach * tone).sum::<f32>()
        / RINGS.iter().map(|[reach, ..]| reach).sum::<f32>();
    let ring = |(ring, [reach, shade, tone]): (usize, [f32; 3])| {
        (0..ANGLES).map(move |k| {
            // Every second ring is turned by half a step.
            let turn = (k as f32 + 0.5 * (ring % 2) as f32) / ANGLES as f32;
            let (sin, cos) = (turn * std::f32::consts::TAU).sin_cos();
            Sample { x: reach * cos, y: reach * sin, weight: reach, shade, tone: tone - mean }
        })
    };
    let samples: Vec<Sample> = RINGS.into_iter().enumerate().flat_map(ring).collect();
    let n = samples.iter().map(|s| s.weight).sum();
    let shading = samples.iter().map(|s| 0.5 * s.weight * s.shade * s.shade).sum();
    let tone = samples.iter().map(|s| s.weight * s.tone * s.tone).sum();
    Template { samples, n, shading, tone }
});

/// A circle and how well its surroundings agree with a hollow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) radius: f32,
    pub(crate) agreement: f32,
}

/// How well the surroundings agree with a hollow lit by the sun, or with a disc of another tone
/// than what is around it: the multiple correlation of the samples with both, from 0 to 1. Without
/// a sun: with the direction of light that fits best. `noise` is the variance below which contrast
/// means nothing.
pub(crate) fn agreement(
    plane: &Raster,
    circle: [f32; 3],
    sun: Option<[f32; 2]>,
    noise: f32,
) -> f32 {
    let [x, y, radius] = circle;
    let reach = OUTERMOST * radius + 1.5;
    let (width, height) = (plane.width as f32, plane.height as f32);
    if reach < x && x + reach < width && reach < y && y + reach < height {
        correlation(circle, sun, noise, |x, y| plane.inner(x, y))
    } else {
        correlation(circle, sun, noise, |x, y| plane.at(x, y))
    }
}

/// [`agreement`] from the nearest pixels: rough and quick.
pub(crate) fn glance(plane: &Raster, circle: [f32; 3], sun: Option<[f32; 2]>, noise: f32) -> f32 {
    let (right, bottom) = ((plane.width - 1) as f32, (plane.height - 1) as f32);
    correlation(circle, sun, noise, |x, y| {
        let (column, row) = (x.clamp(0.0, right) as usize, y.clamp(0.0, bottom) as usize);
        plane.values[row * plane.width + column]
    })
}

#[inline(always)]
fn correlation(
    [x, y, radius]: [f32; 3],
    sun: Option<[f32; 2]>,
    noise: f32,
    at: impl Fn(f32, f32) -> f32,
) -> f32 {
    let centre = at(x, y);
    let (mut sum, mut squares) = (0.0, 0.0);
    let (mut east, mut south, mut disc) = (0.0, 0.0, 0.0);
    let template = &*TEMPLATE;
    for Sample { x: dx, y: dy, weight, shade, tone } in &template.samples {
        let value = at(x + radius * dx, y + radius * dy) - centre;
        let weighted = weight * value;
        sum += weighted;
        squares += weighted * value;
        // The offset is the weight (the distance) times the direction.
        let shaded = value * shade;
        east += shaded * dx;
        south += shaded * dy;
        disc += weighted * tone;
    }
    let n = template.n;
    let power = n * ((squares / n - (sum / n).powi(2)).max(0.0) + noise);
    let along = match sun {
        Some([sx, sy]) => -(sx * east + sy * south),
        None => (east * east + south * south).sqrt(),
    };
    // The shading and the tone are orthogonal: their explained powers add.
    let explained = along.max(0.0).powi(2) / template.shading + disc * disc / template.tone;
    (explained / power).sqrt()
}

/// The circle nearby that agrees best: its centre shifted by steps along the sun and across it, its
/// radius changed by steps.
pub(crate) fn refined(plane: &Raster, start: Fit, sun: Option<[f32; 2]>, noise: f32) -> Fit {
    let [sx, sy] = sun.unwrap_or([0.0, -1.0]);
    let mut best = start;
    for (shift, growth) in [(0.25, 1.2), (0.25, 1.2), (0.12, 1.1), (0.06, 1.05)] {
        let step = shift * best.radius;
        let centre = best;
        let moves = [
            [step * sx, step * sy, 1.0],
            [-step * sx, -step * sy, 1.0],
            [-step * sy, step * sx, 1.0],
            [step * sy, -step * sx, 1.0],
            [0.0, 0.0, growth],
            [0.0, 0.0, 1.0 / growth],
        ];
        for [dx, dy, by] in moves {
            let place = [centre.x + dx, centre.y + dy, centre.radius * by];
            let agreement = agreement(plane, place, sun, noise);
            if best.agreement < agreement {
                let [x, y, radius] = place;
                best = Fit { x, y, radius, agreement };
            }
        }
    }
    best
}
