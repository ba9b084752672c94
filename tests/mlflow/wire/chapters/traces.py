"""Traces as far as a plain client of MLflow 3 touches them."""

from script import Chapter, repeat

chapter = Chapter(__doc__)
c = chapter
T = "/api/3.0/mlflow/traces"
c.post("experiments/create", {"name": "traces"}, save={"experiment-1": "experiment_id"})
LOCATION = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "<experiment-1>"}}


def info(trace_id, time="2026-01-02T03:04:05.006Z", **more):
    return {"trace": {"trace_info": {
        "trace_id": trace_id, "trace_location": LOCATION, "request_time": time, "state": "OK",
        "execution_duration": "1.5s", "request_preview": "in", "response_preview": "out",
        "trace_metadata": {"mlflow.trace_schema.version": "3", "user": "ada"},
        "tags": {"mlflow.traceName": "predict", "team": "moon"}, **more}}}


c.part("create and get")
c.post(T, info("tr-1"))
c.get(f"{T}/tr-1")
c.post(T, info("tr-1"), about="the same once more")
c.post(T, info("tr-2", "2026-01-02T03:04:06Z", state="ERROR", execution_duration="0.250s",
               client_request_id="mine"))
c.post(T, info("tr-3", "2026-01-02T03:04:07Z", state="IN_PROGRESS"))
c.post(T, {"trace": {"trace_info": {"trace_id": "tr-4", "trace_location": LOCATION,
                                    "request_time": "2026-01-02T03:04:08Z", "state": "OK"}}},
       about="the least", loose=["json.trace.trace_info.tags"])
c.get(f"{T}/tr-4", loose=["json.trace.trace_info.tags"])
c.get(f"{T}/no-such")
c.post(T, {})
c.post(T, {"trace": "x"})
c.post("/ajax-api/3.0/mlflow/traces", info("tr-5", "2026-01-02T03:04:09Z"))
c.get("/ajax-api/3.0/mlflow/traces/tr-5")

c.part("many at once")
c.get(f"{T}/batchGet", {"trace_ids": ["tr-1", "tr-2"]},
      differ=("a trace without spans is no failure of the server", {"status": [200, 404]}))
c.get(f"{T}/batchGet", {"trace_ids": ["no-such"]})
c.get(f"{T}/batchGet", {})
c.get(f"{T}/get", {"trace_id": "no-such"})
c.get(f"{T}/get", {})
c.post(f"{T}/batchGetInfos", {"trace_ids": ["tr-1", "no-such"]})
c.post(f"{T}/batchGetInfos", {})

c.part("search")
PLACE = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "<experiment-1>"}}]
LOOSE = [f"json.traces[{i}].trace_info.tags" for i in range(6)] + [f"json.traces[{i}].tags" for i in range(6)]
c.post(f"{T}/search", {"locations": PLACE}, loose=LOOSE)
c.post(f"{T}/search", {"locations": PLACE, "max_results": 2}, save={"page-1": "next_page_token"},
       loose=LOOSE)
c.post(f"{T}/search", {"locations": PLACE, "max_results": 2, "page_token": "<page-1>"}, loose=LOOSE)
for text in ("tags.team = 'moon'", "trace.status = 'OK'", "status = 'ERROR'", "trace.name = 'predict'",
             "name LIKE 'pre%'", "metadata.user = 'ada'", "request_metadata.user = 'ada'",
             "timestamp_ms > 0", "timestamp > 1767323046000", "execution_time_ms < 1000",
             "execution_time > 1000", "trace.tags.team = 'moon'", "tags.team = 'sun'",
             "status = 'OK' AND tags.team = 'moon'", "attributes.status = 'ERROR'",
             "trace.client_request_id = 'mine'", "request_id = 'tr-1'", "trace_id = 'tr-1'"):
    c.post(f"{T}/search", {"locations": PLACE, "filter": text}, loose=LOOSE)
for text in ("colour = 'x'", "tags.team = 5", "tags.team", "status = OK", "timestamp_ms = 'x'",
             "tags.team = 'a' OR tags.team = 'b'", "foo.bar = 'x'", "metrics.x > 1", "tags.team > 'x'"):
    c.post(f"{T}/search", {"locations": PLACE, "filter": text},
           differ=None if "'x'" not in text or "timestamp" not in text else
           ("a time that is no number is refused; MLflow finds nothing",
            {"status": 400, "json": {"error_code": "INVALID_PARAMETER_VALUE"}}))
for order in (["timestamp_ms ASC"], ["timestamp DESC"], ["execution_time_ms DESC"], ["status"],
              ["colour"], ["timestamp UP"], [""]):
    c.post(f"{T}/search", {"locations": PLACE, "order_by": order, "max_results": 2},
           loose=LOOSE + ["json.traces"])
for n in (0, -1, 500, 501, "x"):
    c.post(f"{T}/search", {"locations": PLACE, "max_results": n, "filter": "tags.team = 'none'"})
c.post(f"{T}/search", {})
c.post(f"{T}/search", {"locations": []})
c.post(f"{T}/search", {"locations": [{"type": "MLFLOW_EXPERIMENT",
                                     "mlflow_experiment": {"experiment_id": "99999999"}}]})
