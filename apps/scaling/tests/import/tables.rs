//! Tables with one row a run: which column is what, units, and what follows from what.

use scaling::data::{Role, Schedule, parse_map};
use scaling::units::{Flop, Nats, Parameters, Steps, Tokens};

use crate::given::{columns, given, map, read, rejected};

#[test]
fn a_row_becomes_a_run_with_its_place() {
    let import = read("t.csv", "N,D,loss\n1e6,2e7,4.5\n2e6,4e7,4.1\n");
    assert_eq!((import.runs.len(), import.n_rows, import.n_rejected), (2, 2, 0));
    let run = &import.runs[1];
    assert_eq!(run.parameters.unstated, Some(Parameters(2e6)));
    assert_eq!((run.tokens, run.loss), (Some(Tokens(4e7)), Some(Nats(4.1))));
    assert_eq!((run.id.as_str(), run.origin.line), ("t.csv:3", Some(3)));
}

#[test]
fn columns_are_known_by_their_names() {
    let header = "run_id,group,params_no_embed,params,tokens,unique_tokens,steps,batch_size_seqs,\
                  seq_len,lr,lr_schedule,seed,Training FLOP,state,val_loss";
    let row = "a,g,1e6,2e6,1e7,1e7,10,8,125000,1e-3,cosine,3,1.2e14,finished,4";
    assert_eq!(
        columns("", header, row),
        "the run's id from `run_id`, the group from `group`, the state from `state`, \
         the schedule from `lr_schedule`, N without embeddings from `params_no_embed`, \
         N with embeddings from `params`, D from `tokens`, U, different tokens from \
         `unique_tokens`, S from `steps`, B in sequences from `batch_size_seqs`, \
         tokens a sequence from `seq_len`, C in FLOP from `Training FLOP`, \
         the learning rate from `lr`, the seed from `seed`, the loss from `val_loss`"
    );
}

#[test]
fn a_map_has_the_last_word() {
    let header = "n,d,loss,eval/perplexity_nll";
    assert_eq!(
        columns("loss=eval/perplexity_nll,d=n,n=d", header, "1,2,3,4"),
        "N from `d`, D from `n`, the loss from `eval/perplexity_nll`"
    );
    assert_eq!(columns("d=-", header, "1,2,3,4"), "N from `n`, the loss from `loss`");
}

#[test]
fn a_map_is_written_as_quantity_and_column() {
    let parsed = parse_map("loss=val_loss, n=params").unwrap();
    assert_eq!(parsed, map(&[(Role::Loss, "val_loss"), (Role::Parameters, "params")]));
    let e = parse_map("speed=x").unwrap_err().to_string();
    assert!(e.starts_with("--map does not understand `speed=x`\n  hint: write QUANTITY=COLUMN"));
}

#[test]
fn a_run_keeps_what_its_row_tells() {
    let import = read(
        "t.csv",
        "name,n_body,n_total,steps,batch_tokens,lr,schedule,seed,train_loss\n\
         small,1M,1.5M,1000,65536,3e-4,wsd,7,4.5\n",
    );
    let run = &import.runs[0];
    assert_eq!(run.id, "small");
    assert_eq!(run.parameters.body, Some(Parameters(1e6)));
    assert_eq!(run.parameters.total, Some(Parameters(1.5e6)));
    assert_eq!((run.steps, run.batch), (Some(Steps(1000.0)), Some(Tokens(65_536.0))));
    assert_eq!(run.tokens, Some(Tokens(65_536_000.0)));
    assert_eq!((run.learning_rate, run.seed), (Some(3e-4), Some(7)));
    assert_eq!(run.schedule, Some(Schedule::WarmupStableDecay));
    assert!(run.loss_is_training);
}

#[test]
fn d_follows_from_compute_where_it_is_not_logged() {
    let given = given(&[("t.csv", "n,flops,loss\n1e6,6e13,4\n")]);
    let import = given.import(&["t.csv"]);
    assert_eq!(import.runs[0].tokens, Some(Tokens(1e7)));
    let note = "t.csv: D is not logged; taken as D = C/(6N)".to_owned();
    assert!(given.notes(&import).contains(&note));
}

