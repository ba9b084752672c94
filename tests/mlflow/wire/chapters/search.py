"""Searching runs: the filter language, order, pages, views, and each way to get it wrong."""

from script import Chapter

chapter = Chapter(__doc__)
c = chapter
c.post("experiments/create", {"name": "search"}, save={"experiment-1": "experiment_id"})
c.post("experiments/create", {"name": "search 2"}, save={"experiment-2": "experiment_id"})
RUNS = [
    ("alpha", 1000, "FINISHED", {"acc": 0.9, "loss": 0.1, "a b": 1}, {"lr": "0.1", "net": "cnn"},
     {"team": "moon", "note": "it's \"quoted\""}),
    ("beta", 2000, "FAILED", {"acc": 0.5, "loss": 0.9, "a/b": -2}, {"lr": "0.01", "net": "CNN-2"},
     {"team": "sun", "100%": "x_y"}),
    ("gamma", 3000, "RUNNING", {"acc": "NaN", "loss": "Infinity"}, {"lr": "0.1"}, {"team": "Moon"}),
    ("delta", 4000, "KILLED", {"loss": "-Infinity"}, {"net": "50%_off"}, {}),
    ("Alpha", 5000, "FINISHED", {"acc": -1e-3, "big": 1e300}, {"lr": "", "only": "here"},
     {"team": "ünï 🌙"}),
]
for i, (name, start, status, metrics, params, tags) in enumerate(RUNS, 1):
    c.post("runs/create", {"experiment_id": "<experiment-1>", "run_name": name, "start_time": start,
                           "user_id": f"user{i % 2}"}, save={f"run-{i}": "run.info.run_id"})
    c.post("runs/log-batch", {
        "run_id": f"<run-{i}>",
        "metrics": [{"key": k, "value": v, "timestamp": 1, "step": 0} for k, v in metrics.items()],
        "params": [{"key": k, "value": v} for k, v in params.items()],
        "tags": [{"key": k, "value": v} for k, v in tags.items() if k != "100%"]})
    if status != "RUNNING":
        c.post("runs/update", {"run_id": f"<run-{i}>", "status": status, "end_time": start + 500})
c.post("runs/create", {"experiment_id": "<experiment-2>", "run_name": "elsewhere",
                       "start_time": 6000}, save={"run-6": "run.info.run_id"})
c.post("runs/log-inputs", {"run_id": "<run-1>", "datasets": [
    {"dataset": {"name": "craters", "digest": "d1", "source_type": "t", "source": "s"},
     "tags": [{"key": "mlflow.data.context", "value": "train"}]}]})
c.post("runs/log-inputs", {"run_id": "<run-2>", "datasets": [
    {"dataset": {"name": "craters", "digest": "d2", "source_type": "t", "source": "s"},
     "tags": [{"key": "mlflow.data.context", "value": "test"}]}]})


def search(text, **more):
    c.post("runs/search", {"experiment_ids": ["<experiment-1>"], "filter": text, **more})


c.part("no filter, ids, views")
c.post("runs/search", {"experiment_ids": ["<experiment-1>"]}, about="newest first")
c.post("runs/search", {"experiment_ids": ["<experiment-1>", "<experiment-2>"], "max_results": 2})
c.post("runs/search", {"experiment_ids": []})
c.post("runs/search", {})
c.post("runs/search", {"experiment_ids": ["99999999"]})
c.post("runs/search", {"experiment_ids": ["abc"]})
c.post("runs/search", {"experiment_ids": [5]})
c.post("runs/search", {"experiment_ids": "<experiment-1>"})
c.post("runs/search", {"experiment_ids": ["<experiment-2>"], "filter": None})
c.post("runs/search", {"experiment_ids": ["<experiment-2>"], "filter": 5})
c.post("runs/search", {"experiment_ids": ["<experiment-2>"], "filter": ["a"]})
c.post("runs/delete", {"run_id": "<run-6>"})
for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", "active_only", "NONE", 1, 2, 3, 9):
    c.post("runs/search", {"experiment_ids": ["<experiment-2>"], "run_view_type": view})
c.post("runs/restore", {"run_id": "<run-6>"})

