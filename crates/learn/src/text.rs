//! A text as bytes, cut into the windows that a model reads: the first part is for training, the
//! last part is held out.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::Error;

/// The last 5 % of the text are held out.
const HELD_OUT_SHARE: f64 = 0.05;

/// Where only a part of the training text is used, it is taken in pieces of this many bytes,
/// spread evenly, so that a small part has the same contents as the whole.
const PIECE_BYTES: usize = 4096;

/// A text, its last 5 % held out.
#[derive(Debug, Clone)]
pub struct Text {
    bytes: Vec<u8>,
}

impl Text {
    /// A text of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes are for training.
    pub fn n_training(&self) -> usize {
        self.bytes.len() - (self.bytes.len() as f64 * HELD_OUT_SHARE).ceil() as usize
    }

    /// The training windows of `length` bytes, side by side: of the whole training text, or of
    /// `unique_bytes` of it in pieces of 4 KiB spread evenly.
    ///
    /// # Errors
    /// A text without one training window, or with less than `unique_bytes`.
    pub fn training(
        &self,
        length: usize,
        unique_bytes: Option<usize>,
    ) -> Result<Windows<'_>, Error> {
        // A window is followed by the byte that its last position has to predict.
        let available = self.n_training().saturating_sub(1) / length;
        let wanted = unique_bytes.map_or(available, |unique| unique / length);
        if available == 0 || wanted == 0 {
            return Err(too_short(self.bytes.len(), length));
        }
        if wanted > available {
            return Err(Error::Text {
                what: format!(
                    "the text has {} bytes for training, {} are asked for",
                    self.n_training(),
                    unique_bytes.unwrap_or_default()
                ),
                hint: "take a longer text or a smaller part of it".to_owned(),
            });
        }
        let a_piece = (PIECE_BYTES / length).max(1);
        let n_pieces = wanted.div_ceil(a_piece);
        let starts = (0..wanted).map(|n| {
            let piece = n / a_piece;
            let skipped = piece * (available - wanted) / (n_pieces - 1).max(1);
            (skipped + n) * length
        });
        Ok(Windows { text: &self.bytes, starts: starts.collect(), length })
    }

    /// At most `n` windows of `length` bytes, spread evenly over the part that is held out.
    ///
    /// # Errors
    /// A held-out part without one window.
    pub fn held_out(&self, length: usize, n: usize) -> Result<Windows<'_>, Error> {
        let first = self.n_training();
        let available = (self.bytes.len() - first).saturating_sub(1) / length;
        if available == 0 {
            return Err(too_short(self.bytes.len(), length));
        }
        let n = n.min(available);
        let starts = (0..n).map(|i| first + i * available / n * length);
        Ok(Windows { text: &self.bytes, starts: starts.collect(), length })
    }
}

fn too_short(n_bytes: usize, length: usize) -> Error {
    let enough = ((length + 1) as f64 / HELD_OUT_SHARE).ceil();
    Error::Text {
        what: if n_bytes == 0 {
            "the text is empty".to_owned()
        } else {
            format!(
                "the text is too short: it has {n_bytes} bytes, of which the last 5 % are held out"
            )
        },
        hint: format!(
            "windows of {length} bytes need a text of {enough} bytes at the least; take some megabytes"
        ),
    }
}

/// Windows of a text, and after each the byte that follows it.
#[derive(Debug, Clone)]
pub struct Windows<'a> {
    text: &'a [u8],
    starts: Vec<usize>,
    /// Bytes in a window.
    pub length: usize,
}

impl<'a> Windows<'a> {
    /// How many windows.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Every `n`-th window, from the first.
    pub fn every(&self, n: usize) -> Self {
        let starts = self.starts.iter().copied().step_by(n.max(1)).collect();
        Self { text: self.text, starts, length: self.length }
    }

    /// The bytes of a window, and the same moved on by one: what to read and what to predict.
    pub fn get(&self, index: usize) -> (&'a [u8], &'a [u8]) {
        let start = self.starts[index];
        let end = start + self.length;
        (&self.text[start..end], &self.text[start + 1..=end])
    }
}

/// Goes through the windows in epochs: each epoch sees every window once, in an order that the
/// seed and the number of the epoch fix.
pub(crate) struct Order {
    seed: u64,
    epoch: Option<u64>,
    order: Vec<u32>,
}

impl Order {
    pub(crate) fn new(n_windows: usize, seed: u64) -> Self {
        Self { seed, epoch: None, order: (0..n_windows as u32).collect() }
    }

    /// The window of the `n`-th example since the beginning of the training.
    pub(crate) fn window(&mut self, n: u64) -> usize {
        let n_windows = self.order.len() as u64;
        let epoch = n / n_windows;
        if self.epoch != Some(epoch) {
            self.shuffle(epoch);
        }
        self.order[(n % n_windows) as usize] as usize
    }

    fn shuffle(&mut self, epoch: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(epoch + 1);
        for (i, at) in self.order.iter_mut().enumerate() {
            *at = i as u32;
        }
        for i in (1..self.order.len()).rev() {
            self.order.swap(i, rng.random_range(0..=i as u32) as usize);
        }
        self.epoch = Some(epoch);
    }
}
