//! Runs that stand in the way of a fit are flagged, each with its evidence, and no other run is.

use crate::given::{flags, given, read, read_shared};

#[test]
fn a_failed_state_is_a_flag_and_the_run_needs_no_loss() {
    let import = read(
        "t.csv",
        "id,n,d,state,loss\na,1e6,1e7,finished,4\nb,1e6,2e7,crashed,3\nc,1e6,3e7,failed,\nd,1e6,4e7,failed,nan\n",
    );
    assert_eq!(
        flags(&import),
        [
            "b: failed: its state is `crashed`",
            "c: failed: its state is `failed`",
            "d: failed: its state is `failed`",
        ]
    );
    assert_eq!(import.n_rejected, 0);
}

#[test]
fn a_run_whose_loss_diverged_along_the_way_is_flagged_and_keeps_its_curve() {
    let import = read("log.csv", "step,loss\n1,5\n2,4\n3,nan\n");
    assert_eq!(flags(&import), ["log: failed: `loss` is NaN at step 3"]);
    assert_eq!((import.runs[0].loss, import.runs[0].history.len()), (None, 2));
}

#[test]
fn a_run_that_stopped_before_its_plan_is_flagged_and_counts_what_was_done() {
    let import = read(
        "t.csv",
        "id,n,batch_tokens,steps,last_step,loss\na,1e6,100,1000,400,4\nb,1e6,100,1000,990,4.1\n",
    );
    assert_eq!(flags(&import), ["a: unfinished: 400 of 1000 steps done"]);
    let tokens: Vec<_> = import.runs.iter().filter_map(|r| Some(r.tokens?.0)).collect();
    assert_eq!(tokens, [40_000.0, 100_000.0]);
}

#[test]
fn the_same_run_twice_is_flagged_once() {
    let table = "id,n,d,loss\na,1e6,1e7,4.5\nb,1e6,2e7,4.25\na,1e6,1e7,4.5\n";
    assert_eq!(flags(&read("t.csv", table)), ["a (t.csv:4): duplicate of `a`"]);
    let given = given(&[("t.csv", "n,d,loss\n1e6,1e7,4.5\n")]);
    let twice = given.import(&["t.csv", "t.csv"]);
    assert_eq!(flags(&twice), ["t.csv:2 #2: duplicate of `t.csv:2`"]);
}

#[test]
fn a_loss_that_is_alike_to_the_last_digit_is_the_same_run_under_another_name() {
    let same = "id,n,d,loss\na,1e6,1e7,4.512345\nb,1e6,1e7,4.512345\n";
    assert_eq!(flags(&read("t.csv", same)), ["b: duplicate of `a`"]);
    let rounded = "id,n,d,loss\na,1e6,1e7,4.51\nb,1e6,1e7,4.51\n";
    assert!(flags(&read("t.csv", rounded)).is_empty());
    let seeds = "id,n,d,seed,loss\na,1e6,1e7,1,4.512345\nb,1e6,1e7,2,4.512345\n";
    assert!(flags(&read("t.csv", seeds)).is_empty());
}

#[test]
fn checkpoints_of_one_run_are_flagged_but_for_the_last() {
    let table =
        "id,n,d,lr_schedule,loss\na,1e6,1e7,cosine,5\na,1e6,2e7,cosine,4.5\na,1e6,4e7,cosine,4\n";
    assert_eq!(
        flags(&read("t.csv", table)),
        [
            "a: mid-schedule: it is a checkpoint of a run that goes on, see line 4",
            "a (t.csv:3): mid-schedule: it is a checkpoint of a run that goes on, see line 4",
        ]
    );
    assert!(flags(&read("t.csv", &table.replace("cosine", "constant"))).is_empty());
}

#[test]
fn one_name_for_a_grid_of_runs_is_no_flag_but_told() {
    let import = read("t.csv", "name,n,d,loss\n125M,1e8,1e9,4\n125M,1e8,2e9,3.8\n");
    assert!(flags(&import).is_empty());
    assert!(import.notes.iter().any(|n| {
        n.starts_with("2 rows are called `125M` and differ in D: taken as runs of their own")
    }));
}

#[test]
fn a_loss_read_long_before_the_end_is_flagged() {
    let import = read("log.csv", "step,val_loss,train_loss\n10,5,5\n20,,4\n100,,3\n");
    assert_eq!(
        flags(&import),
        ["log: mid-schedule: its held-out loss was last read at step 10 of 100"]
    );
}

/// L = 1.8 + 480/N^0.35 + 2100/D^0.37 over a grid, one run of it off by a factor.
fn grid(line_off: usize, factor: f64) -> String {
    let mut table = "n,d,loss\n".to_owned();
    for i in 0..36 {
        let (n, d) = (1e7 * 1.6_f64.powi(i / 6), 3e8 * 1.6_f64.powi(i % 6));
        let loss = 1.8 + 480.0 / n.powf(0.35) + 2100.0 / d.powf(0.37);
        let factor = if i as usize + 2 == line_off { factor } else { 1.0 };
        table += &format!("{n},{d},{}\n", loss * factor);
    }
    table
}

#[test]
fn a_loss_far_from_the_runs_beside_it_is_flagged_with_what_it_was_held_against() {
    let found = flags(&read("t.csv", &grid(17, 1.2)));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("t.csv:17: outlier: its loss 4.723 is 19 %"), "{}", found[0]);
    assert!(
        found[0].contains("above the 3.962 that the 12 runs nearest in N and D lead to")
            && found[0].ends_with("% is usual"),
        "{}",
        found[0]
    );
    assert_eq!(flags(&read("t.csv", &grid(17, 0.8))).len(), 1);
    assert!(flags(&read("t.csv", &grid(17, 1.05))).is_empty());
    assert!(flags(&read("t.csv", &grid(0, 1.0))).is_empty());
}

#[test]
fn a_run_that_diverged_among_runs_of_its_size_and_data_is_flagged() {
    let rows: String =
        (0..8).map(|i| format!("1e8,1e9,{}e-3,{}\n", i + 1, 3.0 + 0.05 * f64::from(i))).collect();
    let import = read("t.csv", &format!("n,d,lr,loss\n{rows}1e8,1e9,0.1,6.5\n"));
    assert_eq!(
        flags(&import),
        ["t.csv:10: outlier: its loss 6.500 is 2.0 times the middle one of the 9 runs of its N \
          and D, 3.200"]
    );
}

#[test]
fn sound_real_runs_are_not_flagged() {
    let names = [
        "epoch_chinchilla.csv",
        "chinchilla_kyo.csv",
        "gadre_c4.csv",
        "porian_isoflop_points.csv",
        "porian_optimal_pairs.csv",
        "datablations_upto4epochs.csv",
        "lr_annealing_cosine.csv",
    ];
    for name in names {
        let Some(import) = read_shared(&[name]) else { return };
        assert_eq!(flags(&import), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn real_runs_that_diverged_or_stopped_are_flagged() {
    let Some(import) = read_shared(&["steplaw_dense.csv"]) else { return };
    let flagged: Vec<f64> = import
        .runs
        .iter()
        .filter(|r| !r.flags.is_empty())
        .filter_map(|r| Some(r.loss?.0))
        .collect();
    let lowest = flagged.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(flagged.len(), 181);
    assert!(lowest > 4.0, "{lowest}"); // the others end between 2.1 and 3.2
    let Some(import) = read_shared(&["wandb_final.csv"]) else { return };
    assert_eq!(flags(&import), ["ihp79346: unfinished: 5000 of 9400 steps done"]);
}
