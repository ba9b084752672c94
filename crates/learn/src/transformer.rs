//! A decoder-only transformer over bytes: learned positions, layer norm before each block, causal
//! attention, a GELU network of four times the width, and an untied head. No biases.
//!
//! Vaswani et al. 2017 (1706.03762) in the pre-norm form of Radford et al. 2019.

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::activation::{gelu, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::architecture::N_BYTES;
use crate::initial::Draw;

/// The model.
#[derive(Module, Debug)]
pub struct Transformer {
    embedding: Param<Tensor<2>>, // (byte, channel)
    position: Param<Tensor<2>>,  // (position, channel)
    blocks: Vec<Block>,
    norm: LayerNorm,
    head: Param<Tensor<2>>, // (channel, byte)
}

/// Attention, then the network of the position alone; each adds to its input.
#[derive(Module, Debug)]
struct Block {
    attention_norm: LayerNorm,
    query: Param<Tensor<2>>, // (channel, channel)
    key: Param<Tensor<2>>,   // (channel, channel)
    value: Param<Tensor<2>>, // (channel, channel)
    out: Param<Tensor<2>>,   // (channel, channel)
    network_norm: LayerNorm,
    up: Param<Tensor<2>>,   // (channel, 4 channel)
    down: Param<Tensor<2>>, // (4 channel, channel)
    n_heads: usize,
}

impl Transformer {
    /// Weights from the seed: normal with deviation 1/sqrt(fan in), what adds to the stream
    /// smaller by sqrt(2 layers), embeddings 0.1, head 0.02.
    pub fn new(n_layers: usize, width: usize, context: usize, seed: u64, device: &Device) -> Self {
        let mut draw = Draw::new(seed, device);
        Self {
            embedding: draw.normal([N_BYTES, width], 0.1),
            position: draw.normal([context, width], 0.1),
            blocks: (0..n_layers).map(|_| Block::new(n_layers, width, &mut draw, device)).collect(),
            norm: norm(width, device),
            head: draw.normal([width, N_BYTES], 0.02),
        }
    }

    /// What the model expects after each byte: logits over the next one.
    pub fn logits(&self, bytes: Tensor<2, Int>) -> Tensor<2> {
        let [batch, length] = bytes.dims();
        let embedding = self.embedding.val();
        let width = embedding.dims()[1];
        let token = embedding.select(0, bytes.reshape([batch * length])); // (batch · position, channel)
        let position = self.position.val().slice_dim(0, 0..length).unsqueeze::<3>(); // (1, position, channel)
        let x = token.reshape([batch, length, width]) + position; // (batch, position, channel)
        let hidden = future(length, &x.device());
        let mut x = x.reshape([batch * length, width]); // (batch · position, channel)
        for block in &self.blocks {
            x = block.forward(x, batch, &hidden);
        }
        self.norm.forward(x).matmul(self.head.val()) // (batch · position, byte)
    }
}

impl Block {
    fn new(n_layers: usize, width: usize, draw: &mut Draw, device: &Device) -> Self {
        let inwards = (width as f64).powf(-0.5);
        let outwards = inwards / (2.0 * n_layers as f64).sqrt();
        Self {
            attention_norm: norm(width, device),
            query: draw.normal([width, width], inwards),
            key: draw.normal([width, width], inwards),
            value: draw.normal([width, width], inwards),
            out: draw.normal([width, width], outwards),
            network_norm: norm(width, device),
            up: draw.normal([width, 4 * width], inwards),
            down: draw.normal([4 * width, width], outwards / 2.0),
            n_heads: n_heads(width),
        }
    }

    fn forward(&self, x: Tensor<2>, batch: usize, hidden: &Tensor<4>) -> Tensor<2> {
        let y = self.attention_norm.forward(x.clone()); // (batch · position, channel)
        let x = x + self.attention(y, batch, hidden).matmul(self.out.val());
        let y = self.network_norm.forward(x.clone()).matmul(self.up.val()); // (batch · position, 4 channel)
        x + gelu(y).matmul(self.down.val()) // (batch · position, channel)
    }

    /// softmax(q k' / sqrt(d_k)) v over what is not in the future. Vaswani et al. eq. 1
    fn attention(&self, y: Tensor<2>, batch: usize, hidden: &Tensor<4>) -> Tensor<2> {
        let [rows, width] = y.dims();
        let (length, per_head) = (rows / batch, width / self.n_heads);
        let heads = |w: &Param<Tensor<2>>| {
            let all = y.clone().matmul(w.val()); // (batch · position, channel)
            all.reshape([batch, length, self.n_heads, per_head]).swap_dims(1, 2) // (batch, head, position, channel)
        };
        let query = heads(&self.query).mul_scalar((per_head as f64).powf(-0.5));
        let scores = query.matmul(heads(&self.key).swap_dims(2, 3)) + hidden.clone(); // (batch, head, position, position)
        let seen = softmax(scores, 3).matmul(heads(&self.value)); // (batch, head, position, channel)
        seen.swap_dims(1, 2).reshape([rows, width]) // (batch · position, channel)
    }
}

/// Heads of 16 channels; one head where the width is less.
pub fn n_heads(width: usize) -> usize {
    if width.is_multiple_of(16) { (width / 16).max(1) } else { 1 }
}

/// What is added to a score: nothing in the past, so much in the future that nothing is left of it.
fn future(length: usize, device: &Device) -> Tensor<4> {
    let values = (0..length * length)
        .map(|i| if i % length > i / length { -1e9 } else { 0.0f32 })
        .collect::<Vec<_>>();
    Tensor::from_data(TensorData::new(values, [1, 1, length, length]), device) // (1, 1, position, position)
}

fn norm(width: usize, device: &Device) -> LayerNorm {
    LayerNormConfig::new(width).with_bias(false).init(device)
}
