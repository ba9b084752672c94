//! One connection to either database, and the work that may be done with it. The only place that
//! knows how the two differ.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use postgres::{Client, NoTls, Statement};
use rusqlite::ErrorCode;

use crate::Error;
use crate::value::{Row, Value};

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// One file, made where it is absent.
    Sqlite(PathBuf),
    /// `postgres://user:password@host/database`.
    Postgres(String),
}

impl Location {
    /// The database of a folder of data: its own file, or the one that `database` names.
    pub fn of_folder(folder: &Path, database: Option<&str>) -> Self {
        match database {
            Some(url) => Self::Postgres(url.to_owned()),
            None => Self::Sqlite(folder.join("fieldkit.db")),
        }
    }

    /// The place in words, without a password.
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(url) => match (url.split_once("://"), url.rsplit_once('@')) {
                (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
                _ => "postgres".to_owned(),
            },
        }
    }
}

/// What the write-ahead log shrinks to once its pages are in the file: what SQLite lets it grow to
/// before it moves them.
const LOG_BYTES: i64 = 4 * 1024 * 1024;

/// How long a writer waits for another process that writes to the same database.
const BUSY: Duration = Duration::from_secs(20);

/// The key of PostgreSQL's advisory lock that lets one process write at a time, as SQLite does:
/// what is read before a write still holds when it is written, whatever other servers do.
const WRITE_LOCK: i64 = 0x6669_656c_646b_6974;

/// One connection.
pub(crate) struct Connection {
    location: Location,
    place: String,
    kind: Kind,
    /// The first statement of the present piece of work that was refused.
    refused: Option<Error>,
}

enum Kind {
    Sqlite(rusqlite::Connection),
    Postgres { client: Box<Client>, prepared: HashMap<String, Statement> },
}

impl Connection {
    pub(crate) fn open(location: &Location) -> Result<Self, Error> {
        let place = location.place();
        let kind = match location {
            Location::Sqlite(path) => {
                make_private(path);
                let opened = rusqlite::Connection::open(path).and_then(prepare);
                Kind::Sqlite(opened.map_err(|error| opening(&place, &error))?)
            }
            Location::Postgres(url) => {
                let client = connect(url).map_err(|error| Error::Unavailable {
                    place: place.clone(),
                    what: in_words(&error),
                    hint: "is the server running, and are user, password and database right?"
                        .to_owned(),
                })?;
                Kind::Postgres { client: Box::new(client), prepared: HashMap::new() }
            }
        };
        Ok(Self { location: location.clone(), place, kind, refused: None })
    }

    /// Does `begin`, on a new connection where the server has left this one while it was idle:
    /// nothing was done on it yet, so nobody has to know.
    fn begin(&mut self, begin: &str) -> Result<(), Error> {
        let mut begun = self.batch(begin);
        if matches!(begun, Err(Error::Unavailable { .. })) {
            *self = Self::open(&self.location)?;
            begun = self.batch(begin);
        }
        if begun.is_err() {
            // PostgreSQL begins before it waits for the lock.
            let _ = self.batch("ROLLBACK");
        }
        begun
    }

    /// Begins work that sees one state and writes nothing.
    pub(crate) fn begin_read(&mut self) -> Result<(), Error> {
        match self.kind {
            Kind::Sqlite(_) => self.begin("BEGIN"),
            Kind::Postgres { .. } => self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        }
    }

