//! The face for HTTP: MLflow's protocol and our own, and the pages of the browser.
//!
//! - [`serve`]: answers until it is told to stop.
//! - `mlflow`: the only place that knows MLflow's JSON.
//! - `api`: our own protocol, with its OpenAPI document.
//! - `guard`: from where one may ask, and how much at once. Every request passes it.
//! - [`users`]: who may do what. Every request passes its gate.
//! - [`telemetry`]: what the server says about itself.

mod api;
mod guard;
mod mlflow;
mod pages;
mod serve;
mod state;
pub mod telemetry;
pub mod users;

pub use guard::Hosts;
pub use serve::{Options, Ready, app, serve};
pub use state::State;
