//! The folder of surveys, and what of it is in memory. The only module here that joins paths: a
//! name is checked first, and where the scene lies `survey.json` alone says.

use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use craters::data::Scene;
use craters::survey::{Crater, Review, Survey, Verdict};
use serde::de::DeserializeOwned;

use super::pictures::Pictures;
use super::reviews::add_line;
use crate::api::problem::Problem;

/// So many surveys are kept in memory; each has tens of thousands of craters at most.
const OPEN_AT_ONCE: usize = 4;
/// The largest file of a survey that is read.
const LARGEST: u64 = 512 * 1024 * 1024;

/// The surveys of a data folder. Clones are handles to the same.
#[derive(Clone, Default)]
pub(crate) struct Surveys(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// `<data>/craters`; none where the server was given no folder.
    folder: Option<PathBuf>,
    /// The one that was asked for last is the last.
    open: Mutex<Vec<Arc<Open>>>,
    pictures: Pictures,
    appending: Mutex<()>,
}

/// A survey in memory, as its files were at some moment.
pub(super) struct Open {
    pub(super) folder: PathBuf,
    pub(super) survey: Survey,
    /// Most likely first, each with the last verdict of a person.
    pub(super) craters: Vec<Crater>,
    /// Every verdict, oldest first.
    pub(super) reviews: Vec<Review>,
    /// When one of its files changed last.
    pub(super) changed: Option<SystemTime>,
    stamps: [Stamp; 3],
    scene: Mutex<Option<Arc<Scene>>>,
}

/// By this is seen that a file was written anew.
type Stamp = Option<(SystemTime, u64)>;

const FILES: [&str; 3] = ["survey.json", "craters.json", "reviews.jsonl"];

impl Surveys {
    /// Those below the data folder.
    pub(crate) fn of_data(data: &Path) -> Self {
        Self(Arc::new(Inner { folder: Some(data.join("craters")), ..Inner::default() }))
    }

    pub(super) fn pictures(&self) -> &Pictures {
        &self.0.pictures
    }

    /// Names of folders that hold a survey.
    pub(super) fn names(&self) -> Vec<String> {
        let Some(entries) = self.0.folder.as_ref().and_then(|it| fs::read_dir(it).ok()) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| self.folder(name).is_ok())
            .collect();
        names.sort();
        names
    }

    /// The survey of that name as its files are now.
    pub(super) fn open(&self, name: &str) -> Result<Arc<Open>, Problem> {
        let folder = self.folder(name)?;
        let stamps = FILES.map(|file| stamp(&folder.join(file)));
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(idx) = open.iter().position(|it| it.folder == folder) {
            let known = open.remove(idx);
            if known.stamps == stamps {
                open.push(known.clone());
                return Ok(known);
            }
        }
        let read = Arc::new(Open::read(folder, stamps)?);
        if open.len() >= OPEN_AT_ONCE {
            open.remove(0);
        }
        open.push(read.clone());
        Ok(read)
    }

    /// Adds a review to the survey's log. Only ever appended to, one at a time.
    pub(super) fn append(&self, open: &Open, review: &Review) -> Result<(), Problem> {
        let path = open.folder.join("reviews.jsonl");
        let _alone = self.0.appending.lock().unwrap_or_else(PoisonError::into_inner);
        let log = File::options().create(true).append(true).open(&path);
        let added = log.and_then(|log| add_line(log, review));
        added.map_err(|error| Problem::broken("reviews.jsonl", error))
    }

    /// The folder of the survey of that name.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, Problem> {
        if !is_name(name) {
            return Err(Problem::invalid(
                "a survey's name has 1 to 64 letters, digits, dots, hyphens and underscores, and \
                 does not begin with a dot",
            ));
        }
        let folder = self.0.folder.as_ref().map(|folder| folder.join(name));
        folder
            .filter(|folder| folder.join("survey.json").is_file())
            .ok_or_else(|| Problem::absent(format!("there is no survey `{name}`")))
    }
}

/// Whether a folder may be called so; such a name cannot lead out of the folder of surveys.
fn is_name(name: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(is_known)
}

fn stamp(path: &Path) -> Stamp {
    let of = |it: Metadata| Some((it.modified().ok()?, it.len()));
    fs::metadata(path).ok().and_then(of)
}