    /// Begins work that may write; nobody else writes until it ends.
    pub(crate) fn begin_write(&mut self) -> Result<(), Error> {
        match self.kind {
            Kind::Sqlite(_) => self.begin("BEGIN IMMEDIATE"),
            Kind::Postgres { .. } => {
                self.begin(&format!("BEGIN; SELECT pg_advisory_xact_lock({WRITE_LOCK})"))
            }
        }
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Sqlite(sqlite) => {
                sqlite.execute_batch(sql).map_err(|error| of_sqlite(&self.place, &error))
            }
            Kind::Postgres { client, .. } => {
                client.batch_execute(sql).map_err(|error| of_postgres(&self.place, &error))
            }
        }
    }

    /// Why the work since this was last asked cannot be kept, if a statement of it was refused.
    /// SQLite would do what follows it, PostgreSQL does not.
    pub(crate) fn take_refused(&mut self) -> Option<Error> {
        self.refused.take()
    }

    fn noted<T>(&mut self, done: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &done {
            self.refused.get_or_insert_with(|| error.clone());
        }
        done
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        let Connection { place, kind, .. } = self;
        match kind {
            Kind::Sqlite(sqlite) => sqlite
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(values)))
                .map(|n_rows| n_rows as u64)
                .map_err(|error| of_sqlite(place, &error)),
            Kind::Postgres { client, prepared } => prepared_statement(client, prepared, sql)
                .and_then(|statement| client.execute(&statement, &bound(values)))
                .map_err(|error| of_postgres(place, &error)),
        }
    }

    fn query<T>(
        &mut self,
        sql: &str,
        values: &[Value],
        mut make: impl FnMut(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let Connection { place, kind, .. } = self;
        match kind {
            Kind::Sqlite(sqlite) => {
                let wrong = |error: rusqlite::Error| of_sqlite(place, &error);
                let mut statement = sqlite.prepare_cached(sql).map_err(wrong)?;
                let mut answer =
                    statement.query(rusqlite::params_from_iter(values)).map_err(wrong)?;
                let mut made = Vec::new();
                while let Some(row) = answer.next().map_err(wrong)? {
                    made.push(make(&Row::Sqlite(row))?);
                }
                Ok(made)
            }
            Kind::Postgres { client, prepared } => {
                let answer = prepared_statement(client, prepared, sql)
                    .and_then(|statement| client.query(&statement, &bound(values)))
                    .map_err(|error| of_postgres(place, &error))?;
                answer.iter().map(|row| make(&Row::Postgres(row))).collect()
            }
        }
    }

    /// Whether a transaction is open. A full disk, or a lost server, ends one without a word.
    pub(crate) fn is_in_transaction(&self) -> bool {
        match &self.kind {
            Kind::Sqlite(sqlite) => !sqlite.is_autocommit(),
            Kind::Postgres { client, .. } => !client.is_closed(),
        }
    }

    /// Whether it can no longer be used.
    pub(crate) fn is_lost(&self) -> bool {
        match &self.kind {
            Kind::Sqlite(_) => false,
            Kind::Postgres { client, .. } => client.is_closed(),
        }
    }
}

/// A connection to PostgreSQL: each commit on disk before it is answered, whatever the server
/// usually does; and a program that stands still in the middle of its work, or is cut off, does
/// not keep the others waiting for ever.
fn connect(url: &str) -> Result<Client, postgres::Error> {
    let mut config: postgres::Config = url.parse()?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(10));
    }
    config.application_name("fieldkit");
    let mut client = config.connect(NoTls)?;
    let (busy, stuck) = (BUSY.as_millis(), BUSY.as_millis() * 3);
    client.batch_execute(&format!(
        "SET synchronous_commit = on; SET lock_timeout = {busy}; \
         SET idle_in_transaction_session_timeout = {stuck}; SET tcp_keepalives_idle = 30"
    ))?;
    Ok(client)
}

/// Makes the file of a database where it is absent, for nobody but its owner: records, and digests of
/// passwords, are in it. The log beside it gets the same rights from SQLite. What cannot be made here
/// is told by the opening that follows.
fn make_private(path: &Path) {
    let mut file = std::fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    let _ = file.open(path);
}

/// The settings of a connection to SQLite: readers beside one writer, each commit on disk before
/// it is answered, `LIKE` that tells `a` from `A` as PostgreSQL's does.
fn prepare(sqlite: rusqlite::Connection) -> rusqlite::Result<rusqlite::Connection> {
    sqlite.busy_timeout(BUSY)?;
    sqlite.pragma_update(None, "journal_mode", "WAL")?;
    sqlite.pragma_update(None, "synchronous", "FULL")?;
    sqlite.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    sqlite.pragma_update(None, "foreign_keys", true)?;
    sqlite.pragma_update(None, "case_sensitive_like", true)?;
    sqlite.pragma_update(None, "temp_store", "MEMORY")?;
    sqlite.set_prepared_statement_cache_capacity(128);
    Ok(sqlite)
}

/// What one piece of work may do: statements with `?` for each bound value.
///
/// Statements are written once for both databases: `BIGINT`, `DOUBLE PRECISION`, `TEXT`, `BYTEA`;
/// sums of whole numbers are cast to `BIGINT`; upserts are `INSERT … ON CONFLICT`. Text is sorted
/// and compared by its bytes, and `lower(x) LIKE lower(?)` knows the letters of ASCII. Work that may
/// write is over with the first statement that is refused: nothing of it is kept, whatever it
/// returns.
pub struct Tx<'a>(pub(crate) &'a mut Connection);

