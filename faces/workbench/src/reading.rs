//! Runs read back from their folders: where the files lie, and what they say.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use record::Run;

use crate::{Error, name};

/// The first line of `metrics.csv`. The name stands last: it is the only one that may hold a comma.
pub(crate) const METRICS_HEADER: &str = "step,value,metric";

/// Every run in a folder of runs.
#[derive(Debug, Default)]
pub struct Runs {
    /// Those that can be read, by start.
    pub runs: Vec<Run>,
    /// Why the others cannot.
    pub unreadable: Vec<Error>,
}

/// The runs in `data`. A folder of runs that does not exist yet has none.
///
/// # Errors
/// Where the folder cannot be listed.
pub fn runs(data: &Path) -> Result<Runs, Error> {
    let folder = runs_folder(data);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Runs::default()),
        Err(e) => return Err(Error::read(&folder)(e)),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::read(&folder))?;
        ids.extend(entry.file_name().into_string().ok().filter(|id| name::run_id(id).is_ok()));
    }
    ids.sort();
    let mut all = Runs::default();
    for id in ids {
        match run(data, &id) {
            Ok(run) => all.runs.push(run),
            Err(error) => all.unreadable.push(error),
        }
    }
    Ok(all)
}

/// The run of that id.
///
/// # Errors
/// Refused where there is none, or its file is damaged.
pub fn run(data: &Path, id: &str) -> Result<Run, Error> {
    let path = run_file(&run_folder(data, id)?);
    let json = match fs::read(&path) {
        Ok(json) => json,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(Error::refused(
                format!("there is no run `{id}` in {}", data.display()),
                "`fieldkit runs` lists the ids",
            ));
        }
        Err(e) => return Err(Error::read(&path)(e)),
    };
    serde_json::from_slice(&json).map_err(|e| {
        Error::damaged(
            &path,
            format!("not the record of a run ({e})"),
            "restore the file, or remove the run's folder",
        )
    })
}

/// Each metric's `(step, value)` pairs in the order they came. A last line without its end, as a
/// killed process leaves, is not taken: half a number is a wrong number.
///
/// # Errors
/// Where the file cannot be read or is damaged.
pub fn metrics(data: &Path, id: &str) -> Result<BTreeMap<String, Vec<(u64, f64)>>, Error> {
    let path = metrics_file(&run_folder(data, id)?);
    let mut histories: BTreeMap<String, Vec<(u64, f64)>> = BTreeMap::new();
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(histories),
        Err(e) => return Err(Error::read(&path)(e)),
    };
    let mut reader = BufReader::new(file);
    let mut line = String::new();
    for line_idx in 0_u64.. {
        line.clear();
        reader.read_line(&mut line).map_err(Error::read(&path))?;
        let Some(whole) = line.strip_suffix('\n') else { break };
        if line_idx == 0 && whole == METRICS_HEADER {
            continue;
        }
        let Some((key, step, value)) = measured(whole) else {
            let what = format!("line {} is not `{METRICS_HEADER}`", line_idx + 1);
            return Err(Error::damaged(&path, what, "restore the file, or remove that line"));
        };
        match histories.get_mut(&key) {
            Some(history) => history.push((step, value)),
            None => drop(histories.insert(key, vec![(step, value)])),
        }
    }
    Ok(histories)
}

/// Where an artifact lies.
///
/// # Errors
/// Refused where the id or the name would leave the folder of runs.
pub fn artifact_file(data: &Path, id: &str, artifact: &str) -> Result<PathBuf, Error> {
    Ok(artifacts_folder(&run_folder(data, id)?).join(name::artifact(artifact)?))
}

/// Where a run lies.
///
/// # Errors
/// Refused where the id would leave the folder of runs.
pub fn run_folder(data: &Path, id: &str) -> Result<PathBuf, Error> {
    Ok(runs_folder(data).join(name::run_id(id)?))
}

pub(crate) fn runs_folder(data: &Path) -> PathBuf {
    data.join("runs")
}

pub(crate) fn run_file(folder: &Path) -> PathBuf {
    folder.join("run.json")
}

pub(crate) fn metrics_file(folder: &Path) -> PathBuf {
    folder.join("metrics.csv")
}

pub(crate) fn artifacts_folder(folder: &Path) -> PathBuf {
    folder.join("artifacts")
}

/// A metric's name as `metrics.csv` holds it.
pub(crate) fn quoted(key: &str) -> String {
    if key.contains(['"', ',']) || key.trim() != key {
        format!("\"{}\"", key.replace('"', "\"\""))
    } else {
        key.to_owned()
    }
}

fn measured(line: &str) -> Option<(String, u64, f64)> {
    let mut fields = line.splitn(3, ',');
    let step = fields.next()?.parse().ok()?;
    let value = fields.next()?.parse().ok()?;
    let key = fields.next().filter(|key| !key.is_empty())?;
    let inside = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
    Some((inside.map_or_else(|| key.to_owned(), |key| key.replace("\"\"", "\"")), step, value))
}

#[cfg(test)]
mod tests {
    use record::Journal as _;

    use super::*;
    use crate::{Folder, Work};

    fn a_run(data: &Path) -> String {
        let work = Work { application: "scaling", command: "fit", inputs: &[], seed: None };
        let mut journal = Folder::open(data, &work, Vec::new()).unwrap();
        journal.metric("loss", 0, 4.25);
        journal.close(Ok(())).unwrap().id
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_runs() {
        let all = runs(Path::new("no/such/folder")).unwrap();
        assert!(all.runs.is_empty() && all.unreadable.is_empty());
    }

    #[test]
    fn one_damaged_run_does_not_hide_the_others() {
        let data = tempfile::tempdir().unwrap();
        let (kept, damaged) = (a_run(data.path()), a_run(data.path()));
        fs::write(run_file(&run_folder(data.path(), &damaged).unwrap()), "{").unwrap();
        let all = runs(data.path()).unwrap();
        assert_eq!(all.runs.iter().map(|run| &run.id).collect::<Vec<_>>(), [&kept]);
        assert!(all.unreadable[0].to_string().contains("not the record of a run"));
    }

    #[test]
    fn half_a_last_line_is_not_half_a_number() {
        let data = tempfile::tempdir().unwrap();
        let id = a_run(data.path());
        let path = metrics_file(&run_folder(data.path(), &id).unwrap());
        fs::write(&path, format!("{METRICS_HEADER}\n0,4.25,loss\n1,4.1")).unwrap();
        assert_eq!(metrics(data.path(), &id).unwrap()["loss"], [(0, 4.25)]);
    }

    #[test]
    fn a_damaged_line_is_named() {
        let data = tempfile::tempdir().unwrap();
        let id = a_run(data.path());
        let path = metrics_file(&run_folder(data.path(), &id).unwrap());
        fs::write(&path, format!("{METRICS_HEADER}\n0,4.25,loss\n1,x,loss\n")).unwrap();
        let error = metrics(data.path(), &id).unwrap_err().to_string();
        assert!(error.contains("line 3 is not `step,value,metric`"), "{error}");
    }

    #[test]
    fn an_id_cannot_leave_the_folder_of_runs() {
        let data = tempfile::tempdir().unwrap();
        let id = a_run(data.path());
        assert!(run(data.path(), &format!("../runs/{id}")).is_err());
        assert!(artifact_file(data.path(), &id, "../run.json").is_err());
    }
}
