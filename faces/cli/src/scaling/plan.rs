//! `fieldkit scaling plan`: from a budget to a training run.

use std::fmt::Write as _;
use std::str::FromStr;

use anyhow::Result;
use clap::Args;
use record::Journal;
use scaling::Error;
use scaling::data::Import;
use scaling::model::Law;
use scaling::model::allocation::Demand;
use scaling::predict::candidates::{Candidates, LAWS_OF_A_PLAN, candidates, look};
use scaling::predict::plan::{Budget, Line, OtherSize, Plan, Request, Role, plan};
use scaling::predict::rig::{ASSUMED_MFU, Bill, Range, Rig, device_named};
use scaling::report::{plan_page, plane_svg};
use scaling::units::{CountKind, Flop, Nats, Parameters, PfDays, Tokens};
use serde_json::json;

use super::args::{Fitting, Source};
use super::words::{columns, human, interval, verdicts, with_interval, wrapped};
use super::{logs, recorded, show};
use crate::output::Output;

/// See `Command::Plan`.
#[derive(Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    machines: Machines,
    /// Tokens that the model will read and write after training: the plan then also names the
    /// split that is cheapest over training and use.
    #[arg(long, value_name = "TOKENS")]
    inference_tokens: Option<f64>,
    /// What a FLOP costs in use over what it costs in training.
    #[arg(long, value_name = "RATIO", default_value_t = 1.0)]
    inference_cost_ratio: f64,
    /// How much different text there is: beyond it tokens are repeats.
    #[arg(long, value_name = "TOKENS")]
    unique_tokens: Option<f64>,
    /// Also price a model of this size.
    #[arg(long, value_name = "PARAMETERS")]
    size: Option<f64>,
    /// Use this batch, in tokens, in place of the suggested one.
    #[arg(long, value_name = "TOKENS")]
    batch: Option<f64>,
    /// Different tokens in the vocabulary, to convert between counts with and without embeddings
    /// (needs --width-per-layer).
    #[arg(long, value_name = "TOKENS", requires = "width_per_layer")]
    vocab: Option<f64>,
    /// Width of the models over their number of layers.
    #[arg(long, value_name = "RATIO", requires = "vocab")]
    width_per_layer: Option<f64>,
    /// Go on where the runs do not allow it.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    fitting: Fitting,
    #[command(flatten)]
    output: Output,
}

/// What is to be spent or reached; one of them.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Wanted {
    /// Compute, in FLOP: 1e21.
    #[arg(long, value_name = "FLOP")]
    budget: Option<f64>,
    /// Compute, in PF-days.
    #[arg(long, value_name = "PF-DAYS")]
    budget_pf_days: Option<f64>,
    /// The loss to reach, in nats per token.
    #[arg(long, value_name = "NATS")]
    target_loss: Option<f64>,
    /// Hours on the clock (needs --devices and --peak-flops).
    #[arg(long, value_name = "HOURS", requires = "devices")]
    hours: Option<f64>,
    /// Money (needs --devices, --peak-flops and --price-per-hour).
    #[arg(long, value_name = "MONEY", requires = "price_per_hour")]
    money: Option<f64>,
}

/// The machines, for time, cost and energy.
#[derive(Args)]
struct Machines {
    /// How many devices.
    #[arg(long, value_name = "COUNT", requires = "peak_flops")]
    devices: Option<f64>,
    /// The device, such as h100, or its dense peak in FLOP/s.
    #[arg(long, value_name = "DEVICE or FLOP/S", requires = "devices")]
    peak_flops: Option<String>,
    /// Model FLOPs utilisation, such as 0.4, or a range such as 0.3-0.5.
    #[arg(long, value_name = "SHARE or LOW-HIGH")]
    mfu: Option<Between>,
    /// Price of one device for an hour.
    #[arg(long, value_name = "MONEY", requires = "devices")]
    price_per_hour: Option<f64>,
    /// Power of one device, over the one in the table.
    #[arg(long, value_name = "WATTS", requires = "devices")]
    watts: Option<f64>,
    /// Power of the whole building over that of the devices, such as 1.2 or 1.1-1.5.
    #[arg(long, value_name = "RATIO or LOW-HIGH", default_value = "1")]
    pue: Between,
}

/// A number, or two with a `-` between.
#[derive(Clone, Copy)]
struct Between(Range);

