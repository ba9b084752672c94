//! Mistakes made on purpose: each ends with 2, says what, where and what to do, and leaves
//! nothing behind.

use crate::fieldkit;
use crate::told::Told;

#[test]
fn an_unknown_command() {
    fieldkit("scale").is_as_in("unknown_command");
}

#[test]
fn an_unknown_option() {
    fieldkit("scaling laws --all").is_as_in("unknown_option");
}

#[test]
fn an_unknown_law() {
    let told = fieldkit("scaling laws chinchila");
    assert_eq!((told.code, told.stdout.as_str()), (2, ""));
    assert!(told.stderr.starts_with("error: there is no law `chinchila`\n  hint: write one of "));
}

#[test]
fn an_unknown_run() {
    fieldkit("runs show 2020").is_as_in("unknown_run");
}

#[test]
fn a_run_outside_the_folder() {
    fieldkit("runs show ../../etc").is_as_in("run_outside");
}

#[test]
fn no_run_at_all() {
    fieldkit("runs show").is_as_in("no_run");
}

/// What `fieldkit scaling plan runs.csv` says of a file with these bytes.
fn plan_of(bytes: &[u8], more: &str) -> Told {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("runs.csv"), bytes).unwrap();
    let words = format!("scaling plan runs.csv --budget 1e20 --no-record {more}");
    let told = Told::by(&folder, &words);
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "nothing but the file itself is there");
    told
}

#[test]
fn an_empty_file() {
    plan_of(b"", "").is_as_in("empty_file");
}

#[test]
fn a_single_run() {
    plan_of(b"parameters,tokens,loss\n1e6,2e7,4.5\n", "").is_as_in("single_run");
}

#[test]
fn a_loss_that_is_none() {
    let csv = "parameters,tokens,loss\n1e6,2e7,nan\n1e6,4e7,-3\n1e6,8e7,\n1e6,9e7,4.1\n";
    plan_of(csv.as_bytes(), "").is_as_in("loss_that_is_none");
}

#[test]
fn columns_that_say_nothing() {
    plan_of(b"a,b,c\n1,2,3\n", "").is_as_in("unknown_columns");
}

#[test]
fn a_map_to_a_column_that_is_not_there() {
    let csv = b"parameters,tokens,loss\n1e6,2e7,4.5\n";
    plan_of(csv, "--map loss=val_loss").is_as_in("map_to_no_column");
}

#[test]
fn a_map_from_a_quantity_that_does_not_exist() {
    let csv = b"parameters,tokens,loss\n1e6,2e7,4.5\n";
    plan_of(csv, "--map los=loss").is_as_in("map_from_no_quantity");
}

#[test]
fn a_program_in_place_of_a_log() {
    plan_of(b"\x7fELF\x02\x01\x01\x00\x00\x00", "").is_as_in("binary_file");
}

#[test]
fn a_gzip_cut_in_the_middle() {
    plan_of(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b", "").is_as_in("half_a_gzip");
}

#[test]
fn a_group_that_is_not_there() {
    let csv = b"parameters,tokens,loss,suite\n1e6,2e7,4.5,a\n";
    plan_of(csv, "--group b").is_as_in("unknown_group");
}

#[test]
fn numbers_that_cannot_be() {
    for words in ["--bootstrap -1", "--starts 0", "--huber nan", "--seed x", "--bootstrap 1e9"] {
        let told = plan_of(b"", words);
        assert_eq!((told.code, told.stdout.as_str()), (2, ""), "{words}");
        let option = words.split(' ').next().unwrap();
        assert!(told.stderr.contains(option), "{words}: {}", told.stderr);
    }
}
