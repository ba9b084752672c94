//! The page of a fit and the page of a plan.

use ::evaluate::{Block, Fact, Figure, Page, Section, Table};
use record::{EvalReport, Interval};

use super::{
    Curve, Frontier, Isoflop, LawScore, Plane, Point, TradeOff, curves, hyperbola, laws,
    loss_against_compute, parabolas, plane, residuals, runs,
};
use crate::fit::{Fit, Objective};
use crate::model::{Quantity, Standing};
use crate::units::CountKind;

/// What a page is made of. What is empty has no place on it.
#[derive(Debug, Clone)]
pub struct Material<'a> {
    /// The law, fitted.
    pub fit: &'a Fit,
    /// What the runs are, such as the file's name.
    pub data: String,
    /// What was scored.
    pub scores: Vec<EvalReport>,
    /// What must be known before the numbers are used, the gravest first.
    pub warnings: Vec<String>,
    /// What else to know, less grave.
    pub notes: Vec<String>,
    /// The best split of budgets, from small to large (see [`super::optimum_of`]).
    pub frontier: Vec<Frontier>,
    /// Each law's held-out error.
    pub laws: Vec<LawScore>,
    /// The name and the held-out error of what needs no law.
    pub baseline: Option<(String, f64)>,
    /// IsoFLOP profiles.
    pub isoflops: Vec<Isoflop>,
    /// Steps against examples.
    pub trade_offs: Vec<TradeOff>,
    /// Losses along runs.
    pub curves: Vec<Curve>,
    /// What it takes to make the page again.
    pub colophon: Vec<String>,
}

impl<'a> Material<'a> {
    /// A fit and nothing else.
    pub fn new(fit: &'a Fit, data: impl Into<String>) -> Self {
        Self {
            fit,
            data: data.into(),
            scores: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
            frontier: Vec::new(),
            laws: Vec::new(),
            baseline: None,
            isoflops: Vec::new(),
            trade_offs: Vec::new(),
            curves: Vec::new(),
            colophon: Vec::new(),
        }
    }
}

/// A run to be made, as a page shows it.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The numbers of the plan, each with its interval and source.
    pub facts: Vec<Fact>,
    /// Laws side by side, time and cost, and whatever else has rows.
    pub tables: Vec<Table>,
    /// Its place on the plane of size and data.
    pub point: Option<Point>,
}

/// The page of a fit.
pub fn fit_report(material: &Material<'_>) -> Page {
    let fit = material.fit;
    let mut page = Page::new(
        format!("{} on {}", fit.law.name, material.data),
        format!(
            "Fitted to {} observations of {} runs, with {} bootstrap draws by run.",
            fit.observations.loss.len(),
            n_runs(fit),
            fit.draws.len()
        ),
    );
    page.summary = parameter_facts(fit);
    with_evidence(page, material, None)
}

/// The page of a plan: what to train first, then why.
pub fn plan_report(material: &Material<'_>, planned: &Planned) -> Page {
    let mut page = Page::new(
        "Training plan",
        format!(
            "From {} runs in {}, by {}.",
            n_runs(material.fit),
            material.data,
            material.fit.law.name
        ),
    );
    page.summary.clone_from(&planned.facts);
    if !planned.tables.is_empty() {
        let tables = planned.tables.iter().cloned().map(Block::Table).collect();
        page = page.with(Section::new("Side by side", tables));
    }
    with_evidence(page, material, planned.point.as_ref())
}

/// Everything that a fit shows, after what stands on the page already.
fn with_evidence(mut page: Page, material: &Material<'_>, planned: Option<&Point>) -> Page {
    page.warnings.clone_from(&material.warnings);
    page.colophon.clone_from(&material.colophon);
    let sections = [
        ("Size and data", size_and_data(material, planned)),
        ("The law", the_law(material.fit)),
        ("How well it predicts", foresight(material)),
        ("What it gets wrong", what_is_wrong(material.fit)),
        ("One budget at a time", isoflops(material)),
        ("Batch size", batches(&material.trade_offs)),
        ("Along the run", along_the_run(&material.curves)),
        ("What else to know", material.notes.iter().cloned().map(Block::Text).collect()),
    ];
    let filled = sections.into_iter().filter(|(_, blocks)| !blocks.is_empty());
    filled.fold(page, |page, (title, blocks)| page.with(Section::new(title, blocks)))
}

