//! `fieldkit scaling fit`: from logs to laws with their intervals.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use record::{EvalReport, Interval};
use scaling::Error;
use scaling::data::{Import, TrainingRun};
use scaling::fit::{Fit, profile_interval};
use scaling::isoflop::{Growth, approach_1, growth_of, points};
use scaling::judge::{Severity, Verdict, judge_fit, judge_groups, judge_runs, weigh};
use scaling::model::allocation::TwoTerms;
use scaling::model::muennighoff::MUENNIGHOFF;
use scaling::model::{LAWS, Law, Parameter};
use scaling::predict::Estimate;
use scaling::predict::candidates::{Candidate, Candidates, LAWS_OF_A_PLAN, candidates};
use scaling::report::fit_page;
use scaling::tuning::{Tuning, tuning};
use scaling::units::{CountKind, short};
use serde_json::{Value, json};

use super::args::{Fitting, Source};
use super::words::{columns, verdicts, wrapped};
use super::{logs, recorded, show};
use crate::output::Output;

/// See `Command::Fit`.
#[derive(Args)]
pub(crate) struct FitArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    fitting: Fitting,
    /// Profile intervals beside those of the bootstrap: slower, and none of the draws' chance.
    #[arg(long)]
    profile: bool,
    #[command(flatten)]
    output: Output,
}

/// Everything that was fitted.
struct Fitted {
    import: Import,
    laws: Candidates,
    growth: Vec<(String, Growth)>,
    envelope: Option<Growth>,
    tuning: Option<Tuning>,
    verdicts: Vec<Verdict>,
}

pub(crate) fn run(args: &FitArgs) -> Result<()> {
    let seed = Some(args.fitting.seed);
    let fitted = recorded(&args.output, "fit", &args.source.files, seed, |journal| {
        let import = logs::read(&args.source, journal)?;
        check(&import)?;
        let laws = laws(&args.fitting.laws, &import.runs)?;
        let recipe = args.fitting.recipe();
        let laws = candidates(&import.runs, &laws, &recipe, usize::MAX, journal)?;
        let fitted = Fitted {
            growth: growth(&import.runs, &laws, &args.fitting),
            envelope: envelope(&import.runs, &args.fitting),
            tuning: tuning(&import.runs, count(&laws), args.fitting.seed).ok(),
            verdicts: weigh(all_verdicts(&import.runs, &laws), true)?,
            import,
            laws,
        };
        for note in &fitted.laws.best().fit.observations.notes {
            journal.note(note);
        }
        write_down(&fitted, journal);
        let page = fit_page(
            &logs::names(&args.source),
            &fitted.import.runs,
            &fitted.laws,
            &fitted.verdicts,
        );
        journal.artifact("report.html", page.as_bytes());
        Ok(fitted)
    })?;
    let json = as_json(&fitted, args.profile);
    show(&args.output, &in_words(&fitted, args.profile), &json)
}

/// Sends logs of another kind to the command that reads them.
fn check(import: &Import) -> Result<()> {
    let refuse = |what: &str, hint: &str| Err(Error::refused(what, hint).into());
    if import.runs.is_empty() && !import.steps_to_loss.is_empty() {
        let what = "these are steps to a loss by batch size, not runs with a final loss";
        return refuse(what, "see `fieldkit scaling batch`");
    }
    if let [run] = import.runs.as_slice() {
        let what = "there is one run, and a law needs several sizes and lengths";
        return match run.history.len() {
            0 => refuse(what, "add runs"),
            _ => {
                refuse(what, "add runs; what one run's curve tells is in `fieldkit scaling curve`")
            }
        };
    }
    Ok(())
}

