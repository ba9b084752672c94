//! Craters one by one, each with its picture and why it was taken for one.

use ::evaluate::{Block, Photo, Table};

use super::{Cut, draw, pictures};
use crate::error::Result;
use crate::export::columns::Class;
use crate::export::{Outgoing, words};
use crate::survey::Crater;

/// So many of the most likely are shown.
const LIKELIEST: usize = 24;
/// So many of the most doubtful are shown.
const DOUBTFUL: usize = 12;
/// A side of a picture.
const SIDE: usize = 160;

/// Those of the highest probability that no person rejected.
pub(super) fn likeliest(out: &Outgoing<'_>) -> Result<Vec<Block>> {
    let mut craters: Vec<&Crater> = out
        .craters
        .iter()
        .copied()
        .filter(|c| Class::of(c, out.survey) != Class::Rejected)
        .collect();
    craters.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.id.cmp(&b.id)));
    craters.truncate(LIKELIEST);
    blocks(out, &craters, "Highest probabilities")
}

/// Those nearest to the threshold that no person has decided on: a look at them tells most.
pub(super) fn doubtful(out: &Outgoing<'_>) -> Result<Vec<Block>> {
    let threshold = f64::from(out.survey.threshold);
    let mut craters: Vec<&Crater> =
        out.craters.iter().copied().filter(|crater| crater.verdict.is_none()).collect();
    let doubt = |crater: &Crater| (crater.probability - threshold).abs();
    craters.sort_by(|a, b| doubt(a).total_cmp(&doubt(b)).then(a.id.cmp(&b.id)));
    craters.truncate(DOUBTFUL);
    blocks(out, &craters, "Nearest to the threshold")
}

fn blocks(out: &Outgoing<'_>, craters: &[&Crater], caption: &str) -> Result<Vec<Block>> {
    if craters.is_empty() {
        return Ok(Vec::new());
    }
    let names = &out.survey.questions;
    if out.options.picture.is_none() {
        return Ok(vec![Block::Table(table(craters, caption, names))]);
    }
    let photos = craters.iter().map(|crater| photo(out, crater, names)).collect::<Result<_>>()?;
    Ok(vec![Block::Gallery(photos)])
}

fn photo(out: &Outgoing<'_>, crater: &Crater, names: &[String]) -> Result<Photo> {
    let cut = around(crater);
    // `blocks` asks only where there is somebody who cuts.
    let url = match out.options.picture {
        None => String::new(),
        Some(cut_out) => {
            let mut picture = cut_out(cut)?;
            pictures::check(&picture)?;
            let scale = picture.width as f64 / cut.width as f64;
            let at = [(crater.x_px - cut.x0 as f64) * scale, (crater.y_px - cut.y0 as f64) * scale];
            let r = crater.diameter_px / 2.0 * scale;
            draw::ring(&mut picture, at, r, 1.2, draw::colour(crater.probability));
            pictures::url(&picture)?
        }
    };
    Ok(Photo {
        url,
        alt: format!("Crater {} from above, its rim marked", crater.id),
        title: title(crater),
        text: words::path_in_words(&crater.path, names),
    })
}

/// A square of four diameters around a crater.
fn around(crater: &Crater) -> Cut {
    let side = (4.0 * crater.diameter_px).clamp(24.0, 4096.0).round() as usize;
    let first = |centre: f64| (centre - side as f64 / 2.0).round() as i64;
    let (x0, y0) = (first(crater.x_px), first(crater.y_px));
    Cut { x0, y0, width: side, height: side, out_width: SIDE, out_height: SIDE }
}

fn title(crater: &Crater) -> String {
    let size = crater
        .diameter_m
        .map_or_else(|| format!("{:.0} px", crater.diameter_px), |d| format!("{d:.1} m"));
    let verdict =
        crater.verdict.map(|verdict| format!(", {}", words::verdict(verdict))).unwrap_or_default();
    format!("{}: {:.2}, {size}{verdict}", crater.id, crater.probability)
}

fn table(craters: &[&Crater], caption: &str, names: &[String]) -> Table {
    let row = |crater: &&Crater| vec![title(crater), words::path_in_words(&crater.path, names)];
    Table::new(caption, &["Crater", "Why"], craters.iter().map(row).collect())
}
