//! What every command that writes or reads records is told: where they are, and which to show.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use tracking::{Page, Query};
use workbench::{Place, Workbench};

/// Where records are.
#[derive(Args)]
pub(crate) struct Records {
    /// Folder of the records: the database and the files.
    #[arg(
        long,
        global = true,
        env = "FIELDKIT_DATA",
        default_value = "fieldkit-data",
        value_name = "FOLDER"
    )]
    data: PathBuf,
    /// A PostgreSQL database in place of the one in the folder.
    #[arg(
        long,
        global = true,
        env = "FIELDKIT_DATABASE",
        hide_env_values = true,
        value_name = "postgres://…"
    )]
    database: Option<String>,
    /// S3-compatible storage for the bytes of files in place of the folder.
    #[arg(long, global = true, env = "FIELDKIT_ARTIFACTS", value_name = "s3://BUCKET/PREFIX")]
    artifacts: Option<String>,
    /// Records with this server in place of folder and database: a `fieldkit serve`, or one of
    /// MLflow's.
    #[arg(
        long,
        global = true,
        env = "FIELDKIT_SERVER",
        hide_env_values = true,
        value_name = "URL"
    )]
    server: Option<String>,
}

impl Records {
    pub(crate) fn place(&self) -> Place {
        match &self.server {
            Some(url) => Place::Server(url.clone()),
            None => Place::Here {
                data: self.data.clone(),
                database: self.database.clone(),
                artifacts: self.artifacts.clone(),
            },
        }
    }

    /// The folder: surveys lie in it, wherever the records do.
    pub(crate) fn folder(&self) -> &Path {
        &self.data
    }

    /// Opens records that are to be read. A folder that is not there is not made.
    pub(crate) fn open(&self) -> Result<Option<Workbench>, workbench::Error> {
        let is_absent = self.server.is_none() && self.database.is_none() && !self.data.exists();
        if is_absent { Ok(None) } else { Workbench::open(&self.place()).map(Some) }
    }
}

/// Which to show.
#[derive(Args)]
pub(crate) struct Search {
    /// Only those: clauses in MLflow's search language, joined by AND. Of runs, such as
    /// "metrics.loss < 1.5 AND params.law = 'chinchilla'"; of the others, such as
    /// "name LIKE 'craters%' AND tags.team = 'moon'".
    #[arg(long, default_value = "", hide_default_value = true, value_name = "CLAUSES")]
    filter: String,
    /// In this order, such as "metrics.loss ASC" of runs or "name ASC" of the others; more than
    /// once for more than one key.
    #[arg(long, value_name = "KEY [ASC|DESC]")]
    order_by: Vec<String>,
    /// At most this many.
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    max: i64,
}

impl Search {
    pub(crate) fn query(&self) -> Query {
        Query {
            filter: self.filter.clone(),
            order_by: self.order_by.clone(),
            max_results: self.max,
            ..Query::default()
        }
    }
}

/// Every page of what a query finds.
pub(crate) fn every_page<T>(
    mut query: Query,
    search: impl Fn(&Query) -> Result<Page<T>, workbench::Error>,
) -> Result<Vec<T>, workbench::Error> {
    let mut all = Vec::new();
    loop {
        let page = search(&query)?;
        all.extend(page.items);
        query.page_token = page.next_page_token;
        if query.page_token.is_none() {
            return Ok(all);
        }
    }
}

/// `2026-11-20 10:00:00 UTC`, or `-` where nothing is known.
pub(crate) fn time(ms: Option<i64>) -> String {
    let time = ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    time.map_or_else(|| "-".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}
