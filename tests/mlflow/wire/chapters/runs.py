"""Runs: create, get, update, delete, restore, params, tags, metrics, log-batch, inputs, outputs."""

from script import Chapter, repeat

chapter = Chapter(__doc__)
c = chapter
c.post("experiments/create", {"name": "runs"}, save={"experiment-1": "experiment_id"})

c.part("create")
c.post("runs/create", {"experiment_id": "<experiment-1>", "start_time": 1000, "run_name": "one",
                       "user_id": "ada", "tags": [{"key": "t", "value": "1"}]},
       save={"run-1": "run.info.run_id"})
c.get("runs/get", {"run_id": "<run-1>"})
c.post("runs/create", {"experiment_id": "<experiment-1>"}, about="only the experiment",
       save={"run-2": "run.info.run_id"})
c.get("runs/get", {"run_id": "<run-2>"})
c.post("runs/create", {}, differ=("a plain answer in place of an error of the database",
                                  {"status": 400}))
c.post("runs/create", {"experiment_id": "0"}, save={"run-3": "run.info.run_id"})
c.post("runs/create", {"experiment_id": "<experiment-1>", "start_time": 5, "run_name": "",
                       "tags": [{"key": "mlflow.runName", "value": "from the tag"},
                                {"key": "mlflow.user", "value": "bob"},
                                {"key": "mlflow.source.type", "value": "LOCAL"}]},
       save={"run-4": "run.info.run_id"})
c.post("runs/create", {"experiment_id": "<experiment-1>", "start_time": 5, "run_name": "same",
                       "tags": [{"key": "mlflow.runName", "value": "same"}]},
       save={"run-5": "run.info.run_id"})
c.post("runs/create", {"experiment_id": "<experiment-1>", "start_time": 5, "run_name": "one name",
                       "tags": [{"key": "mlflow.runName", "value": "another"}]})
c.post("runs/create", {"experiment_id": "<experiment-1>", "start_time": 5, "run_name": "child",
                       "tags": [{"key": "mlflow.parentRunId", "value": "<run-1>"}]},
       save={"run-6": "run.info.run_id"})
c.post("runs/create", {"experiment_id": "<experiment-1>", "start_time": 5, "run_name": "named \"ü\""},
       save={"run-7": "run.info.run_id"})
c.post("runs/create", {"experiment_id": "<experiment-1>", "start_time": 6, "run_name": "twice",
                       "tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]},
       differ=("a plain answer in place of an error of the database", {"status": 200}))

c.part("create: refused")
c.post("runs/create", {"experiment_id": "99999999"})
c.post("runs/create", {"experiment_id": "abc"})
c.post("runs/create", {"experiment_id": 5})
c.post("runs/create", {"experiment_id": "<experiment-1>", "start_time": "soon"})
c.post("runs/create", {"experiment_id": "<experiment-1>", "run_name": 5})
c.post("runs/create", {"experiment_id": "<experiment-1>", "tags": "t"},
       loose=["json.run.info.run_id", "json.run.info.run_uuid", "json.run.info.artifact_uri"])
c.post("runs/create", {"experiment_id": "<experiment-1>", "tags": [{"key": "a$", "value": "v"}]})
c.post("runs/create", {"experiment_id": "<experiment-1>", "tags": [{"key": repeat("k", 251),
                                                                    "value": "v"}]})
c.post("runs/create", {"experiment_id": "<experiment-1>", "tags": [{"key": "k",
                                                                    "value": repeat("v", 8001)}]})

c.part("get")
c.get("runs/get", {"run_uuid": "<run-1>"}, about="the old name of run_id")
c.get("runs/get", {"run_id": "00000000000000000000000000000000"})
c.get("runs/get", {"run_id": "abc"})
c.get("runs/get", {"run_id": "../../etc/passwd"})
c.get("runs/get", {"run_id": ""})
c.get("runs/get", {})

c.part("update")
c.post("runs/update", {"run_id": "<run-1>", "status": "FINISHED", "end_time": 2000})
c.get("runs/get", {"run_id": "<run-1>"})
c.post("runs/update", {"run_id": "<run-1>", "run_name": "renamed"})
c.get("runs/get", {"run_id": "<run-1>"}, about="the tag mlflow.runName follows")
c.post("runs/update", {"run_id": "<run-1>", "run_name": ""})
c.get("runs/get", {"run_id": "<run-1>"})
c.post("runs/update", {"run_id": "<run-1>"})
for status in ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED", "finished", "DONE", "", 3, 9):
    c.post("runs/update", {"run_id": "<run-1>", "status": status})
c.post("runs/update", {"run_uuid": "<run-1>", "status": "FINISHED"})
c.post("runs/update", {"run_id": "<run-1>", "end_time": "later"})
c.post("runs/update", {"run_id": "<run-1>", "end_time": 0})
c.post("runs/update", {"run_id": "00000000000000000000000000000000", "status": "FINISHED"})
c.post("runs/update", {"status": "FINISHED"})
c.post("runs/update", {"run_id": 5, "status": "FINISHED"})
c.post("runs/update", {"run_id": "<run-1>", "status": "FINISHED", "end_time": 2000})

c.part("params")
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": "lr", "value": "0.1"})
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": "lr", "value": "0.1"}, about="the same")
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": "lr", "value": "0.2"}, about="another")
c.post("runs/log-parameter", {"run_uuid": "<run-2>", "key": "old", "value": "name"})
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": "empty", "value": ""})
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": "absent"})
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": "number", "value": 5})
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": 5, "value": "v"})
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": "", "value": "v"})
c.post("runs/log-parameter", {"run_id": "<run-2>", "value": "v"})
c.post("runs/log-parameter", {"key": "k", "value": "v"})
c.post("runs/log-parameter", {"run_id": "00000000000000000000000000000000", "key": "k", "value": "v"})
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": repeat("k", 250), "value": "v"})
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": repeat("k", 251), "value": "v"})
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": "long", "value": repeat("v", 6000)})
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": "longer", "value": repeat("v", 6001)},
       about="cut at 6000")
