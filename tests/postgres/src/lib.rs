//! A real PostgreSQL server for tests: started from what the system has installed, in a folder of
//! its own, gone when the test ends. Knows nothing of ours.
//!
//! ```
//! // None where PostgreSQL is not installed; why not is printed.
//! if let Some(url) = scratch_postgres::database() {
//!     assert!(url.starts_with("postgres://postgres@127.0.0.1:"));
//! }
//! ```

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};

/// Makes two modules of the tests named, `on_sqlite` and `on_postgres`. Each test is a function of
/// a `&store::Location` with nothing in it. Where PostgreSQL is not installed, `on_postgres` says
/// so.
#[macro_export]
macro_rules! on_both_databases {
    ($($test:ident,)*) => {
        mod on_sqlite {$(
            #[test]
            fn $test() {
                let folder = tempfile::tempdir().unwrap();
                super::$test(&store::Location::Sqlite(folder.path().join("scratch.db")));
            }
        )*}
        mod on_postgres {$(
            #[test]
            fn $test() {
                if let Some(url) = $crate::database() {
                    super::$test(&store::Location::Postgres(url));
                }
            }
        )*}
    };
}

/// The URL of a fresh database, on the one server of this process.
pub fn database() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(Server::start).as_ref().map(Server::database)
}

/// A server. It writes to disk as any other does, and goes away with its folder when this is
/// dropped or the process ends, however it ends.
pub struct Server {
    port: u16,
    /// None once it is being dropped.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    script: Child,
    n_databases: AtomicU32,
}

impl Server {
    /// Starts one. None, with a line that says so, where PostgreSQL is not installed.
    ///
    /// # Panics
    /// It is installed and does not start: a test that cannot be done has failed.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            // Not through the macro, whose words a test that passes keeps to itself.
            let why = "PostgreSQL is not installed (Debian: `apt-get install postgresql`)";
            let _ = writeln!(std::io::stderr(), "skipped: {why}");
            return None;
        };
        let port = free_port();
        let mut script = as_somebody()
            .args(["sh", "-c", include_str!("server.sh"), "server.sh"])
            .args([programs.as_os_str(), port.to_string().as_ref()])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let orders = script.stdin.take();
        let answers = BufReader::new(script.stdout.take().expect("a pipe"));
        let mut server = Self { port, orders, answers, script, n_databases: 0.into() };
        server.hear("ready");
        Some(server)
    }

    /// The URL of a fresh database. It sorts text as people read it, not by bytes, as most
    /// databases out there do.
    ///
    /// # Panics
    /// The server is stopped.
    pub fn database(&self) -> String {
        let name = format!("scratch_{}", self.n_databases.fetch_add(1, Ordering::Relaxed));
        Client::connect(&self.url("postgres"), NoTls)
            .and_then(|mut client| {
                client.batch_execute(&format!(
                    "CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'"
                ))
            })
            .expect("a server that makes databases");
        self.url(&name)
    }

    /// Ends it in the middle of whatever it does. The databases stay.
    ///
    /// # Panics
    /// It is stopped already.
    pub fn stop(&mut self) {
        self.order("stop");
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// It does not start.
    pub fn start_again(&mut self) {
        self.order("start");
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn order(&mut self, order: &str) {
        let orders = self.orders.as_mut().expect("it is not dropped yet");
        writeln!(orders, "{order}").expect("the script listens");
        self.hear(order);
    }

    fn hear(&mut self, expected: &str) {
        let mut said = String::new();
        let heard = self.answers.read_line(&mut said);
        assert!(heard.is_ok() && said.trim() == expected, "PostgreSQL: `{said}`, not `{expected}`");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The script ends when it hears no more.
        self.orders = None;
        let _ = self.script.wait();
    }
}

/// The newest server that the system has.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    debian.sort_by_key(|bin| version(bin));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let anywhere = debian.into_iter().rev().chain(std::env::split_paths(&path));
    anywhere.into_iter().find(|bin| bin.join("initdb").is_file() && bin.join("pg_ctl").is_file())
}

/// The number in `/usr/lib/postgresql/15/bin`.
fn version(bin: &Path) -> Option<u32> {
    bin.parent()?.file_name()?.to_str()?.parse().ok()
}

/// PostgreSQL refuses to run as root: then it runs as the user that its package made.
fn as_somebody() -> Command {
    let is_root = Path::new("/proc/self").metadata().is_ok_and(|me| {
        #[cfg(unix)]
        return std::os::unix::fs::MetadataExt::uid(&me) == 0;
        #[cfg(not(unix))]
        return false;
    });
    let mut command = Command::new(if is_root { "runuser" } else { "env" });
    if is_root {
        command.args(["-u", "postgres", "--"]);
    }
    command
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound address").port()
}
