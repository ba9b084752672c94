//! Drawing places that people look at blindly, and reading what they saw.
//!
//! The sheet for the people has no probability, no stratum and no order that tells them. The key,
//! which they must not see, joins their answers to the strata. Sites are detections, some from each
//! stratum and band of probability; plots are squares laid evenly by chance over the area, in which
//! every crater is marked, for those that the detector missed.

use std::collections::BTreeMap;
use std::path::Path;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::verified::{Band, Stratum};
use crate::Error;
use crate::error::Result;

/// A detection as the sampler sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detected {
    /// Its number in the survey.
    pub id: u64,
    /// East and north in metres (or pixels right and down, in a picture without a place).
    pub position: [f64; 2],
    /// Rim diameter in the same unit.
    pub diameter: f64,
    /// What covers the land there, where known.
    pub land_cover: Option<String>,
    /// The detector's.
    pub probability: f64,
}

/// How to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Detections from here on are counted.
    pub threshold: f64,
    /// Limits between classes of diameter, rising.
    pub size_limits: Vec<f64>,
    /// Limits between bands of probability above the threshold, rising.
    pub band_limits: Vec<f64>,
    /// Sites in each stratum and band, or all where there are fewer.
    pub sites_a_band: usize,
    /// Plots.
    pub n_plots: usize,
    /// Side of a plot.
    pub plot_side: f64,
    /// Of the random numbers.
    pub seed: u64,
}

/// What is to be looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// For the people.
    pub sheet: Vec<Place>,
    /// Not for them.
    pub key: Vec<Key>,
    /// Detections by stratum and band.
    pub drawn_from: Vec<Stratum>,
    /// The plan.
    pub plan: Plan,
}

/// A place on the sheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Its number on the sheet, which says nothing.
    pub place: u64,
    /// `site`: is there a crater? `plot`: mark every crater.
    pub kind: PlaceKind,
    /// Centre.
    pub x: f64,
    /// Centre.
    pub y: f64,
    /// Diameter of a site, side of a plot.
    pub extent: f64,
}

/// Kind of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceKind {
    /// A detection.
    Site,
    /// A square.
    Plot,
}

/// What a place is, for the evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// Its number on the sheet.
    pub place: u64,
    /// The detection; none for a plot.
    pub crater: Option<u64>,
    /// Stratum and band of a site.
    pub cell: Option<(usize, usize)>,
}

/// An answer: one line a site; one line a crater in a plot, with its place and diameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The number on the sheet.
    pub place: u64,
    /// Whether there is a crater. False on a line of a plot says that it has none.
    pub is_crater: bool,
    /// Of a crater in a plot.
    pub x: Option<f64>,
    /// Of a crater in a plot.
    pub y: Option<f64>,
    /// Of a crater in a plot.
    pub diameter: Option<f64>,
    /// Of a crater in a plot, in the words of the survey.
    pub land_cover: Option<String>,
}

/// Draws places from detections and from the area `[west, south, east, north]`.
///
/// # Errors
/// Where no detection lies above the threshold, or the plots do not fit.
pub fn draw(detected: &[Detected], area: [f64; 4], plan: &Plan) -> Result<Sample> {
    let counted: Vec<&Detected> =
        detected.iter().filter(|crater| crater.probability >= plan.threshold).collect();
    let [width, height] = [area[2] - area[0], area[3] - area[1]];
    if counted.is_empty() || !(plan.plot_side > 0.0 && plan.plot_side <= width.min(height)) {
        return Err(Error::refused(
            format!("{} detections, plots of {}", counted.len(), plan.plot_side),
            "lower the threshold, and take plots that fit into the area",
        ));
    }
    let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
    let mut cells = BTreeMap::<(String, usize), Vec<&Detected>>::new();
    for crater in counted {
        cells
            .entry((plan.stratum(crater), plan.band(crater.probability)))
            .or_default()
            .push(crater);
    }
    let drawn_from = plan.strata(&cells);
    let mut places = Vec::new();
    for ((name, band), mut craters) in cells {
        let stratum = drawn_from.iter().position(|stratum| stratum.name == name).unwrap_or(0);
        craters.shuffle(&mut random);
        for crater in craters.into_iter().take(plan.sites_a_band) {
            let [x, y] = crater.position;
            let place = Place { place: 0, kind: PlaceKind::Site, x, y, extent: crater.diameter };
            places.push((place, Some(crater.id), Some((stratum, band))));
        }
    }
    for _ in 0..plan.n_plots {
        let half = plan.plot_side / 2.0;
        let mut within =
            |low: f64, high: f64| low + half + (high - low - 2.0 * half) * random.random::<f64>();
        let (x, y) = (within(area[0], area[2]), within(area[1], area[3]));
        let place = Place { place: 0, kind: PlaceKind::Plot, x, y, extent: plan.plot_side };
        places.push((place, None, None));
    }
    places.shuffle(&mut random);
    let number = |(at, (mut place, crater, cell)): (usize, (Place, Option<u64>, _))| {
        place.place = at as u64 + 1;
        (place.clone(), Key { place: place.place, crater, cell })
    };
    let (sheet, key) = places.into_iter().enumerate().map(number).unzip();
    Ok(Sample { sheet, key, drawn_from, plan: plan.clone() })
}

