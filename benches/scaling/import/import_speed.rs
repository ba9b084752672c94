//! How fast a Weights & Biases history is imported, and in how much memory: writes an export of
//! that shape, imports it, prints one line of JSON.
//!
//! ```text
//! cargo run -p scaling --example import_speed -- [--rows N] [--gzip] [--file FILE]
//! ```
//! `--file` measures a file that is there instead of one that is made.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use record::Silent;
use scaling::data::{Options, import};

const RUNS: u64 = 500;
/// What trainers log, by step; the import keeps the loss and the learning rate.
const METRICS: [&str; 8] = [
    "train/.loss_mean",
    "train/.loss_max",
    "train/.optimizer/lr",
    "train/.grad_norm_mean",
    "train/.grad_norm_max",
    "train/.param_norm",
    "train/.step_time",
    "val/.dclm_loss",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut n_rows = 20_000_000;
    let (mut file, mut packed) = (None, false);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--rows" => n_rows = args.next().ok_or("--rows needs a number")?.parse()?,
            "--gzip" => packed = true,
            "--file" => file = Some(PathBuf::from(args.next().ok_or("--file needs a path")?)),
            other => return Err(format!("unknown argument `{other}`").into()),
        }
    }
    let made = file.is_none();
    let path = file.unwrap_or_else(|| {
        let end = if packed { "csv.gz" } else { "csv" };
        std::env::temp_dir().join(format!("fieldkit-import-{}.{end}", std::process::id()))
    });
    if made {
        write_export(&path, n_rows, packed)?;
    }
    let n_bytes = fs::metadata(&path)?.len();
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let import = import(std::slice::from_ref(&path), &Options::default(), &mut Silent);
    let (cpu, wall) = (cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    if made {
        fs::remove_file(&path)?;
    }
    let import = import?;
    let n_points: usize = import.runs.iter().map(|run| run.history.len()).sum();
    println!(
        "{{\"rows\": {}, \"bytes\": {n_bytes}, \"gzip\": {packed}, \"runs\": {}, \"points\": \
         {n_points}, \"cpu_s\": {cpu:.2}, \"wall_s\": {wall:.2}, \"rows_per_cpu_s\": {:.0}, \
         \"peak_memory_mib\": {:.0}}}",
        import.n_rows,
        import.runs.len(),
        import.n_rows as f64 / cpu,
        peak_memory_mib(),
    );
    Ok(())
}

/// A history as an export writes it: run by run, step by step, every metric.
fn write_export(path: &Path, n_rows: u64, packed: bool) -> io::Result<()> {
    let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    if packed {
        let mut out = GzEncoder::new(file, Compression::fast());
        write_rows(&mut out, n_rows)?;
        out.finish()?.flush()
    } else {
        let mut out = file;
        write_rows(&mut out, n_rows)?;
        out.flush()
    }
}

fn write_rows(out: &mut impl Write, n_rows: u64) -> io::Result<()> {
    writeln!(out, "run_id,step,metric,value")?;
    let n_steps = n_rows.div_ceil(RUNS * METRICS.len() as u64);
    let mut n_left = n_rows;
    for run in 0..RUNS {
        for step in 1..=n_steps {
            for (i, metric) in METRICS.iter().enumerate() {
                if n_left == 0 {
                    return Ok(());
                }
                n_left -= 1;
                // Sixteen digits, as floats are printed.
                let value = 2.0 + (1.0 + i as f64) / (step as f64).sqrt() + 1e-3 * run as f64;
                writeln!(out, "r{run:07x},{},{metric},{value}", step * 50)?;
            }
        }
    }
    Ok(())
}

/// CPU time of this process in seconds; NaN where the system does not tell.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let ns = stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
    ns.map_or(f64::NAN, |ns| ns * 1e-9)
}

/// The most memory that this process has held; NaN where the system does not tell.
fn peak_memory_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}
