//! What breaks below the server: the disk, the file of the database, the process. What was
//! answered is there afterwards, and what could not be done was said.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::served::{Served, made, serve, start};

fn target(made: &crate::served::Made, name: &str) -> String {
    format!("/api/2.0/mlflow-artifacts/artifacts/{}/{}/artifacts/{name}", made.experiment, made.run)
}

/// A batch with the metric `m` at `step`, whose value is the step.
fn log_batch(served: &Served, run: &str, step: u64) -> Option<u16> {
    let json = serde_json::json!({
        "run_id": run,
        "metrics": [{ "key": "m", "value": step, "timestamp": step, "step": step }],
        "params": [],
        "tags": [],
    });
    let kind = ["Content-Type: application/json"];
    let answer = served.try_ask(
        "POST",
        "/api/2.0/mlflow/runs/log-batch",
        &kind,
        json.to_string().as_bytes(),
    );
    answer.ok().map(|answer| answer.status)
}

/// The steps of `m`, as the server tells them.
fn steps(served: &Served, run: &str) -> Vec<u64> {
    let path = format!("/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key=m");
    let answer: serde_json::Value = serde_json::from_slice(&served.get(&path).body).unwrap();
    let points = answer["metrics"].as_array().cloned().unwrap_or_default();
    points.iter().map(|point| point["step"].as_u64().unwrap()).collect()
}

#[test]
fn what_was_answered_before_a_power_cut_is_there_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let made = made(&data);
    let mut answered = Vec::new();
    for round in 0..3 {
        let served = serve(&data);
        let is_over = AtomicBool::new(false);
        let of_round = thread::scope(|scope| {
            let clients: Vec<_> = (0..4_u64)
                .map(|client| {
                    let (served, made, is_over) = (&served, &made, &is_over);
                    scope.spawn(move || {
                        let mut answered = Vec::new();
                        for idx in 0.. {
                            if is_over.load(Ordering::Relaxed) {
                                break;
                            }
                            let step = round * 1_000_000 + client * 100_000 + idx;
                            if log_batch(served, &made.run, step) != Some(200) {
                                break;
                            }
                            let name = target(made, &format!("{step}.txt"));
                            let body = format!("bytes of {step}");
                            let put = served.try_ask("PUT", &name, &[], body.as_bytes());
                            let is_kept = put.is_ok_and(|answer| answer.status == 200);
                            answered.push((step, is_kept));
                        }
                        answered
                    })
                })
                .collect();
            thread::sleep(Duration::from_millis(400));
            served.kill();
            is_over.store(true, Ordering::Relaxed);
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
        });
        drop(served);
        assert!(!of_round.is_empty(), "something was answered");
        answered.extend(of_round);

        let again = serve(&data);
        let found = steps(&again, &made.run);
        for (step, is_kept) in &answered {
            assert!(found.contains(step), "the batch {step} was answered and is gone");
            if *is_kept {
                let answer = again.get(&target(&made, &format!("{step}.txt")));
                assert_eq!(answer.text(), format!("bytes of {step}"));
            }
        }
    }
}

#[test]
fn a_server_that_is_told_to_stop_answers_what_it_has_begun() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let made = made(&data);
    let mut served = serve(&data);
    assert_eq!(log_batch(&served, &made.run, 1), Some(200));
    assert!(served.stop(), "it ended well");
    assert_eq!(steps(&serve(&data), &made.run), [1]);
}

#[test]
fn a_second_server_on_a_folder_says_that_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = serve(&data);
    let address = fs::read_to_string(data.with_extension("address")).unwrap();
    let refused = start(&data, None).err().unwrap();
    assert!(refused.contains("is served by another"), "{refused}");
    fs::write(data.with_extension("address"), address).unwrap();
    assert_eq!(first.get("/health").status, 200, "the first one goes on");
}

#[test]
fn a_file_that_is_no_database_is_told_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir_all(&data).unwrap();
    let noise = vec![0x5a; 8192];
    fs::write(data.join("fieldkit.db"), &noise).unwrap();
    let refused = start(&data, None).err().unwrap();
    assert!(refused.contains("is damaged"), "{refused}");
    assert!(refused.contains("fieldkit.db"), "{refused}");
    assert_eq!(fs::read(data.join("fieldkit.db")).unwrap(), noise);
}

#[test]
fn a_database_that_is_damaged_inside_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let made = made(&data);
    drop(serve(&data));
    checkpointed(&data);
    let path = data.join("fieldkit.db");
    let mut bytes = fs::read(&path).unwrap();
    let n_bytes = bytes.len();
    // The header and the first table stay: it opens, and breaks when it is read.
    bytes[8192..n_bytes].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let served = match start(&data, None) {
        Ok(served) => served,
        Err(refused) => {
            assert!(refused.contains("damaged"), "{refused}");
            return;
        }
    };
    let run = format!("/api/2.0/mlflow/runs/get?run_id={}", made.run);
    let answer = served.get(&run);
    assert_eq!(answer.status, 500, "{answer:?}");
    assert!(answer.text().contains("damaged"), "{answer:?}");
    assert_eq!(served.get("/health").status, 200);
}

/// What is in the log of the database is in its file.
fn checkpointed(data: &Path) {
    let rows = store::Rows::open(&store::Location::Sqlite(data.join("fieldkit.db"))).unwrap();
    drop(rows);
    let log = fs::metadata(data.join("fieldkit.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "the log was written back");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_what_was_answered_stays() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let made = made(&data);
    checkpointed(&data);
    // No file may grow above 600 blocks of 512 bytes, or of 1024: as a full disk does, writing
    // fails within a file. Without the trap the system would end the process.
    let served = start(&data, Some("trap '' XFSZ; ulimit -f 600")).unwrap();
    let large = vec![b'x'; 4 * 1024 * 1024];
    let refused = served.ask("PUT", &target(&made, "large.bin"), &[], &large);
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.text().contains("is full"), "{refused:?}");
    let kept = served.get(&target(&made, "kept.txt"));
    assert_eq!(kept.text(), "kept");
    assert_eq!(served.get(&target(&made, "large.bin")).status, 404);
    let incoming = fs::read_dir(data.join("artifacts/incoming")).unwrap().count();
    assert_eq!(incoming, 0, "nothing half-written was left");

    let mut answered = Vec::new();
    let mut refused = None;
    for step in 0..2000 {
        match log_batch(&served, &made.run, step) {
            Some(200) => answered.push(step),
            other => {
                refused = other;
                break;
            }
        }
    }
    assert!(matches!(refused, Some(500..=503)), "the rows were refused in the end: {refused:?}");
    assert_eq!(served.get("/health").status, 200);
    drop(served);
    let again = serve(&data);
    assert_eq!(steps(&again, &made.run), answered, "no more and no less than was answered");
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_made_or_written_to_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), b"").unwrap();
    for data in [folder.path().join("file/data").as_path(), Path::new("/proc/fieldkit-data")] {
        let told = server::serve(&server::Options::on_loopback(data.to_owned()), |_| {
            panic!("it cannot answer")
        });
        let told = format!("{:#}", told.unwrap_err());
        assert!(told.contains(&data.display().to_string()), "{told}");
    }
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let made = made(&data);
    let served = serve(&data);
    for n_bytes in [0, 10, 3 * 1024 * 1024] {
        served.break_off(&target(&made, "half.bin"), 4 * 1024 * 1024, n_bytes);
    }
    thread::sleep(Duration::from_millis(300));
    assert_eq!(served.get(&target(&made, "half.bin")).status, 404);
    assert_eq!(fs::read_dir(data.join("artifacts/incoming")).unwrap().count(), 0);
}
