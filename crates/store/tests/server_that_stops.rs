//! A PostgreSQL server that is stopped, as by a power cut, and started again while clients write.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failure with a place")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use scratch_postgres::Server;
use store::{Error, Location, Rows, values};

fn open(url: &str) -> Rows {
    let rows = Rows::open(&Location::Postgres(url.to_owned())).unwrap();
    rows.migrate("notes", &["CREATE TABLE notes (words TEXT NOT NULL UNIQUE)"]).unwrap();
    rows
}

fn add(rows: &Rows, words: &str) -> Result<u64, Error> {
    let words = words.to_owned();
    rows.write(move |tx| tx.execute("INSERT INTO notes (words) VALUES (?)", values![&words]))
}

fn all(rows: &Rows) -> Result<Vec<String>, Error> {
    rows.read(|tx| tx.query("SELECT words FROM notes", values![], |row| row.get(0)))
}

#[test]
fn a_server_that_was_started_again_is_used_again_as_if_nothing_had_been() {
    let Some(mut server) = Server::start() else { return };
    let rows = open(&server.database());
    add(&rows, "before").unwrap();
    assert_eq!(all(&rows).unwrap(), ["before"]);
    server.stop();
    assert!(matches!(add(&rows, "meanwhile"), Err(Error::Unavailable { .. })));
    assert!(matches!(all(&rows), Err(Error::Unavailable { .. })));
    server.start_again();
    // The writer and the readers had connections, and each finds a new one.
    assert_eq!(all(&rows).unwrap(), ["before"]);
    add(&rows, "after").unwrap();
    assert_eq!(all(&rows).unwrap(), ["before", "after"]);
}

#[test]
fn what_was_answered_is_there_after_the_server_stops_in_the_middle() {
    let Some(mut server) = Server::start() else { return };
    let url = server.database();
    let rows = open(&url);
    let is_over = AtomicBool::new(false);
    let answered: BTreeSet<String> = thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (rows, is_over) = (open(&url), &is_over);
                scope.spawn(move || {
                    let mut answered = Vec::new();
                    let notes = (0..).map(|note| format!("{writer}/{note}"));
                    for words in notes.take_while(|_| !is_over.load(Ordering::Relaxed)) {
                        match add(&rows, &words) {
                            Ok(_) => answered.push(words),
                            // Clients wait a little before they try again.
                            Err(Error::Unavailable { .. }) => {
                                thread::sleep(Duration::from_millis(5));
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                    answered
                })
            })
            .collect();
        for _ in 0..3 {
            let n_before = all(&rows).unwrap().len();
            wait_until(|| all(&rows).unwrap().len() > n_before + 20);
            server.stop();
            server.start_again();
        }
        wait_until(|| add(&rows, "the last").is_ok());
        is_over.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let there: BTreeSet<String> = all(&rows).unwrap().into_iter().collect();
    let lost: Vec<_> = answered.difference(&there).collect();
    assert!(lost.is_empty() && answered.len() > 60, "{} answered, lost: {lost:?}", answered.len());
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(60), "it takes for ever");
        thread::sleep(Duration::from_millis(5));
    }
}
