//! What a run needs to go on: weights, the optimiser's moments, the step, and what was measured
//! so far. A checkpoint is a folder that appears whole: it is written under another name and
//! then renamed, and only then is the one before it removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use burn::module::Module as _;
use burn::optim::ModuleOptimizer;
use serde::{Deserialize, Serialize};

use crate::train::Point;
use crate::{Architecture, Error, LanguageModel, Recipe};

/// The part of a checkpoint that is not tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// What is trained.
    pub architecture: Architecture,
    /// How.
    pub recipe: Recipe,
    /// Updates done.
    pub step: u64,
    /// What was measured so far.
    pub history: Vec<Point>,
    /// The sum of the training losses since the last one in the history.
    #[serde(with = "crate::exact")]
    pub loss_sum: f64,
    /// How many they are.
    pub n_losses: u64,
    /// Processor seconds spent so far, where the system tells.
    pub cpu_seconds: Option<f64>,
}

impl State {
    /// Before the first update.
    pub(crate) fn new(architecture: &Architecture, recipe: &Recipe) -> Self {
        Self {
            architecture: *architecture,
            recipe: *recipe,
            step: 0,
            history: vec![],
            loss_sum: 0.0,
            n_losses: 0,
            cpu_seconds: None,
        }
    }
}

/// Writes a checkpoint into `folder`, which may hold an older one.
pub(crate) fn save(
    folder: &Path,
    state: &State,
    model: &LanguageModel,
    optimiser: &ModuleOptimizer,
) -> Result<(), Error> {
    let name = format!("step-{:09}", state.step);
    let (done, part) = (folder.join(&name), folder.join(format!("{name}.part")));
    let failed = |source: io::Error| Error::Write { path: folder.to_owned(), source };
    if done.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(&part).map_err(failed)?;
    model.clone().save_file(part.join(MODEL)).map_err(|e| failed(io::Error::other(e)))?;
    optimiser.save(part.join(OPTIMISER)).map_err(|e| failed(io::Error::other(e)))?;
    let json = serde_json::to_vec(state).map_err(|e| failed(io::Error::other(e)))?;
    fs::write(part.join(STATE), json).map_err(failed)?;
    fs::rename(&part, &done).map_err(failed)?;
    for entry in steps(folder) {
        if entry != done {
            fs::remove_dir_all(entry).map_err(failed)?;
        }
    }
    Ok(())
}

/// The state of the newest checkpoint in `folder`, without its tensors; none where there is none.
///
/// # Errors
/// A checkpoint that cannot be read.
pub fn peek(folder: &Path) -> Result<Option<State>, Error> {
    let Some(newest) = newest(folder) else { return Ok(None) };
    let path = newest.join(STATE);
    let broken = |what: String| Error::Checkpoint { path: path.clone(), what };
    let json = fs::read(&path).map_err(|e| broken(e.to_string()))?;
    serde_json::from_slice(&json).map(Some).map_err(|e| broken(e.to_string()))
}

/// The newest checkpoint in `folder`, put into `model` and `optimiser`; none where there is none.
pub(crate) fn load(
    folder: &Path,
    expected: &State,
    model: LanguageModel,
    optimiser: ModuleOptimizer,
) -> Result<(State, LanguageModel, ModuleOptimizer), Error> {
    let (Some(newest), Some(state)) = (newest(folder), peek(folder)?) else {
        return Ok((expected.clone(), model, optimiser));
    };
    let broken = |what: String| Error::Checkpoint { path: newest.clone(), what };
    if state.architecture != expected.architecture || !state.recipe.is_as(&expected.recipe) {
        return Err(broken("it belongs to another run".to_owned()));
    }
    let state = State { recipe: expected.recipe, ..state };
    let model = model.try_load_file(newest.join(MODEL)).map_err(|e| broken(e.to_string()))?;
    let optimiser = optimiser.load(newest.join(OPTIMISER)).map_err(|e| broken(e.to_string()))?;
    Ok((state, model, optimiser))
}

const MODEL: &str = "model.bpk";
const OPTIMISER: &str = "optimiser.bpk";
const STATE: &str = "state.json";

fn newest(folder: &Path) -> Option<PathBuf> {
    steps(folder).into_iter().filter(|path| path.extension().is_none()).max()
}

/// The checkpoints of a folder, whole or in part.
fn steps(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with("step-"))
        })
        .collect()
}
