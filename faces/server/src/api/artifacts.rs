//! A run's files, looked at without opening them: what could act is never given as something
//! that acts, and what holds code is never read. To download one is MLflow's protocol.

use axum::Json;
use axum::extract::{Path, Query, State as Extract};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::{Entry, FileError, Files, InvalidPath, Name};
use tracking::{Run, Tracking};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;
use crate::State;

/// How much of a text is shown.
const TEXT: u64 = 256 * 1024;
/// The largest picture or page that is shown.
const SHOWN: u64 = 32 * 1024 * 1024;

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct Asked {
    /// A path among the run's files; the top where absent.
    #[serde(default)]
    path: String,
}

/// What lies in a folder of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Folder {
    entries: Vec<File>,
}

/// A file or a folder.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct File {
    /// From the run's top.
    path: String,
    is_folder: bool,
    n_bytes: Option<u64>,
    kind: Kind,
}

/// How a file may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Folder,
    Text,
    Image,
    /// A page, shown in a frame in which nothing runs.
    Page,
    /// Holds code, such as a pickle: never opened here.
    Code,
    /// Only to be downloaded.
    Other,
}

impl Kind {
    /// By the ending of a file's name.
    pub(crate) fn of(name: &str) -> Self {
        if media_type(name).is_some() {
            return Self::Image;
        }
        match ending(name).as_str() {
            "html" | "htm" => Self::Page,
            "pkl" | "pickle" | "cloudpickle" | "dill" | "joblib" | "pt" | "pth" | "ckpt" => {
                Self::Code
            }
            "txt" | "md" | "json" | "jsonl" | "yaml" | "yml" | "toml" | "csv" | "tsv" | "log"
            | "py" | "rs" | "r" | "jl" | "sql" | "xml" | "ini" | "cfg" | "conf" | "sh"
            | "ipynb" | "mlmodel" | "geojson" => Self::Text,
            _ => Self::Other,
        }
    }
}

/// The ending of a name in small letters; the name itself where it has none.
fn ending(name: &str) -> String {
    name.rsplit(['.', '/']).next().unwrap_or_default().to_ascii_lowercase()
}

/// What a picture is; none where it is no picture.
fn media_type(name: &str) -> Option<&'static str> {
    Some(match ending(name).as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}

/// The beginning of a text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    text: String,
    n_bytes: u64,
    /// Whether there is more than is shown.
    is_cut: bool,
}

/// What lies in a folder of a run.
#[utoipa::path(
    get,
    path = "/runs/{id}/artifacts",
    params(("id" = String, Path, description = "The run's id"), Asked),
    responses((status = OK, body = Folder), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Folder>, Problem> {
    let files = state.files.clone();
    state
        .blocking(move |tracking| {
            let top = top(&tracking.run(&id)?)?;
            let below = Name::parse(&asked.path)?;
            let entries = files.list(&top.join(&asked.path)?)?;
            let file = |entry: Entry| Ok(file(&below.join(&entry.name)?, entry));
            let entries = entries.into_iter().map(file).collect::<Result<_, Problem>>()?;
            Ok(Json(Folder { entries }))
        })
        .await
}

fn file(path: &Name, entry: Entry) -> File {
    File {
        path: path.to_string(),
        is_folder: entry.file.is_none(),
        n_bytes: entry.file.map(|file| file.n_bytes),
        kind: if entry.file.is_none() { Kind::Folder } else { Kind::of(&entry.name) },
    }
}

/// The beginning of a text.
#[utoipa::path(
    get,
    path = "/runs/{id}/artifacts/text",
    params(("id" = String, Path, description = "The run's id"), Asked),
    responses((status = OK, body = Preview), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn preview(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Preview>, Problem> {
    if Kind::of(&asked.path) != Kind::Text {
        return Err(not_shown(&asked.path));
    }
    let (bytes, n_bytes) = beginning(&state, id, asked.path, TEXT).await?;
    let is_cut = (bytes.len() as u64) < n_bytes;
    Ok(Json(Preview { text: text(&bytes), n_bytes, is_cut }))
}

/// Bytes as text; what is no UTF-8 is marked.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // The cut went through a letter.
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned()
        }
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// A picture, for an `img`: opened by itself it is a download.
#[utoipa::path(
    get,
    path = "/runs/{id}/artifacts/image",
    params(("id" = String, Path, description = "The run's id"), Asked),
    responses(
        (status = OK, description = "The bytes", content_type = "image/*"),
        (status = NOT_FOUND, body = Problem)
    )
)]
pub(crate) async fn image(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let Some(media_type) = media_type(&asked.path) else { return Err(not_shown(&asked.path)) };
    let bytes = whole(&state, id, asked.path).await?;
    let attachment = [(header::CONTENT_DISPOSITION, "attachment")];
    Ok((attachment, closed(media_type), bytes).into_response())
}

