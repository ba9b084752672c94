//! What is kept, found, listed and collected.

use std::time::Duration;

use super::*;
use crate::Location;

struct Scratch {
    folder: tempfile::TempDir,
    files: Files,
}

fn scratch() -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    let rows = Rows::open(&Location::Sqlite(folder.path().join("fieldkit.db"))).unwrap();
    let files = Files::open(rows, &folder.path().join("artifacts"), None).unwrap();
    Scratch { folder, files }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn listed(files: &Files, folder: &str) -> Vec<String> {
    let entries = files.list(&name(folder)).unwrap();
    entries
        .into_iter()
        .map(|entry| match entry.file {
            Some(file) => format!("{} {}", entry.name, file.n_bytes),
            None => format!("{}/", entry.name),
        })
        .collect()
}

fn n_kept(scratch: &Scratch) -> usize {
    let mut n_kept = 0;
    scratch
        .files
        .bytes
        .walk(|_| {
            n_kept += 1;
            Ok(())
        })
        .unwrap();
    n_kept
}

#[test]
fn what_is_written_is_read() {
    let Scratch { files, folder: _kept } = scratch();
    files.write(&name("a/b.txt"), b"two dogs").unwrap();
    assert_eq!(files.read(&name("a/b.txt")).unwrap().all().unwrap(), b"two dogs");
}

#[test]
fn a_folder_lists_one_level_with_sizes() {
    let Scratch { files, folder: _kept } = scratch();
    for path in ["b.txt", "a/c.txt", "a/d/e.txt", "a.txt"] {
        files.write(&name(path), path.as_bytes()).unwrap();
    }
    assert_eq!(listed(&files, ""), ["a/", "a.txt 5", "b.txt 5"]);
    assert_eq!(listed(&files, "a"), ["c.txt 7", "d/"]);
    assert_eq!(listed(&files, "nothing"), [""; 0]);
}

#[test]
fn equal_bytes_are_kept_once() {
    let scratch = scratch();
    scratch.files.write(&name("a"), b"same").unwrap();
    scratch.files.write(&name("b"), b"same").unwrap();
    assert_eq!(n_kept(&scratch), 1);
    assert_eq!(listed(&scratch.files, ""), ["a 4", "b 4"]);
}

#[test]
fn a_name_that_is_written_again_has_the_newer_bytes() {
    let Scratch { files, folder: _kept } = scratch();
    files.write(&name("a"), b"old").unwrap();
    files.write(&name("a"), b"newer").unwrap();
    assert_eq!(listed(&files, ""), ["a 5"]);
}

#[test]
fn a_file_and_a_folder_never_share_a_name() {
    let Scratch { files, folder: _kept } = scratch();
    files.write(&name("a/b"), b"").unwrap();
    let below_a_file = files.write(&name("a/b/c"), b"").unwrap_err();
    assert_eq!(below_a_file, FileError::IsFile { name: "a/b".to_owned() });
    let over_a_folder = files.write(&name("a"), b"").unwrap_err();
    assert_eq!(over_a_folder, FileError::IsFolder { name: "a".to_owned() });
}

#[test]
fn a_deleted_folder_is_gone_with_all_that_was_in_it() {
    let Scratch { files, folder: _kept } = scratch();
    for path in ["a/b", "a/c/d", "a/c/e", "ab"] {
        files.write(&name(path), b"x").unwrap();
    }
    assert_eq!(files.delete(&name("a")), Ok(3));
    assert_eq!(listed(&files, ""), ["ab 1"]);
    assert_eq!(listed(&files, "a/c"), [""; 0]);
    assert_eq!(files.delete(&name("a")), Ok(0));
}

#[test]
fn only_bytes_without_a_name_are_collected() {
    let scratch = scratch();
    scratch.files.write(&name("kept"), b"kept").unwrap();
    let gone = scratch.files.write(&name("gone"), b"gone!").unwrap();
    scratch.files.delete(&name("gone")).unwrap();
    let garbage = vec![Garbage { digest: gone.digest, n_bytes: 5 }];
    let expected = Collected { garbage, n_bytes: 5, n_abandoned: 0 };

    assert_eq!(scratch.files.collect(Duration::ZERO, true).unwrap(), expected);
    assert_eq!(n_kept(&scratch), 2, "a dry run deletes nothing");
    assert_eq!(scratch.files.collect(Duration::ZERO, false).unwrap(), expected);
    assert_eq!(n_kept(&scratch), 1);
    assert_eq!(scratch.files.collect(Duration::ZERO, false).unwrap(), Collected::default());
}

#[test]
fn bytes_of_an_upload_in_flight_are_not_collected() {
    let scratch = scratch();
    let digest = scratch.files.write(&name("a"), b"bytes").unwrap().digest;
    scratch.files.delete(&name("a")).unwrap();
    let hour = Duration::from_secs(3600);
    assert_eq!(scratch.files.collect(hour, false).unwrap(), Collected::default(), "too young");
    scratch.files.pin("an upload that found them", &digest).unwrap();
    assert_eq!(scratch.files.collect(Duration::ZERO, false).unwrap(), Collected::default());
}

#[test]
fn an_upload_that_was_never_ended_is_collected_later() {
    let scratch = scratch();
    let mut upload = scratch.files.begin().unwrap();
    upload.write(b"half").unwrap();
    let (_, path) = upload.file.keep().unwrap();
    assert_eq!(scratch.files.collect(Duration::from_secs(3600), false).unwrap().n_abandoned, 0);
    assert_eq!(scratch.files.collect(Duration::ZERO, false).unwrap().n_abandoned, 1);
    assert!(!path.exists());
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_bytes_is_not_followed() {
    let scratch = scratch();
    let file = scratch.files.write(&name("a"), b"bytes").unwrap();
    let digits = file.digest.to_string();
    let path = scratch.folder.path().join("artifacts/sha256").join(&digits[..2]).join(&digits);
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
    assert!(matches!(scratch.files.read(&name("a")), Err(FileError::Lost { .. })));
}

#[test]
fn bytes_that_are_gone_are_an_error_and_not_an_empty_file() {
    let scratch = scratch();
    scratch.files.write(&name("a"), b"bytes").unwrap();
    fs::remove_dir_all(scratch.folder.path().join("artifacts/sha256")).unwrap();
    assert!(matches!(scratch.files.read(&name("a")), Err(FileError::Lost { .. })));
}

#[test]
fn a_piece_is_read_from_where_it_is_asked() {
    let Scratch { files, folder: _kept } = scratch();
    files.write(&name("a"), b"0123456789").unwrap();
    let mut reading = files.read(&name("a")).unwrap();
    assert_eq!(reading.piece(3, 4).unwrap(), b"3456");
    assert_eq!(reading.piece(8, 99).unwrap(), b"89");
    assert_eq!(reading.piece(10, 1).unwrap(), b"");
}

#[test]
fn a_url_that_is_no_bucket_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rows = Rows::open(&Location::Sqlite(folder.path().join("fieldkit.db"))).unwrap();
    for url in ["http://example.org/bucket", "s3://", "bucket"] {
        assert!(Files::open(rows.clone(), folder.path(), Some(url)).is_err(), "{url}");
    }
}
