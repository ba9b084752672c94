//! The files of a survey for other programs: a list of ours, never a name of the reader's.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path as FilePath;

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use utoipa::ToSchema;

use crate::State;
use crate::api::problem::Problem;

/// Name, type and what it is, in the order in which they are offered.
const EXPORTS: &[(&str, &str, &str)] = &[
    ("craters.gpkg", "application/geopackage+sqlite3", "GeoPackage: craters with every column"),
    ("craters.geojson", "application/geo+json", "GeoJSON: craters in longitude and latitude"),
    ("craters.kml", "application/vnd.google-earth.kml+xml", "KML: craters for Google Earth"),
    ("craters.csv", "text/csv; charset=utf-8", "CSV: craters as a table"),
    ("craters.shp", "application/octet-stream", "Shapefile: geometry (with dbf, shx, prj, cpg)"),
    ("craters.dbf", "application/octet-stream", "Shapefile: columns"),
    ("craters.shx", "application/octet-stream", "Shapefile: index"),
    ("craters.prj", "text/plain; charset=utf-8", "Shapefile: projection"),
    ("craters.cpg", "text/plain; charset=utf-8", "Shapefile: encoding"),
    ("probability.tif", "image/tiff", "GeoTIFF (COG): probability of a crater"),
    ("zones.gpkg", "application/geopackage+sqlite3", "GeoPackage: risk zones"),
    ("zones.geojson", "application/geo+json", "GeoJSON: risk zones"),
    ("report.html", "text/html; charset=utf-8", "Report with pictures"),
];
/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;
/// What a report may do, opened by itself: nothing but show its own pictures.
const POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// A file for other programs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportFile {
    file: String,
    /// What it is.
    about: String,
    n_bytes: u64,
}

/// The exports that are in a survey's folder.
pub(super) fn there(folder: &FilePath) -> Vec<ExportFile> {
    let found = |(file, _, about): &(&str, &str, &str)| {
        let metadata = fs::metadata(folder.join(file)).ok().filter(|it| it.is_file())?;
        let (file, about) = ((*file).to_owned(), (*about).to_owned());
        Some(ExportFile { file, about, n_bytes: metadata.len() })
    };
    EXPORTS.iter().filter_map(found).collect()
}

/// A file for other programs, to download.
#[utoipa::path(
    get,
    path = "/craters/{name}/exports/{file}",
    params(
        ("name" = String, Path, description = "The survey's name"),
        ("file" = String, Path, description = "One of the survey's exports")
    ),
    responses(
        (status = OK, content_type = "application/octet-stream"),
        (status = NOT_FOUND, body = Problem)
    )
)]
pub(crate) async fn export(
    Extract(state): Extract<State>,
    Path((name, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let surveys = state.surveys.clone();
    state
        .blocking(move |_| {
            let folder = surveys.folder(&name)?;
            let known = EXPORTS.iter().find(|(known, ..)| *known == file);
            let absent = || Problem::absent(format!("the survey `{name}` has no file `{file}`"));
            let (file, kind, _) = known.ok_or_else(absent)?;
            let opened = File::open(folder.join(file)).map_err(|_| absent())?;
            Ok(download(opened, &format!("{name}-{file}"), kind))
        })
        .await
}

fn download(file: File, name: &str, kind: &'static str) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    (headers, in_pieces(file)).into_response()
}

/// A file of any size, read as it is sent.
fn in_pieces(file: File) -> Body {
    Body::from_stream(stream::unfold(Some(file), async |file| {
        let mut file = file?;
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE];
            let n = file.read(&mut piece)?;
            piece.truncate(n);
            Ok::<_, std::io::Error>((piece, file))
        });
        match read.await {
            Ok(Ok((piece, _))) if piece.is_empty() => None,
            Ok(Ok((piece, file))) => Some((Ok(piece), Some(file))),
            Ok(Err(error)) => Some((Err(error), None)),
            Err(error) => Some((Err(std::io::Error::other(error)), None)),
        }
    }))
}
