//! What may be a name inside the folder of runs. The only module that turns words from outside
//! into paths: what it refuses can never be read or written.

use std::path::PathBuf;

use crate::Error;

/// Checks the id of a run, which is one folder's name.
///
/// # Errors
/// Refused where it could not have been given by [`crate::Folder`].
pub fn run_id(id: &str) -> Result<&str, Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    if id.is_empty() || id.starts_with('.') || id.len() > 100 || !id.chars().all(plain) {
        return Err(Error::refused(
            format!("`{}` is not the id of a run", id.escape_debug()),
            "`fieldkit runs` lists the ids",
        ));
    }
    Ok(id)
}

/// The relative path of an artifact's name, which has `/` between folders.
///
/// # Errors
/// Refused where the path would leave its folder, or means different files on different systems.
pub fn artifact(name: &str) -> Result<PathBuf, Error> {
    let parts: Vec<&str> = name.split('/').collect();
    if name.len() > 500 || !parts.iter().all(|part| is_file_name(part)) {
        return Err(Error::refused(
            format!("`{}` cannot be the name of an artifact", name.escape_debug()),
            "use a relative name such as `pictures/contours.svg`: no empty part, no `..`, \
             no `\\`, no `:`",
        ));
    }
    Ok(parts.iter().collect())
}

fn is_file_name(part: &str) -> bool {
    let odd = |c: char| c.is_control() || c == '\\' || c == ':';
    !part.is_empty() && part.len() <= 200 && part != "." && part != ".." && !part.contains(odd)
}

/// Checks a metric's name, which is the end of one line.
pub(crate) fn metric(key: &str) -> Result<&str, Error> {
    if key.is_empty() || key.contains(char::is_control) {
        return Err(Error::refused(
            format!("`{}` cannot be the name of a metric", key.escape_debug()),
            "use one line of visible text",
        ));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_keeps_its_folders() {
        let path = artifact("pictures/contours.svg").unwrap();
        assert_eq!(path, PathBuf::from("pictures").join("contours.svg"));
    }

    #[test]
    fn an_artifact_cannot_leave_its_folder() {
        let long = "x".repeat(300);
        let out = ["", "/etc/passwd", "..", "a/../../b", "a//b", "a/", ".", "./a", "c:\\a", "a\\b"];
        for name in out.into_iter().chain(["a\0b", "a\nb", &long]) {
            assert!(artifact(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_run_id_is_one_folder() {
        assert!(run_id("20250102-030405.678-9abc").is_ok());
        for id in ["", ".", "..", "../x", "a/b", "a\\b", "a b", "/", "ä", &"x".repeat(200)] {
            assert!(run_id(id).is_err(), "{id:?}");
        }
    }
}
