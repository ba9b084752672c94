"""Health, version, unknown endpoints, wrong methods, broken JSON, wrong types, prefixes."""

from script import Chapter, deep, repeat

chapter = Chapter(__doc__)
c = chapter

c.part("the server itself")
c.get("/health", want_headers=["content-type"])
c.get("/version")
c.get("/api/3.0/mlflow/server-info")
c.get("/ajax-api/3.0/mlflow/server-info")

c.part("unknown endpoints and wrong methods")
for path in ("/api/2.0/mlflow/nothing", "/api/2.0/mlflow/runs", "/api/2.0/mlflow/runs/creates",
             "/api/2.0/mlflow", "/api/1.0/mlflow/experiments/get", "/api/2.1/mlflow/runs/get",
             "/ajax-api/2.0/mlflow/nothing", "/api/3.0/mlflow/nothing", "/nothing",
             "/api/2.0/mlflow/experiments/get/", "/api/2.0/mlflow/experiments/list"):
    c.get(path)
    c.post(path, {})
c.get("runs/create")
c.post("runs/get", {"run_id": "x"})
c.post("experiments/get", {"experiment_id": "0"})
c.get("experiments/create", {"name": "x"})
c.get("runs/search")
c.put("runs/create", {})
c.delete("runs/delete", {})
c.patch("experiments/update", {})
c.post("/health")
c.send("HEAD", "/health")
c.send("OPTIONS", "runs/create")

c.part("prefixes")
c.get("/api/2.0/mlflow/experiments/get", {"experiment_id": "0"})
c.get("/ajax-api/2.0/mlflow/experiments/get", {"experiment_id": "0"})
c.post("/ajax-api/2.0/mlflow/experiments/create", {"name": "by ajax"},
       save={"experiment-1": "experiment_id"})
c.post("/ajax-api/2.0/mlflow/runs/create", {"experiment_id": "<experiment-1>", "run_name": "r",
                                            "start_time": 1}, save={"run-1": "run.info.run_id"})

c.part("bodies")
for text in ("{", "nonsense", "", "null", "[]", "[1]", "5", "true", "{\"experiment_id\": }",
             "{\"experiment_id\": \"0\",}", "{'experiment_id': '0'}", "\u0000", "{} {}"):
    c.send("POST", "runs/create", text=text,
           differ=("a plain answer in place of an error of the database", {"status": 400}))
c.send("POST", "experiments/create", text="nonsense")
c.send("POST", "experiments/create", text="[]")
c.send("POST", "experiments/create", text="5")
c.send("POST", "experiments/create", text='"{\\"name\\": \\"encoded twice\\"}"',
       about="old clients encode JSON twice", save={"experiment-2": "experiment_id"})
c.get("experiments/get-by-name", {"experiment_name": "encoded twice"})
c.send("POST", "experiments/create", text='{"name": "typed"}',
       headers={"Content-Type": "application/json; charset=utf-8"},
       save={"experiment-3": "experiment_id"})
for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
             "application/xml", "APPLICATION/JSON"):
    c.send("POST", "experiments/create", text='{"name": "kind %s"}' % kind.lower(),
           headers={"Content-Type": kind}, loose=["json.experiment_id"])
c.send("POST", "experiments/create", text='{"name": "one", "name": "two"}',
       about="the last of two equal keys counts", save={"experiment-4": "experiment_id"})
c.get("experiments/get", {"experiment_id": "<experiment-4>"})
c.send("POST", "experiments/create", text='{"name": "\\ud800"}', about="half a surrogate pair",
       differ=("broken text is a broken request", {"status": 400}))
c.send("POST", "experiments/create", text='{"name": "nul \\u0000 byte"}',
       loose=["json.experiment_id"])
c.post("experiments/create", {"name": "deep", "more": deep(50)}, loose=["json.experiment_id"])
c.post("experiments/create", {"name": "deeper", "more": deep(900)}, loose=["json.experiment_id"],
       differ=("JSON this deep is not read", {"status": 400}))
c.post("experiments/create", {"name": "deepest", "more": deep(900), "x": repeat("[", 10)},
       differ=("JSON this deep is not read", {"status": 400}))

