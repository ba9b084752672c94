//! Tables with one row a step: what a run ended at, its curve, and which rows are one run.

use scaling::data::{Checkpoint, Limits, Schedule};
use scaling::model::mccandlish::NormPair;
use scaling::units::{Nats, Steps, Tokens};

use crate::given::{given, read, rejected};

#[test]
fn a_log_of_one_run_becomes_its_history() {
    let import = read("gpt.csv", "step,Metrics/loss,lr\n0,10,0\n50,5,2e-3\n100,4,1e-3\n");
    let run = &import.runs[0];
    assert_eq!((import.runs.len(), run.id.as_str()), (1, "gpt"));
    assert_eq!((run.loss, run.loss_is_training), (Some(Nats(4.0)), true));
    assert_eq!((run.steps, run.learning_rate), (Some(Steps(100.0)), Some(2e-3)));
    let last = Checkpoint {
        step: 100.0,
        train_loss: Some(4.0),
        learning_rate: Some(1e-3),
        ..Checkpoint::default()
    };
    assert_eq!(run.history[2], last);
}

#[test]
fn rows_with_an_id_are_told_apart_by_it() {
    let import = read(
        "log.csv",
        "run_id,step,params,tokens,val_loss\n\
         a,1,1e6,1000,9\nb,1,2e6,1000,8\na,2,1e6,2000,7\nb,2,2e6,2000,6\n",
    );
    let ends: Vec<_> = import.runs.iter().map(|r| (r.id.as_str(), r.loss, r.tokens)).collect();
    let (nats, tokens) = (|x| Some(Nats(x)), Some(Tokens(2000.0)));
    assert_eq!(ends, [("a", nats(7.0), tokens), ("b", nats(6.0), tokens)]);
}

#[test]
fn rows_without_an_id_are_a_new_run_where_the_size_changes_or_the_step_goes_back() {
    let text = "n,step,loss\n1e6,1,9\n1e6,2,8\n2e6,1,7\n2e6,2,6\n2e6,1,5.5\n";
    let import = read("log.csv", text);
    let ends: Vec<_> = import.runs.iter().map(|r| (r.id.as_str(), r.history.len())).collect();
    assert_eq!(ends, [("log", 2), ("log:4", 2), ("log:6", 1)]);
    assert!(import.notes.iter().any(|n| n.contains(
        "rows of one model at rising steps are taken as the history of one run; if each is a \
         run of its own, say `--map s=COLUMN`"
    )));
}

#[test]
fn a_chart_of_weights_and_biases_has_a_column_a_run() {
    let import = read(
        "chart.csv",
        "\"Step\",\"big - val/loss\",\"big - val/loss__MIN\",\"small - val/loss\"\n\
         1,5,5,6\n2,4,4,\n3,,,5\n",
    );
    let ends: Vec<_> = import.runs.iter().map(|r| (r.id.as_str(), r.loss)).collect();
    assert_eq!(ends, [("big", Some(Nats(4.0))), ("small", Some(Nats(5.0)))]);
}

#[test]
fn a_long_history_has_a_row_a_metric() {
    let import = read(
        "history.csv",
        "run_id,step,metric,value\n\
         a,0,params,1e6\na,10,val_loss,5\na,10,train_loss,4.9\na,10,lr,1e-3\na,20,val_loss,4\n\
         \"b, too\",10,val_loss,3\n",
    );
    assert_eq!(import.runs.len(), 2);
    assert_eq!(import.runs[0].parameters.unstated.map(|n| n.0), Some(1e6));
    assert_eq!((import.runs[0].loss, import.runs[0].steps), (Some(Nats(4.0)), Some(Steps(20.0))));
    assert_eq!(import.runs[0].history.len(), 2);
    assert_eq!(import.runs[1].id, "b, too");
}

#[test]
fn columns_of_a_long_history_may_stand_in_any_order_and_bad_rows_are_told() {
    let import = read(
        "history.csv",
        "value,extra,metric,step,run\n5,x,loss,1,a\n,x,loss,2,a\n4,x,loss,soon,a\n4,x,loss\n-1,x,loss,3,a\n",
    );
    assert_eq!(import.runs[0].loss, Some(Nats(5.0)));
    assert_eq!(
        rejected(&import),
        [
            "3: `loss` is empty",
            "4: `step` is not a number: `soon`",
            "5: it has not the 5 fields of the header",
            "6: `loss` is negative: -1",
        ]
    );
}

#[test]
fn gradient_norms_over_two_batches_are_kept_in_pairs() {
    let import = read(
        "history.csv",
        "run_id,step,metric,value\n\
         a,0,b_small,32\na,0,b_big,512\na,5,grad_sq_small,5\na,5,grad_sq_big,1.5\na,5,train_loss,3\n",
    );
    let pair = NormPair { b_small: 32.0, b_big: 512.0, small_squared: 5.0, big_squared: 1.5 };
    assert_eq!(import.runs[0].history[0].gradient_norms, Some(pair));
}

#[test]
fn a_history_longer_than_is_held_keeps_its_ends() {
    let rows: String = (1..=10_000).map(|s| format!("{s},{}\n", 10.0 / f64::from(s))).collect();
    let limits = Limits { n_points: 100, ..Limits::default() };
    let import =
        given(&[("log.csv", &format!("step,loss\n{rows}"))]).limits(limits).import(&["log.csv"]);
    let history = &import.runs[0].history;
    assert!((50..=101).contains(&history.len()), "{}", history.len());
    assert_eq!((history[0].step, history[history.len() - 1].step), (1.0, 10_000.0));
    assert_eq!(import.n_rows, 10_000);
}

#[test]
fn a_noisy_training_loss_ends_at_the_mean_of_its_last_hundredth() {
    let rows: String = (1..=1000).map(|s| format!("{s},{}\n", 3 + s % 2)).collect();
    let import = read("log.csv", &format!("step,train_loss\n{rows}"));
    assert_eq!(import.runs[0].loss, Some(Nats(3.5)));
    assert!(import.notes.iter().any(|n| n.contains("is the mean of the last hundredth")));
}

#[test]
fn the_schedule_is_known_by_the_shape_of_the_learning_rate() {
    let rows: String = (0..=100)
        .map(|s| format!("{s},4,{}\n", 1.0 + (std::f64::consts::PI * f64::from(s) / 100.0).cos()))
        .collect();
    let import = read("log.csv", &format!("step,loss,lr\n{rows}"));
    assert_eq!(import.runs[0].schedule, Some(Schedule::Cosine));
}
