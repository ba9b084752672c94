//! What a database promises, on SQLite.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failure with a place")]

use std::path::Path;
use std::thread;

use store::{Error, Location, Rows, values};

const TABLES: &[&str] = &["CREATE TABLE notes (id {id}, words TEXT NOT NULL UNIQUE)"];

fn open(folder: &Path) -> Rows {
    let rows = Rows::open(&Location::Sqlite(folder.join("rows.db"))).unwrap();
    rows.migrate("notes", TABLES).unwrap();
    rows
}

fn add(rows: &Rows, words: &str) -> Result<u64, Error> {
    let words = words.to_owned();
    rows.write(move |tx| tx.execute("INSERT INTO notes (words) VALUES (?)", values![&words]))
}

fn all(rows: &Rows) -> Vec<String> {
    rows.read(|tx| tx.query("SELECT words FROM notes ORDER BY id", values![], |row| row.get(0)))
        .unwrap()
}

#[test]
fn what_was_answered_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    add(&open(folder.path()), "one").unwrap();
    assert_eq!(all(&open(folder.path())), ["one"]);
}

#[test]
fn work_that_fails_leaves_nothing_and_does_not_disturb_others() {
    let folder = tempfile::tempdir().unwrap();
    let rows = open(folder.path());
    let failed = rows.write(|tx| {
        tx.execute("INSERT INTO notes (words) VALUES ('half')", values![])?;
        tx.execute("INSERT INTO nowhere VALUES (1)", values![])
    });
    assert!(matches!(failed, Err(Error::Sql { .. })), "{failed:?}");
    add(&rows, "whole").unwrap();
    assert_eq!(all(&rows), ["whole"]);
}

#[test]
fn many_writers_at_once_are_all_answered() {
    let folder = tempfile::tempdir().unwrap();
    let rows = open(folder.path());
    thread::scope(|scope| {
        for writer in 0..8 {
            let rows = &rows;
            scope.spawn(move || {
                for note in 0..20 {
                    add(rows, &format!("{writer}/{note}")).unwrap();
                }
            });
        }
    });
    assert_eq!(all(&rows).len(), 160);
    assert!(matches!(add(&rows, "3/7"), Err(Error::Sql { .. })), "a duplicate is refused");
}

#[test]
fn work_that_panics_panics_where_it_was_asked_for_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let rows = open(folder.path());
    let asked = rows.clone();
    let panicked = thread::spawn(move || {
        asked.write(|tx| -> Result<(), Error> {
            tx.execute("INSERT INTO notes (words) VALUES ('half')", values![])?;
            panic!("a bug")
        })
    });
    assert!(panicked.join().is_err());
    add(&rows, "whole").unwrap();
    assert_eq!(all(&rows), ["whole"]);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.db");
    std::fs::write(&path, "not a database, but somebody's notes ".repeat(100)).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = Rows::open(&Location::Sqlite(path.clone())).map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn tables_of_a_newer_program_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rows = open(folder.path());
    let error = rows.migrate("notes", &[]).unwrap_err();
    assert!(matches!(error, Error::Newer { found: 1, known: 0, .. }), "{error}");
}
