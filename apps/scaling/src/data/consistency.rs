//! Where a table says one thing twice (C ≈ 6ND, D = B·S, a D/N column), do both agree? A row in
//! other units than the rest is found and rejected; a steady disagreement becomes a note.

use std::path::Path;

use super::draft::Draft;
use super::gather::Gather;
use super::names::sequence_length_in;
use super::role::Role;
use super::table::counted;
use crate::Error;
use crate::units::FLOP_PER_PF_DAY;

/// Powers of ten between two rows from which they are in different units.
const DECADES_APART: f64 = 2.5;

/// Checks and completes the drafts of one file or folder.
pub(super) fn check(
    path: &Path,
    drafts: &mut Vec<Draft>,
    gather: &mut Gather,
) -> Result<(), Error> {
    if drafts.is_empty() {
        return Ok(());
    }
    length_from_name(path, drafts, gather);
    drafts.iter_mut().for_each(Draft::settle_steps);
    settle_batch(path, drafts, gather);
    compute_in_flop(path, drafts, gather);
    mixed_units(path, drafts, gather)?;
    plain_counts(path, drafts)?;
    tell_disagreements(path, drafts, gather);
    let mut rules: Vec<&'static str> = drafts.iter_mut().filter_map(Draft::derive).collect();
    rules.sort_unstable();
    rules.dedup();
    for rule in rules {
        gather.note(format!("{}: D is not logged; taken as {rule}", path.display()));
    }
    if drafts.is_empty() {
        return Err(super::table::nothing_left(path, gather));
    }
    Ok(())
}

/// Where D needs the tokens of a sequence and only the runs' names say them.
fn length_from_name(path: &Path, drafts: &mut [Draft], gather: &mut Gather) {
    let mut first = None;
    for draft in drafts {
        let is_known = draft.get(Role::SequenceLength).or(draft.get(Role::Tokens)).is_some();
        let batch = draft.get(Role::Batch).or(draft.get(Role::BatchSequences));
        let Some(name) = draft.name.as_deref().filter(|_| !is_known && batch.is_some()) else {
            continue;
        };
        if let Some(length) = sequence_length_in(name) {
            first.get_or_insert_with(|| (length, name.to_owned()));
            draft.set(Role::SequenceLength, length);
        }
    }
    if let Some((length, name)) = first {
        let file = path.display();
        gather.note(format!(
            "{file}: tokens a sequence are taken from the runs' names ({length} in `{name}`)"
        ));
    }
}

/// What an unstated batch counts: tokens where D = B·S, else sequences of D/(B·S) tokens.
fn settle_batch(path: &Path, drafts: &mut [Draft], gather: &mut Gather) {
    let unstated = |d: &Draft| d.get(Role::Batch).filter(|_| d.get(Role::BatchTokens).is_none());
    let mut lengths: Vec<f64> = drafts
        .iter()
        .filter_map(|d| Some(d.get(Role::Tokens)? / (unstated(d)? * d.get(Role::Steps)?)))
        .collect();
    lengths.sort_by(f64::total_cmp);
    let file = path.display();
    let note = if let Some(length) = lengths.get(lengths.len() / 2).copied() {
        let near = |x: f64| (x / length - 1.0).abs() < 0.02;
        let n_near = lengths.iter().filter(|x| near(**x)).count();
        let nearest = length.round().max(1.0);
        if n_near * 10 < lengths.len() * 9 || (length / nearest - 1.0).abs() > 0.02 {
            format!(
                "{file}: the batch is left out: D/(B·S) is {length:.4} in the middle row and differs between rows"
            )
        } else {
            for d in drafts.iter_mut() {
                let tokens = unstated(d).map(|b| b * nearest);
                d.set_missing(Role::BatchTokens, tokens);
                d.set_missing(Role::SequenceLength, Some(nearest));
            }
            if nearest == 1.0 {
                format!("{file}: the batch is in tokens, as D = B·S shows")
            } else {
                format!("{file}: the batch is in sequences of {nearest} tokens, as D/(B·S) shows")
            }
        }
    } else if drafts.iter().any(|d| unstated(d).is_some() && d.get(Role::SequenceLength).is_some())
    {
        for d in drafts.iter_mut() {
            let tokens = unstated(d).and_then(|b| Some(b * d.get(Role::SequenceLength)?));
            d.set_missing(Role::BatchTokens, tokens);
        }
        format!("{file}: the batch was taken to count sequences")
    } else if drafts.iter().any(|d| unstated(d).is_some()) {
        format!(
            "{file}: the batch is left out: nothing says whether it counts tokens or sequences; \
             say `--map b_tokens=COLUMN`, or add the sequence length"
        )
    } else {
        return;
    };
    gather.note(note);
}

