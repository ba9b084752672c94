//! What the search language promises: which runs and experiments a filter finds, in which order,
//! and that no text whatever breaks it.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failure with a place")]

use store::{Location, Rows};
use tracking::{
    Batch, Dataset, DatasetInput, Kind, Metric, NewExperiment, NewRun, Query, Tracking, View,
};

scratch_postgres::on_both_databases! {
    a_filter_finds_runs_by_metric_param_tag_and_attribute,
    an_order_puts_nan_and_then_what_is_absent_at_the_end,
    runs_are_found_by_the_datasets_that_they_read,
    keys_and_values_never_become_part_of_a_statement,
    a_backslash_in_a_pattern_stands_for_itself,
    experiments_are_found_by_name_and_tag,
    no_text_breaks_a_search,
    long_filters_are_refused_and_not_a_fault,
}

/// An empty store.
fn store(at: &Location) -> Tracking {
    Tracking::open(Rows::open(at).unwrap()).unwrap()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// Three runs: `a` has loss 1, `b` has loss NaN, `c` has no loss.
fn with_three_runs(at: &Location) -> Tracking {
    let tracking = store(at);
    for (name, loss) in [("a", Some(1.0)), ("b", Some(f64::NAN)), ("c", None)] {
        let new = NewRun {
            experiment_id: "0".to_owned(),
            name: Some(name.to_owned()),
            started_ms: Some(i64::from(name.as_bytes()[0])),
            ..NewRun::default()
        };
        let id = tracking.create_run(new).unwrap().id;
        let metrics = loss.map(|value| Metric {
            key: "val/loss".to_owned(),
            value,
            timestamp_ms: 1,
            step: 1,
        });
        let batch = Batch {
            metrics: metrics.into_iter().collect(),
            params: vec![pair("lr", if name == "a" { "0.1" } else { "0.2" })],
            tags: vec![pair("team", &format!("Team {name}"))],
        };
        tracking.log_batch(&id, batch).unwrap();
    }
    tracking
}

/// The names of the runs that a query finds, in their order.
fn names(tracking: &Tracking, filter: &str, order_by: &[&str]) -> String {
    let query = Query {
        filter: filter.to_owned(),
        order_by: order_by.iter().map(|&clause| clause.to_owned()).collect(),
        ..Query::default()
    };
    let page = tracking.search_runs(&["0".to_owned()], &query).unwrap();
    page.items.iter().map(|run| run.name.as_str()).collect()
}

fn a_filter_finds_runs_by_metric_param_tag_and_attribute(at: &Location) {
    let tracking = with_three_runs(at);
    for (filter, expected) in [
        ("", "cba"),
        ("metrics.`val/loss` <= 1", "a"),
        ("metrics.\"val/loss\" != 5", "ba"),
        ("params.lr = '0.2'", "cb"),
        ("params.lr LIKE '0.%' and params.lr != '0.1'", "cb"),
        ("params.absent IS NULL", "cba"),
        ("tags.team = 'Team b'", "b"),
        ("tags.team ILIKE 'team _'", "cba"),
        ("tags.team LIKE 'team _'", ""),
        ("run_name = 'c'", "c"),
        ("attributes.start_time > 97 AND attributes.start_time < 99", "b"),
        ("status = 'RUNNING'", "cba"),
        ("metrics.absent > 0", ""),
    ] {
        assert_eq!(names(&tracking, filter, &[]), expected, "{filter}");
    }
}

fn an_order_puts_nan_and_then_what_is_absent_at_the_end(at: &Location) {
    let tracking = with_three_runs(at);
    for (order, expected) in [
        ("metrics.`val/loss`", "abc"),
        ("metrics.`val/loss` DESC", "abc"),
        ("params.lr DESC", "cba"),
        ("params.lr", "acb"),
        ("start_time ASC", "abc"),
        ("tags.team", "abc"),
    ] {
        assert_eq!(names(&tracking, "", &[order]), expected, "{order}");
    }
}

fn runs_are_found_by_the_datasets_that_they_read(at: &Location) {
    let tracking = with_three_runs(at);
    let query = Query { filter: "run_name = 'b'".to_owned(), ..Query::default() };
    let id = tracking.search_runs(&["0".to_owned()], &query).unwrap().items.remove(0).id;
    let dataset = Dataset {
        name: "craters".to_owned(),
        digest: "d1".to_owned(),
        source_type: "local".to_owned(),
        source: "a.csv".to_owned(),
        ..Dataset::default()
    };
    let tags = [pair("mlflow.data.context", "train")].into();
    tracking.log_inputs(&id, vec![DatasetInput { dataset, tags }], vec![]).unwrap();
    assert_eq!(names(&tracking, "dataset.name = 'craters'", &[]), "b");
    assert_eq!(names(&tracking, "dataset.context IN ('train', 'test')", &[]), "b");
    assert_eq!(names(&tracking, "dataset.digest = 'd2'", &[]), "");
}

fn keys_and_values_never_become_part_of_a_statement(at: &Location) {
    let tracking = with_three_runs(at);
    for filter in [
        "tags.`'; DROP TABLE runs; --` = 'x'",
        "params.`lr' OR '1'='1` = '0.1'",
        "metrics.`\" OR 1=1 --` > 0",
        "tags.team = '\\' OR \\'1\\'=\\'1'",
        "tags.team LIKE '%'' OR ''1''=''1'",
        "run_id IN ('a'') OR (1=1', 'b')",
    ] {
        assert_eq!(names(&tracking, filter, &[]), "", "{filter}");
    }
    assert_eq!(names(&tracking, "", &["tags.`a DESC; DROP TABLE runs`"]), "cba");
    assert_eq!(names(&tracking, "", &[]), "cba");
}

fn a_backslash_in_a_pattern_stands_for_itself(at: &Location) {
    let tracking = with_three_runs(at);
    let query = Query { filter: "run_name = 'a'".to_owned(), ..Query::default() };
    let id = tracking.search_runs(&["0".to_owned()], &query).unwrap().items.remove(0).id;
    tracking.set_tag(&id, "path".to_owned(), r"C:\data".to_owned()).unwrap();
    assert_eq!(names(&tracking, r"tags.path LIKE 'C:\%'", &[]), "a");
}

fn experiments_are_found_by_name_and_tag(at: &Location) {
    let tracking = store(at);
    for name in ["moon", "Mars"] {
        let tags = vec![pair("kind", name)];
        let new = NewExperiment { name: name.to_owned(), tags, ..NewExperiment::default() };
        tracking.create_experiment(new).unwrap();
    }
    let found = |filter: &str, view| {
        let order_by = vec!["name".to_owned()];
        let query = Query { filter: filter.to_owned(), order_by, view, ..Query::default() };
        let page = tracking.search_experiments(&query).unwrap();
        page.items.into_iter().map(|one| one.name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("name ILIKE 'm%'", View::ActiveOnly), "Mars moon");
    assert_eq!(found("tags.kind = 'moon'", View::ActiveOnly), "moon");
    assert_eq!(found("experiment_id IN ('0', '1')", View::ActiveOnly), "Default moon");
    tracking.delete_experiment("1").unwrap();
    assert_eq!(found("", View::ActiveOnly), "Default Mars");
    assert_eq!(found("", View::DeletedOnly), "moon");
    assert_eq!(found("", View::All), "Default Mars moon");
}

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// What filters are made of, whole and broken.
const PIECES: &[&str] = &[
    "metrics",
    "params",
    "tags",
    "attributes",
    "dataset",
    ".",
    "loss",
    "`a b`",
    "\"q\"",
    "'v'",
    "\"v\"",
    " ",
    "=",
    "!=",
    ">",
    "<=",
    "==",
    "LIKE",
    "ILIKE",
    "IN",
    "NOT",
    "IN",
    "IS",
    "NULL",
    "NOT NULL",
    "AND",
    "OR",
    "(",
    ")",
    ",",
    ";",
    "1",
    "-1.5e3",
    "1e999",
    "0x1",
    "9223372036854775808",
    "'",
    "\"",
    "`",
    "\\",
    "--",
    "/*",
    "*/",
    "\n",
    "\0",
    "é",
    "🌙",
    "run_id",
    "start_time",
    "status",
    "name",
    "experiment_id",
    "DESC",
    "ASC",
    "%",
    "_",
    "?",
    "$1",
    ":x",
    "[",
    "]",
    "#",
    "timestamp",
    "WHERE",
    "''",
    "('a')",
    "('a', 'b')",
    "(((",
    "creation_time",
    "*",
    "+",
    "-",
    "&&",
    "::",
    ":=",
];

fn no_text_breaks_a_search(at: &Location) {
    let tracking = with_three_runs(at);
    let mut dice = Dice(0x5eed);
    let mut n_answered = 0;
    for round in 0..5_000 {
        let text: String = (0..1 + dice.roll(9)).map(|_| PIECES[dice.roll(PIECES.len())]).collect();
        let filter = Query { filter: text.clone(), ..Query::default() };
        let ordered = Query { order_by: vec![text.clone()], ..Query::default() };
        let token = Query { page_token: Some(text.clone()), ..Query::default() };
        for query in [&filter, &ordered, &token] {
            let runs = tracking.search_runs(&["0".to_owned()], query).map(|_| ());
            let experiments = tracking.search_experiments(query).map(|_| ());
            for result in [runs, experiments] {
                match result {
                    Ok(()) => n_answered += 1,
                    Err(error) => assert!(
                        matches!(
                            error.kind,
                            Kind::InvalidParameterValue | Kind::ResourceDoesNotExist
                        ),
                        "round {round}: {text:?}: {error:?}"
                    ),
                }
            }
        }
    }
    assert!(n_answered > 20, "some texts are right by chance: {n_answered}");
}

fn long_filters_are_refused_and_not_a_fault(at: &Location) {
    let tracking = with_three_runs(at);
    let many = vec!["params.lr = '0.1'"; 100_000].join(" AND ");
    let deep = format!("run_id IN {}", "(".repeat(100_000));
    let pattern = format!("tags.team LIKE '{}'", "%a".repeat(50_000));
    let list = format!("run_id IN ({})", vec!["'a'"; 100_000].join(","));
    for filter in [many, deep, pattern, list] {
        let query = Query { filter, ..Query::default() };
        let error = tracking.search_runs(&["0".to_owned()], &query).unwrap_err();
        assert_eq!(
            error.kind,
            Kind::InvalidParameterValue,
            "{}",
            error.message.get(..200).unwrap_or("")
        );
    }
}
