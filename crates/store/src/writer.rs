//! The one thread that writes. It takes all work that waits, does it in one transaction, each
//! piece under a savepoint of its own, commits once, and only then answers.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{Receiver, SyncSender};

use crate::Error;
use crate::connection::{Connection, Location, Tx};

/// How many pieces of work one commit may carry.
const MOST_PER_COMMIT: usize = 256;

/// A piece of work: `work` may run again when its transaction was lost, and keeps its result to
/// itself until `answer` hears whether that is on disk.
pub(crate) struct Job {
    /// Returns whether what it wrote shall stay.
    pub(crate) work: Box<dyn FnMut(&mut Tx) -> bool + Send>,
    pub(crate) answer: SyncSender<Result<(), Failed>>,
}

/// Why a piece of work has no result.
pub(crate) enum Failed {
    /// Nothing of it was written.
    Store(Error),
    /// The work panicked.
    Panicked(Box<dyn Any + Send>),
}

pub(crate) fn run(location: &Location, mut connection: Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(MOST_PER_COMMIT - 1));
        commit(location, &mut connection, batch);
    }
}

fn commit(location: &Location, connection: &mut Connection, mut batch: Vec<Job>) {
    match attempt(location, connection, &mut batch) {
        Ok(panicked) => {
            for (job, panic) in batch.into_iter().zip(panicked) {
                answer(&job, panic.map_or(Ok(()), |panic| Err(Failed::Panicked(panic))));
            }
        }
        // One piece must not fail for another's sake. What may have been committed is not done
        // again.
        Err(Broken { is_retried: true, .. }) if batch.len() > 1 => {
            for job in batch {
                commit(location, connection, vec![job]);
            }
        }
        Err(Broken { error, .. }) => {
            for job in &batch {
                answer(job, Err(Failed::Store(error.clone())));
            }
        }
    }
}

/// Who asked may have gone: the work is done all the same.
fn answer(job: &Job, result: Result<(), Failed>) {
    let _ = job.answer.send(result);
}

/// A transaction that was lost.
struct Broken {
    error: Error,
    is_retried: bool,
}

/// Does all of the batch in one transaction. Gives the panic of each piece that panicked.
fn attempt(
    location: &Location,
    connection: &mut Connection,
    batch: &mut [Job],
) -> Result<Vec<Option<Box<dyn Any + Send>>>, Broken> {
    let before = |error| Broken { error, is_retried: true };
    if connection.is_lost() {
        *connection = Connection::open(location).map_err(before)?;
    }
    connection.begin_write().map_err(before)?;
    let mut panicked = Vec::with_capacity(batch.len());
    for job in batch.iter_mut() {
        let done = under_savepoint(connection, job);
        if done.is_err() {
            // The transaction may be gone already.
            let _ = connection.batch("ROLLBACK");
        }
        panicked.push(done.map_err(before)?);
    }
    connection.batch("COMMIT").map_err(|error| {
        let is_retried = !connection.is_lost();
        let _ = connection.batch("ROLLBACK");
        Broken { error, is_retried }
    })?;
    Ok(panicked)
}

fn under_savepoint(
    connection: &mut Connection,
    job: &mut Job,
) -> Result<Option<Box<dyn Any + Send>>, Error> {
    connection.batch("SAVEPOINT piece")?;
    let done = panic::catch_unwind(AssertUnwindSafe(|| (job.work)(&mut Tx(connection))));
    if !connection.is_in_transaction() {
        return Err(Error::Sql {
            place: "the transaction".to_owned(),
            what: "it was ended by the database before its commit".to_owned(),
        });
    }
    match done {
        Ok(true) => connection.batch("RELEASE piece").map(|()| None),
        Ok(false) => connection.batch("ROLLBACK TO piece; RELEASE piece").map(|()| None),
        Err(panic) => connection.batch("ROLLBACK TO piece; RELEASE piece").map(|()| Some(panic)),
    }
}
