//! A reader that goes away is no mistake of anyone.

use std::io::Read as _;
use std::process::Stdio;

use crate::told::command;

#[test]
fn a_pipe_closed_early_ends_the_work_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(&folder, "scaling laws --json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_error_that_nobody_reads_still_ends_with_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(&folder, "runs show nothing").stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_not_the_users_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command(&folder, "scaling laws").stdout(full).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.starts_with("error: cannot write to stdout: "), "{stderr}");
}
