//! `docs/reference/mlflow-endpoints.md` is a claim: a server is asked for each line of it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use crate::served::Served;

/// The methods and paths of one part of the page.
fn listed(part: &str) -> Vec<(String, String)> {
    let page =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/mlflow-endpoints.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, after) = page.split_once(&format!("\n## {part}\n")).unwrap();
    let part = after.split("\n## ").next().unwrap();
    let words = part.lines().filter_map(|line| line.split_once(' '));
    words
        .filter(|(_, path)| path.trim_start().starts_with('/'))
        .map(|(method, path)| (method.to_owned(), path.trim().to_owned()))
        .collect()
}

/// The status and the body of an answer to an empty request.
fn ask(served: &Served, method: &str, path: &str) -> (u16, String) {
    let host = served.url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(host).unwrap();
    write!(
        socket,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    )
    .unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Nobody knows the path, which MLflow's server says with a page, or not with that method.
fn is_unknown(status: u16, body: &str) -> bool {
    status == 405 || (status == 404 && body.contains("<title>404 Not Found</title>"))
}

#[test]
fn what_is_listed_as_spoken_is_spoken() {
    let served = Served::start("");
    let spoken = listed("Spoken");
    assert!(spoken.len() > 50, "{spoken:?}");
    for (method, path) in spoken {
        let (status, body) = ask(&served, &method, &path);
        assert!(!is_unknown(status, &body) && status < 500, "{method} {path}: {status} {body}");
        if let Some(rest) = path.strip_prefix("/api/") {
            let (status, body) = ask(&served, &method, &format!("/ajax-api/{rest}"));
            assert!(!is_unknown(status, &body), "{method} /ajax-api/{rest}: {status} {body}");
        }
    }
}

#[test]
fn what_is_listed_as_not_spoken_is_not_found() {
    let served = Served::start("");
    let unspoken = listed("Not spoken");
    assert!(unspoken.len() > 5, "{unspoken:?}");
    for (method, path) in unspoken {
        let (status, body) = ask(&served, &method, &path);
        assert!(status == 404 && is_unknown(status, &body), "{method} {path}: {status} {body}");
    }
}