/// The laws asked for, else those of size and data, with repeats where the runs have them.
fn laws(ids: &[String], runs: &[TrainingRun]) -> Result<Vec<&'static Law>> {
    if ids.iter().any(|id| id == "all") {
        return Ok(LAWS.to_vec());
    }
    if !ids.is_empty() {
        return ids.iter().map(|id| super::law(id)).collect();
    }
    let repeats =
        |r: &TrainingRun| r.tokens.zip(r.unique_tokens).is_some_and(|(d, u)| d.0 > 1.001 * u.0);
    let mut laws = LAWS_OF_A_PLAN.to_vec();
    if runs.iter().any(repeats) {
        laws.push(&MUENNIGHOFF);
    }
    Ok(laws)
}

/// How the best size grows, group by group where each shows it, else over all runs.
fn growth(runs: &[TrainingRun], laws: &Candidates, fitting: &Fitting) -> Vec<(String, Growth)> {
    let count = laws.best().fit.observations.count.unwrap_or(CountKind::Unstated);
    let of = |runs: &[TrainingRun]| {
        growth_of(&points(runs, count)?, fitting.bootstrap, fitting.seed).ok()
    };
    let mut groups: BTreeMap<&str, Vec<TrainingRun>> = BTreeMap::new();
    for run in runs {
        groups.entry(run.group.as_deref().unwrap_or_default()).or_default().push(run.clone());
    }
    let by_group: Vec<_> =
        groups.iter().filter_map(|(name, runs)| Some(((*name).to_owned(), of(runs)?))).collect();
    if by_group.len() > 1 {
        return by_group;
    }
    of(runs).map(|growth| (String::new(), growth)).into_iter().collect()
}

/// The envelope of the runs' curves, where they have some.
fn envelope(runs: &[TrainingRun], fitting: &Fitting) -> Option<Growth> {
    let sound: Vec<TrainingRun> = runs.iter().filter(|r| r.flags.is_empty()).cloned().collect();
    approach_1(&sound, fitting.bootstrap, fitting.seed).ok()
}

fn all_verdicts(runs: &[TrainingRun], laws: &Candidates) -> Vec<Verdict> {
    let best = &laws.best().fit;
    let mut verdicts = judge_runs(runs);
    verdicts.extend(judge_groups(best, runs));
    verdicts.extend(judge_fit(best));
    verdicts.extend(laws.judge());
    // A fit is shown whatever is wrong with it; only what is built on it is refused.
    for verdict in verdicts.iter_mut().filter(|v| v.severity == Severity::Refusal) {
        verdict.severity = Severity::Warning;
    }
    verdicts
}

/// The scores as a report, and each parameter, for the record.
fn write_down(fitted: &Fitted, journal: &mut dyn record::Journal) {
    let mut scores = vec![];
    for candidate in &fitted.laws.ranked {
        let (fit, id) = (&candidate.fit, candidate.fit.law.id);
        for (p, value) in fit.law.parameters.iter().zip(&fit.theta) {
            journal.metric(&format!("{id}/{}", p.symbol), 0, *value);
        }
        journal.metric(&format!("{id}/objective"), 0, fit.objective);
        scores.extend(candidate.held_out.as_ref().map(|h| h.score(id)));
    }
    let mut report = EvalReport::new("laws on held-out compute", scores);
    report.seed = Some(fitted.laws.best().fit.recipe.seed);
    report.notes = fitted.verdicts.iter().map(|v| v.sentence.clone()).collect();
    journal.param("law", fitted.laws.best().fit.law.id);
    if let Ok(bytes) = serde_json::to_vec_pretty(&report) {
        journal.artifact("report.json", &bytes);
    }
}

