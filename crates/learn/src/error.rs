//! What can go wrong, each with what, where and what to do.

use std::path::PathBuf;

/// An error of training.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A checkpoint could not be read.
    #[error("cannot read the checkpoint {}: {what}\n  hint: delete it to begin this run anew", path.display())]
    Checkpoint {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A checkpoint could not be written; the one before it is still there.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text does not allow what was asked.
    #[error("{what}\n  hint: {hint}")]
    Text {
        /// What is wrong.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The loss is no longer a number.
    #[error(
        "the training loss became {loss} at step {step}\n  hint: lower the learning rate or warm up longer"
    )]
    Diverged {
        /// The step, from 1.
        step: u64,
        /// The loss there.
        loss: f64,
    },
    /// The watcher asked to stop; a checkpoint holds what was done.
    #[error("stopped at step {step}; a checkpoint holds what was done")]
    Stopped {
        /// Steps done.
        step: u64,
    },
}
