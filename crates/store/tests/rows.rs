//! What a database promises, the same on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failure with a place")]

use std::thread;

use store::{Error, Location, Rows, values};

const TABLES: &[&str] =
    &["CREATE TABLE notes (id {id}, words TEXT NOT NULL UNIQUE, weight DOUBLE PRECISION)"];

scratch_postgres::on_both_databases! {
    what_was_answered_is_there_after_opening_again,
    work_that_fails_leaves_nothing_and_does_not_disturb_others,
    work_that_goes_on_after_a_refused_statement_is_not_kept_in_part,
    many_writers_at_once_are_all_answered,
    what_is_read_before_a_write_holds_when_it_is_written,
    a_reader_sees_one_state,
    work_that_panics_panics_where_it_was_asked_for_and_nowhere_else,
    tables_are_made_once_by_whoever_comes_first,
    tables_of_a_newer_program_are_refused,
    a_migration_that_fails_leaves_the_tables_as_they_were,
    text_is_sorted_and_compared_by_its_bytes,
    a_pattern_tells_small_letters_from_capitals,
    numbers_come_back_to_the_last_bit,
    a_question_mark_in_quotes_is_text,
}

fn open(at: &Location) -> Rows {
    let rows = Rows::open(at).unwrap();
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

fn what_was_answered_is_there_after_opening_again(at: &Location) {
    add(&open(at), "one").unwrap();
    assert_eq!(all(&open(at)), ["one"]);
}

fn work_that_fails_leaves_nothing_and_does_not_disturb_others(at: &Location) {
    let rows = open(at);
    let failed = rows.write(|tx| {
        tx.execute("INSERT INTO notes (words) VALUES ('half')", values![])?;
        tx.execute("INSERT INTO nowhere VALUES (1)", values![])
    });
    assert!(matches!(failed, Err(Error::Sql { .. })), "{failed:?}");
    add(&rows, "whole").unwrap();
    assert_eq!(all(&rows), ["whole"]);
}

fn work_that_goes_on_after_a_refused_statement_is_not_kept_in_part(at: &Location) {
    let rows = open(at);
    add(&rows, "there").unwrap();
    let failed = rows.write(|tx| {
        tx.execute("INSERT INTO notes (words) VALUES ('before')", values![])?;
        let _ = tx.execute("INSERT INTO notes (words) VALUES ('there')", values![]);
        Ok::<_, Error>(())
    });
    assert!(matches!(failed, Err(Error::Sql { .. })), "{failed:?}");
    assert_eq!(all(&rows), ["there"]);
}

fn many_writers_at_once_are_all_answered(at: &Location) {
    let rows = open(at);
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

/// Four servers on one database, each with a writer of its own, count the notes and add one that
/// says how many there were. Had two read the same count, they would say the same.
fn what_is_read_before_a_write_holds_when_it_is_written(at: &Location) {
    open(at);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let rows = open(at);
                for _ in 0..10 {
                    let counted = rows.write(|tx| {
                        let n: i64 = tx
                            .first("SELECT COUNT(*) FROM notes", values![], |row| row.get(0))?
                            .unwrap();
                        let words = values![format!("note {n}")];
                        tx.execute("INSERT INTO notes (words) VALUES (?)", words)
                    });
                    counted.unwrap();
                }
            });
        }
    });
    let counted: Vec<String> = (0..40).map(|n| format!("note {n}")).collect();
    assert_eq!(all(&open(at)), counted);
}

fn a_reader_sees_one_state(at: &Location) {
    let rows = open(at);
    let count = "SELECT COUNT(*) FROM notes";
    let (before, after) = rows
        .read(|tx| {
            let before: Option<i64> = tx.first(count, values![], |row| row.get(0))?;
            add(&rows, "meanwhile")?;
            Ok::<_, Error>((before, tx.first(count, values![], |row| row.get::<i64>(0))?))
        })
        .unwrap();
    assert_eq!((before, after), (Some(0), Some(0)));
    assert_eq!(all(&rows), ["meanwhile"]);
}

