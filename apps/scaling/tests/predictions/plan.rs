//! A plan from runs whose law is known.

use record::Silent;
use scaling::data::TrainingRun;
use scaling::fit::Recipe;
use scaling::judge::{Kind, Verdict};
use scaling::model::Law;
use scaling::model::allocation::Demand;
use scaling::model::chinchilla::{CHINCHILLA, SKALING};
use scaling::predict::Estimate;
use scaling::predict::candidates::{Candidates, candidates};
use scaling::predict::plan::{Budget, Plan, Request, Role, plan};
use scaling::predict::rig::{Range, Rig};
use scaling::units::{Flop, Nats, Parameters, Tokens};

use super::synthetic::{grid, quick, true_best_size, true_loss, with};

static LAWS: &[&Law] = &[&CHINCHILLA, &SKALING];

fn fitted(runs: &[TrainingRun]) -> Candidates {
    candidates(runs, LAWS, &quick(), 2, &mut Silent).unwrap()
}

fn planned(request: &Request) -> Plan {
    let runs = grid();
    plan(&runs, &fitted(&runs), request).unwrap()
}

fn of_compute(c: f64) -> Plan {
    planned(&Request::new(Budget::Compute(Flop(c))))
}

#[test]
fn every_line_of_a_plan_by_a_law_spends_the_budget() {
    let plan = of_compute(1e20);
    for line in plan.lines.iter().filter(|l| l.role != Role::ComparisonOnly && l.loss.is_some()) {
        let spent = 6.0 * line.parameters.value * line.tokens.value;
        assert!((spent / 1e20 - 1.0).abs() < 1e-6, "{}: {spent}", line.name);
    }
}

#[test]
fn the_truth_lies_inside_the_intervals() {
    let plan = of_compute(1e20);
    let advice = &plan.lines[0];
    let n = true_best_size(1e20);
    let d = 1e20 / (6.0 * n);
    assert!(advice.parameters.interval.as_ref().unwrap().contains(n), "{:?}", advice.parameters);
    assert!(advice.tokens.interval.as_ref().unwrap().contains(d), "{:?}", advice.tokens);
    let loss = advice.loss.as_ref().unwrap();
    assert!(loss.interval.as_ref().unwrap().contains(true_loss(n, d)), "{loss:?}");
}

#[test]
fn more_compute_is_a_larger_model_more_tokens_and_a_lower_loss() {
    let (small, large) = (of_compute(1e19), of_compute(4e20));
    let values = |plan: &Plan| {
        let advice = &plan.lines[0];
        (advice.parameters.value, advice.tokens.value, advice.loss.as_ref().unwrap().value)
    };
    let (a, b) = (values(&small), values(&large));
    assert!(a.0 < b.0 && a.1 < b.1 && a.2 > b.2, "{a:?} {b:?}");
}

#[test]
fn steps_times_batch_are_the_tokens() {
    let plan = of_compute(1e20);
    let seen = plan.steps.value * plan.batch.tokens.value;
    assert!((seen / plan.lines[0].tokens.value - 1.0).abs() < 1e-9);
    let given = Request { batch: Some(Tokens(1e6)), ..Request::new(Budget::Compute(Flop(1e20))) };
    assert_eq!(planned(&given).batch.tokens.value, 1e6);
}

#[test]
fn no_other_size_is_cheaper_or_better_within_the_budget() {
    let request =
        Request { size: Some(Parameters(3e9)), ..Request::new(Budget::Compute(Flop(1e20))) };
    let plan = planned(&request);
    let best = plan.lines[0].loss.as_ref().unwrap().value;
    assert!(plan.other_sizes.iter().any(|o| o.is_asked && o.parameters == Parameters(3e9)));
    for other in &plan.other_sizes {
        assert!(other.loss.value > best, "{}", other.ratio);
        assert!(other.overhead.as_ref().is_none_or(|o| o.value > 0.0), "{}", other.ratio);
    }
}

#[test]
fn a_loss_to_reach_leads_to_the_budget_that_has_it_as_its_best() {
    let there = of_compute(1e20).lines[0].loss.as_ref().unwrap().value;
    let back = planned(&Request::new(Budget::Loss(Nats(there))));
    assert!((back.compute.value / 1e20 - 1.0).abs() < 1e-6, "{:?}", back.compute);
    assert!(back.compute.interval.unwrap().contains(1e20));
}

