//! Numbered versions of registered models. A number is given once: the row of a deleted version
//! stays, emptied.

use std::collections::BTreeMap;

use store::{Row, Tx, values};

use super::source::{Claim, Maker, ModelUri};
use super::{DELETED, IS_PROMPT, ModelVersion, Stage, models, rules, source};
use crate::clock::{birth_ms, now_ms};
use crate::names::check_key;
use crate::{Error, Tracking, logged_models, runs};

/// What a new version is made of.
#[derive(Debug, Clone, Default)]
pub struct NewVersion {
    /// The registered model.
    pub name: String,
    /// Where its files are.
    pub source: String,
    /// The run that made it.
    pub run_id: Option<String>,
    /// The logged model that it was.
    pub model_id: Option<String>,
    /// A link to the run elsewhere.
    pub run_link: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Tracking {
    /// Registers the next version of a model. Its source is checked, and never opened.
    ///
    /// # Errors
    /// There is no such model, the source leads outside of what its run or logged model owns, or a
    /// tag breaks a rule.
    pub fn create_model_version(&self, new: NewVersion) -> Result<ModelVersion, Error> {
        let is_prompt = new.tags.get(IS_PROMPT).is_some_and(|v| v.eq_ignore_ascii_case("true"));
        if is_prompt {
            source::check_prompt(&new.source)?;
        }
        source::check_host(&new.source, "source")?;
        self.rows.write(move |tx| {
            let mut new = new.clone();
            if !is_prompt {
                of_registered_version(tx, &mut new)?;
                check_source(tx, &new)?;
            }
            rules::model_name(&new.name)?;
            for (key, value) in &new.tags {
                rules::version_tag(key, value)?;
            }
            let storage_location = storage_location(tx, &mut new)?;
            let version = insert(tx, &new, &storage_location)?;
            if let Some(model_id) =
                new.model_id.as_deref().filter(|id| !is_prompt && !id.is_empty())
            {
                logged_models::note_version(tx, model_id, &new.name, version)?;
            }
            read(tx, &new.name, version)
        })
    }

    /// The version of that number, said as text.
    ///
    /// # Errors
    /// There is none, or the text is no number.
    pub fn model_version(&self, name: &str, version: &str) -> Result<ModelVersion, Error> {
        rules::model_name(name)?;
        let version = rules::version(version)?;
        self.rows.read(|tx| read(tx, name, version))
    }

    /// Says anew what a version is for.
    ///
    /// # Errors
    /// There is no such version.
    pub fn update_model_version(
        &self,
        name: &str,
        version: &str,
        description: Option<&str>,
    ) -> Result<ModelVersion, Error> {
        rules::model_name(name)?;
        let version = rules::version(version)?;
        let (name, description) = (name.to_owned(), description.map(str::to_owned));
        self.rows.write(move |tx| {
            let row =
                values![description.clone(), now_ms(), model_of(tx, &name, version)?, version];
            tx.execute(
                "UPDATE model_versions SET description = ?, updated_ms = ? WHERE model = ? AND \
                 version = ?",
                row,
            )?;
            read(tx, &name, version)
        })
    }

    /// Moves a version to a stage, and those in that stage to the archive where that is asked for.
    ///
    /// # Errors
    /// There is no such version or stage, or the stage is none in use and shall be emptied.
    pub fn transition_stage(
        &self,
        name: &str,
        version: &str,
        stage: &str,
        is_archiving: bool,
    ) -> Result<ModelVersion, Error> {
        let wanted = Stage::named(stage)?;
        if is_archiving && !wanted.is_active() {
            return Err(Error::invalid(format!(
                "Model version transition cannot archive existing model versions because \
                 '{stage}' is not an Active stage. Valid stages are ['Staging', 'Production']"
            )));
        }
        rules::model_name(name)?;
        let version = rules::version(version)?;
        let name = name.to_owned();
        self.rows.write(move |tx| {
            let (model, now) = (model_of(tx, &name, version)?, now_ms());
            if is_archiving {
                tx.execute(
                    "UPDATE model_versions SET stage = ?, updated_ms = ? WHERE model = ? AND \
                     version <> ? AND stage = ?",
                    values![Stage::Archived.name(), now, model, version, wanted.name()],
                )?;
            }
            tx.execute(
                "UPDATE model_versions SET stage = ?, updated_ms = ? WHERE model = ? AND version \
                 = ?",
                values![wanted.name(), now, model, version],
            )?;
            models::touch(tx, model, now)?;
            read(tx, &name, version)
        })
    }

    /// Deletes a version and the aliases that stand for it. Its number is not given again.
    ///
    /// # Errors
    /// There is no such version.
    pub fn delete_model_version(&self, name: &str, version: &str) -> Result<(), Error> {
        let version = rules::version(version)?;
        rules::model_name(name)?;
        let name = name.to_owned();
        self.rows.write(move |tx| {
            let (model, now) = (model_of(tx, &name, version)?, now_ms());
            let row = values![model, version];
            tx.execute(
                "DELETE FROM registered_model_aliases WHERE model = ? AND version = ?",
                row,
            )?;
            tx.execute("DELETE FROM model_version_tags WHERE model = ? AND version = ?", row)?;
            tx.execute(
                "UPDATE model_versions SET stage = ?, updated_ms = ?, description = NULL, source = \
                 '', storage_location = '', run_id = NULL, run_link = NULL WHERE model = ? AND \
                 version = ?",
                values![DELETED, now, model, version],
            )?;
            models::touch(tx, model, now)
        })
    }

    /// Where clients find the files of a version: a text.
    ///
    /// # Errors
    /// There is no such version.
    pub fn model_version_location(&self, name: &str, version: &str) -> Result<String, Error> {
        Ok(self.model_version(name, version)?.storage_location)
    }

    /// Sets a tag of a version.
    ///
    /// # Errors
    /// There is no such version, or the tag breaks a rule.
    pub fn set_model_version_tag(
        &self,
        name: &str,
        version: &str,
        key: &str,
        value: &str,
    ) -> Result<(), Error> {
        rules::model_name(name)?;
        let version = rules::version(version)?;
        rules::version_tag(key, value)?;
        let (name, key, value) = (name.to_owned(), key.to_owned(), value.to_owned());
        self.rows.write(move |tx| {
            let model = model_of(tx, &name, version)?;
            set_tag(tx, model, version, &key, &value)
        })
    }

    /// Deletes a tag of a version, where there is one.
    ///
    /// # Errors
    /// There is no such version, or the key breaks a rule.
    pub fn delete_model_version_tag(
        &self,
        name: &str,
        version: &str,
        key: &str,
    ) -> Result<(), Error> {
        rules::model_name(name)?;
        let version = rules::version(version)?;
        check_key("key", key)?;
        let (name, key) = (name.to_owned(), key.to_owned());
        self.rows.write(move |tx| {
            let row = values![model_of(tx, &name, version)?, version, &key];
            tx.execute(
                "DELETE FROM model_version_tags WHERE model = ? AND version = ? AND key = ?",
                row,
            )?;
            Ok(())
        })
    }
}

/// A source `models:/NAME/…` becomes the version that it means now, with that version's run.
fn of_registered_version(tx: &mut Tx, new: &mut NewVersion) -> Result<(), Error> {
    if !source::is_of_models(&new.source) {
        return Ok(());
    }
    let refused = |what: &str| {
        Error::invalid(format!("Invalid model version source: '{}'. {what}", new.source))
    };
    if source::has_host(&new.source) {
        return Err(refused("Registered model sources must use the active model registry."));
    }
    let named = source::model_uri(&Claim { source: &new.source, maker: Maker::Run("", None) })?;
    let (ModelUri::Version(name, _) | ModelUri::Newest(name, _) | ModelUri::Alias(name, _)) =
        &named
    else {
        return Ok(());
    };
    rules::model_name(name)?;
    let model = models::id(tx, name)?;
    if models::is_prompt(tx, model)? {
        return Err(refused("Prompt versions cannot be used as model version sources."));
    }
    let version = match &named {
        ModelUri::Version(_, version) => rules::version(version)?,
        ModelUri::Alias(_, alias) => models::by_alias(tx, name, model, alias)?,
        ModelUri::Newest(_, stage) => models::newest(tx, name, model, stage.as_deref())?,
        ModelUri::Logged(_) => return Ok(()),
    };
    let found = read(tx, name, version)?;
    let is_other =
        |said: &Option<String>, known: &str| said.as_deref().is_some_and(|said| said != known);
    if is_other(&new.run_id, found.run_id.as_deref().unwrap_or_default())
        || is_other(&new.model_id, "")
    {
        return Err(refused(
            "The run_id and model_id request parameters must match the referenced model version.",
        ));
    }
    new.source = format!("models:/{name}/{version}");
    new.run_id = new.run_id.take().or(found.run_id);
    Ok(())
}

fn check_source(tx: &mut Tx, new: &NewVersion) -> Result<(), Error> {
    let claim = |maker| source::check(&Claim { source: &new.source, maker });
    if let Some(id) = new.model_id.as_deref().filter(|id| !id.is_empty()) {
        let root = logged_models::origin(tx, id)?.map(|origin| origin.artifact_location);
        return claim(Maker::Model(id, root.as_deref()));
    }
    let id = new.run_id.as_deref().unwrap_or_default();
    let root = if id.is_empty() { None } else { runs::artifact_uri(tx, id)? };
    claim(Maker::Run(id, root.as_deref()))
}

/// Where the files are, once a `models:/` source is followed to what it names; and with it the run
/// that made them, where none was said.
fn storage_location(tx: &mut Tx, new: &mut NewVersion) -> Result<String, Error> {
    let mut location = new.source.clone();
    let has_run = |new: &NewVersion| new.run_id.as_deref().is_some_and(|run| !run.is_empty());
    if source::is_of_models(&new.source) {
        let claim = Claim { source: &new.source, maker: Maker::Run("", None) };
        match source::model_uri(&claim)? {
            ModelUri::Logged(id) => {
                let origin = logged_models::origin(tx, &id)?.ok_or_else(|| {
                    Error::internal(format!(
                        "Unable to fetch model from model URI source artifact location '{}'.Error: \
                         Logged model with ID '{id}' not found.",
                        new.source
                    ))
                })?;
                if !has_run(new) {
                    new.run_id = origin.source_run_id;
                }
                location = origin.artifact_location;
            }
            ModelUri::Version(name, version) => {
                location = read(tx, &name, rules::version(&version)?)?.storage_location;
            }
            ModelUri::Newest(..) | ModelUri::Alias(..) => {}
        }
    }
    if let Some(id) = new.model_id.as_deref().filter(|id| !id.is_empty() && !has_run(new)) {
        let origin = logged_models::origin(tx, id)?;
        new.run_id = origin.ok_or_else(|| logged_models::absent(id))?.source_run_id;
    }
    Ok(location)
}

fn insert(tx: &mut Tx, new: &NewVersion, storage_location: &str) -> Result<i64, Error> {
    let (model, now) = (models::id(tx, &new.name)?, birth_ms());
    models::touch(tx, model, now)?;
    let newest = tx.first(
        "SELECT COALESCE(MAX(version), 0) FROM model_versions WHERE model = ?",
        values![model],
        |row| row.get::<i64>(0),
    )?;
    let version = newest.unwrap_or(0) + 1;
    tx.execute(
        "INSERT INTO model_versions (model, version, created_ms, updated_ms, description, stage, \
         source, storage_location, run_id, run_link) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values![
            model,
            version,
            now,
            now,
            new.description.clone(),
            Stage::None.name(),
            &new.source,
            storage_location,
            new.run_id.clone().unwrap_or_default(),
            new.run_link.clone()
        ],
    )?;
    for (key, value) in &new.tags {
        set_tag(tx, model, version, key, value)?;
    }
    Ok(version)
}

