//! Who may do what where only users may: every route as nobody, reader, editor and admin.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failure with a place")]

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use base64ct::{Base64, Encoding as _};
use serde_json::Value;
use server::users::{Role, Users};
use server::{Hosts, State};
use store::{Files, Location, Rows};
use tempfile::TempDir;
use tower::ServiceExt as _;
use tracking::Tracking;

/// A server with the users reader, editor and admin, and a token of each.
struct Served {
    app: Router,
    users: Users,
    tokens: [(Role, String); 3],
    _folder: TempDir,
}

impl Served {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rows = Rows::open(&Location::Sqlite(folder.path().join("fieldkit.db"))).unwrap();
        let users = Users::open(rows.clone()).unwrap();
        let tokens = Role::ALL.map(|role| {
            users.add(role.name(), role, None).unwrap();
            (role, users.new_token(role.name()).unwrap())
        });
        let files = Files::open(rows.clone(), folder.path(), None).unwrap();
        let state = State::new(Tracking::open(rows).unwrap(), files);
        let state = state.for_users(users.clone()).unwrap();
        let hosts = Hosts::new(Ipv4Addr::LOCALHOST.into(), &[]);
        Self { app: server::app(state, hosts), users, tokens, _folder: folder }
    }

    async fn ask(&self, method: &Method, path: &str, authorization: &str) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::HOST, "127.0.0.1:8484");
        request = request.header(header::CONTENT_TYPE, "application/json");
        if !authorization.is_empty() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        self.app.clone().oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap()
    }

    async fn status(&self, method: &Method, path: &str, authorization: &str) -> StatusCode {
        self.ask(method, path, authorization).await.status()
    }

    async fn as_role(&self, method: &Method, path: &str, role: Role) -> StatusCode {
        let (_, token) = self.tokens.iter().find(|(of, _)| *of == role).unwrap();
        self.status(method, path, &format!("Bearer {token}")).await
    }
}

/// Every path that the router itself knows, by its own description: none can be forgotten.
fn routes(app: &Router) -> BTreeSet<String> {
    let described = format!("{app:?}");
    let paths = described.split('"').filter(|piece| piece.starts_with('/'));
    let paths: BTreeSet<_> = paths.map(|path| path.replace(['{', '}', '*'], "")).collect();
    // Of each part of the server one, so that this is noticed when it reads the router wrongly.
    for known in [
        "/version",
        "/api/2.0/mlflow/runs/create",
        "/ajax-api/2.0/mlflow/registered-models/create",
        "/api/fieldkit/v1/runs",
        "/runs/id",
    ] {
        assert!(paths.contains(known), "{known} is not in {paths:?}");
    }
    paths
}

fn methods() -> Vec<Method> {
    let invented = Method::from_bytes(b"BREW").unwrap();
    vec![
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        invented,
    ]
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", Base64::encode_string(format!("{name}:{password}").as_bytes()))
}

async fn json(response: Response<Body>) -> Value {
    serde_json::from_slice(&to_bytes(response.into_body(), 1 << 20).await.unwrap()).unwrap()
}

#[tokio::test]
async fn nobody_passes_at_any_route_but_health() {
    let served = Served::new();
    let mut paths = routes(&served.app);
    assert!(paths.remove("/health") && paths.contains("/version"), "{paths:?}");
    paths
        .extend(["/nowhere", "/api/2.0/mlflow/nothing", "/health/", "//health"].map(str::to_owned));
    let strangers = [
        "".to_owned(),
        "Bearer".to_owned(),
        "Bearer nonsense".to_owned(),
        basic("admin", ""),
        basic("nobody", ""),
        "Digest username=admin".to_owned(),
    ];
    for path in &paths {
        for method in methods() {
            for stranger in &strangers[..if path == "/version" { strangers.len() } else { 3 }] {
                let status = served.status(&method, path, stranger).await;
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path} as {stranger:?}");
            }
        }
    }
    assert_eq!(served.status(&Method::GET, "/health", "").await, StatusCode::OK);
}

