//! TensorBoard event files: TFRecords of `Event` messages. Scalars come in two forms, the old
//! `simple_value` and a tensor; hyper-parameters in the form of the HParams plugin. One folder of
//! event files is one run.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::Origin;
use super::draft::Draft;
use super::facts::Facts;
use super::gather::Gather;
use super::protobuf::{Value, fields, varint};
use super::source::{Source, broken};
use super::table::counted;
use super::tfrecord::{Next, Records, is_tfrecord};
use crate::Error;

/// Records between two reports of progress.
const N_BETWEEN_REPORTS: u64 = 1 << 16;

/// Whether a file holds events, by its first record or else its name.
pub(super) fn is_event_file(source: &Source) -> bool {
    is_tfrecord(&source.head) || (!source.head.is_empty() && has_event_name(&source.path))
}

/// Whether TensorBoard takes a file of that name for events.
pub(super) fn has_event_name(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains("tfevents"))
}

/// Reads one event file, as a run that is called by its folder.
pub(super) fn read_file(source: Source, gather: &mut Gather<'_>) -> Result<(), Error> {
    let path = source.path.clone();
    let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
    let folder = whole.parent().unwrap_or(&whole);
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut run = Run::new(gather.run_of_folder(folder, &name), &path);
    run.read(source, gather)?;
    gather.begin(&path);
    if run.n_scalars == 0 {
        return Err(Error::input(
            path,
            None,
            "the event file holds no scalar",
            "give the event files of training runs that log a loss",
        ));
    }
    run.finish(gather)
}

/// Reads the event files of a folder, by folder, each as one run called by `name(folder)`.
pub(super) fn read_folders(
    folders: &BTreeMap<PathBuf, Vec<PathBuf>>,
    name: impl Fn(&Path) -> String,
    gather: &mut Gather<'_>,
) -> Result<(), Error> {
    let mut runs: BTreeMap<&Path, Run> = BTreeMap::new();
    for (n_done, (folder, files)) in folders.iter().enumerate() {
        gather.progress_files(n_done, folders.len());
        let whole = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        let id = gather.run_of_folder(&whole, &name(folder));
        let mut run = Run::new(id, folder);
        for file in files {
            run.read(Source::open(file)?, gather)?;
        }
        // The HParams plugin puts the settings of a run into a folder of their own below it.
        let parent = folder.parent().and_then(|parent| runs.get_mut(parent));
        if let Some(parent) = parent
            && !run.settings.is_empty()
            && run.n_scalars <= run.metrics.len() as u64
        {
            parent.settings.append(&mut run.settings);
            gather.curves.forget(&run.id);
            continue;
        }
        runs.insert(folder, run);
    }
    let n_empty = runs.values().filter(|run| run.n_scalars == 0).count();
    if n_empty > 0 {
        let folders = counted(n_empty, "folder");
        gather.note(format!("left out: {folders} of event files without a scalar"));
    }
    runs.into_values().filter(|run| run.n_scalars > 0).try_for_each(|run| run.finish(gather))
}

/// A run while its event files are read.
struct Run {
    id: String,
    draft: Draft,
    settings: Vec<(String, String)>,
    /// Tags seen in this run, with the metric each is.
    metrics: HashMap<Vec<u8>, usize>,
    n_scalars: u64,
}

impl Run {
    fn new(id: String, file: &Path) -> Self {
        let mut draft = Draft::new(file.to_owned(), None);
        draft.id = Some(id.clone());
        Self { id, draft, settings: vec![], metrics: HashMap::new(), n_scalars: 0 }
    }

    /// Reads one of its files.
    fn read(&mut self, source: Source, gather: &mut Gather<'_>) -> Result<(), Error> {
        let (path, progress) = (source.path.clone(), source.progress.clone());
        let place = Origin { file: path.clone(), line: None };
        let mut records = Records::new(source.into_reader());
        let mut record = vec![];
        let mut n_records = 0_u64;
        loop {
            match records.next(&mut record).map_err(|e| broken(&path, None, e))? {
                Next::Record => self.event(&record, &place, gather)?,
                Next::Passed => {}
                Next::End => break,
                Next::Cut(0) => {
                    return Err(Error::input(
                        path,
                        None,
                        "the event file ends within its first record",
                        "copy it again once the run has written something",
                    ));
                }
                Next::Cut(at) => {
                    self.draft.is_cut = true;
                    gather.note(format!(
                        "{}: the event file ends within the record at byte {at}; what stands \
                         before was read, and the run is flagged as unfinished",
                        path.display()
                    ));
                    break;
                }
                Next::Corrupt(at) => return Err(corrupt(&path, at)),
            }
            n_records += 1;
            if n_records.is_multiple_of(N_BETWEEN_REPORTS) {
                gather.progress(&progress);
            }
        }
        Ok(())
    }

