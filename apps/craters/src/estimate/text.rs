//! The estimate in words and columns, for the terminal. Makes sense without colour.

use std::fmt::Write as _;

use record::Interval;

use super::posterior::{Posterior, Quantity, Row};
use super::verified::Counted;
use super::{Answer, Belief, Estimate};

pub(super) fn of(estimate: &Estimate) -> String {
    let mut text = String::new();
    let synthetic = if estimate.is_synthetic { " (synthetic)" } else { "" };
    line(&mut text, format!("survey {}{synthetic}", estimate.survey));
    line(&mut text, format!("evidence class: {}", estimate.evidence_class));
    line(&mut text, format!("detections: {}", estimate.n_detections));
    text.push('\n');
    match &estimate.craters {
        Answer::Known(counted) => craters(&mut text, counted),
        Answer::Refused { why } => line(&mut text, format!("craters: {why}")),
    }
    recorded(&mut text, estimate);
    text.push('\n');
    match &estimate.unexploded {
        Answer::Known(found) => unexploded(&mut text, found),
        Answer::Refused { why } => line(&mut text, format!("unexploded bombs: {why}")),
    }
    if !estimate.sensitivity.is_empty() {
        sensitivity(&mut text, &estimate.sensitivity);
    }
    text.push('\n');
    for note in &estimate.notes {
        line(&mut text, format!("note: {note}"));
    }
    text
}

fn craters(text: &mut String, counted: &Counted) {
    line(
        text,
        format!(
            "craters, corrected: {:.0} ({})",
            counted.total.median,
            range(&counted.total.interval)
        ),
    );
    line(
        text,
        "  stratum                         detections  recall              precision           craters",
    );
    for stratum in &counted.strata {
        let share = |share: &super::verified::Share| {
            let pooled = if share.is_pooled { "*" } else { "" };
            format!(
                "{:.2} ({:.2}-{:.2}){pooled}",
                share.value, share.interval.low, share.interval.high
            )
        };
        line(
            text,
            format!(
                "  {:<32}{:>10}  {:<20}{:<20}{:.0} ({})",
                stratum.stratum.name,
                stratum.stratum.n_detections,
                share(&stratum.recall),
                share(&stratum.precision),
                stratum.craters.median,
                range(&stratum.craters.interval)
            ),
        );
    }
    if counted.strata.iter().any(|s| s.recall.is_pooled || s.precision.is_pooled) {
        line(text, "  * too few trials in this stratum: that of all strata");
    }
}

fn recorded(text: &mut String, estimate: &Estimate) {
    let Some(recorded) = &estimate.recorded else { return };
    line(
        text,
        format!(
            "records: {:.0} general-purpose bombs expected inside (sd {:.0} by position), {} rows, {} left out",
            recorded.n_bombs, recorded.sd, recorded.n_rows, recorded.n_left_out
        ),
    );
    if recorded.n_clusters > 0 {
        let n = recorded.n_clusters;
        line(text, format!("  {n} containers of cluster munitions are not in any number here"));
    }
    for note in &recorded.notes {
        line(text, format!("  {note}"));
    }
}

fn unexploded(text: &mut String, found: &Posterior) {
    let row = |name: &str, prior: &Quantity, posterior: &Quantity, scale: f64, unit: &str| {
        let one = |q: &Quantity| {
            let ends = (q.interval.low * scale, q.interval.high * scale);
            match scale > 1.0 {
                true => format!("{:.1} ({:.1}-{:.1}){unit}", q.median * scale, ends.0, ends.1),
                false => format!("{:.0} ({:.0}-{:.0}){unit}", q.median, ends.0, ends.1),
            }
        };
        format!("  {name:<28}{:<26}{}", one(prior), one(posterior))
    };
    line(text, "unexploded general-purpose bombs  median (95 %)");
    line(text, format!("  {:<28}{:<26}{}", "", "prior, without craters", "with craters"));
    let of = &found.unexploded;
    line(text, row("number", &of.prior, &of.posterior, 1.0, ""));
    let of = &found.dud_share;
    line(text, row("share that failed", &of.prior, &of.posterior, 100.0, " %"));
    let of = &found.survival;
    line(text, row("craters still visible", &of.prior, &of.posterior, 100.0, " %"));
    line(text, "  priors (95 %)");
    line(text, format!("    share that failed: {}", belief(&found.priors.duds)));
    if let Some(survival) = &found.priors.survival {
        line(
            text,
            format!(
                "    craters still visible: {}; evidence: {}",
                belief(&survival.share),
                survival.evidence
            ),
        );
    }
    line(text, format!("    merged craters: {}", belief(&found.priors.merging)));
    line(text, format!("    recall: {}", belief(&found.inputs.recall)));
    line(text, format!("    precision: {}", belief(&found.inputs.precision)));
    line(text, format!("    records right within {:.0} %", found.priors.records_error * 100.0));
    for note in &found.notes {
        line(text, format!("  {note}"));
    }
}

fn sensitivity(text: &mut String, rows: &[Row]) {
    line(text, "what is admitted                               unexploded, 95 %");
    for row in rows {
        let said = row.unexploded.as_ref().map_or_else(|| "no evidence".to_owned(), range);
        let impossible = if row.is_impossible { "  (below zero: no estimate)" } else { "" };
        line(text, format!("  {} {:<42} {said}{impossible}", row.letter, row.admits));
    }
}

fn belief(belief: &Belief) -> String {
    let [low, median, high] = belief.quantiles().map(|share| share * 100.0);
    match belief {
        Belief::Range { low, high } => {
            format!("{:.1} to {:.1} %, median {median:.1} %", low * 100.0, high * 100.0)
        }
        Belief::Counted { yes, of } => {
            format!("{low:.1} to {high:.1} %, median {median:.1} % ({yes:.0} of {of:.0})")
        }
    }
}

fn range(interval: &Interval) -> String {
    format!("{:.0} to {:.0}", interval.low, interval.high)
}

fn line(text: &mut String, words: impl AsRef<str>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", words.as_ref());
}
