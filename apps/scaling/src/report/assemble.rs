//! From fitted laws and a plan to the material of their pages.

use ::evaluate::plot::short;
use ::evaluate::{Fact, Table};
use record::{EvalReport, Score};

use super::{Isoflop, LawScore, Lowest, Material, Planned, Point, fit_report, plan_report};
use super::{extent, flop, optimum_of, spread};
use crate::data::TrainingRun;
use crate::evaluate::HeldOut;
use crate::isoflop;
use crate::judge::{Severity, Verdict};
use crate::model::Quantity;
use crate::predict::Estimate;
use crate::predict::candidates::{Candidate, Candidates};
use crate::predict::frontier::Frontier;
use crate::predict::plan::{Line, OtherSize, Plan, Rate};
use crate::units::{CountKind, Flop};

/// Budgets at which the frontier is drawn.
const N_BUDGETS: usize = 24;
/// How far beyond the largest run a fit's frontier is drawn.
const BEYOND: f64 = 10.0;

/// The page of a fit as HTML. `data` is what the runs are called.
pub fn fit_page(
    data: &str,
    runs: &[TrainingRun],
    candidates: &Candidates,
    verdicts: &[Verdict],
) -> String {
    ::evaluate::html(&fit_report(&material(data, runs, candidates, verdicts, None)))
}

/// The page of a plan as HTML.
pub fn plan_page(data: &str, runs: &[TrainingRun], candidates: &Candidates, plan: &Plan) -> String {
    let budget = Flop(plan.compute.value);
    let material = material(data, runs, candidates, &plan.verdicts, Some(budget));
    ::evaluate::html(&plan_report(&material, &planned(plan)))
}

/// The contours of the law to believe with its runs, its frontier and the planned run, as one SVG
/// file; none where the law takes more than size and data.
pub fn plane_svg(candidates: &Candidates, plan: &Plan) -> Option<String> {
    let fit = &candidates.best().fit;
    if fit.law.inputs != [Quantity::Parameters, Quantity::Tokens] {
        return None;
    }
    let plane = super::plane(&super::Plane {
        loss: &|n, d| fit.loss(&[n, d]),
        runs: &super::runs(&fit.observations)?,
        frontier: &frontier(candidates.best(), Some(Flop(plan.compute.value))),
        planned: plan.lines.first().map(point).as_ref(),
        count: fit.observations.count.unwrap_or(CountKind::Unstated),
    });
    Some(plane.standalone(::evaluate::plot::Size::WIDE))
}

fn material<'a>(
    data: &str,
    runs: &[TrainingRun],
    candidates: &'a Candidates,
    verdicts: &[Verdict],
    budget: Option<Flop>,
) -> Material<'a> {
    let best = candidates.best();
    let warnings = verdicts.iter().filter(|v| v.severity != Severity::Note);
    Material {
        scores: vec![scores(candidates)],
        warnings: warnings.map(in_words).collect(),
        notes: verdicts.iter().filter(|v| v.severity == Severity::Note).map(in_words).collect(),
        frontier: frontier(best, budget),
        laws: law_scores(candidates),
        baseline: best.held_out.as_ref().map(|h| ("the lowest loss fitted".to_owned(), h.baseline)),
        isoflops: isoflops(runs, best.fit.observations.count.unwrap_or(CountKind::Unstated)),
        colophon: colophon(best),
        ..Material::new(&best.fit, data)
    }
}

/// The best splits from the smallest run to the budget or beyond the largest run.
fn frontier(best: &Candidate, budget: Option<Flop>) -> Vec<super::Frontier> {
    let fit = &best.fit;
    if fit.law.inputs != [Quantity::Parameters, Quantity::Tokens] {
        return vec![];
    }
    let compute = fit.observations.compute.iter().flatten().map(|c| c.0);
    let Some((least, most)) = extent(compute) else { return vec![] };
    let end = budget.map_or(BEYOND * most, |c| c.0.max(most));
    let budgets: Vec<Flop> = spread(least, end, N_BUDGETS).into_iter().map(Flop).collect();
    optimum_of(fit, &budgets, |theta, c| Some(Frontier { law: fit.law, theta }.best(c)?.split))
}

