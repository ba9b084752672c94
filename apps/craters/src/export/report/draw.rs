//! Rings on pictures.

use super::Picture;

/// From yellow for nought over orange to red for one: darker as it grows, so that it also reads
/// without colour.
pub(super) fn colour(probability: f64) -> [u8; 3] {
    const STOPS: [[f64; 3]; 3] = [[250.0, 240.0, 120.0], [255.0, 150.0, 40.0], [205.0, 20.0, 20.0]];
    let at = probability.clamp(0.0, 1.0) * 2.0;
    let i = (at as usize).min(1);
    let share = at - i as f64;
    let mixed = |c: usize| STOPS[i][c] + share * (STOPS[i + 1][c] - STOPS[i][c]);
    [0, 1, 2].map(|c| mixed(c).round() as u8)
}

/// Draws a ring, its edge softened, what lies outside of the picture left out.
pub(super) fn ring(picture: &mut Picture, [x, y]: [f64; 2], r: f64, width: f64, colour: [u8; 3]) {
    if ![x, y, r].iter().all(|value| value.is_finite()) {
        return;
    }
    let reach = r + width;
    let span = |centre: f64, n: usize| {
        let index = |value: f64| value.floor().clamp(0.0, n as f64) as usize;
        index(centre - reach)..index(centre + reach + 1.0)
    };
    let row_length = picture.width;
    for row in span(y, picture.height) {
        for column in span(x, picture.width) {
            let away = (column as f64 + 0.5 - x).hypot(row as f64 + 0.5 - y);
            let cover = (width / 2.0 + 0.5 - (away - r).abs()).clamp(0.0, 1.0);
            let at = 3 * (row * row_length + column);
            for (c, channel) in picture.rgb[at..at + 3].iter_mut().enumerate() {
                let old = f64::from(*channel);
                *channel = (old + cover * (f64::from(colour[c]) - old)).round() as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_marks_the_rim_and_neither_the_middle_nor_the_outside() {
        let mut picture = Picture { width: 21, height: 21, rgb: vec![0; 21 * 21 * 3] };
        ring(&mut picture, [10.5, 10.5], 6.0, 1.0, [255, 0, 0]);
        let red = |x: usize, y: usize| picture.rgb[3 * (y * 21 + x)];
        assert_eq!((red(16, 10), red(10, 10), red(20, 10)), (255, 0, 0));
    }

    #[test]
    fn a_ring_beyond_the_edge_is_no_panic() {
        let mut picture = Picture { width: 4, height: 4, rgb: vec![0; 48] };
        for at in [[-9.0, 2.0], [1e12, -1e12], [f64::NAN, 0.0], [3.9, 3.9]] {
            ring(&mut picture, at, 5.0, 2.0, [255; 3]);
        }
    }
}
