//! Tokens of programs: 256 random bits, shown once. The database has their SHA-256, from which
//! nobody gets them back; they need no slow hash because nobody can guess them.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::Error;

/// How every token begins, so that people and scanners for leaked secrets know one.
pub(crate) const PREFIX: &str = "fieldkit_";

/// A new token.
pub(crate) fn generate() -> Result<String, Error> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(|error| Error::Secret(error.to_string()))?;
    let mut token = PREFIX.to_owned();
    for byte in bits {
        let _ = write!(token, "{byte:02x}");
    }
    Ok(token)
}

/// What the database keeps of a token.
pub(crate) fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
