//! `fieldkit serve`: the workbench's server, until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::demo;
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
    /// Open with runs to look at: a sample that the program carries, fitted and planned with. They
    /// are made in the folder where it has none yet.
    #[arg(long, conflicts_with = "database")]
    demo: bool,
}

pub(crate) fn run(args: Serve) -> Result<()> {
    if args.demo {
        demo::record(&args.data)?;
    }
    let options = server::Options { listen: args.listen, data: args.data, database: args.database };
    server::serve(&options, |address| {
        say(&format!("fieldkit answers at http://{address} (Ctrl-C stops it)"));
    })
}