c.post("runs/log-parameter", {"run_id": "<run-2>", "key": "text", "value": "ünïcödé\n'\"\\ 🌙"})
for key in ("a/b", "a b", "a.b", "a:b", "é", "日本", "a-b_c", "1"):
    c.post("runs/log-parameter", {"run_id": "<run-2>", "key": key, "value": "v"})
for key in ("../a", "/a", "a/", "a//b", "./a", ".", "..", "a/../b", "a$b", "a\\b", "a\nb", "a\u0000",
            "a'b", 'a"b', "a;b", "a%b", "a@b", "a(b)", " ", "a#b"):
    c.post("runs/log-parameter", {"run_id": "<run-2>", "key": key, "value": "v"})
c.get("runs/get", {"run_id": "<run-2>"})

c.part("tags")
c.post("runs/set-tag", {"run_id": "<run-2>", "key": "t", "value": "1"})
c.post("runs/set-tag", {"run_id": "<run-2>", "key": "t", "value": "2"})
c.post("runs/set-tag", {"run_uuid": "<run-2>", "key": "u", "value": "old name"})
c.post("runs/set-tag", {"run_id": "<run-2>", "key": "empty", "value": ""})
c.post("runs/set-tag", {"run_id": "<run-2>", "key": "absent"})
c.post("runs/set-tag", {"run_id": "<run-2>", "key": ""})
c.post("runs/set-tag", {"run_id": "<run-2>", "value": "v"})
c.post("runs/set-tag", {"key": "k", "value": "v"})
c.post("runs/set-tag", {"run_id": "00000000000000000000000000000000", "key": "k", "value": "v"})
c.post("runs/set-tag", {"run_id": "<run-2>", "key": repeat("k", 251), "value": "v"})
c.post("runs/set-tag", {"run_id": "<run-2>", "key": "long", "value": repeat("v", 8000)})
c.post("runs/set-tag", {"run_id": "<run-2>", "key": "longer", "value": repeat("v", 8001)})
for key in ("../a", "/a", "a//b", ".", "a$b"):
    c.post("runs/set-tag", {"run_id": "<run-2>", "key": key, "value": "v"})
c.post("runs/set-tag", {"run_id": "<run-2>", "key": "mlflow.runName", "value": "by tag"})
c.get("runs/get", {"run_id": "<run-2>"}, about="the run's name follows the tag")
c.post("runs/delete-tag", {"run_id": "<run-2>", "key": "t"})
c.post("runs/delete-tag", {"run_id": "<run-2>", "key": "t"}, about="once more")
c.post("runs/delete-tag", {"run_id": "<run-2>"})
c.post("runs/delete-tag", {"key": "t"})
c.post("runs/delete-tag", {"run_id": "00000000000000000000000000000000", "key": "t"})
c.post("runs/delete-tag", {"run_id": "<run-2>", "key": "never there"})

c.part("metrics")
c.post("runs/log-metric", {"run_id": "<run-3>", "key": "loss", "value": 0.5, "timestamp": 100})
c.post("runs/log-metric", {"run_id": "<run-3>", "key": "loss", "value": 0.25, "timestamp": 200,
                           "step": 1})
