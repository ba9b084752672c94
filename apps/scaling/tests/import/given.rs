//! What the tests are given: files in a folder of their own, and an import of them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use record::Silent;
use scaling::Error;
use scaling::data::{Import, Limits, Options, Role, import, parse_map};

/// Files in a folder that is gone after the test.
pub(crate) struct Given {
    folder: tempfile::TempDir,
    pub(crate) options: Options,
}

/// Files by their path and content.
pub(crate) fn given(files: &[(&str, &str)]) -> Given {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(n, text)| (*n, text.as_bytes())).collect();
    given_bytes(&files)
}

pub(crate) fn given_bytes(files: &[(&str, &[u8])]) -> Given {
    let given = Given { folder: tempfile::tempdir().unwrap(), options: Options::default() };
    for (name, bytes) in files {
        let path = given.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    given
}

impl Given {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// As `--map` says.
    pub(crate) fn map(mut self, map: &str) -> Self {
        self.options.map = parse_map(map).unwrap();
        self
    }

    pub(crate) fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Imports files of the folder; the folder itself as ``.
    pub(crate) fn try_import(&self, names: &[&str]) -> Result<Import, Error> {
        let paths: Vec<PathBuf> = names
            .iter()
            .map(|n| if n.is_empty() { self.folder.path().to_owned() } else { self.path(n) })
            .collect();
        import(&paths, &self.options, &mut Silent)
    }

    pub(crate) fn import(&self, names: &[&str]) -> Import {
        self.try_import(names).unwrap()
    }

    /// The words of the error, without the folder's place.
    pub(crate) fn error(&self, names: &[&str]) -> String {
        self.plain(&self.try_import(names).unwrap_err().to_string())
    }

    pub(crate) fn notes(&self, import: &Import) -> Vec<String> {
        import.notes.iter().map(|note| self.plain(note)).collect()
    }

    fn plain(&self, text: &str) -> String {
        let place = self.folder.path().to_string_lossy().into_owned();
        text.replace(&format!("{place}/"), "").replace(&place, ".")
    }
}

/// Imports one file.
pub(crate) fn read(name: &str, text: &str) -> Import {
    given(&[(name, text)]).import(&[name])
}

/// The rows that were left out, as `line: why`.
pub(crate) fn rejected(import: &Import) -> Vec<String> {
    let line = |r: &scaling::data::Rejected| r.origin.line.unwrap_or_default();
    import.rejected.iter().map(|r| format!("{}: {}", line(r), r.why)).collect()
}

/// Every flag, as `run: flag`.
pub(crate) fn flags(import: &Import) -> Vec<String> {
    let runs = import.runs.iter();
    runs.flat_map(|r| r.flags.iter().map(move |f| format!("{}: {f}", r.id))).collect()
}

/// Which column was taken for what, of the first file.
pub(crate) fn columns(map: &str, header: &str, row: &str) -> String {
    let given = given(&[("t.csv", &format!("{header}\n{row}\n"))]).map(map);
    let import = given.import(&["t.csv"]);
    let notes = given.notes(&import);
    let columns = notes.iter().find(|n| n.contains(" from `")).unwrap();
    columns.strip_prefix("t.csv: ").unwrap().to_owned()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(vec![], Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A file of the real data beside the checkout, where it is there.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/scaling");
    let path = Path::new(folder).join(name);
    if !path.exists() {
        println!("skipped: ../shared is absent");
        return None;
    }
    Some(path)
}

/// Imports real files; none where they are absent.
pub(crate) fn read_shared(names: &[&str]) -> Option<Import> {
    let paths: Option<Vec<PathBuf>> = names.iter().map(|name| shared(name)).collect();
    Some(import(&paths?, &Options::default(), &mut Silent).unwrap())
}

/// `--map` as the library takes it.
pub(crate) fn map(pairs: &[(Role, &str)]) -> BTreeMap<Role, String> {
    pairs.iter().map(|(role, name)| (*role, (*name).to_owned())).collect()
}
