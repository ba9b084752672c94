//! The folder of surveys, and what of it is in memory. The only module here that joins paths: a
//! name is checked first, and where the scene lies `survey.json` alone says.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use craters::Error;
use craters::data::Scene;
use craters::review;
use craters::survey::{self, CRATERS, Crater, Kept, REVIEWS, Review, SURVEY, Survey, Verdict};

use super::pictures::Pictures;
use crate::api::problem::Problem;

/// So many surveys are kept in memory; each has tens of thousands of craters at most.
const OPEN_AT_ONCE: usize = 4;

/// The surveys of a data folder. Clones are handles to the same.
#[derive(Clone, Default)]
pub(crate) struct Surveys(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// The folder of the data; none where the server was given none.
    data: Option<PathBuf>,
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

const FILES: [&str; 3] = [SURVEY, CRATERS, REVIEWS];

impl Surveys {
    /// Those below the data folder.
    pub(crate) fn of_data(data: &Path) -> Self {
        Self(Arc::new(Inner { data: Some(data.to_owned()), ..Inner::default() }))
    }

    pub(super) fn pictures(&self) -> &Pictures {
        &self.0.pictures
    }

    /// The names of all surveys.
    pub(super) fn names(&self) -> Result<Vec<String>, Problem> {
        let names = self.0.data.as_ref().map_or(Ok(Vec::new()), |data| survey::names(data))?;
        Ok(names.into_iter().filter(|name| self.folder(name).is_ok()).collect())
    }

    /// The survey of that name as its files are now.
    pub(super) fn open(&self, name: &str) -> Result<Arc<Open>, Problem> {
        let folder = self.folder(name)?;
        let stamps = FILES.map(|file| stamp(&folder.join(file)));
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        let known = open.iter().position(|it| it.folder == folder).map(|idx| open.remove(idx));
        let read = match known {
            Some(known) if known.stamps == stamps => known,
            Some(known) if known.stamps[..2] == stamps[..2] => Arc::new(known.judged_anew(stamps)?),
            _ => Arc::new(Open::read(self.data()?, name, stamps)?),
        };
        if open.len() >= OPEN_AT_ONCE {
            open.remove(0);
        }
        open.push(read.clone());
        Ok(read)
    }

    /// Adds a review to the survey's log. Only ever appended to, one at a time.
    pub(super) fn append(&self, open: &Open, review: &Review) -> Result<(), Problem> {
        let _alone = self.0.appending.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(review::append(&open.folder, review)?)
    }

    /// The folder of the survey of that name.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, Problem> {
        let folder = survey::folder(self.data()?, name)?;
        if folder.join(SURVEY).is_file() {
            return Ok(folder);
        }
        Err(Problem::absent(format!("there is no survey `{name}`")))
    }

    fn data(&self) -> Result<&Path, Problem> {
        let data = self.0.data.as_deref();
        data.ok_or_else(|| Problem::absent("this server has no folder of surveys"))
    }
}

fn stamp(path: &Path) -> Stamp {
    let of = |it: Metadata| Some((it.modified().ok()?, it.len()));
    fs::metadata(path).ok().and_then(of)
}

impl Open {
    fn read(data: &Path, name: &str, stamps: [Stamp; 3]) -> Result<Self, Problem> {
        let Kept { folder, survey, mut craters, reviews } = survey::open(data, name)?;
        craters.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.id.cmp(&b.id)));
        let changed = last(&stamps);
        Ok(Self { folder, survey, craters, reviews, changed, stamps, scene: Mutex::default() })
    }

    /// The same craters and scene under a log of reviews that has grown.
    fn judged_anew(&self, stamps: [Stamp; 3]) -> Result<Self, Problem> {
        let reviews = review::read(&self.folder)?;
        let mut craters = self.craters.clone();
        review::judge(&mut craters, &reviews);
        let scene = self.scene.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (folder, survey) = (self.folder.clone(), self.survey.clone());
        let changed = last(&stamps);
        Ok(Self { folder, survey, craters, reviews, changed, stamps, scene: Mutex::new(scene) })
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

fn last(stamps: &[Stamp]) -> Option<SystemTime> {
    stamps.iter().flatten().map(|(at, _)| *at).max()
}

/// The path is not said, only the file's name: the reader may be on another machine.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused { .. } => Self::invalid(error.to_string()),
            Error::Io { path, source } => Self::broken(&file_name(&path), source),
            Error::Write { path, source } => Self::unwritten(&file_name(&path), source),
            Error::Input { path, line, what, hint } => {
                let line = line.map_or(String::new(), |line| format!(", line {line}"));
                Self::broken(&(file_name(&path) + &line), format!("{what}\n{hint}"))
            }
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
