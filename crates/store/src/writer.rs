//! The one thread that writes. It takes all work that waits, does it in one transaction, each
//! piece under a savepoint of its own, commits once, and only then answers.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{Receiver, SyncSender};

use crate::Error;
use crate::connection::{Connection, Tx};

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

pub(crate) fn run(mut connection: Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(MOST_PER_COMMIT - 1));
        commit(&mut connection, batch);
    }
}

fn commit(connection: &mut Connection, mut batch: Vec<Job>) {
    match attempt(connection, &mut batch) {
        Ok(done) => {
            for (job, result) in batch.iter().zip(done) {
                answer(job, result);
            }
        }
        // One piece must not fail for another's sake. What may have been committed is not done
        // again.
        Err(Broken { is_retried: true, .. }) if batch.len() > 1 => {
            for job in batch {
                commit(connection, vec![job]);
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
    /// Whether each piece alone may do better.
    is_retried: bool,
}

/// Does all of the batch in one transaction. Gives how each piece ended.
fn attempt(
    connection: &mut Connection,
    batch: &mut [Job],
) -> Result<Vec<Result<(), Failed>>, Broken> {
    connection.begin_write().map_err(|error| Broken { error, is_retried: false })?;
    let mut ended = Vec::with_capacity(batch.len());
    for job in batch.iter_mut() {
        let done = under_savepoint(connection, job);
        if done.is_err() {
            // The transaction may be gone already.
            let _ = connection.batch("ROLLBACK");
        }
        ended.push(done.map_err(|error| Broken { error, is_retried: true })?);
    }
    connection.batch("COMMIT").map_err(|error| {
        // A server that went away may have done it.
        let is_retried = !matches!(error, Error::Unavailable { .. });
        let _ = connection.batch("ROLLBACK");
        Broken { error, is_retried }
    })?;
    Ok(ended)
}

/// Does one piece, which is kept or leaves nothing. Gives how it ended.
fn under_savepoint(
    connection: &mut Connection,
    job: &mut Job,
) -> Result<Result<(), Failed>, Error> {
    connection.batch("SAVEPOINT piece")?;
    connection.take_refused();
    let done = panic::catch_unwind(AssertUnwindSafe(|| (job.work)(&mut Tx(connection))));
    if !connection.is_in_transaction() {
        return Err(connection.take_refused().unwrap_or_else(|| Error::Sql {
            place: "the transaction".to_owned(),
            what: "it was ended by the database before its commit".to_owned(),
        }));
    }
    let (is_kept, result) = match (done, connection.take_refused()) {
        (Err(panic), _) => (false, Err(Failed::Panicked(panic))),
        (Ok(_), Some(error)) => (false, Err(Failed::Store(error))),
        (Ok(is_kept), None) => (is_kept, Ok(())),
    };
    let end = if is_kept { "RELEASE piece" } else { "ROLLBACK TO piece; RELEASE piece" };
    connection.batch(end).map(|()| result)
}
