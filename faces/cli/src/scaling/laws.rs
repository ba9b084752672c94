//! `fieldkit scaling laws`: the list of laws, and one law with its published constants.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use scaling::model::{LAWS, Law, Standing};
use serde_json::json;

/// See `Command::Laws`.
#[derive(Args)]
pub(crate) struct Laws {
    /// Only this law, with its parameters and published constants.
    id: Option<String>,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Laws) -> Result<()> {
    let chosen = match &args.id {
        None => LAWS.to_vec(),
        Some(id) => vec![super::law(id)?],
    };
    let text = if args.json {
        let laws: Vec<_> = chosen.iter().map(|law| as_json(law)).collect();
        serde_json::to_string_pretty(&laws)?
    } else if args.id.is_some() {
        in_full(chosen[0])
    } else {
        listed(&chosen)
    };
    super::print(&text)
}

fn listed(laws: &[&Law]) -> String {
    let mut text = String::new();
    for law in laws {
        let _ = writeln!(text, "{:<12} {}\n{:<12}   {}", law.id, law.equation, "", law.source);
    }
    text
}

fn in_full(law: &Law) -> String {
    let mut text = format!("{}\n  {}\n  {}\n\nparameters\n", law.name, law.equation, law.source);
    for p in law.parameters {
        let (low, high) = (short(p.low), short(p.high));
        let _ = writeln!(text, "  {:<6} {:<8} {low} to {high}", p.symbol, p.unit);
    }
    for constants in law.published {
        let _ = write!(
            text,
            "\n{} ({}, {})\n ",
            constants.name,
            constants.source,
            standing(constants.standing)
        );
        for (p, value) in law.parameters.iter().zip(constants.theta) {
            let _ = write!(text, " {} = {}", p.symbol, short(*value));
        }
        text.push('\n');
    }
    text
}

/// A number as one would write it by hand, every digit kept.
fn short(value: f64) -> String {
    let is_plain = value == 0.0 || (1e-3..1e6).contains(&value.abs());
    if is_plain { value.to_string() } else { format!("{value:e}") }
}

/// How a published number came to be here, in words.
pub(crate) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Reproduced => "reproduced from data",
        Standing::Read => "read in a published file",
        Standing::FromMemory => "from memory of the paper",
    }
}

fn as_json(law: &Law) -> serde_json::Value {
    json!({
        "id": law.id,
        "name": law.name,
        "equation": law.equation,
        "source": law.source,
        "inputs": law.inputs,
        "parameters": law.parameters,
        "published": law.published,
    })
}
