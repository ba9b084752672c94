//! Mistakes, and the words that the user sees: what, where, what to do.

use scaling::Error;
use scaling::data::Limits;

use crate::given::{given, given_bytes, gzip, read, rejected};

fn error(name: &str, bytes: &[u8]) -> String {
    given_bytes(&[(name, bytes)]).error(&[name])
}

#[test]
fn an_empty_file() {
    assert_eq!(
        error("t.csv", b" \n\n"),
        "t.csv: the file is empty\n  hint: give a file with a header line and one line a run"
    );
}

#[test]
fn a_header_and_no_rows() {
    assert_eq!(
        error("t.csv", b"n,d,loss\n"),
        "t.csv: the file has a header and no rows\n  hint: add one line a run below the header"
    );
}

#[test]
fn one_run_is_a_run() {
    assert_eq!(read("t.csv", "n,d,loss\n1,2,3\n").runs.len(), 1);
}

#[test]
fn a_missing_file_is_an_error_of_the_system() {
    let given = given(&[]);
    let e = given.try_import(&["none.csv"]).unwrap_err();
    assert!(matches!(e, Error::Io { .. }));
    assert_eq!(
        given.error(&["none.csv"]),
        "cannot read none.csv: No such file or directory (os error 2)"
    );
}

#[test]
fn a_folder_without_logs() {
    assert_eq!(
        given(&[("notes.txt", "x")]).error(&[""]),
        ".: the folder holds no logs\n  hint: give a folder with tables (.csv, .tsv), JSON lines \
         (.jsonl), TensorBoard event files or MLflow runs; a `.gz` behind the name is fine"
    );
}

#[test]
fn losses_that_cannot_be_are_left_out_with_their_lines() {
    let import = read(
        "t.csv",
        "n,d,loss\n1e6,1e7,4\n1e6,1e7,nan\n1e6,1e7,-3.5\n1e6,1e7,0\n1e6,1e7,inf\n1e6,1e7,low\n1e6,1e7,\n1e6\n",
    );
    assert_eq!((import.runs.len(), import.n_rejected), (1, 7));
    assert_eq!(
        rejected(&import),
        [
            "3: `loss` is NaN",
            "4: `loss` is negative: -3.5",
            "5: `loss` is zero",
            "6: `loss` is infinite",
            "7: `loss` is not a number: `low`",
            "8: `loss` is empty",
            "9: it has 1 fields and the header has 3",
        ]
    );
}

#[test]
fn no_row_that_can_be_used() {
    assert_eq!(
        error("t.csv", b"n,d,loss\n1e6,1e7,nan\n1e6,1e7,-1\n"),
        "t.csv:2: no row can be used; the first: `loss` is NaN\n  hint: mend the rows, or say \
         with --map which columns are meant"
    );
}

#[test]
fn rows_in_other_units_than_the_rest_are_left_out() {
    let import = read(
        "t.csv",
        "n,d,loss\n1.2e8,2e9,3.5\n0.35,7e9,3.0\n7.6e8,1.5e10,2.8\n1.3e9,2.6e10,2.7\n",
    );
    assert_eq!(import.runs.len(), 3);
    assert_eq!(
        rejected(&import),
        ["3: N is a factor of 1e9 away from the other rows: mixed units"]
    );
}

#[test]
fn a_column_that_is_in_other_units_throughout() {
    assert_eq!(
        error("t.csv", b"n,d,c,loss\n1.2e8,2,1.44e18,3.5\n3.5e8,7,1.47e19,3\n"),
        "t.csv:2: C and 6ND differ by a factor of 1e-9 in every row: a column is in other \
         units\n  hint: write parameters and tokens as plain numbers or with K, M, B, T, and C \
         in FLOP; or leave C out with `--map c=-`"
    );
}

#[test]
fn a_count_that_is_in_billions_without_saying_so() {
    assert_eq!(
        error("t.csv", b"n,d,loss\n0.07,1.4e9,4\n1.3,2.6e10,3\n"),
        "t.csv:2: N is at most 1.3 and not whole: it counts millions or billions\n  hint: write \
         plain numbers, `1.3B`, or the unit into the column's name, as `params (B)`; or leave it \
         out with `--map n=-`"
    );
}

#[test]
fn no_loss_among_the_columns() {
    assert_eq!(
        error("t.csv", b"n,d,accuracy\n1,2,3\n"),
        "t.csv:1: no column looks like a loss\n  hint: say which one is, `--map loss=COLUMN`; \
         the columns are `n`, `d`, `accuracy`"
    );
}

#[test]
fn nothing_that_tells_the_size_of_a_run() {
    assert_eq!(
        error("t.csv", b"loss,accuracy\n1,2\n"),
        "t.csv:1: no column says how large the models were, how many tokens they saw, or which \
         run a row is\n  hint: say which one does, `--map n=COLUMN,d=COLUMN`; the columns are \
         `loss`, `accuracy`"
    );
}

