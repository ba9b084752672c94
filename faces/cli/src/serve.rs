//! `fieldkit serve`: the workbench's server, until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::terminal::say;

/// See `Command::Serve`.
#[derive(Args)]
pub(crate) struct Serve {
    /// Address and port to listen on. Only this machine can reach the default.
    #[arg(long, default_value = "127.0.0.1:8484", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Folder of the data: the database and the files.
    #[arg(long, env = "FIELDKIT_DATA", default_value = "fieldkit-data", value_name = "FOLDER")]
    data: PathBuf,
    /// A PostgreSQL database in place of the one in the folder.
    #[arg(long, env = "FIELDKIT_DATABASE", value_name = "postgres://…")]
    database: Option<String>,
    /// S3-compatible storage for the bytes of files, in place of the folder. Keys, region and
    /// endpoint come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL.
    #[arg(long, env = "FIELDKIT_ARTIFACTS", value_name = "s3://BUCKET/PREFIX")]
    artifacts: Option<String>,
    /// More names under which browsers and clients may ask, with or without a port; * is any.
    #[arg(long, env = "FIELDKIT_ALLOWED_HOSTS", value_delimiter = ',', value_name = "NAMES")]
    allowed_hosts: Vec<String>,
}

pub(crate) fn run(args: Serve) -> Result<()> {
    let options = server::Options {
        listen: args.listen,
        data: args.data,
        database: args.database,
        artifacts: args.artifacts,
        allowed_hosts: args.allowed_hosts,
    };
    server::serve(&options, |address| {
        say(&format!("fieldkit answers at http://{address} (Ctrl-C stops it)"));
    })
}
