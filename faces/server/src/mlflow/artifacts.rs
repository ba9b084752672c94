//! Artifacts: files below a run, a model version or a logged model, and the proxy through which
//! clients write and read them. Whatever a client names is looked up in the tree of names; no path
//! of a client is opened, and no URL is fetched.

use std::collections::HashMap;
use std::ops::Range;

use axum::body::Body as Stream;
use axum::extract::{Path, Query, State as Shared};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use store::{Entry, FileError, Files, InvalidPath, Name, Reading, Upload};
use tracking::{Error, Kind};

use super::body::{Body, missing};
use super::error::{Refusal, nothing_here};
use crate::State;

/// All endpoints, with their whole paths.
pub(crate) fn routes() -> Router<State> {
    let routes = Router::new()
        .route("/get-artifact", get(file_of_run))
        .route("/model-versions/get-artifact", get(file_of_version))
        .route("/ajax-api/2.0/mlflow/upload-artifact", post(upload_to_run))
        .route("/ajax-api/2.0/mlflow/logged-models/{id}/artifacts/files", get(file_of_model));
    ["/api/2.0", "/ajax-api/2.0"].iter().fold(routes, |routes, prefix| {
        let proxy = format!("{prefix}/mlflow-artifacts");
        let models = format!("{prefix}/mlflow/logged-models");
        routes
            .route(&format!("{prefix}/mlflow/artifacts/list"), get(list_of_run))
            .route(&format!("{models}/{{id}}/artifacts/directories"), get(list_of_model))
            .route(&format!("{proxy}/artifacts"), get(list))
            .route(
                &format!("{proxy}/artifacts/"),
                get(list).put(upload_without_a_name).delete(nothing_here),
            )
            .route(
                &format!("{proxy}/artifacts/{{*path}}"),
                get(download).put(upload).delete(delete),
            )
            .route(&format!("{proxy}/mpu/create/{{*path}}"), post(no_parts))
            .route(&format!("{proxy}/mpu/complete/{{*path}}"), post(no_parts))
            .route(&format!("{proxy}/mpu/abort/{{*path}}"), post(no_parts))
            .route(&format!("{proxy}/presigned/{{*path}}"), get(no_presigned))
    })
}

impl From<FileError> for Refusal {
    fn from(error: FileError) -> Self {
        let message = error.to_string();
        Self(match error {
            FileError::Rows(error) => error.into(),
            FileError::Absent { .. } => Error::absent(message),
            FileError::Invalid(_) | FileError::IsFolder { .. } | FileError::IsFile { .. } => {
                Error::invalid(message)
            }
            FileError::Unavailable { .. } => Error::new(Kind::TemporarilyUnavailable, message),
            FileError::Lost { .. } => Error::internal(message),
        })
    }
}

/// What a client says as the name of a file.
fn name(text: &str) -> Result<Name, Refusal> {
    Name::parse(text).map_err(|invalid| FileError::from(invalid).into())
}

/// A name that is in a path: a `/` that was encoded there is another `/` to everyone between the
/// client and us.
fn name_in(uri: &Uri, path: &str) -> Result<Name, Refusal> {
    if uri.path().to_ascii_lowercase().contains("%2f") {
        return Err(FileError::Invalid(InvalidPath).into());
    }
    name(path)
}

/// Work on files waits for the disk, or for the storage.
async fn waiting<T: Send + 'static>(
    state: &State,
    work: impl FnOnce(&Files) -> Result<T, FileError> + Send + 'static,
) -> Result<T, Refusal> {
    let files = state.files.clone();
    state.blocking(move |_| work(&files).map_err(Refusal::from)).await
}

// The proxy.

async fn list(Shared(state): Shared<State>, body: Body) -> Result<Json<Value>, Refusal> {
    let folder = name(body.text("path")?.unwrap_or_default())?;
    let entries = waiting(&state, move |files| files.list(&folder)).await?;
    Ok(Json(with_files(json!({}), &entries, "")))
}

async fn download(
    Shared(state): Shared<State>,
    uri: Uri,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let name = name_in(&uri, &path)?;
    let opened = open(&state, name.clone(), &headers).await?;
    match opened {
        Err(folder @ FileError::IsFolder { .. }) => Ok(detail(&folder.to_string())),
        Err(error) => Err(error.into()),
        Ok(opened) => Ok(sent(state, &name, opened)),
    }
}

