//! Pictures for a page: cut from the scene by whoever holds it, with rings drawn on, packed as
//! JPEG into the page itself.

use ::evaluate::{Block, Photo};
use base64ct::{Base64, Encoding};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::draw;
use crate::data::Scene;
use crate::error::{Error, Result};
use crate::export::Outgoing;
use crate::export::columns::Class;

/// A part of the scene to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Column of its first pixel; negative where it begins outside.
    pub x0: i64,
    /// Row of its first pixel.
    pub y0: i64,
    /// Pixels of the scene in a row of it.
    pub width: usize,
    /// Rows of the scene in it.
    pub height: usize,
    /// Pixels in a row of the picture.
    pub out_width: usize,
    /// Rows of the picture.
    pub out_height: usize,
}

/// A picture in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue of each pixel, row by row.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Cuts pictures out of a scene.
    pub fn from_scene(scene: &Scene) -> impl Fn(Cut) -> Result<Self> {
        |cut| {
            let [x0, y0] = [cut.x0 as f64, cut.y0 as f64];
            let (width, height) = (cut.width as f64, cut.height as f64);
            let rgb = scene.picture(x0, y0, width, height, cut.out_width, cut.out_height)?;
            Ok(Self { width: cut.out_width, height: cut.out_height, rgb })
        }
    }
}

/// The longer side of the picture of the whole scene.
const LONGEST: usize = 1200;
/// No picture takes more bytes than this.
const MOST_BYTES: usize = 900_000;

/// The whole scene with all detections but the rejected.
pub(super) fn overview(out: &Outgoing<'_>) -> Result<Vec<Block>> {
    let survey = out.survey;
    let Some(cut_out) = out.options.picture else { return Ok(Vec::new()) };
    let (width, height) = (survey.width, survey.height);
    // Never larger than the scene, never less than a pixel.
    let shrunk = (LONGEST as f64 / width.max(height).max(1) as f64).min(1.0);
    let [out_width, out_height] =
        [width, height].map(|n| ((n as f64 * shrunk).round() as usize).max(1));
    let mut picture = cut_out(Cut { x0: 0, y0: 0, width, height, out_width, out_height })?;
    check(&picture)?;
    let scale = picture.width as f64 / width.max(1) as f64;
    // The likeliest last, on top of the others.
    let mut shown: Vec<_> =
        out.craters.iter().copied().filter(|c| Class::of(c, survey) != Class::Rejected).collect();
    shown.sort_by(|a, b| a.probability.total_cmp(&b.probability).then(b.id.cmp(&a.id)));
    for crater in shown {
        let r = (crater.diameter_px / 2.0 * scale).max(3.0) + 1.0;
        let colour = draw::colour(crater.probability);
        draw::ring(&mut picture, [crater.x_px * scale, crater.y_px * scale], r, 1.6, colour);
    }
    let photo = Photo {
        url: url(&picture)?,
        alt: format!("The scene with {} detections drawn as rings", out.craters.len()),
        title: "Detections in the scene".into(),
        text: "A ring is a detection: yellow where its probability is low, orange in the middle, \
               red where it is high. Small craters are drawn larger than they are. Rejected ones \
               are left out."
            .into(),
    };
    Ok(vec![Block::Photo(photo)])
}

/// Refuses a picture whose bytes do not fit its size.
pub(super) fn check(picture: &Picture) -> Result<()> {
    if picture.width > 0 && picture.rgb.len() == 3 * picture.width * picture.height {
        return Ok(());
    }
    Err(Error::refused(
        format!(
            "a picture of {} by {} pixels has {} bytes",
            picture.width,
            picture.height,
            picture.rgb.len()
        ),
        "report this: it is our mistake",
    ))
}

/// The picture as an address that holds the picture itself.
pub(super) fn url(picture: &Picture) -> Result<String> {
    let mut jpeg = Vec::new();
    for quality in [82, 60, 35] {
        jpeg = packed(picture, quality)?;
        if jpeg.len() <= MOST_BYTES {
            break;
        }
    }
    Ok(format!("data:image/jpeg;base64,{}", Base64::encode_string(&jpeg)))
}

fn packed(picture: &Picture, quality: u8) -> Result<Vec<u8>> {
    let mut jpeg = Vec::new();
    let (width, height) = (picture.width as u32, picture.height as u32);
    JpegEncoder::new_with_quality(&mut jpeg, quality)
        .write_image(&picture.rgb, width, height, ExtendedColorType::Rgb8)
        .map_err(|error| Error::refused(error.to_string(), "report this: it is our mistake"))?;
    Ok(jpeg)
}