fn in_words(fitted: &Fitted, profile: bool) -> String {
    let import = &fitted.import;
    let best = fitted.laws.best();
    let mut text = format!(
        "{} laws fitted to {} of {} runs{}\n",
        fitted.laws.ranked.len(),
        best.fit.observations.loss.len(),
        import.runs.len(),
        match import.n_rejected {
            0 => String::new(),
            n => format!("; {n} rows were rejected"),
        },
    );
    for rejected in import.rejected.iter().take(5) {
        let line = rejected.origin.line.map_or(String::new(), |l| format!(":{l}"));
        let _ = writeln!(text, "  {}{line}: {}", rejected.origin.file.display(), rejected.why);
    }
    text.push('\n');
    text.push_str(&ranking(&fitted.laws));
    for (rank, candidate) in fitted.laws.ranked.iter().enumerate() {
        text.push_str(&law_in_words(candidate, rank == 0, profile));
    }
    text.push_str(&growth_in_words(&fitted.growth));
    let envelope = fitted.envelope.iter().map(|growth| (String::new(), growth.clone()));
    text.push_str(&growth_in_words(&envelope.collect::<Vec<_>>()));
    text.push_str(&fitted.tuning.as_ref().map_or(String::new(), tuning_in_words));
    for left_out in &fitted.laws.left_out {
        let _ = writeln!(text, "\nnot fitted: {}", wrapped(left_out, 12));
    }
    text + &verdicts(&fitted.verdicts)
}

