//! `fieldkit serve`: the workbench's server, until it is told to stop.

use std::fs::OpenOptions;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use server::Ready;
use server::telemetry::{self, LevelFilter, LogFormat};

use crate::demo;
use crate::terminal::say;

/// See `Command::Serve`.
#[derive(Args)]
pub(crate) struct Serve {
    /// Address and port to listen on. Only this machine can reach the default.
    #[arg(long, default_value = "127.0.0.1:8484", value_name = "ADDRESS")]
    listen: SocketAddr,
    #[command(flatten)]
    place: Place,
    /// S3-compatible storage for the bytes of files, in place of the folder. Keys, region and
    /// endpoint come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL.
    #[arg(long, env = "FIELDKIT_ARTIFACTS", value_name = "s3://BUCKET/PREFIX")]
    artifacts: Option<String>,
    /// More names under which browsers and clients may ask, with or without a port; * is any.
    #[arg(long, env = "FIELDKIT_ALLOWED_HOSTS", value_delimiter = ',', value_name = "NAMES")]
    allowed_hosts: Vec<String>,
    /// Let only users in, each as far as the role goes: see `fieldkit users`.
    #[arg(long)]
    auth: bool,
    /// Let everybody who can reach the address do everything.
    #[arg(long, conflicts_with = "auth")]
    open_to_the_network: bool,
    /// How a line of the log on stderr looks.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    log_format: Format,
    /// The least that is logged: off, error, warn, info, debug (every request) or trace [default:
    /// error on a terminal, else info].
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<LevelFilter>,
    /// Open with runs to look at: a sample that the program carries, fitted and planned with. They
    /// are made in the folder where it has none yet.
    #[arg(long, conflicts_with = "database")]
    demo: bool,
}

/// Where the data is.
#[derive(Args)]
pub(crate) struct Place {
    /// Folder of the data: the database and the files.
    #[arg(
        long,
        global = true,
        env = "FIELDKIT_DATA",
        default_value = "fieldkit-data",
        value_name = "FOLDER"
    )]
    pub(crate) data: PathBuf,
    /// A PostgreSQL database in place of the one in the folder.
    #[arg(
        long,
        global = true,
        env = "FIELDKIT_DATABASE",
        hide_env_values = true,
        value_name = "postgres://…"
    )]
    pub(crate) database: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(crate) fn run(args: Serve) -> Result<()> {
    if args.demo {
        demo::record(&args.place.data)?;
    }
    let is_json = args.log_format == Format::Json;
    telemetry::log_to_stderr(
        if is_json { LogFormat::Json } else { LogFormat::Text },
        args.log_level.unwrap_or_else(|| default_level(is_json)),
    );
    let options = server::Options {
        listen: args.listen,
        data: args.place.data,
        database: args.place.database,
        artifacts: args.artifacts,
        allowed_hosts: args.allowed_hosts,
        auth: args.auth,
        open_to_the_network: args.open_to_the_network,
    };
    server::serve(&options, |ready| started(&ready, &options.data, is_json))?;
    if is_json {
        tracing::info!("stopped: all that was answered is on disk");
    } else {
        say("stopped: all that was answered is on disk");
    }
    Ok(())
}

/// A person at a terminal reads what went wrong, and what [`started`] says; a file takes more.
fn default_level(is_json: bool) -> LevelFilter {
    let is_read = !is_json && std::io::stderr().is_terminal();
    if is_read { LevelFilter::ERROR } else { LevelFilter::INFO }
}

fn started(ready: &Ready, data: &Path, is_json: bool) {
    if let Some(token) = &ready.first_token {
        tell_first_token(token, data, is_json);
    }
    let address = ready.address;
    if is_json {
        tracing::info!(%address, "answers");
    } else {
        say(&format!("fieldkit answers at http://{address} (Ctrl-C stops it)"));
    }
}

/// A secret for the person who started it: shown on a terminal; else in a file of its own, as what
/// we say is kept in a log.
fn tell_first_token(token: &str, data: &Path, is_json: bool) {
    let file = data.join("first-admin-token");
    if !is_json && std::io::stderr().is_terminal() {
        say(&format!(
            "there was no user: `admin` was added, with this token, which is not shown again\n  \
             {token}\n  hint: MLFLOW_TRACKING_TOKEN={token}, or in the browser `admin` with the \
             token as password; `fieldkit users` adds people"
        ));
    } else if let Err(error) = write_private(&file, token) {
        tracing::error!(%error, "the token of the first user `admin` was not kept: `fieldkit users token admin` makes another");
    } else {
        let file = file.display();
        tracing::warn!(%file, "there was no user: `admin` was added; its token is in this file, delete it once read");
    }
}

/// Writes a file that only its owner may read.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    writeln!(file.open(path)?, "{text}")
}