#[test]
fn a_loss_that_no_compute_reaches_is_refused_with_the_floor() {
    let runs = grid();
    let request = Request::new(Budget::Loss(Nats(1.5)));
    let error = plan(&runs, &fitted(&runs), &request).unwrap_err().to_string();
    assert!(error.contains("no compute reaches") && error.contains("never falls below"), "{error}");
}

#[test]
fn a_loss_to_reach_with_little_text_takes_more_compute_and_is_reached_there() {
    let free = of_compute(1e20);
    let loss = free.lines[0].loss.as_ref().unwrap().value;
    let limited = |share: f64| Request {
        unique_tokens: Some(Tokens(share * free.lines[0].tokens.value)),
        ..Request::new(Budget::Loss(Nats(loss)))
    };
    let found = planned(&limited(0.5));
    assert!(found.compute.value > 1.01e20, "{:?}", found.compute);
    let there = found.lines[0].loss.as_ref().unwrap().value;
    assert!((there - loss).abs() < 1e-6, "{there} for {loss}");
    let runs = grid();
    let error = plan(&runs, &fitted(&runs), &limited(1e-3)).unwrap_err().to_string();
    assert!(error.contains("--unique-tokens"), "{error}");
}

#[test]
fn laws_that_disagree_are_told_of_a_loss_to_reach_as_of_its_compute() {
    let runs = grid();
    let mut fitted = fitted(&runs);
    // The other law, its floor raised by far more than the noise.
    fitted.ranked[1].fit.theta[0] += 0.3;
    let planned = |budget| {
        let request = Request { force: true, ..Request::new(budget) };
        plan(&runs, &fitted, &request).unwrap()
    };
    let by_compute = planned(Budget::Compute(Flop(1e20)));
    let loss = by_compute.lines[0].loss.as_ref().unwrap().value;
    let by_loss = planned(Budget::Loss(Nats(loss)));
    for plan in [by_compute, by_loss] {
        assert!(plan.verdicts.iter().any(|v| v.kind == Kind::Disagreement), "{:?}", plan.verdicts);
    }
}

#[test]
fn a_loss_above_all_runs_is_not_planned() {
    let runs = grid();
    let error = plan(&runs, &fitted(&runs), &Request::new(Budget::Loss(Nats(14.0)))).unwrap_err();
    assert!(error.to_string().contains("below your smallest run"), "{error}");
}

fn rig(mfu: (f64, f64)) -> Rig {
    Rig {
        devices: 8.0,
        peak_flop_per_second: 1e15,
        peak_source: "test".to_owned(),
        mfu: Range { low: mfu.0, high: mfu.1 },
        mfu_source: "test".to_owned(),
        price_per_hour: Some(2.0),
        watts: Some(700.0),
        pue: Range { low: 1.1, high: 1.3 },
    }
}

#[test]
fn hours_of_machines_buy_the_compute_that_takes_those_hours() {
    let hours = Request { rig: Some(rig((0.4, 0.4))), ..Request::new(Budget::Hours(10.0)) };
    let plan = planned(&hours);
    assert!((plan.compute.value / (36_000.0 * 8.0 * 1e15 * 0.4) - 1.0).abs() < 1e-12);
    let bill = plan.bill.unwrap();
    assert_eq!(bill.hours.value, 10.0);
    assert_eq!(bill.cost.unwrap().value, 160.0);
}

#[test]
fn an_uncertain_utilisation_makes_the_compute_and_the_size_of_given_hours_uncertain() {
    let width = |mfu| {
        let request = Request { rig: Some(rig(mfu)), ..Request::new(Budget::Hours(10.0)) };
        let interval = planned(&request).lines[0].parameters.interval.clone().unwrap();
        interval.high / interval.low
    };
    assert!(width((0.2, 0.6)) > 1.5 * width((0.4, 0.4)));
}

#[test]
fn without_a_bootstrap_the_utilisation_still_has_its_interval() {
    let runs = grid();
    let recipe = Recipe { n_bootstrap: 0, ..quick() };
    let fitted = candidates(&runs, LAWS, &recipe, 2, &mut Silent).unwrap();
    let request = Request { rig: Some(rig((0.2, 0.6))), ..Request::new(Budget::Hours(10.0)) };
    let plan = plan(&runs, &fitted, &request).unwrap();
    let ratio = |e: &Estimate| e.interval.as_ref().map(|i| i.high / i.low).unwrap();
    assert!((2.5..3.0).contains(&ratio(&plan.compute)), "{:?}", plan.compute);
    let size = &plan.lines[0].parameters;
    assert!(ratio(size) > 1.2, "{size:?}");
    assert_eq!(size.interval.as_ref().unwrap().method, "draws of the MFU");
}

