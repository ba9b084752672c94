//! Labelled images from where people keep them: pairs, folders of pairs, archives of chips,
//! surveys that were reviewed, and synthetic scenes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use craters::Error;
use craters::candidates::estimate_sun_axis;
use craters::data::labels::{Ground, chips, marks, read};
use craters::data::{Band, Scene, SceneOptions, Sun, parse_bands};
use craters::evaluate::Truth;
use craters::fit::{LabelledImage, reviewed, synthetic};
use craters::sample::Law;
use craters::survey;

use super::args::{Pair, SceneArgs};

/// Where labelled images come from.
#[derive(Args)]
pub(crate) struct Sources {
    /// Folders of images with a file of labels of the same name beside each, or ZIPs with `images`
    /// and `masks`.
    #[arg(value_name = "SET")]
    sets: Vec<PathBuf>,
    /// One image with its labels; more than once for more.
    #[arg(long, value_name = "IMAGE=LABELS")]
    labelled: Vec<Pair>,
    /// A survey by name: what people confirmed and rejected; more than once for more.
    #[arg(long, value_name = "NAME")]
    survey: Vec<String>,
    /// So many synthetic scenes of 1 km a side, of the law that --law says.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    synthetic: u64,
    /// The law of synthetic scenes; nobody trains on that of the test.
    #[arg(long, value_enum, default_value_t = Named::Training)]
    law: Named,
    #[command(flatten)]
    scene: SceneArgs,
    /// On which side the sun stood, where no metadata say it: its axis is then taken from the
    /// shading of each image.
    #[arg(long, value_enum, value_name = "SIDE", conflicts_with = "sun_azimuth")]
    sun_side: Option<Side>,
}

/// Laws of synthetic scenes.
#[derive(Clone, Copy, ValueEnum)]
enum Named {
    /// For scenes to train on.
    Training,
    /// For scenes to test on.
    Test,
}

/// A half of the sky.
#[derive(Clone, Copy, ValueEnum)]
enum Side {
    /// The upper half of the image.
    North,
    /// The lower half.
    South,
}

const IMAGES: [&str; 5] = ["png", "jpg", "jpeg", "tif", "tiff"];
const LABELS: [&str; 3] = ["txt", "csv", "geojson"];
/// Pixels of one mark in the masks of an archive.
const MARK_PX: f64 = 12.5;
/// Pixels of a side of a synthetic scene.
const SYNTHETIC_PX: usize = 2048;

impl Sources {
    /// The files that are read, for the record.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let pairs = self.labelled.iter().flat_map(|Pair(image, labels)| [image, labels]);
        self.sets.iter().chain(pairs).cloned().collect()
    }

    /// What all this is, in a sentence for the detector's document.
    pub(crate) fn in_words(&self, images: &[LabelledImage]) -> String {
        let n: usize = images.iter().map(|image| image.truth.labels.len()).sum();
        let mut of: Vec<String> = self
            .sets
            .iter()
            .chain(self.labelled.iter().map(|pair| &pair.0))
            .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
            .chain(self.survey.iter().map(|name| format!("the reviews of {name}")))
            .collect();
        if 0 < self.synthetic {
            of.push(format!("{} synthetic scenes", self.synthetic));
        }
        format!("{n} craters on {} images of {}", images.len(), of.join(", "))
    }

    /// Reads all of them.
    pub(crate) fn read(&self, data: &Path, seed: u64) -> Result<Vec<LabelledImage>> {
        let mut images = Vec::new();
        for set in &self.sets {
            match set.is_dir() {
                true => {
                    for Pair(image, labels) in pairs(set)? {
                        images.push(self.labelled_image(&image, &labels)?);
                    }
                }
                false => images.extend(self.archive(set)?),
            }
        }
        for Pair(image, labels) in &self.labelled {
            images.push(self.labelled_image(image, labels)?);
        }
        for name in &self.survey {
            let kept = survey::open(data, name)?;
            let scene = Scene::open(&kept.survey.scene, &kept.survey.options)?;
            images.extend(reviewed(&scene, &kept.reviews)?);
        }
        let law = match self.law {
            Named::Training => Law::Training,
            Named::Test => Law::Test,
        };
        images.extend(synthetic(law, seed..seed + self.synthetic, SYNTHETIC_PX));
        if images.is_empty() {
            let hint =
                "name a folder, a ZIP, --labelled IMAGE=LABELS, --survey NAME or --synthetic COUNT";
            return Err(Error::refused("there are no labelled images", hint).into());
        }
        Ok(images)
    }

    fn labelled_image(&self, path: &Path, labels: &Path) -> Result<LabelledImage> {
        let scene = Scene::open(path, &self.scene.options()?)?;
        let window = scene.window(0, 0, scene.width, scene.height)?;
        let shaded =
            || self.sun_side.and_then(|side| by_shading(&estimate_sun_axis(&window.grey())?, side));
        let sun = scene.sun.or_else(shaded);
        let labels = read(labels, &Ground::of(&scene))?;
        let size = [scene.width as f64, scene.height as f64];
        let truth = Truth { size, labels, is_complete: true, ..Truth::default() };
        Ok(LabelledImage { name: stem(path), window, sun, gsd_m: scene.gsd_m, truth })
    }

    fn archive(&self, path: &Path) -> Result<Vec<LabelledImage>> {
        let SceneOptions { sun, gsd_m, .. } = self.scene.options()?;
        let bands = match &self.scene.bands {
            Some(bands) => parse_bands(bands)?,
            None => vec![Band::Blue, Band::Green, Band::Red, Band::Nir],
        };
        let image = |chip: craters::data::labels::Chip| {
            let plane = &chip.window.bands[0].1;
            let size = [plane.width as f64, plane.height as f64];
            let (labels, aside) = marks(&chip.mask, MARK_PX);
            let truth = Truth { size, labels, aside, is_complete: true, ..Truth::default() };
            LabelledImage { name: chip.name, window: chip.window, sun, gsd_m, truth }
        };
        Ok(chips(path, &bands)?.into_iter().map(image).collect())
    }
}

/// The end of the shading's axis that lies on that side.
fn by_shading(axis: &f64, side: Side) -> Option<Sun> {
    let is_lower = (90.0..270.0).contains(&axis.rem_euclid(360.0));
    let turned = if is_lower == matches!(side, Side::South) { *axis } else { axis + 180.0 };
    Some(Sun { azimuth_deg: turned.rem_euclid(360.0), elevation_deg: None })
}

/// Images of a folder with the labels of the same name, in the order of their names.
fn pairs(folder: &Path) -> Result<Vec<Pair>> {
    let io = |source| Error::Io { path: folder.to_owned(), source };
    let mut images = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let kind = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if IMAGES.contains(&kind.as_str()) {
            images.push(path);
        }
    }
    images.sort();
    let labels = |image: &PathBuf| {
        LABELS.iter().map(|kind| image.with_extension(kind)).find(|path| path.is_file())
    };
    let pairs: Vec<Pair> =
        images.iter().filter_map(|image| Some(Pair(image.clone(), labels(image)?))).collect();
    if pairs.is_empty() {
        let what = "no image here has a file of labels of the same name";
        let hint = "put NAME.csv or NAME.txt beside NAME.png, or give --labelled IMAGE=LABELS";
        return Err(Error::input(folder, None, what, hint).into());
    }
    Ok(pairs)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
