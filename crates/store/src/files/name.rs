//! The name of a file. The only place that decides what a client may call one: whatever passes
//! here is a plain relative path, in every encoding.

use std::fmt;

/// A place in the tree of names: segments with `/` between them. The empty one is the root.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(String);

/// Text that is no name: it leads out of the tree, or could be read as doing so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Invalid path")]
pub struct InvalidPath;

/// As MLflow's server: text that still changes after so many decodings is an attack.
const MOST_DECODINGS: usize = 10;

/// In bytes. PostgreSQL's index takes no row of more than 2,704.
const LONGEST: usize = 2000;

impl Name {
    /// The root of the tree.
    pub fn root() -> Self {
        Self(String::new())
    }

    /// Reads a name. Percent signs are decoded until none is left, so that a name means the same
    /// however it was sent. A `/` too many and a `.` say nothing; the empty text is the root.
    ///
    /// # Errors
    /// It has a segment `..`, a backslash, a control character or `#`; it is absolute, or begins
    /// like a drive (`C:`) or a URL of a file; it is longer than 2,000 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        let text = decoded(text)?;
        let is_outside = text.contains(|c: char| matches!(c, '\\' | '#') || c.is_control())
            || text.starts_with('/')
            || text.split('/').any(|segment| segment == "..")
            || begins_like_a_drive(&text)
            || text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:"))
            || text.len() > LONGEST;
        if is_outside {
            return Err(InvalidPath);
        }
        let segments: Vec<_> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        Ok(Self(segments.join("/")))
    }

    /// The name of something in this folder.
    ///
    /// # Errors
    /// As [`Name::parse`].
    pub fn join(&self, text: &str) -> Result<Self, InvalidPath> {
        let below = Self::parse(text)?;
        Ok(match (self.is_root(), below.is_root()) {
            (true, _) => below,
            (_, true) => self.clone(),
            _ => Self(format!("{}/{}", self.0, below.0)),
        })
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment; empty for the root.
    pub fn last(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The folder it is in and its name there; none for the root.
    pub(super) fn split(&self) -> Option<(&str, &str)> {
        match self.0.rsplit_once('/') {
            _ if self.is_root() => None,
            Some(parts) => Some(parts),
            None => Some(("", &self.0)),
        }
    }

    /// The folders above it, without the root, outermost first.
    pub(super) fn folders(&self) -> Vec<Self> {
        self.0.match_indices('/').map(|(at, _)| Self(self.0[..at].to_owned())).collect()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn begins_like_a_drive(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() > 1 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':'
}

fn decoded(text: &str) -> Result<String, InvalidPath> {
    let mut text = text.to_owned();
    for _ in 0..MOST_DECODINGS {
        let once = decoded_once(&text)?;
        if once == text {
            return Ok(text);
        }
        text = once;
    }
    Err(InvalidPath)
}

/// `%2e` as `.`; a percent sign that no two digits follow stays.
fn decoded_once(text: &str) -> Result<String, InvalidPath> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                at += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).map_err(|_| InvalidPath)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_path_is_a_name() {
        for name in [
            "model.pkl",
            "a/b/c.txt",
            "1/ab/artifacts/100%.txt",
            "über/日本.png",
            "..a/b..",
            "a?b",
            "..;/x",
        ] {
            assert_eq!(Name::parse(name).map(|name| name.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn a_name_means_the_same_however_it_is_encoded() {
        for name in ["a b/c", "a%20b/c", "a%2520b%2Fc", "a%252520b/c", "a%20b/c/", "./a b//c"] {
            assert_eq!(Name::parse(name), Name::parse("a b/c"), "{name}");
        }
    }

    #[test]
    fn no_name_leads_out_of_the_tree() {
        for attack in [
            "..",
            "../a",
            "a/../../b",
            "a/..",
            "%2e%2e/a",
            "%2E%2e%2Fa",
            "%252e%252e%252fa",
            "..%2f",
            "%25252e%25252e/a",
            "..\\a",
            "a\\b",
            "..%5ca",
            "a%255cb",
            "/etc/passwd",
            "%2fetc/passwd",
            "/",
            "a\0b",
            "a%00b",
            "a%2500b",
            "a#b",
            "a%23b",
            "./..",
            "a//../b",
            "C:/a",
            "c:a",
            "c%3A/a",
            "file:///etc/passwd",
            "FILE:a",
            "a\nb",
            "a%0d%0ab",
            "http:///#/../a",
            "%ff%fe",
        ] {
            assert_eq!(Name::parse(attack), Err(InvalidPath), "{attack}");
        }
    }

    #[test]
    fn text_that_never_ends_to_decode_is_refused() {
        let nested = format!("%{}2e", "25".repeat(20));
        assert_eq!(Name::parse(&nested), Err(InvalidPath));
    }
}
