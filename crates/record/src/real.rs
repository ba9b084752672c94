//! Numbers in JSON without loss: JSON knows no NaN and no infinity, and a diverged loss or an
//! interval that is open above must not come back as nothing.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a number, or one of the words "NaN", "Infinity" and "-Infinity".
pub(crate) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    Real(*value).serialize(to)
}

/// Reads what [`serialize`] writes.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Real::deserialize(from).map(|real| real.0)
}

/// The same for the values of a map.
pub(crate) mod values {
    use super::{BTreeMap, Deserialize, Deserializer, Real, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        values: &BTreeMap<String, f64>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_map(values.iter().map(|(key, value)| (key, Real(*value))))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<String, f64>, D::Error> {
        let values = BTreeMap::<String, Real>::deserialize(from)?;
        Ok(values.into_iter().map(|(key, real)| (key, real.0)).collect())
    }
}

struct Real(f64);

impl Serialize for Real {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            x if x.is_finite() => to.serialize_f64(x),
            x if x.is_nan() => to.serialize_str("NaN"),
            x if x > 0.0 => to.serialize_str("Infinity"),
            _ => to.serialize_str("-Infinity"),
        }
    }
}

impl<'de> Deserialize<'de> for Real {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyReal).map(Self)
    }
}

struct AnyReal;

impl Visitor<'_> for AnyReal {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<f64, E> {
        match value {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Interval, Score};

    #[test]
    fn an_interval_open_above_survives_json() {
        let open = Interval::new(3.0, f64::INFINITY, 0.95, "profile");
        let json = serde_json::to_string(&open).unwrap();
        assert!(json.contains(r#""low":3.0,"high":"Infinity""#), "{json}");
        assert_eq!(serde_json::from_str::<Interval>(&json).unwrap(), open);
    }

    #[test]
    fn a_diverged_loss_is_not_read_back_as_nothing() {
        let json = serde_json::to_string(&Score::new("loss_nats", f64::NAN, "test")).unwrap();
        assert!(serde_json::from_str::<Score>(&json).unwrap().value.is_nan());
        let wrong = json.replace("NaN", "not a number");
        assert!(serde_json::from_str::<Score>(&wrong).is_err());
    }
}
