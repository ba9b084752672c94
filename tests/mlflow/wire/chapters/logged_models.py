"""Logged models of MLflow 3: create, get, finalize, params, tags, search, delete, in runs."""

from script import Chapter, each, repeat

chapter = Chapter(__doc__)
c = chapter
L = "logged-models"
c.post("experiments/create", {"name": "logged"}, save={"experiment-1": "experiment_id"})
c.post("runs/create", {"experiment_id": "<experiment-1>", "run_name": "r", "start_time": 1},
       save={"run-1": "run.info.run_id"})

c.part("create")
c.post(L, {"experiment_id": "<experiment-1>", "name": "net", "model_type": "agent",
           "source_run_id": "<run-1>", "params": [{"key": "lr", "value": "0.1"}],
           "tags": [{"key": "team", "value": "moon"}]}, save={"model-1": "model.info.model_id"})
c.get(f"{L}/<model-1>")
c.post(L, {"experiment_id": "<experiment-1>", "name": "net"}, about="names may repeat",
       save={"model-2": "model.info.model_id"})
c.post(L, {"experiment_id": "<experiment-1>"}, save={"model-3": "model.info.model_id"},
       about="without a name", loose=["json.model.info.name"])
for body in ({}, {"name": "x"}, {"experiment_id": "99999999", "name": "x"},
             {"experiment_id": "abc", "name": "x"}, {"experiment_id": 5, "name": "x"},
             {"experiment_id": "<experiment-1>", "name": "a/b"},
             {"experiment_id": "<experiment-1>", "name": "a:b"},
             {"experiment_id": "<experiment-1>", "name": "a.b"},
             {"experiment_id": "<experiment-1>", "name": "a%b"},
             {"experiment_id": "<experiment-1>", "name": "a'b"},
             {"experiment_id": "<experiment-1>", "name": 'a"b'},
             {"experiment_id": "<experiment-1>", "name": 5},
             {"experiment_id": "<experiment-1>", "name": "p", "params": "x"},
             {"experiment_id": "<experiment-1>", "name": "t", "tags": [{"key": "a$", "value": "v"}]},
             {"experiment_id": "<experiment-1>", "name": "t", "tags": [{"key": "../a", "value": "v"}]},
             {"experiment_id": "<experiment-1>", "name": "t", "params": [{"key": "../a", "value": "v"}]},
             {"experiment_id": "<experiment-1>", "name": "t", "params": [
                 {"key": repeat("k", 251), "value": "v"}]},
             {"experiment_id": "<experiment-1>", "name": "t", "params": [
                 {"key": "k", "value": repeat("v", 6001)}]},
             {"experiment_id": "<experiment-1>", "name": "t", "tags": [
                 {"key": "k", "value": repeat("v", 8001)}]}):
    c.post(L, body, loose=["json.model.info.model_id", "json.model.info.artifact_uri",
                           "json.model.info.name"])
c.get(f"{L}/m-00000000000000000000000000000000")
c.get(f"{L}/nonsense")
c.get(f"{L}/..%2f..%2fetc")

c.part("finalize")
c.patch(f"{L}/<model-1>", {"status": "LOGGED_MODEL_READY"})
c.patch(f"{L}/<model-2>", {"status": "LOGGED_MODEL_UPLOAD_FAILED"})
c.patch(f"{L}/<model-3>", {"status": "LOGGED_MODEL_PENDING"})
c.patch(f"{L}/<model-3>", {"status": "READY"})
c.patch(f"{L}/<model-3>", {"status": 2})
c.patch(f"{L}/<model-3>", {})
c.patch(f"{L}/m-00000000000000000000000000000000", {"status": "LOGGED_MODEL_READY"})