fn size_and_data(material: &Material<'_>, planned: Option<&Point>) -> Vec<Block> {
    let fit = material.fit;
    let size_and_data = [Quantity::Parameters, Quantity::Tokens];
    let Some(runs) = runs(&fit.observations).filter(|_| fit.law.inputs == size_and_data) else {
        return Vec::new();
    };
    let picture = plane(&Plane {
        loss: &|n, d| fit.loss(&[n, d]),
        runs: &runs,
        frontier: &material.frontier,
        planned,
        count: fit.observations.count.unwrap_or(CountKind::Unstated),
    });
    let mut caption =
        "Each point is a run; the lower its loss, the more it stands out. Along a dashed line \
         every model costs the same."
            .to_owned();
    if !material.frontier.is_empty() {
        caption += " The orange line takes the lowest loss on each of them; the band around it is \
                    where 95 % of the bootstrap draws put it.";
    }
    let mut blocks = vec![Block::Figure(Figure::new(picture, caption))];
    if !material.frontier.is_empty() {
        let name = planned.map(|point| point.name.as_str());
        let picture = loss_against_compute(&runs, &material.frontier, name);
        let caption = "What the best split of each budget would reach. Right of the runs the law \
                       is alone: nothing measured holds it.";
        blocks.push(Block::Figure(Figure::new(picture, caption)));
    }
    blocks
}

fn the_law(fit: &Fit) -> Vec<Block> {
    let parameters = fit.law.parameters;
    let heads = parameters.iter().map(|p| match p.unit {
        "1" => p.symbol.to_owned(),
        unit => format!("{}, {unit}", p.symbol),
    });
    let heads: Vec<String> = std::iter::once("Source".to_owned()).chain(heads).collect();
    let row = |name: &str, values: Vec<String>| [vec![name.to_owned()], values].concat();
    let numbers = |theta: &[f64]| theta.iter().map(|value| number(*value)).collect();
    let mut rows = vec![row("fitted here", numbers(&fit.theta))];
    if !fit.draws.is_empty() {
        let intervals = (0..parameters.len()).map(|i| fit.interval(0.95, |theta| theta[i]));
        let intervals = intervals.map(|i| interval(i.as_ref())).collect();
        rows.push(row("95 % interval", intervals));
    }
    rows.extend(fit.law.published.iter().map(|c| row(c.name, numbers(c.theta))));
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let objective = match fit.recipe.objective {
        Objective::Huber { delta } => format!("the Huber loss (δ = {delta}) of ln L̂ − ln L"),
        Objective::LeastSquares => "half the squares of ln L̂ − ln L".to_owned(),
    };
    let searched = format!(
        "{} of {} starts ended at the same optimum, where {objective} sums to {}. Source of the \
         law: {}.",
        fit.n_reached,
        fit.n_starts,
        number(fit.objective),
        fit.law.source
    );
    let caption = match fit.law.published {
        [] => "Parameters",
        _ => "Parameters, beside published ones",
    };
    let mut blocks = vec![
        Block::Equation(fit.law.equation.to_owned()),
        Block::Table(Table::new(caption, &heads, rows)),
        Block::Text(searched),
    ];
    let recalled = fit.law.published.iter().filter(|c| c.standing == Standing::FromMemory);
    let recalled: Vec<&str> = recalled.map(|constants| constants.name).collect();
    if !recalled.is_empty() {
        blocks.push(Block::Text(format!("From memory of the paper: {}.", recalled.join(", "))));
    }
    blocks
}

