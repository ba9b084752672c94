//! The text of a sweep, from a plain or a gzip file.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use learn::Text;

use crate::Error;

/// Reads a text file; one that begins like gzip (`.gz`, and `.dz` of dictd) is unpacked.
///
/// # Errors
/// A file that cannot be read, is empty, or is a gzip that breaks off.
pub fn read_text(path: &Path) -> Result<Text, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut bytes = fs::read(path).map_err(io)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        MultiGzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).map_err(|error| {
            Error::input(
                path,
                None,
                format!("the gzip cannot be unpacked: {error}"),
                "fetch the file again",
            )
        })?;
        bytes = unpacked;
    }
    if bytes.is_empty() {
        return Err(Error::input(
            path,
            None,
            "the text is empty",
            "take some megabytes of plain text",
        ));
    }
    Ok(Text::new(bytes))
}