c.part("metrics")
for text in ("metrics.acc > 0.4", "metrics.acc >= 0.9", "metrics.acc = 0.9", "metrics.acc != 0.9",
             "metrics.acc < 0.5", "metrics.acc <= 0.5", "metric.acc > 0.4", "metrics.`acc` > 0.4",
             'metrics."acc" > 0.4', "metrics.`a b` = 1", 'metrics."a b" = 1', "metrics.`a/b` < 0",
             "metrics.a/b < 0", "metrics.acc>0.4", "metrics.acc > -1", "metrics.acc > -1.5e-3",
             "metrics.acc > 1e-1", "metrics.acc > .5", "metrics.big >= 1e300", "metrics.loss > 1e300",
             "metrics.loss < 0", "metrics.none > 0", "metrics.acc > 0.4 AND metrics.loss < 0.5",
             "metrics.acc > 0.4 and metrics.acc < 0.6", "METRICS.acc > 0.4", "Metrics.acc > 0.4",
             "metrics.ACC > 0.4", "metrics.acc > 00.4", "metrics.acc = 5000000000"):
    search(text)
for text in ("metrics.acc = 'x'", "metrics.acc LIKE 'x'", "metrics.acc = '0.9'", "metrics.acc > x",
             "metrics.acc == 0.9", "metrics.acc <> 0.9", "metrics.acc", "metrics.acc >",
             "> 0.5", "metrics > 0.5", "metrics. > 0.5", "metrics.acc IN (0.9)", "metrics.acc > NaN",
             "metrics.acc > nan", "metrics.acc = Infinity", "metrics.acc IS NULL",
             "metrics.acc IS NOT NULL", "metrics.acc > 0.5 OR metrics.acc < 0.1",
             "(metrics.acc > 0.5)", "NOT metrics.acc > 0.5", "metrics.a b > 1", "metrics.acc > 1 + 1",
             "metrics.acc > -", "metrics.acc > 0x10", "metrics.'acc' > 0.4", "0.4 < metrics.acc",
             "metrics.acc BETWEEN 0 AND 1", "metrics.acc > 0.5, metrics.loss < 1",
             "metrics.acc > 0.5;", "metrics.acc > 0.5; DROP TABLE runs", "metrics.acc > 0.5 --",
             "metrics.acc > 0.5 AND", "AND metrics.acc > 0.5", "metrics.acc > 0.5 AND AND metrics.loss < 1",
             "metrics.acc > 0.5 metrics.loss < 1", "metrics.acc >> 0.5", "metrics.acc => 0.5",
             "metrics.acc > 1e999", "metrics.acc > 1_000"):
    search(text)

c.part("params")
for text in ("params.lr = '0.1'", 'params.lr = "0.1"', "param.lr = '0.1'", "parameter.lr = '0.1'",
             "parameters.lr = '0.1'", "params.`lr` = '0.1'", 'params."lr" = \'0.1\'',
             "params.lr != '0.1'", "params.net LIKE 'c%'", "params.net LIKE 'C%'",
             "params.net ILIKE 'c%'", "params.net LIKE '%nn'", "params.net LIKE '___'",
             "params.net LIKE '50%'", "params.net LIKE '50\\%%'", "params.net like 'c%'",
             "params.net iLiKe 'C%'", "params.lr = ''", "params.lr = '0.10'", "params.none = 'x'",
             "params.none != 'x'", "params.only IS NULL", "params.only IS NOT NULL",
             "params.only is null", "params.only is not null", "params.lr IS NOT NULL AND params.net IS NULL",
             "params.lr='0.1'", "params.lr = 'x' AND params.net = 'cnn'", "params.LR = '0.1'"):
    search(text)
for text in ("params.lr = 0.1", "params.lr > '0.1'", "params.lr < 0.1", "params.lr = lr", "params.lr",
             "params.lr IN ('0.1')", "params.lr NOT IN ('0.1')", "params.lr = '0.1", "params.lr = 0.1'",
             "params.lr = \"0.1'", "params.lr = `0.1`", "params.lr = ''''", "params.lr = 'a''b'",
             "params.lr = 'a' 'b'", "params.lr LIKE 0.1", "params.lr RLIKE '0'", "params.lr IS",
             "params.lr IS NOT", "params.lr = NULL", "params.lr IS 'x'", "params. = 'x'",
             "params = 'x'", "params.lr = ('0.1')", "params.lr = true"):
    search(text)