fn scores(candidates: &Candidates) -> EvalReport {
    let scored = |c: &Candidate| {
        let score = c.held_out.as_ref()?.score(c.fit.law.id);
        let metric = format!("MAPE, {}", c.fit.law.name);
        Some(Score { metric, ..score })
    };
    let mut report = EvalReport::new(
        "Laws on compute that they have not seen",
        candidates.ranked.iter().filter_map(scored).collect(),
    );
    report.seed = Some(candidates.best().fit.recipe.seed);
    report.notes.extend(candidates.choice.as_ref().map(|(law, h)| {
        format!(
            "The law is chosen by how well it foretold more compute within the runs. Chosen \
             without the runs held out it would have been {}, whose error on them is {:.2} %.",
            law.name,
            100.0 * h.mape
        )
    }));
    report
}

fn law_scores(candidates: &Candidates) -> Vec<LawScore> {
    let score = |(rank, c): (usize, &Candidate)| {
        let HeldOut { mape, interval, .. } = c.held_out.clone()?;
        Some(LawScore { name: c.fit.law.name.to_owned(), mape, interval, chosen: rank == 0 })
    };
    candidates.ranked.iter().enumerate().filter_map(score).collect()
}

fn isoflops(runs: &[TrainingRun], count: CountKind) -> Vec<Isoflop> {
    let sound: Vec<TrainingRun> = runs.iter().filter(|r| r.flags.is_empty()).cloned().collect();
    let points = isoflop::points(&sound, count).unwrap_or_default();
    let picture = |profile: isoflop::Isoflop| {
        let lowest = match &profile.parabola {
            Some(p) => Lowest::Inside { best: p.best, loss: p.lowest, bend: p.bend },
            None => {
                let lowest = profile.points.iter().min_by(|a, b| a.loss.0.total_cmp(&b.loss.0))?;
                Lowest::AtEdge { size: lowest.parameters, loss: lowest.loss }
            }
        };
        let points = profile.points.iter().map(|p| (p.parameters, p.loss)).collect();
        Some(Isoflop { compute: profile.compute, points, lowest })
    };
    isoflop::profiles(&points).into_iter().filter_map(picture).collect()
}

fn colophon(best: &Candidate) -> Vec<String> {
    let fit = &best.fit;
    let recipe = format!(
        "Seed {}, {} starts, {} bootstrap draws by run.",
        fit.recipe.seed, fit.n_starts, fit.recipe.n_bootstrap
    );
    [vec![recipe], fit.observations.notes.iter().map(|note| format!("{note}.")).collect()].concat()
}

fn planned(plan: &Plan) -> Planned {
    let mut facts =
        vec![Fact::new("Compute", flop(Flop(plan.compute.value)), detail(&plan.compute))];
    if let Some(advice) = plan.lines.first() {
        facts.push(fact("Parameters", &advice.parameters, ""));
        facts.push(fact("Tokens", &advice.tokens, ""));
        facts.extend(advice.loss.as_ref().map(loss_fact));
    }
    let [low, high] = plan.batch.five_percent.map(short);
    let batch = format!("{} tokens", short(plan.batch.tokens.value));
    facts.push(Fact::new("Batch", batch, format!("{low} to {high} wastes at most about 5 %")));
    facts.push(fact("Steps", &plan.steps, ""));
    facts.extend(plan.learning_rates.first().and_then(|rate| {
        let value = ::evaluate::page::number(rate.learning_rate?);
        Some(Fact::new("Learning rate", value, format!("{}: {}", rate.rule, rate.optimiser)))
    }));
    if let Some(bill) = &plan.bill {
        facts.push(fact("Time", &bill.hours, " hours"));
        facts.extend(bill.cost.as_ref().map(|cost| fact("Cost", cost, "")));
        facts.extend(bill.energy_kwh.as_ref().map(|energy| fact("Energy", energy, " kWh")));
    }
    let tables = [side_by_side(plan), learning_rates(plan), other_sizes(plan)];
    let tables = tables.into_iter().filter(|table| !table.rows.is_empty()).collect();
    Planned { facts, tables, point: plan.lines.first().map(point) }
}

fn point(line: &Line) -> Point {
    Point {
        name: "the plan".to_owned(),
        parameters: crate::units::Parameters(line.parameters.value),
        tokens: crate::units::Tokens(line.tokens.value),
    }
}

