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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn numbered(n: usize) -> Text {
        Text::new((0..n).map(|i| (i / 1000) as u8).collect())
    }

    #[test]
    fn what_is_held_out_is_never_trained_on() {
        let text = numbered(100_000);
        let training = text.training(64, None).expect("long enough");
        let held_out = text.held_out(64, usize::MAX).expect("long enough");
        let last = training.starts.last().expect("a window") + training.length;
        assert!(last < held_out.starts[0], "{last} {}", held_out.starts[0]);
        assert!(held_out.starts.iter().all(|start| start + held_out.length < text.bytes.len()));
    }

    #[test]
    fn targets_are_the_bytes_moved_on_by_one() {
        let text = Text::new(b"abcdefghijklmnopqrstuvwxyz".repeat(4));
        let windows = text.training(4, None).expect("long enough");
        assert_eq!(windows.get(1), (&b"efgh"[..], &b"fghi"[..]));
    }

    #[test]
    fn a_small_part_comes_from_everywhere_in_the_text_and_overlaps_nowhere() {
        let text = numbered(200_000);
        let windows = text.training(64, Some(40_960)).expect("long enough");
        assert_eq!(windows.len() * windows.length, 40_960);
        assert!(windows.starts.windows(2).all(|pair| pair[1] - pair[0] >= 64));
        assert_eq!(windows.starts[0], 0);
        let last = windows.starts.last().expect("a window") + 64;
        assert!(text.n_training() - last < 4096, "{last}");
    }

    #[test]
    fn a_part_smaller_than_a_piece_is_one_piece() {
        let windows = numbered(200_000);
        let windows = windows.training(64, Some(128)).expect("long enough");
        assert_eq!(windows.starts, [0, 64]);
    }

    #[test]
    fn more_than_the_text_has_is_refused() {
        let error = numbered(10_000).training(64, Some(9_900)).expect_err("too much").to_string();
        assert!(error.contains("9500 bytes for training, 9900 are asked for"), "{error}");
    }

    #[test]
    fn a_text_without_a_held_out_window_is_refused_with_the_length_it_needs() {
        let error = numbered(1_000).held_out(64, 10).expect_err("too short").to_string();
        assert!(error.contains("1000 bytes") && error.contains("1300 bytes"), "{error}");
        assert!(numbered(1_300).held_out(64, 10).is_ok());
        let empty = Text::new(vec![]).training(64, None).expect_err("empty").to_string();
        assert!(empty.starts_with("the text is empty"), "{empty}");
    }

    #[test]
    fn every_epoch_sees_each_window_once_in_an_order_of_its_own() {
        let mut order = Order::new(10, 3);
        let epochs: Vec<Vec<usize>> =
            (0..3).map(|e| (0..10).map(|n| order.window(e * 10 + n)).collect()).collect();
        for epoch in &epochs {
            assert_eq!(epoch.iter().copied().collect::<BTreeSet<_>>(), (0..10).collect());
        }
        assert!(epochs[0] != epochs[1] && epochs[1] != epochs[2]);
        assert_ne!((0..10).map(|n| Order::new(10, 4).window(n)).collect::<Vec<_>>(), epochs[0]);
    }
}
