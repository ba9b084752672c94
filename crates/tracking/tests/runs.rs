//! What a run promises: what was logged is there, and what breaks a rule is refused.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failure with a place")]

use store::{Location, Rows};
use tracking::{
    Batch, Error, Kind, Metric, NewExperiment, NewRun, Query, RunChange, RunStatus, Tracking,
};

scratch_postgres::on_both_databases! {
    a_fresh_store_has_the_default_experiment,
    a_batch_is_there_after_it_was_answered,
    a_summary_has_last_least_greatest_and_the_number_of_different_points,
    infinities_are_kept_as_the_largest_numbers,
    whole_numbers_of_64_bits_are_kept_to_the_last_digit,
    a_param_never_changes_but_may_be_said_again,
    a_batch_that_is_refused_leaves_nothing,
    a_param_key_comes_once_in_a_batch,
    a_deleted_run_takes_nothing_and_gives_everything,
    an_experiment_goes_into_the_bin_with_its_runs,
    a_run_ends_with_status_and_time,
    pages_of_runs_follow_each_other,
}

/// An empty store.
fn store(at: &Location) -> Tracking {
    Tracking::open(Rows::open(at).unwrap()).unwrap()
}

fn run_in(tracking: &Tracking) -> String {
    let new = NewRun { experiment_id: "0".to_owned(), ..NewRun::default() };
    tracking.create_run(new).unwrap().id
}

fn point(key: &str, value: f64, step: i64) -> Metric {
    Metric { key: key.to_owned(), value, timestamp_ms: 1000 + step, step }
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind, Kind::InvalidParameterValue, "{error}");
    error.message
}

fn a_fresh_store_has_the_default_experiment(at: &Location) {
    let tracking = store(at);
    let default = tracking.experiment("0").unwrap();
    assert_eq!(
        (default.name.as_str(), default.artifact_location.as_str()),
        ("Default", "mlflow-artifacts:/0")
    );
    let next = NewExperiment { name: "mine".to_owned(), ..NewExperiment::default() };
    assert_eq!(tracking.create_experiment(next).unwrap(), "1");
}

fn a_batch_is_there_after_it_was_answered(at: &Location) {
    let tracking = store(at);
    let id = run_in(&tracking);
    let batch = Batch {
        metrics: vec![point("loss", 2.0, 0), point("loss", 1.0, 1), point("acc", f64::NAN, 0)],
        params: vec![pair("lr", "0.1")],
        tags: vec![pair("team", "moon"), pair("mlflow.runName", "first")],
    };
    tracking.log_batch(&id, batch).unwrap();
    let run = tracking.run(&id).unwrap();
    assert_eq!(run.name, "first");
    assert_eq!(run.params["lr"], "0.1");
    assert_eq!(run.tags["team"], "moon");
    assert_eq!(run.metrics[1], point("loss", 1.0, 1));
    assert!(run.metrics[0].value.is_nan());
    assert_eq!(tracking.history(&id, "loss", None, None).unwrap().items.len(), 2);
}

fn a_summary_has_last_least_greatest_and_the_number_of_different_points(at: &Location) {
    let tracking = store(at);
    let id = run_in(&tracking);
    for value in [3.0, 1.0, 2.0, 2.0, f64::NAN] {
        let step = if value == 3.0 { 9 } else { 1 };
        tracking.log_metric(&id, Metric { timestamp_ms: 5, ..point("m", value, step) }).unwrap();
    }
    let summary = tracking.summaries(&[id]).unwrap().remove(0).remove(0);
    assert_eq!((summary.last.value, summary.last.step), (3.0, 9));
    assert_eq!((summary.min, summary.max, summary.n), (Some(1.0), Some(3.0), 4));
}

fn infinities_are_kept_as_the_largest_numbers(at: &Location) {
    let tracking = store(at);
    let id = run_in(&tracking);
    tracking.log_metric(&id, point("m", f64::INFINITY, 0)).unwrap();
    tracking.log_metric(&id, point("m", f64::NEG_INFINITY, 1)).unwrap();
    let values: Vec<f64> =
        tracking.history(&id, "m", None, None).unwrap().items.iter().map(|m| m.value).collect();
    assert_eq!(values, [f64::MAX, f64::MIN]);
}

fn whole_numbers_of_64_bits_are_kept_to_the_last_digit(at: &Location) {
    let tracking = store(at);
    let id = run_in(&tracking);
    for step in [i64::MIN, -1, 0, i64::MAX] {
        let metric = Metric { key: "m".to_owned(), value: 1.0, timestamp_ms: i64::MAX, step };
        tracking.log_metric(&id, metric).unwrap();
    }
    let history = tracking.history(&id, "m", None, None).unwrap().items;
    let steps: Vec<i64> = history.iter().map(|m| m.step).collect();
    assert_eq!(steps, [i64::MIN, -1, 0, i64::MAX]);
    assert!(history.iter().all(|m| m.timestamp_ms == i64::MAX));
}

