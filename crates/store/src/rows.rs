//! A database: many who read, one who writes.

use std::panic;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::connection::{Connection, Location, Tx};
use crate::writer::{self, Failed, Job};
use crate::{Error, values};

/// A database. Clones are handles to the same one.
///
/// Its functions wait; async code calls them where waiting is allowed. The last handle to a
/// PostgreSQL database is dropped outside of async code.
#[derive(Clone)]
pub struct Rows(Arc<Inner>);

struct Inner {
    location: Location,
    readers: Mutex<Vec<Connection>>,
    /// None once it is being dropped.
    jobs: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
}

/// How many idle connections are kept for readers.
const IDLE_READERS: usize = 8;

impl Rows {
    /// Opens the database, and makes its file where it is absent.
    ///
    /// # Errors
    /// It cannot be reached, written to, or is damaged.
    pub fn open(location: &Location) -> Result<Self, Error> {
        let connection = Connection::open(location)?;
        let (jobs, waiting) = mpsc::channel();
        let writer = thread::Builder::new()
            .name("store writer".to_owned())
            .spawn(move || writer::run(connection, &waiting))
            .map_err(|error| Error::Unavailable {
                place: location.place(),
                what: error.to_string(),
                hint: "the system has no thread left: end other programs".to_owned(),
            })?;
        Ok(Self(Arc::new(Inner {
            location: location.clone(),
            readers: Mutex::default(),
            jobs: Some(jobs),
            writer: Some(writer),
        })))
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    /// Brings the tables of `owner` to the newest version: `migrations[0]` makes version 1, and
    /// so on. Each is done once, whole or not at all, whichever of several servers comes first.
    ///
    /// # Errors
    /// The database's, or a newer program has written it.
    pub fn migrate(&self, owner: &str, migrations: &'static [&'static str]) -> Result<(), Error> {
        let (owner, place) = (owner.to_owned(), self.0.location.place());
        self.write(move |tx| {
            tx.define(
                "CREATE TABLE IF NOT EXISTS migrations (owner TEXT NOT NULL, version BIGINT NOT \
                 NULL, PRIMARY KEY (owner, version))",
            )?;
            let found: i64 = tx
                .first(
                    "SELECT COALESCE(MAX(version), 0) FROM migrations WHERE owner = ?",
                    values![&owner],
                    |row| row.get(0),
                )?
                .unwrap_or(0);
            let known = migrations.len() as i64;
            if found > known {
                let (owner, place) = (owner.clone(), place.clone());
                return Err(Error::Newer { owner, place, found, known });
            }
            for (version, migration) in (1..).zip(migrations).skip(found as usize) {
                tx.define(migration)?;
                let row = values![&owner, version];
                tx.execute("INSERT INTO migrations (owner, version) VALUES (?, ?)", row)?;
            }
            Ok(())
        })
    }

    /// Does work that only reads. It sees one state, whatever is written meanwhile.
    ///
    /// # Errors
    /// The database's, or that of the work.
    pub fn read<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) if !connection.is_lost() => connection,
            _ => Connection::open(&self.0.location)?,
        };
        connection.begin_read()?;
        let result = work(&mut Tx(&mut connection));
        // Nothing was written; a connection that cannot even end this is not kept.
        if connection.batch("ROLLBACK").is_ok() {
            let mut readers = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < IDLE_READERS {
                readers.push(connection);
            }
        }
        result
    }

    /// Does work that may write, whole or not at all, and returns when it is on disk. Where the
    /// work returns an error nothing of it stays. The work may run more than once: only its last
    /// run counts.
    ///
    /// # Errors
    /// The database's, or that of the work.
    pub fn write<T, E>(
        &self,
        mut work: impl FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let slot = Arc::new(Mutex::new(None));
        let filled = Arc::clone(&slot);
        let (answer, answered) = mpsc::sync_channel(1);
        let work = Box::new(move |tx: &mut Tx| {
            let result = work(tx);
            let is_kept = result.is_ok();
            *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            is_kept
        });
        let sent = self.0.jobs.as_ref().map(|jobs| jobs.send(Job { work, answer }));
        match (sent, answered.recv()) {
            (Some(Ok(())), Ok(Ok(()))) => {
                let result = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                result.unwrap_or_else(|| Err(self.stopped().into()))
            }
            (_, Ok(Err(Failed::Store(error)))) => {
                // What the work itself was told says more: that the disk is full, say.
                let told = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                told.filter(Result::is_err).unwrap_or_else(|| Err(error.into()))
            }
            (_, Ok(Err(Failed::Panicked(panic)))) => panic::resume_unwind(panic),
            _ => Err(self.stopped().into()),
        }
    }

    fn stopped(&self) -> Error {
        Error::Unavailable {
            place: self.0.location.place(),
            what: "its writer has stopped".to_owned(),
            hint: "start the program again".to_owned(),
        }
    }
}

impl Drop for Inner {
    /// What was begun is written, and the file closed.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
