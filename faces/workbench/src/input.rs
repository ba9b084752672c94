//! What a run read, with digests.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use record::{Dataset, Digest, Hasher, Journal};

use crate::Error;

/// How much of a file is held at once.
const BLOCK_BYTES: usize = 1024 * 1024;

/// What lies at `path`, which is a file or a folder.
///
/// A folder's digest is that of its sorted list of files: one line `DIGEST  NAME` each, names
/// relative with `/`. A link inside a folder stands for the file behind it; a link to a folder is
/// not followed. Pipes and devices have no digest, as reading would use them up: none.
///
/// # Errors
/// The file system's.
pub fn dataset(path: &Path, journal: &mut dyn Journal) -> Result<Option<Dataset>, Error> {
    let there = fs::metadata(path).map_err(Error::read(path))?;
    let (digest, n_bytes) = if there.is_file() {
        let mut progress = Progress { journal, done: 0, total: there.len() };
        file_digest(path, &mut progress)?
    } else if there.is_dir() {
        folder_digest(path, journal)?
    } else {
        return Ok(None);
    };
    Ok(Some(Dataset { name: path.display().to_string(), digest, n_bytes }))
}

/// How many bytes of all have been read.
struct Progress<'a> {
    journal: &'a mut dyn Journal,
    done: u64,
    total: u64,
}

impl Progress<'_> {
    /// Small inputs are over before a bar could be read.
    const SHOWN_FROM_BYTES: u64 = 256 * 1024 * 1024;

    fn add(&mut self, n_bytes: u64) {
        self.done += n_bytes;
        if self.total >= Self::SHOWN_FROM_BYTES {
            let mb = |n: u64| n / 1_000_000;
            self.journal.progress("MB of input checked", mb(self.done), mb(self.total));
        }
    }
}

fn file_digest(path: &Path, progress: &mut Progress) -> Result<(Digest, u64), Error> {
    let mut file = File::open(path).map_err(Error::read(path))?;
    let mut block = vec![0; BLOCK_BYTES];
    let mut hasher = Hasher::default();
    let mut n_bytes = 0;
    loop {
        let n = match file.read(&mut block) {
            Ok(0) => return Ok((hasher.finish(), n_bytes)),
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(Error::read(path)(e)),
        };
        hasher.update(&block[..n]);
        n_bytes += n as u64;
        progress.add(n as u64);
    }
}

fn folder_digest(folder: &Path, journal: &mut dyn Journal) -> Result<(Digest, u64), Error> {
    let mut files = Vec::new();
    list(folder, "", &mut files)?;
    files.sort();
    let total = files.iter().filter_map(|(_, path)| fs::metadata(path).ok()).map(|m| m.len()).sum();
    let mut progress = Progress { journal, done: 0, total };
    let mut hasher = Hasher::default();
    let mut n_bytes = 0;
    for (name, path) in files {
        let (digest, n) = file_digest(&path, &mut progress)?;
        hasher.update(format!("{digest}  {name}\n").as_bytes());
        n_bytes += n;
    }
    Ok((hasher.finish(), n_bytes))
}

/// Adds every file below `folder` by its name relative to the top.
fn list(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::read(folder))? {
        let entry = entry.map_err(Error::read(folder))?;
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(Error::read(&path))?;
        if kind.is_dir() {
            list(&path, &format!("{name}/"), files)?;
        } else if fs::metadata(&path).is_ok_and(|behind| behind.is_file()) {
            files.push((name, path));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use record::Silent;

    use super::*;

    fn of(path: &Path) -> Dataset {
        dataset(path, &mut Silent).unwrap().unwrap()
    }

    #[test]
    fn a_file_larger_than_a_block_has_the_digest_of_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.csv");
        let bytes = vec![b'7'; BLOCK_BYTES + 3];
        fs::write(&path, &bytes).unwrap();
        let there = of(&path);
        assert_eq!((there.digest, there.n_bytes), (Digest::of(&bytes), bytes.len() as u64));
    }

    #[test]
    fn a_folder_has_the_digest_of_its_list_of_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b/deep")).unwrap();
        fs::write(folder.path().join("z"), "last").unwrap();
        fs::write(folder.path().join("b/deep/a"), "first").unwrap();
        let list = format!("{}  b/deep/a\n{}  z\n", Digest::of(b"first"), Digest::of(b"last"));
        let there = of(folder.path());
        assert_eq!((there.digest, there.n_bytes), (Digest::of(list.as_bytes()), 9));
    }

    #[test]
    fn a_renamed_file_changes_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "same").unwrap();
        let before = of(folder.path());
        fs::rename(folder.path().join("a"), folder.path().join("b")).unwrap();
        assert_ne!(of(folder.path()).digest, before.digest);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_a_circle_ends() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "x").unwrap();
        let alone = of(folder.path());
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        assert_eq!(of(folder.path()).digest, alone.digest);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_has_no_digest() {
        assert_eq!(dataset(Path::new("/dev/null"), &mut Silent).unwrap(), None);
    }

    #[test]
    fn an_absent_file_is_an_error_with_its_name() {
        let error = dataset(Path::new("no/such.csv"), &mut Silent).unwrap_err();
        assert!(error.to_string().starts_with("cannot read no/such.csv: "), "{error}");
    }
}
