"""A session of `mlflow-skinny` alone, the client that most training code installs."""

import importlib.util
import pathlib
import tempfile
import unittest
import uuid

import mlflow
from mlflow import MlflowClient, MlflowException


class Session(unittest.TestCase):
    def setUp(self):
        self.client = MlflowClient()
        self.name = f"{self._testMethodName}-{uuid.uuid4().hex[:10]}"
        self.experiment_id = mlflow.set_experiment(self.name).experiment_id

    def test_it_is_skinny(self):
        for heavy in ("flask", "sqlalchemy", "sklearn", "pandas", "numpy"):
            self.assertIsNone(importlib.util.find_spec(heavy), heavy)

    def test_a_run_with_everything(self):
        with mlflow.start_run(run_name="skinny") as run, tempfile.TemporaryDirectory() as folder:
            mlflow.log_params({"lr": 0.1, "net": "cnn"})
            for step in range(5):
                mlflow.log_metrics({"loss": 1 / (step + 1), "acc": step / 5}, step=step)
            mlflow.set_tag("team", "moon")
            (pathlib.Path(folder) / "a.txt").write_text("hello")
            mlflow.log_artifact(f"{folder}/a.txt", "files")
            mlflow.log_text("text", "t.txt")
            mlflow.log_dict({"a": 1}, "d.json")
        run_id = run.info.run_id
        run = mlflow.get_run(run_id)
        self.assertEqual((run.info.status, run.data.metrics), ("FINISHED", {"loss": 0.2, "acc": 0.8}))
        self.assertEqual(len(self.client.get_metric_history(run_id, "loss")), 5)
        self.assertEqual([f.path for f in self.client.list_artifacts(run_id)], ["d.json", "files", "t.txt"])
        with tempfile.TemporaryDirectory() as folder:
            path = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="files/a.txt",
                                                       dst_path=folder)
            self.assertEqual(pathlib.Path(path).read_text(), "hello")
        found = self.client.search_runs([self.experiment_id], "metrics.loss < 0.5 AND tags.team = 'moon'",
                                        order_by=["metrics.acc DESC"])
        self.assertEqual([one.info.run_id for one in found], [run_id])
        self.assertEqual([e.name for e in mlflow.search_experiments(filter_string=f"name = '{self.name}'")],
                         [self.name])

    def test_the_registry(self):
        run_id = self.client.create_run(self.experiment_id).info.run_id
        self.client.log_text(run_id, "{}", "model/MLmodel")
        self.client.create_registered_model(self.name)
        version = self.client.create_model_version(
            self.name, f"{self.client.get_run(run_id).info.artifact_uri}/model", run_id)
        self.client.set_registered_model_alias(self.name, "champion", version.version)
        self.assertEqual(self.client.get_model_version_by_alias(self.name, "champion").run_id, run_id)
        self.assertEqual(len(self.client.search_model_versions(f"name = '{self.name}'")), 1)

    def test_a_logged_model(self):
        model = mlflow.initialize_logged_model("net", params={"lr": "0.1"})
        mlflow.finalize_logged_model(model.model_id, "READY")
        found = self.client.search_logged_models([self.experiment_id], "params.lr = '0.1'")
        self.assertEqual([one.model_id for one in found], [model.model_id])

    def test_a_span(self):
        with mlflow.start_span("work") as span:
            span.set_outputs(1)
        mlflow.flush_trace_async_logging()
        trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
        self.assertEqual([one.name for one in trace.data.spans], ["work"])

    def test_an_error_keeps_its_code(self):
        with self.assertRaises(MlflowException) as caught:
            self.client.get_run("0" * 32)
        self.assertEqual(caught.exception.error_code, "RESOURCE_DOES_NOT_EXIST")


if __name__ == "__main__":
    unittest.main()
