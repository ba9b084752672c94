"""What a team's Python code does with MLflow's client, against the server in MLFLOW_TRACKING_URI.

Knows nothing of which server answers: the same tests pass against MLflow's own.
"""

import json
import os
import pathlib
import tempfile
import time
import unittest
import uuid

import mlflow
from mlflow import MlflowClient, MlflowException
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType


def fresh(name):
    """A name that no other test and no earlier run of the tests uses."""
    return f"{name}-{uuid.uuid4().hex[:10]}"


class Tracked(unittest.TestCase):
    """Each test has its own experiment."""

    def setUp(self):
        self.client = MlflowClient()
        self.experiment = fresh(self._testMethodName)
        self.experiment_id = mlflow.set_experiment(self.experiment).experiment_id

    def tearDown(self):
        while mlflow.active_run():
            mlflow.end_run()

    def refused(self, code, text, call, *args, **more):
        """The call is refused with this code and with this text in its message."""
        with self.assertRaises(MlflowException) as caught:
            call(*args, **more)
        self.assertEqual(caught.exception.error_code, code)
        self.assertIn(text, str(caught.exception))


class Experiments(Tracked):
    def test_an_experiment_is_found_by_id_and_by_name(self):
        by_id = self.client.get_experiment(self.experiment_id)
        by_name = mlflow.get_experiment_by_name(self.experiment)
        self.assertEqual(by_id.name, self.experiment)
        self.assertEqual(by_name.experiment_id, self.experiment_id)
        self.assertEqual(by_id.lifecycle_stage, "active")
        self.assertLess(abs(by_id.creation_time - time.time() * 1000), 600_000)
        self.assertTrue(by_id.artifact_location)
        self.assertIsNone(mlflow.get_experiment_by_name("no such"))

    def test_names_are_given_once(self):
        self.refused("RESOURCE_ALREADY_EXISTS", "already exists", self.client.create_experiment,
                     self.experiment)

    def test_an_experiment_is_renamed_tagged_deleted_and_restored(self):
        new_name = fresh("renamed")
        self.client.rename_experiment(self.experiment_id, new_name)
        self.client.set_experiment_tag(self.experiment_id, "team", "moon")
        self.client.set_experiment_tag(self.experiment_id, "gone", "soon")
        self.client.delete_experiment_tag(self.experiment_id, "gone")
        self.client.delete_experiment(self.experiment_id)
        deleted = self.client.get_experiment(self.experiment_id)
        self.assertEqual((deleted.name, deleted.lifecycle_stage), (new_name, "deleted"))
        self.assertEqual({k: v for k, v in deleted.tags.items() if not k.startswith("mlflow.")}, {"team": "moon"})
        self.client.restore_experiment(self.experiment_id)
        self.assertEqual(self.client.get_experiment(self.experiment_id).lifecycle_stage, "active")

    def test_a_run_in_a_deleted_experiment_is_refused(self):
        self.client.delete_experiment(self.experiment_id)
        self.refused("INVALID_PARAMETER_VALUE", "active", self.client.create_run, self.experiment_id)

    def test_one_that_is_not_there_is_said_so(self):
        self.refused("RESOURCE_DOES_NOT_EXIST", "No Experiment with id=99999999 exists",
                     self.client.get_experiment, "99999999")

    def test_experiments_are_searched_in_pages(self):
        mark = fresh("mark")
        names = [f"{mark}-{i}" for i in range(5)]
        for name in names:
            self.client.create_experiment(name, tags={"mark": mark})
        found = mlflow.search_experiments(filter_string=f"tags.mark = '{mark}'",
                                          order_by=["name ASC"])
        self.assertEqual([e.name for e in found], names)
        page = self.client.search_experiments(max_results=2, filter_string=f"name LIKE '{mark}%'")
        self.assertEqual([e.name for e in page], names[:-3:-1])
        rest = self.client.search_experiments(max_results=5, filter_string=f"name LIKE '{mark}%'",
                                              page_token=page.token)
        self.assertEqual([e.name for e in rest], names[2::-1])
        self.assertFalse(rest.token)

    def test_deleted_experiments_are_found_when_asked_for(self):
        self.client.delete_experiment(self.experiment_id)
        text = f"name = '{self.experiment}'"
        self.assertEqual(len(self.client.search_experiments(filter_string=text)), 0)
        for view in (ViewType.DELETED_ONLY, ViewType.ALL):
            self.assertEqual(len(self.client.search_experiments(view, filter_string=text)), 1)


