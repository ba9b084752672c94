//! How MLflow's sentences quote a value: as Python's `repr` or as its JSON.

/// Text as `json.dumps` writes it: ASCII only.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}

/// Text as `repr` writes it.
pub(crate) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            _ if c == quote => out.extend(['\\', c]),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if c.is_control() && u32::from(c) < 0x100 => {
                out.push_str(&format!("\\x{:02x}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// Texts as the `repr` of a list of them.
pub(crate) fn repr_list(texts: &[String]) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| repr(text)).collect();
    format!("[{}]", quoted.join(", "))
}

/// A number as `repr` writes it.
pub(crate) fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_as_python_does() {
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("both ' and \""), "'both \\' and \"'");
        assert_eq!(repr("a\n\0é"), "'a\\n\\x00é'");
        assert_eq!(json("a\"é🌙\n"), "\"a\\\"\\u00e9\\ud83c\\udf19\\n\"");
    }

    #[test]
    fn numbers_are_written_as_python_does() {
        let written = [1.0, 0.1, 1e16, 1.5e300, 1e-5, -2.5e-7, 123456.0, 1e15];
        let expected = [
            "1.0",
            "0.1",
            "1e+16",
            "1.5e+300",
            "1e-05",
            "-2.5e-07",
            "123456.0",
            "1000000000000000.0",
        ];
        assert_eq!(written.map(float), expected);
    }
}