async fn upload(
    Shared(state): Shared<State>,
    uri: Uri,
    Path(path): Path<String>,
    stream: Stream,
) -> Result<(), Refusal> {
    take_in(&state, name_in(&uri, &path)?, stream).await
}

async fn upload_without_a_name() -> Response {
    detail("Artifact path must include a filename (cannot end with '/').")
}

/// Some refusals of MLflow's proxy have a form of their own.
fn detail(message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "detail": message }))).into_response()
}

async fn delete(
    Shared(state): Shared<State>,
    uri: Uri,
    Path(path): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let name = name_in(&uri, &path)?;
    if name.is_root() {
        return Err(FileError::Invalid(InvalidPath).into());
    }
    waiting(&state, move |files| files.delete(&name)).await?;
    Ok(Json(json!({})))
}

/// Clients that are told this send the file whole.
async fn no_parts(Path(path): Path<String>, body: Body) -> Result<(), Refusal> {
    name(&path)?;
    body.required_text("path")?;
    let kind = Kind::NotImplemented;
    Err(Error::new(kind, "Multipart upload is not supported for the current artifact repository")
        .into())
}

async fn no_presigned(Path(path): Path<String>) -> Result<(), Refusal> {
    name(&path)?;
    let kind = Kind::NotImplemented;
    Err(Error::new(kind, "Multipart download is not supported for the current artifact repository")
        .into())
}

// Below runs, versions and logged models.

async fn list_of_run(Shared(state): Shared<State>, body: Body) -> Result<Json<Value>, Refusal> {
    let run = match body.text("run_id")? {
        Some(run) if !run.is_empty() => run,
        _ => body.text("run_uuid")?.filter(|run| !run.is_empty()).ok_or(missing("run_id"))?,
    };
    let (run, path) = (run.to_owned(), body.text("path")?.unwrap_or_default().to_owned());
    name(&path)?;
    let uri = state.blocking(move |tracking| tracking.run(&run)).await?.artifact_uri;
    list_below(&state, uri, &path).await
}

async fn list_of_model(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let path = body.text("artifact_directory_path")?.unwrap_or_default().to_owned();
    name(&path)?;
    let model = state.blocking(move |tracking| tracking.logged_model(&id, false)).await?;
    list_below(&state, model.artifact_location, &path).await
}

async fn list_below(state: &State, uri: String, path: &str) -> Result<Json<Value>, Refusal> {
    let folder = root(&uri)?.join(path).map_err(FileError::from)?;
    let entries = waiting(state, move |files| files.list(&folder)).await?;
    Ok(Json(with_files(json!({ "root_uri": uri }), &entries, path)))
}

/// Adds what is in the folder `path`, where there is something.
fn with_files(mut answer: Value, entries: &[Entry], path: &str) -> Value {
    let folder = path.trim_end_matches('/');
    let files: Vec<_> = entries
        .iter()
        .map(|Entry { name, file }| {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            match file {
                None => json!({ "path": path, "is_dir": true }),
                // As every field of protobuf that is zero, the size of an empty file is left out.
                Some(file) if file.n_bytes == 0 => json!({ "path": path, "is_dir": false }),
                Some(file) => {
                    json!({ "path": path, "is_dir": false, "file_size": file.n_bytes })
                }
            }
        })
        .collect();
    if !files.is_empty() {
        answer["files"] = files.into();
    }
    answer
}

async fn file_of_run(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let Some(path) = body.text("path")? else { return Ok(no_path()) };
    name(path)?;
    let run = body.text("run_id")?.filter(|run| !run.is_empty());
    let run = run.or(body.text("run_uuid")?).unwrap_or("None").to_owned();
    let uri = state.blocking(move |tracking| tracking.run(&run)).await?.artifact_uri;
    file_below(state, &uri, path, &headers).await
}

async fn file_of_version(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let Some(path) = body.text("path")? else { return Ok(no_path()) };
    name(path)?;
    let needed = |field: &str| {
        let found = body.text(field)?.filter(|text| !text.is_empty()).map(str::to_owned);
        found.ok_or_else(|| {
            Error::invalid(format!("Missing value for required parameter '{field}'."))
        })
    };
    let (model, version) = (needed("name")?, needed("version")?);
    let uri =
        state.blocking(move |tracking| tracking.model_version_location(&model, &version)).await?;
    file_below(state, &uri, path, &headers).await
}