class Runs(Tracked):
    def test_a_run_keeps_what_was_logged(self):
        with mlflow.start_run(run_name="first", description="a *note*", tags={"given": "yes"}) as run:
            mlflow.log_param("lr", 0.1)
            mlflow.log_params({"net": "cnn", "layers": 3})
            for step in range(3):
                mlflow.log_metric("loss", 1 / (step + 1), step=step)
            mlflow.log_metrics({"acc": 0.5, "f1": 0.25}, step=7)
            mlflow.set_tag("team", "moon")
            mlflow.set_tags({"a": 1, "b": "two"})
        run = mlflow.get_run(run.info.run_id)
        self.assertEqual(run.info.run_name, "first")
        self.assertEqual(run.info.status, "FINISHED")
        self.assertEqual(run.info.experiment_id, self.experiment_id)
        self.assertGreaterEqual(run.info.end_time, run.info.start_time)
        self.assertEqual(run.data.params, {"lr": "0.1", "net": "cnn", "layers": "3"})
        self.assertEqual(run.data.metrics, {"loss": 1 / 3, "acc": 0.5, "f1": 0.25})
        for key, value in {"team": "moon", "a": "1", "b": "two", "given": "yes",
                           "mlflow.runName": "first", "mlflow.note.content": "a *note*"}.items():
            self.assertEqual(run.data.tags[key], value)

    def test_a_run_that_raised_is_failed(self):
        with self.assertRaises(ZeroDivisionError), mlflow.start_run() as run:
            _ = 1 / 0
        self.assertEqual(mlflow.get_run(run.info.run_id).info.status, "FAILED")

    def test_runs_nest(self):
        with mlflow.start_run() as parent:
            with mlflow.start_run(nested=True) as child:
                mlflow.log_metric("m", 1)
        found = mlflow.search_runs([self.experiment_id], output_format="list", filter_string=
                                   f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
        self.assertEqual([run.info.run_id for run in found], [child.info.run_id])
        self.assertEqual(mlflow.get_parent_run(child.info.run_id).info.run_id, parent.info.run_id)

    def test_a_run_is_taken_up_again(self):
        with mlflow.start_run() as run:
            mlflow.log_metric("m", 1, step=0)
        with mlflow.start_run(run_id=run.info.run_id):
            self.assertEqual(mlflow.get_run(run.info.run_id).info.status, "RUNNING")
            mlflow.log_metric("m", 2, step=1)
        self.assertEqual(mlflow.get_run(run.info.run_id).data.metrics["m"], 2)

    def test_params_do_not_change(self):
        with mlflow.start_run():
            mlflow.log_param("lr", 1)
            mlflow.log_param("lr", 1)
            self.refused("INVALID_PARAMETER_VALUE", "Changing param values is not allowed",
                         mlflow.log_param, "lr", 2)

    def test_metrics_may_be_nan_or_infinite(self):
        with mlflow.start_run() as run:
            mlflow.log_metrics({"nan": float("nan"), "inf": float("inf"), "ninf": float("-inf")})
        metrics = mlflow.get_run(run.info.run_id).data.metrics
        self.assertNotEqual(metrics["nan"], metrics["nan"])
        self.assertGreater(metrics["inf"], 1e300)
        self.assertLess(metrics["ninf"], -1e300)

    def test_names_with_slashes_spaces_and_letters_of_any_script(self):
        with mlflow.start_run() as run:
            mlflow.log_metric("val/loss at 1", 1)
            mlflow.log_param("größe", "日本 🌙")
        data = mlflow.get_run(run.info.run_id).data
        self.assertEqual(data.metrics, {"val/loss at 1": 1})
        self.assertEqual(data.params, {"größe": "日本 🌙"})

    def test_names_that_lead_elsewhere_are_refused(self):
        with mlflow.start_run() as run:
            for name in ("../a", "/a", "a//b", "."):
                self.refused("INVALID_PARAMETER_VALUE", "Names may be treated as files",
                             self.client.log_metric, run.info.run_id, name, 1)
            self.refused("INVALID_PARAMETER_VALUE", "Names may only contain alphanumerics",
                         self.client.log_metric, run.info.run_id, "a$", 1)

    def test_a_run_is_deleted_and_restored(self):
        run_id = self.client.create_run(self.experiment_id).info.run_id
        self.client.delete_run(run_id)
        self.assertEqual(self.client.get_run(run_id).info.lifecycle_stage, "deleted")
        self.assertEqual(len(self.client.search_runs([self.experiment_id])), 0)
        deleted = self.client.search_runs([self.experiment_id], run_view_type=ViewType.DELETED_ONLY)
        self.assertEqual([run.info.run_id for run in deleted], [run_id])
        self.refused("INVALID_PARAMETER_VALUE", "must be in the 'active' state",
                     self.client.log_metric, run_id, "m", 1)
        self.client.restore_run(run_id)
        self.client.log_metric(run_id, "m", 1)
        self.assertEqual(len(self.client.search_runs([self.experiment_id])), 1)

    def test_the_client_does_each_thing_by_id(self):
        run = self.client.create_run(self.experiment_id, start_time=123, tags={"a": "b"},
                                     run_name="by client")
        run_id = run.info.run_id
        self.assertEqual((run.info.start_time, run.info.run_name), (123, "by client"))
        self.client.log_param(run_id, "p", "v")
        self.client.log_metric(run_id, "m", 0.5, timestamp=7, step=3)
        self.client.set_tag(run_id, "t", "1")
        self.client.delete_tag(run_id, "t")
        self.refused("RESOURCE_DOES_NOT_EXIST", "No tag with name: t", self.client.delete_tag, run_id, "t")
        self.client.update_run(run_id, status="KILLED", name="renamed")
        found = self.client.get_run(run_id)
        self.assertEqual((found.info.status, found.info.run_name), ("KILLED", "renamed"))
        self.client.set_terminated(run_id, status="FINISHED", end_time=456)
        found = self.client.get_run(run_id)
        self.assertEqual((found.info.status, found.info.end_time), ("FINISHED", 456))
        self.assertNotIn("t", found.data.tags)

    def test_a_run_that_is_not_there_is_said_so(self):
        self.refused("RESOURCE_DOES_NOT_EXIST", f"Run with id={'0' * 32} not found",
                     self.client.get_run, "0" * 32)

    def test_a_batch_holds_a_thousand_metrics_and_the_client_splits_more(self):
        run_id = self.client.create_run(self.experiment_id).info.run_id
        self.client.log_batch(
            run_id, [Metric(f"m{i}", i, 1, 0) for i in range(800)],
            [Param(f"p{i}", str(i)) for i in range(100)], [RunTag(f"t{i}", str(i)) for i in range(100)])
        data = self.client.get_run(run_id).data
        self.assertEqual((len(data.metrics), len(data.params)), (800, 100))
        unsplit = self.client._tracking_client.store.log_batch
        self.refused("INVALID_PARAMETER_VALUE", "A batch logging request can contain at most 1000 metrics",
                     unsplit, run_id, [Metric(f"n{i}", i, 1, 0) for i in range(1001)], [], [])
        self.refused("INVALID_PARAMETER_VALUE", "A batch logging request can contain at most 100 params",
                     unsplit, run_id, [], [Param(f"q{i}", "1") for i in range(101)], [])
        with mlflow.start_run(run_id=run_id):
            mlflow.log_params({f"many{i}": i for i in range(250)})
        self.assertEqual(len(self.client.get_run(run_id).data.params), 350)

    def test_long_values_have_their_limits(self):
        run_id = self.client.create_run(self.experiment_id).info.run_id
        self.client.set_tag(run_id, "long", "v" * 8000)
        self.assertEqual(len(self.client.get_run(run_id).data.tags["long"]), 8000)
        self.refused("INVALID_PARAMETER_VALUE", "exceeds the maximum length", self.client.set_tag, run_id,
                     "k" * 251, "v")

    def test_asynchronous_logging_arrives(self):
        with mlflow.start_run() as run:
            for i in range(50):
                mlflow.log_metric("m", i, step=i, synchronous=False)
            mlflow.log_param("p", 1, synchronous=False)
        mlflow.flush_async_logging()
        self.assertEqual(len(self.client.get_metric_history(run.info.run_id, "m")), 50)
        self.assertEqual(mlflow.get_run(run.info.run_id).data.params, {"p": "1"})


class Histories(Tracked):
    def test_each_point_is_kept_in_order(self):
        run_id = self.client.create_run(self.experiment_id).info.run_id
        for step, value in enumerate((3.0, 1.0, 2.0)):
            self.client.log_metric(run_id, "m", value, timestamp=100 + step, step=step)
        history = self.client.get_metric_history(run_id, "m")
        self.assertEqual([(p.step, p.timestamp, p.value) for p in history],
                         [(0, 100, 3.0), (1, 101, 1.0), (2, 102, 2.0)])
        self.assertEqual(self.client.get_run(run_id).data.metrics["m"], 2.0)
        self.assertEqual(list(self.client.get_metric_history(run_id, "other")), [])

    def test_a_long_history_comes_in_pages(self):
        run_id = self.client.create_run(self.experiment_id).info.run_id
        for start in range(0, 3000, 1000):
            self.client.log_batch(run_id, [Metric("m", i, i, i) for i in range(start, start + 1000)])
        store = self.client._tracking_client.store
        page = store.get_metric_history(run_id, "m", max_results=1200)
        self.assertEqual((len(page), page[0].step), (1200, 0))
        rest = store.get_metric_history(run_id, "m", max_results=2000, page_token=page.token)
        self.assertEqual((rest[0].step, rest[-1].step), (1200, 2999))
        self.assertEqual(len(self.client.get_metric_history(run_id, "m")), 3000)


class Searches(Tracked):
    def setUp(self):
        super().setUp()
        self.ids = []
        for i in range(6):
            run = self.client.create_run(self.experiment_id, start_time=1000 + i, run_name=f"run {i}",
                                         tags={"parity": "odd" if i % 2 else "even"})
            self.client.log_batch(run.info.run_id, [Metric("acc", i / 10, 1, 0)],
                                  [Param("lr", str(10 ** -i)), Param("kind", "Cnn" if i < 3 else "rnn")])
            self.ids.append(run.info.run_id)

    def found(self, text, order_by=("attributes.start_time ASC",)):
        runs = self.client.search_runs([self.experiment_id], text, order_by=list(order_by))
        return [self.ids.index(run.info.run_id) for run in runs]

    def test_each_kind_of_key(self):
        self.assertEqual(self.found("metrics.acc >= 0.3"), [3, 4, 5])
        self.assertEqual(self.found("params.kind = 'rnn' and metrics.acc < 0.5"), [3, 4])
        self.assertEqual(self.found("params.kind ILIKE 'c%'"), [0, 1, 2])
        self.assertEqual(self.found("tags.parity = 'odd' AND params.kind LIKE 'r%'"), [3, 5])
        self.assertEqual(self.found("attributes.start_time > 1003"), [4, 5])
        self.assertEqual(self.found("run_name = 'run 2'"), [2])
        self.assertEqual(self.found("tags.`mlflow.runName` = 'run 2'"), [2])
        self.assertEqual(self.found(f"run_id IN ('{self.ids[0]}', '{self.ids[4]}')"), [0, 4])
        self.assertEqual(self.found("status = 'RUNNING' AND params.none IS NULL"), [0, 1, 2, 3, 4, 5])

    def test_order(self):
        self.assertEqual(self.found("", ["metrics.acc DESC"]), [5, 4, 3, 2, 1, 0])
        self.assertEqual(self.found("", ["params.kind ASC", "start_time DESC"]), [2, 1, 0, 5, 4, 3])
        self.assertEqual(self.found("", ["tags.parity DESC", "metrics.acc ASC"]), [1, 3, 5, 0, 2, 4])

    def test_pages(self):
        page = self.client.search_runs([self.experiment_id], max_results=4, order_by=["start_time ASC"])
        rest = self.client.search_runs([self.experiment_id], max_results=4, order_by=["start_time ASC"],
                                       page_token=page.token)
        self.assertEqual([run.info.run_id for run in [*page, *rest]], self.ids)
        self.assertFalse(rest.token)

    def test_wrong_filters_are_refused(self):
        self.refused("INVALID_PARAMETER_VALUE", "Invalid clause(s) in filter string",
                     self.found, "metrics.acc > 1 OR metrics.acc < 0")
        self.refused("INVALID_PARAMETER_VALUE", "Invalid attribute key 'colour' specified",
                     self.found, "colour = 'red'")
        self.refused("INVALID_PARAMETER_VALUE", "Invalid entity type 'foo'", self.found, "foo.bar = 'x'")
        self.refused("INVALID_PARAMETER_VALUE", "Invalid comparator", self.found, "params.kind > 'a'")

    def test_a_frame_of_pandas(self):
        frame = mlflow.search_runs([self.experiment_id], "params.kind = 'rnn'", order_by=["start_time ASC"])
        self.assertEqual(list(frame["run_id"]), self.ids[3:])
        self.assertEqual(list(frame["metrics.acc"]), [0.3, 0.4, 0.5])
        self.assertEqual(list(frame["tags.parity"]), ["odd", "even", "odd"])
        by_name = mlflow.search_runs(experiment_names=[self.experiment])
        self.assertEqual(len(by_name), 6)
        everywhere = mlflow.search_runs(search_all_experiments=True, output_format="list",
                                        filter_string=f"run_id = '{self.ids[0]}'")
        self.assertEqual(len(everywhere), 1)


class Artifacts(Tracked):
    def test_files_texts_and_figures_come_back(self):
        with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "data.bin"
            path.write_bytes(bytes(range(256)) * 100)
            (pathlib.Path(folder) / "sub").mkdir()
            (pathlib.Path(folder) / "sub" / "deep.txt").write_text("deep")
            mlflow.log_artifact(str(path))
            mlflow.log_artifact(str(path), "models")
            mlflow.log_artifacts(folder, "all")
            mlflow.log_text("<b>ü</b>", "notes/page.html")
            mlflow.log_dict({"a": [1, 2]}, "conf.json")
            mlflow.log_dict({"a": [1, 2]}, "conf.yaml")
            mlflow.log_table({"x": [1, 2], "y": ["a", "b"]}, "table.json")
            mlflow.log_table({"x": [3], "y": ["c"]}, "table.json")
        run_id = run.info.run_id
        top = {f.path: (f.is_dir, f.file_size) for f in self.client.list_artifacts(run_id)}
        self.assertEqual(top["data.bin"], (False, 25600))
        self.assertEqual(top["notes"][0], True)
        self.assertEqual([f.path for f in self.client.list_artifacts(run_id, "all/sub")],
                         ["all/sub/deep.txt"])
        self.assertEqual(self.client.list_artifacts(run_id, "none"), [])
        uri = mlflow.get_run(run_id).info.artifact_uri
        self.assertEqual(mlflow.artifacts.load_text(f"{uri}/notes/page.html"), "<b>ü</b>")
        self.assertEqual(mlflow.artifacts.load_dict(f"{uri}/conf.json"), {"a": [1, 2]})
        self.assertEqual(list(mlflow.load_table("table.json", run_ids=[run_id])["x"]), [1, 2, 3])
        with tempfile.TemporaryDirectory() as folder:
            mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=folder)
            self.assertEqual((pathlib.Path(folder) / "models" / "data.bin").read_bytes(),
                             bytes(range(256)) * 100)
            self.assertEqual((pathlib.Path(folder) / "all" / "sub" / "deep.txt").read_text(), "deep")
            one = self.client.download_artifacts(run_id, "all/sub", folder)
            self.assertEqual(os.listdir(one), ["deep.txt"])
        found = mlflow.artifacts.list_artifacts(run_id=run_id, artifact_path="all")
        self.assertEqual([f.path for f in found], ["all/data.bin", "all/sub"])

    def test_a_file_that_is_not_there_is_said_so(self):
        run_id = self.client.create_run(self.experiment_id).info.run_id
        with self.assertRaises(Exception), tempfile.TemporaryDirectory() as folder:
            self.client.download_artifacts(run_id, "none.txt", folder)

    def test_artifacts_are_deleted(self):
        run_id = self.client.create_run(self.experiment_id).info.run_id
        self.client.log_text(run_id, "one", "a/one.txt")
        self.client.log_text(run_id, "two", "a/two.txt")
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
        repository = get_artifact_repository(self.client.get_run(run_id).info.artifact_uri)
        repository.delete_artifacts("a/one.txt")
        self.assertEqual([f.path for f in self.client.list_artifacts(run_id, "a")], ["a/two.txt"])
        repository.delete_artifacts("a")
        self.assertEqual(self.client.list_artifacts(run_id), [])

    def test_figures_and_images(self):
        import matplotlib
        matplotlib.use("agg")
        import matplotlib.pyplot
        import numpy
        figure, axes = matplotlib.pyplot.subplots()
        axes.plot([0, 1], [1, 0])
        with mlflow.start_run() as run:
            mlflow.log_figure(figure, "plots/line.png")
            mlflow.log_image(numpy.zeros((8, 8, 3), dtype=numpy.uint8), "black.png")
            mlflow.log_image(numpy.zeros((8, 8), dtype=numpy.uint8), key="frame", step=3)
        matplotlib.pyplot.close(figure)
        run_id = run.info.run_id
        with tempfile.TemporaryDirectory() as folder:
            for path in ("plots/line.png", "black.png"):
                data = pathlib.Path(self.client.download_artifacts(run_id, path, folder)).read_bytes()
                self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        frames = [f.path for f in self.client.list_artifacts(run_id, "images")]
        self.assertTrue(any("frame" in path and path.endswith(".png") for path in frames), frames)

    def test_the_client_logs_artifacts_by_run_id(self):
        run_id = self.client.create_run(self.experiment_id).info.run_id
        with tempfile.TemporaryDirectory() as folder:
            for name in ("a b.txt", "größe.txt", "100%.txt", "a+b&c=d.txt"):
                (pathlib.Path(folder) / name).write_text(name)
            self.client.log_artifacts(run_id, folder, "odd names")
            self.client.log_artifact(run_id, f"{folder}/a b.txt")
            back = self.client.download_artifacts(run_id, "odd names", folder)
            found = {path.name: path.read_text() for path in pathlib.Path(back).iterdir()}
        self.assertEqual(found, {name: name for name in
                                 ("a b.txt", "größe.txt", "100%.txt", "a+b&c=d.txt")})

    def test_a_large_file(self):
        with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "large.bin"
            data = os.urandom(1 << 20) * 12
            path.write_bytes(data)
            mlflow.log_artifact(str(path))
            back = self.client.download_artifacts(run.info.run_id, "large.bin", folder + "/.")
            self.assertEqual(pathlib.Path(back).read_bytes(), data)


