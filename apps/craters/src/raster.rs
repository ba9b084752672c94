//! One plane of numbers. Knows no file and no ground: a pixel is a pixel.
//!
//! Positions are continuous: pixel `(column, row)` covers `[column, column + 1) x [row, row + 1)`,
//! so its centre lies at `(column + 0.5, row + 0.5)`; x grows to the right, y downwards.

/// A plane of `f32`, row by row. A pixel without data is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `height` rows of `width` values.
    pub values: Vec<f32>,
}

impl Raster {
    /// A plane of one value.
    pub fn filled(width: usize, height: usize, value: f32) -> Self {
        Self { width, height, values: vec![value; width * height] }
    }

    /// The value of the pixel in that column and row; NaN outside.
    pub fn get(&self, column: isize, row: isize) -> f32 {
        let inside = 0 <= column
            && 0 <= row
            && (column as usize) < self.width
            && (row as usize) < self.height;
        if inside { self.values[row as usize * self.width + column as usize] } else { f32::NAN }
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// The value at a position, bilinear between the centres of pixels; beyond the edge the
    /// nearest pixel's.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (last_column, last_row) = ((self.width - 1) as f32, (self.height - 1) as f32);
        let (x, y) = ((x - 0.5).clamp(0.0, last_column), (y - 0.5).clamp(0.0, last_row));
        let (column, row) = (x as usize, y as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let right = (column + 1).min(self.width - 1);
        let upper = self.row(row);
        let lower = self.row((row + 1).min(self.height - 1));
        let above = upper[column] * (1.0 - fx) + upper[right] * fx;
        let below = lower[column] * (1.0 - fx) + lower[right] * fx;
        above * (1.0 - fy) + below * fy
    }

    /// [`Raster::at`] for a position at least a pixel from the edge: quicker.
    #[inline(always)]
    pub(crate) fn inner(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x - 0.5, y - 0.5);
        let (column, row) = (x as i32, y as i32);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let i = row as usize * self.width + column as usize;
        let (upper, lower) = (&self.values[i..i + 2], &self.values[i + self.width..][..2]);
        let above = upper[0] + fx * (upper[1] - upper[0]);
        let below = lower[0] + fx * (lower[1] - lower[0]);
        above + fy * (below - above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lies_at_the_centre_of_its_pixel() {
        let raster = Raster { width: 2, height: 1, values: vec![1.0, 3.0] };
        assert_eq!(raster.at(0.5, 0.5), 1.0);
        assert_eq!(raster.at(1.0, 0.5), 2.0);
        assert_eq!(raster.at(9.0, 0.5), 3.0);
    }
}
