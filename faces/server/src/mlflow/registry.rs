//! The registry on the wire: registered models, versions, aliases and their tags.

use std::collections::BTreeMap;

use axum::Router;
use axum::routing::{delete, get, patch, post};
use serde_json::{Map, Value, json};
use tracking::{Error, ModelVersion, NewVersion, Page, Query, RegisteredModel, Tracking};

use super::answer::by;
use super::body::{Body, wrong_type};
use crate::State;

/// The endpoints, below both prefixes.
pub(super) fn routes() -> Router<State> {
    let alias = post(by!(set_alias)).delete(by!(delete_alias)).get(by!(by_alias));
    Router::new()
        .route("/registered-models/create", post(by!(create_model)))
        .route("/registered-models/get", get(by!(get_model)))
        .route("/registered-models/rename", post(by!(rename_model)))
        .route("/registered-models/update", patch(by!(update_model)))
        .route("/registered-models/delete", delete(by!(delete_model)))
        .route("/registered-models/search", get(by!(search_models)))
        .route(
            "/registered-models/get-latest-versions",
            get(by!(latest_versions)).post(by!(latest_versions)),
        )
        .route("/registered-models/set-tag", post(by!(set_model_tag)))
        .route("/registered-models/delete-tag", delete(by!(delete_model_tag)))
        .route("/registered-models/alias", alias)
        .route("/model-versions/create", post(by!(create_version)))
        .route("/model-versions/get", get(by!(get_version)))
        .route("/model-versions/update", patch(by!(update_version)))
        .route("/model-versions/delete", delete(by!(delete_version)))
        .route("/model-versions/search", get(by!(search_versions)))
        .route("/model-versions/get-download-uri", get(by!(download_uri)))
        .route("/model-versions/transition-stage", post(by!(transition_stage)))
        .route("/model-versions/set-tag", post(by!(set_version_tag)))
        .route("/model-versions/delete-tag", delete(by!(delete_version_tag)))
}

fn create_model(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let name = body.required_text("name")?;
    let tags = pairs(body, "tags")?.into_iter().collect();
    let description = body.text("description")?.unwrap_or_default();
    let model = tracking.create_registered_model(name, Some(description), &tags)?;
    Ok(json!({ "registered_model": model_json(&model) }))
}

fn get_model(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let model = tracking.registered_model(body.required_text("name")?)?;
    Ok(json!({ "registered_model": model_json(&model) }))
}

fn rename_model(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let (name, new_name) = (body.required_text("name")?, body.required_text("new_name")?);
    let model = tracking.rename_registered_model(name, new_name)?;
    Ok(json!({ "registered_model": model_json(&model) }))
}

fn update_model(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let name = body.required_text("name")?;
    let description = body.text("description")?.unwrap_or_default();
    let model = tracking.update_registered_model(name, description)?;
    Ok(json!({ "registered_model": model_json(&model) }))
}

fn delete_model(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    tracking.delete_registered_model(body.required_text("name")?)?;
    Ok(json!({}))
}

/// The most models on one page, and how many there are where nothing is said.
const MODELS_PER_PAGE: (i64, i64) = (1000, 100);
/// The same of versions.
const VERSIONS_PER_PAGE: (i64, i64) = (200_000, 200_000);

fn search_models(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let page = tracking.search_registered_models(&query(body, MODELS_PER_PAGE)?)?;
    Ok(page_json("registered_models", page, model_json))
}

fn latest_versions(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let name = body.required_text("name")?;
    let versions = tracking.latest_versions(name, &texts(body, "stages")?)?;
    Ok(page_json("model_versions", Page { items: versions, next_page_token: None }, version_json))
}

fn set_model_tag(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let (name, key) = (body.required_text("name")?, body.required_text("key")?);
    tracking.set_registered_model_tag(name, key, body.text("value")?.unwrap_or_default())?;
    Ok(json!({}))
}

fn delete_model_tag(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let (name, key) = (body.required_text("name")?, body.required_text("key")?);
    tracking.delete_registered_model_tag(name, key)?;
    Ok(json!({}))
}

fn set_alias(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let (name, alias) = (body.required_text("name")?, body.required_text("alias")?);
    tracking.set_alias(name, alias, body.required_text("version")?)?;
    Ok(json!({}))
}

fn delete_alias(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    tracking.delete_alias(body.required_text("name")?, body.required_text("alias")?)?;
    Ok(json!({}))
}

fn by_alias(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let (name, alias) = (body.required_text("name")?, body.required_text("alias")?);
    let version = tracking.model_version_by_alias(name, alias)?;
    Ok(json!({ "model_version": version_json(&version) }))
}

fn create_version(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let or_empty = |text: Option<&str>| Some(text.unwrap_or_default().to_owned());
    let new = NewVersion {
        name: body.required_text("name")?.to_owned(),
        source: body.required_text("source")?.to_owned(),
        run_id: owned(body.text("run_id")?),
        tags: pairs(body, "tags")?.into_iter().collect(),
        run_link: or_empty(body.text("run_link")?),
        description: or_empty(body.text("description")?),
        model_id: owned(body.text("model_id")?),
    };
    let version = tracking.create_model_version(new)?;
    Ok(json!({ "model_version": version_json(&version) }))
}

fn get_version(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let (name, version) = (body.required_text("name")?, body.required_text("version")?);
    let version = tracking.model_version(name, version)?;
    Ok(json!({ "model_version": version_json(&version) }))
}

fn update_version(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let (name, version) = (body.required_text("name")?, body.required_text("version")?);
    let version = tracking.update_model_version(name, version, body.text("description")?)?;
    Ok(json!({ "model_version": version_json(&version) }))
}

fn delete_version(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let (name, version) = (body.required_text("name")?, body.required_text("version")?);
    tracking.delete_model_version(name, version)?;
    Ok(json!({}))
}

