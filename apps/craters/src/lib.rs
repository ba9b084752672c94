//! Find bomb craters in satellite and aerial images, and say what may remain.
//!
//! Two steps, after Lin, Qin, Edgerton, Kong 2020 (10.1371/journal.pone.0229826): loose circular
//! candidates, then a classifier over colour, shape, size and texture.
//!
//! Read in this order: [`raster`] (a plane of numbers), [`data`] (scenes, their place and their
//! sun), [`candidates`] (step one), [`features`] and [`classify`] (step two), [`model`] (both, as
//! one document), [`fit`] (training), [`predict`] (a whole scene), [`survey`] (what is kept of
//! it), [`review`] (what people said of it), [`evaluate`] (how good it is), [`records`] and [`estimate`] (what may remain), [`export`]
//! (files for other programs), [`sample`] (scenes of our own making).

pub mod candidates;
pub mod classify;
pub mod data;
pub mod error;
pub mod estimate;
pub mod evaluate;
pub mod export;
pub mod features;
pub mod fit;
pub mod model;
pub mod predict;
pub mod raster;
pub mod records;
pub mod review;
pub mod sample;
pub mod survey;

pub use error::Error;
