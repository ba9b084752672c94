//! Every real file imports as it is, without a map.

use scaling::data::{Import, Schedule};
use scaling::units::{Flop, Nats, Parameters, Steps, Tokens};

use crate::given::{read_shared, rejected, shared};

/// Runs, rejected rows, and the last sentence about each file.
fn check(names: &[&str], n_runs: usize, n_rejected: u64) -> Option<Import> {
    let import = read_shared(names)?;
    assert_eq!((import.runs.len(), import.n_rejected), (n_runs, n_rejected), "{names:?}");
    Some(import)
}

fn has_note(import: &Import, end: &str) -> bool {
    import.notes.iter().any(|note| note.ends_with(end))
}

#[test]
fn epoch_chinchilla() {
    let Some(import) = check(&["epoch_chinchilla.csv"], 245, 0) else { return };
    let run = &import.runs[0];
    assert_eq!(run.parameters.unstated, Some(Parameters(6795600349.289497)));
    assert_eq!(run.compute, Some(Flop(9.993852799709755e+18)));
    assert_eq!(run.loss, Some(Nats(5.005581996196243)));
    assert_eq!(run.tokens, Some(Tokens(9.993852799709755e+18 / (6.0 * 6795600349.289497))));
    assert!(has_note(&import, "D is not logged; taken as D = C/(6N)"));
    assert!(has_note(
        &import,
        "`loss` does not say on which text it was measured; taken as held-out"
    ));
}

#[test]
fn kyo_and_gadre() {
    let Some(import) = check(&["chinchilla_kyo.csv"], 234, 0) else { return };
    assert_eq!(import.runs[0].tokens, Some(Tokens(3154403320.0)));
    let Some(import) = check(&["gadre_c4.csv"], 34, 0) else { return };
    let run = &import.runs[0];
    assert_eq!(run.parameters.body, Some(Parameters(359973888.0)));
    assert_eq!(run.parameters.total, Some(Parameters(411616256.0)));
    assert_eq!(
        (run.loss, run.group.as_deref()),
        (Some(Nats(3.5279492850157737)), Some("c4_original"))
    );
    assert!(import.notes.iter().any(|n| n.contains("the batch is left out: nothing says whether")));
}

#[test]
fn datablations() {
    let Some(import) = check(&["datablations_upto4epochs.csv"], 97, 0) else { return };
    let run = &import.runs[1];
    assert_eq!((run.id.as_str(), run.loss), ("2b88b4b", Some(Nats(2.995093))));
    assert_eq!((run.tokens, run.unique_tokens), (Some(Tokens(8e9)), Some(Tokens(4e9))));
}

#[test]
fn porian() {
    let Some(import) = check(&["porian_isoflop_points.csv"], 1164, 0) else { return };
    assert_eq!(import.runs[0].group.as_deref(), Some("rw_base_long_kaplan_kaplan_train"));
    assert_eq!(import.runs[0].compute, Some(Flop(1.25e16)));
    let Some(import) = check(&["porian_optimal_pairs.csv"], 115, 3) else { return };
    assert_eq!(rejected(&import), ["13: `n` is empty", "61: `n` is empty", "62: `n` is empty"]);
    let fits = shared("porian_fit_results.csv").unwrap();
    let e = scaling::data::import(&[fits], &Default::default(), &mut record::Silent).unwrap_err();
    assert!(e.to_string().contains("some look like the results of a fit: these are no runs"));
}

#[test]
fn step_law() {
    let Some(import) = check(&["steplaw_dense.csv"], 1911, 0) else { return };
    let run = &import.runs[0];
    assert_eq!(
        (run.parameters.unstated, run.tokens),
        (Some(Parameters(214663680.0)), Some(Tokens(1e11)))
    );
    assert_eq!((run.steps, run.batch), (Some(Steps(66342.0)), Some(Tokens(736.0 * 2048.0))));
    assert_eq!((run.learning_rate, run.loss), (Some(0.0003453), Some(Nats(2.3976109618296744))));
    assert!(has_note(&import, "the batch is in sequences of 2048 tokens, as D/(B·S) shows"));
}

#[test]
fn critical_batch() {
    let Some(import) = check(&["critical_batch_85M_604M.csv"], 0, 0) else { return };
    assert_eq!(import.steps_to_loss.len(), 36);
    let point = &import.steps_to_loss[0];
    assert_eq!((point.batch, point.steps), (Tokens(32768.0), Steps(46000.0)));
    assert_eq!((point.model.as_deref(), point.target), (Some("85M"), Nats(3.42)));
}

#[test]
fn lr_annealing() {
    let Some(import) = check(&["lr_annealing_cosine.csv"], 1, 0) else { return };
    let run = &import.runs[0];
    assert_eq!((run.id.as_str(), run.steps), ("lr_annealing_cosine", Some(Steps(33907.0))));
    assert_eq!((run.learning_rate, run.schedule.clone()), (Some(0.001), Some(Schedule::Cosine)));
    assert!((1000..=2001).contains(&run.history.len()));
    assert_eq!(run.history[run.history.len() - 1].train_loss, Some(2.646177291870117));
    assert!(run.loss.is_some_and(|l| (l.0 - 2.668).abs() < 0.001) && run.loss_is_training);
}

#[test]
fn wandb_export() {
    let names = ["wandb_runs.jsonl", "wandb_history.csv.gz"];
    let Some(import) = check(&names, 40, 0) else { return };
    assert_eq!(import.n_rows, 40 + 51_396);
    let run = import.runs.iter().find(|r| r.id == "2elyvrjh").unwrap();
    assert_eq!(run.group.as_deref(), Some("sclaw_llama_iso1"));
    assert_eq!(run.parameters.unstated, Some(Parameters(236399744.0)));
    assert_eq!((run.steps, run.batch), (Some(Steps(2400.0)), Some(Tokens(128.0 * 8192.0))));
    assert_eq!(run.tokens, Some(Tokens(2516582400.0)));
    assert_eq!((run.loss, run.learning_rate), (Some(Nats(3.491559194594177)), Some(0.003)));
    assert_eq!((run.schedule.clone(), run.seed), (Some(Schedule::Cosine), Some(0)));
    let losses = run.history.iter().filter(|c| c.val_loss.is_some()).count();
    assert_eq!((run.history.len(), losses), (48, 3));
    let Some(other) = read_shared(&["wandb_history.csv.gz", "wandb_runs.jsonl"]) else { return };
    assert_eq!(other.runs, import.runs);
}

#[test]
fn wandb_final_rows_agree_with_the_export() {
    let Some(table) = check(&["wandb_final.csv"], 162, 0) else { return };
    let Some(export) = read_shared(&["wandb_runs.jsonl"]) else { return };
    for run in export.runs.iter().filter(|r| r.flags.is_empty()) {
        let row = table.runs.iter().find(|r| r.id == run.id).unwrap();
        assert_eq!((row.parameters, row.tokens), (run.parameters, run.tokens), "{}", run.id);
        let (a, b) = (row.loss.unwrap().0, run.loss.unwrap().0);
        assert!((a - b).abs() < 1e-14, "{}: {a} {b}", run.id);
    }
}
