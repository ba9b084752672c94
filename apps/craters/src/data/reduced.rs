//! A scene from afar: means of many pixels, and pictures that a screen can show. Overviews are
//! used where the file has them; else some rows of each are averaged. Memory is that of the
//! result and of a few rows.

use super::source::Source;
use super::{Band, Scene, Window, read_padded};
use crate::error::Result;
use crate::raster::Raster;

/// From this many rows on, the rows of a mean are drawn evenly from those that it covers: a
/// picture of a scene without overviews must not read all of it.
const MOST_ROWS: usize = 4;
/// Share of the pixels that a stretch leaves black, and as many white.
const CLIPPED: f64 = 0.02;

/// A rectangle of the scene, in pixel positions.
#[derive(Clone, Copy)]
struct View {
    x0: f64,
    y0: f64,
    width: f64,
    height: f64,
}

impl Scene {
    /// A window at a smaller scale: pixels of `factor` by `factor` scene pixels, the last ones
    /// reaching beyond the window where it is no multiple. `x0` and `y0` of the result are the
    /// scene's.
    pub fn reduced(
        &self,
        x0: i64,
        y0: i64,
        width: usize,
        height: usize,
        factor: usize,
    ) -> Result<Window> {
        let factor = factor.max(1);
        let (columns, rows) = (width.div_ceil(factor), height.div_ceil(factor));
        let view = View {
            x0: x0 as f64,
            y0: y0 as f64,
            width: (columns * factor) as f64,
            height: (rows * factor) as f64,
        };
        let planes = resampled(&self.source, view, [columns, rows], MOST_ROWS)?;
        Ok(Window { x0, y0, bands: self.bands.iter().copied().zip(planes).collect() })
    }

    /// The values shown black and white in each band: percentiles of a sample of the scene,
    /// taken when it was opened.
    pub fn stretch(&self) -> &[(Band, [f32; 2])] {
        &self.stretch
    }

    /// A picture of `out_width` by `out_height` pixels of a rectangle of the scene: red, green,
    /// blue bytes, row by row. Pixels without data are black; all others are not quite.
    pub fn picture(
        &self,
        x0: f64,
        y0: f64,
        width: f64,
        height: f64,
        out_width: usize,
        out_height: usize,
    ) -> Result<Vec<u8>> {
        let view = View { x0, y0, width, height };
        let planes = resampled(&self.source, view, [out_width, out_height], MOST_ROWS)?;
        let index = |band| self.bands.iter().position(|of| *of == band);
        let colours = match (index(Band::Red), index(Band::Green), index(Band::Blue)) {
            (Some(red), Some(green), Some(blue)) => [red, green, blue],
            _ => [index(Band::Pan).unwrap_or(0); 3],
        };
        let mut bytes = vec![0; 3 * out_width * out_height];
        for (channel, band) in colours.into_iter().enumerate() {
            let Some(plane) = planes.get(band) else { continue };
            let [low, high] = self.stretch[band].1;
            for (pixel, value) in bytes.chunks_exact_mut(3).zip(&plane.values) {
                pixel[channel] = byte(*value, low, high);
            }
        }
        Ok(bytes)
    }
}