fn set_tag(tx: &mut Tx, model: i64, version: i64, key: &str, value: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO model_version_tags (model, version, key, value) VALUES (?, ?, ?, ?) ON \
         CONFLICT (model, version, key) DO UPDATE SET value = excluded.value",
        values![model, version, key, value],
    )?;
    Ok(())
}

/// The row of the model, where it has that version.
pub(super) fn model_of(tx: &mut Tx, name: &str, version: i64) -> Result<i64, Error> {
    let found = tx.first(
        "SELECT v.model FROM model_versions v JOIN registered_models m ON m.id = v.model WHERE \
         m.name = ? AND v.version = ? AND v.stage <> ?",
        values![name, version, DELETED],
        |row| row.get(0),
    )?;
    found.ok_or_else(|| {
        Error::absent(format!("Model Version (name={name}, version={version}) not found"))
    })
}

/// The columns that [`read_head`] reads, of `model_versions v` beside `registered_models m`.
pub(super) const COLUMNS: &str = "v.model, m.name, v.version, v.created_ms, v.updated_ms, \
                                  v.description, v.stage, v.source, v.storage_location, v.run_id, \
                                  v.run_link";

/// A version without its tags and aliases, and the row of its model.
pub(super) fn read_head(row: &Row) -> Result<(i64, ModelVersion), store::Error> {
    let stage: String = row.get(6)?;
    let version = ModelVersion {
        name: row.get(1)?,
        version: row.get(2)?,
        created_ms: row.get(3)?,
        updated_ms: row.get(4)?,
        description: row.get(5)?,
        stage: Stage::named(&stage).unwrap_or(Stage::None),
        source: row.get(7)?,
        storage_location: row.get(8)?,
        run_id: row.get(9)?,
        run_link: row.get(10)?,
        tags: BTreeMap::new(),
        aliases: Vec::new(),
    };
    Ok((row.get(0)?, version))
}

/// The version with its tags and aliases.
pub(super) fn with_belongings(
    tx: &mut Tx,
    (model, mut version): (i64, ModelVersion),
) -> Result<ModelVersion, Error> {
    let which = values![model, version.version];
    let tags = "SELECT key, value FROM model_version_tags WHERE model = ? AND version = ?";
    version.tags =
        tx.query(tags, which, |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect();
    version.aliases = tx.query(
        "SELECT alias FROM registered_model_aliases WHERE model = ? AND version = ? ORDER BY alias",
        which,
        |row| row.get(0),
    )?;
    Ok(version)
}

/// The version of that number.
pub(super) fn read(tx: &mut Tx, name: &str, version: i64) -> Result<ModelVersion, Error> {
    let model = model_of(tx, name, version)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM model_versions v JOIN registered_models m ON m.id = v.model WHERE \
         v.model = ? AND v.version = ?"
    );
    let found = tx.first(&sql, values![model, version], read_head)?;
    let found = found.ok_or_else(|| Error::internal("a version vanished"))?;
    with_belongings(tx, found)
}
