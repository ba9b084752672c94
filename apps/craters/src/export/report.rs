//! The report: one page with pictures that needs nothing else. Pictures come from whoever holds
//! the scene; nothing here opens one.

mod draw;
mod gallery;
mod pictures;

use ::evaluate::plot::{Axis, Colour, Layer, Marks, Plot};
use ::evaluate::{Block, Fact, Figure, Page, Section, Table};

pub use pictures::{Cut, Picture};

use super::columns::{Class, image_name};
use super::{Outgoing, words};
use crate::error::Result;
use crate::survey::Crater;

/// The page as HTML.
pub(crate) fn html(out: &Outgoing<'_>) -> Result<String> {
    Ok(::evaluate::html(&page(out)?))
}

fn page(out: &Outgoing<'_>) -> Result<Page> {
    let survey = out.survey;
    let banner = if survey.is_synthetic { "Synthetic: craters" } else { "Craters" };
    let mut page = Page::new(format!("{banner} in {}", image_name(survey)), lead(out));
    page.warnings = warnings(out);
    page.summary = summary(out);
    page.colophon = vec![format!("Survey {}", survey.name), format!("Model: {}", survey.detector)];
    if let Some(when) = out.options.when {
        page.colophon.push(format!("Made {}", when.strftime("%Y-%m-%d %H:%M UTC")));
    }
    let scores = out.options.scores.iter().cloned().map(Block::Scores).collect();
    let sections = [
        ("The scene", pictures::overview(out)?),
        ("The most likely", gallery::likeliest(out)?),
        ("The most doubtful", gallery::doubtful(out)?),
        ("Sizes and probabilities", histograms(out)),
        ("How good the detector is", scores),
        ("What may remain", out.options.estimate.clone()),
        ("What must not be concluded", vec![Block::Text(words::LIMITS.to_owned())]),
    ];
    let filled = sections.into_iter().filter(|(_, blocks)| !blocks.is_empty());
    Ok(filled.fold(page, |page, (title, blocks)| page.with(Section::new(title, blocks))))
}

fn lead(out: &Outgoing<'_>) -> String {
    let survey = out.survey;
    let sensor = out.options.sensor.as_deref().map(|s| format!(", {s}")).unwrap_or_default();
    let gsd = survey.gsd_m.map(|gsd| format!(", {gsd:.2} m a pixel")).unwrap_or_default();
    format!("{} by {} pixels{gsd}{sensor}.", survey.width, survey.height)
}

fn warnings(out: &Outgoing<'_>) -> Vec<String> {
    let survey = out.survey;
    let synthetic = survey.is_synthetic.then(|| words::SYNTHETIC.to_owned());
    let placeless = survey.georeference.is_none().then(|| {
        "The scene has no place on the ground: positions are columns and rows of its pixels."
            .to_owned()
    });
    let sunless = survey.sun.is_none().then(|| {
        "The position of the sun was not given: a mound and a crater look alike to the detector."
            .to_owned()
    });
    let own = [synthetic, Some(words::LIMITS.to_owned()), placeless, sunless];
    own.into_iter().flatten().chain(survey.warnings.iter().cloned()).collect()
}

fn summary(out: &Outgoing<'_>) -> Vec<Fact> {
    let survey = out.survey;
    let n = |class| out.craters.iter().copied().filter(|c| Class::of(c, survey) == class).count();
    let (confirmed, probable) = (n(Class::Confirmed), n(Class::Probable));
    let mut facts = vec![
        Fact::new("Craters", (confirmed + probable).to_string(), "confirmed or probable"),
        Fact::new("Confirmed", confirmed.to_string(), "by a person"),
        Fact::new(
            "Probable",
            probable.to_string(),
            format!("probability from {:.2} on", survey.threshold),
        ),
        Fact::new("Possible", n(Class::Possible).to_string(), "below that, listed all the same"),
        Fact::new("Rejected", n(Class::Rejected).to_string(), "by a person"),
    ];
    if let Some(area) = survey.area_km2.filter(|area| *area > 0.0) {
        let density = (confirmed + probable) as f64 / area;
        let detail = format!("{density:.1} craters a km² detected");
        facts.push(Fact::new("Area with data", format!("{area:.2} km²"), detail));
    }
    facts.push(Fact::new("Class of evidence", &*survey.evidence_class, "a setting"));
    facts
}

fn histograms(out: &Outgoing<'_>) -> Vec<Block> {
    if out.craters.is_empty() {
        return vec![Block::Text("Nothing was detected. See what must not be concluded.".into())];
    }
    let kept: Vec<&Crater> = out
        .craters
        .iter()
        .copied()
        .filter(|c| Class::of(c, out.survey) != Class::Rejected)
        .collect();
    let metres: Vec<f64> = kept.iter().filter_map(|crater| crater.diameter_m).collect();
    let (sizes, unit) = match metres.len() == kept.len() {
        true => (metres, "metres"),
        false => (kept.iter().map(|crater| crater.diameter_px).collect(), "pixels"),
    };
    let top = sizes.iter().copied().filter(|size| size.is_finite()).fold(1.0, f64::max);
    let probabilities: Vec<f64> = kept.iter().map(|crater| crater.probability).collect();
    let size = bars("Rim diameters", &format!("Rim diameter, {unit}"), &sizes, top, Colour::Blue);
    let likely =
        bars("Probabilities", "Calibrated probability", &probabilities, 1.0, Colour::Vermillion);
    vec![
        Block::Figure(Figure::new(size, "All detections but those that a person rejected.")),
        Block::Figure(Figure::new(
            likely,
            "Between the ends lie those that are worth a person's look.",
        )),
        Block::Table(by_class(out)),
    ]
}

/// A histogram of twenty bars from nought to `top`.
fn bars(title: &str, axis: &str, values: &[f64], top: f64, colour: Colour) -> Plot {
    const N: usize = 20;
    let mut counts = [0usize; N];
    for value in values.iter().filter(|value| value.is_finite()) {
        counts[((value / top * N as f64).max(0.0) as usize).min(N - 1)] += 1;
    }
    let width = top / N as f64;
    let bar = |(i, n): (usize, &usize)| {
        let (x0, x1, y) = (i as f64 * width, (i as f64 + 0.94) * width, *n as f64);
        vec![(x0, 0.0), (x1, 0.0), (x1, y), (x0, y)]
    };
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let areas = counts.iter().enumerate().filter(|(_, n)| **n > 0).map(bar).collect();
    let counted = Axis::linear("Detections").range(0.0, most as f64 * 1.05);
    Plot::new(title, Axis::linear(axis).range(0.0, top), counted)
        .describe(format!("{} detections in {N} bars; the highest has {most}.", values.len()))
        .tall(0.6)
        .with(Layer::of("bars", colour, Marks::Areas(areas)))
}

fn by_class(out: &Outgoing<'_>) -> Table {
    let row = |class: Class| {
        let of: Vec<&Crater> =
            out.craters.iter().copied().filter(|c| Class::of(c, out.survey) == class).collect();
        let expected: f64 = of.iter().map(|crater| crater.probability).sum();
        let median = median(of.iter().filter_map(|crater| crater.diameter_m).collect());
        vec![
            class.word().to_owned(),
            of.len().to_string(),
            format!("{expected:.1}"),
            median.map_or_else(|| "—".to_owned(), |d| format!("{d:.1}")),
        ]
    };
    let columns = ["Class", "Detections", "Sum of their probabilities", "Median diameter, m"];
    Table::new("Detections by class", &columns, Class::ALL.map(row).to_vec())
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (n > 0).then(|| (values[(n - 1) / 2] + values[n / 2]) / 2.0)
}
