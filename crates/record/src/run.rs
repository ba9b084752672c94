//! What was done, with which data, giving which files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// Data as it was when it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// The name a person gave it, usually the file's name.
    pub name: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub n_bytes: u64,
}

/// A file that a run made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Relative name with `/` between folders.
    pub name: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub n_bytes: u64,
}

/// Something fitted or trained that can predict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Its registered name.
    pub name: String,
    /// The application that reads it.
    pub application: String,
    /// The run that made it.
    pub run_id: String,
    /// Its files.
    pub artifacts: Vec<Artifact>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Work goes on, or its process died without a word.
    Running,
    /// It ended well.
    Finished,
    /// It ended with an error.
    Failed,
}

/// One fit, training or evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Unique in its store; sorts by start.
    pub id: String,
    /// The application, such as `scaling`.
    pub application: String,
    /// What was asked of it, such as `fit`.
    pub command: String,
    /// Where it stands.
    pub status: Status,
    /// Start, RFC 3339 in UTC.
    pub started: String,
    /// End, RFC 3339 in UTC.
    pub ended: Option<String>,
    /// Fieldkit's version.
    pub code_version: String,
    /// The seed of everything random in it.
    pub seed: Option<u64>,
    /// What it read.
    pub inputs: Vec<Dataset>,
    /// Its settings.
    pub params: BTreeMap<String, String>,
    /// The last value of each metric; the histories lie beside it.
    #[serde(with = "crate::real::values")]
    pub metrics: BTreeMap<String, f64>,
    /// What it made.
    pub artifacts: Vec<Artifact>,
    /// What it told the person who waited.
    pub notes: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
}