c.post("runs/log-metric", {"run_id": "<run-3>", "key": "loss", "value": 0.75, "timestamp": 150,
                           "step": 0}, about="an earlier step does not become the last value")
c.get("runs/get", {"run_id": "<run-3>"})
c.post("runs/log-metric", {"run_id": "<run-3>", "key": "loss", "value": 0.1, "timestamp": 100,
                           "step": 1}, about="same step, earlier time")
c.get("runs/get", {"run_id": "<run-3>"})
c.post("runs/log-metric", {"run_id": "<run-3>", "key": "loss", "value": 0.9, "timestamp": 200,
                           "step": 1}, about="same step and time: the larger value stays")
c.get("runs/get", {"run_id": "<run-3>"})
c.post("runs/log-metric", {"run_id": "<run-3>", "key": "loss", "value": 0.2, "timestamp": 200,
                           "step": 1}, about="same step and time, smaller")
c.get("runs/get", {"run_id": "<run-3>"})
c.post("runs/log-metric", {"run_id": "<run-3>", "key": "loss", "value": 0.2, "timestamp": 200,
                           "step": 1}, about="the same point once more is kept once")
c.get("metrics/get-history", {"run_id": "<run-3>", "metric_key": "loss"})
c.post("runs/log-metric", {"run_id": "<run-3>", "key": "at -1", "value": 1, "timestamp": 1,
                           "step": -1})
c.post("runs/log-metric", {"run_id": "<run-3>", "key": "full", "value": 1, "timestamp": 1, "step": 1,
                           "dataset_name": "d", "dataset_digest": "x"})
c.get("runs/get", {"run_id": "<run-3>"})
c.post("runs/log-metric", {"run_id": "<run-3>", "key": "m", "value": 1, "timestamp": 1,
                           "model_id": "m-00000000000000000000000000000000"},
       about="a logged model that is not there")
c.post("runs/log-metric", {"run_id": "<run-3>", "key": "m", "value": 1})
c.post("runs/log-metric", {"run_id": "<run-3>", "key": "m", "timestamp": 1})
c.post("runs/log-metric", {"run_id": "<run-3>", "value": 1, "timestamp": 1})
c.post("runs/log-metric", {"key": "m", "value": 1, "timestamp": 1})
c.post("runs/log-metric", {"run_id": "00000000000000000000000000000000", "key": "m", "value": 1,
                           "timestamp": 1})
c.post("runs/log-metric", {"run_id": "<run-3>", "key": repeat("k", 251), "value": 1, "timestamp": 1})
for key in ("a/b", "a b", "é", "a:b", "../a", "/a", "a//b", "a/", ".", "a$b", "", "a'b", "a\\b"):
    c.post("runs/log-metric", {"run_id": "<run-3>", "key": key, "value": 1, "timestamp": 1})

c.part("log-batch")
c.post("runs/create", {"experiment_id": "<experiment-1>", "run_name": "batch", "start_time": 10},
       save={"run-8": "run.info.run_id"})
c.post("runs/log-batch", {"run_id": "<run-8>",
                          "metrics": [{"key": "a", "value": 1, "timestamp": 1, "step": 0},
                                      {"key": "a", "value": 2, "timestamp": 2, "step": 1},
                                      {"key": "b", "value": -1.5, "timestamp": 1}],
                          "params": [{"key": "p", "value": "1"}, {"key": "q", "value": "two"}],
                          "tags": [{"key": "t", "value": "x"},
                                   {"key": "mlflow.runName", "value": "by batch"}]})
c.get("runs/get", {"run_id": "<run-8>"})
c.post("runs/log-batch", {"run_id": "<run-8>"}, about="nothing to log")
c.post("runs/log-batch", {"run_id": "<run-8>", "metrics": [], "params": [], "tags": []})
c.post("runs/log-batch", {})
c.post("runs/log-batch", {"metrics": []})
c.post("runs/log-batch", {"run_id": "00000000000000000000000000000000", "metrics": []})
c.post("runs/log-batch", {"run_id": "00000000000000000000000000000000",
                          "params": [{"key": "a", "value": "b"}]})
c.post("runs/log-batch", {"run_id": 5})
c.post("runs/log-batch", {"run_id": ""})
for name in ("metrics", "params", "tags"):
    for value in ("x", 5, {"key": "a"}, [5], ["a"], [[]], [None], [{}], None):
        c.post("runs/log-batch", {"run_id": "<run-8>", name: value})
