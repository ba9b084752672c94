//! What the bands of a file show.

use super::source::Source;
use super::{Band, SceneOptions};

/// The bands in the order of the file.
pub(super) fn named(source: &Source, options: &SceneOptions) -> Vec<Band> {
    let n = source.n_bands();
    let assumed = match n {
        1 => vec![Band::Pan],
        3 => vec![Band::Red, Band::Green, Band::Blue],
        4 => vec![Band::Blue, Band::Green, Band::Red, Band::Nir],
        _ => vec![Band::Other; n],
    };
    options.bands.clone().unwrap_or(assumed)
}