c.part("tags")
for text in ("tags.team = 'moon'", "tag.team = 'moon'", "tags.`team` = 'moon'", 'tags."team" = "moon"',
             "tags.team != 'moon'", "tags.team ILIKE 'MOON'", "tags.team LIKE '%oo%'",
             "tags.team = 'ünï 🌙'", "tags.note = 'it''s \"quoted\"'", "tags.note = \"it's \\\"quoted\\\"\"",
             "tags.team IS NULL", "tags.team IS NOT NULL", "tags.mlflow.runName = 'alpha'",
             "tags.`mlflow.runName` = 'alpha'", 'tags."mlflow.runName" = \'alpha\'',
             "tags.`mlflow.runName` LIKE '%a'", "tags.none = 'x'", "tags.none IS NULL"):
    search(text)
for text in ("tags.team = moon", "tags.team = 5", "tags.team > 'moon'", "tags.team IN ('moon')",
             "tags = 'x'", "tagz.team = 'x'", "tags.team = 'moon' OR tags.team = 'sun'"):
    search(text)

c.part("attributes")
for text in ("attributes.status = 'FINISHED'", "attribute.status = 'FINISHED'",
             "attr.status = 'FINISHED'", "run.status = 'FINISHED'", "status = 'FINISHED'",
             "status != 'FINISHED'", "status LIKE 'F%'", "status ILIKE 'finished'", "status = 'finished'",
             "run_name = 'alpha'", "run_name LIKE '%lpha'", "run_name ILIKE 'alpha'",
             "`run name` = 'alpha'", '"run name" = \'alpha\'', "`Run name` = 'alpha'",
             "`Run Name` = 'alpha'", "attributes.`Run name` = 'alpha'", "run_id = '<run-1>'",
             "run_id != '<run-1>'", "run_id IN ('<run-1>', '<run-2>')", "run_id in ('<run-1>')",
             "run_id NOT IN ('<run-1>','<run-2>')", "run_id IN (\"<run-1>\")",
             "attributes.run_id IN ('<run-1>')", "run_id LIKE '%'", "start_time > 2000",
             "start_time >= 2000 AND start_time <= 3000", "start_time = 2000", "start_time != 2000",
             "attributes.start_time < 2000", "created > 2000", "Created > 2000",
             "attributes.created = 2000", "end_time > 2400", "end_time <= 2500", "start_time > 2000.5",
             "start_time > -1", "user_id = 'user1'", "artifact_uri LIKE '%artifacts'",
             "attributes.`status` = 'FINISHED'", "status = 'FINISHED' AND metrics.acc > 0.5 AND "
             "params.lr = '0.1' AND tags.team = 'moon'", "status = \"FINISHED\"",
             "  status = 'FINISHED'  ", "status\n=\n'FINISHED'", "status\t= 'FINISHED'",
             "start_time > 9223372036854775807"):
    search(text)
for text in ("status = FINISHED", "status = 5", "status > 'FINISHED'", "colour = 'x'",
             "attributes.colour = 'x'", "experiment_id = '1'", "attributes.experiment_id = '1'",
             "lifecycle_stage = 'active'", "status IN ('FINISHED')", "run_name IN ('alpha')",
             "start_time = '2000'", "start_time LIKE '2%'", "start_time IN (2000)", "start_time > x",
             "run_id IN ()", "run_id IN ('<run-1>'", "run_id IN '<run-1>'", "run_id IN (1, 2)",
             "run_id IN ('a', 5)", "run_id IN ('a' 'b')", "run_id IN ('a',)", "run_id IN (a)",
             "run_id NOT IN ()", "run_id IN (('a'))", "status IS NULL", "start_time IS NOT NULL",
             "end_time = null", "end_time > 9223372036854775808", "start_time > 1e3",
             "attributes.metrics.acc > 1", "foo.bar = 'x'", "foo.bar.baz = 'x'", "'status' = 'FINISHED'",
             "status = 'FINISHED' AND colour = 'x'", "run name = 'alpha'", "1 = 1", "'a' = 'a'",
             "status = status", "SELECT 1", "status = (SELECT 1)", "x", "=", "AND", "''", "()", "`",
             "'", '"', "status = 'x' -- c", "status /* c */ = 'FINISHED'", "status = 'F' UNION SELECT 1",
             "info.status = 'x'", "status = 'FINISHED' && run_name = 'alpha'", "status = 'a';"):
    search(text)