impl Plan {
    /// Class of size and land cover.
    fn stratum(&self, crater: &Detected) -> String {
        self.stratum_of(crater.diameter, crater.land_cover.as_deref())
    }

    fn stratum_of(&self, diameter: f64, land_cover: Option<&str>) -> String {
        let class = self.size_limits.iter().filter(|limit| diameter >= **limit).count();
        let size = match (
            class.checked_sub(1).map(|at| self.size_limits[at]),
            self.size_limits.get(class),
        ) {
            (None, None) => "all sizes".to_owned(),
            (None, Some(high)) => format!("below {high}"),
            (Some(low), None) => format!("from {low}"),
            (Some(low), Some(high)) => format!("{low} to {high}"),
        };
        format!("{size}, {}", land_cover.unwrap_or("any land cover"))
    }

    fn band(&self, probability: f64) -> usize {
        self.band_limits.iter().filter(|limit| probability >= **limit).count()
    }

    fn strata(&self, cells: &BTreeMap<(String, usize), Vec<&Detected>>) -> Vec<Stratum> {
        let mut strata = BTreeMap::<&str, Stratum>::new();
        for ((name, band), craters) in cells {
            let none = Band { n: 0, n_verified: 0, n_craters: 0 };
            let stratum = strata.entry(name).or_insert_with(|| Stratum {
                name: name.clone(),
                n_detections: 0,
                bands: vec![none; self.band_limits.len() + 1],
                plot_craters: 0,
                plot_found: 0,
            });
            stratum.n_detections += craters.len() as u64;
            stratum.bands[*band].n += craters.len() as u64;
        }
        strata.into_values().collect()
    }
}

/// Joins answers to the sample: the strata with what was seen. A crater marked in a plot was found
/// where a counted detection lies within half its diameter.
///
/// # Errors
/// Where an answer names no place of the sheet.
pub fn join(sample: &Sample, answers: &[Answer], detected: &[Detected]) -> Result<Vec<Stratum>> {
    let mut strata = sample.drawn_from.clone();
    for answer in answers {
        let key = sample.key.iter().find(|key| key.place == answer.place).ok_or_else(|| {
            Error::refused(
                format!("answer for place {}, which is not on the sheet", answer.place),
                "join answers with the sample that they belong to",
            )
        })?;
        match key.cell {
            Some((stratum, band)) => {
                let band = &mut strata[stratum].bands[band];
                band.n_verified = (band.n_verified + 1).min(band.n);
                band.n_craters += u64::from(answer.is_crater);
            }
            None => marked(sample, answer, detected, &mut strata),
        }
    }
    Ok(strata)
}

fn marked(sample: &Sample, answer: &Answer, detected: &[Detected], strata: &mut Vec<Stratum>) {
    let (true, Some(x), Some(y), Some(diameter)) =
        (answer.is_crater, answer.x, answer.y, answer.diameter)
    else {
        return;
    };
    let is_found = detected.iter().any(|crater| {
        crater.probability >= sample.plan.threshold
            && (crater.position[0] - x).hypot(crater.position[1] - y) <= diameter / 2.0
    });
    let name = sample.plan.stratum_of(diameter, answer.land_cover.as_deref());
    let at = strata.iter().position(|stratum| stratum.name == name).unwrap_or_else(|| {
        strata.push(Stratum {
            name,
            n_detections: 0,
            bands: Vec::new(),
            plot_craters: 0,
            plot_found: 0,
        });
        strata.len() - 1
    });
    strata[at].plot_craters += 1;
    strata[at].plot_found += u64::from(is_found);
}

/// Writes the sheet for the people: a CSV with columns for their answers, and nothing that tells
/// what the detector thought.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_sheet(sample: &Sample, path: &Path) -> Result<()> {
    let mut text =
        "place,kind,x,y,extent,is_crater,crater_x,crater_y,diameter,land_cover\n".to_owned();
    for place in &sample.sheet {
        let kind = match place.kind {
            PlaceKind::Site => "site",
            PlaceKind::Plot => "plot",
        };
        text += &format!(
            "{},{kind},{:.2},{:.2},{:.2},,,,,\n",
            place.place, place.x, place.y, place.extent
        );
    }
    std::fs::write(path, text).map_err(|source| Error::Write { path: path.into(), source })
}