class Inputs(Tracked):
    def test_datasets_are_kept_with_a_run(self):
        import pandas
        data = mlflow.data.from_pandas(pandas.DataFrame({"x": [1, 2], "y": [0.5, 1.5]}), name="craters")
        with mlflow.start_run() as run:
            mlflow.log_input(data, context="training", tags={"part": "all"})
            mlflow.log_input(data, context="training")
        inputs = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
        self.assertEqual([i.dataset.name for i in inputs], ["craters"])
        self.assertEqual({tag.key: tag.value for tag in inputs[0].tags},
                         {"mlflow.data.context": "training", "part": "all"})
        self.assertEqual(json.loads(inputs[0].dataset.profile)["num_rows"], 2)
        found = self.client.search_runs([self.experiment_id], "dataset.name = 'craters'")
        self.assertEqual(len(found), 1)
        self.assertEqual(len(self.client.search_runs([self.experiment_id], "dataset.context = 'test'")), 0)

    def test_a_dataset_by_the_client(self):
        run_id = self.client.create_run(self.experiment_id).info.run_id
        self.client.log_inputs(run_id, [DatasetInput(Dataset("d", "1", "local", "{}"),
                                                     [InputTag("k", "v")])])
        (found,) = self.client.get_run(run_id).inputs.dataset_inputs
        self.assertEqual((found.dataset.name, found.dataset.digest, found.tags[0].key), ("d", "1", "k"))