c.part("params and tags")
c.post(f"{L}/<model-1>/params", {"params": [{"key": "depth", "value": "3"}]})
c.post(f"{L}/<model-1>/params", {"params": [{"key": "depth", "value": "3"}]}, about="the same")
c.post(f"{L}/<model-1>/params", {"params": [{"key": "../a", "value": "3"}]})
c.post(f"{L}/<model-1>/params", {"params": []})
c.post(f"{L}/<model-1>/params", {})
c.post(f"{L}/m-00000000000000000000000000000000/params", {"params": [{"key": "a", "value": "3"}]})
c.patch(f"{L}/<model-1>/tags", {"tags": [{"key": "team", "value": "sun"}, {"key": "n", "value": "1"}]})
c.patch(f"{L}/<model-1>/tags", {"tags": [{"key": "../a", "value": "1"}]})
c.patch(f"{L}/<model-1>/tags", {})
c.patch(f"{L}/m-00000000000000000000000000000000/tags", {"tags": [{"key": "a", "value": "3"}]})
c.get(f"{L}/<model-1>")
c.delete(f"{L}/<model-1>/tags/n")
c.delete(f"{L}/<model-1>/tags/n", about="once more")
c.delete(f"{L}/m-00000000000000000000000000000000/tags/n")

c.part("metrics, inputs and outputs of runs")
c.post("runs/log-metric", {"run_id": "<run-1>", "key": "acc", "value": 0.9, "timestamp": 5, "step": 1,
                           "model_id": "<model-1>", "dataset_name": "d", "dataset_digest": "x"})
c.post("runs/log-batch", {"run_id": "<run-1>", "metrics": [
    {"key": "acc", "value": 0.5, "timestamp": 5, "step": 1, "model_id": "<model-2>"},
    {"key": "loss", "value": 0.1, "timestamp": 6, "step": 2, "model_id": "<model-1>"}]})
c.get(f"{L}/<model-1>")
c.post("runs/outputs", {"run_id": "<run-1>", "models": [{"model_id": "<model-1>", "step": 3}]})
c.post("runs/outputs", {"run_id": "<run-1>", "models": [{"model_id": "<model-1>", "step": 3}]},
       about="once more", differ=("writing the same again is no error", {"status": 200}))
c.post("runs/log-inputs", {"run_id": "<run-1>", "models": [{"model_id": "<model-2>"}]})
c.get("runs/get", {"run_id": "<run-1>"})

c.part("search")


def search(**more):
    c.post(f"{L}/search", {"experiment_ids": ["<experiment-1>"], **more},
           loose=["json.models[0].info.name", "json.models[1].info.name", "json.models[2].info.name"])


c.post(f"{L}/search", {"experiment_ids": ["<experiment-1>"], "max_results": 1},
       save={"page-1": "next_page_token"}, loose=["json.models"])
c.post(f"{L}/search", {"experiment_ids": ["<experiment-1>"], "max_results": 1,
                       "page_token": "<page-1>"}, loose=["json.models", "json.next_page_token"])
c.post(f"{L}/search", {"experiment_ids": []})
c.post(f"{L}/search", {})
c.post(f"{L}/search", {"experiment_ids": ["99999999"]})
c.post(f"{L}/search", {"experiment_ids": ["abc"]})
for text in ("name = 'net' AND model_type = 'agent'", "params.lr = '0.1'", "tags.team = 'sun'",
             "metrics.acc > 0.6", "metrics.acc < 0.6", "metrics.loss = 0.1", "status = 'READY'",
             "attributes.name LIKE 'n%' AND tags.team = 'sun'", "name ILIKE 'NET' AND metrics.acc > 0.6",
             "source_run_id = '<run-1>'", "model_id = '<model-1>'", "model_id IN ('<model-1>')",
             "name IN ('net') AND params.lr = '0.1'", "creation_timestamp > 0 AND params.lr = '0.1'",
             "params.lr != '0.1'", "tags.team LIKE 's%'", "params.depth IS NOT NULL"):
    search(filter=text)
