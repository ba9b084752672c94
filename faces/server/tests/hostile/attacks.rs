//! What strangers send: each test is one way in that was found open in a server of this kind, and
//! is closed here.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::served::{Answer, Made, Served, made, serve};

/// Nobody may ever see this.
const SECRET: &str = "the secret of this machine";

struct Attacked {
    folder: tempfile::TempDir,
    made: Made,
    served: Served,
}

/// A server on `FOLDER/a/b/data`, with secrets in every folder above and beside.
fn attacked() -> Attacked {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("a/b/data");
    let made = made(&data);
    for place in ["", "a", "a/b", "a/b/data", "a/b/data/artifacts"] {
        fs::write(folder.path().join(place).join("secret"), SECRET).unwrap();
    }
    let served = serve(&data);
    Attacked { folder, made, served }
}

/// Ways out of a folder, in every encoding that some server has once decoded too late.
fn ways_out(folder: &Path) -> Vec<String> {
    let mut ways = Vec::new();
    for up in [
        "../",
        "..%2f",
        "%2e%2e/",
        "%2e%2e%2f",
        "%252e%252e%252f",
        "..%252f",
        "..\\",
        "..%5c",
        "..%255c",
        ".%2e/",
        "%2e./",
        "%25252e%25252e%25252f",
        "..%c0%af",
        "..;/",
        "....//",
        "x/../../",
        "./../",
        "..%00/",
        "..%0a/",
        "\u{ff0e}\u{ff0e}/",
    ] {
        for depth in 1..=8 {
            ways.push(format!("{}secret", up.repeat(depth)));
        }
    }
    let absolute = folder.join("secret").display().to_string();
    for start in [
        "",
        "/",
        "%2f",
        "%252f",
        "file://",
        "file:",
        "file:%2f%2f",
        "C:",
        "C:\\",
        "\\\\?\\",
        "~/../..",
        "http:///#/..",
        "#/..",
        "?/..",
        "%23/..",
        "%00",
    ] {
        ways.push(format!("{start}{absolute}"));
    }
    ways.push("kept.txt%00.png".to_owned());
    ways.push("..".to_owned());
    ways
}

/// In a query, what would end it is encoded once: the server decodes a query once, too.
fn in_query(way: &str) -> String {
    way.replace('%', "%25").replace('#', "%23").replace('&', "%26").replace(' ', "%20")
}

/// Every file below the folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => drop(found.insert(path)),
        }
    }
    found
}

/// Without those of the database, which come and go.
fn files_but_rows(folder: &Path) -> BTreeSet<PathBuf> {
    let is_row = |path: &PathBuf| path.display().to_string().contains("fieldkit.db");
    files(folder).into_iter().filter(|path| !is_row(path)).collect()
}

fn tells_nothing(answer: &Answer, request: &str) {
    assert!(!answer.text().contains(SECRET), "{request} gave the secret");
    assert!(!answer.text().contains("root:"), "{request} gave /etc/passwd");
    assert!(answer.status < 500 || answer.status == 501, "{request}: {answer:?}");
}