fn byte(value: f32, low: f32, high: f32) -> u8 {
    if value.is_nan() {
        return 0;
    }
    let share = ((value - low) / (high - low).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
    (1.0 + 254.0 * share).round() as u8
}

/// The values shown black and white, of a sample of each band.
pub(super) fn stretch(bands: &[Band], sample: &[Vec<f32>]) -> Vec<(Band, [f32; 2])> {
    bands.iter().copied().zip(sample.iter().map(|values| ends(values))).collect()
}

/// Lower and upper percentile of the values with data.
fn ends(values: &[f32]) -> [f32; 2] {
    let mut values: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if values.is_empty() {
        return [0.0, 1.0];
    }
    values.sort_by(f32::total_cmp);
    let last = (values.len() - 1) as f64;
    [values[(CLIPPED * last) as usize], values[((1.0 - CLIPPED) * last).ceil() as usize]]
}

/// Means of a view on a grid of `columns` by `rows`.
fn resampled(
    source: &Source,
    view: View,
    [columns, rows]: [usize; 2],
    most_rows: usize,
) -> Result<Vec<Raster>> {
    let mut planes = vec![Raster::filled(columns, rows, f32::NAN); source.n_bands()];
    let is_view = [view.x0, view.y0, view.width, view.height].iter().all(|v| v.is_finite());
    if columns == 0 || rows == 0 || !is_view {
        return Ok(planes);
    }
    let (level, [shrink_x, shrink_y]) = level(source, view.width / columns as f64);
    let x_spans = spans(view.x0 / shrink_x, view.width / shrink_x, columns);
    let y_spans = spans(view.y0 / shrink_y, view.height / shrink_y, rows);
    let (_, level_height) = source.levels()[level];
    // Columns beyond the scene are never read.
    let level_width = source.levels()[level].0 as i64;
    let first = x_spans[0].0.clamp(0, level_width);
    let width = (x_spans[columns - 1].1.clamp(first, level_width) - first) as usize;
    for (row, (top, bottom)) in y_spans.into_iter().enumerate() {
        let (top, bottom) = (top.max(0), bottom.min(level_height as i64));
        let mut sums = vec![vec![(0.0_f64, 0_u32); columns]; planes.len()];
        for y in drawn(top, bottom, most_rows) {
            let line = read_padded(source, level, [first, y], [width, 1])?;
            for (sums, line) in sums.iter_mut().zip(&line) {
                add_line(sums, &line.values, first, &x_spans);
            }
        }
        for (plane, sums) in planes.iter_mut().zip(&sums) {
            for (column, (sum, n)) in sums.iter().enumerate().filter(|(_, (_, n))| 0 < *n) {
                plane.values[row * columns + column] = (sum / f64::from(*n)) as f32;
            }
        }
    }
    Ok(planes)
}

fn add_line(sums: &mut [(f64, u32)], line: &[f32], first: i64, spans: &[(i64, i64)]) {
    let end = first + line.len() as i64;
    for ((sum, n), (left, right)) in sums.iter_mut().zip(spans) {
        let (left, right) = ((*left).clamp(first, end), (*right).clamp(first, end));
        for value in &line[(left - first) as usize..(right.max(left) - first) as usize] {
            if !value.is_nan() {
                *sum += f64::from(*value);
                *n += 1;
            }
        }
    }
}

/// Which level to read where a pixel of the result is `factor` scene pixels wide: the smallest
/// that is not smaller than the result; and how much smaller than the scene it is.
fn level(source: &Source, factor: f64) -> (usize, [f64; 2]) {
    let levels = source.levels();
    let (width, height) = levels[0];
    let shrink = |(w, h): &(usize, usize)| [width as f64 / *w as f64, height as f64 / *h as f64];
    // A width that is no multiple of two is rounded up in overviews.
    let mut fits = levels.iter().map(shrink).enumerate();
    fits.rfind(|(_, [x, _])| *x <= 1.02 * factor).unwrap_or((0, [1.0, 1.0]))
}

/// The pixels that each cell of a grid covers: whole ones, each in one cell; where cells are
/// smaller than pixels, the one under the cell's centre.
fn spans(from: f64, length: f64, n: usize) -> Vec<(i64, i64)> {
    let at = |idx: f64| from + length * idx / n as f64;
    let span = |idx: usize| {
        let (low, high) = (at(idx as f64).round() as i64, at(idx as f64 + 1.0).round() as i64);
        let centre = at(idx as f64 + 0.5).floor() as i64;
        if low < high { (low, high) } else { (centre, centre.saturating_add(1)) }
    };
    (0..n).map(span).collect()
}

/// At most so many rows of those from `top` to `bottom`, evenly.
fn drawn(top: i64, bottom: i64, most: usize) -> impl Iterator<Item = i64> {
    let n = (bottom - top).max(0);
    let kept = n.min(most as i64);
    (0..kept).map(move |idx| top + (2 * idx + 1) * n / (2 * kept))
}

#[cfg(test)]
mod tests;
