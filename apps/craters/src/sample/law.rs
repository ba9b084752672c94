//! The two laws by which scenes are made: one to train on, one to test on. They share no
//! constant that a detector could learn by heart.
//!
//! | | training | test | source |
//! |---|---|---|---|
//! | diameters, m | lognormal, median 9.4, deviation of the logarithm 0.386 | gamma, shape 6.5, scale 1.6 | 18,472 craters mapped in Ukraine: median 9.4 m, 5 and 95 % 4.8 and 17.1 m |
//! | profile | bowl by a power law, rim falling as r⁻³ | Gaussian pit with a Gaussian rim | |
//! | age | uniform | more old than young | |
//! | fill of craters bare, plants, water | 50, 28, 22 % | 40, 35, 25 % | |
//! | craters a km² | 15 to 200, even in the logarithm | 25 | 177 on 9.2 km² in Lin et al. 2020 |
//! | terrain | gain 0.52 an octave from 420 m | ridged, gain 0.46 from 260 m | |
//! | land | two fifths paddies | a quarter paddies, more fields and scrub | |
//! | texture | gain 0.87 from 24 m, deviation 0.08 | gain 0.80 from 14 m, deviation 0.09 | two WorldView chips, see below |
//! | sun elevation, degrees | 32 to 66 | 24 to 58 | |
//! | blur, pixels | 0.60 | 0.68 | the same chips |
//! | look-alikes a km², hay and trees apart | 214 | 175 | at least 134 candidates a km² after step one, Lin et al. 2020 |
//! | hay bales and trees a km² | about 110 and 1,800 | about 130 and 1,700 | |
//! | pixel, m | 0.5 | 0.46 | WorldView-2 |
//!
//! Texture and blur are set by summary statistics of two real panchromatic chips without craters
//! (SpaceNet: WorldView-2 over Atlanta, WorldView-3 over Las Vegas) and of scenes with seeds 1 to
//! 3; power spectra fall as f to the power given, f in cycles a pixel; contrast is deviation over
//! mean in squares of 16 pixels, its 10, 50 and 90 %:
//!
//! | | Atlanta | Las Vegas | training | test |
//! |---|---|---|---|---|
//! | 0.01 to 0.1 | -2.3 | -2.3 | -2.3 to -2.6 | -2.1 to -2.6 |
//! | 0.1 to 0.25 | -2.8 | -2.4 | -3.1 to -3.2 | -2.6 to -3.6 |
//! | 0.25 to 0.5 | -5.9 | -5.9 | -4.3 to -4.5 | -3.2 to -4.8 |
//! | contrast | 0.20, 0.30, 0.48 | 0.07, 0.19, 0.41 | 0.06, 0.09, 0.20 | 0.07, 0.10, 0.25 |
//!
//! Towns and woods have more contrast than paddies: the scenes are calmer than both chips, and
//! noise shows at their finest scale where the chips' edges outweigh it.

use serde::{Deserialize, Serialize};

use super::noise::Octaves;

/// By which of the two laws a scene is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// For scenes to train on.
    Training,
    /// For scenes to test on.
    Test,
}

/// How diameters are spread.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sizes {
    /// Logarithms are normal.
    LogNormal {
        /// Median in metres.
        median_m: f64,
        /// Deviation of the logarithm.
        sigma: f64,
    },
    /// Gamma, through the cube of Wilson and Hilferty 1931.
    Gamma {
        /// Shape.
        shape: f64,
        /// Scale in metres.
        scale_m: f64,
    },
}

impl Sizes {
    /// The diameter in metres at a standard normal deviate.
    pub(super) fn diameter_m(self, z: f64) -> f64 {
        let z = z.clamp(-2.5, 2.8);
        match self {
            Self::LogNormal { median_m, sigma } => median_m * (sigma * z).exp(),
            Self::Gamma { shape, scale_m } => {
                let root = 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * shape.sqrt());
                shape * scale_m * root.powi(3)
            }
        }
    }
}

/// The family of crater profiles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Profile {
    /// A power of the distance inside, a falling power outside.
    PowerLaw,
    /// Gaussian pit, Gaussian rim.
    Gaussian,
}

/// How many of each thing lie on a square kilometre.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frequencies {
    /// Ponds.
    pub ponds: f32,
    /// Silos and round tanks.
    pub silos: f32,
    /// Houses.
    pub houses: f32,
    /// Hay bales.
    pub hay: f32,
    /// Termite mounds.
    pub termites: f32,
    /// Burnt or threshing places: round, flat, of another tone.
    pub patches: f32,
}

