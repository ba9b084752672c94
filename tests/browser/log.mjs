// What the walks look at, logged as any client of MLflow would.

/** A client of the server at `base`. */
export function client(base) {
  const ask = async (method, path, body, headers = { "content-type": "application/json" }) => {
    const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
    const answer = await fetch(base + path, { method, headers, body: text });
    const said = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said}`);
    return said ? JSON.parse(said) : {};
  };
  const post = (path, body) => ask("POST", `/api/2.0/mlflow/${path}`, body);
  return {
    experiment: async (name) => (await post("experiments/create", { name })).experiment_id,
    begin: async (experiment_id, run_name, start_time, tags = []) =>
      (await post("runs/create", { experiment_id, run_name, user_id: "ada", start_time, tags })).run.info,
    log: (run_id, { metrics = [], params = [], tags = [] }) => post("runs/log-batch", { run_id, metrics, params, tags }),
    finish: (run_id, end_time, status = "FINISHED") => post("runs/update", { run_id, status, end_time }),
    input: (run_id, dataset) => post("runs/log-inputs", { run_id, datasets: [{ dataset, tags: [{ key: "mlflow.data.context", value: "training" }] }] }),
    file: (run, path, text) =>
      ask("PUT", `/api/2.0/mlflow-artifacts/artifacts/${run.artifact_uri.replace(/^mlflow-artifacts:\/+/, "")}/${path}`, text, {}),
    model: (name, description) => post("registered-models/create", { name, description }),
    version: (name, source, run_id) => post("model-versions/create", { name, source, run_id }),
    alias: (name, alias, version) => post("registered-models/alias", { name, alias, version }),
  };
}

const entry = (key, value) => ({ key, value: String(value) });

/** Does `work` for 0 to `n`, some at a time. */
async function each(n, work) {
  let next = 0;
  const line = async () => {
    while (next < n) await work(next++);
  };
  await Promise.all(Array.from({ length: 16 }, line));
}

/** An experiment of `n` runs with two metrics and four params each. */
export async function manyRuns(log, name, n) {
  const experiment = await log.experiment(name);
  const now = Date.now();
  await each(n, async (idx) => {
    const start = now - idx * 60_000;
    const run = await log.begin(experiment, `unet-${String(idx).padStart(5, "0")}`, start, [entry("team", ["north", "south"][idx % 2])]);
    const loss = 0.2 + ((idx * 7919) % 1000) / 1000;
    await log.log(run.run_id, {
      metrics: [0, 1].flatMap((step) => [
        { key: "loss", value: loss + 1 - step, timestamp: start + step * 1000, step },
        { key: "val/accuracy", value: 0.9 - loss / 3, timestamp: start + step * 1000, step },
      ]),
      params: [entry("optimizer", ["adam", "sgd", "lion"][idx % 3]), entry("lr", [0.1, 0.01, 0.001][idx % 3]), entry("seed", idx), entry("model", "unet")],
    });
    await log.finish(run.run_id, start + 42_000, idx % 17 === 3 ? "FAILED" : "FINISHED");
  });
  return experiment;
}

const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360" font-family="sans-serif" font-size="15">
<rect width="640" height="360" fill="#f4f7f5"/><path d="M60 40V310H600" fill="none" stroke="#58626a"/>
<path d="M60 70C150 220 260 270 600 290" fill="none" stroke="#0b6b54" stroke-width="3"/>
<text x="60" y="28" fill="#1c2226">Loss over tiles seen</text><text x="560" y="335" fill="#58626a">tiles</text>
<script>document.title = "the picture ran"</script></svg>`;

const report = {
  title: "Tiles of the north shore",
  scores: [
    { metric: "accuracy", value: 0.912, interval: { low: 0.894, high: 0.927, level: 0.95, method: "bootstrap by tile, 2,000 draws" }, split: "held-out: 1,200 tiles", baseline: { name: "always water", value: 0.61 } },
    { metric: "calibration_error", value: 0.021, interval: { low: 0.014, high: 0.03, level: 0.95, method: "bootstrap by tile, 2,000 draws" }, split: "held-out: 1,200 tiles", baseline: null },
    { metric: "iou_rock", value: 0.74, interval: null, split: "held-out: 1,200 tiles", baseline: { name: "last season", value: 0.69 } },
  ],
  seed: 7,
  notes: ["Tiles of one flight are all on one side of the split."],
};

/** One run with everything that a run can have. */
export async function richRun(log, name) {
  const experiment = await log.experiment(name);
  const start = Date.now() - 300_000;
  const run = await log.begin(experiment, "north-shore", start);
  const id = run.run_id;
  await log.log(id, {
    metrics: Array.from({ length: 240 }, (_, step) => ({ key: "loss", value: 2 * Math.exp(-step / 60) + 0.1 + 0.04 * Math.sin(step * 1.7), timestamp: start + step * 500, step })),
    params: [entry("optimizer", "adam"), entry("tile_px", 512)],
    tags: [entry("mlflow.note.content", "## Why\n\nThe **north shore** at low tide, with `512 px` tiles.")],
  });
  await log.input(id, { name: "tiles.csv", digest: "7d865e959b2466918c9863afca942d0fb89d", source_type: "local", source: "data/tiles.csv" });
  await log.file(run, "report.json", JSON.stringify(report));
  await log.file(run, "curve.svg", picture);
  await log.file(run, "report.html", "<!doctype html><title>R</title><h1>North shore</h1><script>parent.document.title = 'the page ran'</script>");
  await log.file(run, "model/model.pkl", "not really a pickle");
  await log.file(run, "model/MLmodel", "flavors:\n  python_function: {}\n");
  await log.finish(id, start + 120_000);
  await log.model("tile-classifier", "# Tile classifier\n\nTells **water**, sand and rock apart.\n\n| split | accuracy |\n|---|---|\n| held-out | 0.91 |");
  await log.version("tile-classifier", `${run.artifact_uri}/model`, id);
  await log.alias("tile-classifier", "champion", "1");
  return { experiment, id };
}
