//! Records with a server, by MLflow's protocol: one of ours, or MLflow's own. The only place on
//! this side of the wire that knows that protocol's JSON.

use std::time::Duration;

use reqwest::Url;
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tracking::{
    Batch, Dataset, DatasetInput, Experiment, Lifecycle, Metric, ModelVersion, NewRun, Page, Query,
    RegisteredModel, Run, RunChange, RunStatus, Stage, View,
};

use crate::here::KEPT;
use crate::place::without_password;
use crate::{Error, File};

/// Records with a server.
#[derive(Clone)]
pub(crate) struct There {
    url: Url,
    client: Client,
    token: Option<String>,
}

/// How long a server may take to answer. Files may be large.
const PATIENCE: Duration = Duration::from_secs(60);

impl There {
    pub(crate) fn open(url: &str) -> Result<Self, Error> {
        let wrong = |what: &str| {
            Error::refused(
                format!("`{}` is not the URL of a server: {what}", without_password(url)),
                "write it as in http://127.0.0.1:8484",
            )
        };
        let parsed = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(wrong("it has to begin with http:// or https://"));
        }
        // Somebody may have chosen before: then it is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(5))
            .user_agent(concat!("fieldkit/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::Broken(error.to_string()))?;
        let token = std::env::var("FIELDKIT_TOKEN").ok().filter(|token| !token.is_empty());
        Ok(Self { url: parsed, client, token })
    }

    /// The id of the experiment of that name, made where it is absent.
    pub(crate) fn experiment(&self, name: &str) -> Result<String, Error> {
        let by_name = || -> Result<Value, Error> {
            self.get("experiments/get-by-name", &[("experiment_name", name)])
        };
        let id = |answer: &Value| text(&answer["experiment"], "experiment_id");
        match by_name() {
            Ok(found) => id(&found),
            Err(Error::Rule(_)) => match self.post("experiments/create", &json!({"name": name})) {
                Ok(made) => text(&made, "experiment_id"),
                // Another process was faster; or it is deleted, which the first answer says.
                Err(error) => by_name().and_then(|found| id(&found)).map_err(|_| error),
            },
            Err(error) => Err(error),
        }
    }

    pub(crate) fn create_run(&self, new: &NewRun) -> Result<Run, Error> {
        let tags: Vec<Value> = new.tags.iter().map(pair).collect();
        let made = self.post(
            "runs/create",
            &json!({
                "experiment_id": new.experiment_id,
                "run_name": new.name,
                "user_id": new.user,
                "start_time": new.started_ms,
                "tags": tags,
            }),
        )?;
        read_run(&made["run"])
    }

    pub(crate) fn log_inputs(&self, id: &str, inputs: &[DatasetInput]) -> Result<(), Error> {
        let datasets: Vec<Value> = inputs.iter().map(write_input).collect();
        self.post("runs/log-inputs", &json!({"run_id": id, "datasets": datasets})).map(drop)
    }

    pub(crate) fn log_batch(&self, id: &str, batch: &Batch) -> Result<(), Error> {
        let metrics: Vec<Value> = batch.metrics.iter().map(write_metric).collect();
        let params: Vec<Value> = batch.params.iter().map(pair).collect();
        let tags: Vec<Value> = batch.tags.iter().map(pair).collect();
        let body = json!({"run_id": id, "metrics": metrics, "params": params, "tags": tags});
        self.post("runs/log-batch", &body).map(drop)
    }

    pub(crate) fn update_run(&self, id: &str, change: &RunChange) -> Result<(), Error> {
        let body = json!({
            "run_id": id,
            "status": change.status.map(RunStatus::name),
            "end_time": change.ended_ms,
            "run_name": change.name,
        });
        self.post("runs/update", &body).map(drop)
    }

    pub(crate) fn put_file(&self, run: &Run, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let url = self.proxied(run, name)?;
        self.send(self.client.put(url).body(bytes.to_owned())).map(drop)
    }

    pub(crate) fn file(&self, run: &Run, name: &str) -> Result<Vec<u8>, Error> {
        let answer = self.send(self.client.get(self.proxied(run, name)?))?;
        answer.bytes().map(|bytes| bytes.to_vec()).map_err(|error| self.lost(&error))
    }

    /// What lies in a folder of a run's files; the empty name is all of it.
    pub(crate) fn folder(&self, run: &Run, name: &str) -> Result<Vec<File>, Error> {
        let mut query = vec![("run_id", run.id.as_str())];
        if !name.is_empty() {
            query.push(("path", name));
        }
        let listed = self.get("artifacts/list", &query)?;
        each(&listed["files"], |file| {
            let is_folder = file["is_dir"].as_bool().unwrap_or_default();
            let n_bytes = whole(&file["file_size"]).and_then(|n| u64::try_from(n).ok());
            Ok(File {
                name: text(file, "path")?,
                n_bytes: (!is_folder).then_some(n_bytes.unwrap_or_default()),
            })
        })
    }

    pub(crate) fn search_experiments(&self, query: &Query) -> Result<Page<Experiment>, Error> {
        let found = self.post("experiments/search", &write_query(query))?;
        page(&found, "experiments", read_experiment)
    }

    pub(crate) fn search_runs(&self, ids: &[String], query: &Query) -> Result<Page<Run>, Error> {
        let mut body = write_query(query);
        body["experiment_ids"] = json!(ids);
        page(&self.post("runs/search", &body)?, "runs", read_run)
    }

    pub(crate) fn search_models(&self, query: &Query) -> Result<Page<RegisteredModel>, Error> {
        let max_results = query.max_results.to_string();
        let mut words = vec![("filter", query.filter.as_str()), ("max_results", &max_results)];
        words.extend(query.order_by.iter().map(|by| ("order_by", by.as_str())));
        words.extend(query.page_token.iter().map(|token| ("page_token", token.as_str())));
        let found = self.get("registered-models/search", &words)?;
        page(&found, "registered_models", read_model)
    }

    pub(crate) fn run(&self, id: &str) -> Result<Run, Error> {
        let found = self.get("runs/get", &[("run_id", id)])?;
        read_run(&found["run"])
    }

    fn get(&self, endpoint: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        let mut url = self.mlflow(endpoint)?;
        url.query_pairs_mut().extend_pairs(query);
        self.ask(self.client.get(url))
    }

    fn post(&self, endpoint: &str, body: &Value) -> Result<Value, Error> {
        self.ask(self.client.post(self.mlflow(endpoint)?).json(body))
    }

    fn ask(&self, request: RequestBuilder) -> Result<Value, Error> {
        self.send(request)?.json().map_err(|error| self.lost(&error))
    }

    fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request.send().map_err(|error| self.lost(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let said = answer.text().unwrap_or_default();
        let said = serde_json::from_str::<Value>(&said)
            .ok()
            .and_then(|body| body["message"].as_str().map(str::to_owned))
            .unwrap_or_else(|| format!("it answered {status}"));
        Err(match status.as_u16() {
            401 | 403 => Error::refused(
                format!("{}: {said}", self.shown()),
                "give a token of that server in the variable FIELDKIT_TOKEN",
            ),
            408 | 429 | 502..=504 => Error::Unavailable(format!("{}: {said}", self.shown())),
            500.. => Error::Broken(format!("{}: {said}", self.shown())),
            _ => Error::Rule(said),
        })
    }

    /// The error of an exchange that was cut off.
    fn lost(&self, error: &reqwest::Error) -> Error {
        let cause = std::iter::successors(std::error::Error::source(error), |error| error.source());
        let cause = cause.last().map_or_else(|| error.to_string(), ToString::to_string);
        Error::Unavailable(format!(
            "the server {} cannot be reached: {cause}\n  hint: is it running? `fieldkit serve` \
             starts one",
            self.shown()
        ))
    }

    fn shown(&self) -> String {
        without_password(self.url.as_str()).trim_end_matches('/').to_owned()
    }

    fn mlflow(&self, endpoint: &str) -> Result<Url, Error> {
        self.at("api/2.0/mlflow", endpoint)
    }

    /// Where a run's file is reached through the server.
    fn proxied(&self, run: &Run, name: &str) -> Result<Url, Error> {
        let kept = run.artifact_uri.strip_prefix(KEPT).ok_or_else(|| {
            Error::refused(
                format!("the server keeps its files elsewhere: {}", run.artifact_uri),
                "start it so that it keeps them itself, as `fieldkit serve` does",
            )
        })?;
        let path = format!("{}/{name}", kept.trim_matches('/'));
        self.at("api/2.0/mlflow-artifacts/artifacts", &path)
    }

    fn at(&self, prefix: &str, path: &str) -> Result<Url, Error> {
        let mut url = self.url.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.pop_if_empty().extend(prefix.split('/')).extend(path.split('/'));
            }
            Err(()) => return Err(Error::refused("the URL has no path", "use http://HOST:PORT")),
        }
        Ok(url)
    }
}

