//! Plans and what belongs to them, as printed and as JSON.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::sample::folder_with_runs;
use crate::told::Told;

/// The JSON of `fieldkit scaling WORDS --json` in a folder.
fn json(folder: &TempDir, words: &str) -> Value {
    let told = Told::by(folder, &format!("scaling {words} --json --no-record"));
    assert_eq!(told.code, 0, "{}", told.stderr);
    serde_json::from_str(&told.stdout).unwrap()
}

#[test]
fn a_plan_spends_its_budget_and_says_so_in_json_and_in_words() {
    let folder = folder_with_runs();
    let plan = &json(&folder, "plan runs.csv --budget 1e18 --bootstrap 100")["plan"];
    let advice = &plan["lines"][0];
    let value = |name: &str| advice[name]["value"].as_f64().unwrap();
    assert!((6.0 * value("parameters") * value("tokens") / 1e18 - 1.0).abs() < 1e-6);
    assert!(advice["parameters"]["interval"]["low"].as_f64().unwrap() < value("parameters"));

    let words = "scaling plan runs.csv --budget 1e18 --bootstrap 100 --no-record \
                 --devices 8 --peak-flops h100 --price-per-hour 2";
    let told = Told::by(&folder, words);
    for word in ["→ ", "Kaplan 2020", "batch", "learning rate", "hours", "cost", "other sizes"] {
        assert!(told.stdout.contains(word), "{word}: {}", told.stdout);
    }
}

#[test]
fn one_budget_and_no_more_is_asked_for() {
    let folder = folder_with_runs();
    for words in ["", "--budget 1e18 --target-loss 3", "--money 100", "--budget -1"] {
        let told = Told::by(&folder, &format!("scaling plan runs.csv {words} --no-record"));
        assert_eq!((told.code, told.stdout.as_str()), (2, ""), "{words}");
    }
}

#[test]
fn runs_on_one_line_are_refused_and_forced_ones_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = "params,tokens,loss\n".to_owned();
    for i in 0..10 {
        let n = 1e6 * 2f64.powi(i);
        let _ = writeln!(csv, "{n},{},{}", 20.0 * n, 2.0 + 300.0 / n.powf(0.3));
    }
    fs::write(folder.path().join("line.csv"), csv).unwrap();
    let words = "scaling plan line.csv --budget 1e18 --bootstrap 100 --no-record";
    let told = Told::by(&folder, words);
    assert_eq!((told.code, told.stdout.as_str()), (2, ""));
    assert!(told.stderr.contains("all runs lie on D = 20.000·N"), "{}", told.stderr);
    assert!(told.stderr.contains("hint: add runs of the sizes you have"), "{}", told.stderr);

    let forced = Told::by(&folder, &format!("{words} --force"));
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert!(forced.stdout.contains("warning: forced: all runs lie on"), "{}", forced.stdout);
}

#[test]
fn the_next_run_is_ranked_within_its_budget() {
    let words = "next runs.csv --budget 1e20 --per-run 1e17 --bootstrap 200 --law chinchilla";
    let found = json(&folder_with_runs(), words);
    let ranked = found["ranked"].as_array().unwrap();
    let shrinks = |run: &Value| run["shrinks"].as_f64().unwrap();
    assert!(ranked.windows(2).all(|w| shrinks(&w[0]) >= shrinks(&w[1])));
    assert!(ranked.iter().all(|run| run["compute"].as_f64().unwrap() <= 1.001e17));
}

#[test]
fn a_recipe_against_itself_is_no_evidence() {
    let words = "scaling compare runs.csv --against runs.csv --bootstrap 200 --no-record";
    let told = Told::by(&folder_with_runs(), words);
    assert!(told.stdout.contains("no evidence that either is faster"), "{}", told.stdout);
    let alone = Told::by(&folder_with_runs(), "scaling compare runs.csv --no-record");
    assert_eq!(alone.code, 2);
    assert!(alone.stderr.contains("--against FILE"), "{}", alone.stderr);
}

#[test]
fn a_table_of_steps_to_a_loss_gives_its_critical_batch() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = "model,params,target_val_loss,batch_tokens,steps\n".to_owned();
    for i in 0..6 {
        let batch = 1e5 * 2f64.powi(i);
        let _ = writeln!(csv, "small,1e8,3.0,{batch},{}", 1000.0 + 1e9 / batch);
    }
    fs::write(folder.path().join("steps.csv"), csv).unwrap();
    let found = json(&folder, "batch steps.csv --bootstrap 100");
    let critical = &found["trade_off"]["trade_offs"][0]["critical_batch"]["value"];
    assert!((critical.as_f64().unwrap() / 1e6 - 1.0).abs() < 1e-4, "{critical}");
}

#[test]
fn a_curve_is_foretold_under_another_schedule() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = "step,loss,lr\n".to_owned();
    for step in 0..2000 {
        let p = f64::from(step) / 2000.0;
        let lr = 1e-3 * (0.1 + 0.45 * (1.0 + (std::f64::consts::PI * p).cos()));
        let loss = 2.5 + 1.5 / (0.2 + f64::from(step) * 1e-3).powf(0.5) - 0.1 * (1e-3 - lr) / 1e-3;
        let _ = writeln!(csv, "{step},{loss},{lr}");
    }
    fs::write(folder.path().join("run.csv"), csv).unwrap();
    let found = json(&folder, "curve run.csv --schedule wsd --bootstrap 50");
    let target = found["target_final"]["value"].as_f64().unwrap();
    let own = found["own_final"].as_f64().unwrap();
    assert!((target / own - 1.0).abs() < 0.05, "{target} {own}");
    assert!(found["laws"][0]["held_out_mape"].as_f64().unwrap() < 0.01);
}

#[test]
fn the_step_to_stop_at_is_told_for_a_model_and_its_text() {
    let words = "stop runs.csv --parameters 1e8 --tokens 1e9 --bootstrap 100";
    let found = json(&folder_with_runs(), words);
    let published = found["bounds"][0]["stop"]["value"].as_f64().unwrap();
    assert!((published / 18_114.415 - 1.0).abs() < 1e-6, "{published}");
    assert_eq!(found["bounds"].as_array().unwrap().len(), 2);
}
