//! Puts what `npm run build` made in `web/dist` into the binary. Where it is absent the server
//! builds all the same, and says on its first page how to make it.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let crate_folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = crate_folder.join("../../web/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    if dist.join("index.html").is_file() {
        collect(&dist, &dist, &mut files)?;
    }
    files.sort();
    let mut list = String::from("&[\n");
    for (name, path) in &files {
        list.push_str(&format!("    ({name:?}, include_bytes!({path:?})),\n"));
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("pages.rs"), list)
}

/// Every file below `folder`, by its path from `top` with `/` between folders.
fn collect(top: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(top, &path, files)?;
        } else if let Ok(inside) = path.strip_prefix(top) {
            let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
            println!("cargo::rerun-if-changed={}", path.display());
            files.push((parts.join("/"), fs::canonicalize(&path)?));
        }
    }
    Ok(())
}