fn pair((key, value): &(String, String)) -> Value {
    json!({"key": key, "value": value})
}

fn write_query(query: &Query) -> Value {
    let view = match query.view {
        View::ActiveOnly => "ACTIVE_ONLY",
        View::DeletedOnly => "DELETED_ONLY",
        View::All => "ALL",
    };
    json!({
        "filter": query.filter,
        "order_by": query.order_by,
        "max_results": query.max_results,
        "page_token": query.page_token,
        "view_type": view,
        "run_view_type": view,
    })
}

/// JSON has no NaN and no infinity: the protocol spells them.
fn write_metric(metric: &Metric) -> Value {
    let value = match metric.value {
        value if value.is_finite() => json!(value),
        value if value.is_nan() => json!("NaN"),
        value if value > 0.0 => json!("Infinity"),
        _ => json!("-Infinity"),
    };
    let Metric { key, timestamp_ms, step, .. } = metric;
    json!({"key": key, "value": value, "timestamp": timestamp_ms, "step": step})
}

fn read_metric(metric: &Value) -> Result<Metric, Error> {
    let value = match &metric["value"] {
        Value::String(word) if word == "NaN" => f64::NAN,
        Value::String(word) if word == "Infinity" => f64::INFINITY,
        Value::String(word) if word == "-Infinity" => f64::NEG_INFINITY,
        number => number.as_f64().ok_or_else(|| odd("a metric's value", number))?,
    };
    Ok(Metric {
        key: text(metric, "key")?,
        value,
        timestamp_ms: whole(&metric["timestamp"]).unwrap_or_default(),
        step: whole(&metric["step"]).unwrap_or_default(),
    })
}

