//! The shape of one crater: height above the old ground by distance, age and direction.

use super::bombing::{Fill, Truth};
use super::law::Profile;
use super::noise::{smooth, uniform};

/// A crater with everything that its drawing needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pit {
    /// Where it lies.
    pub truth: Truth,
    /// Rim radius in metres.
    pub radius_m: f32,
    /// Deepest point below the old ground, metres.
    pub depth_m: f32,
    /// Crest of the rim above the old ground, metres.
    pub rim_m: f32,
    profile: Profile,
    power: f32,
    waves: [f32; 4],
    seed: u64,
}

/// Depth of a fresh crater as a share of its diameter.
const DEPTH: [f32; 2] = [0.20, 0.28];
/// Height of a fresh rim as a share of the diameter.
const RIM: [f32; 2] = [0.025, 0.055];
/// By how many e-foldings depth and rim fall from the youngest to the oldest.
const DECAY: [f32; 2] = [1.4, 2.4];
/// Beyond so many rim radii the ground is as it was.
pub(super) const REACH: f32 = 2.4;

impl Pit {
    /// The shape that belongs to a crater; `seed` draws its irregularities.
    pub(super) fn new(truth: Truth, gsd_m: f64, profile: Profile, seed: u64) -> Self {
        let draw = |k: i64| uniform(seed, k, 11);
        let between = |[low, high]: [f32; 2], k| low + (high - low) * draw(k);
        let radius_m = (truth.radius_px * gsd_m) as f32;
        Self {
            truth,
            radius_m,
            depth_m: 2.0 * radius_m * between(DEPTH, 0) * (-DECAY[0] * truth.age).exp(),
            rim_m: 2.0 * radius_m * between(RIM, 1) * (-DECAY[1] * truth.age).exp(),
            profile,
            power: between([1.8, 3.2], 2),
            waves: [between([0.0, 0.06], 3), draw(4) * 6.3, between([0.0, 0.05], 5), draw(6) * 6.3],
            seed,
        }
    }

    /// Distance from the centre in rim radii, with the rim's irregularities taken out.
    pub(super) fn distance(&self, dx_m: f32, dy_m: f32) -> f32 {
        let far = dx_m.hypot(dy_m) / self.radius_m;
        if far > REACH {
            return far;
        }
        let angle = dy_m.atan2(dx_m);
        let [a2, p2, a3, p3] = self.waves;
        far / (1.0 + a2 * (2.0 * angle + p2).cos() + a3 * (3.0 * angle + p3).cos())
    }

    /// Height above the old ground in metres at a distance in rim radii.
    pub(super) fn height_m(&self, r: f32) -> f32 {
        let away = smooth((REACH - r) / (REACH - 1.3));
        match self.profile {
            Profile::PowerLaw if r < 1.0 => {
                self.rim_m - (self.depth_m + self.rim_m) * (1.0 - r.powf(self.power))
            }
            Profile::PowerLaw => self.rim_m * r.powi(-3) * away,
            Profile::Gaussian => {
                let pit = (self.depth_m + 0.2 * self.rim_m) * (-(r / 0.58).powi(2)).exp();
                let rim = self.rim_m * (-((r - 1.05) / 0.22).powi(2)).exp();
                (rim - pit) * away
            }
        }
    }

    /// Where water stands, below the old ground in metres; none in a dry crater.
    pub(super) fn water_m(&self) -> Option<f32> {
        let share = 0.15 + 0.45 * uniform(self.seed, 12, 0);
        (self.truth.fill == Fill::Water).then_some(-share * self.depth_m)
    }

    /// How much of the tone is that of thrown-out soil, from 0 to 1.
    pub(super) fn bareness(&self, r: f32) -> f32 {
        let fresh = (1.0 - 1.25 * self.truth.age).max(0.0);
        let inside = if self.truth.fill == Fill::Bare { 1.0 - 0.5 * self.truth.age } else { fresh };
        let rim = smooth((1.15 - r) / 0.3) * inside;
        let thrown = smooth((2.2 - r) / 1.2) * fresh;
        rim.max(thrown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pit(age: f32, profile: Profile) -> Pit {
        let truth = Truth { x: 0.0, y: 0.0, radius_px: 10.0, age, fill: Fill::Bare };
        Pit::new(truth, 0.5, profile, 1)
    }

    #[test]
    fn the_rim_is_the_highest_circle_and_the_centre_the_lowest() {
        for profile in [Profile::PowerLaw, Profile::Gaussian] {
            let pit = pit(0.1, profile);
            let highest = (0..240)
                .map(|i| i as f32 / 100.0)
                .max_by(|a, b| pit.height_m(*a).total_cmp(&pit.height_m(*b)));
            assert!((highest.unwrap() - 1.05).abs() < 0.13, "{profile:?} {highest:?}");
            assert!(pit.height_m(0.0) < -1.0);
            assert!(pit.height_m(2.4).abs() < 1e-6);
        }
    }

    #[test]
    fn an_old_crater_is_shallower() {
        let (young, old) = (pit(0.0, Profile::PowerLaw), pit(1.0, Profile::PowerLaw));
        assert!(old.depth_m < 0.3 * young.depth_m);
        assert!(old.rim_m < 0.12 * young.rim_m);
    }
}
