//! The blind sample of a survey: places drawn by chance, written without what the detector thinks
//! of them, looked at by people, and read again as evidence of precision and recall.
//!
//! A *site* is a detection: the verdict says whether it is a crater. A *plot* is a square laid by
//! chance, in which people mark every crater as rows of kind `mark`.

use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::is_same;
use crate::error::{Error, Result};
use crate::estimate::verified::{Band, Stratum};
use crate::survey::{Crater, Survey, Verdict};

/// Edges of the bands of probability above the threshold.
const BANDS: [f64; 2] = [0.7, 0.9];
/// Edges of the classes of size, metres (where no metres are known, 2 px for each).
const SIZES_M: [f64; 2] = [8.0, 16.0];

/// A row of the sample's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// `site`, `plot`, or `mark` for a crater that was marked in a plot.
    pub kind: Kind,
    /// The crater's number, or the plot's.
    pub id: u64,
    /// Centre in pixels of the scene.
    pub x_px: f64,
    /// Centre.
    pub y_px: f64,
    /// Diameter of a site or mark, side of a plot, in pixels.
    pub size_px: f64,
    /// Longitude and latitude, where they are known.
    pub longitude: Option<f64>,
    /// Latitude.
    pub latitude: Option<f64>,
    /// What the person says of a site; of a plot, whether it was looked at (`confirmed`).
    pub verdict: Option<Verdict>,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A detection to be looked at.
    Site,
    /// A square in which every crater is marked.
    Plot,
    /// A crater that was marked in a plot.
    Mark,
}

/// How much is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    /// Detections.
    pub n_sites: usize,
    /// Squares.
    pub n_plots: usize,
    /// Their side in pixels.
    pub plot_px: f64,
    /// Of everything random.
    pub seed: u64,
}

/// Draws sites, an equal number from each band of probability as far as there are any, and plots,
/// anywhere in the scene. The order is by chance too: nothing tells the likely from the unlikely.
pub fn draw(survey: &Survey, craters: &[Crater], draw: &Draw) -> Vec<Place> {
    let mut rng = ChaCha8Rng::seed_from_u64(draw.seed);
    let threshold = f64::from(survey.threshold);
    let mut bands: [Vec<&Crater>; 3] = Default::default();
    for crater in craters.iter().filter(|crater| threshold <= crater.probability) {
        bands[band(crater.probability)].push(crater);
    }
    bands.iter_mut().for_each(|band| shuffle(band, &mut rng));
    let mut sites = Vec::new();
    while sites.len() < draw.n_sites && bands.iter().any(|band| !band.is_empty()) {
        for band in &mut bands {
            sites.extend(band.pop().filter(|_| sites.len() < draw.n_sites));
        }
    }
    shuffle(&mut sites, &mut rng);
    let mut places: Vec<Place> = sites.into_iter().map(site).collect();
    let side = draw.plot_px.min(survey.width as f64).min(survey.height as f64);
    let mut anywhere = |n: usize| side / 2.0 + rng.random::<f64>() * (n as f64 - side);
    for id in 1..=draw.n_plots as u64 {
        let (x_px, y_px) = (anywhere(survey.width), anywhere(survey.height));
        places.push(plot(survey, id, x_px, y_px, side));
    }
    places
}

fn site(crater: &Crater) -> Place {
    Place {
        kind: Kind::Site,
        id: crater.id,
        x_px: crater.x_px,
        y_px: crater.y_px,
        size_px: crater.diameter_px,
        longitude: crater.lon_lat.map(|at| at[0]),
        latitude: crater.lon_lat.map(|at| at[1]),
        verdict: None,
    }
}

fn plot(survey: &Survey, id: u64, x_px: f64, y_px: f64, size_px: f64) -> Place {
    let lon_lat = survey.georeference.as_ref().and_then(|georeference| {
        let (east, north) = georeference.ground(x_px, y_px);
        georeference.lon_lat(east, north)
    });
    let [longitude, latitude] = [0, 1].map(|axis| lon_lat.map(|at| at[axis]));
    Place { kind: Kind::Plot, id, x_px, y_px, size_px, longitude, latitude, verdict: None }
}

fn shuffle<T>(items: &mut [T], rng: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, rng.random_range(0..=last));
    }
}

fn band(probability: f64) -> usize {
    BANDS.iter().filter(|edge| **edge <= probability).count()
}

/// Writes the sample as CSV.
///
/// # Errors
/// What the file system says.
pub fn write(path: &Path, places: &[Place]) -> Result<()> {
    crate::survey::write_whole(path, |out| {
        let mut csv = csv::Writer::from_writer(out);
        for place in places {
            csv.serialize(place).map_err(std::io::Error::other)?;
        }
        csv.flush()
    })
}

/// Reads a sample that was looked at.
///
/// # Errors
/// Where a row is none, by its line.
pub fn read(path: &Path) -> Result<Vec<Place>> {
    let hint = "columns are kind, id, x_px, y_px, size_px, longitude, latitude, verdict; a verdict is \
                confirmed, rejected, unsure or empty";
    let wrong = |error: csv::Error| {
        let line = error.position().map(csv::Position::line);
        Error::input(path, line, error.to_string(), hint)
    };
    let mut csv = csv::Reader::from_path(path).map_err(wrong)?;
    csv.deserialize().map(|row| row.map_err(wrong)).collect()
}