async fn file_of_model(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let path = body.text("artifact_file_path")?.filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| {
        let message = "Request must include the \"artifact_file_path\" query parameter.";
        Error::new(Kind::BadRequest, message)
    })?;
    name(path)?;
    let model = state.blocking(move |tracking| tracking.logged_model(&id, false)).await?;
    file_below(state, &model.artifact_location, path, &headers).await
}

async fn file_below(
    state: State,
    uri: &str,
    path: &str,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let root = root(uri)?;
    let name = root.join(path).map_err(FileError::from)?;
    if name == root {
        return Err(FileError::IsFolder { name: format!("{root}/") }.into());
    }
    let opened = open(&state, name.clone(), headers).await??;
    Ok(sent(state, &name, opened))
}

/// MLflow's server meets a missing `path` before it thinks of its own form of errors.
fn no_path() -> Response {
    let page = "<!doctype html><title>400 Bad Request</title><h1>Bad Request</h1>\
                <p>The query has no <code>path</code>.</p>";
    (StatusCode::BAD_REQUEST, Html(page)).into_response()
}

/// Where the proxy keeps what such a URI stands for.
fn root(uri: &str) -> Result<Name, Refusal> {
    /// In URLs of the proxy itself, the tree begins after this.
    const ANCHOR: &str = "/api/2.0/mlflow-artifacts/artifacts/";
    let path = match uri.split_once(':') {
        Some(("mlflow-artifacts", rest)) => match rest.strip_prefix("//") {
            Some(rest) => rest.split_once('/').map_or("", |(_, path)| path),
            None => rest,
        },
        Some(("http" | "https", rest)) => rest.split_once(ANCHOR).map_or("//", |(_, path)| path),
        _ => "//",
    };
    if path == "//" {
        return Err(Error::invalid(format!(
            "These artifacts are kept at '{uri}', which is not a place of this server \
             ('mlflow-artifacts:/…'): it opens no other path and fetches no URL."
        ))
        .into());
    }
    name(path.trim_start_matches('/'))
}

/// The upload of MLflow's pages.
async fn upload_to_run(
    Shared(state): Shared<State>,
    Query(query): Query<HashMap<String, String>>,
    stream: Stream,
) -> Result<(), Refusal> {
    let needed = |field: &str| {
        let found = query.get(field).filter(|text| !text.is_empty()).cloned();
        found.ok_or_else(|| Error::invalid(format!("Request must specify {field}.")))
    };
    let (run, path) = (needed("run_uuid")?, needed("path")?);
    name(&path)?;
    let uri = state.blocking(move |tracking| tracking.run(&run)).await?.artifact_uri;
    take_in(&state, root(&uri)?.join(&path).map_err(FileError::from)?, stream).await
}

// Bytes in.

/// How much of an upload is in memory at once.
const HELD: usize = 256 * 1024;

async fn take_in(state: &State, name: Name, stream: Stream) -> Result<(), Refusal> {
    let mut pieces = stream.into_data_stream();
    let mut upload: Option<Upload> = None;
    let mut held = Vec::new();
    while let Some(piece) = pieces.next().await {
        // What came before is dropped with the upload: nobody has seen it.
        let piece = piece.map_err(|error| {
            Error::new(Kind::BadRequest, format!("The upload broke off: {error}"))
        })?;
        held.extend_from_slice(&piece);
        if held.len() >= HELD {
            let full = std::mem::take(&mut held);
            upload = Some(waiting(state, move |files| written(files, upload, &full)).await?);
        }
    }
    waiting(state, move |files| {
        let upload = written(files, upload, &held)?;
        files.keep(upload, &name)
    })
    .await?;
    Ok(())
}

fn written(files: &Files, upload: Option<Upload>, held: &[u8]) -> Result<Upload, FileError> {
    let mut upload = match upload {
        Some(begun) => begun,
        None => files.begin()?,
    };
    upload.write(held)?;
    Ok(upload)
}

// Bytes out.

/// A file that is open, and which of its bytes are asked for. The first of them are there
/// already.
struct Opened {
    reading: Reading,
    asked: Asked,
    first: Vec<u8>,
}

/// How much of a download is in memory at once.
const SENT: u64 = 1024 * 1024;