class Registry(Tracked):
    def setUp(self):
        super().setUp()
        self.name = fresh("model")
        self.client.create_registered_model(self.name, tags={"team": "moon"}, description="what it is")
        self.run = self.client.create_run(self.experiment_id)
        self.client.log_text(self.run.info.run_id, "{}", "model/MLmodel")
        self.source = f"{self.run.info.artifact_uri}/model"

    def version(self, **more):
        return self.client.create_model_version(self.name, self.source, self.run.info.run_id, **more)

    def test_a_model_is_read_updated_renamed_and_deleted(self):
        model = self.client.get_registered_model(self.name)
        self.assertEqual((model.description, model.tags), ("what it is", {"team": "moon"}))
        self.assertEqual(self.client.update_registered_model(self.name, "new").description, "new")
        self.client.set_registered_model_tag(self.name, "k", "v")
        self.client.delete_registered_model_tag(self.name, "team")
        self.version()
        new_name = fresh("renamed")
        self.client.rename_registered_model(self.name, new_name)
        self.assertEqual(self.client.get_registered_model(new_name).tags, {"k": "v"})
        self.assertEqual(self.client.get_model_version(new_name, "1").name, new_name)
        self.client.delete_registered_model(new_name)
        self.refused("RESOURCE_DOES_NOT_EXIST", f"Registered Model with name={new_name} not found",
                     self.client.get_registered_model, new_name)

    def test_names_are_given_once(self):
        self.refused("RESOURCE_ALREADY_EXISTS", f"Registered Model (name={self.name}) already exists",
                     self.client.create_registered_model, self.name)
        self.refused("INVALID_PARAMETER_VALUE", "Names cannot contain '/' or ':'",
                     self.client.create_registered_model, "a/b")

    def test_versions_count_from_one(self):
        first, second = self.version(description="first", tags={"a": "1"}), self.version()
        self.assertEqual((str(first.version), str(second.version)), ("1", "2"))
        found = self.client.get_model_version(self.name, "1")
        self.assertEqual((found.description, found.tags, found.run_id, found.status),
                         ("first", {"a": "1"}, self.run.info.run_id, "READY"))
        self.assertEqual(self.client.get_model_version_download_uri(self.name, "1"), self.source)
        self.client.update_model_version(self.name, "1", "newer")
        self.client.set_model_version_tag(self.name, "1", "b", "2")
        self.client.delete_model_version_tag(self.name, "1", "a")
        found = self.client.get_model_version(self.name, "1")
        self.assertEqual((found.description, found.tags), ("newer", {"b": "2"}))
        self.client.delete_model_version(self.name, "1")
        self.refused("RESOURCE_DOES_NOT_EXIST", f"Model Version (name={self.name}, version=1) not found",
                     self.client.get_model_version, self.name, "1")
        self.assertEqual(str(self.version().version), "3")

    def test_aliases_move(self):
        self.version(), self.version()
        self.client.set_registered_model_alias(self.name, "champion", "1")
        self.assertEqual(str(self.client.get_model_version_by_alias(self.name, "champion").version), "1")
        self.client.set_registered_model_alias(self.name, "champion", "2")
        self.assertEqual(str(self.client.get_model_version_by_alias(self.name, "champion").version), "2")
        self.assertEqual({k: str(v) for k, v in self.client.get_registered_model(self.name).aliases.items()},
                         {"champion": "2"})
        self.assertEqual(self.client.get_model_version(self.name, "2").aliases, ["champion"])
        self.client.delete_registered_model_alias(self.name, "champion")
        self.refused("INVALID_PARAMETER_VALUE", "Registered model alias champion not found.",
                     self.client.get_model_version_by_alias, self.name, "champion")
        self.refused("INVALID_PARAMETER_VALUE", "'latest' alias name (case insensitive) is reserved",
                     self.client.set_registered_model_alias, self.name, "latest", "1")

    def test_stages(self):
        self.version(), self.version()
        self.client.transition_model_version_stage(self.name, "1", "Staging")
        self.client.transition_model_version_stage(self.name, "2", "Staging",
                                                   archive_existing_versions=True)
        self.assertEqual(self.client.get_model_version(self.name, "1").current_stage, "Archived")
        latest = self.client.get_latest_versions(self.name, ["Staging"])
        self.assertEqual([str(version.version) for version in latest], ["2"])

    def test_models_and_versions_are_searched(self):
        self.version(tags={"q": "good"}), self.version(tags={"q": "bad"}), self.version()
        found = self.client.search_registered_models(f"name = '{self.name}'")
        self.assertEqual([model.name for model in found], [self.name])
        found = mlflow.search_registered_models(filter_string=f"name ILIKE '{self.name.upper()}' AND "
                                                "tags.team = 'moon'")
        self.assertEqual(len(found), 1)
        found = self.client.search_model_versions(f"name = '{self.name}'", order_by=["version_number ASC"])
        self.assertEqual([str(v.version) for v in found], ["1", "2", "3"])
        found = mlflow.search_model_versions(filter_string=f"name = '{self.name}' AND tags.q = 'good'")
        self.assertEqual([str(v.version) for v in found], ["1"])
        page = self.client.search_model_versions(f"run_id = '{self.run.info.run_id}'", max_results=2)
        self.assertEqual(len(page), 2)
        rest = self.client.search_model_versions(f"run_id = '{self.run.info.run_id}'", max_results=2,
                                                 page_token=page.token)
        self.assertEqual((len(rest), rest.token or ""), (1, ""))

    def test_a_version_is_copied(self):
        self.version()
        copy = self.client.copy_model_version(f"models:/{self.name}/1", fresh("copy"))
        self.assertEqual(self.client.get_model_version_download_uri(copy.name, copy.version), self.source)

    def test_a_source_outside_of_the_store_is_refused(self):
        self.refused("INVALID_PARAMETER_VALUE", "Invalid model version source",
                     self.client.create_model_version, self.name, "/etc/passwd")
        self.refused("INVALID_PARAMETER_VALUE", "Invalid model version source",
                     self.client.create_model_version, self.name, "mlflow-artifacts:/a/../../../etc")


