//! MLflow's run folders.

use scaling::units::{Nats, Parameters, Steps, Tokens};

use crate::given::{Given, flags, given, rejected};

fn mlruns(status: &str) -> Given {
    given(&[
        ("mlruns/1/meta.yaml", "experiment_id: '1'\nname: sizes\n"),
        ("mlruns/1/ab12/meta.yaml", &format!("run_id: ab12\nrun_name: small\nstatus: {status}\n")),
        ("mlruns/1/ab12/params/model/num_params", "1000000"),
        ("mlruns/1/ab12/params/batch_tokens", "4096"),
        ("mlruns/1/ab12/params/lr", "0.003"),
        ("mlruns/1/ab12/metrics/val/loss", "1700000000001 4.5 10\n1700000000002 4.0 20\n"),
        ("mlruns/1/ab12/metrics/train/loss", "1700000000001 4.4 10 data 0a\nsoon\n"),
        ("mlruns/1/ab12/tags/mlflow.user", "someone"),
        ("mlruns/1/ef56/meta.yaml", "run_id: ef56\nlifecycle_stage: deleted\n"),
    ])
}

#[test]
fn a_run_folder_is_a_run_with_its_parameters_and_metrics() {
    let given = mlruns("3");
    let import = given.import(&["mlruns"]);
    let run = &import.runs[0];
    assert_eq!((run.id.as_str(), run.group.as_deref()), ("ab12", Some("sizes")));
    assert_eq!(run.parameters.unstated, Some(Parameters(1e6)));
    assert_eq!((run.loss, run.steps), (Some(Nats(4.0)), Some(Steps(20.0))));
    assert_eq!((run.tokens, run.learning_rate), (Some(Tokens(81_920.0)), Some(0.003)));
    assert_eq!(run.history[0].train_loss, Some(4.4));
    assert!(flags(&import).is_empty());
    assert_eq!(given.import(&["mlruns/1/ab12"]).runs[0].loss, Some(Nats(4.0)));
}

#[test]
fn a_status_other_than_finished_becomes_a_flag() {
    for (status, flag) in [
        ("4", "ab12: failed: its state is `failed`"),
        ("5", "ab12: failed: its state is `killed`"),
        ("KILLED", "ab12: failed: its state is `killed`"),
        ("1", "ab12: unfinished: its log ends at step 20"),
    ] {
        assert_eq!(flags(&mlruns(status).import(&[""])), [flag]);
    }
}

#[test]
fn a_bad_line_is_rejected_and_deleted_runs_are_told() {
    let given = mlruns("3");
    let import = given.import(&[""]);
    assert_eq!(rejected(&import), ["2: it is not `timestamp value step`"]);
    assert!(given.notes(&import).contains(&".: passed over: 1 deleted MLflow run".to_owned()));
}