impl FromStr for Between {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        let number = |t: &str| {
            let value = t.trim().parse::<f64>().ok().filter(|v| *v > 0.0 && v.is_finite());
            value.ok_or_else(|| {
                format!("`{text}` is not a number above zero, or two such as 0.3-0.5")
            })
        };
        let range = Range { low: number(low)?, high: number(high)? };
        if range.low > range.high {
            return Err(format!("`{text}` begins above its end"));
        }
        Ok(Self(range))
    }
}

pub(crate) fn run(args: &PlanArgs) -> Result<()> {
    let request = request(args)?;
    let laws = laws(&args.fitting)?;
    let (found, fitted, plan) =
        recorded(&args.output, "plan", &args.source.files, Some(args.fitting.seed), |journal| {
            let found = logs::read(&args.source, journal)?;
            check(&found)?;
            if !request.force {
                look(&found.runs, &args.fitting.recipe())?;
            }
            let fitted = candidates(&found.runs, &laws, &args.fitting.recipe(), 3, journal)?;
            let plan = plan(&found.runs, &fitted, &request)?;
            for note in &fitted.best().fit.observations.notes {
                journal.note(note);
            }
            let page = plan_page(&logs::names(&args.source), &found.runs, &fitted, &plan);
            journal.artifact("report.html", page.as_bytes());
            if let Some(plane) = plane_svg(&fitted, &plan) {
                journal.artifact("plane.svg", plane.as_bytes());
            }
            write_down(&plan, journal);
            Ok((found, fitted, plan))
        })?;
    let text = in_words(&found, &fitted, &plan);
    let json = json!({ "plan": plan, "n_runs": fitted.best().fit.observations.loss.len() });
    show(&args.output, &text, &json)
}

/// The advice, for the record.
fn write_down(plan: &Plan, journal: &mut dyn Journal) {
    let advice = &plan.lines[0];
    journal.param("law", &advice.name);
    let mut numbers = vec![
        ("compute_flop", plan.compute.value),
        ("parameters", advice.parameters.value),
        ("tokens", advice.tokens.value),
        ("batch_tokens", plan.batch.tokens.value),
        ("steps", plan.steps.value),
    ];
    numbers.extend(advice.loss.as_ref().map(|loss| ("loss_nats", loss.value)));
    for (name, value) in numbers {
        journal.metric(name, 0, value);
    }
    logs::keep(journal, "plan.json", &json!(plan));
}

/// The laws asked for, else those of a plan.
pub(super) fn laws(fitting: &Fitting) -> Result<Vec<&'static Law>> {
    if fitting.laws.is_empty() {
        return Ok(LAWS_OF_A_PLAN.to_vec());
    }
    fitting.laws.iter().map(|id| super::law(id)).collect()
}

fn request(args: &PlanArgs) -> Result<Request> {
    let wanted = &args.wanted;
    let budget = match wanted {
        Wanted { budget: Some(c), .. } => Budget::Compute(Flop(positive("--budget", *c)?)),
        Wanted { budget_pf_days: Some(c), .. } => {
            Budget::Compute(PfDays(positive("--budget-pf-days", *c)?).into())
        }
        Wanted { target_loss: Some(l), .. } => Budget::Loss(Nats(positive("--target-loss", *l)?)),
        Wanted { hours: Some(h), .. } => Budget::Hours(positive("--hours", *h)?),
        Wanted { money: Some(m), .. } => Budget::Money(positive("--money", *m)?),
        _ => return Err(Error::refused("no budget was given", "add --budget FLOP").into()),
    };
    let tokens =
        |name, value: Option<f64>| value.map(|v| positive(name, v).map(Tokens)).transpose();
    // N_E = 12·l·d² = 12·d³/r with r = d/l, hence d = (r·N_E/12)^(1/3) and the embeddings are
    // V·d = V·(r/12)^(1/3)·N_E^(1/3) (Pearce and Song 2024, §3).
    let omega = args.vocab.zip(args.width_per_layer).map(|(v, r)| v * (r / 12.0).cbrt());
    let demand = tokens("--inference-tokens", args.inference_tokens)?;
    Ok(Request {
        budget,
        rig: rig(&args.machines)?,
        demand: demand.map(|tokens| Demand { tokens, cost_ratio: args.inference_cost_ratio }),
        unique_tokens: tokens("--unique-tokens", args.unique_tokens)?,
        size: args.size.map(|n| positive("--size", n).map(Parameters)).transpose()?,
        batch: tokens("--batch", args.batch)?,
        omega,
        force: args.force,
    })
}

pub(super) fn positive(name: &str, value: f64) -> Result<f64> {
    if value > 0.0 && value.is_finite() {
        return Ok(value);
    }
    Err(Error::refused(format!("{name} {value} is not a number above zero"), "write it like 1e21")
        .into())
}