class Prompts(Tracked):
    def test_a_prompt_has_versions_and_aliases(self):
        name = fresh("greeting")
        first = mlflow.genai.register_prompt(name, "Hello {{who}}", commit_message="first",
                                             tags={"tone": "kind"})
        second = mlflow.genai.register_prompt(name, "Hi {{who}}")
        self.assertEqual((first.version, second.version), (1, 2))
        self.assertEqual(mlflow.genai.load_prompt(f"prompts:/{name}/1").format(who="moon"), "Hello moon")
        mlflow.genai.set_prompt_alias(name, "production", 2)
        self.assertEqual(mlflow.genai.load_prompt(f"prompts:/{name}@production").version, 2)
        found = mlflow.genai.search_prompts(filter_string=f"name = '{name}'")
        self.assertEqual([prompt.name for prompt in found], [name])
        self.assertEqual(len(self.client.search_registered_models(f"name = '{name}'")), 0)
        mlflow.genai.delete_prompt_alias(name, "production")


class LoggedModels(Tracked):
    def test_a_logged_model_is_made_found_and_deleted(self):
        name = fresh("net")[:20].replace(".", "-")
        model = mlflow.initialize_logged_model(name, tags={"team": "moon"}, params={"lr": "0.1"},
                                               model_type="agent")
        self.assertEqual(str(model.status), "PENDING")
        mlflow.finalize_logged_model(model.model_id, "READY")
        mlflow.set_logged_model_tags(model.model_id, {"more": "1"})
        mlflow.delete_logged_model_tag(model.model_id, "team")
        mlflow.log_model_params({"depth": "3"}, model.model_id)
        with mlflow.start_run():
            mlflow.log_metric("acc", 0.9, model_id=model.model_id)
        found = mlflow.get_logged_model(model.model_id)
        self.assertEqual((found.name, str(found.status), found.tags.get("more")), (name, "READY", "1"))
        self.assertNotIn("team", found.tags)
        self.assertEqual(found.params, {"lr": "0.1", "depth": "3"})
        self.assertEqual([(m.key, m.value) for m in found.metrics], [("acc", 0.9)])
        found = mlflow.search_logged_models([self.experiment_id], "metrics.acc > 0.5", output_format="list")
        self.assertEqual([one.model_id for one in found], [model.model_id])
        self.assertEqual(mlflow.search_logged_models([self.experiment_id], f"name = '{name}x'",
                                                     output_format="list"), [])
        self.client.delete_logged_model(model.model_id)
        self.refused("RESOURCE_DOES_NOT_EXIST", "not found", mlflow.get_logged_model, model.model_id)


