//! Weights & Biases: runs as JSON lines, their history as a long table, in any order.

use scaling::data::Schedule;
use scaling::units::{Nats, Parameters, Steps, Tokens};

use crate::given::{flags, given, read, rejected};

const RUN: &str = r#"{"id": "r1", "name": "gpt_ctx128_gbs64", "group": "g", "state": "finished", "config": {"trainer.seed": 3, "optimizer.scheduler": "{'lr': 0.002, 'name': 'cosine_decay', 'decay_steps': 50}", "optimizer.name": "adamw", "data": {"global_batch_size": 64}}, "summary": {"_step": 50, "model/.num_params": 1000000, "val/.dclm_loss": 3.5, "train/.loss_mean": 3.25}}"#;
const HISTORY: &str = "run_id,step,metric,value\n\
    r1,25,val/.dclm_loss,4\nr1,50,val/.dclm_loss,3.5\nr1,50,train/.loss_mean,3.25\n\
    r1,25,train/.optimizer/lr,0.002\nr1,50,train/.optimizer/lr,0.0001\nr1,50,train/.step_time,1\n";

#[test]
fn a_run_has_its_settings_from_the_config_and_its_loss_from_the_summary() {
    let given = given(&[("runs.jsonl", RUN)]);
    let import = given.import(&["runs.jsonl"]);
    let run = &import.runs[0];
    assert_eq!((run.id.as_str(), run.group.as_deref()), ("r1", Some("g")));
    assert_eq!(run.parameters.unstated, Some(Parameters(1e6)));
    assert_eq!((run.learning_rate, run.seed), (Some(0.002), Some(3)));
    assert_eq!(run.schedule, Some(Schedule::Cosine));
    assert_eq!((run.loss, run.loss_is_training), (Some(Nats(3.5)), false));
    assert_eq!((run.steps, run.batch), (Some(Steps(50.0)), Some(Tokens(64.0 * 128.0))));
    assert_eq!(run.tokens, Some(Tokens(50.0 * 64.0 * 128.0)));
    assert!(given.notes(&import).contains(
        &"runs.jsonl: tokens a sequence are taken from the runs' names (128 in `gpt_ctx128_gbs64`)"
            .to_owned()
    ));
}

#[test]
fn a_history_finds_its_run_in_whatever_order_the_files_come() {
    let given = given(&[("runs.jsonl", RUN), ("history.csv", HISTORY)]);
    let one = given.import(&["runs.jsonl", "history.csv"]);
    let other = given.import(&["history.csv", "runs.jsonl"]);
    assert_eq!(one.runs, other.runs);
    assert_eq!(one.runs[0].history.len(), 2);
    assert_eq!(one.runs[0].history[1].train_loss, Some(3.25));
    assert_eq!(one.runs[0].history[1].learning_rate, Some(0.0001));
}

#[test]
fn a_packed_history_is_unpacked() {
    let packed = crate::given::gzip(HISTORY.as_bytes());
    let given = crate::given::given_bytes(&[("history.csv.gz", &packed)]);
    assert_eq!(given.import(&["history.csv.gz"]).runs[0].loss, Some(Nats(3.5)));
}

#[test]
fn a_history_without_its_run_is_a_run_of_its_own_and_told() {
    let history = format!("{HISTORY}r2,10,val/.dclm_loss,5\n");
    let given = given(&[("runs.jsonl", RUN), ("history.csv", &history)]);
    let import = given.import(&["runs.jsonl", "history.csv"]);
    assert_eq!((import.runs.len(), import.runs[1].id.as_str()), (2, "r2"));
    assert_eq!(import.runs[1].loss, Some(Nats(5.0)));
    assert!(given.notes(&import).contains(
        &"history.csv: no list of runs has 1 run of this history; taken as runs of their own: `r2`"
            .to_owned()
    ));
}

#[test]
fn the_metric_of_the_loss_is_chosen_for_all_runs_and_told() {
    let import = read(
        "runs.jsonl",
        "{\"id\": \"a\", \"config\": {\"n\": 1}, \"summary\": {\"val/c4_loss\": 3, \"val/code_loss\": 2}}\n\
         {\"id\": \"b\", \"config\": {\"n\": 2}, \"summary\": {\"val/c4_loss\": 2.5}}\n",
    );
    let losses: Vec<_> = import.runs.iter().map(|r| r.loss).collect();
    assert_eq!(losses, [Some(Nats(3.0)), Some(Nats(2.5))]);
    assert!(import.notes.contains(
        &"the loss along the runs is the metric `val/c4_loss`, not `val/code_loss`; say `--map \
          loss=METRIC` for another"
            .to_owned()
    ));
}