fn rig(machines: &Machines) -> Result<Option<Rig>> {
    let (Some(devices), Some(peak)) = (machines.devices, &machines.peak_flops) else {
        return Ok(None);
    };
    let (peak, peak_source, watts) = match peak.parse::<f64>() {
        Ok(peak) => (positive("--peak-flops", peak)?, "as given".to_owned(), None),
        Err(_) => {
            let device = device_named(peak)?;
            let source = format!("{}: {}", device.name, device.source);
            (device.peak_flop_per_second, source, device.watts)
        }
    };
    let (mfu, mfu_source) = machines.mfu.map_or_else(
        || (ASSUMED_MFU, "assumed: large runs report 0.38 to 0.46".to_owned()),
        |mfu| (mfu.0, "as given".to_owned()),
    );
    if mfu.high > 1.0 {
        let what = format!("--mfu {} is above one", mfu.high);
        return Err(Error::refused(what, "write a share of the peak, such as 0.4").into());
    }
    Ok(Some(Rig {
        devices: positive("--devices", devices)?,
        peak_flop_per_second: peak,
        peak_source,
        mfu,
        mfu_source,
        price_per_hour: machines.price_per_hour,
        watts: machines.watts.or(watts),
        pue: machines.pue.0,
    }))
}

/// Refuses logs that hold something else than runs of several sizes, and says where to go.
fn check(found: &Import) -> Result<()> {
    if found.runs.is_empty() && !found.steps_to_loss.is_empty() {
        return Err(Error::refused(
            "the file tells the steps to a loss by batch, not the loss by size and data",
            "see `fieldkit scaling batch`",
        )
        .into());
    }
    if let [only] = &*found.runs {
        let hint = if only.history.len() > 1 {
            "its training curve is for `fieldkit scaling curve`; a plan takes runs of several sizes"
        } else {
            "give runs of several sizes and lengths"
        };
        return Err(Error::refused("there is one run, and a plan takes many", hint).into());
    }
    Ok(())
}

fn in_words(found: &Import, fitted: &Candidates, plan: &Plan) -> String {
    let fit = &fitted.best().fit;
    let largest = fit.observations.compute.iter().flatten().map(|c| c.0).fold(0.0, f64::max);
    let mut text = format!(
        "Plan for {} FLOP ({} PF-days), from {} of {} runs; the largest took {}\n\n",
        with_interval(&plan.compute, |c| format!("{c:.3e}")),
        human(PfDays::from(Flop(plan.compute.value)).0),
        fit.observations.loss.len(),
        found.runs.len(),
        Flop(largest),
    );
    text.push_str(&side_by_side(plan));
    text.push_str(&settings(plan));
    text.push_str(&plan.bill.as_ref().map_or(String::new(), bill));
    text.push_str(&other_sizes(plan));
    text.push_str(&with_use(plan));
    if !plan.left_out.is_empty() {
        text.push_str("\nNot fitted\n");
        for why in &plan.left_out {
            let _ = writeln!(text, "  {}", wrapped(why, 2));
        }
    }
    text.push_str(&verdicts(&plan.verdicts));
    text
}

