#!/usr/bin/env python3
"""Makes the first inputs of the fuzzers from the wire book (`tests/mlflow/wire`): every request in
it, every filter in it, and spans in both forms."""

import json
import pathlib

HERE = pathlib.Path(__file__).parent
BOOK = HERE.parent / "tests" / "mlflow" / "wire" / "answers"


def main():
    steps = [step for chapter in sorted(BOOK.glob("*.json"))
             for step in json.loads(chapter.read_text())["steps"] if "path" in step]
    write("bodies", {request(step).encode() for step in steps})
    write("search", {search(step["json"]).encode() for step in steps if is_search(step)})
    write("spans", {bytes([0]) + span_in_protobuf(), bytes([1]) + span_in_json()})


def request(step):
    """Method and path, then the body, as `bodies` reads it."""
    path = step["path"]
    if not path.startswith("/"):
        path = "/api/2.0/mlflow/" + path
    query = step.get("query")
    if query:
        path += "?" + "&".join(f"{key}={value}" for key, value in dict(query).items())
    body = json.dumps(step["json"]) if "json" in step else str(step.get("body", ""))
    return f"{step['method']} {path}\n{body}"


def is_search(step):
    body = step.get("json")
    return isinstance(body, dict) and isinstance(body.get("filter") or body.get("order_by"), (str, list))


def search(body):
    """The filter, then the orders, as `search` reads it."""
    orders = body.get("order_by") or []
    orders = orders if isinstance(orders, list) else [orders]
    return "\n".join(str(line) for line in [body.get("filter") or "", *orders])


def span():
    return {"trace_id": "0102030405060708090a0b0c0d0e0f10", "span_id": "0102030405060708"}


def span_in_json():
    value = {"traceId": span()["trace_id"], "spanId": span()["span_id"], "name": "fit", "kind": 1,
             "startTimeUnixNano": "1000", "endTimeUnixNano": "2000", "status": {"code": 1},
             "attributes": [{"key": "mlflow.spanType", "value": {"stringValue": "\"LLM\""}},
                            {"key": "n", "value": {"intValue": "3"}}],
             "events": [{"name": "e", "timeUnixNano": "1500"}]}
    scopes = [{"scope": {"name": "s"}, "spans": [value]}]
    return json.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": scopes}]}).encode()


def span_in_protobuf():
    """Field numbers of opentelemetry/proto/trace/v1/trace.proto."""
    attribute = text(1, b"n") + text(2, bytes([0x18, 3]))
    value = (text(1, bytes.fromhex(span()["trace_id"])) + text(2, bytes.fromhex(span()["span_id"]))
             + text(5, b"fit") + bytes([0x30, 1])
             + bytes([0x39]) + (1000).to_bytes(8, "little") + bytes([0x41]) + (2000).to_bytes(8, "little")
             + text(9, attribute) + text(15, bytes([0x18, 1])))
    return text(1, text(2, text(2, value)))


def text(field, value):
    return bytes([field << 3 | 2, len(value)]) + value


def write(target, seeds):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(sorted(seeds)):
        (folder / f"seed-{number}").write_bytes(seed)
    print(f"{target}: {len(seeds)} inputs")


main()