async fn open(
    state: &State,
    name: Name,
    headers: &HeaderMap,
) -> Result<Result<Opened, FileError>, Refusal> {
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok().map(str::to_owned));
    let files = state.files.clone();
    state
        .blocking(move |_| {
            Ok(files.read(&name).and_then(|mut reading| {
                let asked = Asked::of(range.as_deref(), reading.file().n_bytes);
                let first = match &asked {
                    Asked::Nothing => Vec::new(),
                    Asked::All(range) | Asked::Part(range) => {
                        reading.piece(range.start, SENT.min(range.end - range.start))?
                    }
                };
                Ok(Opened { reading, asked, first })
            }))
        })
        .await
}

/// Which bytes a request asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    All(Range<u64>),
    Part(Range<u64>),
    /// A range that is not in the file.
    Nothing,
}

impl Asked {
    /// Of `bytes=3-5`, `bytes=3-` and `bytes=-5`. What else there is in HTTP, as several ranges at
    /// once, is answered with the whole file, which is allowed.
    fn of(range: Option<&str>, n_bytes: u64) -> Self {
        let all = Self::All(0..n_bytes);
        let Some((first, last)) = range
            .and_then(|range| range.trim().strip_prefix("bytes="))
            .and_then(|range| range.split_once('-'))
        else {
            return all;
        };
        let range = match (first.parse::<u64>(), last.parse::<u64>()) {
            (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(n_bytes),
            (Ok(first), Err(_)) if last.is_empty() => first..n_bytes,
            (Err(_), Ok(last)) if first.is_empty() => n_bytes.saturating_sub(last)..n_bytes,
            _ => return all,
        };
        if range.start < range.end { Self::Part(range) } else { Self::Nothing }
    }
}

/// A file on its way out: always as a download, and with nothing in it that a browser would run
/// in our name.
fn sent(state: State, name: &Name, opened: Opened) -> Response {
    let Opened { reading, asked, first } = opened;
    let file = *reading.file();
    let (status, range) = match asked {
        Asked::All(range) => (StatusCode::OK, range),
        Asked::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Asked::Nothing => {
            let range = format!("bytes */{}", file.n_bytes);
            let headers = [(header::CONTENT_RANGE, range)];
            return (StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response();
        }
    };
    let mut headers = vec![
        (header::CONTENT_TYPE, kind_of(name.last()).to_owned()),
        (header::CONTENT_LENGTH, (range.end - range.start).to_string()),
        (header::CONTENT_DISPOSITION, disposition(name.last())),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, format!("\"{}\"", file.digest)),
    ];
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {}-{}/{}", range.start, range.end - 1, file.n_bytes);
        headers.push((header::CONTENT_RANGE, part));
    }
    let pieces = pieces(state, reading, range, first);
    let mut response = (status, Stream::from_stream(pieces)).into_response();
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn pieces(
    state: State,
    reading: Reading,
    range: Range<u64>,
    first: Vec<u8>,
) -> impl futures_util::Stream<Item = Result<Vec<u8>, std::io::Error>> {
    let next = range.start + first.len() as u64;
    let rest = stream::try_unfold((reading, next), move |(mut reading, at)| {
        let (state, end) = (state.clone(), range.end);
        async move {
            if at >= end {
                return Ok(None);
            }
            let (piece, reading) = state
                .blocking(move |_| {
                    let piece = reading.piece(at, SENT.min(end - at)).map_err(Refusal::from)?;
                    Ok::<_, Refusal>((piece, reading))
                })
                .await
                .map_err(|refusal| std::io::Error::other(refusal.0.message))?;
            if piece.is_empty() {
                return Err(std::io::Error::other("the file is shorter than it was"));
            }
            let next = at + piece.len() as u64;
            Ok(Some((piece, (reading, next))))
        }
    });
    stream::iter([Ok(first)]).chain(rest)
}

/// By the end of a name, never by what is in it. Text is plain text, whatever it is called.
fn kind_of(name: &str) -> &'static str {
    const TEXT: &[&str] = &[
        "txt",
        "log",
        "err",
        "cfg",
        "conf",
        "cnf",
        "cf",
        "ini",
        "properties",
        "prop",
        "hocon",
        "toml",
        "yaml",
        "yml",
        "xml",
        "json",
        "js",
        "py",
        "py3",
        "csv",
        "tsv",
        "md",
        "rst",
        "ipynb",
        "MLmodel",
        "MLproject",
    ];
    let end = name.rsplit('.').next().unwrap_or(name);
    if TEXT.contains(&end) {
        return "text/plain";
    }
    match end.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "bmp" => "image/bmp",
        "svg" => "image/svg+xml",
        "html" | "htm" => "text/html",
        "pdf" => "application/pdf",
        "wav" => "audio/x-wav",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "zip" => "application/zip",
        "tar" => "application/x-tar",
        _ => "application/octet-stream",
    }
}

