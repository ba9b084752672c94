//! What a request says about who sends it: the header `Authorization`, by HTTP's schemes Basic
//! (browsers, `MLFLOW_TRACKING_USERNAME`) and Bearer (`MLFLOW_TRACKING_TOKEN`).

use axum::http::{HeaderMap, header};
use base64ct::{Base64, Base64Unpadded, Encoding as _};

use super::token;

/// Who somebody says to be. Not printable: it is secret.
#[derive(PartialEq, Eq)]
pub(crate) enum Credentials {
    /// A name and a password.
    Password { name: String, password: String },
    /// A token, and the name that it must belong to, where one was said.
    Token { token: String, name: Option<String> },
}

/// What the headers say; nothing where they say nothing that can be understood.
pub(crate) fn of_headers(headers: &HeaderMap) -> Option<Credentials> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (all.next()?.to_str().ok()?, all.next()) else {
        return None;
    };
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(Credentials::Token { token: rest.to_owned(), name: None }),
        "basic" => of_basic(rest),
        _ => None,
    }
}

/// A token is taken for the password too: a browser asks for nothing else.
fn of_basic(encoded: &str) -> Option<Credentials> {
    let bytes =
        Base64::decode_vec(encoded).or_else(|_| Base64Unpadded::decode_vec(encoded)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (name, secret) = text.split_once(':')?;
    let (name, secret) = (name.to_owned(), secret.to_owned());
    Some(match secret.starts_with(token::PREFIX) {
        true => Credentials::Token { token: secret, name: Some(name) },
        false => Credentials::Password { name, password: secret },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Option<Credentials> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        of_headers(&headers)
    }

    #[test]
    fn basic_is_a_name_and_a_password_that_may_have_colons() {
        let expected =
            Credentials::Password { name: "ada".to_owned(), password: "a:b:c".to_owned() };
        assert!(of("Basic YWRhOmE6Yjpj") == Some(expected));
    }

    #[test]
    fn bearer_is_a_token_and_schemes_have_no_case() {
        let expected = Credentials::Token { token: "abc".to_owned(), name: None };
        assert!(of("bEARER abc") == Some(expected));
    }

    #[test]
    fn what_cannot_be_understood_is_nobody() {
        for value in
            ["", "Basic", "Basic !!!", "Basic YWRh", "Basic /w==", "Digest a=b", "YWRhOmE6"]
        {
            assert!(of(value).is_none(), "{value}");
        }
        let mut twice = HeaderMap::new();
        twice.append(header::AUTHORIZATION, "Bearer a".parse().unwrap());
        twice.append(header::AUTHORIZATION, "Bearer b".parse().unwrap());
        assert!(of_headers(&twice).is_none());
    }
}