fn write_input(input: &DatasetInput) -> Value {
    let tags: Vec<Value> =
        input.tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let Dataset { name, digest, source_type, source, schema, profile } = &input.dataset;
    json!({
        "tags": tags,
        "dataset": {
            "name": name, "digest": digest, "source_type": source_type, "source": source,
            "schema": schema, "profile": profile,
        },
    })
}

fn read_input(input: &Value) -> Result<DatasetInput, Error> {
    let dataset = &input["dataset"];
    let optional = |key: &str| dataset[key].as_str().map(str::to_owned);
    Ok(DatasetInput {
        dataset: Dataset {
            name: text(dataset, "name")?,
            digest: text(dataset, "digest")?,
            source_type: optional("source_type").unwrap_or_default(),
            source: optional("source").unwrap_or_default(),
            schema: optional("schema"),
            profile: optional("profile"),
        },
        tags: each(&input["tags"], read_pair)?.into_iter().collect(),
    })
}

fn read_run(run: &Value) -> Result<Run, Error> {
    let (info, data) = (&run["info"], &run["data"]);
    let status = text(info, "status")?;
    Ok(Run {
        id: text(info, "run_id")?,
        experiment_id: text(info, "experiment_id")?,
        name: text(info, "run_name").unwrap_or_default(),
        user: text(info, "user_id").unwrap_or_default(),
        status: RunStatus::named(&status).ok_or_else(|| odd("a run's status", &info["status"]))?,
        started_ms: whole(&info["start_time"]),
        ended_ms: whole(&info["end_time"]),
        artifact_uri: text(info, "artifact_uri").unwrap_or_default(),
        lifecycle: read_lifecycle(info),
        params: each(&data["params"], read_pair)?.into_iter().collect(),
        tags: each(&data["tags"], read_pair)?.into_iter().collect(),
        metrics: each(&data["metrics"], read_metric)?,
        inputs: each(&run["inputs"]["dataset_inputs"], read_input)?,
        model_inputs: Vec::new(),
        model_outputs: Vec::new(),
    })
}

fn read_experiment(experiment: &Value) -> Result<Experiment, Error> {
    Ok(Experiment {
        id: text(experiment, "experiment_id")?,
        name: text(experiment, "name")?,
        artifact_location: text(experiment, "artifact_location").unwrap_or_default(),
        lifecycle: read_lifecycle(experiment),
        created_ms: whole(&experiment["creation_time"]).unwrap_or_default(),
        updated_ms: whole(&experiment["last_update_time"]).unwrap_or_default(),
        tags: each(&experiment["tags"], read_pair)?.into_iter().collect(),
    })
}

fn read_model(model: &Value) -> Result<RegisteredModel, Error> {
    let alias = |alias: &Value| {
        let version = whole(&alias["version"]).ok_or_else(|| odd("version", &alias["version"]))?;
        Ok((text(alias, "alias")?, version))
    };
    Ok(RegisteredModel {
        name: text(model, "name")?,
        description: model["description"].as_str().map(str::to_owned),
        created_ms: whole(&model["creation_timestamp"]).unwrap_or_default(),
        updated_ms: whole(&model["last_updated_timestamp"]).unwrap_or_default(),
        tags: each(&model["tags"], read_pair)?.into_iter().collect(),
        aliases: each(&model["aliases"], alias)?.into_iter().collect(),
        latest_versions: each(&model["latest_versions"], read_version)?,
    })
}

