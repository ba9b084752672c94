//! Colour: spectral indices inside, outside, and the difference. NaN where a band is absent.

use crate::candidates::Candidate;
use crate::data::{Band, Window};
use crate::raster::Raster;

/// Normalised differences `(a - b) / (a + b)`: vegetation (Rouse 1974), water (McFeeters 1996),
/// soil and iron (red against blue), red edge, and the greenness of pictures without infrared.
const INDICES: [(&str, Band, Band); 5] = [
    ("ndvi", Band::Nir, Band::Red),
    ("ndwi", Band::Green, Band::Nir),
    ("red_blue", Band::Red, Band::Blue),
    ("red_edge", Band::RedEdge, Band::Red),
    ("green_red", Band::Green, Band::Red),
];

/// Bands whose brightness inside is set against that outside.
const BANDS: [(&str, Band); 5] = [
    ("blue", Band::Blue),
    ("green", Band::Green),
    ("red", Band::Red),
    ("nir", Band::Nir),
    ("pan", Band::Pan),
];

/// Where the bands that are read stand in the window.
pub(super) struct Planes {
    bands: Vec<(Band, Raster)>,
}

impl Planes {
    pub(super) fn of(window: &Window) -> Self {
        Self { bands: window.bands.clone() }
    }

    fn band(&self, band: Band) -> Option<&Raster> {
        self.bands.iter().find(|(of, _)| *of == band).map(|(_, raster)| raster)
    }
}

pub(super) fn names() -> Vec<String> {
    let mut names = Vec::new();
    for (name, ..) in INDICES {
        names.extend(["inside", "outside", "difference"].map(|zone| format!("{name}_{zone}")));
    }
    names.extend(BANDS.map(|(name, _)| format!("{name}_contrast")));
    names
}

pub(super) fn measure(planes: &Planes, candidate: &Candidate, row: &mut Vec<f32>) {
    for (_, a, b) in INDICES {
        let index = |means: [f32; 2]| (means[0] - means[1]) / (means[0] + means[1]);
        let (a, b) = (means(planes.band(a), candidate), means(planes.band(b), candidate));
        let (inside, outside) = (index([a[0], b[0]]), index([a[1], b[1]]));
        row.extend([inside, outside, inside - outside]);
    }
    for (_, band) in BANDS {
        let [inside, outside] = means(planes.band(band), candidate);
        row.push((inside - outside) / (inside + outside));
    }
}

/// Mean of a band inside 0.8 radii and from 1.2 to 1.6 radii.
fn means(plane: Option<&Raster>, candidate: &Candidate) -> [f32; 2] {
    let Some(plane) = plane else { return [f32::NAN; 2] };
    let ring = |distance: f32| {
        let samples = (0..12).map(|k| {
            let (sin, cos) = (k as f32 * std::f32::consts::TAU / 12.0).sin_cos();
            let reach = distance * candidate.radius_px;
            plane.at(candidate.x + reach * cos, candidate.y + reach * sin)
        });
        samples.sum::<f32>() / 12.0
    };
    [0.4 * ring(0.35) + 0.6 * ring(0.7), 0.5 * (ring(1.25) + ring(1.55))]
}