/// `attachment`, with the name in ASCII for old clients and, where that loses something, as it is.
fn disposition(name: &str) -> String {
    let ascii: String = name.chars().filter_map(without_accent).collect();
    let ascii = if ascii.trim_matches('.').is_empty() { "download".to_owned() } else { ascii };
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let quoted = if ascii.chars().all(is_token) {
        ascii
    } else {
        format!("\"{}\"", ascii.replace('\\', "\\\\").replace('"', "\\\""))
    };
    if name.is_ascii() {
        return format!("attachment; filename={quoted}");
    }
    let encoded: String = name
        .bytes()
        .map(|byte| match char::from(byte) {
            c if c.is_ascii_alphanumeric() || "-._~".contains(c) => c.to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    format!("attachment; filename={quoted}; filename*=UTF-8''{encoded}")
}

/// Letters of Western Europe lose what stands above them; others, and what a header may not
/// have, are left out.
fn without_accent(c: char) -> Option<char> {
    /// U+00C0 to U+00FF.
    const BARE: &[u8; 64] = b"AAAAAA?CEEEEIIII?NOOOOO??UUUUY??aaaaaa?ceeeeiiii?nooooo??uuuuy?y";
    match u32::from(c) {
        0x20..0x7f => Some(c),
        at @ 0xc0..0x100 => match BARE[(at - 0xc0) as usize] {
            b'?' => None,
            bare => Some(char::from(bare)),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_header_is_ascii_and_breaks_out_of_nothing() {
        for (name, expected) in [
            ("a.txt", "attachment; filename=a.txt"),
            ("a b.txt", "attachment; filename=\"a b.txt\""),
            ("a\"; x=\"b", "attachment; filename=\"a\\\"; x=\\\"b\""),
            ("über", "attachment; filename=uber; filename*=UTF-8''%C3%BCber"),
            ("日本", "attachment; filename=download; filename*=UTF-8''%E6%97%A5%E6%9C%AC"),
        ] {
            assert_eq!(disposition(name), expected);
        }
    }

    #[test]
    fn ranges_are_read_as_http_says() {
        for (range, expected) in [
            (None, Asked::All(0..10)),
            (Some("bytes=2-4"), Asked::Part(2..5)),
            (Some("bytes=2-"), Asked::Part(2..10)),
            (Some("bytes=-3"), Asked::Part(7..10)),
            (Some("bytes=5-99999999999999999999"), Asked::All(0..10)),
            (Some("bytes=5-18446744073709551615"), Asked::Part(5..10)),
            (Some("bytes=10-"), Asked::Nothing),
            (Some("bytes=4-2"), Asked::All(0..10)),
            (Some("bytes=0-1,3-4"), Asked::All(0..10)),
            (Some("lines=1-2"), Asked::All(0..10)),
        ] {
            assert_eq!(Asked::of(range, 10), expected, "{range:?}");
        }
    }

    #[test]
    fn only_places_of_this_server_have_a_root() {
        for (uri, expected) in [
            ("mlflow-artifacts:/1/ab/artifacts", Some("1/ab/artifacts")),
            ("mlflow-artifacts://host:5000/1/ab", Some("1/ab")),
            ("http://host/api/2.0/mlflow-artifacts/artifacts/1/ab", Some("1/ab")),
            ("mlflow-artifacts:/../etc", None),
            ("mlflow-artifacts:/%2e%2e/etc", None),
            ("file:///etc", None),
            ("/etc", None),
            ("s3://bucket/key", None),
            ("http://169.254.169.254/latest/meta-data", None),
        ] {
            let found = root(uri).ok().map(|name| name.to_string());
            assert_eq!(found.as_deref(), expected, "{uri}");
        }
    }
}