/// ln10 of C/(6ND), where all three are logged.
fn compute_ratio(draft: &Draft) -> Option<f64> {
    let compute = draft.get(Role::Compute)?;
    Some((compute / (6.0 * draft.parameters()? * draft.get(Role::Tokens)?)).log10())
}

/// A column of C that is 8.64e19 times too small throughout is in PF-days.
fn compute_in_flop(path: &Path, drafts: &mut [Draft], gather: &mut Gather) {
    let ratios: Vec<f64> = drafts.iter().filter_map(compute_ratio).collect();
    let pf_days = -FLOP_PER_PF_DAY.log10();
    if ratios.is_empty() || ratios.iter().any(|r| (r - pf_days).abs() > 0.5) {
        return;
    }
    for draft in drafts {
        let flop = draft.get(Role::Compute).map(|c| c * FLOP_PER_PF_DAY);
        draft.set(Role::Compute, flop);
    }
    gather.note(format!("{}: C is in PF-days, as C ≈ 6ND shows", path.display()));
}

/// Rejects rows whose numbers are orders of magnitude away from what the others say.
fn mixed_units(path: &Path, drafts: &mut Vec<Draft>, gather: &mut Gather) -> Result<(), Error> {
    let ratios: Vec<(usize, f64)> =
        (0..drafts.len()).filter_map(|i| Some((i, compute_ratio(&drafts[i])?))).collect();
    let is_off = |r: f64| r.abs() > DECADES_APART;
    let off: Vec<(usize, f64)> = ratios.iter().copied().filter(|(_, r)| is_off(*r)).collect();
    if off.len() == ratios.len() && !off.is_empty() {
        let line = drafts[off[0].0].origin.line;
        let what = format!(
            "C and 6ND differ by a factor of {} in every row: a column is in other units",
            power(-off[0].1)
        );
        let hint = "write parameters and tokens as plain numbers or with K, M, B, T, and C in \
                    FLOP; or leave C out with `--map c=-`";
        return Err(Error::input(path, line, what, hint));
    }
    let mut bad: Vec<(usize, String)> = off
        .into_iter()
        .map(|(i, r)| {
            (i, format!("C is {} times 6ND here and not in most rows: mixed units", power(r)))
        })
        .collect();
    for (role, name) in [
        (Role::Parameters, "N"),
        (Role::BodyParameters, "N"),
        (Role::TotalParameters, "N"),
        (Role::Tokens, "D"),
    ] {
        bad.extend(apart(drafts, role).into_iter().map(|(i, decades)| {
            let why = format!(
                "{name} is a factor of {} away from the other rows: mixed units",
                power(decades)
            );
            (i, why)
        }));
    }
    bad.sort_by_key(|(i, _)| *i);
    bad.dedup_by_key(|(i, _)| *i);
    let mut reasons = bad.iter().peekable();
    let mut at = 0;
    drafts.retain(|draft| {
        let reason = reasons.next_if(|(i, _)| *i == at);
        at += 1;
        if let Some((_, why)) = reason {
            gather.reject_at(draft.origin.clone(), why.clone());
        }
        reason.is_none()
    });
    if let Some((n, (_, why))) = Some(bad.len()).zip(bad.first()) {
        gather.note(format!(
            "{}: rejected: {} in other units than the rest; the first: {why}",
            path.display(),
            counted(n, "row")
        ));
    }
    Ok(())
}