fn search_versions(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let page = tracking.search_model_versions(&query(body, VERSIONS_PER_PAGE)?)?;
    Ok(page_json("model_versions", page, |version| without_aliases(version_json(version))))
}

fn download_uri(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let name = body.text("name")?.unwrap_or_default();
    let version = body.text("version")?.unwrap_or_default();
    Ok(json!({ "artifact_uri": tracking.model_version_location(name, version)? }))
}

fn transition_stage(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let (name, version) = (body.required_text("name")?, body.required_text("version")?);
    let stage = body.required_text("stage")?;
    let is_archiving = match body.get("archive_existing_versions") {
        None => false,
        Some(Value::Bool(is_archiving)) => *is_archiving,
        Some(other) => return Err(wrong_type("archive_existing_versions", other)),
    };
    let version = tracking.transition_stage(name, version, stage, is_archiving)?;
    Ok(json!({ "model_version": version_json(&version) }))
}

fn set_version_tag(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let (name, version) = (body.required_text("name")?, body.required_text("version")?);
    let (key, value) = (body.required_text("key")?, body.text("value")?.unwrap_or_default());
    tracking.set_model_version_tag(name, version, key, value)?;
    Ok(json!({}))
}

fn delete_version_tag(tracking: &Tracking, body: &Body) -> Result<Value, Error> {
    let (name, version) = (body.required_text("name")?, body.required_text("version")?);
    tracking.delete_model_version_tag(name, version, body.required_text("key")?)?;
    Ok(json!({}))
}

/// The search that a request asks for.
fn query(body: &Body, (most, default): (i64, i64)) -> Result<Query, Error> {
    let filter = body.text("filter")?.unwrap_or_default().to_owned();
    let max_results = body.integer("max_results")?.unwrap_or(default);
    if max_results > most {
        return Err(wrong_type("max_results", body.get("max_results").unwrap_or(&Value::Null)));
    }
    let order_by = texts(body, "order_by")?;
    let page_token = body.text("page_token")?.map(str::to_owned);
    Ok(Query { filter, order_by, max_results, page_token, ..Query::default() })
}

/// A list of texts.
pub(super) fn texts(body: &Body, name: &str) -> Result<Vec<String>, Error> {
    let items = body.list(name)?;
    let texts: Option<_> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
    texts.ok_or_else(|| wrong_type(name, &Value::Array(items)))
}

/// A list of keys with values.
pub(super) fn pairs(body: &Body, name: &str) -> Result<Vec<(String, String)>, Error> {
    let Some(value) = body.get(name) else { return Ok(Vec::new()) };
    let text = |item: &Value, field: &str| match item.get(field) {
        None | Some(Value::Null) => Some(String::new()),
        Some(value) => value.as_str().map(str::to_owned),
    };
    let pair = |item: &Value| {
        item.is_object().then_some(())?;
        Some((text(item, "key")?, text(item, "value")?))
    };
    let pairs = value.as_array().and_then(|items| items.iter().map(pair).collect());
    pairs.ok_or_else(|| wrong_type(name, value))
}

/// A page under the name of its items; an empty list and an absent token are left out.
pub(super) fn page_json<T>(name: &str, page: Page<T>, item: impl Fn(&T) -> Value) -> Value {
    let mut fields = Map::new();
    if !page.items.is_empty() {
        fields.insert(name.to_owned(), page.items.iter().map(item).collect());
    }
    if let Some(token) = page.next_page_token {
        fields.insert("next_page_token".to_owned(), token.into());
    }
    Value::Object(fields)
}

fn model_json(model: &RegisteredModel) -> Value {
    let mut fields = json!({
        "name": model.name,
        "creation_timestamp": model.created_ms,
        "last_updated_timestamp": model.updated_ms,
    });
    if let Some(description) = model.description.as_deref().filter(|text| !text.is_empty()) {
        fields["description"] = description.into();
    }
    if !model.latest_versions.is_empty() {
        let latest = model.latest_versions.iter();
        fields["latest_versions"] =
            latest.map(|version| without_aliases(version_json(version))).collect();
    }
    put_tags(&mut fields, &model.tags);
    if !model.aliases.is_empty() {
        let alias = |(alias, version): (&String, &i64)| json!({ "alias": alias, "version": version.to_string() });
        fields["aliases"] = model.aliases.iter().map(alias).collect();
    }
    fields
}

fn version_json(version: &ModelVersion) -> Value {
    let mut fields = json!({
        "name": version.name,
        "version": version.version.to_string(),
        "creation_timestamp": version.created_ms,
        "last_updated_timestamp": version.updated_ms,
        "current_stage": version.stage.name(),
        "source": version.source,
        "status": "READY",
    });
    for (name, value) in [
        ("description", &version.description),
        ("run_id", &version.run_id),
        ("run_link", &version.run_link),
    ] {
        if let Some(value) = value {
            fields[name] = value.as_str().into();
        }
    }
    put_tags(&mut fields, &version.tags);
    if !version.aliases.is_empty() {
        fields["aliases"] = version.aliases.clone().into();
    }
    fields
}

/// Where many versions are listed MLflow leaves their aliases out.
fn without_aliases(mut version: Value) -> Value {
    if let Some(fields) = version.as_object_mut() {
        fields.remove("aliases");
    }
    version
}

/// Tags as a list of keys with values, left out where there are none.
pub(super) fn put_tags(fields: &mut Value, tags: &BTreeMap<String, String>) {
    if !tags.is_empty() {
        fields["tags"] = pairs_json(tags);
    }
}

/// Keys with values, as a list.
pub(super) fn pairs_json(pairs: &BTreeMap<String, String>) -> Value {
    pairs.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}
