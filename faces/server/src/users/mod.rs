//! Who may do what, where the server was started with `--auth`. Knows nothing of what is asked:
//! only its method and its route.
//!
//! - [`Users`]: people and programs with their roles, passwords and tokens, in the database.
//! - `gate`: every request passes it; who is not known is sent away.
//! - `rights`: the least role of every route.
//! - `credentials`: what a request says about who sends it.
//! - `password`, `token`: the two kinds of secrets, and how they are kept.
//! - `attempts`: guessing is slow.
//! - `verified`: what was checked a moment ago is not checked again.

mod attempts;
mod credentials;
mod error;
mod gate;
mod password;
mod rights;
mod table;
mod token;
mod verified;

pub use error::Error;
pub(crate) use gate::{Gate, gate};
pub use table::{User, Users};

use std::fmt;
use std::str::FromStr;

/// What a user may do. Each role may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Look and download.
    Reader,
    /// Record, change and delete.
    Editor,
    /// Also say who the users are.
    Admin,
}

impl Role {
    /// All roles, the least first.
    pub const ALL: [Self; 3] = [Self::Reader, Self::Editor, Self::Admin];

    /// Its name on the command line and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| Error::Refused {
            what: format!("there is no role `{text}`"),
            hint: "a role is reader, editor or admin".to_owned(),
        })
    }
}

/// Who sent a request. In the request's extensions once the gate has let it pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user's name.
    pub name: String,
    /// What the user may do.
    pub role: Role,
}