#[test]
fn a_map_may_name_a_metric_or_a_setting() {
    let given = given(&[(
        "runs.jsonl",
        r#"{"id": "a", "config": {"width": 512}, "summary": {"bpb": 1.5, "val_loss": 3}}"#,
    )])
    .map("loss=bpb,n=width");
    let run = &given.import(&["runs.jsonl"]).runs[0];
    assert_eq!((run.loss, run.parameters.unstated), (Some(Nats(1.5)), Some(Parameters(512.0))));
}

#[test]
fn runs_that_crashed_diverged_or_stopped_early_are_flagged() {
    let import = read(
        "runs.jsonl",
        "{\"id\": \"a\", \"state\": \"crashed\", \"config\": {}, \"summary\": {\"val_loss\": 3}}\n\
         {\"id\": \"b\", \"state\": \"finished\", \"config\": {}, \"summary\": {\"val_loss\": NaN}}\n\
         {\"id\": \"c\", \"config\": {\"max_steps\": 100}, \"summary\": {\"val_loss\": 3.5, \"global_step\": 60}}\n\
         {\"id\": \"d\", \"state\": \"running\", \"config\": {}, \"summary\": {\"val_loss\": 4, \"global_step\": 9}}\n",
    );
    assert_eq!(
        flags(&import),
        [
            "a: failed: its state is `crashed`",
            "b: failed: `val_loss` is NaN",
            "c: unfinished: 60 of 100 steps done",
            "d: unfinished: its log ends at step 9",
        ]
    );
    assert_eq!(import.runs[1].loss, None);
}

#[test]
fn a_finished_run_is_not_unfinished_by_the_count_of_its_log_lines() {
    let import = read(
        "runs.jsonl",
        r#"{"id": "a", "state": "finished", "config": {"max_steps": 1000}, "summary": {"val_loss": 3, "_step": 10}}"#,
    );
    assert_eq!(import.runs[0].steps, Some(Steps(1000.0)));
    assert!(flags(&import).is_empty());
}

#[test]
fn a_decaying_schedule_that_ends_high_is_flagged() {
    let history = HISTORY.replace("50,train/.optimizer/lr,0.0001", "50,train/.optimizer/lr,0.001");
    let given = given(&[("runs.jsonl", RUN), ("history.csv", &history)]);
    assert_eq!(
        flags(&given.import(&["runs.jsonl", "history.csv"])),
        ["r1: mid-schedule: the learning rate ends at 50 % of its peak on a schedule that decays \
          (cosine_decay)"]
    );
}

#[test]
fn a_line_that_is_no_json_is_rejected_with_its_number() {
    let import = read("runs.jsonl", &format!("{RUN}\n{{\"id\": \n[1]\n"));
    assert_eq!(import.runs.len(), 1);
    assert_eq!(
        rejected(&import),
        [
            "2: it is no JSON (EOF while parsing a value at line 1 column 7)",
            "3: it is no JSON object"
        ]
    );
}

#[test]
fn plain_json_lines_are_runs_or_steps() {
    let runs = read(
        "runs.jsonl",
        "{\"n\": 1e6, \"d\": 2e7, \"loss\": 4}\n{\"n\": 1, \"d\": 1, \"loss\": -4}\n",
    );
    assert_eq!(
        (runs.runs.len(), rejected(&runs)),
        (1, vec!["2: `loss` is negative: -4".to_owned()])
    );
    let steps =
        read("log.jsonl", "{\"step\": 1, \"loss\": 9}\n{\"step\": 2, \"loss\": 8, \"lr\": 0.1}\n");
    assert_eq!((steps.runs[0].id.as_str(), steps.runs[0].history.len()), ("log", 2));
    assert_eq!(steps.runs[0].loss, Some(Nats(8.0)));
}

#[test]
fn a_batch_that_may_be_a_part_of_an_updates_is_left_out() {
    let run = |batch: &str| {
        let text = format!(
            "{{\"id\": \"a\", \"config\": {{\"{batch}\": 12, \"block_size\": 64, \"max_iters\": 10, \
             \"gradient_accumulation_steps\": 40}}, \"summary\": {{\"val/loss\": 3}}}}"
        );
        read("runs.jsonl", &text)
    };
    let import = run("batch_size");
    assert_eq!((import.runs[0].batch, import.runs[0].tokens), (None, None));
    assert!(import.notes.iter().any(|n| n.ends_with(
        "the batch is left out: with `gradient_accumulation_steps`, `batch_size` may be a part of \
         an update's; log `global_batch_size`, or say `--map b_tokens=SETTING`"
    )));
    assert_eq!(run("global_batch_size").runs[0].tokens, Some(Tokens(7680.0)));
}