/// Refuses counts that are small fractions in every row: they are in millions or billions.
fn plain_counts(path: &Path, drafts: &[Draft]) -> Result<(), Error> {
    for (role, name, option) in [
        (Role::Parameters, "N", "n"),
        (Role::BodyParameters, "N", "n_body"),
        (Role::TotalParameters, "N", "n_total"),
        (Role::Tokens, "D", "d"),
    ] {
        let values: Vec<f64> = drafts.iter().filter_map(|d| d.get(role)).collect();
        let highest = values.iter().copied().fold(0.0, f64::max);
        if highest < 1000.0 && values.iter().any(|x| x.fract() != 0.0) {
            let what = format!(
                "{name} is at most {highest} and not whole: it counts millions or billions"
            );
            let hint = format!(
                "write plain numbers, `1.3B`, or the unit into the column's name, as \
                 `params (B)`; or leave it out with `--map {option}=-`"
            );
            return Err(Error::input(path, drafts[0].origin.line, what, hint));
        }
    }
    Ok(())
}

/// The smaller side of a gap of four decades or more in a column.
fn apart(drafts: &[Draft], role: Role) -> Vec<(usize, f64)> {
    let mut values: Vec<(f64, usize)> =
        (0..drafts.len()).filter_map(|i| Some((drafts[i].get(role)?.log10(), i))).collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let gap = (1..values.len())
        .map(|i| (values[i].0 - values[i - 1].0, i))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match gap {
        Some((decades, at)) if decades >= 4.0 => {
            let (low, high) = values.split_at(at);
            let smaller = if low.len() < high.len() { low } else { high };
            smaller.iter().map(|(_, i)| (*i, decades)).collect()
        }
        _ => vec![],
    }
}

/// 10^x for people.
fn power(x: f64) -> String {
    format!("1e{x:.0}")
}

/// Notes on what is said twice and not alike.
fn tell_disagreements(path: &Path, drafts: &[Draft], gather: &mut Gather) {
    type Pair = fn(&Draft) -> Option<f64>;
    let checks: [(&str, &str, Pair); 4] = [
        ("C/(6ND)", "C is taken as logged", |d| compute_ratio(d).map(|r| 10f64.powf(r))),
        ("D/(B·S)", "D is taken as logged", |d| {
            Some(d.get(Role::Tokens)? / (d.get(Role::BatchTokens)? * d.get(Role::Steps)?))
        }),
        ("(D/N)/the logged D/N", "D and N are taken as logged", |d| {
            Some(d.get(Role::Tokens)? / d.parameters()? / d.get(Role::TokensPerParameter)?)
        }),
        ("D/(U·epochs)", "D and U are taken as logged", |d| {
            Some(d.get(Role::Tokens)? / (d.get(Role::UniqueTokens)? * d.get(Role::Epochs)?))
        }),
    ];
    for (name, then, ratio) in checks {
        let mut values: Vec<(f64, Option<u64>)> =
            drafts.iter().filter_map(|d| Some((ratio(d)?, d.origin.line))).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (Some(low), Some(high)) = (values.first(), values.last()) else { continue };
        if low.0 > 0.95 && high.0 < 1.05 {
            continue;
        }
        let at = |line: Option<u64>| line.map_or(String::new(), |l| format!(" (line {l})"));
        gather.note(format!(
            "{}: {name} should be 1 and runs from {:.3}{} to {:.3}{}; {then}",
            path.display(),
            low.0,
            at(low.1),
            high.0,
            at(high.1),
        ));
    }
}
