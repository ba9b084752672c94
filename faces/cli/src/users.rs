//! `fieldkit users`: who may use a server that was started with `--auth`. Works on the database
//! itself, beside a server that runs, which knows every change at its next request.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use console::Term;
use server::users::{self, Role as Rights};
use store::{Location, Rows};
use workbench::Error;

use crate::serve::Place;
use crate::terminal::say;

/// See `Command::Users`.
#[derive(Args)]
pub(crate) struct Users {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    place: Place,
}

#[derive(Subcommand)]
enum What {
    /// Add a user. The password is asked for, or read as the first line of stdin.
    Add {
        /// The name.
        name: String,
        /// What the user may do: look, also record and change, or also see to the users.
        #[arg(long, value_enum)]
        role: Role,
        /// Give no password: tokens alone, for a program.
        #[arg(long)]
        no_password: bool,
    },
    /// List all users.
    List,
    /// Give a user another role.
    Role {
        /// The name.
        name: String,
        /// The new role.
        role: Role,
    },
    /// Give a user another password.
    Password {
        /// The name.
        name: String,
    },
    /// Make a token, for `MLFLOW_TRACKING_TOKEN`. It is shown once.
    Token {
        /// The name of its user.
        name: String,
        /// Make all tokens of the user useless instead.
        #[arg(long)]
        revoke: bool,
    },
    /// Remove a user with all tokens. What the user recorded stays.
    Remove {
        /// The name.
        name: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    /// Look and download.
    Reader,
    /// Also record, change and delete.
    Editor,
    /// Also see to the users.
    Admin,
}

impl From<Role> for Rights {
    fn from(role: Role) -> Self {
        match role {
            Role::Reader => Self::Reader,
            Role::Editor => Self::Editor,
            Role::Admin => Self::Admin,
        }
    }
}

pub(crate) fn run(args: Users) -> Result<()> {
    std::fs::create_dir_all(&args.place.data)
        .with_context(|| format!("cannot make the folder {}", args.place.data.display()))?;
    let location = Location::of_folder(&args.place.data, args.place.database.as_deref());
    let rows = Rows::open(&location)?;
    let users = users::Users::open(rows).map_err(told)?;
    act(&users, args.what)
}

fn act(users: &users::Users, what: What) -> Result<()> {
    match what {
        What::Add { name, role, no_password } => {
            let password = if no_password { None } else { Some(ask_password(&name)?) };
            users.add(&name, role.into(), password.as_deref()).map_err(told)?;
            say(&format!("{name} is {} now", Rights::from(role)));
        }
        What::List => list(users)?,
        What::Role { name, role } => {
            users.set_role(&name, role.into()).map_err(told)?;
            say(&format!("{name} is {} now", Rights::from(role)));
        }
        What::Password { name } => {
            users.set_password(&name, &ask_password(&name)?).map_err(told)?;
            say(&format!("{name} has another password now"));
        }
        What::Token { name, revoke: true } => {
            let n_tokens = users.revoke_tokens(&name).map_err(told)?;
            say(&format!("{n_tokens} tokens of {name} are useless now"));
        }
        What::Token { name, revoke: false } => {
            let token = users.new_token(&name).map_err(told)?;
            writeln!(io::stdout(), "{token}")?;
            say("keep it now: it is not shown again");
        }
        What::Remove { name } => {
            users.remove(&name).map_err(told)?;
            say(&format!("{name} is no user any more"));
        }
    }
    Ok(())
}

fn list(users: &users::Users) -> Result<()> {
    let users = users.list().map_err(told)?;
    if users.is_empty() {
        say("there is no user yet: `fieldkit users add NAME --role admin` adds one");
        return Ok(());
    }
    let width = users.iter().map(|user| user.name.chars().count()).max().unwrap_or(0).max(4);
    let mut out = io::stdout().lock();
    writeln!(out, "{:width$}  role    password  tokens", "name")?;
    for user in users {
        let password = if user.has_password { "yes" } else { "no" };
        writeln!(out, "{:width$}  {:6}  {password:8}  {}", user.name, user.role, user.n_tokens)?;
    }
    Ok(())
}

/// Never an argument: those are seen by every program on the machine, and stay in histories.
fn ask_password(name: &str) -> Result<String> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).context("cannot read the password from stdin")?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let terminal = Term::stderr();
    let ask = |words: &str| -> Result<String> {
        terminal.write_str(words)?;
        Ok(terminal.read_secure_line()?)
    };
    let password = ask(&format!("password of {name}: "))?;
    if ask("once more: ")? != password {
        return Err(told(users::Error::Refused {
            what: "the two passwords are not the same".to_owned(),
            hint: "nothing was changed: try again".to_owned(),
        }));
    }
    Ok(password)
}

/// What a person can mend is said as all such errors of this program are.
fn told(error: users::Error) -> anyhow::Error {
    match error {
        users::Error::Refused { what, hint } => Error::Refused { what, hint }.into(),
        other => other.into(),
    }
}