#[test]
fn time_and_money_without_machines_are_refused() {
    let runs = grid();
    let error = plan(&runs, &fitted(&runs), &Request::new(Budget::Hours(10.0))).unwrap_err();
    assert!(error.to_string().contains("--devices"), "{error}");
}

#[test]
fn a_model_that_is_used_much_is_smaller_than_the_advice_and_cheaper_in_all() {
    let demand = Demand { tokens: Tokens(1e12), cost_ratio: 1.0 };
    let request = Request { demand: Some(demand), ..Request::new(Budget::Compute(Flop(1e20))) };
    let plan = planned(&request);
    let used = plan.with_use.unwrap();
    assert!(used.parameters.value < plan.lines[0].parameters.value);
    assert!(used.saving > 0.0 && used.saving < 1.0, "{}", used.saving);
}

#[test]
fn little_text_is_repeated_said_and_costs_loss() {
    let free = of_compute(1e21);
    let tokens = free.lines[0].tokens.value;
    let request = Request {
        unique_tokens: Some(Tokens(tokens / 30.0)),
        ..Request::new(Budget::Compute(Flop(1e21)))
    };
    let limited = planned(&request);
    let loss = |plan: &Plan| plan.lines[0].loss.as_ref().unwrap().value;
    assert!(loss(&limited) > loss(&free));
    assert!(limited.epochs.unwrap() > 4.0);
    assert!(limited.verdicts.iter().any(|v| v.kind == Kind::Repetition));
}

#[test]
fn kaplan_is_shown_for_comparison_and_never_as_advice() {
    let plan = of_compute(1e20);
    assert_eq!(plan.lines[0].role, Role::Advice);
    let kaplan = plan.lines.iter().find(|l| l.name.starts_with("Kaplan")).unwrap();
    assert_eq!(kaplan.role, Role::ComparisonOnly);
    assert!(kaplan.remark.contains("0.73"), "{}", kaplan.remark);
}

#[test]
fn body_and_total_are_converted_only_where_the_shape_is_known() {
    let plain = of_compute(1e20);
    assert!(plain.lines.iter().all(|l| l.converted_parameters.is_none()));
    assert!(plain.verdicts.iter().any(|v| v.kind == Kind::Counts));
    let shaped = Request {
        omega: Some(scaling::model::pearce::OMEGA),
        ..Request::new(Budget::Compute(Flop(1e20)))
    };
    let plan = planned(&shaped);
    let kaplan = plan.lines.iter().find(|l| l.role == Role::ComparisonOnly).unwrap();
    assert!(kaplan.converted_parameters.unwrap() > kaplan.parameters.value);
    assert!(plan.verdicts.iter().all(|v| v.kind != Kind::Counts));
}

#[test]
fn logs_whose_compute_is_not_6nd_are_told() {
    let with_compute = |factor: f64| -> Vec<Verdict> {
        let runs: Vec<TrainingRun> = grid()
            .into_iter()
            .map(|r| {
                let nd = r.parameters.total.unwrap().0 * r.tokens.unwrap().0;
                with(r, |r| r.compute = Some(Flop(factor * nd)))
            })
            .collect();
        plan(&runs, &fitted(&runs), &Request::new(Budget::Compute(Flop(1e20)))).unwrap().verdicts
    };
    let told =
        |verdicts: &[Verdict]| verdicts.iter().any(|v| v.sentence.contains("your runs spent"));
    assert!(!told(&with_compute(6.2)));
    assert!(told(&with_compute(8.0)));
}

#[test]
fn every_number_says_where_it_comes_from() {
    let request =
        Request { rig: Some(rig((0.3, 0.5))), ..Request::new(Budget::Compute(Flop(1e20))) };
    let plan = planned(&request);
    let bill = plan.bill.unwrap();
    let mut sources = vec![&plan.compute, &plan.steps, &plan.batch.tokens, &bill.hours];
    sources.extend(plan.lines.iter().flat_map(|l| [&l.parameters, &l.tokens]));
    assert!(sources.iter().all(|e| !e.source.is_empty()));
    assert!(
        plan.learning_rates
            .iter()
            .all(|r| r.source.contains("memory") || r.source.contains("reproduced"))
    );
}
