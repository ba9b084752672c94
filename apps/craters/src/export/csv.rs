//! A table for spreadsheets, in UTF-8.

use std::io::{self, Write};

use super::columns::{Class, image_name, rounded};
use super::{Outgoing, crs, place, words};
use crate::survey::Crater;

const HEAD: [&str; 16] = [
    "crater_id",
    "x",
    "y",
    "crs",
    "lon",
    "lat",
    "diameter_m",
    "x_px",
    "y_px",
    "diameter_px",
    "probability",
    "class",
    "verdict",
    "source_image",
    "evidence_class",
    "is_synthetic",
];

/// The craters, a row each; where the scene has no place, x and y are empty.
pub(crate) fn write(out: &Outgoing<'_>, to: &mut impl Write) -> io::Result<()> {
    let system = system_of(out);
    let names = &out.survey.questions;
    let mut writer = ::csv::Writer::from_writer(to);
    writer.write_record(HEAD.iter().chain(&["path"]))?;
    for crater in &out.craters {
        let mut row = row(crater, out, &system);
        row.push(words::path_in_words(&crater.path, names));
        writer.write_record(row.iter().map(|text| inert(text)))?;
    }
    writer.flush()
}

fn system_of(out: &Outgoing<'_>) -> String {
    let Some(georeference) = &out.survey.georeference else { return String::new() };
    let code = georeference.epsg.or_else(|| crs::of(georeference).ok()?.epsg);
    code.map_or_else(|| georeference.proj.clone(), |code| format!("EPSG:{code}"))
}

fn row(crater: &Crater, out: &Outgoing<'_>, system: &str) -> Vec<String> {
    let survey = out.survey;
    let georeference = survey.georeference.as_ref();
    let place = georeference.map(|_| place::centre(crater, georeference));
    // Degrees need seven decimals, metres two.
    let n = if place.is_some_and(|[x, y]| x.abs() <= 360.0 && y.abs() <= 90.0) { 7 } else { 2 };
    let number = |value: Option<f64>, n_decimals: i32| {
        value.map_or_else(String::new, |value| rounded(value, n_decimals).to_string())
    };
    vec![
        crater.id.to_string(),
        number(place.map(|place| place[0]), n),
        number(place.map(|place| place[1]), n),
        system.to_owned(),
        number(crater.lon_lat.map(|place| place[0]), 7),
        number(crater.lon_lat.map(|place| place[1]), 7),
        number(crater.diameter_m, 2),
        number(Some(crater.x_px), 2),
        number(Some(crater.y_px), 2),
        number(Some(crater.diameter_px), 2),
        number(Some(crater.probability), 4),
        Class::of(crater, survey).word().to_owned(),
        crater.verdict.map_or_else(String::new, |verdict| words::verdict(verdict).to_owned()),
        image_name(survey),
        survey.evidence_class.clone(),
        survey.is_synthetic.to_string(),
    ]
}

/// Text that a spreadsheet does not take for a formula. Numbers stay numbers.
fn inert(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err();
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_a_formula_is_not_one() {
        assert_eq!(inert("=1+1"), "'=1+1");
        assert_eq!(inert("-12.5"), "-12.5");
        assert_eq!(inert("scene.tif"), "scene.tif");
    }
}