fn read_version(version: &Value) -> Result<ModelVersion, Error> {
    let optional = |key: &str| version[key].as_str().map(str::to_owned);
    let stage = optional("current_stage").unwrap_or_else(|| "None".to_owned());
    Ok(ModelVersion {
        name: text(version, "name")?,
        version: whole(&version["version"]).ok_or_else(|| odd("version", &version["version"]))?,
        created_ms: whole(&version["creation_timestamp"]).unwrap_or_default(),
        updated_ms: whole(&version["last_updated_timestamp"]).unwrap_or_default(),
        description: optional("description"),
        stage: Stage::named(&stage)?,
        source: optional("source").unwrap_or_default(),
        storage_location: optional("source").unwrap_or_default(),
        run_id: optional("run_id").filter(|id| !id.is_empty()),
        run_link: optional("run_link"),
        tags: each(&version["tags"], read_pair)?.into_iter().collect(),
        aliases: each(&version["aliases"], |alias| {
            alias.as_str().map(str::to_owned).ok_or_else(|| odd("alias", alias))
        })?,
    })
}

fn read_lifecycle(info: &Value) -> Lifecycle {
    match info["lifecycle_stage"].as_str() {
        Some("deleted") => Lifecycle::Deleted,
        _ => Lifecycle::Active,
    }
}

fn read_pair(pair: &Value) -> Result<(String, String), Error> {
    Ok((text(pair, "key")?, text(pair, "value").unwrap_or_default()))
}

fn page<T>(
    found: &Value,
    key: &str,
    read: impl Fn(&Value) -> Result<T, Error>,
) -> Result<Page<T>, Error> {
    let token = found["next_page_token"].as_str().filter(|token| !token.is_empty());
    Ok(Page { items: each(&found[key], read)?, next_page_token: token.map(str::to_owned) })
}

/// Each of a list; what is empty is left out on the wire.
fn each<T>(list: &Value, read: impl Fn(&Value) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    list.as_array().into_iter().flatten().map(read).collect()
}

fn text(of: &Value, key: &str) -> Result<String, Error> {
    of[key].as_str().map(str::to_owned).ok_or_else(|| odd(key, &of[key]))
}

/// A whole number; older servers write it as text.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn odd(what: &str, found: &Value) -> Error {
    Error::Broken(format!("the server's answer has `{found}` as {what}: is it one of MLflow's?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read_as_the_protocol_writes_it() {
        let run = read_run(&json!({
            "info": {
                "run_id": "0a", "experiment_id": "1", "run_name": "fit", "user_id": "ada",
                "status": "FINISHED", "start_time": 5, "end_time": "9",
                "artifact_uri": "mlflow-artifacts:/1/0a/artifacts", "lifecycle_stage": "active",
            },
            "data": {
                "metrics": [{"key": "loss", "value": "NaN", "timestamp": 7, "step": 2}],
                "params": [{"key": "law", "value": "chinchilla"}],
            },
            "inputs": {"dataset_inputs": [{"dataset": {"name": "runs.csv", "digest": "1f"}}]},
        }))
        .unwrap();
        assert_eq!((run.status, run.ended_ms), (RunStatus::Finished, Some(9)));
        assert!(run.metrics[0].value.is_nan());
        assert_eq!(run.params["law"], "chinchilla");
        assert_eq!(run.inputs[0].dataset.name, "runs.csv");
    }

    #[test]
    fn an_answer_of_another_server_is_an_error_and_no_run() {
        assert!(matches!(read_run(&json!({"hello": 1})), Err(Error::Broken(_))));
    }

    #[test]
    fn files_are_asked_for_below_the_url_with_their_names_quoted() {
        let there = There::open("http://lab:8484/below/").unwrap();
        let run = Run { artifact_uri: "mlflow-artifacts:/1/0a/artifacts".to_owned(), ..any_run() };
        let url = there.proxied(&run, "pictures/a b?.svg").unwrap();
        assert_eq!(
            url.as_str(),
            "http://lab:8484/below/api/2.0/mlflow-artifacts/artifacts/1/0a/artifacts/pictures/\
             a%20b%3F.svg"
        );
    }

    fn any_run() -> Run {
        let info = json!({"run_id": "0a", "experiment_id": "1", "status": "RUNNING"});
        read_run(&json!({ "info": info })).unwrap()
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused_without_its_password() {
        for wrong in ["lab", "ftp://ada:secret@lab"] {
            let error = There::open(wrong).map(drop).unwrap_err().to_string();
            assert!(error.contains("is not the URL of a server"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
