//! The registry: models with a name, their versions, aliases, tags and stages. Prompts ride on it
//! as models with a tag. Knows no JSON, and opens nothing that a source names.
//!
//! - `models`: registered models, their tags and aliases.
//! - `versions`: numbered versions of a model, without gaps.
//! - `source`: which sources a version may have.
//! - `search`: what is found by which filter.
//! - `rules`: which names, tags and aliases are allowed.

mod models;
mod rules;
mod search;
mod source;
mod versions;

pub use versions::NewVersion;

use std::collections::BTreeMap;

use crate::Error;

/// A model with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredModel {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it, or a version, last changed.
    pub updated_ms: i64,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Each alias with the version it stands for.
    pub aliases: BTreeMap<String, i64>,
    /// The newest version of each stage.
    pub latest_versions: Vec<ModelVersion>,
}

/// One version of a registered model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelVersion {
    /// The model's name.
    pub name: String,
    /// Its number, from 1.
    pub version: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it last changed.
    pub updated_ms: i64,
    /// What it is for.
    pub description: Option<String>,
    /// How far it has come.
    pub stage: Stage,
    /// Where its files were when it was registered. A text: nothing here opens it.
    pub source: String,
    /// Where its files are: the source, or what a `models:/` source led to.
    pub storage_location: String,
    /// The run that made it; empty where none was said.
    pub run_id: Option<String>,
    /// A link to that run elsewhere; empty where none was said.
    pub run_link: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The aliases that stand for it.
    pub aliases: Vec<String>,
}

/// How far a version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not said.
    None,
    /// Tried out.
    Staging,
    /// In use.
    Production,
    /// No longer in use.
    Archived,
}

impl Stage {
    const ALL: [Self; 4] = [Self::None, Self::Staging, Self::Production, Self::Archived];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Staging => "Staging",
            Self::Production => "Production",
            Self::Archived => "Archived",
        }
    }

    /// The stage of that name, in capitals or not.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|stage| stage.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            Error::invalid(format!(
                "Invalid Model Version stage: {name}. Value must be one of None, Staging, \
                 Production, Archived."
            ))
        })
    }

    /// Whether versions of this stage are in use.
    fn is_active(self) -> bool {
        matches!(self, Self::Staging | Self::Production)
    }
}

/// The tag that makes a model, or a version, a prompt.
const IS_PROMPT: &str = "mlflow.prompt.is_prompt";

/// The stage of a version that was deleted. Its row stays, so that its number is not given again.
const DELETED: &str = "Deleted_Internal";

pub(crate) const TABLES: &[&str] = &["
    CREATE TABLE registered_models (
        id {id},
        name TEXT NOT NULL UNIQUE,
        description TEXT,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL
    );
    CREATE TABLE registered_model_tags (
        model BIGINT NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (model, key)
    ) {clustered};
    CREATE TABLE registered_model_aliases (
        model BIGINT NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
        alias TEXT NOT NULL,
        version BIGINT NOT NULL,
        PRIMARY KEY (model, alias)
    ) {clustered};
    CREATE TABLE model_versions (
        model BIGINT NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
        version BIGINT NOT NULL,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL,
        description TEXT,
        stage TEXT NOT NULL,
        source TEXT NOT NULL,
        storage_location TEXT NOT NULL,
        run_id TEXT,
        run_link TEXT,
        PRIMARY KEY (model, version)
    );
    CREATE INDEX model_versions_of_run ON model_versions (run_id);
    CREATE TABLE model_version_tags (
        model BIGINT NOT NULL,
        version BIGINT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (model, version, key),
        FOREIGN KEY (model, version) REFERENCES model_versions (model, version) ON DELETE CASCADE
    ) {clustered};
"];
