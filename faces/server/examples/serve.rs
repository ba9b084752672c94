//! The server alone, without the applications, to measure or to try: `serve ADDRESS FOLDER`.

use std::env;

use anyhow::{Context as _, Result};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let [listen, data] = env::args().skip(1).collect::<Vec<_>>().try_into().ok().context(
        "say an address and a folder: `cargo run -p server --example serve 127.0.0.1:8484 data`",
    )?;
    let options = server::Options {
        listen: listen.parse()?,
        data: data.into(),
        database: None,
        artifacts: None,
        allowed_hosts: Vec::new(),
        auth: false,
        open_to_the_network: false,
    };
    server::serve(&options, |ready| eprintln!("answers at http://{}", ready.address))
}