    /// Hands the run over.
    fn finish(self, gather: &mut Gather<'_>) -> Result<(), Error> {
        let path = self.draft.origin.file.clone();
        let options = gather.options;
        let mut facts = Facts::new(self.draft, &options.map);
        for (name, value) in &self.settings {
            facts.say(name, value);
        }
        let draft = facts.finish(&path, gather);
        gather.know_names(&path, self.settings.iter().map(|(name, _)| name));
        gather.add(draft)
    }

    /// `Event`: step = 2, summary = 5.
    fn event(
        &mut self,
        event: &[u8],
        place: &Origin,
        gather: &mut Gather<'_>,
    ) -> Result<(), Error> {
        gather.n_rows += 1;
        let mut step = 0_i64;
        let mut summary = None;
        for (field, value) in fields(event) {
            match (field, value) {
                (2, Value::Varint(x)) => step = x.cast_signed(),
                (5, Value::Bytes(bytes)) => summary = Some(bytes),
                _ => {}
            }
        }
        // `Summary`: value = 1, repeated.
        for (field, value) in fields(summary.unwrap_or_default()) {
            if let (1, Value::Bytes(value)) = (field, value) {
                self.value(value, step, place, gather)?;
            }
        }
        Ok(())
    }

    /// `Summary.Value`: tag = 1, simple_value = 2, tensor = 8, metadata = 9.
    fn value(
        &mut self,
        message: &[u8],
        step: i64,
        place: &Origin,
        gather: &mut Gather<'_>,
    ) -> Result<(), Error> {
        let (mut tag, mut scalar) = (&[][..], None);
        for (field, value) in fields(message) {
            match (field, value) {
                (1, Value::Bytes(bytes)) => tag = bytes,
                (2, Value::Fixed32(bytes)) => scalar = Some(f64::from(f32::from_le_bytes(bytes))),
                (8, Value::Bytes(tensor)) => scalar = scalar.or(scalar_of(tensor)),
                (9, Value::Bytes(metadata)) => self.hyperparameters(metadata),
                _ => {}
            }
        }
        let Some(scalar) = scalar.filter(|_| !tag.is_empty()) else { return Ok(()) };
        let metric = match self.metrics.get(tag) {
            Some(metric) => *metric,
            None => {
                let metric = gather.curves.metric(tag, place)?;
                self.metrics.insert(tag.to_owned(), metric);
                metric
            }
        };
        self.n_scalars += 1;
        let Some((role, _)) = gather.curves.metrics[metric].role else { return Ok(()) };
        let origin = || Origin { file: place.file.clone(), line: None };
        if step < 0 {
            gather.reject_at(origin(), format!("a step is negative: {step}"));
        } else if role.is_loss() && scalar <= 0.0 {
            let name = String::from_utf8_lossy(tag);
            gather.reject_at(origin(), format!("`{name}` is not above zero at step {step}"));
        } else {
            let run = gather.curves.run(self.id.as_bytes(), place)?;
            gather.curves.push(run, metric, step as f64, scalar);
        }
        Ok(())
    }

    /// `SummaryMetadata`: plugin_data = 1 (plugin_name = 1, content = 2). The content is
    /// `HParamsPluginData`: session_start_info = 3 (hparams = 1, a map), session_end_info = 4
    /// (status = 1).
    fn hyperparameters(&mut self, metadata: &[u8]) {
        let Some(plugin) = message(metadata, 1) else { return };
        if message(plugin, 1) != Some(b"hparams") {
            return;
        }
        let content = message(plugin, 2).unwrap_or_default();
        for (field, value) in fields(message(content, 3).unwrap_or_default()) {
            let (1, Value::Bytes(entry)) = (field, value) else { continue };
            let name = message(entry, 1).and_then(|bytes| std::str::from_utf8(bytes).ok());
            let value = message(entry, 2).and_then(plain_value);
            self.settings.extend(name.map(str::to_owned).zip(value));
        }
        let end = fields(message(content, 4).unwrap_or_default());
        for (field, value) in end {
            if let (1, Value::Varint(2)) = (field, value) {
                self.draft.state = Some("failed".to_owned()); // STATUS_FAILURE
            }
        }
    }
}

fn corrupt(path: &Path, at: u64) -> Error {
    let (what, hint) = if at == 0 {
        (
            "the checksum of its first record is wrong: it is damaged or no event file".to_owned(),
            "copy the file again, or leave it out".to_owned(),
        )
    } else {
        (
            format!("the record at byte {at} is damaged: its checksum is wrong"),
            format!(
                "copy the file again; to use what stands before, cut it there: \
                 `head -c {at} IN > OUT`"
            ),
        )
    };
    Error::input(path, None, what, hint)
}