for metric in ({"value": 1, "timestamp": 1}, {"key": "m", "timestamp": 1}, {"key": "m", "value": 1},
               {"key": "m", "value": "x", "timestamp": 1}, {"key": "m", "value": None, "timestamp": 1},
               {"key": "m", "value": 1, "timestamp": -1}, {"key": "m", "value": 1, "timestamp": "x"},
               {"key": "../m", "value": 1, "timestamp": 1}, {"key": 5, "value": 1, "timestamp": 1},
               {"key": "m", "value": 1, "timestamp": 1, "step": "x"},
               {"key": "m", "value": True, "timestamp": 1}, {"key": "m", "value": "2", "timestamp": 1},
               {"key": "", "value": 1, "timestamp": 1}, {"key": "m$", "value": 1, "timestamp": 1},
               {"key": "nan", "value": "NaN", "timestamp": 1},
               {"key": "inf", "value": "Infinity", "timestamp": 1},
               {"key": repeat("k", 251), "value": 1, "timestamp": 1}):
    c.post("runs/log-batch", {"run_id": "<run-8>", "metrics": [
        {"key": "fine", "value": 1, "timestamp": 1}, metric]})
for param in ({"value": "v"}, {"key": "z"}, {"key": "z", "value": 5}, {"key": 5, "value": "v"},
              {"key": "../z", "value": "v"}, {"key": "", "value": "v"}, {"key": "z$", "value": "v"},
              {"key": "p", "value": "1"}, {"key": "p", "value": "changed"},
              {"key": "zz", "value": None}, {"key": repeat("k", 251), "value": "v"},
              {"key": "cut", "value": repeat("v", 6001)}):
    c.post("runs/log-batch", {"run_id": "<run-8>", "params": [{"key": "fine", "value": "v"}, param]})
c.post("runs/log-batch", {"run_id": "<run-8>", "params": [{"key": "d", "value": "1"},
                                                          {"key": "d", "value": "1"}]})
c.post("runs/log-batch", {"run_id": "<run-8>", "params": [{"key": "e", "value": "1"},
                                                          {"key": "e", "value": "2"}]})
c.post("runs/log-batch", {"run_id": "<run-8>", "params": [
    {"key": "f", "value": "1"}, {"key": "f", "value": "1"}, {"key": "f", "value": "2"}]})
for tag in ({"value": "v"}, {"key": "z"}, {"key": "z", "value": 5}, {"key": "../z", "value": "v"},
            {"key": "", "value": "v"}, {"key": "z$", "value": "v"},
            {"key": repeat("k", 251), "value": "v"}, {"key": "cut", "value": repeat("v", 8001)}):
    c.post("runs/log-batch", {"run_id": "<run-8>", "tags": [{"key": "fine", "value": "v"}, tag]})
c.post("runs/log-batch", {"run_id": "<run-8>", "tags": [{"key": "d", "value": "1"},
                                                        {"key": "d", "value": "2"}]})
c.post("runs/log-batch", {"run_id": "<run-8>",
                          "params": [{"key": "p", "value": "changed"}],
                          "metrics": [{"key": "half", "value": 1, "timestamp": 1}]},
       about="what is refused leaves nothing", )
c.get("runs/get", {"run_id": "<run-8>"})

c.part("inputs and datasets")
c.post("runs/create", {"experiment_id": "<experiment-1>", "run_name": "inputs", "start_time": 11},
       save={"run-9": "run.info.run_id"})
