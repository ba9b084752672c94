//! Numbers in JSON without loss: a diverged loss must not look like no loss.

use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A number; "NaN", "Infinity" and "-Infinity" where JSON has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Real(pub(crate) f64);

impl Real {
    /// A value of a metric: the tables keep the infinities as the largest numbers.
    pub(crate) fn measured(value: f64) -> Self {
        match value {
            f64::MAX => Self(f64::INFINITY),
            f64::MIN => Self(f64::NEG_INFINITY),
            value => Self(value),
        }
    }
}

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

impl PartialSchema for Real {
    fn schema() -> RefOr<Schema> {
        let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([
            "NaN",
            "Infinity",
            "-Infinity",
        ]));
        OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::Number))
            .item(word)
            .description(Some("A number, or its name where JSON has none."))
            .into()
    }
}

impl ToSchema for Real {}

#[cfg(test)]
mod tests {
    use super::Real;

    #[test]
    fn what_json_has_no_number_for_is_named() {
        let seen = [1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(Real);
        let json = serde_json::to_string(&seen).unwrap();
        assert_eq!(json, r#"[1.5,"NaN","Infinity","-Infinity"]"#);
    }
}
