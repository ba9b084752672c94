//! What the server says about itself, and how it starts and stops.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use server::{Hosts, Options, State};
use store::{Files, Location, Rows};
use tower::ServiceExt as _;
use tracking::{Query, Tracking};

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_what_anyone_may_invent() {
    let folder = tempfile::tempdir().unwrap();
    let rows = Rows::open(&Location::Sqlite(folder.path().join("fieldkit.db"))).unwrap();
    let files = Files::open(rows.clone(), folder.path(), None).unwrap();
    let state = State::new(Tracking::open(rows).unwrap(), files);
    let app = server::app(state, Hosts::new(Ipv4Addr::LOCALHOST.into(), &[]));
    let get = async |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::HOST, "localhost").body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        String::from_utf8_lossy(&body).into_owned()
    };
    for _ in 0..2 {
        get("GET", "/version").await;
    }
    get("GET", "/invented/4711").await;
    get("BREW", "/invented/4712").await;
    let metrics = get("GET", "/metrics").await;
    for line in [
        r#"http_requests_total{method="GET",route="/version",status="200"} 2"#,
        r#"http_requests_total{method="GET",route="none",status="404"} 1"#,
        r#"http_requests_total{method="other",route="none",status="404"} 1"#,
        r#"http_request_duration_seconds_count{method="GET",route="/version"} 2"#,
        "http_requests_in_flight 1",
        "# EOF",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\nin\n{metrics}");
    }
    assert!(!metrics.contains("invented") && !metrics.contains("BREW"), "{metrics}");
}

#[test]
fn an_address_that_others_reach_needs_users_or_a_word() {
    let folder = tempfile::tempdir().unwrap();
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8484"] {
        let options = Options {
            listen: listen.parse().unwrap(),
            ..Options::on_loopback(folder.path().to_owned())
        };
        let error = server::serve(&options, |_| panic!("it answers")).unwrap_err().to_string();
        let expected = "can be reached from other machines, and without users everybody there \
                        could read, change and delete everything\n  hint: --auth lets only users \
                        in; --open-to-the-network lets everybody in";
        assert!(error.ends_with(expected), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

/// One test, because a signal is for the whole process.
#[cfg(unix)]
#[test]
fn one_server_keeps_the_folder_and_ends_after_the_requests_that_were_begun() {
    let folder = tempfile::tempdir().unwrap();
    let (ready, address) = mpsc::channel();
    let first = Options::on_loopback(folder.path().to_owned());
    let serving = thread::spawn(move || {
        server::serve(&first, |it| ready.send(it.address).unwrap()).map_err(|it| it.to_string())
    });
    let address = address.recv_timeout(Duration::from_secs(20)).unwrap();

    let error = server::serve(&Options::on_loopback(folder.path().to_owned()), |_| panic!("two"))
        .unwrap_err();
    let place = folder.path().display();
    assert_eq!(
        error.to_string(),
        format!(
            "the folder {place} is served by another `fieldkit serve` already\n  hint: use that \
             one, end it, or say another folder with --data"
        )
    );

    let body = r#"{"name": "boats"}"#;
    let mut idle = TcpStream::connect(address).unwrap();
    let mut begun = TcpStream::connect(address).unwrap();
    write!(
        begun,
        "POST /api/2.0/mlflow/registered-models/create HTTP/1.1\r\nhost: {address}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{}",
        body.len(),
        &body[..5]
    )
    .unwrap();
    thread::sleep(Duration::from_millis(200));
    let process = std::process::id().to_string();
    assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
    thread::sleep(Duration::from_millis(200));
    assert!(!serving.is_finished(), "a request was begun");
    begun.write_all(&body.as_bytes()[5..]).unwrap();
    let mut answer = String::new();
    begun.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    assert_eq!(serving.join().unwrap(), Ok(()));
    assert_eq!(idle.read(&mut [0]).unwrap(), 0, "idle connections are closed");
    assert!(TcpStream::connect(address).is_err(), "nobody answers any more");
    let tracking =
        Tracking::open(Rows::open(&Location::of_folder(folder.path(), None)).unwrap()).unwrap();
    let found = tracking.search_registered_models(&Query::default()).unwrap();
    assert_eq!(found.items.len(), 1, "what was answered is there");
}