fn side_by_side(plan: &Plan) -> String {
    let head = ["", "parameters", "tokens", "tokens/parameter", "loss (nats)", "held-out error"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for line in &plan.lines {
        let [first, second] = line_in_words(line);
        rows.push(first);
        rows.extend(Some(second).filter(|row| row.iter().any(|cell| !cell.is_empty())));
    }
    let mut text = columns(&rows);
    text.push_str(
        "→ is the advice: the law that has foretold more compute best; 95 % intervals below\n",
    );
    for line in plan.lines.iter().filter(|l| !l.remark.is_empty()) {
        let _ = writeln!(text, "  {}: {}", line.name, line.remark);
    }
    text
}

fn line_in_words(line: &Line) -> [Vec<String>; 2] {
    let mark = if line.role == Role::Advice { "→ " } else { "  " };
    let count = match line.count {
        CountKind::Body => " body",
        CountKind::Total | CountKind::Unstated => "",
    };
    let loss = |l: f64| format!("{l:.3}");
    let ratio = |x: f64| format!("{x:.1}");
    let held_out = line.held_out.as_ref();
    let first = vec![
        format!("{mark}{}", line.name),
        format!("{}{count}", human(line.parameters.value)),
        human(line.tokens.value),
        ratio(line.tokens_per_parameter.value),
        line.loss.as_ref().map_or("–".to_owned(), |l| loss(l.value)),
        held_out.map_or("–".to_owned(), |h| format!("{:.2} %", 100.0 * h.mape)),
    ];
    let converted = line.converted_parameters.map(|n| format!("= {} counted alike", human(n)));
    let second = vec![
        String::new(),
        converted.unwrap_or_else(|| interval(&line.parameters, human)),
        interval(&line.tokens, human),
        interval(&line.tokens_per_parameter, ratio),
        line.loss.as_ref().map_or(String::new(), |l| interval(l, loss)),
        held_out
            .and_then(|h| h.interval.as_ref())
            .map_or(String::new(), |i| format!("{:.2} to {:.2} %", 100.0 * i.low, 100.0 * i.high)),
    ];
    [first, second]
}

fn settings(plan: &Plan) -> String {
    let batch = &plan.batch;
    let five = batch.five_percent.map(human);
    let within = format!("{} to {} wastes at most about 5 %", five[0], five[1]);
    let twenty = &batch.twenty_percent;
    let up_to = format!("up to {} takes 20 % more tokens ({})", human(twenty.value), twenty.source);
    let mut text = format!(
        "\nTrain\n  batch          {} tokens ({})\n                 {within}\n                 {}\n",
        human(batch.tokens.value),
        batch.tokens.source,
        wrapped(&up_to, 17),
    );
    let _ = writeln!(text, "  steps          {}", with_interval(&plan.steps, human));
    if let Some(epochs) = plan.epochs {
        let _ = writeln!(text, "  epochs         {epochs:.2}");
    }
    for (i, rate) in plan.learning_rates.iter().enumerate() {
        let title = if i == 0 { "learning rate" } else { "" };
        let value = rate.learning_rate.map_or("none".to_owned(), |r| format!("{r:.2e}"));
        let with = if rate.optimiser == rate.schedule {
            format!("optimiser and schedule {}", rate.schedule)
        } else {
            format!("{}; {}", rate.optimiser, rate.schedule)
        };
        let mut words = format!("{}: {with} ({})", rate.rule, rate.source);
        if !rate.remark.is_empty() {
            let _ = write!(words, "; {}", rate.remark);
        }
        let _ = writeln!(text, "  {title:<13}  {value:<8}  {}", wrapped(&words, 27));
    }
    text
}

fn bill(bill: &Bill) -> String {
    let mut text = "\nTake\n".to_owned();
    let _ = writeln!(text, "  time           {} hours", with_interval(&bill.hours, human));
    let _ = writeln!(text, "  device-hours   {}", with_interval(&bill.device_hours, human));
    if let Some(cost) = &bill.cost {
        let _ = writeln!(text, "  cost           {}", with_interval(cost, human));
    }
    if let Some(energy) = &bill.energy_kwh {
        let words = format!("{} kWh: {}", with_interval(energy, human), energy.source);
        let _ = writeln!(text, "  energy         {}", wrapped(&words, 17));
    }
    let _ = writeln!(text, "  from           {}", wrapped(&bill.hours.source, 17));
    text
}

fn other_sizes(plan: &Plan) -> String {
    if plan.other_sizes.is_empty() {
        return String::new();
    }
    let head =
        ["  other sizes", "parameters", "more compute for the same loss", "loss within the budget"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let percent =
        |x: f64| if x.is_finite() { format!("{:+.1} %", 100.0 * x) } else { "never".to_owned() };
    for OtherSize { ratio, parameters, overhead, loss, is_asked } in &plan.other_sizes {
        let asked = if *is_asked { ", as asked" } else { "" };
        rows.push(vec![
            format!("  {ratio:.2}×{asked}"),
            human(parameters.0),
            overhead.as_ref().map_or("never reaches it".to_owned(), |o| with_interval(o, percent)),
            with_interval(loss, |l| format!("{l:.3}")),
        ]);
    }
    format!("\n{}", columns(&rows))
}

fn with_use(plan: &Plan) -> String {
    let Some(found) = &plan.with_use else { return String::new() };
    format!(
        "\nWith {} tokens of use\n  parameters     {}\n  tokens         {}\n  training       {} FLOP\n  saves          {:.1} % over training and use at the same loss ({})\n",
        human(found.demand.0),
        with_interval(&found.parameters, human),
        with_interval(&found.tokens, human),
        with_interval(&found.compute, |c| format!("{c:.2e}")),
        100.0 * found.saving,
        found.parameters.source,
    )
}
