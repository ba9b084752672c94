//! Where records are: in a folder of this machine, or with a server.

use std::path::PathBuf;

/// Where records are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In this process, on this machine.
    Here {
        /// The folder of the data: the database and the files.
        data: PathBuf,
        /// `postgres://…` in place of the database in the folder.
        database: Option<String>,
        /// `s3://bucket/prefix` in place of the files in the folder.
        artifacts: Option<String>,
    },
    /// With the server at this URL, by MLflow's protocol: one of ours or MLflow's own.
    Server(String),
}

impl Place {
    /// The folder, with its own database.
    pub fn folder(data: impl Into<PathBuf>) -> Self {
        Self::Here { data: data.into(), database: None, artifacts: None }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Here { data, database: None, .. } => data.display().fmt(f),
            Self::Here { data, database: Some(_), .. } => {
                write!(f, "{} and its database", data.display())
            }
            Self::Server(url) => f.write_str(&without_password(url)),
        }
    }
}

/// A URL as it may be shown.
pub(crate) fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shown_without_a_password() {
        let server = Place::Server("http://ada:secret@lab:8484".to_owned());
        assert_eq!(server.to_string(), "http://lab:8484");
    }
}