/// Reads the sheet with its answers. Lines without an answer are places not looked at; a plot has a
/// line for each crater.
///
/// # Errors
/// Where a line is not what its columns say; it is named.
pub fn read_answers(path: &Path) -> Result<Vec<Answer>> {
    let text =
        std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.into(), source })?;
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().cloned().map_err(|error| {
        Error::input(path, 1, error.to_string(), "keep the first line of the sheet")
    })?;
    let mut answers = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| {
            let line = error.position().map(csv::Position::line);
            Error::input(path, line, error.to_string(), "save the sheet as CSV")
        })?;
        let line = row.position().map(csv::Position::line);
        let cell = |name: &str| {
            let at = header.iter().position(|column| column == name)?;
            row.get(at).filter(|cell| !cell.is_empty())
        };
        let Some(said) = cell("is_crater") else { continue };
        let wrong = |what: String| Error::input(path, line, what, "answer yes or no in is_crater");
        let is_crater = match said.to_ascii_lowercase().as_str() {
            "yes" | "y" | "1" | "true" => true,
            "no" | "n" | "0" | "false" => false,
            _ => return Err(wrong(format!("is_crater is `{said}`"))),
        };
        let place = cell("place").and_then(|cell| cell.parse().ok());
        let number = |name| cell(name).and_then(|cell| cell.parse::<f64>().ok());
        answers.push(Answer {
            place: place.ok_or_else(|| wrong("no number of a place".to_owned()))?,
            is_crater,
            x: number("crater_x"),
            y: number("crater_y"),
            diameter: number("diameter"),
            land_cover: cell("land_cover").map(str::to_owned),
        });
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected() -> Vec<Detected> {
        let one = |id: u64| Detected {
            id,
            position: [10.0 * id as f64, 50.0],
            diameter: if id < 50 { 8.0 } else { 20.0 },
            land_cover: None,
            probability: 0.3 + 0.007 * id as f64,
        };
        (1..100).map(one).collect()
    }

    fn plan() -> Plan {
        Plan {
            threshold: 0.5,
            size_limits: vec![16.0],
            band_limits: vec![0.8],
            sites_a_band: 5,
            n_plots: 4,
            plot_side: 40.0,
            seed: 1,
        }
    }

    #[test]
    fn the_sheet_shows_nothing_of_the_detector() {
        let sample = draw(&detected(), [0.0, 0.0, 1000.0, 100.0], &plan()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sheet.csv");
        write_sheet(&sample, &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("prob") && !text.contains("stratum") && !text.contains("crater_id"));
        // Three cells have detections: small above 0.5, large below and above 0.8.
        assert_eq!(sample.sheet.len(), 3 * 5 + 4);
        assert_eq!(read_answers(&path).unwrap(), []);
    }

    #[test]
    fn the_same_seed_draws_the_same_places() {
        let of =
            |seed| draw(&detected(), [0.0, 0.0, 1000.0, 100.0], &Plan { seed, ..plan() }).unwrap();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1).sheet, of(2).sheet);
    }

    #[test]
    fn answers_are_joined_to_strata() {
        let sample = draw(&detected(), [0.0, 0.0, 1000.0, 100.0], &plan()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.csv");
        let of = |kind| sample.sheet.iter().find(|place| place.kind == kind).unwrap().place;
        let (site, plot) = (of(PlaceKind::Site), of(PlaceKind::Plot));
        let text = format!(
            "place,is_crater,crater_x,crater_y,diameter,land_cover\n\
             {site},yes,,,,\n{plot},yes,900,51,20,\n{plot},yes,900,90,20,\n"
        );
        std::fs::write(&path, text).unwrap();
        let answers = read_answers(&path).unwrap();
        let strata = join(&sample, &answers, &detected()).unwrap();
        let verified: u64 = strata.iter().flat_map(|s| &s.bands).map(|band| band.n_verified).sum();
        let large = strata.iter().find(|stratum| stratum.name.starts_with("from 16")).unwrap();
        assert_eq!((verified, large.plot_craters, large.plot_found), (1, 2, 1));
    }

    #[test]
    fn an_answer_that_is_neither_yes_nor_no_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.csv");
        std::fs::write(&path, "place,is_crater\n1,perhaps\n").unwrap();
        assert!(
            read_answers(&path).unwrap_err().to_string().contains(":2: is_crater is `perhaps`")
        );
    }
}
