//! Registered models, their tags and aliases.

use std::collections::BTreeMap;

use store::{Row, Tx, values};

use super::{DELETED, IS_PROMPT, ModelVersion, RegisteredModel, Stage, rules, versions};
use crate::clock::{birth_ms, now_ms};
use crate::names::check_key;
use crate::quoting::repr;
use crate::{Error, Kind, Tracking};

impl Tracking {
    /// Registers a model.
    ///
    /// # Errors
    /// The name is no name or taken, or a tag breaks a rule.
    pub fn create_registered_model(
        &self,
        name: &str,
        description: Option<&str>,
        tags: &BTreeMap<String, String>,
    ) -> Result<RegisteredModel, Error> {
        rules::model_name(name)?;
        for (key, value) in tags {
            rules::tag(key, value)?;
        }
        let (name, description, tags) =
            (name.to_owned(), description.map(str::to_owned), tags.clone());
        self.rows.write(move |tx| {
            if let Some(model) = find(tx, &name)? {
                return Err(taken(&name, is_prompt(tx, model)?, tags.contains_key(IS_PROMPT)));
            }
            let now = birth_ms();
            tx.execute(
                "INSERT INTO registered_models (name, description, created_ms, updated_ms) VALUES \
                 (?, ?, ?, ?)",
                values![&name, description.clone(), now, now],
            )?;
            let model = id(tx, &name)?;
            for (key, value) in &tags {
                set_tag(tx, model, key, value)?;
            }
            read(tx, model)
        })
    }

