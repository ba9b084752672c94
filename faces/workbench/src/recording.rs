//! Do something as a run.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use record::{Dataset, Journal, Run, Tee};

use crate::{Error, Folder, dataset};

/// What is about to be done.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The application, such as `scaling`.
    pub application: &'a str,
    /// What is asked of it, such as `fit`.
    pub command: &'a str,
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
    /// Its record; an error says what could not be recorded, though the work was done.
    pub run: Result<Run, Error>,
}

/// Does `work` with `computation`, recorded in the folder of runs `data` and told to `live` as it
/// goes. Whatever goes wrong with the record, the computation is done.
///
/// Where an input cannot be read, no run is begun: the computation will say why.
pub fn record_run<T, E: Display>(
    data: &Path,
    work: &Work,
    live: &mut dyn Journal,
    computation: impl FnOnce(&mut dyn Journal) -> Result<T, E>,
) -> Recorded<T, E> {
    let opened = inputs(work.inputs, live).and_then(|inputs| Folder::open(data, work, inputs));
    let mut folder = match opened {
        Ok(folder) => folder,
        Err(error) => return Recorded { outcome: computation(live), run: Err(error) },
    };
    let outcome = computation(&mut Tee(live, &mut folder));
    // The alternate form of `anyhow` holds the whole chain.
    let run = folder.close(outcome.as_ref().map(drop).map_err(|error| format!("{error:#}")));
    Recorded { outcome, run }
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use record::{Digest, Memory, Status};

    use super::*;
    use crate::runs;

    fn work(inputs: &[PathBuf]) -> Work<'_> {
        Work { application: "scaling", command: "fit", inputs, seed: None }
    }

    #[test]
    fn work_is_told_live_and_recorded_with_its_input() {
        let data = tempfile::tempdir().unwrap();
        let input = [data.path().join("runs.csv")];
        fs::write(&input[0], "loss").unwrap();
        let mut live = Memory::default();
        let recorded = record_run(data.path(), &work(&input), &mut live, |journal| {
            journal.metric("loss", 1, 2.0);
            Ok::<_, Error>("done")
        });
        let run = recorded.run.unwrap();
        assert_eq!(recorded.outcome.unwrap(), "done");
        assert_eq!(run.inputs[0].digest, Digest::of(b"loss"));
        assert_eq!(run.metrics["loss"], live.metrics["loss"][0].1);
    }

    #[test]
    fn work_that_fails_is_a_failed_run_with_its_reason() {
        let data = tempfile::tempdir().unwrap();
        let recorded = record_run(data.path(), &work(&[]), &mut Memory::default(), |_| {
            Err::<(), _>("too few runs")
        });
        assert!(recorded.outcome.is_err());
        let run = recorded.run.unwrap();
        assert_eq!((run.status, run.error.as_deref()), (Status::Failed, Some("too few runs")));
    }

    #[test]
    fn an_input_that_cannot_be_read_begins_no_run() {
        let data = tempfile::tempdir().unwrap();
        let absent = [data.path().join("absent.csv")];
        let recorded = record_run(data.path(), &work(&absent), &mut Memory::default(), |_| {
            Err::<(), _>("cannot read absent.csv")
        });
        assert!(recorded.run.is_err());
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
    }

    #[test]
    fn work_is_done_where_nothing_can_be_recorded() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("runs"), "a file where a folder should be").unwrap();
        let recorded =
            record_run(data.path(), &work(&[]), &mut Memory::default(), |_| Ok::<_, Error>(1));
        assert_eq!(recorded.outcome.unwrap(), 1);
        assert!(recorded.run.unwrap_err().to_string().starts_with("cannot write "));
    }

    #[test]
    fn work_that_panics_is_a_failed_run() {
        let data = tempfile::tempdir().unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            record_run(data.path(), &work(&[]), &mut Memory::default(), |_| -> Result<(), Error> {
                panic!("on purpose")
            })
        }));
        assert!(panicked.is_err());
        let there = runs(data.path()).unwrap().runs;
        assert_eq!(there[0].error.as_deref(), Some("the work panicked"));
    }
}