#[tokio::test]
async fn a_reader_looks_at_every_route_and_changes_nothing() {
    let served = Served::new();
    let mut posted = BTreeSet::new();
    for path in routes(&served.app) {
        for method in methods() {
            let is_let_in =
                served.as_role(&method, &path, Role::Reader).await != StatusCode::FORBIDDEN;
            let is_got = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&method);
            if method == Method::POST && is_let_in && path != "/health" {
                posted.insert(path.clone());
            } else {
                let expected = path == "/health" || (is_got && !path.contains("/v1/users"));
                assert_eq!(is_let_in, expected, "{method} {path}");
            }
        }
    }
    // What a reader may send by POST: searches. Add here what only reads.
    let searches = [
        "experiments/search",
        "experiments/search-datasets",
        "logged-models/search",
        "metrics/get-history-bulk",
        "metrics/get-history-bulk-interval",
        "model-versions/search",
        "registered-models/get-latest-versions",
        "registered-models/search",
        "runs/search",
        "traces/batchGet",
        "traces/batchGetInfos",
        "traces/metrics",
        "traces/search",
    ];
    // An estimate of what remains, under the priors that are sent.
    assert!(posted.remove("/api/fieldkit/v1/craters/name/estimate"));
    for path in posted {
        assert!(searches.iter().any(|it| path.ends_with(&format!("mlflow/{it}"))), "POST {path}");
    }
}

#[tokio::test]
async fn an_editor_passes_everywhere_but_at_the_users_and_an_admin_everywhere() {
    let served = Served::new();
    for path in routes(&served.app) {
        for method in methods() {
            let editor = served.as_role(&method, &path, Role::Editor).await;
            let is_kept_out = editor == StatusCode::FORBIDDEN;
            assert_eq!(is_kept_out, path.contains("/v1/users"), "{method} {path}: {editor}");
            let admin = served.as_role(&method, &path, Role::Admin).await;
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
            assert!(!refused.contains(&admin), "{method} {path}: {admin}");
        }
    }
}

#[tokio::test]
async fn refusals_have_the_form_that_clients_read() {
    let served = Served::new();
    let unknown = served.ask(&Method::GET, "/version", "").await;
    let scheme = unknown.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().to_owned();
    assert!(scheme.starts_with("Basic realm=\"fieldkit\""), "{scheme}");
    assert_eq!(json(unknown).await["error_code"], "UNAUTHENTICATED");

    let reader = format!("Bearer {}", served.tokens[0].1);
    let forbidden = served.ask(&Method::POST, "/version", &reader).await;
    assert_eq!(forbidden.status(), StatusCode::FORBIDDEN);
    let body = json(forbidden).await;
    assert_eq!(body["error_code"], "PERMISSION_DENIED");
    assert_eq!(body["message"], "Permission denied: this needs the role editor; reader is reader.");
}

#[tokio::test]
async fn a_password_and_a_token_both_sign_in_and_each_for_its_own_user_alone() {
    let served = Served::new();
    served.users.add("ada", Role::Reader, Some("a small boat")).unwrap();
    served.users.add("bob", Role::Reader, Some("another boat")).unwrap();
    let token = served.users.new_token("ada").unwrap();
    for (authorization, expected) in [
        (basic("ada", "a small boat"), StatusCode::OK),
        (basic("ada", "a small boat"), StatusCode::OK),
        (basic("ada", "another boat"), StatusCode::UNAUTHORIZED),
        (basic("ADA", "a small boat"), StatusCode::UNAUTHORIZED),
        (basic("bob", "a small boat"), StatusCode::UNAUTHORIZED),
        (basic("eve", "a small boat"), StatusCode::UNAUTHORIZED),
        (format!("Bearer {token}"), StatusCode::OK),
        (format!("Bearer {}", token.to_uppercase()), StatusCode::UNAUTHORIZED),
        (basic("ada", &token), StatusCode::OK),
        (basic("bob", &token), StatusCode::UNAUTHORIZED),
        ("Bearer a small boat".to_owned(), StatusCode::UNAUTHORIZED),
    ] {
        let status = served.status(&Method::GET, "/version", &authorization).await;
        assert_eq!(status, expected, "{authorization}");
    }
}