impl Open {
    fn read(folder: PathBuf, stamps: [Stamp; 3]) -> Result<Self, Problem> {
        let [survey, craters, reviews] = FILES.map(|file| folder.join(file));
        let survey: Survey = parsed(&survey)?;
        let mut craters: Vec<Crater> =
            if craters.exists() { parsed(&craters)? } else { Vec::new() };
        let reviews = reviews_of(&reviews)?;
        craters.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.id.cmp(&b.id)));
        judge(&mut craters, &reviews);
        let changed = stamps.iter().flatten().map(|(at, _)| *at).max();
        Ok(Self { folder, survey, craters, reviews, changed, stamps, scene: Mutex::default() })
    }

    /// The crater of that number.
    pub(super) fn crater(&self, id: u64) -> Result<&Crater, Problem> {
        let found = self.craters.iter().find(|crater| crater.id == id);
        found.ok_or_else(|| {
            Problem::absent(format!("the survey `{}` has no crater {id}", self.survey.name))
        })
    }

    /// The scene, opened at the first question.
    pub(super) fn scene(&self) -> Result<Arc<Scene>, Problem> {
        let mut kept = self.scene.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scene) = kept.as_ref() {
            return Ok(scene.clone());
        }
        let path = &self.survey.scene;
        let path = if path.is_absolute() { path.clone() } else { self.folder.join(path) };
        let path = if path.exists() { path } else { self.survey.scene.clone() };
        let scene = Arc::new(Scene::open(&path, &self.survey.options)?);
        *kept = Some(scene.clone());
        Ok(scene)
    }

    /// Tells pictures of this state of the survey from those of another.
    pub(super) fn edition(&self) -> (&Path, Stamp) {
        (&self.folder, self.stamps[0])
    }

    /// How many craters have each verdict: confirmed, rejected, unsure.
    pub(super) fn verdicts(&self) -> [usize; 3] {
        let count = |verdict| self.craters.iter().filter(|it| it.verdict == Some(verdict)).count();
        [Verdict::Confirmed, Verdict::Rejected, Verdict::Unsure].map(count)
    }
}

/// Gives each crater the last verdict of the log.
fn judge(craters: &mut [Crater], reviews: &[Review]) {
    let last: std::collections::HashMap<u64, Verdict> =
        reviews.iter().filter_map(|review| Some((review.crater?, review.verdict))).collect();
    for crater in craters {
        if let Some(verdict) = last.get(&crater.id) {
            crater.verdict = Some(*verdict);
        }
    }
}

fn parsed<T: DeserializeOwned>(path: &Path) -> Result<T, Problem> {
    let bytes = bytes_of(path)?;
    serde_json::from_slice(&bytes).map_err(|error| Problem::broken(&file_name(path), error))
}

fn reviews_of(path: &Path) -> Result<Vec<Review>, Problem> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let bytes = bytes_of(path)?;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let parse = |(idx, line)| {
        let place = || format!("{}, line {}", file_name(path), idx + 1);
        serde_json::from_slice(line).map_err(|error| Problem::broken(&place(), error))
    };
    lines.enumerate().map(parse).collect()
}

/// The whole of a file. Its path is not said: the reader may be on another machine.
fn bytes_of(path: &Path) -> Result<Vec<u8>, Problem> {
    let name = file_name(path);
    let n_bytes = fs::metadata(path).map_err(|error| Problem::broken(&name, error))?.len();
    if n_bytes > LARGEST {
        return Err(Problem::broken(&name, format!("it has {n_bytes} bytes, more than is read")));
    }
    fs::read(path).map_err(|error| Problem::broken(&name, error))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl From<craters::Error> for Problem {
    fn from(error: craters::Error) -> Self {
        match error {
            craters::Error::Refused { .. } => Self::invalid(error.to_string()),
            error => Self::broken("the survey's files", error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn a_name_cannot_lead_out_of_the_folder() {
        for name in ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a b", "ä", &"a".repeat(65)]
        {
            assert!(!is_name(name), "{name}");
        }
        assert!(["demo", "a..b", "2024-05_scene.v2"].into_iter().all(is_name));
    }
}
