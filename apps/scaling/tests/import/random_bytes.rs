//! Whatever the bytes, an import ends in runs or in an error with words, never in a panic.

use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use record::Silent;
use scaling::data::{Limits, Options, import};

use crate::given::gzip;
use crate::tensorboard::{record, simple};

const NAMES: [&str; 7] = [
    "t.csv",
    "history.csv",
    "t.csv.gz",
    "runs.jsonl",
    "events.out.tfevents.1",
    "1/ab/meta.yaml",
    "1/ab/metrics/val/loss",
];

/// Valid files, one of each kind.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let table = "id,n,d,lr,batch_size,steps,state,loss\na,1e6,2e7,1e-3,8,100,finished,4.5\n\
                 b,\"2,000\",4e7,1e-3,8,100,crashed,4.1\n";
    let history = "run_id,step,metric,value\na,0,params,1e6\na,10,val_loss,5\n\"b\",10,lr,1e-3\n\
                   b,20,train_loss,NaN\n";
    let steps = "Step,a - val/loss,b - val/loss\n1,5,6\n2,4,\n";
    let runs = "{\"id\": \"a\", \"name\": \"x_ctx8\", \"config\": {\"s\": \"{'lr': 0.1, 'f': F(n=[1, 2])}\", \
                \"batch_size\": {\"value\": 4}}, \"summary\": {\"_step\": 3, \"val\": {\"loss\": NaN}}}\n\
                {\"step\": 1, \"loss\": 3}\n{\"n\": 1, \"d\": 3, \"loss\": 4}\n";
    let events =
        [record(b"\x1a\x0dbrain.Event:2"), simple(1, "val/loss", 3.0), simple(2, "lr", 0.1)];
    vec![
        ("t.csv", table.into()),
        ("history.csv", history.into()),
        ("s.csv", steps.into()),
        ("t.csv.gz", gzip(table.as_bytes())),
        ("runs.jsonl", runs.into()),
        ("events.out.tfevents.1", events.concat()),
        ("1/ab/meta.yaml", b"run_id: ab\nstatus: 4\n".into()),
        ("1/ab/metrics/val/loss", b"1 4.5 10\n2 4 20\n".into()),
        ("1/ab/params/lr", b"0.1".into()),
    ]
}

/// A place for the cases of one test.
struct Cases {
    folder: tempfile::TempDir,
    n: usize,
}

impl Cases {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), n: 0 }
    }

    /// Imports one file, alone in a folder, by its path; one of three by its folder as well.
    fn try_import(&mut self, name: &str, bytes: &[u8]) {
        self.n += 1;
        let folder = self.folder.path().join(self.n.to_string());
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        check(path);
        if self.n.is_multiple_of(3) {
            check(folder);
        }
    }
}

fn check(path: std::path::PathBuf) {
    let limits = Limits { n_points: 4, n_points_total: 64, n_runs: 16, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    match import(&[path], &options, &mut Silent) {
        Ok(import) => {
            let sound = |x: f64| x > 0.0 && x.is_finite();
            assert!(import.runs.iter().all(|r| r.loss.is_none_or(|loss| sound(loss.0))));
            assert!(import.runs.iter().all(|r| r.tokens.is_none_or(|d| sound(d.0))));
        }
        Err(e) => assert!(!e.to_string().is_empty()),
    }
}

#[test]
fn random_bytes_are_no_reason_to_panic() {
    let mut cases = Cases::new();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for case in 0..600 {
        let mut bytes = vec![0; random.random_range(0..200)];
        random.fill_bytes(&mut bytes);
        if case % 2 == 0 {
            let text = b"\n\n,,\"\"{}[]0123456789.eE-+ :'lossnd\tstep\r";
            bytes.iter_mut().for_each(|b| *b = text[usize::from(*b) % text.len()]);
        }
        cases.try_import(NAMES[case % NAMES.len()], &bytes);
    }
}

#[test]
fn valid_files_with_a_few_bytes_changed_are_no_reason_to_panic() {
    let mut cases = Cases::new();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let seeds = seeds();
    for case in 0..1800 {
        let (name, valid) = &seeds[case % seeds.len()];
        let mut bytes = valid.clone();
        for _ in 0..random.random_range(1..6) {
            let at = random.random_range(0..bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            match random.random_range(0..5) {
                _ if bytes.is_empty() => bytes.push(0),
                0 => bytes[at] = random.random(),
                1 => bytes.truncate(at),
                2 => drop(bytes.remove(at)),
                3 => bytes.insert(at, b"\n,\"-9e{'"[random.random_range(0..8)]),
                _ => {
                    let copy = bytes[at..].to_vec();
                    bytes.extend_from_slice(&copy);
                }
            }
        }
        cases.try_import(name, &bytes);
    }
}

#[test]
fn records_with_a_right_checksum_and_any_content_are_no_reason_to_panic() {
    let mut cases = Cases::new();
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let valid = simple(1, "val/loss", 3.0);
    let message = &valid[12..valid.len() - 4];
    for case in 0..600 {
        let mut bytes = message.to_vec();
        if case % 3 == 0 {
            bytes.resize(random.random_range(0..60), 0);
            random.fill_bytes(&mut bytes);
        } else {
            for _ in 0..random.random_range(1..4) {
                let at = random.random_range(0..bytes.len());
                bytes[at] = random.random();
            }
        }
        cases.try_import("events.out.tfevents.1", &record(&bytes));
    }
}
