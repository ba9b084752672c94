//! The scene as pictures: squares for the map, cut when they are asked for, and the surroundings
//! of one crater. What was cut is kept while there is room.

use std::collections::VecDeque;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::extract::{Path, State as Extract};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use tokio::sync::Semaphore;

use super::kept::Open;
use crate::State;
use crate::api::problem::Problem;

/// Pixels along the side of a tile.
pub(super) const TILE: u32 = 256;
/// Pixels along the side of a crater's picture.
const SURROUNDINGS: u32 = 192;
/// So much of what was cut is kept.
const ROOM: usize = 48 * 1024 * 1024;
/// So many pictures are cut at the same time: each reads a part of the scene into memory.
const CUT_AT_ONCE: usize = 2;
/// How well a picture is kept; rims stay sharp.
const QUALITY: u8 = 88;

/// What was cut, within a bound.
pub(super) struct Pictures {
    kept: Mutex<Kept>,
    cutting: Arc<Semaphore>,
}

impl Default for Pictures {
    fn default() -> Self {
        Self { kept: Mutex::default(), cutting: Arc::new(Semaphore::new(CUT_AT_ONCE)) }
    }
}

#[derive(Default)]
struct Kept {
    /// The one that was cut last is the last.
    pictures: VecDeque<(Key, Arc<Vec<u8>>)>,
    n_bytes: usize,
}

/// A square of a scene, in an edition of its survey.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    folder: PathBuf,
    edition: Option<(SystemTime, u64)>,
    square: Square,
    side: u32,
}

/// A square of pixels of the scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Square {
    x: i64,
    y: i64,
    side: u32,
}

impl Kept {
    fn find(&self, key: &Key) -> Option<Arc<Vec<u8>>> {
        self.pictures.iter().find(|(known, _)| known == key).map(|(_, jpeg)| jpeg.clone())
    }

    fn keep(&mut self, key: Key, jpeg: Arc<Vec<u8>>) {
        self.n_bytes += jpeg.len();
        self.pictures.push_back((key, jpeg));
        while self.n_bytes > ROOM {
            let Some((_, oldest)) = self.pictures.pop_front() else { break };
            self.n_bytes -= oldest.len();
        }
    }
}

/// The zoom at which a pixel of the scene is a pixel of a tile. At zoom 0 one tile shows it all.
pub(super) fn max_zoom(width: usize, height: usize) -> u32 {
    let n_tiles = width.max(height).div_ceil(TILE as usize).max(1);
    n_tiles.next_power_of_two().ilog2()
}

/// A square of the scene. At zoom 0 one tile shows it all, at the survey's `max_zoom` a pixel of
/// it is a pixel of the scene.
#[utoipa::path(
    get,
    path = "/craters/{name}/tiles/{z}/{x}/{y}",
    params(
        ("name" = String, Path, description = "The survey's name"),
        ("z" = u32, Path, description = "Zoom"),
        ("x" = u32, Path, description = "Column of tiles, from the left"),
        ("y" = u32, Path, description = "Row of tiles, from the top")
    ),
    responses((status = OK, content_type = "image/jpeg"), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn tile(
    Extract(state): Extract<State>,
    Path((name, z, x, y)): Path<(String, u32, u32, u32)>,
) -> Result<Response, Problem> {
    let square = move |open: &Open| {
        let (width, height) = (open.survey.width, open.survey.height);
        let outside = || Problem::absent("the scene has no such tile");
        let above = max_zoom(width, height).checked_sub(z).ok_or_else(outside)?;
        let side = u64::from(TILE).checked_shl(above).ok_or_else(outside)?;
        let (left, top) = (u64::from(x).saturating_mul(side), u64::from(y).saturating_mul(side));
        if left >= width as u64 || top >= height as u64 {
            return Err(outside());
        }
        let side = u32::try_from(side).map_err(|_| outside())?;
        Ok((Square { x: left as i64, y: top as i64, side }, TILE))
    };
    picture(state, name, square).await
}

/// A crater and what is around it: three diameters, with the crater in the middle.
#[utoipa::path(
    get,
    path = "/craters/{name}/craters/{id}/picture",
    params(
        ("name" = String, Path, description = "The survey's name"),
        ("id" = u64, Path, description = "The crater's number")
    ),
    responses((status = OK, content_type = "image/jpeg"), (status = NOT_FOUND, body = Problem))
)]
pub(crate) async fn surroundings(
    Extract(state): Extract<State>,
    Path((name, id)): Path<(String, u64)>,
) -> Result<Response, Problem> {
    let square = move |open: &Open| {
        let crater = open.crater(id)?;
        let side = (3.0 * crater.diameter_px).clamp(24.0, 4096.0).round();
        let corner = |centre: f64| (centre - side / 2.0).round() as i64;
        let (x, y) = (corner(crater.x_px), corner(crater.y_px));
        Ok((Square { x, y, side: side as u32 }, SURROUNDINGS))
    };
    picture(state, name, square).await
}

async fn picture(
    state: State,
    name: String,
    square: impl FnOnce(&Open) -> Result<(Square, u32), Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let surveys = state.surveys.clone();
    let cutting = surveys.pictures().cutting.clone();
    // Closed it never is; without a place it would only be slower.
    let _place = cutting.acquire_owned().await;
    let jpeg = state
        .blocking(move |_| {
            let open = surveys.open(&name)?;
            let (square, side) = square(&open)?;
            let (folder, edition) = open.edition();
            let key = Key { folder: folder.to_owned(), edition, square, side };
            surveys.pictures().get(key, || jpeg(&cut(&open, square, side)?))
        })
        .await?;
    let headers =
        [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=600")];
    Ok((headers, jpeg.to_vec()).into_response())
}

impl Pictures {
    fn get(
        &self,
        key: Key,
        make: impl FnOnce() -> Result<Vec<u8>, Problem>,
    ) -> Result<Arc<Vec<u8>>, Problem> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(jpeg) = kept().find(&key) {
            return Ok(jpeg);
        }
        let jpeg = Arc::new(make()?);
        kept().keep(key, jpeg.clone());
        Ok(jpeg)
    }
}

fn jpeg(picture: &RgbImage) -> Result<Vec<u8>, Problem> {
    let mut bytes = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    picture.write_with_encoder(encoder).map_err(|error| Problem::broken("the picture", error))?;
    Ok(bytes.into_inner())
}

/// What the eye sees of a square, `side` pixels along each edge.
fn cut(open: &Open, square: Square, side: u32) -> Result<RgbImage, Problem> {
    let (x, y, across) = (square.x as f64, square.y as f64, f64::from(square.side));
    let bytes = open.scene()?.picture(x, y, across, across, side as usize, side as usize)?;
    let whole = RgbImage::from_raw(side, side, bytes);
    whole.ok_or_else(|| Problem::broken("the picture", "it is not as large as it should be"))
}