fn foresight(material: &Material<'_>) -> Vec<Block> {
    let mut blocks: Vec<Block> = material.scores.iter().cloned().map(Block::Scores).collect();
    if !material.laws.is_empty() {
        let baseline = material.baseline.as_ref().map(|(name, value)| (name.as_str(), *value));
        let caption = "Each law was fitted to the runs of less compute and asked for the loss of \
                       those of most compute. Further left is better.";
        let picture = laws(&material.laws, baseline);
        blocks.push(Block::Figure(Figure::new(picture, caption)));
    }
    blocks
}

fn what_is_wrong(fit: &Fit) -> Vec<Block> {
    let Some(runs) = runs(&fit.observations) else { return Vec::new() };
    let picture = residuals(&runs.into_iter().zip(fit.residuals()).collect::<Vec<_>>());
    let caption = "A law that holds leaves no pattern: a slope or a bend says that its form is \
                   not that of these runs, one colour on one side that it does not know size. The \
                   standard deviation is taken from the median, so that a few runs far off do not \
                   widen it.";
    vec![Block::Figure(Figure::new(picture, caption))]
}

fn isoflops(material: &Material<'_>) -> Vec<Block> {
    if material.isoflops.is_empty() {
        return Vec::new();
    }
    let caption = "Runs of one budget share a colour; it is written at their lowest point. Where the lowest loss is at the smallest or \
                   largest size, the best one lies outside and no minimum is claimed.";
    vec![Block::Figure(Figure::new(parabolas(&material.isoflops), caption))]
}

/// Steps against examples, as picture and as table.
pub(super) fn batches(trade_offs: &[TradeOff]) -> Vec<Block> {
    if trade_offs.is_empty() {
        return Vec::new();
    }
    let caption = "A larger batch takes fewer updates and more tokens to the same loss. At the \
                   critical batch, marked, it takes twice the least of both.";
    let row = |t: &TradeOff| {
        vec![
            t.name.clone(),
            number(t.target.0),
            ::evaluate::plot::short(t.fitted.least_steps.0),
            ::evaluate::plot::short(t.fitted.least_examples.0),
            ::evaluate::plot::short(t.fitted.critical_batch().0),
            interval_of(t.critical.as_ref(), ::evaluate::plot::short),
        ]
    };
    let columns = [
        "Model",
        "Loss, nats",
        "Least steps",
        "Least tokens",
        "Critical batch, tokens",
        "95 % interval",
    ];
    let rows = trade_offs.iter().map(row).collect();
    vec![
        Block::Equation("(S/S_min − 1)·(E/E_min − 1) = 1,  E = B·S,  B_crit = E_min/S_min".into()),
        Block::Figure(Figure::new(hyperbola(trade_offs), caption)),
        Block::Table(Table::new("Critical batches", &columns, rows)),
    ]
}

/// Losses along runs.
pub(super) fn along_the_run(all: &[Curve]) -> Vec<Block> {
    if all.is_empty() {
        return Vec::new();
    }
    let caption = "Logged losses are faint, computed ones strong. The first fiftieth of the run \
                   is left out.";
    vec![Block::Figure(Figure::new(curves(all), caption))]
}

fn parameter_facts(fit: &Fit) -> Vec<Fact> {
    let fact = |(i, parameter): (usize, &crate::model::Parameter)| {
        let interval = fit.interval(0.95, |theta| theta[i]);
        let detail = interval.map(|i| format!("95 %: {} to {}", number(i.low), number(i.high)));
        Fact::new(parameter.symbol, number(fit.theta[i]), detail.unwrap_or_default())
    };
    fit.law.parameters.iter().enumerate().map(fact).collect()
}

fn n_runs(fit: &Fit) -> usize {
    fit.observations.run.iter().collect::<std::collections::BTreeSet<_>>().len()
}

fn interval(interval: Option<&Interval>) -> String {
    interval_of(interval, number)
}

fn interval_of(interval: Option<&Interval>, written: impl Fn(f64) -> String) -> String {
    let ends = |i: &Interval| format!("{} to {}", written(i.low), written(i.high));
    interval.map_or_else(|| "—".to_owned(), ends)
}

fn number(x: f64) -> String {
    ::evaluate::page::number(x)
}
