//! The program beside a server of its own: recorded there, looked at from here.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::sample::folder_with_runs;
use crate::told::{Told, command};

const PLAN: &str = "scaling plan runs.csv --budget 1e20 --starts 4 --bootstrap 60";

/// A server with its data in a folder of its own.
pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
    /// What it said until then.
    heard: String,
    folder: TempDir,
}

impl Served {
    /// `fieldkit serve WORDS`, once it answers.
    pub(crate) fn start(words: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let words = format!("serve --listen 127.0.0.1:0 {words}");
        let mut child = command(&folder, &words).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let mut heard = String::new();
        let mut lines = said.lines();
        let url = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {heard}")).unwrap();
            heard.push_str(&line);
            let words = line.split_whitespace();
            if let Some(url) = words.into_iter().find(|word| word.starts_with("http://127")) {
                break url.trim_end_matches('/').to_owned();
            }
        };
        // Nobody who talks is kept waiting for a reader.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, url, heard, folder }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn work_is_recorded_with_the_server_and_looked_at_through_it() {
    let served = Served::start("");
    let folder = folder_with_runs();
    let told = Told::by(&folder, &format!("{PLAN} --html plan.html --server {}", served.url));
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stderr.contains("recorded as run "), "{}", told.stderr);
    assert!(!folder.path().join("fieldkit-data").exists());

    let there = Told::by(&folder, &format!("runs --server {}", served.url));
    let here = Told::by(&served.folder, "runs");
    assert_eq!(there.stdout, here.stdout);
    assert!(there.stdout.contains("plan runs.csv --budget 1e20"), "{there:?}");
    let shown = Told::by(&folder, &format!("runs show --server {}", served.url));
    assert_eq!(shown.stdout, Told::by(&served.folder, "runs show").stdout);
    for said in ["runs.csv", "digest", "report.html", "law"] {
        assert!(shown.stdout.contains(said), "{said}: {}", shown.stdout);
    }
}

#[test]
fn a_server_that_is_not_there_does_not_stop_the_work() {
    let folder = folder_with_runs();
    let told = Told::by(&folder, &format!("{PLAN} --server http://127.0.0.1:9"));
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stderr.contains("warning: the work is done but not recorded"), "{}", told.stderr);
    assert!(told.stderr.contains("the server http://127.0.0.1:9 cannot be reached"), "{told:?}");
    let looked = Told::by(&folder, "runs --server http://127.0.0.1:9");
    assert_eq!((looked.code, looked.stdout.as_str()), (1, ""));
}

#[test]
fn a_password_of_a_server_is_not_in_the_record() {
    let served = Served::start("");
    let url = served.url.replace("http://", "http://ada:secret@");
    let told = Told::by(&folder_with_runs(), &format!("{PLAN} --server {url}"));
    assert_eq!(told.code, 0, "{told:?}");
    let shown = Told::by(&served.folder, "runs show --json").stdout;
    assert!(shown.contains("--bootstrap 60") && !shown.contains("secret"), "{shown}");
}

#[test]
fn the_first_token_is_in_a_file_for_its_owner_and_not_in_the_log() {
    let served = Served::start("--auth");
    let file = served.folder.path().join("fieldkit-data/first-admin-token");
    let token = std::fs::read_to_string(&file).unwrap();
    assert!(!served.heard.contains(token.trim()), "{}", served.heard);
    assert!(served.heard.contains("first-admin-token"), "{}", served.heard);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0);
    }

    let looked = format!("experiments --server {}", served.url);
    let stranger = Told::by(&served.folder, &looked);
    assert!(stranger.stderr.contains("FIELDKIT_TOKEN"), "{stranger:?}");
    let admin = command(&served.folder, &looked).env("FIELDKIT_TOKEN", token.trim()).output();
    assert!(String::from_utf8_lossy(&admin.unwrap().stdout).contains("Default"));
}

#[test]
fn four_servers_share_one_database() {
    let Some(url) = scratch_postgres::database() else { return };
    let servers: Vec<Served> =
        (0..4).map(|_| Served::start(&format!("--database {url}"))).collect();
    let folder = folder_with_runs();
    std::thread::scope(|scope| {
        for server in &servers {
            let (folder, url) = (&folder, &server.url);
            scope.spawn(move || {
                for _ in 0..2 {
                    let told = Told::by(folder, &format!("{PLAN} --server {url}"));
                    assert!(told.stderr.contains("recorded as run "), "{told:?}");
                    assert!(!told.stderr.contains("warning"), "{told:?}");
                }
            });
        }
    });
    let seen: Vec<String> = servers
        .iter()
        .map(|server| Told::by(&folder, &format!("runs --server {}", server.url)).stdout)
        .collect();
    assert_eq!(seen[0].lines().count(), 8, "{}", seen[0]);
    assert!(seen.iter().all(|one| *one == seen[0]), "all see the same");
}
