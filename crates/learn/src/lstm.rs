//! Long short-term memory over bytes: one or more layers as wide as the embedding, an untied head.
//!
//! Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000:
//! i, f, o = sigmoid(x W + h U + b), g = tanh(x W + h U + b), c = f c + i g, h = o tanh(c).

use burn::module::{Module, Param};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Int, Tensor};

use crate::architecture::N_BYTES;
use crate::initial::Draw;

/// The model.
#[derive(Module, Debug)]
pub struct Lstm {
    embedding: Param<Tensor<2>>, // (byte, channel)
    layers: Vec<Layer>,
    head: Param<Tensor<2>>, // (channel, byte)
}

/// The four gates of a layer stand side by side: input, forget, output, new content.
#[derive(Module, Debug)]
struct Layer {
    from_input: Param<Tensor<2>>, // (channel, 4 channel)
    from_state: Param<Tensor<2>>, // (channel, 4 channel)
    bias: Param<Tensor<1>>,       // (4 channel)
}

impl Lstm {
    /// Weights from the seed: normal with deviation 1/sqrt(fan in), embeddings 1, head 0.02,
    /// biases 0 and 1 for the forget gate (Jozefowicz et al. 2015).
    pub fn new(n_layers: usize, width: usize, seed: u64, device: &Device) -> Self {
        let mut draw = Draw::new(seed, device);
        Self {
            embedding: draw.normal([N_BYTES, width], 1.0),
            layers: (0..n_layers).map(|_| Layer::new(width, &mut draw)).collect(),
            head: draw.normal([width, N_BYTES], 0.02),
        }
    }

    /// What the model expects after each byte: logits over the next one. Each window begins with
    /// an empty memory, as a transformer's does.
    pub fn logits(&self, bytes: Tensor<2, Int>) -> Tensor<2> {
        let [batch, length] = bytes.dims();
        let embedding = self.embedding.val();
        let width = embedding.dims()[1];
        let weights: Vec<_> = self.layers.iter().map(Layer::weights).collect();
        let empty = Tensor::<2>::zeros([batch, width], &embedding.device());
        let mut memory = vec![(empty.clone(), empty); self.layers.len()]; // h, c: (batch, channel)
        let mut out = Vec::with_capacity(length);
        for position in 0..length {
            let byte = bytes.clone().slice([0..batch, position..position + 1]).reshape([batch]);
            let mut x = embedding.clone().select(0, byte); // (batch, channel)
            for (weights, memory) in weights.iter().zip(&mut memory) {
                *memory = weights.step(x, memory.clone());
                x = memory.0.clone();
            }
            out.push(x);
        }
        let out: Tensor<3> = Tensor::stack(out, 1); // (batch, position, channel)
        out.reshape([batch * length, width]).matmul(self.head.val()) // (batch · position, byte)
    }
}

impl Layer {
    fn new(width: usize, draw: &mut Draw) -> Self {
        let deviation = (width as f64).powf(-0.5);
        let bias = (0..4 * width).map(|i| if i / width == 1 { 1.0 } else { 0.0 }).collect();
        Self {
            from_input: draw.normal([width, 4 * width], deviation),
            from_state: draw.normal([width, 4 * width], deviation),
            bias: draw.param(bias, [4 * width]),
        }
    }

    fn weights(&self) -> Weights {
        Weights {
            from_input: self.from_input.val(),
            from_state: self.from_state.val(),
            bias: self.bias.val().unsqueeze(),
        }
    }
}

/// The weights of a layer, taken out once a window.
struct Weights {
    from_input: Tensor<2>, // (channel, 4 channel)
    from_state: Tensor<2>, // (channel, 4 channel)
    bias: Tensor<2>,       // (1, 4 channel)
}

impl Weights {
    /// One position: the new h and c.
    fn step(&self, x: Tensor<2>, (h, c): (Tensor<2>, Tensor<2>)) -> (Tensor<2>, Tensor<2>) {
        let [batch, width] = x.dims();
        let gates = x.matmul(self.from_input.clone())
            + h.matmul(self.from_state.clone())
            + self.bias.clone(); // (batch, 4 channel)
        let opening = sigmoid(gates.clone().slice([0..batch, 0..3 * width])); // (batch, 3 channel)
        let gate = |n: usize| opening.clone().slice([0..batch, n * width..(n + 1) * width]);
        let (i, f, o) = (gate(0), gate(1), gate(2)); // (batch, channel)
        let g = gates.slice([0..batch, 3 * width..4 * width]).tanh(); // (batch, channel)
        let c = f * c + i * g;
        (o * c.clone().tanh(), c)
    }
}