#[test]
fn no_path_leads_out_of_the_store() {
    let Attacked { folder, made, served } = attacked();
    let before = files_but_rows(folder.path());
    let root = format!("{}/{}/artifacts", made.experiment, made.run);
    let (run, model) = (&made.run, &made.model);
    let mut n_asked = 0;
    for way in ways_out(folder.path()) {
        // As it stands in a path: what HTTP itself does not allow there is encoded once.
        let path: String = way
            .chars()
            .map(|c| match c {
                '\\' => "%5C".to_owned(),
                ' ' => "%20".to_owned(),
                '#' => "%23".to_owned(),
                '?' => "%3F".to_owned(),
                c if c.is_ascii() => c.to_string(),
                c => c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect(),
            })
            .collect();
        let query = in_query(&way)
            .chars()
            .flat_map(|c| {
                if c.is_ascii() {
                    vec![c.to_string()]
                } else {
                    c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
                }
            })
            .collect::<String>();
        let mut gets = vec![
            format!("/get-artifact?run_id={run}&path={query}"),
            format!("/get-artifact?run_uuid={run}&path={path}"),
            format!("/model-versions/get-artifact?name=m&version=1&path={query}"),
            format!(
                "/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files?artifact_file_path={query}"
            ),
        ];
        for prefix in ["/api/2.0", "/ajax-api/2.0"] {
            let proxy = format!("{prefix}/mlflow-artifacts");
            gets.extend([
                format!("{prefix}/mlflow/artifacts/list?run_id={run}&path={query}"),
                format!("{prefix}/mlflow/logged-models/{model}/artifacts/directories?artifact_directory_path={query}"),
                format!("{proxy}/artifacts?path={query}"),
                format!("{proxy}/artifacts/{path}"),
                format!("{proxy}/artifacts/{root}/{path}"),
                format!("{proxy}/presigned/{path}"),
            ]);
            for step in ["create", "complete", "abort"] {
                let target = format!("{proxy}/mpu/{step}/{path}");
                tells_nothing(&served.post(&target, r#"{"path": "x", "num_parts": 1}"#), &target);
            }
            for target in
                [format!("{proxy}/artifacts/{path}"), format!("{proxy}/artifacts/{root}/{path}")]
            {
                for method in ["PUT", "DELETE"] {
                    let answer = served.ask(method, &target, &[], b"written by a stranger");
                    tells_nothing(&answer, &target);
                    n_asked += 1;
                }
            }
        }
        for target in gets {
            tells_nothing(&served.get(&target), &target);
            n_asked += 1;
        }
        let upload = format!("/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path={query}");
        tells_nothing(&served.ask("POST", &upload, &[], b"written by a stranger"), &upload);
    }
    assert!(n_asked > 1000, "the attacks were sent");
    let kept = served.get(&format!("/get-artifact?run_id={run}&path=kept.txt"));
    assert_eq!((kept.status, kept.text().as_str()), (200, "kept"), "nothing of it was harmed");
    let written: Vec<_> = files_but_rows(folder.path()).difference(&before).cloned().collect();
    let bytes = folder.path().join("a/b/data/artifacts/sha256");
    assert!(
        written.iter().all(|path| path.starts_with(&bytes) || path.ends_with("serve.lock")),
        "only bytes by their digest were written: {written:?}"
    );
    for place in ["", "a", "a/b", "a/b/data", "a/b/data/artifacts"] {
        let secret = fs::read_to_string(folder.path().join(place).join("secret")).unwrap();
        assert_eq!(secret, SECRET, "{place} was written to");
    }
}

#[test]
fn a_path_that_leads_out_is_refused_in_mlflows_words() {
    let Attacked { made, served, folder: _kept } = attacked();
    let root =
        format!("/api/2.0/mlflow-artifacts/artifacts/{}/{}/artifacts", made.experiment, made.run);
    for target in [
        format!("{root}/..%2f..%2fsecret"),
        format!("{root}/%252e%252e%252fsecret"),
        format!("{root}/a%5cb"),
        format!("/get-artifact?run_id={}&path=../secret", made.run),
        format!("/get-artifact?run_id={}&path=/etc/passwd", made.run),
        format!("/api/2.0/mlflow/artifacts/list?run_id={}&path=a%23b", made.run),
    ] {
        let answer = served.get(&target);
        assert_eq!(answer.status, 400, "{target}: {answer:?}");
        assert!(answer.text().contains("\"INVALID_PARAMETER_VALUE\""), "{target}: {answer:?}");
        assert!(answer.text().contains("\"Invalid path\""), "{target}: {answer:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_the_folder_of_the_data_leads_nowhere() {
    let Attacked { folder, made, served } = attacked();
    let tree = folder
        .path()
        .join("a/b/data/artifacts")
        .join(&made.experiment)
        .join(&made.run)
        .join("artifacts");
    fs::create_dir_all(&tree).unwrap();
    std::os::unix::fs::symlink("/etc", tree.join("link")).unwrap();
    for path in ["link", "link/passwd"] {
        let answer = served.get(&format!("/get-artifact?run_id={}&path={path}", made.run));
        assert_eq!(answer.status, 404, "{answer:?}");
    }
}

#[test]
fn a_version_that_calls_itself_a_prompt_reads_no_file_of_the_machine() {
    let Attacked { folder, made, served } = attacked();
    let tags = r#"[{"key": "mlflow.prompt.is_prompt", "value": "true"}]"#;
    let name = r#""name": "p""#;
    served
        .post("/api/2.0/mlflow/registered-models/create", &format!("{{{name}, \"tags\": {tags}}}"));
    let mut n_versions = 0;
    for source in [
        folder.path().display().to_string(),
        format!("file://{}", folder.path().display()),
        "file:///etc".to_owned(),
        "/etc".to_owned(),
        "mlflow-artifacts:/../../../../../../etc".to_owned(),
        "mlflow-artifacts:/%2e%2e/%2e%2e".to_owned(),
        format!("mlflow-artifacts:/{}/../../..", made.experiment),
        "http://x/api/2.0/mlflow-artifacts/artifacts/../../..".to_owned(),
        "prompt-template".to_owned(),
    ] {
        let json = serde_json::json!({ "name": "p", "source": source, "tags": [{ "key": "mlflow.prompt.is_prompt", "value": "true" }] });
        let made = served.post("/api/2.0/mlflow/model-versions/create", &json.to_string());
        if made.status == 200 {
            n_versions += 1;
        }
        for path in ["passwd", "secret", "etc/passwd"] {
            let target =
                format!("/model-versions/get-artifact?name=p&version={n_versions}&path={path}");
            let answer = served.get(&target);
            tells_nothing(&answer, &source);
            assert_ne!(answer.status, 200, "{source}: {answer:?}");
        }
    }
    assert!(n_versions > 0, "a prompt may have a source that names nothing");
}

#[test]
fn no_request_makes_the_server_ask_anyone() {
    let Attacked { made, served, folder: _kept } = attacked();
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    stranger.set_nonblocking(true).unwrap();
    let url = format!("http://{}", stranger.local_addr().unwrap());
    let deep = format!("{url}/api/2.0/mlflow-artifacts/artifacts/x");
    for (path, json) in [
        ("registered-models/create", serde_json::json!({ "name": "s", "description": url })),
        ("model-versions/create", serde_json::json!({ "name": "s", "source": deep })),
        (
            "model-versions/create",
            serde_json::json!({ "name": "s", "source": url, "run_link": url }),
        ),
        ("experiments/create", serde_json::json!({ "name": "s", "artifact_location": url })),
        ("experiments/create", serde_json::json!({ "name": "t", "artifact_location": deep })),
        (
            "webhooks",
            serde_json::json!({ "name": "w", "url": url, "events": [{ "entity": "REGISTERED_MODEL", "action": "CREATED" }] }),
        ),
        ("webhooks/create", serde_json::json!({ "name": "w", "url": url })),
        ("gateway-proxy", serde_json::json!({ "gateway_path": url })),
    ] {
        for prefix in ["/api/2.0/mlflow", "/ajax-api/2.0/mlflow"] {
            served.post(&format!("{prefix}/{path}"), &json.to_string());
        }
    }
    for target in [
        "/model-versions/get-artifact?name=s&version=1&path=x".to_owned(),
        "/model-versions/get-artifact?name=s&version=2&path=x".to_owned(),
        format!("/get-artifact?run_id={}&path={url}/x", made.run),
        "/ajax-api/2.0/mlflow/gateway-proxy?gateway_path=".to_owned() + &url,
        format!("/api/2.0/mlflow-artifacts/artifacts/{url}"),
    ] {
        served.get(&target);
    }
    std::thread::sleep(Duration::from_millis(200));
    let asked = stranger.accept().map(|(_, peer)| peer);
    assert_eq!(asked.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "somebody was asked");
}

#[test]
fn a_page_or_a_picture_with_code_is_a_download_that_runs_nothing() {
    let Attacked { made, served, folder: _kept } = attacked();
    let root =
        format!("/api/2.0/mlflow-artifacts/artifacts/{}/{}/artifacts", made.experiment, made.run);
    for name in
        ["page.html", "page.HTM", "picture.svg", "page.xhtml", "page.xml", "script.js", "no-ending"]
    {
        let target = format!("{root}/{name}");
        let kind = ["Content-Type: text/html"];
        assert_eq!(served.ask("PUT", &target, &kind, b"<script>alert(1)</script>").status, 200);
        for target in [target, format!("/get-artifact?run_id={}&path={name}", made.run)] {
            let answer = served.get(&target);
            assert_eq!(answer.status, 200, "{target}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{target}");
            assert_eq!(
                answer.header("content-security-policy"),
                Some("sandbox; default-src 'none'")
            );
            let disposition = answer.header("content-disposition").unwrap_or_default();
            assert!(disposition.starts_with("attachment"), "{target}: {disposition}");
        }
    }
}

#[test]
fn an_archive_is_bytes_and_is_never_unpacked() {
    let Attacked { folder, made, served } = attacked();
    let before = files_but_rows(folder.path());
    // What tar and zip call their entries is here to be seen in the bytes.
    let archive = b"PK\x03\x04../../../../slipped.txt\x00../slipped.txt ustar".to_vec();
    for name in ["slip.zip", "slip.tar", "slip.tar.gz", "model.tgz"] {
        let target = format!(
            "/api/2.0/mlflow-artifacts/artifacts/{}/{}/artifacts/{name}",
            made.experiment, made.run
        );
        assert_eq!(served.ask("PUT", &target, &[], &archive).status, 200);
        assert_eq!(served.get(&target).body, archive);
    }
    let written = files_but_rows(folder.path());
    let n_written =
        written.difference(&before).filter(|path| !path.ends_with("serve.lock")).count();
    assert_eq!(n_written, 1, "one file of bytes, which the four names share");
}

#[test]
fn json_that_is_deep_or_huge_is_refused_and_the_server_lives() {
    let Attacked { served, folder: _kept, .. } = attacked();
    let target = "/api/2.0/mlflow/registered-models/create";
    for (json, status) in [
        ("[".repeat(1_000_000), 400),
        (format!("{{\"name\": {}1{}}}", "[".repeat(500_000), "]".repeat(500_000)), 400),
        ("{\"a\":".repeat(200_000), 400),
        (format!("{{\"name\": \"{}\"}}", "x".repeat(17 * 1024 * 1024)), 413),
        // Wrong, and accepted today: numbers too large for 64 bits are read as the text `Infinity`,
        // which a metric's value may be, and which a name may not.
        (format!("{{\"name\": 1{}}}", "0".repeat(100_000)), 200),
        ("{\"name\": \"\\ud800\"}".to_owned(), 400),
        ("\u{0}".repeat(1000), 400),
    ] {
        let answer = served.post(target, &json);
        assert_eq!(answer.status, status, "{} …: {answer:?}", &json[..20.min(json.len())]);
    }
    assert_eq!(served.get("/health").status, 200);
}

#[test]
fn a_name_cannot_end_its_statement() {
    let Attacked { made, served, folder: _kept } = attacked();
    for injected in [
        "'; DROP TABLE file_names; --",
        "\" OR \"1\"=\"1",
        "' OR '1'='1",
        "x') UNION SELECT 1 --",
        "%' OR 1=1 --",
        "$1",
        "?",
        "{id}",
        "\\'; --",
    ] {
        let encoded: String = injected.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let answer = served.get(&format!("/get-artifact?run_id={encoded}&path=kept.txt"));
        assert!(answer.status == 404 || answer.status == 400, "{injected}: {answer:?}");
        let list = format!("/api/2.0/mlflow-artifacts/artifacts?path={encoded}");
        let answer = served.get(&list);
        assert!(answer.status == 400 || answer.text() == "{}", "{injected}: {answer:?}");
        let json = serde_json::json!({ "name": injected }).to_string();
        served.post("/api/2.0/mlflow/registered-models/create", &json);
        for search in ["registered-models/search", "model-versions/search"] {
            let filter = format!("/api/2.0/mlflow/{search}?filter={encoded}&order_by={encoded}");
            let answer = served.get(&filter);
            assert_eq!(answer.status, 400, "{injected}: {answer:?}");
        }
    }
    let kept = served.get(&format!("/get-artifact?run_id={}&path=kept.txt", made.run));
    assert_eq!(kept.text(), "kept");
}

#[test]
fn a_page_of_another_site_neither_reads_nor_writes() {
    let Attacked { made, served, folder: _kept } = attacked();
    let bent =
        served.ask("GET", "/api/2.0/mlflow/registered-models/search", &["Host: evil.example"], b"");
    assert_eq!(bent.status, 403);
    let target = format!(
        "/api/2.0/mlflow-artifacts/artifacts/{}/{}/artifacts/kept.txt",
        made.experiment, made.run
    );
    for origin in ["Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"] {
        for method in ["PUT", "DELETE"] {
            assert_eq!(served.ask(method, &target, &[origin], b"x").status, 403, "{origin}");
        }
    }
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        let kind = format!("Content-Type: {kind}");
        let create = "/api/2.0/mlflow/registered-models/create";
        assert_eq!(served.ask("POST", create, &[&kind], br#"{"name": "x"}"#).status, 400, "{kind}");
    }
    let answer = served.get(&target);
    assert_eq!(answer.text(), "kept");
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
}

#[test]
fn requests_that_are_no_http_break_nothing() {
    let Attacked { served, folder: _kept, .. } = attacked();
    for bytes in [
        b"\0\0\0\0\r\n\r\n" as &[u8],
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"POST /api/2.0/mlflow/registered-models/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: -1\r\n\r\n{}",
        b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET /%ff%fe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(served.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.windows(5).any(|five| five == b" 500 "), "{}", String::from_utf8_lossy(&answer));
    }
    let mut stream = TcpStream::connect(served.address).unwrap();
    let endless = vec![b'x'; 1024 * 1024];
    let _ = stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        .and_then(|()| stream.write_all(&endless));
    assert_eq!(served.get("/health").status, 200);
}

#[test]
fn many_who_send_slowly_keep_nobody_waiting() {
    let Attacked { served, folder: _kept, .. } = attacked();
    let slow: Vec<_> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(served.address).unwrap();
            stream
                .write_all(b"POST /api/2.0/mlflow/runs/log-batch HTTP/1.1\r\nHost: localhost\r\n")
                .unwrap();
            stream
        })
        .collect();
    assert_eq!(served.get("/health").status, 200);
    drop(slow);
}

#[test]
fn numbers_at_the_edges_are_kept_as_they_are_or_refused() {
    let Attacked { made, served, folder: _kept } = attacked();
    let log = |metric: &str| {
        let json = format!("{{\"run_id\": \"{}\", \"key\": \"m\", {metric}}}", made.run);
        served.post("/api/2.0/mlflow/runs/log-metric", &json).status
    };
    assert_eq!(
        log("\"value\": 1, \"timestamp\": 9223372036854775807, \"step\": 9223372036854775807"),
        200
    );
    assert_eq!(
        log("\"value\": -1.7976931348623157e308, \"timestamp\": 0, \"step\": -9223372036854775808"),
        200
    );
    assert_eq!(log("\"value\": \"NaN\", \"timestamp\": 1, \"step\": 1"), 200);
    for odd in [
        "\"value\": 1e999, \"timestamp\": 1, \"step\": 0",
        "\"value\": 1, \"timestamp\": 1e300, \"step\": 0",
        "\"value\": {}, \"timestamp\": 1, \"step\": 0",
        "\"value\": 1, \"timestamp\": \"x\", \"step\": 0",
        "\"value\": 1, \"timestamp\": 99999999999999999999999, \"step\": 0",
    ] {
        let status = log(odd);
        assert!(status == 200 || status == 400, "{odd}: {status}");
    }
    let history = format!("/api/2.0/mlflow/metrics/get-history?run_id={}&metric_key=m", made.run);
    let answer = served.get(&history).text();
    for kept in
        ["9223372036854775807", "-9223372036854775808", "-1.7976931348623157e308", "\"NaN\""]
    {
        assert!(answer.replace("e+308", "e308").contains(kept), "{kept} in {answer}");
    }
}

#[test]
fn no_filter_and_no_order_ends_its_statement() {
    let Attacked { made, served, folder: _kept } = attacked();
    for injected in [
        "metrics.`x' OR 1=1 --` > 0",
        "params.\"x'; DROP TABLE runs; --\" = 'y'",
        "tags.k = 'x'' OR ''1''=''1'",
        "tags.k LIKE '%_%\\'",
        "attributes.run_id IN ('x') OR 1=1",
        "metrics.m > 1; DROP TABLE runs",
        "params.k = 'a\u{0}b'",
        "metrics.m > 99999999999999999999999999999999999999",
        "name LIKE '%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%a'",
    ] {
        for (field, value) in [
            ("filter", serde_json::json!(injected)),
            ("order_by", serde_json::json!([injected])),
            ("page_token", serde_json::json!(injected)),
        ] {
            let json = serde_json::json!({ "experiment_ids": [made.experiment], field: value });
            let answer = served.post("/api/2.0/mlflow/runs/search", &json.to_string());
            let found = answer.text().contains(&made.run);
            assert!(
                answer.status == 400 || (answer.status == 200 && !(found && field == "filter")),
                "{field} {injected}: {answer:?}"
            );
        }
    }
    let run = served.get(&format!("/api/2.0/mlflow/runs/get?run_id={}", made.run));
    assert_eq!(run.status, 200, "the run is there: {run:?}");
}