/// Everything in which the laws differ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters {
    /// Metres a pixel.
    pub gsd_m: f64,
    /// Lowest and highest sun, degrees above the horizon.
    pub elevation_deg: [f64; 2],
    /// Diameters of craters.
    pub sizes: Sizes,
    /// Shape of craters.
    pub profile: Profile,
    /// Age is a uniform number to this power.
    pub age_power: f64,
    /// Shares of craters with bare ground and with plants; the rest holds water.
    pub bare_plants: [f64; 2],
    /// Craters a square kilometre.
    pub craters_km2: [f64; 2],
    /// Bombs of a stick, fewest and most.
    pub stick: [usize; 2],
    /// Distance between bombs of a stick in metres, lowest and highest.
    pub spacing_m: [f64; 2],
    /// Share of bombs that did not explode.
    pub dud_rate: f64,
    /// Deviation of a record's position in metres, each way.
    pub record_error_m: f64,
    /// Shape of the land.
    pub terrain: Octaves,
    /// Roughness of tone.
    pub texture: Octaves,
    /// Slow changes of moisture.
    pub moisture: Octaves,
    /// Weights of the kinds of land: paddies, fields, bare, grass, scrub, wood.
    pub land: [f32; 6],
    /// Width of a region of one layout in metres.
    pub region_m: f64,
    /// Height of a bund in metres.
    pub bund_m: f32,
    /// Distance between rows in metres, lowest and highest.
    pub rows_m: [f32; 2],
    /// Look-alikes a square kilometre.
    pub things: Frequencies,
    /// Radius of tree crowns in metres, smallest and largest.
    pub crown_m: [f32; 2],
    /// Light of the sky as a share of the whole.
    pub sky: [f32; 2],
    /// Deviation of the sensor's blur in pixels.
    pub blur_px: f32,
    /// Noise variance a digital number, and at darkness.
    pub shot_dark: [f32; 2],
    /// Deviation of a column's gain.
    pub banding: f32,
    /// Digital numbers of a reflectance of one in full sun.
    pub gain: f32,
}

impl Law {
    /// The numbers of the law.
    pub(super) fn parameters(self) -> &'static Parameters {
        match self {
            Self::Training => &TRAINING,
            Self::Test => &TEST,
        }
    }

    /// A word that keeps the random numbers of the laws apart.
    pub(super) fn salt(self) -> u64 {
        match self {
            Self::Training => 0x7472_6169_6e00,
            Self::Test => 0x7465_7374_0000,
        }
    }
}

const TRAINING: Parameters = Parameters {
    gsd_m: 0.5,
    elevation_deg: [32.0, 66.0],
    sizes: Sizes::LogNormal { median_m: 9.4, sigma: 0.386 },
    profile: Profile::PowerLaw,
    age_power: 1.0,
    bare_plants: [0.50, 0.28],
    craters_km2: [15.0, 200.0],
    stick: [4, 12],
    spacing_m: [14.0, 45.0],
    dud_rate: 0.12,
    record_error_m: 300.0,
    terrain: octaves(420.0, 3.0, 3.0, 0.52, false),
    texture: octaves(24.0, 0.7, 0.080, 0.87, false),
    moisture: octaves(150.0, 18.0, 0.5, 0.6, false),
    land: [0.40, 0.22, 0.08, 0.13, 0.10, 0.07],
    region_m: 260.0,
    bund_m: 0.45,
    rows_m: [1.6, 3.4],
    things: Frequencies {
        ponds: 30.0,
        silos: 14.0,
        houses: 50.0,
        hay: 110.0,
        termites: 60.0,
        patches: 60.0,
    },
    crown_m: [1.3, 5.2],
    sky: [0.16, 0.34],
    blur_px: 0.60,
    shot_dark: [0.03, 6.0],
    banding: 0.004,
    gain: 2300.0,
};

const TEST: Parameters = Parameters {
    gsd_m: 0.46,
    elevation_deg: [24.0, 58.0],
    sizes: Sizes::Gamma { shape: 6.5, scale_m: 1.6 },
    profile: Profile::Gaussian,
    age_power: 0.75,
    bare_plants: [0.40, 0.35],
    craters_km2: [25.0, 25.0],
    stick: [6, 24],
    spacing_m: [18.0, 60.0],
    dud_rate: 0.18,
    record_error_m: 400.0,
    terrain: octaves(260.0, 4.0, 2.6, 0.46, true),
    texture: octaves(14.0, 0.6, 0.090, 0.80, false),
    moisture: octaves(90.0, 10.0, 0.6, 0.55, true),
    land: [0.26, 0.32, 0.10, 0.08, 0.17, 0.07],
    region_m: 340.0,
    bund_m: 0.35,
    rows_m: [1.2, 2.6],
    things: Frequencies {
        ponds: 25.0,
        silos: 12.0,
        houses: 40.0,
        hay: 130.0,
        termites: 50.0,
        patches: 48.0,
    },
    crown_m: [1.0, 6.5],
    sky: [0.22, 0.42],
    blur_px: 0.68,
    shot_dark: [0.05, 9.0],
    banding: 0.006,
    gain: 2000.0,
};

const fn octaves(
    longest_m: f64,
    shortest_m: f64,
    amplitude: f32,
    gain: f32,
    is_ridged: bool,
) -> Octaves {
    Octaves { longest_m, shortest_m, amplitude, gain, is_ridged }
}
