//! Users and tokens in the database. Every change is on disk when its function returns, and holds
//! for the next request of every server on that database.

use std::time::{SystemTime, UNIX_EPOCH};

use store::{Row, Rows, Tx, values};

use super::{Caller, Error, Role, password, token};

const MIGRATIONS: &[&str] = &["
    CREATE TABLE users (
        name TEXT NOT NULL PRIMARY KEY,
        role TEXT NOT NULL,
        password TEXT,
        created_ms BIGINT NOT NULL
    );
    CREATE TABLE user_tokens (
        digest BYTEA NOT NULL PRIMARY KEY,
        user_name TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
        created_ms BIGINT NOT NULL
    );
    CREATE INDEX user_tokens_of_user ON user_tokens (user_name);
"];

/// The longest name of a user, in characters.
const MOST_CHARS: usize = 64;

/// The users of one database. Its functions wait for the database.
#[derive(Clone)]
pub struct Users(Rows);

/// A user, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name, which is never changed.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// Whether there is a password; there may be tokens alone.
    pub has_password: bool,
    /// How many tokens there are.
    pub n_tokens: i64,
    /// When the user was added, in milliseconds since 1970.
    pub created_ms: i64,
}

/// What the database knows of a user who says a password.
pub(crate) struct Known {
    pub(crate) caller: Caller,
    pub(crate) password: Option<String>,
}

impl Users {
    /// Opens the users in `rows`, and makes their tables where they are absent.
    ///
    /// # Errors
    /// The database's.
    pub fn open(rows: Rows) -> Result<Self, Error> {
        rows.migrate("users", MIGRATIONS)?;
        Ok(Self(rows))
    }

    /// All users by name.
    ///
    /// # Errors
    /// The database's.
    pub fn list(&self) -> Result<Vec<User>, Error> {
        self.0.read(|tx| {
            let sql = "SELECT name, role, CAST(password IS NOT NULL AS BIGINT), created_ms, \
                       (SELECT COUNT(*) FROM user_tokens WHERE user_name = name) \
                       FROM users ORDER BY name";
            tx.query(sql, values![], |row| {
                let has_password: i64 = row.get(2)?;
                Ok((row.get(0)?, row.get::<String>(1)?, has_password, row.get(3)?, row.get(4)?))
            })?
            .into_iter()
            .map(|(name, role, has_password, created_ms, n_tokens)| {
                let (role, has_password) = (role.parse()?, has_password != 0);
                Ok(User { name, role, has_password, n_tokens, created_ms })
            })
            .collect()
        })
    }

    /// Adds a user, who may have no password and sign in by tokens alone.
    ///
    /// # Errors
    /// The name is taken or no name, the password too short, or the database's.
    pub fn add(&self, name: &str, role: Role, password: Option<&str>) -> Result<(), Error> {
        check_name(name)?;
        let (name, hash) = (name.to_owned(), password.map(password::hash).transpose()?);
        self.0.write(move |tx| {
            if exists(tx, &name)? {
                return Err(Error::Refused {
                    what: format!("there is a user `{name}` already"),
                    hint: "`fieldkit users role` and `fieldkit users password` change one"
                        .to_owned(),
                });
            }
            insert(tx, &name, role, hash.as_deref())
        })
    }

    /// Gives a user another role.
    ///
    /// # Errors
    /// No such user, or the database's.
    pub fn set_role(&self, name: &str, role: Role) -> Result<(), Error> {
        let name = name.to_owned();
        self.0.write(move |tx| {
            let set = values![role.name(), &name];
            touched(&name, tx.execute("UPDATE users SET role = ? WHERE name = ?", set)?)
        })
    }

    /// Gives a user another password.
    ///
    /// # Errors
    /// No such user, the password is too short, or the database's.
    pub fn set_password(&self, name: &str, password: &str) -> Result<(), Error> {
        let (name, hash) = (name.to_owned(), password::hash(password)?);
        self.0.write(move |tx| {
            let set = values![&hash, &name];
            touched(&name, tx.execute("UPDATE users SET password = ? WHERE name = ?", set)?)
        })
    }

