//! What is trained, and how large it is.

use burn::module::Module;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor};
use serde::{Deserialize, Serialize};

use crate::lstm::Lstm;
use crate::transformer::Transformer;

/// Every byte is a token: 256 of them.
pub const N_BYTES: usize = 256;

/// What is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Architecture {
    /// See [`crate::transformer`].
    Transformer {
        /// L.
        n_layers: usize,
        /// d, channels.
        width: usize,
        /// Positions that the model knows.
        context: usize,
    },
    /// See [`crate::lstm`].
    Lstm {
        /// L.
        n_layers: usize,
        /// h, channels.
        width: usize,
    },
}

impl Architecture {
    /// The word for it in tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Transformer { .. } => "transformer",
            Self::Lstm { .. } => "lstm",
        }
    }

    /// N without embeddings, positions and head.
    ///
    /// Transformer: L (12 d² + 2 d) + d, where the 2 d and the last d are layer norms. Kaplan et
    /// al. 2020 eq. 2.1 counts 12 L d², without the norms. LSTM: L (8 h² + 4 h).
    pub fn n_body(&self) -> u64 {
        match *self {
            Self::Transformer { n_layers, width, .. } => {
                let (l, d) = (n_layers as u64, width as u64);
                l * (12 * d * d + 2 * d) + d
            }
            Self::Lstm { n_layers, width } => {
                let (l, h) = (n_layers as u64, width as u64);
                l * (8 * h * h + 4 * h)
            }
        }
    }

    /// N with embeddings, positions and head.
    pub fn n_total(&self) -> u64 {
        let embedding_and_head = 2 * N_BYTES as u64 * self.width();
        match *self {
            Self::Transformer { context, .. } => {
                self.n_body() + embedding_and_head + context as u64 * self.width()
            }
            Self::Lstm { .. } => self.n_body() + embedding_and_head,
        }
    }

    /// Floating-point operations for one byte of training in windows of `length`: three times
    /// the multiplications and additions of a forward pass. The matrices of the body and of the
    /// head count two a weight; attention counts 4 T d a layer, the masked half too, as it is
    /// computed.
    pub fn flop_per_token(&self, length: usize) -> f64 {
        let head = 2 * N_BYTES as u64 * self.width();
        let forward = match *self {
            Self::Transformer { n_layers, width, .. } => {
                let (l, d) = (n_layers as u64, width as u64);
                l * (24 * d * d + 4 * length as u64 * d) + head
            }
            Self::Lstm { n_layers, width } => {
                let (l, h) = (n_layers as u64, width as u64);
                l * 16 * h * h + head
            }
        };
        3.0 * forward as f64
    }

    fn width(&self) -> u64 {
        match *self {
            Self::Transformer { width, .. } | Self::Lstm { width, .. } => width as u64,
        }
    }
}

/// A model with its weights.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one a thread, and its weights lie elsewhere"
)]
pub enum LanguageModel {
    /// See [`crate::transformer`].
    Transformer(Transformer),
    /// See [`crate::lstm`].
    Lstm(Lstm),
}

impl LanguageModel {
    /// A model with the initial weights of that seed.
    pub fn new(architecture: &Architecture, seed: u64, device: &Device) -> Self {
        match *architecture {
            Architecture::Transformer { n_layers, width, context } => {
                Self::Transformer(Transformer::new(n_layers, width, context, seed, device))
            }
            Architecture::Lstm { n_layers, width } => {
                Self::Lstm(Lstm::new(n_layers, width, seed, device))
            }
        }
    }

    /// Logits over the next byte, `(batch · position, byte)`, of bytes `(batch, position)`.
    pub fn logits(&self, bytes: Tensor<2, Int>) -> Tensor<2> {
        match self {
            Self::Transformer(model) => model.logits(bytes),
            Self::Lstm(model) => model.logits(bytes),
        }
    }

    /// Cross-entropy of the next byte, in nats a byte: the mean of -ln p(target).
    pub fn loss(&self, bytes: Tensor<2, Int>, targets: Tensor<2, Int>) -> Tensor<1> {
        let [batch, length] = targets.dims();
        let targets = targets.reshape([batch * length, 1]);
        let log_p = log_softmax(self.logits(bytes), 1); // (batch · position, byte)
        log_p.gather(1, targets).mean().neg() // (1)
    }
}