/// A page, for a frame: no script of it runs, nothing is fetched, and it has no origin.
#[utoipa::path(
    get,
    path = "/runs/{id}/artifacts/page",
    params(("id" = String, Path, description = "The run's id"), Asked),
    responses(
        (status = OK, description = "The page", content_type = "text/html"),
        (status = NOT_FOUND, body = Problem)
    )
)]
pub(crate) async fn page(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    if Kind::of(&asked.path) != Kind::Page {
        return Err(not_shown(&asked.path));
    }
    let bytes = whole(&state, id, asked.path).await?;
    Ok((closed("text/html; charset=utf-8"), bytes).into_response())
}

/// The headers of bytes that somebody else wrote: whatever is in them, nothing runs, nothing is
/// fetched, and they are of no origin.
fn closed(media_type: &'static str) -> [(HeaderName, &'static str); 4] {
    const POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                          frame-ancestors 'self'";
    [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "private, no-cache"),
    ]
}

async fn whole(state: &State, id: String, path: String) -> Result<Vec<u8>, Problem> {
    let (bytes, n_bytes) = beginning(state, id, path, SHOWN).await?;
    if (bytes.len() as u64) < n_bytes {
        return Err(Problem::invalid(format!(
            "the file has {n_bytes} bytes; up to {SHOWN} are shown here: download it"
        )));
    }
    Ok(bytes)
}

/// The first bytes of a run's file, and how many it has.
async fn beginning(
    state: &State,
    id: String,
    path: String,
    most: u64,
) -> Result<(Vec<u8>, u64), Problem> {
    let files = state.files.clone();
    state.blocking(move |tracking| read(tracking, &files, &id, &path, most)).await
}

fn read(
    tracking: &Tracking,
    files: &Files,
    id: &str,
    path: &str,
    most: u64,
) -> Result<(Vec<u8>, u64), Problem> {
    let name = top(&tracking.run(id)?)?.join(path)?;
    let mut reading = files.read(&name)?;
    let n_bytes = reading.file().n_bytes;
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < most.min(n_bytes) {
        let start = bytes.len() as u64;
        let piece = reading.piece(start, most - start)?;
        if piece.is_empty() {
            break;
        }
        bytes.extend(piece);
    }
    Ok((bytes, n_bytes))
}

/// Where the files of a run lie.
pub(crate) fn top(run: &Run) -> Result<Name, Problem> {
    let uri = &run.artifact_uri;
    match uri.strip_prefix("mlflow-artifacts:/").map(|path| path.trim_start_matches('/')) {
        Some(path) => Ok(Name::parse(path)?),
        None => {
            Err(Problem::absent(format!("the files of this run are not kept here but at {uri}")))
        }
    }
}

fn not_shown(path: &str) -> Problem {
    Problem::invalid(format!("`{path}` is not of a kind that is shown so: download it"))
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Absent { .. } => Self::absent(error.to_string()),
            FileError::Invalid(_) | FileError::IsFolder { .. } | FileError::IsFile { .. } => {
                Self::invalid(error.to_string())
            }
            FileError::Rows(error) => tracking::Error::from(error).into(),
            FileError::Unavailable { .. } | FileError::Lost { .. } => {
                tracking::Error::new(tracking::Kind::Internal, error.to_string()).into()
            }
        }
    }
}

impl From<InvalidPath> for Problem {
    fn from(error: InvalidPath) -> Self {
        Self::invalid(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_shown_by_its_ending_and_what_holds_code_is_not() {
        let seen = ["a/report.html", "p.SVG", "model/MLmodel", "model.pkl", "w.pt", "x.parquet"];
        let meant = [Kind::Page, Kind::Image, Kind::Text, Kind::Code, Kind::Code, Kind::Other];
        assert_eq!(seen.map(Kind::of), meant);
    }

    #[test]
    fn a_text_that_was_cut_within_a_letter_ends_before_it() {
        assert_eq!(text(&"grün".as_bytes()[..3]), "gr");
    }
}