fn work_that_panics_panics_where_it_was_asked_for_and_nowhere_else(at: &Location) {
    let rows = open(at);
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

fn tables_are_made_once_by_whoever_comes_first(at: &Location) {
    thread::scope(|scope| {
        for server in 0..4 {
            scope.spawn(move || add(&open(at), &server.to_string()).unwrap());
        }
    });
    assert_eq!(all(&open(at)).len(), 4);
}

fn tables_of_a_newer_program_are_refused(at: &Location) {
    let error = open(at).migrate("notes", &[]).unwrap_err();
    assert!(matches!(error, Error::Newer { found: 1, known: 0, .. }), "{error}");
}

fn a_migration_that_fails_leaves_the_tables_as_they_were(at: &Location) {
    const WRONG: &[&str] = &[TABLES[0], "ALTER TABLE notes ADD COLUMN a TEXT; SELEKT 1"];
    const RIGHT: &[&str] = &[TABLES[0], "ALTER TABLE notes ADD COLUMN a TEXT"];
    let rows = open(at);
    assert!(matches!(rows.migrate("notes", WRONG), Err(Error::Sql { .. })));
    rows.migrate("notes", RIGHT).unwrap();
    add(&rows, "whole").unwrap();
}

fn text_is_sorted_and_compared_by_its_bytes(at: &Location) {
    let rows = open(at);
    for words in ["b", "a", "B", "ä", "a b", "A", "a-b", "_"] {
        add(&rows, words).unwrap();
    }
    let sorted: Vec<String> = rows
        .read(|tx| tx.query("SELECT words FROM notes ORDER BY words", values![], |row| row.get(0)))
        .unwrap();
    assert_eq!(sorted, ["A", "B", "_", "a", "a b", "a-b", "b", "ä"]);
    let after: Vec<String> = rows
        .read(|tx| {
            let sql = "SELECT words FROM notes WHERE words > ? ORDER BY words DESC";
            tx.query(sql, values!["_"], |row| row.get(0))
        })
        .unwrap();
    assert_eq!(after, ["ä", "b", "a-b", "a b", "a"]);
}

fn a_pattern_tells_small_letters_from_capitals(at: &Location) {
    let rows = open(at);
    for words in ["Dog", "dog", "Ärger", "ärger"] {
        add(&rows, words).unwrap();
    }
    let like = |sql: &str, pattern: &str| -> Vec<String> {
        let sql = format!("SELECT words FROM notes WHERE {sql} ORDER BY id");
        rows.read(|tx| tx.query(&sql, values![pattern], |row| row.get(0))).unwrap()
    };
    assert_eq!(like("words LIKE ?", "d%"), ["dog"]);
    assert_eq!(like("lower(words) LIKE lower(?)", "D%"), ["Dog", "dog"]);
    assert_eq!(like("lower(words) LIKE lower(?)", "Ä%"), ["Ärger"], "letters of ASCII only");
}

fn numbers_come_back_to_the_last_bit(at: &Location) {
    let rows = open(at);
    // Not -0.0: SQLite keeps it as 0.0.
    let weights = [0.1 + 0.2, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, -f64::INFINITY];
    for (note, weight) in weights.into_iter().enumerate() {
        rows.write(move |tx| {
            let row = values![format!("note {note}"), weight];
            tx.execute("INSERT INTO notes (words, weight) VALUES (?, ?)", row)
        })
        .unwrap();
    }
    let back: Vec<f64> = rows
        .read(|tx| tx.query("SELECT weight FROM notes ORDER BY id", values![], |row| row.get(0)))
        .unwrap();
    assert_eq!(back, weights);
    let edges: (i64, i64) = rows
        .read(|tx| {
            let sql = "SELECT CAST(? AS BIGINT), CAST(? AS BIGINT)";
            tx.first(sql, values![i64::MIN, i64::MAX], |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .unwrap()
        .unwrap();
    assert_eq!(edges, (i64::MIN, i64::MAX));
}

fn a_question_mark_in_quotes_is_text(at: &Location) {
    let rows = open(at);
    add(&rows, "why?").unwrap();
    let found: Vec<String> = rows
        .read(|tx| {
            let sql = "SELECT words FROM notes WHERE words = 'why?' AND id >= ?";
            tx.query(sql, values![0], |row| row.get(0))
        })
        .unwrap();
    assert_eq!(found, ["why?"]);
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

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let rows = Rows::open(&Location::of_folder(folder.path(), None)).unwrap();
    rows.migrate("notes", TABLES).unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{file:?}");
    }
}