/// The last field of that number that holds bytes.
fn message(bytes: &[u8], wanted: u64) -> Option<&[u8]> {
    fields(bytes)
        .filter_map(|(field, value)| match value {
            Value::Bytes(bytes) if field == wanted => Some(bytes),
            _ => None,
        })
        .last()
}

/// `google.protobuf.Value`: number = 2, string = 3, bool = 4.
fn plain_value(bytes: &[u8]) -> Option<String> {
    fields(bytes).find_map(|(field, value)| match (field, value) {
        (2, Value::Fixed64(x)) => Some(f64::from_le_bytes(x).to_string()),
        (3, Value::Bytes(x)) => std::str::from_utf8(x).ok().map(str::to_owned),
        (4, Value::Varint(x)) => Some((x != 0).to_string()),
        _ => None,
    })
}

/// The number in a `TensorProto` of one element: dtype = 1, tensor_content = 4, half_val = 13,
/// float_val = 5, double_val = 6, int_val = 7, int64_val = 10, uint32_val = 16, uint64_val = 17.
fn scalar_of(tensor: &[u8]) -> Option<f64> {
    let mut dtype = 0;
    let mut content: Option<&[u8]> = None;
    let mut listed: Vec<(u64, Value<'_>)> = vec![];
    for (field, value) in fields(tensor) {
        match (field, value) {
            (1, Value::Varint(x)) => dtype = x,
            (4, Value::Bytes(bytes)) => content = Some(bytes),
            (5..=7 | 10 | 13 | 16 | 17, value) => listed.push((field, value)),
            _ => {}
        }
    }
    match (content.filter(|bytes| !bytes.is_empty()), listed.as_slice()) {
        (Some(bytes), _) => from_content(dtype, bytes),
        (None, [(_, value)]) => from_list(dtype, *value),
        _ => None,
    }
}

/// The one number in raw bytes, by `DataType`.
fn from_content(dtype: u64, bytes: &[u8]) -> Option<f64> {
    match (dtype, bytes) {
        (1, &[a, b, c, d]) => Some(f64::from(f32::from_le_bytes([a, b, c, d]))),
        (2, bytes) => Some(f64::from_le_bytes(bytes.try_into().ok()?)),
        (3, &[a, b, c, d]) => Some(f64::from(i32::from_le_bytes([a, b, c, d]))),
        (9, bytes) => Some(i64::from_le_bytes(bytes.try_into().ok()?) as f64),
        (14, &[a, b]) => Some(bfloat16(u16::from_le_bytes([a, b]))),
        (19, &[a, b]) => Some(half(u16::from_le_bytes([a, b]))),
        (22, &[a, b, c, d]) => Some(f64::from(u32::from_le_bytes([a, b, c, d]))),
        (23, bytes) => Some(u64::from_le_bytes(bytes.try_into().ok()?) as f64),
        _ => None,
    }
}

/// The one number in a `…_val` field, packed or not.
fn from_list(dtype: u64, value: Value<'_>) -> Option<f64> {
    let whole = |x: u64| match dtype {
        3 | 9 => x.cast_signed() as f64,
        14 => bfloat16(x as u16),
        19 => half(x as u16),
        _ => x as f64,
    };
    match (dtype, value) {
        (1, Value::Fixed32(x)) => Some(f64::from(f32::from_le_bytes(x))),
        (2, Value::Fixed64(x)) => Some(f64::from_le_bytes(x)),
        (1 | 2, Value::Bytes(packed)) => from_content(dtype, packed),
        (3 | 9 | 14 | 19 | 22 | 23, Value::Varint(x)) => Some(whole(x)),
        (3 | 9 | 14 | 19 | 22 | 23, Value::Bytes(packed)) => {
            let (x, length) = varint(packed)?;
            (length == packed.len()).then(|| whole(x))
        }
        _ => None,
    }
}

fn bfloat16(bits: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(bits) << 16))
}

/// IEEE 754 half precision.
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff) / 1024.0);
    match exponent {
        0 => sign * fraction * 2f64.powi(-14),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1.0 + fraction) * 2f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_sixteen_bits_are_widened() {
        assert_eq!([0x3c00, 0xc000, 0x0001].map(half), [1.0, -2.0, 2f64.powi(-24)]);
        assert!(half(0x7e00).is_nan() && half(0x7c00).is_infinite());
        assert_eq!(bfloat16(0x4040), 3.0);
    }

    #[test]
    fn a_tensor_of_several_numbers_is_no_scalar() {
        let two_floats = [0x08, 0x01, 0x2a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0x80, 0x3f];
        assert_eq!(scalar_of(&two_floats), None);
        let one_float = [0x08, 0x01, 0x2a, 4, 0, 0, 0x80, 0x3f];
        assert_eq!(scalar_of(&one_float), Some(1.0));
    }
}