    /// The registered model of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn registered_model(&self, name: &str) -> Result<RegisteredModel, Error> {
        rules::model_name(name)?;
        self.rows.read(|tx| {
            let model = id(tx, name)?;
            read(tx, model)
        })
    }

    /// Says anew what a registered model is for.
    ///
    /// # Errors
    /// There is no such model.
    pub fn update_registered_model(
        &self,
        name: &str,
        description: &str,
    ) -> Result<RegisteredModel, Error> {
        rules::model_name(name)?;
        let (name, description) = (name.to_owned(), description.to_owned());
        self.rows.write(move |tx| {
            let model = id(tx, &name)?;
            tx.execute(
                "UPDATE registered_models SET description = ?, updated_ms = ? WHERE id = ?",
                values![&description, now_ms(), model],
            )?;
            read(tx, model)
        })
    }

    /// Gives a registered model another name.
    ///
    /// # Errors
    /// There is no such model, or the new name is no name or taken.
    pub fn rename_registered_model(
        &self,
        name: &str,
        new_name: &str,
    ) -> Result<RegisteredModel, Error> {
        rules::new_model_name(new_name)?;
        rules::model_name(name)?;
        let (name, new_name) = (name.to_owned(), new_name.to_owned());
        self.rows.write(move |tx| {
            let model = id(tx, &name)?;
            if find(tx, &new_name)?.is_some_and(|other| other != model) {
                return Err(Error::exists(format!(
                    "Registered Model (name={new_name}) already exists."
                )));
            }
            let now = now_ms();
            tx.execute(
                "UPDATE registered_models SET name = ?, updated_ms = ? WHERE id = ?",
                values![&new_name, now, model],
            )?;
            let of_model = values![now, model];
            tx.execute("UPDATE model_versions SET updated_ms = ? WHERE model = ?", of_model)?;
            read(tx, model)
        })
    }

    /// Deletes a registered model with its versions, tags and aliases.
    ///
    /// # Errors
    /// There is no such model.
    pub fn delete_registered_model(&self, name: &str) -> Result<(), Error> {
        rules::model_name(name)?;
        let name = name.to_owned();
        self.rows.write(move |tx| {
            let model = id(tx, &name)?;
            tx.execute("DELETE FROM registered_models WHERE id = ?", values![model])?;
            Ok(())
        })
    }

    /// The newest version of each of these stages; of every stage where none is named.
    ///
    /// # Errors
    /// There is no such model, or no such stage.
    pub fn latest_versions(
        &self,
        name: &str,
        stages: &[String],
    ) -> Result<Vec<ModelVersion>, Error> {
        rules::model_name(name)?;
        self.rows.read(|tx| {
            let model = id(tx, name)?;
            let stages: Result<Vec<_>, _> = stages.iter().map(|name| Stage::named(name)).collect();
            let stages = stages?;
            let mut latest = latest(tx, model)?;
            latest.retain(|version| stages.is_empty() || stages.contains(&version.stage));
            Ok(latest)
        })
    }

    /// Sets a tag of a registered model.
    ///
    /// # Errors
    /// There is no such model, or the tag breaks a rule.
    pub fn set_registered_model_tag(
        &self,
        name: &str,
        key: &str,
        value: &str,
    ) -> Result<(), Error> {
        rules::model_name(name)?;
        rules::tag(key, value)?;
        let (name, key, value) = (name.to_owned(), key.to_owned(), value.to_owned());
        self.rows.write(move |tx| {
            let model = id(tx, &name)?;
            set_tag(tx, model, &key, &value)
        })
    }

    /// Deletes a tag of a registered model, where there is one.
    ///
    /// # Errors
    /// There is no such model, or the key breaks a rule.
    pub fn delete_registered_model_tag(&self, name: &str, key: &str) -> Result<(), Error> {
        rules::model_name(name)?;
        check_key("key", key)?;
        let (name, key) = (name.to_owned(), key.to_owned());
        self.rows.write(move |tx| {
            let tag = values![id(tx, &name)?, &key];
            tx.execute("DELETE FROM registered_model_tags WHERE model = ? AND key = ?", tag)?;
            Ok(())
        })
    }

    /// Makes an alias stand for a version, whatever it stood for.
    ///
    /// # Errors
    /// There is no such version, or the alias is not allowed.
    pub fn set_alias(&self, name: &str, alias: &str, version: &str) -> Result<(), Error> {
        rules::model_name(name)?;
        rules::new_alias(alias)?;
        let version = rules::version(version)?;
        let (name, alias) = (name.to_owned(), alias.to_owned());
        self.rows.write(move |tx| {
            let model = versions::model_of(tx, &name, version)?;
            tx.execute(
                "INSERT INTO registered_model_aliases (model, alias, version) VALUES (?, ?, ?) ON \
                 CONFLICT (model, alias) DO UPDATE SET version = excluded.version",
                values![model, &alias, version],
            )?;
            Ok(())
        })
    }

    /// Deletes an alias, where there is one.
    ///
    /// # Errors
    /// There is no such model, or the alias is no alias.
    pub fn delete_alias(&self, name: &str, alias: &str) -> Result<(), Error> {
        rules::model_name(name)?;
        rules::alias(alias)?;
        let (name, alias) = (name.to_owned(), alias.to_owned());
        self.rows.write(move |tx| {
            let row = values![id(tx, &name)?, &alias];
            tx.execute("DELETE FROM registered_model_aliases WHERE model = ? AND alias = ?", row)?;
            Ok(())
        })
    }

    /// The version that an alias stands for; `latest` stands for the newest.
    ///
    /// # Errors
    /// There is no such model, or no such alias.
    pub fn model_version_by_alias(&self, name: &str, alias: &str) -> Result<ModelVersion, Error> {
        rules::model_name(name)?;
        rules::alias(alias)?;
        self.rows.read(|tx| {
            let model = id(tx, name)?;
            let version = by_alias(tx, name, model, alias)?;
            versions::read(tx, name, version)
        })
    }
}

/// The number of the version that an alias stands for.
pub(super) fn by_alias(tx: &mut Tx, name: &str, model: i64, alias: &str) -> Result<i64, Error> {
    if alias.eq_ignore_ascii_case("latest") {
        let newest = latest(tx, model)?.into_iter().map(|version| version.version).max();
        return newest
            .ok_or_else(|| Error::absent(format!("Latest version not found for model {name}.")));
    }
    tx.first(
        "SELECT version FROM registered_model_aliases WHERE model = ? AND alias = ?",
        values![model, alias],
        |row| row.get(0),
    )?
    .ok_or_else(|| Error::invalid(format!("Registered model alias {alias} not found.")))
}

/// The number of the newest version in a stage; in any, where none is named.
pub(super) fn newest(
    tx: &mut Tx,
    name: &str,
    model: i64,
    stage: Option<&str>,
) -> Result<i64, Error> {
    let wanted = stage.map(Stage::named).transpose()?;
    let versions = latest(tx, model)?.into_iter();
    let in_stage = versions.filter(|version| wanted.is_none_or(|wanted| version.stage == wanted));
    in_stage.map(|version| version.version).max().ok_or_else(|| {
        let and = stage.map(|stage| format!(" and stage '{stage}'")).unwrap_or_default();
        Error::internal(format!("No versions of model with name '{name}'{and} found"))
    })
}