    /// Removes a user with all tokens.
    ///
    /// # Errors
    /// No such user, or the database's.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        let name = name.to_owned();
        self.0.write(move |tx| {
            touched(&name, tx.execute("DELETE FROM users WHERE name = ?", values![&name])?)
        })
    }

    /// Makes a token of the user. It is said here and never again.
    ///
    /// # Errors
    /// No such user, or the database's.
    pub fn new_token(&self, name: &str) -> Result<String, Error> {
        let (name, token) = (name.to_owned(), token::generate()?);
        let digest = token::digest(&token);
        self.0.write(move |tx| {
            touched(&name, exists(tx, &name)?.into())?;
            insert_token(tx, &digest, &name)
        })?;
        Ok(token)
    }

    /// Makes all tokens of the user useless and returns how many there were.
    ///
    /// # Errors
    /// No such user, or the database's.
    pub fn revoke_tokens(&self, name: &str) -> Result<u64, Error> {
        let name = name.to_owned();
        self.0.write(move |tx| {
            touched(&name, exists(tx, &name)?.into())?;
            Ok(tx.execute("DELETE FROM user_tokens WHERE user_name = ?", values![&name])?)
        })
    }

    /// Where there is no user yet: adds `admin`, and returns a token of it.
    ///
    /// # Errors
    /// The database's.
    pub fn first_admin(&self) -> Result<Option<String>, Error> {
        let token = token::generate()?;
        let digest = token::digest(&token);
        let is_first = self.0.write(move |tx| {
            let n_users: Option<i64> =
                tx.first("SELECT COUNT(*) FROM users", values![], |row| row.get(0))?;
            if n_users != Some(0) {
                return Ok::<_, Error>(false);
            }
            insert(tx, "admin", Role::Admin, None)?;
            insert_token(tx, &digest, "admin")?;
            Ok(true)
        })?;
        Ok(is_first.then_some(token))
    }

    /// The user of that name.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Known>, Error> {
        let sql = "SELECT name, role, password FROM users WHERE name = ?";
        let found = self
            .0
            .read(|tx| tx.first(sql, values![name], |row| Ok((caller_row(row)?, row.get(2)?))))?;
        found.map(|(caller, password)| Ok(Known { caller: of_row(caller)?, password })).transpose()
    }

    /// The user whose token it is.
    pub(crate) fn of_token(&self, token: &str) -> Result<Option<Caller>, Error> {
        let sql = "SELECT name, role FROM user_tokens JOIN users ON name = user_name \
                   WHERE digest = ?";
        let digest = token::digest(token);
        self.0.read(|tx| tx.first(sql, values![digest], caller_row))?.map(of_row).transpose()
    }
}

fn caller_row(row: &Row) -> Result<(String, String), store::Error> {
    Ok((row.get(0)?, row.get(1)?))
}

fn of_row((name, role): (String, String)) -> Result<Caller, Error> {
    Ok(Caller { name, role: role.parse()? })
}

fn exists(tx: &mut Tx, name: &str) -> Result<bool, Error> {
    let found: Option<String> =
        tx.first("SELECT name FROM users WHERE name = ?", values![name], |row| row.get(0))?;
    Ok(found.is_some())
}

fn insert(tx: &mut Tx, name: &str, role: Role, password: Option<&str>) -> Result<(), Error> {
    let sql = "INSERT INTO users (name, role, password, created_ms) VALUES (?, ?, ?, ?)";
    tx.execute(sql, values![name, role.name(), password, now_ms()])?;
    Ok(())
}

fn insert_token(tx: &mut Tx, digest: &[u8], name: &str) -> Result<(), Error> {
    let sql = "INSERT INTO user_tokens (digest, user_name, created_ms) VALUES (?, ?, ?)";
    tx.execute(sql, values![digest.to_vec(), name, now_ms()])?;
    Ok(())
}

fn touched(name: &str, n_rows: u64) -> Result<(), Error> {
    if n_rows == 0 {
        return Err(Error::Refused {
            what: format!("there is no user `{name}`"),
            hint: "`fieldkit users list` shows all of them".to_owned(),
        });
    }
    Ok(())
}

/// HTTP's Basic scheme ends a name at the first colon.
fn check_name(name: &str) -> Result<(), Error> {
    let is_name = !name.is_empty()
        && name.trim() == name
        && name.chars().count() <= MOST_CHARS
        && !name.chars().any(|c| c == ':' || c.is_control());
    is_name.then_some(()).ok_or_else(|| Error::Refused {
        what: format!("{name:?} cannot be the name of a user"),
        hint: format!("take at most {MOST_CHARS} characters, no colon, no space at the ends"),
    })
}

fn now_ms() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}
