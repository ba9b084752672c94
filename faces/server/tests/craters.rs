//! Surveys of craters over HTTP: what is found, shown, reviewed, estimated and downloaded, and what
//! is refused.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failure with a place")]

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use craters::survey::{Crater, Review, Survey};
use serde_json::{Value, json};
use server::users::{Role, Users};
use server::{Hosts, State};
use store::{Files, Location, Rows};
use tempfile::TempDir;
use tower::ServiceExt as _;
use tracking::Tracking;

const API: &str = "/api/fieldkit/v1/craters";

/// A server over a data folder with a survey of three craters in a scene of 600 x 300 pixels.
struct Served {
    app: Router,
    rows: Rows,
    folder: TempDir,
}

impl Served {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rows = Rows::open(&Location::Sqlite(folder.path().join("fieldkit.db"))).unwrap();
        let state = state(&rows, &folder);
        let hosts = Hosts::new(Ipv4Addr::LOCALHOST.into(), &[]);
        let served = Self { app: server::app(state, hosts), rows, folder };
        served.survey("paddy", &[crater(1, 0.9), crater(2, 0.55), crater(3, 0.2)]);
        served
    }

    /// The same folder with users; a token of each role.
    fn with_users(self) -> (Self, [(Role, String); 3]) {
        let users = Users::open(self.rows.clone()).unwrap();
        let tokens = Role::ALL.map(|role| {
            users.add(role.name(), role, None).unwrap();
            (role, users.new_token(role.name()).unwrap())
        });
        let state = state(&self.rows, &self.folder).for_users(users).unwrap();
        let app = server::app(state, Hosts::new(Ipv4Addr::LOCALHOST.into(), &[]));
        (Self { app, ..self }, tokens)
    }

    fn of(&self, name: &str) -> PathBuf {
        self.folder.path().join("craters").join(name)
    }

    fn survey(&self, name: &str, craters: &[Crater]) {
        let scene = self.folder.path().join("scene.png");
        image::RgbImage::from_fn(600, 300, |x, y| {
            image::Rgb([(x % 251) as u8, (y % 241) as u8, 90])
        })
        .save(&scene)
        .unwrap();
        fs::create_dir_all(self.of(name)).unwrap();
        let survey = json!({
            "questions": ["diameter_px", "ring_mean_0"],
            "name": name, "scene": scene, "options": {}, "width": 600, "height": 300,
            "bands": ["red", "green", "blue"], "gsd_m": 0.5, "georeference": null, "sun": null,
            "is_synthetic": true, "detector": "none", "threshold": 0.5, "area_km2": 0.045,
            "evidence_class": "indirect", "warnings": ["no sun: shading is unsigned"],
        });
        let survey: Survey = serde_json::from_value(survey).unwrap();
        fs::write(self.of(name).join("survey.json"), serde_json::to_vec(&survey).unwrap()).unwrap();
        fs::write(self.of(name).join("craters.json"), serde_json::to_vec(craters).unwrap())
            .unwrap();
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Bytes) {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        (head.status, head.headers, to_bytes(body, 1 << 26).await.unwrap())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let request = Request::get(format!("{API}{path}")).header(header::HOST, "127.0.0.1");
        let (status, _, body) = self.ask(request.body(Body::empty()).unwrap()).await;
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value, headers: &[(&str, &str)]) -> (StatusCode, Value) {
        let mut request = Request::post(format!("{API}{path}")).header(header::HOST, "127.0.0.1");
        request = request.header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (status, _, body) = self.ask(request.body(Body::from(body.to_string())).unwrap()).await;
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    fn log(&self) -> Vec<Review> {
        let text = fs::read_to_string(self.of("paddy").join("reviews.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn state(rows: &Rows, folder: &TempDir) -> State {
    let files = Files::open(rows.clone(), folder.path(), None).unwrap();
    State::new(Tracking::open(rows.clone()).unwrap(), files).with_surveys(folder.path())
}

fn crater(id: u64, probability: f64) -> Crater {
    let question = json!({
        "feature": 0, "threshold": 12.5, "value": 20.0, "is_below": false, "share_before": 0.25,
    });
    let crater = json!({
        "id": id, "x_px": 100.0 * (id % 5) as f64, "y_px": 150.0, "diameter_px": 10.0 * (id % 7) as f64,
        "diameter_m": null, "position": null, "lon_lat": null, "probability": probability,
        "path": [question], "verdict": null,
    });
    serde_json::from_value(crater).unwrap()
}

#[tokio::test]
async fn a_survey_is_listed_and_opened_with_what_was_counted() {
    let served = Served::new();
    let (_, list) = served.get("").await;
    assert_eq!(list["surveys"][0]["name"], "paddy");
    assert_eq!(list["surveys"][0]["summary"]["n_craters"], 2);
    let (_, page) = served.get("/paddy").await;
    assert_eq!(page["summary"]["is_synthetic"], true);
    assert_eq!(page["summary"]["warnings"], json!(["no sun: shading is unsigned"]));
    assert_eq!((&page["max_zoom"], &page["tile_px"]), (&json!(2), &json!(256)));
    assert_eq!((&page["may_review"], &page["reviewer"]), (&json!(true), &json!(null)));
    assert_eq!(page["scene"], "scene.png", "the path of the scene is not told");
}

#[tokio::test]
async fn craters_are_found_by_probability_size_verdict_and_place() {
    let served = Served::new();
    let ids =
        async |query: &str| served.get(&format!("/paddy/craters?{query}")).await.1["id"].clone();
    assert_eq!(ids("").await, json!([1, 2, 3]));
    assert_eq!(ids("min_probability=0.5&max_probability=0.6").await, json!([2]));
    assert_eq!(ids("min_diameter_px=15&max_diameter_px=25").await, json!([2]));
    assert_eq!(ids("verdict=none").await, json!([1, 2, 3]));
    assert_eq!(ids("verdict=confirmed,rejected").await, json!([]));
    assert_eq!(ids("bbox=150,100,600,200").await, json!([2, 3]));
    assert_eq!(ids("offset=1&limit=1").await, json!([2]));
    for wrong in ["verdict=maybe", "bbox=1,2,3", "min_probability=x"] {
        let (status, _) = served.get(&format!("/paddy/craters?{wrong}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_crater_says_why_in_words() {
    let (_, crater) = Served::new().get("/paddy/craters/2").await;
    let why = &crater["why"][0];
    assert_eq!(why["sentence"], "diameter px 20.0 is above 12.5");
    assert_eq!((&crater["verdict"], &crater["is_counted"]), (&json!("none"), &json!(true)));
}

#[tokio::test]
async fn a_review_is_kept_with_who_and_when_and_changes_what_is_counted() {
    let served = Served::new();
    let review = json!({ "crater": 1, "verdict": "rejected", "who": " Ada " });
    let (status, said) = served.post("/paddy/reviews", review, &[]).await;
    assert_eq!((status, &said["who"]), (StatusCode::OK, &json!("Ada")));
    let (_, page) = served.get("/paddy").await;
    assert_eq!(page["summary"]["n_craters"], 1);
    let (_, crater) = served.get("/paddy/craters/1").await;
    assert_eq!((&crater["verdict"], &crater["is_counted"]), (&json!("rejected"), &json!(false)));
    assert_eq!(crater["reviews"][0]["who"], "Ada");
    assert!(served.log()[0].when.ends_with('Z'), "{:?}", served.log());
}

#[tokio::test]
async fn a_missed_crater_is_added_where_the_scene_is_and_nowhere_else() {
    let served = Served::new();
    let missed = |x| json!({ "x_px": x, "y_px": 20, "diameter_px": 18, "verdict": "confirmed", "who": "Ada" });
    assert_eq!(served.post("/paddy/reviews", missed(30), &[]).await.0, StatusCode::OK);
    assert_eq!(served.post("/paddy/reviews", missed(-4), &[]).await.0, StatusCode::BAD_REQUEST);
    let (_, found) = served.get("/paddy/craters").await;
    assert_eq!(found["added"][0]["x_px"], 30.0);
    assert_eq!(served.log().len(), 1);
}

#[tokio::test]
async fn a_review_without_a_name_a_verdict_or_a_crater_is_refused() {
    let served = Served::new();
    for (wrong, status) in [
        (json!({ "crater": 1, "verdict": "rejected" }), StatusCode::BAD_REQUEST),
        (json!({ "crater": 1, "verdict": "rejected", "who": "a\nb" }), StatusCode::BAD_REQUEST),
        (json!({ "crater": 1, "verdict": "none", "who": "Ada" }), StatusCode::BAD_REQUEST),
        (json!({ "verdict": "confirmed", "who": "Ada" }), StatusCode::BAD_REQUEST),
        (json!({ "crater": 77, "verdict": "confirmed", "who": "Ada" }), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(served.post("/paddy/reviews", wrong.clone(), &[]).await.0, status, "{wrong}");
    }
    assert!(served.log().is_empty());
}

#[tokio::test]
async fn a_page_of_another_site_cannot_review() {
    let served = Served::new();
    let review = json!({ "crater": 1, "verdict": "rejected", "who": "Eve" });
    for stranger in [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")] {
        let (status, _) = served.post("/paddy/reviews", review.clone(), &[stranger]).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{stranger:?}");
    }
    assert!(served.log().is_empty());
}

#[tokio::test]
async fn a_reader_may_look_and_estimate_and_an_editor_reviews_under_the_own_name() {
    let (served, tokens) = Served::new().with_users();
    let bearer = |role| format!("Bearer {}", tokens.iter().find(|(of, _)| *of == role).unwrap().1);
    let review = json!({ "crater": 1, "verdict": "confirmed", "who": "somebody else" });
    let (reader, editor) = (bearer(Role::Reader), bearer(Role::Editor));
    let as_reader = [("authorization", reader.as_str())];
    let (status, _) = served.post("/paddy/reviews", review.clone(), &as_reader).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(served.post("/paddy/estimate", question(), &as_reader).await.0, StatusCode::OK);
    let as_editor = [("authorization", editor.as_str())];
    assert_eq!(served.post("/paddy/reviews", review, &as_editor).await.0, StatusCode::OK);
    assert_eq!(served.log()[0].who, "editor");
    let request = Request::get(format!("{API}/paddy")).header(header::HOST, "127.0.0.1");
    let request = request.header(header::AUTHORIZATION, &reader).body(Body::empty()).unwrap();
    let page: Value = serde_json::from_slice(&served.ask(request).await.2).unwrap();
    assert_eq!((&page["reviewer"], &page["may_review"]), (&json!("reader"), &json!(false)));
}

#[tokio::test]
async fn the_next_to_look_at_is_the_most_doubtful_that_nobody_judged() {
    let served = Served::new();
    assert_eq!(served.get("/paddy/next").await.1["id"][0], 2);
    let review = json!({ "crater": 2, "verdict": "unsure", "who": "Ada" });
    served.post("/paddy/reviews", review, &[]).await;
    let (_, next) = served.get("/paddy/next?limit=1").await;
    assert_eq!(next["n_left"], 2);
    assert_ne!(next["id"][0], 2);
}

#[tokio::test]
async fn a_scene_is_cut_into_tiles_and_a_crater_into_its_surroundings() {
    let served = Served::new();
    let picture = async |path: &str| {
        let request = Request::get(format!("{API}/paddy/{path}")).header(header::HOST, "127.0.0.1");
        let (status, headers, body) = served.ask(request.body(Body::empty()).unwrap()).await;
        let size = image::load_from_memory(&body).map(|it| (it.width(), it.height())).ok();
        let kind = headers.get(header::CONTENT_TYPE).cloned().unwrap();
        (status, kind, size)
    };
    for path in ["tiles/0/0/0", "tiles/2/2/1", "tiles/2/2/1"] {
        let (status, kind, size) = picture(path).await;
        assert_eq!((status, kind.to_str().unwrap()), (StatusCode::OK, "image/jpeg"), "{path}");
        assert_eq!(size, Some((256, 256)), "{path}");
    }
    assert_eq!(picture("craters/1/picture").await.2, Some((192, 192)));
    for path in
        ["tiles/3/0/0", "tiles/2/3/0", "tiles/0/0/1", "tiles/4000000000/0/0", "craters/9/picture"]
    {
        assert_eq!(picture(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

fn question() -> Value {
    let range = |low: f64, high: f64| json!({ "range": { "low": low, "high": high } });
    json!({
        "n_detections": 300, "n_bombs": 1000.0, "records_error": 0.2, "recall": range(0.6, 0.9),
        "precision": range(0.6, 0.9), "duds": range(0.05, 0.36), "merging": range(0.01, 0.1),
        "survival": { "share": { "counted": { "yes": 60.0, "of": 100.0 } }, "evidence": "60 of 100 seen again" },
    })
}

#[tokio::test]
async fn an_estimate_has_its_prior_beside_it_and_none_without_evidence_of_survival() {
    let served = Served::new();
    let (_, start) = served.get("/paddy/estimate").await;
    assert_eq!(
        (&start["question"]["n_detections"], &start["question"]["survival"]),
        (&json!(2), &json!(null))
    );
    let (_, seen) = served.post("/paddy/estimate", question(), &[]).await;
    assert_eq!(seen["refusal"], json!(null));
    let both = &seen["remains"]["dud_share"];
    assert!(both["prior"]["low"].as_f64() < both["posterior"]["median"].as_f64(), "{both}");
    assert_eq!(seen["sensitivity"].as_array().unwrap().len(), 6);
    for absent in
        [json!(null), json!({ "share": { "range": { "low": 0.2, "high": 0.9 } }, "evidence": " " })]
    {
        let mut without = question();
        without["survival"] = absent;
        let (status, seen) = served.post("/paddy/estimate", without, &[]).await;
        assert_eq!((status, &seen["remains"]), (StatusCode::OK, &json!(null)));
        assert!(seen["refusal"].as_str().unwrap().contains("still visible"), "{seen}");
    }
    let mut unrecorded = question();
    unrecorded["n_bombs"] = json!(null);
    let (_, seen) = served.post("/paddy/estimate", unrecorded, &[]).await;
    assert!(seen["refusal"].as_str().unwrap().contains("no bombing records"), "{seen}");
}

#[tokio::test]
async fn an_export_is_downloaded_by_a_name_of_the_list_alone() {
    let served = Served::new();
    fs::write(served.of("paddy").join("craters.csv"), "id\n1\n").unwrap();
    assert_eq!(served.get("/paddy").await.1["exports"][0]["file"], "craters.csv");
    let request =
        Request::get(format!("{API}/paddy/exports/craters.csv")).header(header::HOST, "127.0.0.1");
    let (status, headers, body) = served.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!((status, &body[..]), (StatusCode::OK, &b"id\n1\n"[..]));
    assert_eq!(headers[header::CONTENT_DISPOSITION], "attachment; filename=\"paddy-craters.csv\"");
    for name in [
        "craters.kml",
        "survey.json",
        "reviews.jsonl",
        "..%2Fpaddy%2Fcraters.csv",
        "%2Fetc%2Fpasswd",
    ] {
        let (status, _) = served.get(&format!("/paddy/exports/{name}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_refused_at_every_route() {
    let served = Served::new();
    for name in ["..", "..%2F..", "%2e%2e%2fpaddy", ".paddy", "a%20b", "paddy%00", "%2Fetc"] {
        for rest in [
            "",
            "/craters",
            "/craters/1",
            "/next",
            "/estimate",
            "/tiles/0/0/0",
            "/craters/1/picture",
            "/exports/craters.csv",
        ] {
            let (status, _) = served.get(&format!("/{name}{rest}")).await;
            assert!(
                [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND].contains(&status),
                "{name}{rest}: {status}"
            );
        }
    }
    let (status, problem) = served.get("/nowhere").await;
    assert_eq!(
        (status, &problem["message"]),
        (StatusCode::NOT_FOUND, &json!("there is no survey `nowhere`"))
    );
}

#[tokio::test]
async fn a_broken_survey_is_named_and_does_not_hide_the_others() {
    let served = Served::new();
    served.survey("torn", &[]);
    fs::write(served.of("torn").join("survey.json"), "{\"name\": ").unwrap();
    let (status, problem) = served.get("/torn").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let message = problem["message"].as_str().unwrap();
    assert!(message.contains("survey.json") && message.contains("line 1"), "{message}");
    assert!(!message.contains(served.folder.path().to_str().unwrap()), "{message}");
    let (_, list) = served.get("").await;
    assert_eq!(list["surveys"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_crater_far_outside_its_scene_has_a_black_picture() {
    let served = Served::new();
    let far = Crater { x_px: 1e15, diameter_px: 1e9, ..crater(1, 0.9) };
    served.survey("far", &[far]);
    let request = Request::get(format!("{API}/far/craters/1/picture"));
    let request = request.header(header::HOST, "127.0.0.1").body(Body::empty()).unwrap();
    let (status, _, body) = served.ask(request).await;
    assert_eq!(status, StatusCode::OK);
    let picture = image::load_from_memory(&body).unwrap().to_rgb8();
    assert!(picture.pixels().all(|pixel| pixel.0.iter().all(|value| *value < 8)));
}

#[tokio::test]
async fn a_scene_that_was_moved_away_is_said_so_and_the_craters_are_still_listed() {
    let served = Served::new();
    fs::remove_file(served.folder.path().join("scene.png")).unwrap();
    assert_eq!(served.get("/paddy/tiles/0/0/0").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(served.get("/paddy/craters").await.1["n"], 3);
}

#[tokio::test]
async fn twenty_thousand_craters_come_as_columns_of_one_answer() {
    let served = Served::new();
    let many: Vec<Crater> = (1..=20_000).map(|id| crater(id, 1.0 - id as f64 / 20_001.0)).collect();
    served.survey("many", &many);
    let (_, found) = served.get("/many/craters").await;
    for column in ["id", "x_px", "y_px", "diameter_px", "probability", "verdict"] {
        assert_eq!(found[column].as_array().unwrap().len(), 20_000, "{column}");
    }
    assert_eq!(served.get("/many/craters?min_probability=0.9").await.1["n"], 2000);
}
