"""Every limit of a request with its exact text."""

from script import Chapter, each, join, repeat

chapter = Chapter(__doc__)
c = chapter
c.post("experiments/create", {"name": "limits"}, save={"experiment-1": "experiment_id"})
c.post("runs/create", {"experiment_id": "<experiment-1>", "run_name": "r", "start_time": 1},
       save={"run-1": "run.info.run_id"})

c.part("log-batch")
metric = {"key": "m{i}", "value": 1, "timestamp": 1}
param, tag = {"key": "p{i}", "value": "v"}, {"key": "t{i}", "value": "v"}
c.post("runs/log-batch", {"run_id": "<run-1>", "metrics": each(1001, metric)})
c.post("runs/log-batch", {"run_id": "<run-1>", "params": each(101, param)})
c.post("runs/log-batch", {"run_id": "<run-1>", "tags": each(101, tag)})
c.post("runs/log-batch", {"run_id": "<run-1>", "metrics": each(901, metric),
                          "params": each(50, param), "tags": each(50, tag)})
c.post("runs/log-batch", {"run_id": "<run-1>", "metrics": each(1001, metric),
                          "params": each(101, param), "tags": each(101, tag)})
c.post("runs/log-batch", {"run_id": "<run-1>", "metrics": each(800, metric),
                          "params": each(100, param), "tags": each(100, tag)})
c.post("runs/log-batch", {"run_id": "00000000000000000000000000000000",
                          "metrics": each(1001, metric)}, about="the limit before the run")
c.send("POST", "runs/log-batch", text=join('{"run_id": "<run-1>", "x": "', repeat("a", 1_000_001),
                                           '"}'), about="above one million bytes")
c.post("runs/log-batch", {"run_id": "<run-1>", "tags": each(100, {
    "key": "u{i}", "value": repeat("v", 8000)})}, about="800 KB of tags")
c.post("runs/log-batch", {"run_id": "<run-1>", "params": each(100, {
    "key": "long{i}", "value": repeat("v", 6000)})}, about="600 KB of params")

c.part("log-inputs")
data = {"dataset": {"name": "d{i}", "digest": "x", "source_type": "t", "source": "s"}}
c.post("runs/log-inputs", {"run_id": "<run-1>", "datasets": each(1001, data)})

c.part("search")
EITHER = ("a value of the wrong type or below nought is told or read, and no page follows", {"status": [200, 400]})
for path, more in (("runs/search", {"experiment_ids": ["<experiment-1>"]}),
                   ("experiments/search", {}), ):
    for n in (50000, 50001, 0, -1, 2147483647, 2147483648, 99999999999999999999, "10", "x", 1.0,
              1.5, True, None):
        c.post(path, {**more, "filter": "attribute.name = 'no such'" if path.startswith("exp")
                      else "tags.no = 'such'", "max_results": n},
               differ=EITHER if n in (1.5, 99999999999999999999) or n is True else None)
for path in ("registered-models/search", "model-versions/search"):
    for n in (1000, 1001, 10000, 200000, 200001, 0, -1, "10", "x", 1.5):
        c.get(path, {"max_results": n, "filter": "name = 'no such'"},
              differ=EITHER if n == -1 and path.startswith("registered") else None)

c.part("registry")
c.post("registered-models/create", {"name": "limits"})
c.post("registered-models/create", {"name": repeat("n", 256)})
c.post("registered-models/create", {"name": repeat("n", 257)})
c.post("registered-models/create", {"name": "d", "description": repeat("d", 5001)})
c.post("registered-models/set-tag", {"name": "limits", "key": repeat("k", 250), "value": "v"})
c.post("registered-models/set-tag", {"name": "limits", "key": repeat("k", 251), "value": "v"})
c.post("registered-models/set-tag", {"name": "limits", "key": "k", "value": repeat("v", 100000)})
c.post("registered-models/set-tag", {"name": "limits", "key": "k", "value": repeat("v", 100001)})
c.post("model-versions/create", {"name": "limits", "source": "runs:/x/model"})
c.post("model-versions/create", {"name": "limits", "run_id": "<run-1>",
                                 "source": "mlflow-artifacts:/<experiment-1>/<run-1>/artifacts/m"})
c.post("model-versions/set-tag", {"name": "limits", "version": "1", "key": repeat("k", 251),
                                  "value": "v"})
c.post("model-versions/set-tag", {"name": "limits", "version": "1", "key": "k",
                                  "value": repeat("v", 100001)})
c.post("registered-models/alias", {"name": "limits", "version": "1", "alias": repeat("a", 255)})
c.post("registered-models/alias", {"name": "limits", "version": "1", "alias": repeat("a", 256)})
