//! Train byte-level language models on one processor core: two architectures, one loss, one
//! optimiser, one loop that can be killed at any moment and goes on from where it was.
//!
//! ```
//! use learn::{Architecture, Recipe, Schedule, Text, Watch};
//!
//! let text = Text::new("the cat sat on the mat, the rat sat on the hat. ".repeat(80).into());
//! let windows = text.training(8, None)?;
//! let held_out = text.held_out(8, 16)?;
//! let model = Architecture::Transformer { n_layers: 1, width: 8, context: 8 };
//! let recipe = Recipe {
//!     steps: 20,
//!     batch_sequences: 4,
//!     learning_rate: 1e-2,
//!     warm_up_steps: 2,
//!     schedule: Schedule::Cosine,
//!     seed: 0,
//! };
//!
//! let outcome = learn::train(&model, &recipe, &windows, &held_out, Watch::default())?;
//! assert!(outcome.loss < f64::ln(256.0));
//! # Ok::<(), learn::Error>(())
//! ```
//!
//! Read in this order: [`text`] (bytes to windows), [`architecture`] (what is trained and how
//! large it is), [`transformer`] and [`lstm`] (the two models), [`schedule`] (the learning rate),
//! [`train`](mod@train) (the loop), [`checkpoint`] (how it survives being killed).
//!
//! # What a seed fixes
//!
//! The seed of a [`Recipe`] fixes the initial weights and the order of the text. On one machine,
//! with one build, the same recipe gives the same numbers bit by bit, resumed or not: everything
//! runs on the thread that calls [`train`](train::train). Another processor or another build may
//! sum in another order; its numbers agree to the rounding of 32-bit arithmetic in the first
//! steps and drift apart after that, as two seeds do.

pub mod architecture;
pub mod checkpoint;
pub mod error;
mod exact;
mod initial;
pub mod lstm;
pub mod schedule;
pub mod text;
pub mod train;
pub mod transformer;

pub use architecture::{Architecture, LanguageModel};
pub use error::Error;
pub use schedule::{Recipe, Schedule};
pub use text::{Text, Windows};
pub use train::{Outcome, Watch, train};
