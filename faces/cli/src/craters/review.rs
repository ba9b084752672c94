//! `fieldkit craters review`: what people say of a survey's craters, at the terminal.

use anyhow::Result;
use clap::{Args, Subcommand};
use craters::Error;
use craters::review;
use craters::survey::{self, Crater, Kept, Review, Verdict};
use serde_json::json;

use super::detect::{listed, word};
use crate::output::show_as as show;
use crate::records::Records;

/// See `Command::Review`.
#[derive(Args)]
pub(crate) struct ReviewArgs {
    /// The survey's name.
    survey: String,
    #[command(subcommand)]
    what: What,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    records: Records,
}

#[derive(Subcommand)]
enum What {
    /// What was said so far, the last verdict of each crater.
    List,
    /// The candidates from whose review a detector would learn most.
    Next {
        /// At most this many.
        #[arg(long, default_value_t = 20, value_name = "COUNT")]
        max: usize,
    },
    /// They are craters.
    Confirm(Said),
    /// They are none.
    Reject(Said),
    /// It cannot be told from the image.
    Unsure(Said),
}

#[derive(Args)]
struct Said {
    /// Numbers of craters.
    #[arg(required = true, value_name = "CRATER")]
    craters: Vec<u64>,
    /// Who says it.
    #[arg(long, env = "USER", value_name = "NAME")]
    who: String,
}

pub(crate) fn run(args: &ReviewArgs) -> Result<()> {
    let kept = survey::open(args.records.folder(), &args.survey)?;
    match &args.what {
        What::List => list(args, &kept),
        What::Next { max } => {
            let next = review::next(&kept.craters, f64::from(kept.survey.threshold), *max);
            let n_left = kept.craters.iter().filter(|crater| crater.verdict.is_none()).count();
            let text = format!("{}\n{n_left} are not reviewed yet", listed(&next, *max));
            show(args.json, &text, &json!({ "craters": next, "n_left": n_left }))
        }
        What::Confirm(said) => say(args, &kept, said, Verdict::Confirmed),
        What::Reject(said) => say(args, &kept, said, Verdict::Rejected),
        What::Unsure(said) => say(args, &kept, said, Verdict::Unsure),
    }
}

fn list(args: &ReviewArgs, kept: &Kept) -> Result<()> {
    let judged: Vec<&Crater> = kept.craters.iter().filter(|it| it.verdict.is_some()).collect();
    let line = |review: &Review| {
        let crater = review.crater.map_or("added".to_owned(), |id| id.to_string());
        format!("{}  {}  {crater}  {}", review.when, review.who, word(review.verdict))
    };
    let log: Vec<String> = kept.reviews.iter().map(line).collect();
    let text = match log.is_empty() {
        true => "nobody reviewed this survey yet".to_owned(),
        false => format!("{}\n{}", listed(&judged, usize::MAX), log.join("\n")),
    };
    show(args.json, &text, &json!({ "craters": judged, "reviews": kept.reviews }))
}

fn say(args: &ReviewArgs, kept: &Kept, said: &Said, verdict: Verdict) -> Result<()> {
    let find = |id: &u64| {
        kept.craters.iter().find(|crater| crater.id == *id).ok_or_else(|| {
            let what = format!("the survey `{}` has no crater {id}", kept.survey.name);
            Error::refused(what, "see `fieldkit craters review SURVEY next` for numbers")
        })
    };
    // All are looked up before any is written.
    let craters = said.craters.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    for crater in &craters {
        review::append(&kept.folder, &review::now(crater, verdict, &said.who))?;
    }
    let text =
        format!("{} of {}: {}, says {}", craters.len(), kept.survey.name, word(verdict), said.who);
    show(args.json, &text, &json!({ "craters": said.craters, "verdict": verdict, "who": said.who }))
}