for text in ("name", "name = net", "name = 5", "name > 'a'", "colour = 'x'", "metrics.acc = 'x'",
             "metrics.acc LIKE 'x'", "params.lr = 5", "params.lr > '1'", "tags.team > 'x'",
             "name = 'a' OR name = 'b'", "foo.bar = 'x'", "name = 'a';", "creation_timestamp = 'x'",
             "(name = 'net')", "params.lr IN ('0.1')", "creation_timestamp LIKE '1'"):
    search(filter=text)
search(filter="metrics.acc > 0.6", datasets=[{"dataset_name": "d", "dataset_digest": "x"}])
search(filter="metrics.acc > 0.6", datasets=[{"dataset_name": "d"}],
       differ=("a dataset's digest may be left out; MLflow then finds nothing", {"status": 200}))
search(filter="metrics.acc > 0.6", datasets=[{"dataset_name": "other"}])
search(filter="metrics.acc > 0.6", datasets=[{}])
search(filter="metrics.acc > 0.6", datasets=[{"dataset_digest": "x"}])
for order in ([{"field_name": "metrics.acc", "ascending": True}], [{"field_name": "metrics.acc"}],
              [{"field_name": "metrics.acc", "ascending": False, "dataset_name": "d",
                "dataset_digest": "x"}],
              [{"field_name": "model_id"}], [{"field_name": "attributes.name"}, {"field_name": "metrics.acc"}]):
    c.post(f"{L}/search", {"experiment_ids": ["<experiment-1>"], "order_by": order,
                           "filter": "name = 'net'"},
           loose=["json.models"] if order[0]["field_name"] in ("model_id",) else None)
for order in ([{"field_name": "colour"}], [{}], [{"field_name": ""}], [{"ascending": True}],
              [{"field_name": "params.lr"}], [{"field_name": "tags.team"}], ["metrics.acc"], "x",
              [{"field_name": "metrics.acc", "dataset_digest": "x"}], [{"field_name": "foo.bar"}]):
    c.post(f"{L}/search", {"experiment_ids": ["<experiment-1>"], "order_by": order})
for n in (0, 50, 51, 1000, 1001, "x"):
    c.post(f"{L}/search", {"experiment_ids": ["<experiment-1>"], "max_results": n,
                           "filter": "name = 'no such'"})
c.post(f"{L}/search", {"experiment_ids": ["<experiment-1>"], "page_token": "nonsense"})

c.part("artifacts")
c.get(f"{L}/<model-1>/artifacts/directories")
c.get(f"{L}/m-00000000000000000000000000000000/artifacts/directories")
c.put("/api/2.0/mlflow-artifacts/artifacts/<experiment-1>/models/<model-1>/artifacts/MLmodel",
      None, about="an empty file")
c.get(f"{L}/<model-1>/artifacts/directories")
c.get(f"{L}/<model-1>/artifacts/directories", {"artifact_directory_path": "../.."})
c.get(f"/ajax-api/2.0/mlflow/{L}/<model-1>/artifacts/files", {"artifact_file_path": "MLmodel"})
c.get(f"/ajax-api/2.0/mlflow/{L}/<model-1>/artifacts/files", {"artifact_file_path": "../../../etc/passwd"})
c.get(f"/ajax-api/2.0/mlflow/{L}/<model-1>/artifacts/files", {"artifact_file_path": "none"})
c.get(f"/ajax-api/2.0/mlflow/{L}/<model-1>/artifacts/files", {})

c.part("register it")
c.post("registered-models/create", {"name": "reg"})
c.post("model-versions/create", {"name": "reg", "source": "models:/<model-1>", "model_id": "<model-1>",
                                 "run_id": "<run-1>"})
c.get("model-versions/get-download-uri", {"name": "reg", "version": "1"})
c.get(f"{L}/<model-1>", about="its tags name the registered version")

c.part("delete")
c.delete(f"{L}/<model-2>")
c.get(f"{L}/<model-2>")
c.delete(f"{L}/<model-2>", about="once more")
c.delete(f"{L}/m-00000000000000000000000000000000")
c.post(f"{L}/search", {"experiment_ids": ["<experiment-1>"], "filter": "name = 'net'"})