#[tokio::test]
async fn a_change_of_a_user_holds_for_the_next_request() {
    let served = Served::new();
    served.users.add("ada", Role::Reader, Some("a small boat")).unwrap();
    let token = format!("Bearer {}", served.users.new_token("ada").unwrap());
    let password = basic("ada", "a small boat");
    let write = async |who: &str| served.status(&Method::POST, "/version", who).await;
    assert_eq!(write(&password).await, StatusCode::FORBIDDEN);

    served.users.set_role("ada", Role::Editor).unwrap();
    assert_eq!(write(&password).await, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(write(&token).await, StatusCode::METHOD_NOT_ALLOWED);

    served.users.set_password("ada", "a larger boat").unwrap();
    assert_eq!(write(&password).await, StatusCode::UNAUTHORIZED);
    assert_eq!(served.users.revoke_tokens("ada").unwrap(), 1);
    assert_eq!(write(&token).await, StatusCode::UNAUTHORIZED);

    let password = basic("ada", "a larger boat");
    assert_eq!(write(&password).await, StatusCode::METHOD_NOT_ALLOWED);
    served.users.remove("ada").unwrap();
    assert_eq!(write(&password).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn many_programs_of_one_user_may_start_at_once() {
    let served = Served::new();
    served.users.add("ada", Role::Reader, Some("a small boat")).unwrap();
    let password = basic("ada", "a small boat");
    let all = (0..40).map(|_| served.status(&Method::GET, "/version", &password));
    let all = futures_util::future::join_all(all).await;
    assert!(all.iter().all(|status| *status == StatusCode::OK), "{all:?}");
}

#[tokio::test]
async fn who_guesses_on_is_sent_away_and_tokens_still_work() {
    let served = Served::new();
    served.users.add("ada", Role::Reader, Some("a small boat")).unwrap();
    let token = format!("Bearer {}", served.users.new_token("ada").unwrap());
    let guesses: Vec<_> = (0..12).map(|n| basic("ada", &format!("guess number {n}"))).collect();
    let all = guesses.iter().map(|guess| served.ask(&Method::GET, "/version", guess));
    // Guesses wait for their turn: the first that is not even looked at ends the test.
    let mut all = futures_util::stream::FuturesUnordered::from_iter(all);
    let mut sent_away = None;
    while let Some(response) = futures_util::StreamExt::next(&mut all).await {
        assert_ne!(response.status(), StatusCode::OK);
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            sent_away = Some(response);
            break;
        }
    }
    let sent_away = sent_away.unwrap();
    let seconds: u64 = sent_away.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!(10 < seconds, "{seconds}");
    assert_eq!(json(sent_away).await["error_code"], "REQUEST_LIMIT_EXCEEDED");
    assert_eq!(served.status(&Method::GET, "/version", &token).await, StatusCode::OK);
}

#[test]
fn the_first_admin_is_added_once_and_no_secret_is_in_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let rows = Rows::open(&Location::Sqlite(folder.path().join("fieldkit.db"))).unwrap();
    let users = Users::open(rows.clone()).unwrap();
    let token = users.first_admin().unwrap().unwrap();
    assert_eq!(users.first_admin().unwrap(), None);
    users.add("ada", Role::Reader, Some("a small boat")).unwrap();
    let [ada, admin] = users.list().unwrap().try_into().unwrap();
    assert_eq!(
        (ada.name.as_str(), ada.role, ada.has_password, ada.n_tokens),
        ("ada", Role::Reader, true, 0)
    );
    assert_eq!(
        (admin.name.as_str(), admin.role, admin.has_password, admin.n_tokens),
        ("admin", Role::Admin, false, 1)
    );
    drop((users, rows));
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [token.as_bytes(), b"a small boat"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
}

#[test]
fn a_user_has_a_name_of_its_own_that_the_basic_scheme_can_carry() {
    let folder = tempfile::tempdir().unwrap();
    let rows = Rows::open(&Location::Sqlite(folder.path().join("fieldkit.db"))).unwrap();
    let users = Users::open(rows).unwrap();
    users.add("Ada Lovelace", Role::Reader, None).unwrap();
    for name in ["", " ada", "ada:b", "ada\n", &"a".repeat(65), "Ada Lovelace"] {
        let refused = users.add(name, Role::Admin, None).unwrap_err();
        assert!(matches!(refused, server::users::Error::Refused { .. }), "{name:?}: {refused}");
    }
    for absent in [users.set_role("bob", Role::Admin), users.remove("bob")] {
        assert_eq!(
            absent.unwrap_err().to_string(),
            "there is no user `bob`\n  hint: `fieldkit users list` shows all of them"
        );
    }
}
