//! `fieldkit`: the face for the terminal.
//!
//! Results go to stdout, talk and progress to stderr. The exit code is 0 when the work was done,
//! 2 when the input or the command line has to change, 1 when the fault is ours or the machine's.

mod craters;
mod demo;
mod experiments;
mod files;
mod models;
mod output;
mod records;
mod runs;
mod scaling;
mod serve;
mod terminal;
mod users;

use std::io::ErrorKind;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::terminal::say;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Machine learning for teams in the field: from raw data to a decision, with the uncertainty
/// shown.
#[derive(Parser)]
#[command(name = "fieldkit", version = workbench::CODE_VERSION, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plan a training run from the runs you have.
    #[command(subcommand)]
    Scaling(Box<scaling::Command>),
    /// Find bomb craters in satellite and aerial images, and say what may remain.
    #[command(subcommand)]
    Craters(Box<craters::Command>),
    /// List what was recorded, or show one run.
    Runs(runs::Runs),
    /// List the experiments that runs are sorted into.
    Experiments(experiments::Experiments),
    /// List registered models with their versions and aliases.
    Models(models::Models),
    /// Look after the bytes of files.
    Files(files::Files),
    /// Track runs and models for any MLflow client, and look at them in a browser.
    Serve(serve::Serve),
    /// Say who may use a server that was started with `--auth`.
    Users(users::Users),
}

fn main() -> ExitCode {
    panic::set_hook(Box::new(|panic| say(&our_bug(panic))));
    let command = Cli::parse().command;
    let Ok(outcome) = panic::catch_unwind(AssertUnwindSafe(|| run(command))) else {
        return ExitCode::FAILURE;
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {}", in_words(&error)));
            ExitCode::from(if is_users(&error) { 2 } else { 1 })
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Scaling(command) => scaling::run(*command),
        Command::Craters(command) => craters::run(*command),
        Command::Runs(args) => runs::run(&args),
        Command::Experiments(args) => experiments::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Files(args) => files::run(&args),
        Command::Serve(args) => serve::run(args),
        Command::Users(args) => users::run(args),
    }
}

/// The error and its causes, each said once: some of ours say their cause themselves.
fn in_words(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| {
        match (said.is_empty(), said.contains(&cause)) {
            (true, _) => cause,
            (false, true) => said,
            (false, false) => format!("{said}: {cause}"),
        }
    })
}

/// Whether the user can mend it: wrong input, a request that the runs do not allow, or a place
/// that cannot be written to.
fn is_users(error: &anyhow::Error) -> bool {
    use ::craters::Error as Craters;
    use workbench::Error as Record;
    let of_craters = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref() {
        Some(Craters::Write { source, .. } | Craters::Io { source, .. }) => {
            is_about_the_path(source.kind())
        }
        Some(_) => true,
        None => false,
    };
    if error.chain().any(of_craters) {
        return true;
    }
    error.chain().any(|cause| match (cause.downcast_ref(), cause.downcast_ref()) {
        (Some(::scaling::Error::Write { source, .. }), _) => is_about_the_path(source.kind()),
        (Some(_), _) => true,
        (_, Some(Record::Write { source, .. })) => is_about_the_path(source.kind()),
        (_, Some(Record::Unavailable(_) | Record::Broken(_))) => false,
        (_, Some(_)) => true,
        (None, None) => false,
    })
}

/// Whether another path would have done.
fn is_about_the_path(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::AlreadyExists
            | ErrorKind::IsADirectory
            | ErrorKind::NotADirectory
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::InvalidFilename
            | ErrorKind::InvalidInput
    )
}

/// Whether the reader of our output went away, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        kind == Some(ErrorKind::BrokenPipe)
    })
}

/// What a person sees where the program meets a mistake of its own.
fn our_bug(panic: &panic::PanicHookInfo) -> String {
    let what = panic.payload_as_str().unwrap_or("something that cannot be");
    let place = panic.location().map(|at| format!(" at {at}")).unwrap_or_default();
    format!(
        "error: a mistake in fieldkit {}: {what}{place}\n  \
         hint: report this line with the command that you gave; nothing half-written was left",
        workbench::CODE_VERSION
    )
}
