//! Folders of logs: every kind in them is read, and what is not is told.

use scaling::units::Nats;

use crate::given::{given, given_bytes};
use crate::tensorboard::simple;

#[test]
fn a_folder_may_hold_every_kind() {
    let events = simple(1, "val/loss", 2.0);
    let given = given_bytes(&[
        ("a.csv", b"id,n,d,loss\nt,1e6,1e7,5\n"),
        ("deep/er/runs.jsonl", br#"{"id": "w", "config": {}, "summary": {"val/loss": 4}}"#),
        ("m/1/run/meta.yaml", b"run_id: m\n"),
        ("m/1/run/metrics/val/loss", b"1 3 1\n"),
        ("tb/events.out.tfevents.1", &events),
        ("notes.txt", b"nothing"),
        (".hidden/b.csv", b"id,n,d,loss\nh,1e6,1e7,5\n"),
    ]);
    let import = given.import(&[""]);
    let runs: Vec<_> = import.runs.iter().map(|r| (r.id.as_str(), r.loss)).collect();
    let nats = |x| Some(Nats(x));
    assert_eq!(runs, [("tb", nats(2.0)), ("m", nats(3.0)), ("t", nats(5.0)), ("w", nats(4.0))]);
    let note = ".: passed over: 1 file of other kinds".to_owned();
    assert!(given.notes(&import).contains(&note));
}

#[test]
fn the_tables_of_a_sweep_belong_together() {
    let given = given(&[
        (
            "runs.csv",
            "id,group,architecture,params_body,params_total,tokens,unique_tokens,steps,batch_tokens,\
             sequence_length,lr,warm_up_steps,schedule,seed,loss,train_loss,compute,state,cpu_seconds\n\
             t1,sizes,transformer,6144,8192,2048000,2000000,1000,2048,64,4e-3,100,cosine,0,2.0,1.9,\
             7.5e10,finished,12.5\n\
             t2,sizes,transformer,6144,8192,2048000,2000000,1000,2048,64,9,100,cosine,0,,,7.5e10,\
             failed,1\n",
        ),
        (
            "history.csv",
            "run_id,step,metric,value\nt1,0,b_small,1\nt1,0,b_big,32\nt1,500,train_loss,2.2\n\
             t1,500,grad_sq_small,3e-1\nt1,500,grad_sq_big,1e-1\nt1,1000,val_loss,2.00000\n\
             t2,10,train_loss,NaN\n",
        ),
        (
            "steps_to_loss.csv",
            "model,group,params_body,target_val_loss,seq_len,batch_size_seqs,batch_tokens,steps\n\
             t,transformer,6144,2.5,64,32,2048,300.5\n",
        ),
    ]);
    let import = given.import(&[""]);
    assert_eq!((import.runs.len(), import.steps_to_loss.len()), (2, 1));
    assert_eq!((import.n_rejected, import.n_rows), (0, 10));
    let run = &import.runs[0];
    assert_eq!(run.parameters.body.map(|n| n.0), Some(6144.0));
    assert_eq!((run.loss, run.steps.map(|s| s.0)), (Some(Nats(2.0)), Some(1000.0)));
    assert!(run.history[0].gradient_norms.is_some() && run.flags.is_empty());
    let failed = &import.runs[1];
    let flags: Vec<String> = failed.flags.iter().map(ToString::to_string).collect();
    assert_eq!(
        flags,
        [
            "failed: `train_loss` is NaN at step 10",
            "failed: its state is `failed`",
            "unfinished: 10 of 1000 steps done",
        ]
    );
    assert_eq!(failed.loss, None);
}

#[test]
fn a_table_that_is_of_no_use_is_told_and_left_out_unless_it_is_all_there_is() {
    let given = given(&[("a.csv", "n,d,loss\n1,2,3\n"), ("b.csv", "x,y\n1,2\n")]);
    let import = given.import(&[""]);
    assert_eq!(import.runs.len(), 1);
    let note = "b.csv: left out: no column looks like a loss".to_owned();
    assert!(given.notes(&import).contains(&note));
    let alone = crate::given::given(&[("b.csv", "x,y\n1,2\n")]);
    assert!(alone.error(&[""]).starts_with("b.csv:1: no column looks like a loss"));
}

#[test]
fn a_damaged_file_in_a_folder_stops_the_import() {
    let whole = crate::given::gzip(b"n,d,loss\n1,2,3\n");
    let given =
        given_bytes(&[("a.csv", b"n,d,loss\n1,2,3\n"), ("b.csv.gz", &whole[..whole.len() - 10])]);
    assert!(given.error(&[""]).starts_with("b.csv.gz: the gzip ends in the middle"));
}