/// One line a law, the one to believe first.
fn ranking(laws: &Candidates) -> String {
    let head = [
        "law",
        "parameters",
        "fits to",
        "held-out error",
        "95 %",
        "no law",
        "starts that reached it",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (rank, candidate) in laws.ranked.iter().enumerate() {
        let fit = &candidate.fit;
        let h = candidate.held_out.as_ref();
        let percent = |x: f64| format!("{:.3} %", 100.0 * x);
        rows.push(vec![
            format!("{} {}", if rank == 0 { "→" } else { " " }, fit.law.id),
            fit.theta.len().to_string(),
            percent(fit.mape()),
            h.map_or("–".to_owned(), |h| percent(h.mape)),
            h.and_then(|h| h.interval.as_ref()).map_or(String::new(), |i| {
                format!("{:.3} to {:.3}", 100.0 * i.low, 100.0 * i.high)
            }),
            h.map_or(String::new(), |h| percent(h.baseline)),
            format!("{}/{}", fit.n_reached, fit.n_starts),
        ]);
    }
    let mut text = columns(&rows);
    if let Some(h) = laws.best().held_out.as_ref() {
        let _ = writeln!(
            text,
            "held out: the {} runs of most compute, from {}; the law is chosen by how well it \
             foretold\nmore compute within the runs{}",
            h.n_test,
            h.from_compute,
            match &laws.choice {
                Some((law, h)) => format!(
                    ". Chosen without them it would have been {}: {:.3} %",
                    law.id,
                    100.0 * h.mape
                ),
                None => String::new(),
            }
        );
    }
    text
}

fn law_in_words(candidate: &Candidate, is_best: bool, profile: bool) -> String {
    let fit = &candidate.fit;
    let mark = if is_best { "→" } else { " " };
    let text = format!("\n{mark} {}: {}\n", fit.law.name, fit.law.equation);
    let mut rows = vec![];
    for (i, p) in fit.law.parameters.iter().enumerate() {
        rows.push(vec![
            format!("    {}", p.symbol),
            short(fit.theta[i]),
            p.unit.to_owned(),
            range(fit.interval(0.95, |theta| theta[i])),
            if profile { range(profile_interval(fit, i)) } else { String::new() },
        ]);
    }
    if let Some((a, interval)) = size_exponent(fit) {
        rows.push(vec!["    a in N ∝ C^a".into(), short(a), "1".into(), range(interval)]);
    }
    text + &columns(&rows)
}

fn range(interval: Option<Interval>) -> String {
    interval.map_or(String::new(), |i| format!("{} to {}", short(i.low), short(i.high)))
}

/// a in N* ∝ C^a, for the laws that have one.
fn size_exponent(fit: &Fit) -> Option<(f64, Option<Interval>)> {
    if !matches!(fit.law.id, "chinchilla" | "skaling") {
        return None;
    }
    let a = |theta: &[f64]| {
        let [e, a, b, alpha, beta] = [theta[0], theta[1], theta[2], theta[3], theta[4]];
        TwoTerms { e, a, b, alpha, beta }.size_exponent()
    };
    Some((a(&fit.theta), fit.interval(0.95, a)))
}

fn growth_in_words(growth: &[(String, Growth)]) -> String {
    let Some((_, first)) = growth.first() else { return String::new() };
    let mut rows = vec![];
    for (group, growth) in growth {
        rows.push(vec![
            format!("    {group}"),
            format!("a = {:.4}", growth.a.value),
            range(growth.a.interval.clone()),
            format!("b = {:.4}", growth.b.value),
            range(growth.b.interval.clone()),
        ]);
    }
    format!("\nBest size without a law, N* ∝ C^a, D* ∝ C^b: {}\n{}", first.source, columns(&rows))
}

/// Which parameters N counts in the best fit.
fn count(laws: &Candidates) -> CountKind {
    laws.best().fit.observations.count.unwrap_or(CountKind::Unstated)
}

fn tuning_in_words(tuning: &Tuning) -> String {
    let row = |name: &str, e: &Estimate| {
        vec![format!("    {name}"), format!("{:.4}", e.value), range(e.interval.clone())]
    };
    let rows = [
        row("ln c", &tuning.ln_rate),
        row("p", &tuning.rate_by_size),
        row("q", &tuning.rate_by_data),
    ];
    let rate = format!(
        "\nBest learning rate η = c·N^p·D^q (Step Law's form) from {} sizes and lengths,\nin {} of \
         them at the edge of what was tried\n{}",
        tuning.n_cells,
        tuning.n_at_edge,
        columns(&rows)
    );
    let Some(batch) = &tuning.batch else { return rate };
    format!(
        "{rate}\nBest batch B = k·D^r from {} sizes and lengths,\nin {} of them at the edge of what \
         was tried\n{}",
        batch.n_cells,
        batch.n_at_edge,
        columns(&[row("ln k", &batch.ln_batch), row("r", &batch.by_data)])
    )
}

fn as_json(fitted: &Fitted, profile: bool) -> Value {
    let import = &fitted.import;
    json!({
        "n_runs": import.runs.len(),
        "n_rejected": import.n_rejected,
        "rejected": import.rejected,
        "notes": import.notes,
        "chosen": fitted.laws.best().fit.law.id,
        "choice_held_out": fitted.laws.choice.as_ref().map(|(law, h)| json!({
            "law": law.id, "held_out": h,
        })),
        "fits": fitted.laws.ranked.iter().map(|c| fit_as_json(c, profile)).collect::<Vec<_>>(),
        "not_fitted": fitted.laws.left_out,
        "growth": fitted.growth.iter().map(|(group, growth)| json!({
            "group": group, "growth": growth,
        })).collect::<Vec<_>>(),
        "envelope": fitted.envelope,
        "tuning": fitted.tuning,
        "verdicts": fitted.verdicts,
    })
}

fn fit_as_json(candidate: &Candidate, profile: bool) -> Value {
    let fit = &candidate.fit;
    let parameter = |(i, p): (usize, &Parameter)| {
        json!({
            "symbol": p.symbol,
            "unit": p.unit,
            "value": fit.theta[i],
            "interval": fit.interval(0.95, |theta| theta[i]),
            "profile_interval": profile.then(|| profile_interval(fit, i)).flatten(),
        })
    };
    json!({
        "law": fit.law.id,
        "name": fit.law.name,
        "equation": fit.law.equation,
        "source": fit.law.source,
        "n_rows": fit.observations.loss.len(),
        "count": fit.observations.count,
        "notes": fit.observations.notes,
        "recipe": fit.recipe,
        "objective": fit.objective,
        "n_starts": fit.n_starts,
        "n_reached": fit.n_reached,
        "mape": fit.mape(),
        "parameters": fit.law.parameters.iter().enumerate().map(parameter).collect::<Vec<_>>(),
        "size_exponent": size_exponent(fit).map(|(value, interval)| json!({
            "value": value,
            "interval": interval,
            "interval_80": fit.interval(0.80, |theta| theta[4] / (theta[3] + theta[4])),
        })),
        "held_out": candidate.held_out,
        "foresight": candidate.foresight,
    })
}