#[test]
fn a_map_to_a_column_that_is_not_there() {
    let given = given(&[("t.csv", "n,d,loss\n1,2,3\n"), ("u.csv", "n,d,score\n1,2,3\n")]);
    assert_eq!(
        given.map("loss=val_los").error(&["t.csv", "u.csv"]),
        "u.csv: there is no column `val_los`, which --map names for the loss\n  hint: the \
         columns are `n`, `d`, `score`"
    );
    let alone = crate::given::given(&[("t.csv", "n,d,loss\n1,2,3\n")]).map("n=paramz");
    assert_eq!(
        alone.error(&["t.csv"]),
        "t.csv: there is no column `paramz`, which --map names for N\n  hint: the columns are \
         `n`, `d`, `loss`"
    );
}

#[test]
fn a_gzip_that_is_not_one() {
    assert_eq!(
        error("t.csv.gz", b"n,d,loss\n1,2,3\n"),
        "t.csv.gz: the file is named as a gzip and is not one\n  hint: copy or download it \
         again; if it is plain text, take `.gz` off its name"
    );
}

#[test]
fn a_gzip_that_ends_in_the_middle_or_is_damaged() {
    let rows: String = (0..9999).map(|i| format!("{i},{}\n", 1.0 / (1.0 + f64::from(i)))).collect();
    let whole = gzip(format!("step,loss\n{rows}").as_bytes());
    assert_eq!(
        error("t.csv.gz", &whole[..whole.len() - 4]),
        "t.csv.gz:10001: the gzip ends in the middle\n  hint: copy or download the file again; \
         nothing was taken from it"
    );
    let mut damaged = whole;
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 0xff;
    let e = error("t.csv.gz", &damaged);
    assert!(e.contains("the gzip is damaged ("), "{e}");
}

#[test]
fn text_in_another_encoding() {
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain("n,d,loss\n".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(
        error("t.csv", &utf16),
        "t.csv: the file is UTF-16 text\n  hint: save it as UTF-8 (`iconv -f utf-16 -t utf-8 IN \
         > OUT`)"
    );
    assert_eq!(
        error("t.csv", b"name,n,d,loss\nna\xefve,1,2,3\n"),
        "t.csv:2: the text is not UTF-8 (byte 0xEF)\n  hint: save it as UTF-8 (`iconv -f latin1 \
         -t utf-8 IN > OUT`)"
    );
}

#[test]
fn files_of_other_kinds_are_called_by_their_names() {
    for (bytes, what) in [
        (&b"PK\x03\x04..."[..], "the file is a zip (or a spreadsheet)"),
        (b"PAR1...", "the file is a Parquet file"),
        (b"SQLite format 3\0", "the file is an SQLite database"),
        (b"\x00\x01\x02", "the file is binary and of no known kind"),
        (b"[{\"n\": 1}]", "the file is a JSON array"),
    ] {
        let e = error("t.csv", bytes);
        assert!(e.starts_with(&format!("t.csv: {what}\n  hint: ")), "{e}");
    }
}

#[test]
fn results_of_a_fit_are_no_runs() {
    assert!(error("t.csv", b"tag,n_exponent,n_coef\nx,0.5,2\n").starts_with(
        "t.csv:1: no column looks like a loss, and some look like the results of a fit: these \
         are no runs"
    ));
}

#[test]
fn a_quote_that_is_never_closed_does_not_swallow_the_file() {
    let rows = "1,2,3\n".repeat(200_000);
    let given = given(&[("t.csv", &format!("n,d,loss\n1,2,\"3\n{rows}"))]);
    let given = given.limits(Limits { n_row_bytes: 1 << 19, ..Limits::default() });
    assert_eq!(
        given.error(&["t.csv"]),
        "t.csv:2: no row ends within the first 524288 bytes\n  hint: end rows with a line feed, and \
         close every quote that is opened"
    );
}

#[test]
fn more_runs_than_can_be_held() {
    let rows = "1e6,1e7,3\n".repeat(1001);
    let given = given(&[("t.csv", &format!("n,d,loss\n{rows}"))]);
    let given = given.limits(Limits { n_runs: 1000, ..Limits::default() });
    assert_eq!(
        given.error(&["t.csv"]),
        "t.csv:1002: there are more than 1000 runs\n  hint: a row of this table is taken for a \
         run; give the final rows only, or say with `--map id=COLUMN,step=COLUMN` that they are \
         a history"
    );
}

#[test]
fn more_bad_rows_than_are_listed_are_counted() {
    let rows = "1e6,1e7,nan\n".repeat(50);
    let given = given(&[("t.csv", &format!("n,d,loss\n1e6,1e7,3\n{rows}"))]);
    let import =
        given.limits(Limits { n_rejected_kept: 10, ..Limits::default() }).import(&["t.csv"]);
    assert_eq!((import.rejected.len(), import.n_rejected, import.n_rows), (10, 50, 51));
}

#[test]
fn a_pretty_printed_json_is_told_how_to_be_lines() {
    assert_eq!(
        error("runs.jsonl", b"{\n  \"id\": \"a\"\n}\n"),
        "runs.jsonl:1: no row can be used; the first: it is no JSON (EOF while parsing an object \
         at line 1 column 1)\n  hint: write one JSON object a line (`jq -c . IN > OUT`), each a \
         run with `config` and `summary`, or a step of one"
    );
}