/// The row of the model of that name.
pub(super) fn id(tx: &mut Tx, name: &str) -> Result<i64, Error> {
    let found = find(tx, name)?;
    found.ok_or_else(|| Error::absent(format!("Registered Model with name={name} not found")))
}

fn find(tx: &mut Tx, name: &str) -> Result<Option<i64>, Error> {
    let sql = "SELECT id FROM registered_models WHERE name = ?";
    Ok(tx.first(sql, values![name], |row| row.get(0))?)
}

/// Whether the model is a prompt.
pub(super) fn is_prompt(tx: &mut Tx, model: i64) -> Result<bool, Error> {
    let value: Option<String> = tx.first(
        "SELECT value FROM registered_model_tags WHERE model = ? AND key = ?",
        values![model, IS_PROMPT],
        |row| row.get(0),
    )?;
    Ok(value.is_some())
}

fn taken(name: &str, is_old_prompt: bool, is_new_prompt: bool) -> Error {
    let kind = |is_prompt| if is_prompt { "Prompt" } else { "Registered Model" };
    let (old, new) = (kind(is_old_prompt), kind(is_new_prompt));
    if old == new {
        return Error::exists(format!("{new} (name={name}) already exists."));
    }
    Error::new(
        Kind::ResourceAlreadyExists,
        format!(
            "Tried to create a {} with name {}, but the name is already taken by a {}. MLflow does \
             not allow creating a model and a prompt with the same name.",
            new.to_lowercase(),
            repr(name),
            old.to_lowercase()
        ),
    )
}

fn set_tag(tx: &mut Tx, model: i64, key: &str, value: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO registered_model_tags (model, key, value) VALUES (?, ?, ?) ON CONFLICT \
         (model, key) DO UPDATE SET value = excluded.value",
        values![model, key, value],
    )?;
    Ok(())
}

/// Notes that a version of the model changed.
pub(super) fn touch(tx: &mut Tx, model: i64, now: i64) -> Result<(), Error> {
    let row = values![now, model];
    tx.execute("UPDATE registered_models SET updated_ms = ? WHERE id = ?", row)?;
    Ok(())
}

/// The model with all that belongs to it.
pub(super) fn read(tx: &mut Tx, model: i64) -> Result<RegisteredModel, Error> {
    let found = tx.first(
        "SELECT name, description, created_ms, updated_ms FROM registered_models WHERE id = ?",
        values![model],
        |row| {
            Ok(RegisteredModel {
                name: row.get(0)?,
                description: row.get(1)?,
                created_ms: row.get(2)?,
                updated_ms: row.get(3)?,
                tags: BTreeMap::new(),
                aliases: BTreeMap::new(),
                latest_versions: Vec::new(),
            })
        },
    )?;
    let mut found = found.ok_or_else(|| Error::absent("Registered Model not found"))?;
    let tags = "SELECT key, value FROM registered_model_tags WHERE model = ?";
    found.tags = pairs(tx, tags, model)?;
    let aliases = "SELECT alias, version FROM registered_model_aliases WHERE model = ?";
    found.aliases = pairs(tx, aliases, model)?;
    found.latest_versions = latest(tx, model)?;
    Ok(found)
}

fn pairs<T: store::Column>(
    tx: &mut Tx,
    sql: &str,
    model: i64,
) -> Result<BTreeMap<String, T>, Error> {
    let pair = |row: &Row| Ok((row.get(0)?, row.get(1)?));
    Ok(tx.query(sql, values![model], pair)?.into_iter().collect())
}

/// The newest version of each stage, in the order in which the stages were first reached.
fn latest(tx: &mut Tx, model: i64) -> Result<Vec<ModelVersion>, Error> {
    let newest: Vec<(String, i64)> = tx.query(
        "SELECT m.name, MAX(v.version) FROM model_versions v JOIN registered_models m ON m.id = \
         v.model WHERE v.model = ? AND v.stage <> ? GROUP BY m.name, v.stage ORDER BY \
         MIN(v.version)",
        values![model, DELETED],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    newest.iter().map(|(name, version)| versions::read(tx, name, *version)).collect()
}