/// What a verified sample says, by class of size.
pub fn strata(survey: &Survey, craters: &[Crater], places: &[Place]) -> Vec<Stratum> {
    let threshold = f64::from(survey.threshold);
    let counted: Vec<&Crater> = craters.iter().filter(|it| threshold <= it.probability).collect();
    let class = |size_px: f64| {
        let metres = size_px * survey.gsd_m.unwrap_or(0.5);
        SIZES_M.iter().filter(|edge| **edge <= metres).count()
    };
    let names = ["below 8 m", "8 to 16 m", "16 m and more"];
    let stratum = |idx: usize| {
        let own: Vec<&&Crater> = counted.iter().filter(|it| class(it.diameter_px) == idx).collect();
        let bands = (0..=BANDS.len()).map(|of| looked_at(&own, places, of)).collect();
        let marks = places.iter().filter(|it| it.kind == Kind::Mark && class(it.size_px) == idx);
        let marks: Vec<&Place> = marks.collect();
        let is_found = |mark: &&&Place| {
            let here = (mark.x_px, mark.y_px, mark.size_px);
            counted.iter().any(|it| is_same((it.x_px, it.y_px, it.diameter_px), here))
        };
        Stratum {
            name: names[idx].to_owned(),
            n_detections: own.len() as u64,
            bands,
            plot_craters: marks.len() as u64,
            plot_found: marks.iter().filter(is_found).count() as u64,
        }
    };
    (0..names.len()).map(stratum).collect()
}

fn looked_at(own: &[&&Crater], places: &[Place], of: usize) -> Band {
    let ids: Vec<u64> =
        own.iter().filter(|it| band(it.probability) == of).map(|it| it.id).collect();
    let verdict = |verdict: Verdict| {
        let is = |it: &&Place| {
            it.kind == Kind::Site && it.verdict == Some(verdict) && ids.contains(&it.id)
        };
        places.iter().filter(is).count() as u64
    };
    let (yes, no) = (verdict(Verdict::Confirmed), verdict(Verdict::Rejected));
    Band { n: ids.len() as u64, n_verified: yes + no, n_craters: yes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey() -> Survey {
        Survey {
            name: "s".to_owned(),
            scene: "s.tif".into(),
            options: crate::data::SceneOptions::default(),
            width: 1000,
            height: 500,
            bands: Vec::new(),
            gsd_m: Some(0.5),
            georeference: None,
            sun: None,
            is_synthetic: true,
            detector: String::new(),
            threshold: 0.5,
            area_km2: None,
            evidence_class: "indirect".to_owned(),
            warnings: Vec::new(),
        }
    }

    fn craters() -> Vec<Crater> {
        let crater = |id: u64| Crater {
            id,
            x_px: 10.0 * id as f64,
            y_px: 50.0,
            diameter_px: 20.0,
            diameter_m: Some(10.0),
            position: None,
            lon_lat: None,
            probability: 1.0 - id as f64 / 100.0,
            path: Vec::new(),
            verdict: None,
        };
        (1..=60).map(crater).collect()
    }

    #[test]
    fn a_sample_is_drawn_from_every_band_and_tells_no_probability() {
        let asked = Draw { n_sites: 12, n_plots: 3, plot_px: 100.0, seed: 1 };
        let places = draw(&survey(), &craters(), &asked);
        let sites: Vec<u64> =
            places.iter().filter(|it| it.kind == Kind::Site).map(|it| it.id).collect();
        let in_band =
            |low: u64, high: u64| sites.iter().filter(|id| (low..=high).contains(id)).count();
        assert_eq!([in_band(1, 10), in_band(11, 30), in_band(31, 50)], [4, 4, 4]);
        assert_eq!(in_band(51, 60), 0, "below the threshold");
        let plots: Vec<&Place> = places.iter().filter(|it| it.kind == Kind::Plot).collect();
        assert_eq!(plots.len(), 3);
        assert!(plots.iter().all(|it| 50.0 <= it.x_px && it.x_px <= 950.0 && it.y_px <= 450.0));
        assert_eq!(places, draw(&survey(), &craters(), &asked), "the seed is all there is");
    }

    #[test]
    fn a_verified_sample_counts_as_evidence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sample.csv");
        let asked = Draw { n_sites: 6, n_plots: 1, plot_px: 100.0, seed: 1 };
        let mut places = draw(&survey(), &craters(), &asked);
        places[0].verdict = Some(Verdict::Rejected);
        places[1..6].iter_mut().for_each(|it| it.verdict = Some(Verdict::Confirmed));
        let mark = |id: u64, x_px: f64| Place {
            kind: Kind::Mark,
            id,
            x_px,
            y_px: 50.0,
            size_px: 20.0,
            longitude: None,
            latitude: None,
            verdict: None,
        };
        places.extend([mark(1, 101.0), mark(2, 900.0)]);
        write(&path, &places).unwrap();
        let strata = strata(&survey(), &craters(), &read(&path).unwrap());
        let middle = &strata[1];
        assert_eq!((middle.n_detections, middle.plot_craters, middle.plot_found), (50, 2, 1));
        let (verified, right) = middle
            .bands
            .iter()
            .fold((0, 0), |of, band| (of.0 + band.n_verified, of.1 + band.n_craters));
        assert_eq!((verified, right), (6, 5));
    }

    #[test]
    fn a_verdict_that_is_none_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sample.csv");
        let head = "kind,id,x_px,y_px,size_px,longitude,latitude,verdict";
        std::fs::write(&path, format!("{head}\nsite,1,5,5,10,,,maybe\n")).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("sample.csv:2") && error.contains("hint"), "{error}");
    }
}