class ScikitLearn(Tracked):
    def test_autologging_of_a_fit_keeps_the_model_and_loads_it_back(self):
        from sklearn.datasets import load_iris
        from sklearn.linear_model import LogisticRegression
        x, y = load_iris(return_X_y=True)
        mlflow.sklearn.autolog()
        try:
            with mlflow.start_run() as run:
                fitted = LogisticRegression(max_iter=200, C=0.5).fit(x, y)
        finally:
            mlflow.sklearn.autolog(disable=True)
        data = mlflow.get_run(run.info.run_id).data
        self.assertEqual(data.params["C"], "0.5")
        self.assertGreater(data.metrics["training_accuracy_score"], 0.9)
        (model,) = mlflow.search_logged_models([self.experiment_id], output_format="list")
        self.assertEqual((str(model.status), model.source_run_id), ("READY", run.info.run_id))
        loaded = mlflow.sklearn.load_model(f"models:/{model.model_id}")
        self.assertEqual(list(loaded.predict(x)), list(fitted.predict(x)))
        outputs = mlflow.get_run(run.info.run_id).outputs
        self.assertEqual([output.model_id for output in outputs.model_outputs], [model.model_id])
        inputs = mlflow.get_run(run.info.run_id).inputs
        self.assertEqual(len(inputs.dataset_inputs), 1)

    def test_a_model_is_logged_registered_and_loaded_by_alias(self):
        from sklearn.dummy import DummyRegressor
        name = fresh("dummy")
        with mlflow.start_run():
            fitted = DummyRegressor(strategy="constant", constant=7.0).fit([[0.0]], [1.0])
            logged = mlflow.sklearn.log_model(fitted, name="dummy", registered_model_name=name,
                                              input_example=[[1.0]])
        self.client.set_registered_model_alias(name, "champion", "1")
        for uri in (logged.model_uri, f"models:/{name}/1", f"models:/{name}@champion",
                    f"models:/{name}/latest"):
            self.assertEqual(list(mlflow.pyfunc.load_model(uri).predict([[0.0], [1.0]])), [7.0, 7.0])
        again = mlflow.register_model(logged.model_uri, name)
        self.assertEqual(str(again.version), "2")


