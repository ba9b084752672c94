//! Initial weights, drawn from the recipe's seed and from nothing else.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// Draws weights one tensor after the other.
pub(crate) struct Draw {
    rng: ChaCha8Rng,
    device: Device,
}

impl Draw {
    pub(crate) fn new(seed: u64, device: &Device) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), device: device.clone() }
    }

    /// Independent normal values around zero.
    pub(crate) fn normal<const D: usize>(
        &mut self,
        shape: [usize; D],
        deviation: f64,
    ) -> Param<Tensor<D>> {
        let n = shape.iter().product();
        let values = (0..n).map(|_| (deviation * self.standard_normal()) as f32).collect();
        self.param(values, shape)
    }

    /// These values.
    pub(crate) fn param<const D: usize>(
        &mut self,
        values: Vec<f32>,
        shape: [usize; D],
    ) -> Param<Tensor<D>> {
        Param::from_data(TensorData::new(values, shape), &self.device)
    }

    /// Box and Muller 1958: z = sqrt(-2 ln u) cos(2 pi v), u in (0, 1].
    fn standard_normal(&mut self) -> f64 {
        let u = 1.0 - self.rng.random::<f64>();
        let v = self.rng.random::<f64>();
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}
