//! Pages: the token that says where the next one begins. It is MLflow's: `{"offset": n}` in
//! base64.

use serde_json::Value;

use crate::Error;
use crate::quoting::repr;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The token of an offset.
pub(crate) fn token_of(offset: i64) -> String {
    encode(format!("{{\"offset\": {offset}}}").as_bytes())
}

/// The offset of a token; 0 where there is none.
pub(crate) fn offset_of(token: Option<&str>) -> Result<i64, Error> {
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(0) };
    let bytes = decode(token)
        .ok_or_else(|| Error::invalid("Invalid page token, could not base64-decode"))?;
    let parsed: Value = serde_json::from_slice(&bytes).map_err(|_| {
        Error::invalid(format!("Invalid page token, decoded value={}", bytes_repr(&bytes)))
    })?;
    let offset = match parsed.get("offset") {
        Some(Value::Number(number)) => number.as_i64().filter(|&offset| offset > 0),
        Some(Value::String(text)) => {
            let wrong = || Error::invalid(format!("Invalid page token, not stringable {text}"));
            Some(text.trim().parse().map_err(|_| wrong())?)
        }
        _ => None,
    };
    offset.filter(|&offset: &i64| offset >= 0).ok_or_else(|| {
        Error::invalid(format!("Invalid page token, parsed value={}", python_value(&parsed)))
    })
}

fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, i| bits << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let digit = (bits >> (18 - 6 * i)) & 63;
            out.push(if i <= chunk.len() { char::from(ALPHABET[digit as usize]) } else { '=' });
        }
    }
    out
}

/// As Python's: characters outside of the alphabet are passed over, padding must be right.
fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() {
        return None;
    }
    let mut out = Vec::new();
    let (mut bits, mut n_bits, mut n_digits, mut n_padding) = (0u32, 0, 0usize, 0);
    for byte in text.bytes() {
        if byte == b'=' {
            n_padding += 1;
            if n_digits % 4 >= 2 && n_digits % 4 + n_padding >= 4 {
                return Some(out);
            }
            continue;
        }
        let Some(digit) = ALPHABET.iter().position(|&letter| letter == byte) else { continue };
        (bits, n_bits, n_digits, n_padding) =
            (bits << 6 | digit as u32, n_bits + 6, n_digits + 1, 0);
        if n_bits >= 8 {
            n_bits -= 8;
            out.push((bits >> n_bits) as u8);
            bits &= (1 << n_bits) - 1;
        }
    }
    (n_digits % 4 == 0).then_some(out)
}

/// Bytes as `repr` writes them.
fn bytes_repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ if char::from(byte) == quote => out.extend(['\\', quote]),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}

/// A JSON value as Python shows it.
fn python_value(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => repr(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(python_value).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let shown =
                |(key, value): (&String, &Value)| format!("{}: {}", repr(key), python_value(value));
            format!("{{{}}}", fields.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_one_of_mlflow() {
        assert_eq!(token_of(2), "eyJvZmZzZXQiOiAyfQ==");
        for offset in [1, 2, 10, 99_999, i64::MAX] {
            assert_eq!(offset_of(Some(&token_of(offset))), Ok(offset));
        }
    }

    #[test]
    fn a_token_of_somebody_else_is_refused() {
        let refused = |token: &str| offset_of(Some(token)).unwrap_err().message;
        assert_eq!(refused("abc"), "Invalid page token, could not base64-decode");
        assert_eq!(refused(&encode(b"hello")), "Invalid page token, decoded value=b'hello'");
        assert_eq!(
            refused(&encode(b"{\"a\": [1, null]}")),
            "Invalid page token, parsed value={'a': [1, None]}"
        );
        assert_eq!(
            refused(&encode(b"{\"offset\": \"x\"}")),
            "Invalid page token, not stringable x"
        );
    }
}
