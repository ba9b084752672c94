//! Passwords. Kept as Argon2id hashes, which are slow to make and so slow to guess.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error as HashError, PasswordHasher, PasswordVerifier};

use super::Error;

/// A password has at least so many characters (NIST SP 800-63B, 5.1.1.1) …
const FEWEST_CHARS: usize = 8;
/// … and at most so many bytes, so that nobody makes us hash a book.
const MOST_BYTES: usize = 1024;

/// What is kept of a password: `$argon2id$…` with parameters and salt.
pub(crate) fn hash(password: &str) -> Result<String, Error> {
    if password.chars().count() < FEWEST_CHARS || MOST_BYTES < password.len() {
        return Err(Error::Refused {
            what: format!(
                "the password is shorter than {FEWEST_CHARS} characters, or longer than {MOST_BYTES} bytes"
            ),
            hint: "take a few words that only you put together".to_owned(),
        });
    }
    let hashed = Argon2::default().hash_password(password.as_bytes()).map_err(secret)?;
    Ok(hashed.to_string())
}

/// Whether the password is the one of the hash. Takes as long where there is no hash, so that
/// nobody learns from the time whether a user exists.
pub(crate) fn is_right(password: &str, hash: Option<&str>) -> Result<bool, Error> {
    if MOST_BYTES < password.len() {
        return Ok(false);
    }
    let Some(hash) = hash else {
        let _ = Argon2::default().hash_password_with_salt(password.as_bytes(), b"nobody's salt...");
        return Ok(false);
    };
    let kept = PasswordHash::new(hash).map_err(|error| Error::Secret(error.to_string()))?;
    match Argon2::default().verify_password(password.as_bytes(), &kept) {
        Ok(()) => Ok(true),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(error) => Err(secret(error)),
    }
}

fn secret(error: HashError) -> Error {
    Error::Secret(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_is_right() {
        let hash = hash("a small boat").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(is_right("a small boat", Some(&hash)).unwrap());
        assert!(!is_right("a small boat ", Some(&hash)).unwrap());
        assert!(!is_right("a small boat", None).unwrap());
    }

    #[test]
    fn a_password_of_seven_characters_is_refused() {
        assert!(matches!(hash("seven77"), Err(Error::Refused { .. })));
        assert!(matches!(hash(&"long".repeat(300)), Err(Error::Refused { .. })));
    }
}
