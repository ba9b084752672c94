//! What a few pixels of a scene betray: no data at all, bands in another order, contrast that was
//! stretched away. Looks at a sample of bounded size, whatever the size of the scene.

use super::source::Source;
use super::{Band, read_padded};
use crate::error::Result;

/// A sample is a grid of so many by so many blocks ...
const BLOCKS: usize = 4;
/// ... of so many by so many pixels.
const SIDE: usize = 64;

/// Values of each band at the same pixels, in blocks spread over the scene. Small scenes whole.
pub(super) fn sample(source: &Source) -> Result<Vec<Vec<f32>>> {
    let (width, height) = source.size();
    let mut values = vec![Vec::new(); source.n_bands()];
    if width.saturating_mul(height) <= (BLOCKS * SIDE).pow(2) {
        let planes = read_padded(source, 0, [0, 0], [width, height])?;
        return Ok(planes.into_iter().map(|plane| plane.values).collect());
    }
    // Begins at a multiple of the side, as chunks do: then a block lies in one chunk.
    let start = |idx: usize, end: usize| {
        ((2 * idx + 1) * end / (2 * BLOCKS) / SIDE * SIDE).min(end.saturating_sub(1)) as i64
    };
    for row in 0..BLOCKS {
        for column in 0..BLOCKS {
            let at = [start(column, width), start(row, height)];
            let planes = read_padded(source, 0, at, [SIDE.min(width), SIDE.min(height)])?;
            for (values, plane) in values.iter_mut().zip(planes) {
                values.extend(plane.values);
            }
        }
    }
    Ok(values)
}

/// What must be said of a scene by its sample.
pub(super) fn warnings(bands: &[Band], sample: &[Vec<f32>], is_8_bit: bool) -> Vec<String> {
    let mut said = Vec::new();
    if sample.iter().flatten().all(|value| value.is_nan()) {
        said.push(
            "no data at any place that was looked at; is the no-data value right? \
                   `gdalinfo -stats` shows it"
                .to_owned(),
        );
        return said;
    }
    if sample.iter().all(|values| is_flat(values)) {
        said.push("all pixels looked at have the same value: nothing can be seen in it".to_owned());
    }
    said.extend(wrong_order(bands, sample));
    let is_comb = |values: &Vec<f32>| is_comb(values);
    if is_8_bit && sample.iter().any(is_comb) {
        said.push(
            "its 8 bits have gaps or spikes at regular values: stretched from fewer or more \
                   grey levels, so contrast was lost; use the original 16-bit scene"
                .to_owned(),
        );
    }
    if !is_8_bit && sample.iter().all(|values| has_few_levels(values)) {
        said.push(
            "it has more than 8 bits and no more than 256 grey levels: stretched from 8 \
                   bits; use the original scene"
                .to_owned(),
        );
    }
    said
}

fn is_flat(values: &[f32]) -> bool {
    let mut data = values.iter().filter(|value| !value.is_nan());
    let first = data.next();
    4096 <= values.len() && data.all(|value| Some(value) == first)
}

/// Plants reflect more near infrared than red. Where no pixel does, not even by raw numbers, the
/// bands are hardly what they are called.
fn wrong_order(bands: &[Band], sample: &[Vec<f32>]) -> Option<String> {
    let values = |band| bands.iter().position(|of| *of == band).map(|idx| &sample[idx]);
    let (red, nir) = (values(Band::Red)?, values(Band::Nir)?);
    let pairs = red.iter().zip(nir).filter(|(red, nir)| !red.is_nan() && !nir.is_nan());
    let (mut n, mut brighter) = (0, 0);
    for (red, nir) in pairs {
        n += 1;
        brighter += usize::from(red < nir);
    }
    let is_wrong = 1000 <= n && brighter * 200 < n;
    is_wrong.then(|| {
        "its near infrared is darker than its red nearly everywhere: the bands are probably in \
         another order; pass `--bands`"
            .to_owned()
    })
}

/// Counts of the 256 values of a byte.
fn histogram(values: &[f32]) -> [u32; 256] {
    let mut counts = [0; 256];
    for value in values.iter().filter(|value| (0.0..=255.0).contains(*value)) {
        counts[*value as usize] += 1;
    }
    counts
}

/// A stretch of n grey levels to m leaves every (m / (m - n))th bin empty, or, where n is larger,
/// some bins with twice the count of those beside them. Photographs are smooth.
fn is_comb(values: &[f32]) -> bool {
    let counts = histogram(values);
    let total: u32 = counts.iter().sum();
    // Bins of which enough was seen for a gap to mean something.
    let (mut seen, mut odd) = (0, 0);
    for triple in counts.windows(3) {
        let beside = f64::from(triple[0].max(triple[2]));
        let least = f64::from(triple[0].min(triple[2]));
        if beside < 30.0 || beside < f64::from(total) / 2000.0 {
            continue;
        }
        seen += 1;
        let count = f64::from(triple[1]);
        odd += u32::from(count < 0.2 * least || 1.7 * beside < count);
    }
    32 <= seen && seen < 12 * odd
}

fn has_few_levels(values: &[f32]) -> bool {
    let mut data: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    let (n, mut spread) = (data.len(), 0.0);
    data.sort_by(f32::total_cmp);
    if let (Some(first), Some(last)) = (data.first(), data.last()) {
        spread = last - first;
    }
    data.dedup();
    10_000 <= n && 1024.0 < spread && data.len() <= 256
}

#[cfg(test)]
mod tests;