for text in (" ", "\n", ""):
    search(text, max_results=1)

c.part("datasets")
for text in ("dataset.name = 'craters'", "datasets.name = 'craters'", "dataset.digest = 'd1'",
             "dataset.context = 'train'", "dataset.name LIKE 'c%'", "dataset.name ILIKE 'C%'",
             "dataset.name != 'x'", "dataset.name IN ('craters', 'x')", "dataset.digest NOT IN ('d1')",
             "dataset.context IN ('train', 'test')", "dataset.`name` = 'craters'",
             "dataset.name = 'craters' AND dataset.context = 'test'", "dataset.name = 'x'"):
    search(text)
for text in ("dataset.colour = 'x'", "dataset.name > 'x'", "dataset.name = 5", "dataset.name = x",
             "dataset.name IS NULL", "dataset.source = 's'", "dataset = 'x'"):
    search(text)

c.part("order")
for order in (["metrics.acc"], ["metrics.acc ASC"], ["metrics.acc DESC"], ["metrics.loss ASC"],
              ["metrics.loss DESC"], ["metrics.`a b`"], ['metrics."a b" DESC'], ["params.lr"],
              ["params.lr DESC"], ["params.net ASC", "metrics.acc DESC"], ["tags.team"],
              ["tags.`team` DESC"], ["start_time"], ["start_time ASC"], ["attributes.start_time DESC"],
              ["attribute.start_time"], ["attr.start_time"], ["run.start_time"], ["created ASC"],
              ["end_time DESC"], ["status"], ["status DESC", "start_time ASC"], ["run_name"],
              ["`Run name`"], ["run_name desc"], ["metrics.none", "start_time"], ["artifact_uri ASC"],
              ["run_id"], ["attributes.run_name"], ["params.none DESC"], ["metrics.acc  DESC"],
              ["start_time asc"], ["dataset.name"], ["user_id", "start_time"], []):
    c.post("runs/search", {"experiment_ids": ["<experiment-1>"], "order_by": order},
           loose=["json.runs"] if order in (["run_id"], ["artifact_uri ASC"], ["dataset.name"])
           else None)
for order in (["colour"], ["attributes.colour"], ["metrics"], ["metrics."], ["start_time UP"],
              ["start_time ASC DESC"], [""], [" "], ["foo.bar"], ["ASC"], ["metrics.acc; DROP TABLE x"],
              ["metrics.acc, params.lr"], ["metrics.a b"], ["lifecycle_stage"], [5], "start_time",
              ["'start_time'"], ["metrics.acc > 1"], ["start_time --"], ["1"], ["(start_time)"],
              ["experiment_id"], [None], ["metrics.'acc'"]):
    c.post("runs/search", {"experiment_ids": ["<experiment-1>"], "order_by": order, "max_results": 2})

c.part("pages")
c.post("runs/search", {"experiment_ids": ["<experiment-1>"], "max_results": 2},
       save={"page-1": "next_page_token"})
c.post("runs/search", {"experiment_ids": ["<experiment-1>"], "max_results": 2,
                       "page_token": "<page-1>"}, save={"page-2": "next_page_token"})
c.post("runs/search", {"experiment_ids": ["<experiment-1>"], "max_results": 2,
                       "page_token": "<page-2>"})
c.post("runs/search", {"experiment_ids": ["<experiment-1>"], "max_results": 5})
c.post("runs/search", {"experiment_ids": ["<experiment-1>"], "max_results": 4,
                       "order_by": ["metrics.acc DESC"]}, save={"page-3": "next_page_token"})
c.post("runs/search", {"experiment_ids": ["<experiment-1>"], "max_results": 4,
                       "order_by": ["metrics.acc DESC"], "page_token": "<page-3>"})
for token in ("nonsense", "!!", "eyJ9", "e30=", 5, ""):
    c.post("runs/search", {"experiment_ids": ["<experiment-2>"], "page_token": token})
for n in (0, -1, 50000, 50001, "2", "x", 2.0, None):
    c.post("runs/search", {"experiment_ids": ["<experiment-2>"], "max_results": n})