fn a_param_never_changes_but_may_be_said_again(at: &Location) {
    let tracking = store(at);
    let id = run_in(&tracking);
    tracking.log_param(&id, "lr".to_owned(), "0.1".to_owned()).unwrap();
    tracking.log_param(&id, "lr".to_owned(), "0.1".to_owned()).unwrap();
    let changed = tracking.log_param(&id, "lr".to_owned(), "0.2".to_owned());
    assert_eq!(
        refused(changed),
        format!(
            "Changing param values is not allowed. Param with key='lr' was already logged with \
             value='0.1' for run ID='{id}'. Attempted logging new value '0.2'."
        )
    );
}

fn a_batch_that_is_refused_leaves_nothing(at: &Location) {
    let tracking = store(at);
    let id = run_in(&tracking);
    tracking.log_param(&id, "lr".to_owned(), "0.1".to_owned()).unwrap();
    let batch = Batch {
        metrics: vec![point("loss", 1.0, 0)],
        params: vec![pair("new", "1"), pair("lr", "0.2")],
        tags: vec![pair("t", "1")],
    };
    refused(tracking.log_batch(&id, batch));
    let run = tracking.run(&id).unwrap();
    assert!(
        run.metrics.is_empty() && !run.params.contains_key("new") && !run.tags.contains_key("t")
    );
}

fn a_param_key_comes_once_in_a_batch(at: &Location) {
    let tracking = store(at);
    let id = run_in(&tracking);
    let batch = Batch { params: vec![pair("a", "1"), pair("a", "1")], ..Batch::default() };
    assert_eq!(
        refused(tracking.log_batch(&id, batch)),
        "Duplicate parameter keys have been submitted: ['a']. Please ensure the request contains \
         only one param value per param key."
    );
}

fn a_deleted_run_takes_nothing_and_gives_everything(at: &Location) {
    let tracking = store(at);
    let id = run_in(&tracking);
    tracking.log_metric(&id, point("m", 1.0, 0)).unwrap();
    tracking.delete_run(&id).unwrap();
    let words = format!("The run {id} must be in the 'active' state. Current state is deleted.");
    assert_eq!(refused(tracking.log_metric(&id, point("m", 2.0, 1))), words);
    assert_eq!(refused(tracking.log_batch(&id, Batch::default())), words);
    assert_eq!(refused(tracking.set_tag(&id, "a".to_owned(), "b".to_owned())), words);
    assert_eq!(refused(tracking.update_run(&id, RunChange::default())), words);
    assert_eq!(tracking.history(&id, "m", None, None).unwrap().items.len(), 1);
    tracking.restore_run(&id).unwrap();
    tracking.log_metric(&id, point("m", 2.0, 1)).unwrap();
}

fn an_experiment_goes_into_the_bin_with_its_runs(at: &Location) {
    let tracking = store(at);
    let new = NewExperiment { name: "mine".to_owned(), ..NewExperiment::default() };
    let experiment = tracking.create_experiment(new).unwrap();
    let new = NewRun { experiment_id: experiment.clone(), ..NewRun::default() };
    let run = tracking.create_run(new.clone()).unwrap();
    tracking.delete_experiment(&experiment).unwrap();
    assert_eq!(tracking.run(&run.id).unwrap().lifecycle.name(), "deleted");
    refused(tracking.create_run(new));
    tracking.restore_experiment(&experiment).unwrap();
    assert_eq!(tracking.run(&run.id).unwrap().lifecycle.name(), "active");
}

fn a_run_ends_with_status_and_time(at: &Location) {
    let tracking = store(at);
    let id = run_in(&tracking);
    let end = RunChange { status: Some(RunStatus::Finished), ended_ms: Some(7), name: None };
    let run = tracking.update_run(&id, end).unwrap();
    assert_eq!((run.status, run.ended_ms), (RunStatus::Finished, Some(7)));
}

fn pages_of_runs_follow_each_other(at: &Location) {
    let tracking = store(at);
    for started_ms in 1..=5 {
        let new = NewRun {
            experiment_id: "0".to_owned(),
            started_ms: Some(started_ms),
            ..NewRun::default()
        };
        tracking.create_run(new).unwrap();
    }
    let mut query = Query { max_results: 2, ..Query::default() };
    let mut starts = Vec::new();
    loop {
        let page = tracking.search_runs(&["0".to_owned()], &query).unwrap();
        starts.extend(page.items.iter().filter_map(|run| run.started_ms));
        query.page_token = page.next_page_token;
        if query.page_token.is_none() {
            break;
        }
    }
    assert_eq!(starts, [5, 4, 3, 2, 1]);
}
