//! x
pub mod bootstrap;
pub mod compare;
mod distributions;
mod error;
pub mod proportion;
pub mod regression;
pub use error::Error;