#[test]
fn a_batch_that_does_not_say_what_it_counts_is_settled_by_d() {
    let tokens = read("t.csv", "n,d,steps,bs,loss\n1e6,1e7,10,1000000,4\n1e6,2e7,20,1000000,3.9\n");
    assert_eq!(tokens.runs[0].batch, Some(Tokens(1e6)));
    let sequences = read("t.csv", "n,d,steps,bs,loss\n1e6,1e7,10,500,4\n1e6,2e7,20,500,3.9\n");
    assert_eq!(sequences.runs[0].batch, Some(Tokens(1e6)));
    assert!(
        sequences
            .notes
            .iter()
            .any(|n| n.ends_with("the batch is in sequences of 2000 tokens, as D/(B·S) shows"))
    );
}

#[test]
fn compute_in_pf_days_is_known_by_its_size() {
    let import = read("t.csv", "n,d,c,loss\n1e9,1e10,0.694,3\n2e9,1e10,1.389,2.9\n");
    assert_eq!(import.runs[0].compute, Some(Flop(0.694 * 8.64e19)));
    assert!(import.notes.iter().any(|n| n.ends_with("C is in PF-days, as C ≈ 6ND shows")));
}

#[test]
fn a_count_may_be_in_billions_where_its_column_says_so() {
    let import = read("t.csv", "Params (B),tokens_M,loss\n0.07,1400,4\n1.3,26000,3\n");
    assert_eq!(import.runs[1].parameters.unstated, Some(Parameters(1.3e9)));
    assert_eq!(import.runs[1].tokens, Some(Tokens(2.6e10)));
    assert!(import.notes[0].ends_with(
        "N from `Params (B)` times 1e9, D from `tokens_M` times 1e6, the loss from `loss`"
    ));
}

#[test]
fn a_table_may_be_cut_otherwise_and_have_decimal_commas() {
    let import = read("t.csv", "N;D;loss\n1.000.000;2e7;4,5\n2.000.000;4e7;4,1\n");
    assert_eq!(import.runs[0].parameters.unstated, Some(Parameters(1e6)));
    assert_eq!(import.runs[0].loss, Some(Nats(4.5)));
    let import = read("t.tsv", "N\tD\tloss\n1e6\t2e7\t4.5\n");
    assert_eq!(import.runs[0].loss, Some(Nats(4.5)));
}

#[test]
fn quotes_byte_order_marks_and_returns_are_no_matter() {
    let text = "\u{feff}\"N\",\"D\",\"loss\"\r\n\"1,000,000\",2e7,4.5\r\n";
    let import = read("t.csv", text);
    assert_eq!(import.runs[0].parameters.unstated, Some(Parameters(1e6)));
}

#[test]
fn of_several_losses_the_one_on_held_out_text_is_taken_and_the_choice_is_told() {
    let import = read("t.csv", "n,d,train_loss,val_loss\n1e6,1e7,4.4,4.5\n");
    assert_eq!(import.runs[0].loss, Some(Nats(4.5)));
    assert!(!import.runs[0].loss_is_training);
    let import = read("t.csv", "n,d,loss_c4_val,loss_code_val\n1e6,1e7,4.4,9\n1e6,2e7,4.3,9\n");
    assert_eq!(import.runs[0].loss, Some(Nats(4.4)));
    assert!(import.notes[0].contains("(the lowest of those that fit), not `loss_code_val`"));
}

#[test]
fn steps_to_a_loss_are_no_runs() {
    let import = read(
        "t.csv",
        "model,params,target_val_loss,seq_len,batch_size_seqs,steps\n85M,8.5e7,3.4,512,64,46000\n",
    );
    assert!(import.runs.is_empty());
    let point = &import.steps_to_loss[0];
    assert_eq!((point.batch, point.steps), (Tokens(32_768.0), Steps(46_000.0)));
    assert_eq!((point.target, point.model.as_deref()), (Nats(3.4), Some("85M")));
}

#[test]
fn a_bad_cell_in_a_column_that_is_not_needed_costs_the_cell_only() {
    let import = read("t.csv", "n,d,lr,loss\n1e6,1e7,fast,4.5\n1e6,2e7,nan,4.4\n");
    assert_eq!((import.runs.len(), rejected(&import).len()), (2, 0));
    assert!(import.notes.iter().any(|n| {
        n.ends_with("left out: 2 cells of `lr`; the first, at line 2, is not a number: `fast`")
    }));
}

#[test]
fn what_a_table_says_twice_and_not_alike_is_told() {
    let import = read("t.csv", "n,d,c,loss\n1e6,1e7,6e13,4\n1e6,1e7,9e13,3.9\n");
    assert!(import.notes.iter().any(|n| n.ends_with(
        "C/(6ND) should be 1 and runs from 1.000 (line 2) to 1.500 (line 3); C is taken as logged"
    )));
}
