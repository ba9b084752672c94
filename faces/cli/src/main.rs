//! `fieldkit`: the face for the terminal.
//!
//! Results go to stdout, talk and progress to stderr. The exit code is 0 when the work was done,
//! 2 when the input or the command line has to change, 1 when the fault is ours or the machine's.

mod scaling;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Machine learning for teams in the field: from raw data to a decision, with the uncertainty
/// shown.
#[derive(Parser)]
#[command(name = "fieldkit", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plan a training run from the runs you have.
    #[command(subcommand)]
    Scaling(scaling::Command),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Scaling(command) => scaling::run(command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if is_users(&error) { 2 } else { 1 })
        }
    }
}

/// Whether the user can mend it: wrong input, or a request that the runs do not allow.
fn is_users(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        matches!(cause.downcast_ref(), Some(e) if !matches!(e, ::scaling::Error::Write { .. }))
    })
}

/// Whether the reader of our output went away, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        kind == Some(std::io::ErrorKind::BrokenPipe)
    })
}
