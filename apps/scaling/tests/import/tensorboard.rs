//! TensorBoard event files, made here byte by byte as TensorFlow writes them.

use scaling::units::{Nats, Parameters, Steps};

use crate::given::{Given, flags, given_bytes, rejected};

/// A TFRecord: length, its masked checksum, bytes, their masked checksum.
pub(crate) fn record(bytes: &[u8]) -> Vec<u8> {
    let masked = |bytes: &[u8]| {
        let crc = crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8);
        crc.to_le_bytes()
    };
    let length = (bytes.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), bytes, &masked(bytes)].concat()
}

/// A field of a message that holds bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 128);
    [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
}

/// `Event { step, summary { value { tag, … } } }`
fn event(step: u8, tag: &str, value: &[u8]) -> Vec<u8> {
    let value = [field(1, tag.as_bytes()), value.to_vec()].concat();
    let summary = field(1, &value);
    record(&[vec![0x10, step], field(5, &summary)].concat())
}

/// The old form: `simple_value`.
pub(crate) fn simple(step: u8, tag: &str, value: f32) -> Vec<u8> {
    event(step, tag, &[&[0x15][..], &value.to_le_bytes()].concat())
}

/// The new form: a tensor.
fn tensor(step: u8, tag: &str, tensor: &[u8]) -> Vec<u8> {
    event(step, tag, &field(8, tensor))
}

fn run_of(events: &[Vec<u8>]) -> Given {
    given_bytes(&[("run/events.out.tfevents.1", &events.concat())])
}

const FILE: &str = "run/events.out.tfevents.1";

#[test]
fn a_folder_of_events_is_a_run_with_its_scalars() {
    let given = run_of(&[
        record(&field(3, b"brain.Event:2")),
        simple(1, "val/loss", 4.5),
        simple(1, "train/loss", 4.25),
        simple(2, "val/loss", 4.0),
        simple(2, "lr", 0.5),
    ]);
    let run = &given.import(&["run"]).runs[0];
    assert_eq!((run.id.as_str(), run.loss), ("run", Some(Nats(4.0))));
    assert_eq!((run.steps, run.history.len()), (Some(Steps(2.0)), 2));
    assert_eq!(run.history[0].train_loss, Some(4.25));
    assert_eq!(given.import(&[FILE]).runs[0].loss, Some(Nats(4.0)));
}

#[test]
fn scalars_come_as_tensors_of_every_type_too() {
    let double = [&[0x08, 2, 0x22, 8][..], &3.5_f64.to_le_bytes()].concat(); // tensor_content
    let packed = [&[0x08, 1, 0x2a, 4][..], &2.5_f32.to_le_bytes()].concat(); // float_val
    let listed = [0x08, 9, 0x52, 2, 0xe8, 0x07]; // int64_val: 1000
    let given = run_of(&[
        tensor(1, "val_loss", &double),
        tensor(1, "train_loss", &packed),
        tensor(1, "num_params", &listed),
    ]);
    let run = &given.import(&[""]).runs[0];
    assert_eq!((run.loss, run.history[0].train_loss), (Some(Nats(3.5)), Some(2.5)));
    assert_eq!(run.parameters.unstated, Some(Parameters(1000.0)));
}

#[test]
fn several_files_of_a_folder_are_one_run_and_folders_are_called_by_their_path() {
    let given = given_bytes(&[
        ("a/x/events.out.tfevents.1", &simple(1, "loss", 5.0)),
        ("a/x/events.out.tfevents.2", &simple(2, "loss", 4.0)),
        ("b/x/events.out.tfevents.1", &simple(1, "loss", 3.0)),
    ]);
    let import = given.import(&[""]);
    let runs: Vec<_> = import.runs.iter().map(|r| (r.id.as_str(), r.history.len())).collect();
    assert_eq!(runs, [("a/x", 2), ("b/x", 1)]);
    let apart = given.import(&["a/x", "b/x"]);
    let ids: Vec<_> = apart.runs.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["x", "b/x"]);
}

#[test]
fn hyper_parameters_of_the_plugin_are_settings_of_the_run_above() {
    let number = [&[0x11][..], &1e6_f64.to_le_bytes()].concat();
    let entry = [field(1, b"num_params"), field(2, &number)].concat();
    let start = field(1, &entry);
    let content = field(3, &start);
    let plugin = [field(1, b"hparams"), field(2, &content)].concat();
    let metadata = field(9, &field(1, &plugin));
    let given = given_bytes(&[
        ("run/events.out.tfevents.1", &[simple(1, "loss", 5.0), simple(2, "loss", 4.0)].concat()),
        ("run/1699/events.out.tfevents.1", &event(0, "_hparams_/session_start_info", &metadata)),
    ]);
    let import = given.import(&[""]);
    assert_eq!(import.runs.len(), 1);
    assert_eq!(import.runs[0].parameters.unstated, Some(Parameters(1e6)));
}

#[test]
fn a_file_that_is_cut_is_read_up_to_the_cut_and_flagged() {
    let whole = [simple(1, "loss", 5.0), simple(2, "loss", 4.0), simple(3, "loss", 3.0)].concat();
    let cut = whole.len() - 5;
    let given = given_bytes(&[(FILE, &whole[..cut])]);
    let import = given.import(&["run"]);
    assert_eq!(import.runs[0].loss, Some(Nats(4.0)));
    assert_eq!(flags(&import), ["run: unfinished: its log ends at step 2"]);
    let at = whole.len() / 3 * 2;
    let note = format!(
        "{FILE}: the event file ends within the record at byte {at}; what stands before was read, \
         and the run is flagged as unfinished"
    );
    assert!(given.notes(&import).contains(&note));
}

#[test]
fn a_wrong_checksum_is_an_error_at_its_byte() {
    let first = simple(1, "loss", 5.0);
    let mut bytes = [first.clone(), simple(2, "loss", 4.0)].concat();
    *bytes.last_mut().unwrap() ^= 1;
    let at = first.len();
    assert_eq!(
        given_bytes(&[(FILE, &bytes)]).error(&["run"]),
        format!(
            "{FILE}: the record at byte {at} is damaged: its checksum is wrong\n  hint: copy the \
             file again; to use what stands before, cut it there: `head -c {at} IN > OUT`"
        )
    );
}

#[test]
fn a_file_that_is_only_named_as_events_is_refused() {
    assert_eq!(
        given_bytes(&[(FILE, b"step,loss\n1,2\n")]).error(&["run"]),
        format!(
            "{FILE}: the checksum of its first record is wrong: it is damaged or no event file\n  \
             hint: copy the file again, or leave it out"
        )
    );
}

#[test]
fn events_without_a_scalar_are_refused() {
    let given = run_of(&[record(&field(3, b"brain.Event:2"))]);
    assert_eq!(
        given.error(&[FILE]),
        format!(
            "{FILE}: the event file holds no scalar\n  hint: give the event files of training \
             runs that log a loss"
        )
    );
}

#[test]
fn a_loss_that_is_not_above_zero_is_rejected() {
    let given = run_of(&[simple(1, "loss", 5.0), simple(2, "loss", -1.0)]);
    let import = given.import(&["run"]);
    assert_eq!(import.runs[0].loss, Some(Nats(5.0)));
    assert_eq!(rejected(&import), ["0: `loss` is not above zero at step 2"]);
}