impl Tx<'_> {
    /// Does a statement and returns how many rows it touched.
    ///
    /// # Errors
    /// The database's.
    pub fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        let done = self.0.execute(sql, values);
        self.0.noted(done)
    }

    /// Every row of the answer, each made into a `T`.
    ///
    /// # Errors
    /// The database's, or the first of `make`.
    pub fn query<T>(
        &mut self,
        sql: &str,
        values: &[Value],
        make: impl FnMut(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let done = self.0.query(sql, values, make);
        self.0.noted(done)
    }

    /// The first row of the answer, if there is one.
    ///
    /// # Errors
    /// The database's, or that of `make`.
    pub fn first<T>(
        &mut self,
        sql: &str,
        values: &[Value],
        make: impl FnMut(&Row) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        Ok(self.query(sql, values, make)?.into_iter().next())
    }

    /// Several statements without values, of a migration. `{id}` stands for the column type of a
    /// number that the database counts up, `{clustered}` after the closing bracket of a table for
    /// "the rows lie in the order of the primary key", where the database can. `TEXT` is text that
    /// is sorted by its bytes, whatever language the database was made for.
    pub(crate) fn define(&mut self, sql: &str) -> Result<(), Error> {
        let (id, clustered, text) = match self.0.kind {
            Kind::Sqlite(_) => ("INTEGER PRIMARY KEY AUTOINCREMENT", "WITHOUT ROWID", " TEXT"),
            Kind::Postgres { .. } => {
                ("BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "", " TEXT COLLATE \"C\"")
            }
        };
        self.0.batch(
            &sql.replace("{id}", id).replace("{clustered}", clustered).replace(" TEXT", text),
        )
    }
}

fn prepared_statement(
    client: &mut Client,
    prepared: &mut HashMap<String, Statement>,
    sql: &str,
) -> Result<Statement, postgres::Error> {
    /// Statements of searches differ by what is searched: keep no more than this of them.
    const KEPT: usize = 256;
    if let Some(statement) = prepared.get(sql) {
        return Ok(statement.clone());
    }
    if prepared.len() >= KEPT {
        prepared.clear();
    }
    let statement = client.prepare(&numbered(sql))?;
    prepared.insert(sql.to_owned(), statement.clone());
    Ok(statement)
}

/// `?` outside of quotes as `$1`, `$2`, …, and `lower` as SQLite does it.
fn numbered(sql: &str) -> String {
    // A value has the language of the database, columns are of none.
    let sql = sql.replace("lower(?)", "lower(CAST(? AS TEXT) COLLATE \"C\")");
    let mut quote = None;
    let mut n = 0;
    let mut out = String::with_capacity(sql.len() + 16);
    for c in sql.chars() {
        match (quote, c) {
            (None, '?') => {
                n += 1;
                out.push_str(&format!("${n}"));
                continue;
            }
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
        out.push(c);
    }
    out
}

fn bound(values: &[Value]) -> Vec<&(dyn postgres::types::ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

fn opening(place: &str, error: &rusqlite::Error) -> Error {
    match of_sqlite(place, error) {
        Error::Sql { place, what } => Error::Unavailable {
            place,
            what,
            hint: "can the folder be written to? say another with --data".to_owned(),
        },
        other => other,
    }
}

fn of_sqlite(place: &str, error: &rusqlite::Error) -> Error {
    let (place, what) = (place.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Error::Damaged { place, what }
        }
        Some(ErrorCode::DiskFull) => Error::Full { place },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy { place },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            Error::Unavailable {
                place,
                what,
                hint: "can the file and its folder be written to? say another with --data"
                    .to_owned(),
            }
        }
        _ => Error::Sql { place, what },
    }
}

fn of_postgres(place: &str, error: &postgres::Error) -> Error {
    let (place, what) = (place.to_owned(), in_words(error));
    let cause = std::error::Error::source(error);
    if error.is_closed() || cause.is_some_and(|cause| cause.is::<std::io::Error>()) {
        let hint = "the server went away; the request was not answered, send it again".to_owned();
        return Error::Unavailable { place, what, hint };
    }
    // https://www.postgresql.org/docs/current/errcodes-appendix.html
    match error.code().map(postgres::error::SqlState::code) {
        Some("53100") => Error::Full { place },
        // The lock is not given in time.
        Some("55P03") => Error::Busy { place },
        // It is ending, was ended, or is starting.
        Some("57P01" | "57P02" | "57P03") => {
            let hint = "the server is being stopped or started; send it again".to_owned();
            Error::Unavailable { place, what, hint }
        }
        // It cut off work that stood still.
        Some("25P03" | "57P05") => {
            let hint = "the work stood still for too long; send it again".to_owned();
            Error::Unavailable { place, what, hint }
        }
        Some("53300") => {
            let hint = "end other programs, or raise max_connections of the server".to_owned();
            Error::Unavailable { place, what, hint }
        }
        _ => Error::Sql { place, what },
    }
}

/// The error with what the server said, which its own text leaves out.
fn in_words(error: &postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(said), _) => said.to_string(),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_outside_of_quotes() {
        assert_eq!(
            numbered("a = ? AND b = '?' AND \"c?\" = ?"),
            "a = $1 AND b = '?' AND \"c?\" = $2"
        );
    }

    #[test]
    fn a_place_has_no_password() {
        let team = Location::Postgres("postgres://ada:secret@db.local/team".to_owned());
        assert_eq!(team.place(), "postgres://db.local/team");
        let keyed = Location::Postgres("host=db.local password=secret".to_owned());
        assert_eq!(keyed.place(), "postgres");
    }
}