dataset = {"name": "moon", "digest": "d1", "source_type": "local", "source": "file.csv"}
c.post("runs/log-inputs", {"run_id": "<run-9>", "datasets": [
    {"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "train"}]}]})
c.post("runs/log-inputs", {"run_id": "<run-9>", "datasets": [
    {"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "train"}]}]},
    about="the same once more")
c.post("runs/log-inputs", {"run_id": "<run-9>", "datasets": [
    {"dataset": {**dataset, "name": "sun", "schema": "{}", "profile": "{\"rows\": 3}"}}]})
c.get("runs/get", {"run_id": "<run-9>"})
c.post("runs/log-inputs", {"run_id": "<run-9>"})
c.post("runs/log-inputs", {"run_id": "<run-9>", "datasets": []})
c.post("runs/log-inputs", {"datasets": []})
c.post("runs/log-inputs", {"run_id": "00000000000000000000000000000000", "datasets": []})
c.post("runs/log-inputs", {"run_id": "<run-9>", "datasets": "x"})
for missing in ("name", "digest", "source_type", "source"):
    c.post("runs/log-inputs", {"run_id": "<run-9>", "datasets": [
        {"dataset": {k: v for k, v in dataset.items() if k != missing} | {
            "digest" if missing == "digest" else "name":
            "" if missing in ("name", "digest") else f"without {missing}"}}]})
c.post("runs/log-inputs", {"run_id": "<run-9>", "datasets": [{"tags": []}]})
c.post("runs/log-inputs", {"run_id": "<run-9>", "datasets": [
    {"dataset": dataset, "tags": [{"key": "k"}]}]})
for field, n in (("name", 501), ("digest", 37), ("source", 65536), ("schema", 1048576)):
    c.post("runs/log-inputs", {"run_id": "<run-9>", "datasets": [
        {"dataset": {**dataset, field: repeat("a", n)}}]})
c.post("runs/log-inputs", {"run_id": "<run-9>", "datasets": [
    {"dataset": dataset, "tags": [{"key": repeat("a", 256), "value": "v"}]}]})
c.post("runs/log-inputs", {"run_id": "<run-9>", "datasets": [
    {"dataset": dataset, "tags": [{"key": "k", "value": repeat("a", 501)}]}]})
c.post("experiments/search-datasets", {"experiment_ids": ["<experiment-1>"]})
c.post("/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": ["<experiment-1>"]})
c.post("/api/2.0mlflow/experiments/search-datasets", {"experiment_ids": ["<experiment-1>"]},
       about="the path as their protocol file has it, without the slash")
c.post("/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": []})
c.post("/ajax-api/2.0/mlflow/experiments/search-datasets", {})
c.post("/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": ["1"] * 21})

c.part("log-model, the old way")
model = '{"artifact_path": "model", "run_id": "<run-9>", "utc_time_created": "2026-01-01 00:00:00",' \
        ' "flavors": {"python_function": {}}, "model_uuid": "abc"}'
c.post("runs/log-model", {"run_id": "<run-9>", "model_json": model})
c.get("runs/get", {"run_id": "<run-9>"})
c.post("runs/log-model", {"run_id": "<run-9>", "model_json": model}, about="appended to the tag")
c.get("runs/get", {"run_id": "<run-9>"})
c.post("runs/log-model", {"run_id": "<run-9>", "model_json": "nonsense"})
c.post("runs/log-model", {"run_id": "<run-9>", "model_json": "[]"})
c.post("runs/log-model", {"run_id": "<run-9>", "model_json": "{}"})
c.post("runs/log-model", {"run_id": "<run-9>", "model_json": '{"artifact_path": "a"}'})
c.post("runs/log-model", {"run_id": "<run-9>"})
c.post("runs/log-model", {"model_json": model})
c.post("runs/log-model", {"run_id": "00000000000000000000000000000000", "model_json": model})

c.part("outputs")
c.post("runs/outputs", {"run_id": "<run-9>"})
c.post("runs/outputs", {"run_id": "<run-9>", "models": []})
c.post("runs/outputs", {"models": []})
c.post("runs/outputs", {"run_id": "00000000000000000000000000000000", "models": [
    {"model_id": "m-00000000000000000000000000000000", "step": 1}]})

c.part("delete and restore")
c.post("runs/delete", {"run_id": "<run-1>"})
c.get("runs/get", {"run_id": "<run-1>"}, about="a deleted run can be read")
c.post("runs/delete", {"run_id": "<run-1>"}, about="once more")
c.post("runs/update", {"run_id": "<run-1>", "status": "FINISHED"})
c.post("runs/log-metric", {"run_id": "<run-1>", "key": "m", "value": 1, "timestamp": 1})
c.post("runs/log-parameter", {"run_id": "<run-1>", "key": "k", "value": "v"})
c.post("runs/set-tag", {"run_id": "<run-1>", "key": "k", "value": "v"})
c.post("runs/delete-tag", {"run_id": "<run-1>", "key": "t"})
c.post("runs/log-batch", {"run_id": "<run-1>", "metrics": [
    {"key": "m", "value": 1, "timestamp": 1}]})
c.post("runs/log-batch", {"run_id": "<run-1>"})
c.post("runs/log-inputs", {"run_id": "<run-1>", "datasets": [{"dataset": dataset}]})
c.post("runs/log-model", {"run_id": "<run-1>", "model_json": model})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "m"})
c.get("artifacts/list", {"run_id": "<run-1>"})
c.post("runs/restore", {"run_id": "<run-1>"})
c.get("runs/get", {"run_id": "<run-1>"})
c.post("runs/restore", {"run_id": "<run-1>"}, about="once more")
c.post("runs/restore", {"run_id": "00000000000000000000000000000000"})
c.post("runs/restore", {})
c.post("runs/delete", {"run_id": "00000000000000000000000000000000"})
c.post("runs/delete", {})
c.post("runs/delete", {"run_id": 5})
