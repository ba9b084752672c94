//! Serves without the command line: `serve --listen 127.0.0.1:5200 --data FOLDER`, for tests and
//! measurements that need a server and none of the applications.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use server::{Options, serve};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let at = words.iter().position(|word| word == name);
        at.and_then(|at| words.get(at + 1)).with_context(|| format!("say {name} and its value"))
    };
    let data = PathBuf::from(after("--data")?);
    serve(&Options { listen: after("--listen")?.parse()?, ..Options::on_loopback(data) }, |_| {})
}
