//! A server in a process of its own, which may be killed, and requests that no well-behaved client
//! would send: they go over the wire as they are written.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test, with its place")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The folder that the process of the server serves. It is set for that process only.
const SERVES: &str = "FIELDKIT_TEST_SERVES";

/// Called by the test `the_server_itself` of each file: serves, where this process was started to.
pub(crate) fn serve_if_told() {
    let Ok(data) = std::env::var(SERVES) else { return };
    let data = PathBuf::from(data);
    let options = server::Options::on_loopback(data.clone());
    let served = server::serve(&options, |ready| {
        fs::write(beside(&data, "address.new"), ready.address.to_string()).unwrap();
        fs::rename(beside(&data, "address.new"), beside(&data, "address")).unwrap();
    });
    if let Err(error) = served {
        fs::write(beside(&data, "refused"), format!("{error:#}")).unwrap();
        std::process::exit(1);
    }
    std::process::exit(0);
}

/// `DATA.NAME`: the folder itself has nothing in it that is not the server's.
fn beside(data: &Path, name: &str) -> PathBuf {
    data.with_extension(name)
}

/// A server; it is killed when this is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    process: Child,
}

/// Starts a server on the folder.
pub(crate) fn serve(data: &Path) -> Served {
    start(data, None).unwrap()
}

/// Starts one that is bounded by the shell's `limits` first, or says why it would not start.
pub(crate) fn start(data: &Path, limits: Option<&str>) -> Result<Served, String> {
    for name in ["address", "refused"] {
        let _ = fs::remove_file(beside(data, name));
    }
    let itself = std::env::current_exe().unwrap();
    let mut command = match limits {
        None => Command::new(itself),
        Some(limits) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("{limits}; exec \"$0\" \"$@\"")]).arg(itself);
            shell
        }
    };
    let command = command.args(["--exact", "the_server_itself"]).env(SERVES, data);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let since = Instant::now();
    loop {
        if let Ok(address) = fs::read_to_string(beside(data, "address")) {
            return Ok(Served { address: address.parse().unwrap(), process });
        }
        if process.try_wait().unwrap().is_some() || since.elapsed() > Duration::from_secs(20) {
            let _ = process.kill();
            let _ = process.wait();
            let why = fs::read_to_string(beside(data, "refused"));
            return Err(why.unwrap_or_else(|_| "it neither answered nor said why".to_owned()));
        }
        sleep(Duration::from_millis(5));
    }
}

impl Served {
    /// Ends the process as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to stop, and returns whether it ended well.
    pub(crate) fn stop(&mut self) -> bool {
        let id = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().unwrap();
        self.process.wait().unwrap().success()
    }

    /// Sends a request with these headers beside `Host` and returns the answer.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        self.try_ask(method, path, headers, body).unwrap()
    }

    /// As [`Served::ask`], where the server may be gone.
    pub(crate) fn try_ask(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let host = format!("Host: {}", self.address);
        let has_host = headers.iter().any(|header| header.starts_with("Host:"));
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for header in headers.iter().copied().chain((!has_host).then_some(host.as_str())) {
            head.push_str(&format!("{header}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        // A server may answer before it has read all, and close.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        match Answer::parse(&answer) {
            Some(answer) => Ok(answer),
            None => Err(read.err().unwrap_or_else(|| std::io::Error::other("no answer"))),
        }
    }

    /// Posts JSON.
    pub(crate) fn post(&self, path: &str, json: &str) -> Answer {
        self.ask("POST", path, &["Content-Type: application/json"], json.as_bytes())
    }

    /// Gets.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let at = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..at]).to_ascii_lowercase();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head, body: bytes[at + 4..].to_vec() })
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// What a field of text in some JSON says.
pub(crate) fn field(json: &str, name: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    find(&value, name).unwrap_or_else(|| panic!("no {name} in {json}"))
}

fn find(value: &serde_json::Value, name: &str) -> Option<String> {
    let fields = value.as_object()?;
    let here = fields.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    here.or_else(|| fields.values().find_map(|value| find(value, name)))
}

/// What is in the folder before a server starts on it.
pub(crate) struct Made {
    pub(crate) experiment: String,
    pub(crate) run: String,
    pub(crate) model: String,
}

/// A run with the file `kept.txt`, the logged model of it, and version 1 of the model `m`.
pub(crate) fn made(data: &Path) -> Made {
    fs::create_dir_all(data).unwrap();
    let rows = store::Rows::open(&store::Location::Sqlite(data.join("fieldkit.db"))).unwrap();
    let files = store::Files::open(rows.clone(), &data.join("artifacts"), None).unwrap();
    let tracking = tracking::Tracking::open(rows).unwrap();
    let new = tracking::NewExperiment { name: "e".to_owned(), ..Default::default() };
    let experiment = tracking.create_experiment(new).unwrap();
    let new = tracking::NewRun { experiment_id: experiment.clone(), ..Default::default() };
    let run = tracking.create_run(new).unwrap().id;
    let new = tracking::NewLoggedModel {
        experiment_id: experiment.clone(),
        source_run_id: run.clone(),
        ..Default::default()
    };
    let model = tracking.create_logged_model(new).unwrap().id;
    tracking.create_registered_model("m", None, &Default::default()).unwrap();
    let source = format!("mlflow-artifacts:/{experiment}/{run}/artifacts");
    let new = tracking::NewVersion {
        name: "m".to_owned(),
        source,
        run_id: Some(run.clone()),
        ..Default::default()
    };
    tracking.create_model_version(new).unwrap();
    let name = format!("{experiment}/{run}/artifacts/kept.txt");
    files.write(&store::Name::parse(&name).unwrap(), b"kept").unwrap();
    Made { experiment, run, model }
}
