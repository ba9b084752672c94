//! Raw files to typed runs: every shape of file that the planner reads, and every mistake that a
//! file can hold, with the words that the user then sees.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own input has failed")]

mod bad_input;
mod flags;
mod folders;
mod given;
mod history;
mod mlflow;
mod random_bytes;
mod real;
mod tables;
mod tensorboard;
mod wandb;