class Traces(Tracked):
    def test_spans_are_kept_and_found(self):
        @mlflow.trace(name="predict", attributes={"kind": "test"})
        def predict(x):
            with mlflow.start_span("inner") as span:
                span.set_inputs({"x": x})
                span.set_outputs({"y": x + 1})
            mlflow.update_current_trace(tags={"team": "moon"})
            return x + 1
        self.assertEqual(predict(1), 2)
        mlflow.flush_trace_async_logging()
        trace_id = mlflow.get_last_active_trace_id()
        trace = mlflow.get_trace(trace_id)
        self.assertEqual(sorted(span.name for span in trace.data.spans), ["inner", "predict"])
        self.assertEqual((str(trace.info.state), trace.info.tags["team"]), ("OK", "moon"))
        found = mlflow.search_traces(locations=[self.experiment_id], return_type="list")
        self.assertEqual([one.info.trace_id for one in found], [trace_id])
        mlflow.set_trace_tag(trace_id, "later", "1")
        self.assertEqual(mlflow.get_trace(trace_id).info.tags["later"], "1")
        mlflow.delete_trace_tag(trace_id, "later")
        self.assertEqual(self.client.delete_traces(self.experiment_id, trace_ids=[trace_id]), 1)

    def test_a_trace_belongs_to_its_run(self):
        with mlflow.start_run() as run, mlflow.start_span("work"):
            pass
        mlflow.flush_trace_async_logging()
        found = mlflow.search_traces(locations=[self.experiment_id], run_id=run.info.run_id,
                                     return_type="list")
        self.assertEqual(len(found), 1)

    def test_traces_are_searched_by_tag_and_state(self):
        for name in ("first", "second"):
            with mlflow.start_span(name):
                mlflow.update_current_trace(tags={"name": name})
        mlflow.flush_trace_async_logging()
        found = mlflow.search_traces(locations=[self.experiment_id], return_type="list",
                                     filter_string="tags.name = 'second' AND trace.status = 'OK'")
        self.assertEqual([trace.data.spans[0].name for trace in found], ["second"])

    def test_a_trace_that_raised_is_an_error(self):
        @mlflow.trace
        def broken():
            raise ValueError("on purpose")
        with self.assertRaises(ValueError):
            broken()
        mlflow.flush_trace_async_logging()
        trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
        self.assertEqual(str(trace.info.state), "ERROR")


if __name__ == "__main__":
    unittest.main()
