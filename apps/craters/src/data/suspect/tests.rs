use super::*;

/// A photograph's grey levels, smooth: the sum of three dice of many sides.
fn photograph(levels: u32) -> Vec<f32> {
    let mut state = 7_u32;
    let mut die = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    };
    (0..65_536)
        .map(|_| ((die() + die() + die()) / 3.0 * f64::from(levels)).floor() as f32)
        .collect()
}

fn stretched(levels: u32) -> Vec<f32> {
    let scale = 255.0 / (levels as f32 - 1.0);
    photograph(levels).iter().map(|value| (value * scale).floor()).collect()
}

#[test]
fn a_comb_in_the_grey_levels_betrays_a_stretch_and_a_photograph_does_not() {
    let said = |values| warnings(&[Band::Pan], &[values], true).join(" ");
    assert_eq!(said(photograph(256)), "");
    for levels in [150, 200, 330] {
        assert!(said(stretched(levels)).contains("original 16-bit scene"), "{levels} levels");
    }
}

#[test]
fn sixteen_bits_with_the_grey_levels_of_eight_are_named() {
    let wide = |step: f32| photograph(256).iter().map(|value| value * step).collect::<Vec<_>>();
    let said = warnings(&[Band::Pan], &[wide(257.0)], false).join(" ");
    assert!(said.contains("stretched from 8 bits"), "{said}");
    assert!(warnings(&[Band::Pan], &[photograph(2048)], false).is_empty());
}

#[test]
fn near_infrared_that_is_darker_than_red_everywhere_is_another_band() {
    let (red, nir) = (vec![300.0; 2000], vec![900.0; 2000]);
    let order = |bands: [Band; 2], values: [&Vec<f32>; 2]| {
        wrong_order(&bands, &values.map(Clone::clone)).unwrap_or_default()
    };
    assert_eq!(order([Band::Red, Band::Nir], [&red, &nir]), "");
    assert!(order([Band::Nir, Band::Red], [&red, &nir]).contains("another order"));
}

#[test]
fn a_scene_of_no_data_or_of_one_value_is_named() {
    let said = |value| warnings(&[Band::Pan], &[vec![value; 5000]], false).join(" ");
    assert!(said(f32::NAN).contains("no data"));
    assert!(said(3.0).contains("the same value"));
}
