"""Metric histories: whole, in pages, of many runs, in an interval of steps."""

from script import Chapter, each

chapter = Chapter(__doc__)
c = chapter
c.post("experiments/create", {"name": "metrics"}, save={"experiment-1": "experiment_id"})
for i in (1, 2):
    c.post("runs/create", {"experiment_id": "<experiment-1>", "run_name": f"r{i}", "start_time": i},
           save={f"run-{i}": "run.info.run_id"})
for i in range(5):
    c.post("runs/log-metric", {"run_id": "<run-1>", "key": "loss", "value": 1.0 / (i + 1),
                               "timestamp": 100 + i, "step": i})
c.post("runs/log-batch", {"run_id": "<run-2>", "metrics": [
    {"key": "loss", "value": 2.5, "timestamp": 7, "step": 3},
    {"key": "loss", "value": 1.5, "timestamp": 7, "step": 2},
    {"key": "loss", "value": "NaN", "timestamp": 9, "step": 4},
    {"key": "loss", "value": "Infinity", "timestamp": 10, "step": 5},
    {"key": "a/b c", "value": 1, "timestamp": 1}]})

c.part("get-history")
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "loss"})
c.get("metrics/get-history", {"run_uuid": "<run-1>", "metric_key": "loss"})
c.get("metrics/get-history", {"run_id": "<run-2>", "metric_key": "loss"})
c.get("metrics/get-history", {"run_id": "<run-2>", "metric_key": "a/b c"})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "never logged"})
c.get("metrics/get-history", {"run_id": "<run-1>"})
c.get("metrics/get-history", {"metric_key": "loss"})
c.get("metrics/get-history", {})
c.get("metrics/get-history", {"run_id": "00000000000000000000000000000000", "metric_key": "loss"})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": ""})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "loss", "max_results": 2},
      save={"page-1": "next_page_token"})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "loss", "max_results": 2,
                              "page_token": "<page-1>"}, save={"page-2": "next_page_token"})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "loss", "max_results": 2,
                              "page_token": "<page-2>"})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "loss", "max_results": 5})
for n in (0, -1, "abc", 1.5, 25000, 50001, 9999999999):
    c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "loss", "max_results": n})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "loss", "page_token": "nonsense"})
c.get("metrics/get-history", {"run_id": "<run-1>", "metric_key": "loss", "max_results": 2,
                              "page_token": "nonsense"})

c.part("get-history-bulk")
LOGGED = [(1.5, 7, 2), (2.5, 7, 3), ("NaN", 9, 4), (1.7976931348623157e+308, 10, 5)]
bulk = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
c.get(bulk, {"run_id": ["<run-1>", "<run-2>"], "metric_key": "loss"},
      loose=["json.metrics"], about="runs in the order of their ids")
c.get(bulk, {"run_id": ["<run-1>"], "metric_key": "loss"})
c.get(bulk, {"run_id": ["<run-2>"], "metric_key": "loss"},
      differ=("NaN as it stands is no JSON", {"status": 200, "json": {"metrics": [
          {"key": "loss", "value": value, "timestamp": time, "step": step, "run_id": "<run-2>"}
          for value, time, step in LOGGED]}}))
c.get(bulk, {"run_id": ["<run-1>"], "metric_key": "loss", "max_results": 2})
c.get(bulk, {"run_id": ["<run-1>"], "metric_key": "never logged"})
c.get(bulk, {"run_id": ["00000000000000000000000000000000"], "metric_key": "loss"})
c.get(bulk, {"metric_key": "loss"})
c.get(bulk, {"run_id": ["<run-1>"]})
c.get(bulk, {"run_id": ["<run-1>"] * 101, "metric_key": "loss"})
c.get(bulk, {"run_id": ["<run-1>"], "metric_key": "loss", "max_results": "abc"})
c.get("metrics/get-history-bulk", {"run_id": ["<run-1>"], "metric_key": "loss"},
      about="under /api it is not there")

c.part("get-history-bulk-interval")
for prefix in ("/api", "/ajax-api"):
    interval = f"{prefix}/2.0/mlflow/metrics/get-history-bulk-interval"
    c.get(interval, {"run_ids": ["<run-1>"], "metric_key": "loss"})
c.get(interval, {"run_ids": ["<run-2>"], "metric_key": "loss"})
c.get(interval, {"run_ids": ["<run-1>"], "metric_key": "loss", "start_step": 1, "end_step": 3})
c.get(interval, {"run_ids": ["<run-1>"], "metric_key": "loss", "start_step": 1, "end_step": 1})
c.get(interval, {"run_ids": ["<run-1>"], "metric_key": "loss", "max_results": 2})
c.get(interval, {"run_ids": ["<run-1>"], "metric_key": "loss", "start_step": 3, "end_step": 1})
c.get(interval, {"run_ids": ["<run-1>"], "metric_key": "loss", "start_step": 3})
c.get(interval, {"run_ids": ["<run-1>"], "metric_key": "loss", "end_step": 3})
c.get(interval, {"run_ids": ["<run-1>"], "metric_key": "loss", "start_step": "a", "end_step": "b"})
for n in (0, -1, 2500, 2501, "abc"):
    c.get(interval, {"run_ids": ["<run-1>"], "metric_key": "loss", "max_results": n})
c.get(interval, {"run_ids": ["<run-1>"]})
c.get(interval, {"metric_key": "loss"})
c.get(interval, {"run_ids": ["<run-1>"] * 101, "metric_key": "loss"})
c.get(interval, {"run_ids": ["00000000000000000000000000000000"], "metric_key": "loss"})
c.get(interval, {"run_ids": ["<run-1>"], "metric_key": "never logged"})

c.part("many points")
c.post("runs/create", {"experiment_id": "<experiment-1>", "run_name": "long", "start_time": 3},
       save={"run-3": "run.info.run_id"})
c.post("runs/log-batch", {"run_id": "<run-3>", "metrics": each(1000, {
    "key": "m", "value": "{i}", "timestamp": "{i}", "step": "{i}"})}, about="1000 in one batch")
c.get(interval, {"run_ids": ["<run-3>"], "metric_key": "m", "max_results": 5})
c.get(interval, {"run_ids": ["<run-3>"], "metric_key": "m", "max_results": 7, "start_step": 100,
                 "end_step": 199})
c.get("metrics/get-history", {"run_id": "<run-3>", "metric_key": "m", "max_results": 3})
c.get("runs/get", {"run_id": "<run-3>"})