c.part("names in camel case")
c.post("runs/update", {"runId": "<run-1>", "status": "FINISHED", "endTime": 2})
c.post("runs/set-tag", {"runId": "<run-1>", "key": "k", "value": "v"})
c.post("runs/search", {"experimentIds": ["<experiment-1>"], "maxResults": 1})
c.post("runs/search", {"experiment_ids": ["<experiment-1>"], "experimentIds": ["0"]})
c.post("experiments/create", {"name": "camel", "artifactLocation": "mlflow-artifacts:/camel"},
       save={"experiment-5": "experiment_id"})
c.get("experiments/get", {"experiment_id": "<experiment-5>"})

c.part("types")
for value in (5, 1.5, True, None, ["a"], {"a": 1}):
    c.get("runs/get", {"run_id": str(value)})
    c.post("runs/set-tag", {"run_id": value, "key": "k", "value": "v"})
    c.post("runs/set-tag", {"run_id": "<run-1>", "key": value, "value": "v"})
    c.post("runs/set-tag", {"run_id": "<run-1>", "key": "k", "value": value})
for value in (5, "5", 1.0, "1.5", "abc", None, -5, "-5", "1e3", 1e3, 9223372036854775807,
              "9223372036854775807", "", -9223372036854775808, "0x10"):
    c.post("runs/update", {"run_id": "<run-1>", "end_time": value})
for value in (1, "1", 1.5, "1.5", "abc", None, "NaN", "nan", "Infinity", "-Infinity", "inf", 1e308, "",
              "0x10"):
    c.post("runs/log-metric", {"run_id": "<run-1>", "key": "m", "value": value, "timestamp": 1})
for text in ("1E5", "01", "1.", ".5", "+1", "-0.0", "4.9e-324",
             "1.7976931348623157e308", "123456789012345678901234567890"):
    c.send("POST", "runs/log-metric", about=f"value {text} as it stands",
           text='{"run_id": "<run-1>", "key": "n", "value": %s, "timestamp": 1}' % text)
for value in (0, -1, 1.0, "7", "abc", None, 9223372036854775807, "9223372036854775807"):
    c.post("runs/log-metric", {"run_id": "<run-1>", "key": "t", "value": 1, "timestamp": value})
for value in (0, -1, "7", "abc", None, 9223372036854775807, -9223372036854775808):
    c.post("runs/log-metric", {"run_id": "<run-1>", "key": "s", "value": 1, "timestamp": 1,
                               "step": value})
c.get("runs/get", {"run_id": "<run-1>"})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "m"})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "n"})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "t"})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "s"})

c.part("types that MLflow half reads: what stands behind such a field is silently lost")
EITHER = ("a value of the wrong type is told or read, and nothing else is lost", {"status": [200, 400]})
for value in (1.5, True, ["a"], {"a": 1}, 9223372036854775808, -9223372036854775809, 1e30, " 5"):
    c.post("runs/update", {"run_id": "<run-1>", "end_time": value}, differ=EITHER)
for value in (True, ["a"], {}, "1e400", " 1"):
    c.post("runs/log-metric", {"run_id": "<run-1>", "key": "odd", "value": value, "timestamp": 1},
           differ=EITHER)
for text in ("1e400", "-1e400", "NaN", "Infinity", "-Infinity"):
    c.send("POST", "runs/log-metric", differ=EITHER,
           text='{"run_id": "<run-1>", "key": "odd", "value": %s, "timestamp": 1}' % text)
for value in (1.5, True, 9223372036854775808, []):
    c.post("runs/log-metric", {"run_id": "<run-1>", "key": "odd", "value": 1, "timestamp": value},
           differ=EITHER)
for value in (1.5, 9223372036854775808):
    c.post("runs/log-metric", {"run_id": "<run-1>", "key": "odd", "value": 1, "timestamp": 1,
                               "step": value}, differ=EITHER)

c.part("a query in place of a body, and the other way round")
c.send("POST", "runs/create?experiment_id=<experiment-1>",
       about="a POST does not read its query",
       loose=["json.run.info.run_id", "json.run.info.run_uuid", "json.run.info.artifact_uri"])
c.send("GET", "experiments/get", json={"experiment_id": "0"},
       about="a GET without a query reads its body")
c.send("GET", "experiments/get?experiment_id=0&experiment_id=1", about="twice: the first counts")
c.send("GET", "experiments/get?experiment_id=%30", about="percent coded")
c.send("GET", "experiments/get-by-name?experiment_name=by+ajax")
c.send("GET", "experiments/get-by-name?experiment_name=%FF", about="not UTF-8",
       loose=["json.message"])
