//! The face for HTTP: MLflow's protocol and our own, and the pages of the browser.
//!
//! - [`serve`]: answers until it is told to stop.
//! - `mlflow`: the only place that knows MLflow's JSON.
//! - `api`: our own protocol, with its OpenAPI document.
//! - `guard`: who may ask, from where, how much at once. Every request passes it.

mod api;
mod mlflow;
mod pages;
mod serve;
mod state;

pub use serve::{Options, serve};
pub use state::State;