fn fact(label: &str, estimate: &Estimate, unit: &str) -> Fact {
    Fact::new(label, format!("{}{unit}", short(estimate.value)), detail(estimate))
}

/// The interval of an estimate, else its source.
pub(super) fn detail(estimate: &Estimate) -> String {
    match range(estimate) {
        ends if ends.is_empty() => estimate.source.clone(),
        ends => format!("95 %: {ends}"),
    }
}

/// A loss: differences of a hundredth matter.
fn loss_fact(loss: &Estimate) -> Fact {
    let ends = loss.interval.as_ref();
    let detail = ends.map(|i| format!("95 %: {:.3} to {:.3}", i.low, i.high)).unwrap_or_default();
    Fact::new("Loss", format!("{:.3} nats", loss.value), detail)
}

/// A loss with its interval behind it.
fn loss_cell(loss: &Estimate) -> String {
    let ends = loss.interval.as_ref().map(|i| format!(" ({:.3} to {:.3})", i.low, i.high));
    format!("{:.3}{}", loss.value, ends.unwrap_or_default())
}

fn range(estimate: &Estimate) -> String {
    let ends = estimate.interval.as_ref();
    ends.map_or(String::new(), |i| format!("{} to {}", short(i.low), short(i.high)))
}

/// An estimate with its interval behind it.
pub(super) fn cell(estimate: &Estimate) -> String {
    match range(estimate) {
        ends if ends.is_empty() => short(estimate.value),
        ends => format!("{} ({ends})", short(estimate.value)),
    }
}

/// A verdict as one paragraph.
pub(super) fn in_words(verdict: &Verdict) -> String {
    let (first, rest) =
        verdict.sentence.split_at(verdict.sentence.chars().next().map_or(0, char::len_utf8));
    format!("{}{rest}. Hint: {}.", first.to_uppercase(), verdict.hint)
}

fn side_by_side(plan: &Plan) -> Table {
    let row = |line: &Line| {
        vec![
            line.name.clone(),
            cell(&line.parameters),
            cell(&line.tokens),
            short(line.tokens_per_parameter.value),
            line.loss.as_ref().map_or("—".to_owned(), loss_cell),
            line.held_out.as_ref().map_or("—".to_owned(), |h| format!("{:.2} %", 100.0 * h.mape)),
            line.remark.clone(),
        ]
    };
    let columns = [
        "Law",
        "Parameters",
        "Tokens",
        "Tokens a parameter",
        "Loss, nats",
        "Held-out error",
        "Remark",
    ];
    Table::new(
        "Ways to spend the budget; the first is the advice",
        &columns,
        plan.lines.iter().map(row).collect(),
    )
}

fn learning_rates(plan: &Plan) -> Table {
    let row = |rate: &Rate| {
        let value = rate.learning_rate.map_or("—".to_owned(), ::evaluate::page::number);
        let said = [rate.schedule, &rate.source, &rate.remark];
        let said: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
        vec![rate.rule.to_owned(), value, rate.optimiser.to_owned(), said.join("; ")]
    };
    let rows = plan.learning_rates.iter().map(row).collect();
    Table::new("Peak learning rates", &["Rule", "Rate", "Optimiser", "Found with"], rows)
}

fn other_sizes(plan: &Plan) -> Table {
    let percent =
        |x: f64| if x.is_finite() { format!("{:+.1} %", 100.0 * x) } else { "never".to_owned() };
    let overhead = |size: &OtherSize| {
        let Some(overhead) = &size.overhead else { return "no amount reaches it".to_owned() };
        let ends = overhead.interval.as_ref();
        let ends = ends.map(|i| format!(" ({} to {})", percent(i.low), percent(i.high)));
        percent(overhead.value) + &ends.unwrap_or_default()
    };
    let row = |size: &OtherSize| {
        vec![
            format!("{:.2} × the best size", size.ratio),
            short(size.parameters.0),
            overhead(size),
            loss_cell(&size.loss),
        ]
    };
    let columns = ["Size", "Parameters", "More compute for the same loss", "Loss, same compute"];
    let rows = plan.other_sizes.iter().map(row).collect();
    Table::new("Other sizes", &columns, rows)
}