c.post(f"{T}/search", {"locations": PLACE, "page_token": "nonsense"})

c.part("tags")
c.patch(f"{T}/tr-1/tags", {"key": "team", "value": "sun"})
c.patch(f"{T}/tr-1/tags", {"key": "new", "value": "1"})
c.get(f"{T}/tr-1")
c.patch(f"{T}/tr-1/tags", {"value": "x"})
c.patch(f"{T}/tr-1/tags", {"key": "../x", "value": "x"})
c.patch(f"{T}/tr-1/tags", {"key": repeat("k", 251), "value": "x"})
c.patch(f"{T}/tr-1/tags", {"key": "long", "value": repeat("v", 8001)})
c.patch(f"{T}/no-such/tags", {"key": "k", "value": "v"})
c.delete(f"{T}/tr-1/tags", {"key": "new"})
c.delete(f"{T}/tr-1/tags", {"key": "new"}, about="once more")
c.delete(f"{T}/tr-1/tags", {})
c.delete(f"{T}/no-such/tags", {"key": "k"})

c.part("assessments")
FEEDBACK = {"assessment": {"assessment_name": "correct", "trace_id": "tr-1",
                           "source": {"source_type": "HUMAN", "source_id": "ada"},
                           "create_time": "2026-01-02T03:04:05Z",
                           "last_update_time": "2026-01-02T03:04:05Z",
                           "feedback": {"value": True}, "rationale": "looks so"}}
c.post(f"{T}/tr-1/assessments", FEEDBACK, save={"assessment-1": "assessment.assessment_id"})
c.get(f"{T}/tr-1/assessments/<assessment-1>")
c.patch(f"{T}/tr-1/assessments/<assessment-1>", {
    "assessment": {"rationale": "second look", "feedback": {"value": False}},
    "update_mask": "rationale,feedback"})
c.get(f"{T}/tr-1")
c.post(f"{T}/no-such/assessments", FEEDBACK)
c.get(f"{T}/tr-1/assessments/no-such")
c.delete(f"{T}/tr-1/assessments/<assessment-1>")
c.delete(f"{T}/tr-1/assessments/no-such")
c.post(f"{T}/tr-1/assessments", {})

c.part("delete")
c.post(f"{T}/delete-traces", {"experiment_id": "<experiment-1>", "request_ids": ["tr-1", "no-such"]})
c.get(f"{T}/tr-1")
c.post(f"{T}/delete-traces", {"experiment_id": "<experiment-1>", "max_timestamp_millis": 1767323047500,
                              "max_traces": 1})
c.post(f"{T}/delete-traces", {"experiment_id": "<experiment-1>", "max_timestamp_millis": 1767323048500})
c.post(f"{T}/delete-traces", {"experiment_id": "<experiment-1>"})
c.post(f"{T}/delete-traces", {})
c.post(f"{T}/delete-traces", {"experiment_id": "<experiment-1>", "request_ids": ["a"],
                              "max_timestamp_millis": 1})
c.post(f"{T}/delete-traces", {"experiment_id": "<experiment-1>", "max_traces": 0,
                              "max_timestamp_millis": 1})
c.post("/api/2.0/mlflow/traces/delete-traces", {"experiment_id": "<experiment-1>",
                                                "max_timestamp_millis": 1})

c.part("spans by OpenTelemetry")
TRACE = "0123456789abcdef0123456789abcdef"
SPANS = {"resourceSpans": [{"scopeSpans": [{"spans": [{
    "traceId": TRACE, "spanId": "0123456789abcdef", "name": "root", "kind": 1,
    "startTimeUnixNano": "1767323045000000000", "endTimeUnixNano": "1767323045500000000",
    "attributes": [{"key": "mlflow.traceRequestId", "value": {"stringValue": f'"tr-{TRACE}"'}},
                   {"key": "mlflow.spanType", "value": {"stringValue": '"CHAIN"'}}],
    "status": {"code": 1}}]}]}]}
JSON = {"Content-Type": "application/json", "x-mlflow-experiment-id": "<experiment-1>"}
c.post("/v1/traces", SPANS, headers=JSON)
c.get(f"{T}/tr-{TRACE}", loose=["json.trace.trace_info.tags", "json.trace.trace_info.trace_metadata"])
c.get(f"{T}/batchGet", {"trace_ids": [f"tr-{TRACE}"]}, loose=["json.traces"])
c.post("/v1/traces", SPANS, about="without the experiment", loose=["json.detail"])
c.post("/v1/traces", SPANS, headers={**JSON, "x-mlflow-experiment-id": "99999999"}, loose=["json.message", "json.detail"])
c.post("/v1/traces", {}, headers=JSON)
c.post("/v1/traces", {"resourceSpans": []}, headers=JSON)
c.send("POST", "/v1/traces", text="nonsense", headers=JSON)
c.send("POST", "/v1/traces", text="x", headers={**JSON, "Content-Type": "text/plain"})
c.send("POST", "/v1/traces", text="\u0001\u0002", headers={**JSON, "Content-Type": "application/x-protobuf"})
c.get("/v1/traces")
