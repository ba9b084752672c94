//! Which run next, on runs that leave one thing open.

use record::Silent;
use scaling::data::TrainingRun;
use scaling::model::Law;
use scaling::model::chinchilla::CHINCHILLA;
use scaling::predict::candidates::{Candidates, candidates};
use scaling::predict::next::{About, Advice, Question, advice};
use scaling::units::Flop;

use super::synthetic::{grid, quick, run, true_loss};

static LAWS: &[&Law] = &[&CHINCHILLA];

fn question() -> Question {
    Question { target: Flop(1e21), about: About::Size, per_run: None, n_runs: 2 }
}

fn fitted(runs: &[TrainingRun]) -> Candidates {
    candidates(runs, LAWS, &quick(), 1, &mut Silent).unwrap()
}

fn advised(runs: &[TrainingRun], question: &Question) -> Advice {
    advice(runs, &fitted(runs), question).unwrap()
}

#[test]
fn the_best_run_comes_first_and_a_second_one_helps_more() {
    let found = advised(&grid(), &question());
    for pair in found.ranked.windows(2) {
        assert!(pair[0].shrinks >= pair[1].shrinks);
    }
    assert!(found.together[1].sd_after < found.together[0].sd_after);
    assert!(found.ranked[0].sd_after < found.sd_now);
}

#[test]
fn no_run_takes_more_than_it_may() {
    let found = advised(&grid(), &Question { per_run: Some(Flop(1e19)), ..question() });
    assert!(found.ranked.iter().all(|w| w.compute.0 <= 1e19 * (1.0 + 1e-12)));
    let error =
        advice(&grid(), &fitted(&grid()), &Question { per_run: Some(Flop(1e10)), ..question() });
    assert!(error.unwrap_err().to_string().contains("--per-run"));
}

#[test]
fn an_expected_shrinking_comes_true_when_the_run_is_made() {
    let runs: Vec<TrainingRun> = grid().into_iter().step_by(2).collect();
    let before = advised(&runs, &question());
    let best = before.ranked[0];
    let (n, d) = (best.parameters.0, best.tokens.0);
    let mut more = runs;
    more.push(run(n, d, true_loss(n, d)));
    let after = advised(&more, &question());
    assert!(after.sd_now < before.sd_now, "{} {}", before.sd_now, after.sd_now);
}

#[test]
fn without_draws_nothing_is_known_to_be_unknown() {
    let recipe = scaling::fit::Recipe { n_bootstrap: 0, ..quick() };
    let fitted = candidates(&grid(), LAWS, &recipe, 1, &mut Silent).unwrap();
    let error = advice(&grid(), &fitted, &question()).unwrap_err().to_string();
    assert!(error.contains("--bootstrap"), "{error}");
}
