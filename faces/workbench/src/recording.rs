//! Do something as a run.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;

use jiff::Timestamp;
use record::{Dataset, Journal, Tee};
use serde_json::json;
use tracking::{DatasetInput, NewRun};

use crate::recorder::cut;
use crate::{CODE_VERSION, Error, Place, Recorder, Workbench, dataset, tag};

/// What is about to be done.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The application, such as `scaling`. Its runs are the experiment of that name.
    pub application: &'a str,
    /// What is asked of it, such as `fit`.
    pub command: &'a str,
    /// What it is asked with: the words after the command, quoted as a shell wants them.
    pub words: &'a str,
    /// The files and folders that it reads.
    pub inputs: &'a [PathBuf],
    /// The seed of everything random in it.
    pub seed: Option<u64>,
}

/// What came of it.
#[derive(Debug)]
pub struct Recorded<T, E> {
    /// What the work gave.
    pub outcome: Result<T, E>,
    /// The id of its record; an error says what could not be recorded, though the work was done.
    pub run_id: Result<String, Error>,
}

/// Does `work` with `computation`, recorded at `place` and told to `live` as it goes. Whatever
/// goes wrong with the record, the computation is done.
///
/// Where an input cannot be read, no run is begun: the computation will say why.
pub fn record_run<T, E: Display>(
    place: &Place,
    work: &Work,
    live: &mut dyn Journal,
    computation: impl FnOnce(&mut dyn Journal) -> Result<T, E>,
) -> Recorded<T, E> {
    let began = inputs(work.inputs, live).and_then(|inputs| begin(place, work, &inputs));
    let mut recorder = match began {
        Ok(recorder) => recorder,
        Err(error) => return Recorded { outcome: computation(live), run_id: Err(error) },
    };
    let outcome = computation(&mut Tee(live, &mut recorder));
    // The alternate form of `anyhow` holds the whole chain.
    let run_id = recorder.close(outcome.as_ref().map(drop).map_err(|error| format!("{error:#}")));
    Recorded { outcome, run_id }
}

/// Begins a run that is recorded.
///
/// # Errors
/// Nothing can be written there.
pub fn begin(place: &Place, work: &Work, inputs: &[Dataset]) -> Result<Recorder, Error> {
    let workbench = Workbench::open(place)?;
    let experiment_id = workbench.experiment(work.application)?;
    let user = user();
    let run = workbench.create_run(NewRun {
        experiment_id,
        name: Some(name(work)),
        user: user.clone(),
        started_ms: Some(Timestamp::now().as_millisecond()),
        tags: tags(work, user),
    })?;
    if !inputs.is_empty() {
        workbench.log_inputs(&run.id, inputs.iter().map(input).collect())?;
    }
    Recorder::new(workbench, run)
}

/// `plan runs.csv --budget 1e21`, of a length that fits a list.
fn name(work: &Work) -> String {
    const CHARS: usize = 120;
    cut(format!("{} {}", work.command, work.words).trim(), CHARS)
}

fn tags(work: &Work, user: String) -> Vec<(String, String)> {
    let line = format!("fieldkit {} {} {}", work.application, work.command, work.words);
    let seed = work.seed.map(|seed| (tag::SEED, seed.to_string()));
    let tags = [
        (tag::APPLICATION, work.application.to_owned()),
        (tag::COMMAND, work.command.to_owned()),
        (tag::COMMAND_LINE, cut(line.trim_end(), tracking::limits::TAG_VALUE)),
        (tag::VERSION, CODE_VERSION.to_owned()),
        (tag::USER, user),
        (tag::SOURCE_NAME, "fieldkit".to_owned()),
        (tag::SOURCE_TYPE, "LOCAL".to_owned()),
    ];
    tags.into_iter().chain(seed).map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Who the system says it is.
fn user() -> String {
    let said =
        ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    said.filter(|user| !user.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

/// What was read, as MLflow keeps it. Its digests are short: the whole one is in the profile.
pub(crate) fn input(dataset: &Dataset) -> DatasetInput {
    let Dataset { name, digest, n_bytes } = dataset;
    let digest = digest.to_string();
    DatasetInput {
        dataset: tracking::Dataset {
            name: cut(name, tracking::limits::DATASET_NAME),
            digest: digest.chars().take(32).collect(),
            source_type: "local".to_owned(),
            source: json!({ "uri": name }).to_string(),
            schema: None,
            profile: Some(json!({"sha256": digest, "n_bytes": n_bytes}).to_string()),
        },
        tags: BTreeMap::from([("mlflow.data.context".to_owned(), "input".to_owned())]),
    }
}

fn inputs(paths: &[PathBuf], live: &mut dyn Journal) -> Result<Vec<Dataset>, Error> {
    let mut inputs = Vec::new();
    for path in paths {
        match dataset(path, live)? {
            Some(input) => inputs.push(input),
            None => live.note(&format!(
                "{} is a pipe or a device: its bytes are not in the record",
                path.display()
            )),
        }
    }
    Ok(inputs)
}
