//! What every format says of a crater, in this order. Knows no format.

use super::{Outgoing, words};
use crate::survey::{Crater, Survey, Verdict};

/// What kind of value a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A number.
    Real,
    /// Words.
    Text,
    /// Yes or no.
    Boolean,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its name where ten letters are the most.
    pub short: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Not known.
    Nothing,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Words.
    Text(String),
    /// Yes or no.
    Boolean(bool),
}

const fn column(name: &'static str, short: &'static str, kind: Kind) -> Column {
    Column { name, short, kind }
}

/// The columns. `mean_prob` and `max_prob` are asked for by those who average a raster over a
/// polygon; a crater has one probability here, so that both hold it.
pub const COLUMNS: [Column; 15] = [
    column("crater_id", "crater_id", Kind::Integer),
    column("mean_prob", "mean_prob", Kind::Real),
    column("max_prob", "max_prob", Kind::Real),
    column("area_m2", "area_m2", Kind::Real),
    column("diam_m", "diam_m", Kind::Real),
    column("diam_px", "diam_px", Kind::Real),
    column("x_px", "x_px", Kind::Real),
    column("y_px", "y_px", Kind::Real),
    column("class", "class", Kind::Text),
    column("verdict", "verdict", Kind::Text),
    column("source_image", "src_image", Kind::Text),
    column("sensor", "sensor", Kind::Text),
    column("model", "model", Kind::Text),
    column("evidence_class", "evid_class", Kind::Text),
    column("is_synthetic", "synthetic", Kind::Boolean),
];

/// The values of a crater, in the order of [`COLUMNS`].
pub(crate) fn values(crater: &Crater, out: &Outgoing<'_>) -> Vec<Value> {
    let survey = out.survey;
    let real = |value: Option<f64>| value.map_or(Value::Nothing, Value::Real);
    let text = |text: &str| Value::Text(text.to_owned());
    // A circle: π d² / 4.
    let area = crater.diameter_m.map(|d| std::f64::consts::FRAC_PI_4 * d * d);
    vec![
        Value::Integer(i64::try_from(crater.id).unwrap_or(i64::MAX)),
        Value::Real(rounded(crater.probability, 4)),
        Value::Real(rounded(crater.probability, 4)),
        real(area.map(|area| rounded(area, 2))),
        real(crater.diameter_m.map(|d| rounded(d, 2))),
        Value::Real(rounded(crater.diameter_px, 2)),
        Value::Real(rounded(crater.x_px, 2)),
        Value::Real(rounded(crater.y_px, 2)),
        text(Class::of(crater, survey).word()),
        crater.verdict.map_or(Value::Nothing, |verdict| text(words::verdict(verdict))),
        text(&image_name(survey)),
        out.options.sensor.as_deref().map_or(Value::Nothing, text),
        text(&survey.detector),
        text(&survey.evidence_class),
        Value::Boolean(survey.is_synthetic),
    ]
}

/// How far a detection may be believed, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A person said that it is a crater.
    Confirmed,
    /// From the threshold on.
    Probable,
    /// Below the threshold.
    Possible,
    /// A person said that it is none.
    Rejected,
}

impl Class {
    /// All of them, the surest first.
    pub const ALL: [Self; 4] = [Self::Confirmed, Self::Probable, Self::Possible, Self::Rejected];

    /// The class of a crater.
    pub fn of(crater: &Crater, survey: &Survey) -> Self {
        match crater.verdict {
            Some(Verdict::Confirmed) => Self::Confirmed,
            Some(Verdict::Rejected) => Self::Rejected,
            _ if crater.probability >= f64::from(survey.threshold) => Self::Probable,
            _ => Self::Possible,
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Probable => "probable",
            Self::Possible => "possible",
            Self::Rejected => "rejected",
        }
    }
}

/// The name of the scene's file, without the folders of the machine that it lay on.
pub(crate) fn image_name(survey: &Survey) -> String {
    survey.scene.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// A number with so many decimals.
pub(crate) fn rounded(value: f64, n_decimals: i32) -> f64 {
    let unit = 10f64.powi(n_decimals);
    (value * unit).round() / unit
}
