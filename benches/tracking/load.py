#!/usr/bin/env python3
"""The load of the bench: the same bytes over kept-alive connections to whichever server.

Reads a plan as JSON on stdin, `{"port", "clients", "seconds", "at_most", "kind", "runs", ...}`,
starts one process for each client, and prints each answer's latency and the wall time. Its own
processor time is no part of any number. An answer other than 200 ends the load with its text.
"""

import json
import multiprocessing
import socket
import sys
import time

PREFIX = "/api/2.0/mlflow/"


def main():
    plan = json.load(sys.stdin)
    queue, go = multiprocessing.Queue(), multiprocessing.Barrier(plan["clients"])
    children = [multiprocessing.Process(target=client, args=(plan, i, go, queue))
                for i in range(plan["clients"])]
    for child in children:
        child.start()
    results = [queue.get() for _ in children]
    for child in children:
        child.join()
    for result in results:
        if "error" in result:
            sys.exit(result["error"])
    json.dump({"latencies_s": sorted(t for result in results for t in result["latencies_s"]),
               "wall_s": max(r["end"] for r in results) - min(r["begin"] for r in results)},
              sys.stdout)


def client(plan, number, go, queue):
    try:
        connection = Connection(plan["port"])
        make = KINDS[plan["kind"]]
        go.wait()
        latencies, begin = [], time.monotonic()
        end = begin + plan["seconds"]
        for i in range(plan["at_most"]):
            request = make(plan, number, i)
            before = time.monotonic()
            connection.ask(request)
            latencies.append(time.monotonic() - before)
            if before >= end and i + 1 >= plan.get("at_least", 1):
                break
        queue.put({"latencies_s": latencies, "begin": begin, "end": time.monotonic()})
    except Exception as error:  # the parent prints it
        go.abort()
        queue.put({"error": f"{plan['kind']}: {error!r}"})


class Connection:
    """HTTP/1.1 over one socket, with as little work as Python allows."""

    def __init__(self, port):
        self.port = port
        self.open()

    def open(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=300)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def ask(self, request):
        self.socket.sendall(request)
        # A server that writes head and body apart would else wait 40 ms for our acknowledgement.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        head = self.until(b"\r\n\r\n").lower()
        length = head.find(b"content-length:")
        if length >= 0:
            body = self.take(int(head[length + 15:head.index(b"\r\n", length)]))
        elif b"transfer-encoding: chunked" in head:
            body = self.chunks()
        else:
            body = b""
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"{head[:40]!r} {body[:500]!r}")
        if b"connection: close" in head:
            self.open()
        return body

    def until(self, mark):
        while mark not in self.rest:
            self.more()
        found, self.rest = self.rest.split(mark, 1)
        return found + b"\r\n"

    def take(self, n):
        parts, size = [self.rest], len(self.rest)
        while size < n:
            part = self.socket.recv(1 << 18)
            if not part:
                raise ConnectionError("the server closed in the middle of an answer")
            parts.append(part)
            size += len(part)
        whole = b"".join(parts)
        self.rest = whole[n:]
        return whole[:n]

    def chunks(self):
        whole = b""
        while n := int(self.until(b"\r\n").split(b";")[0], 16):
            whole += self.take(n)
            self.until(b"\r\n")
        self.until(b"\r\n")
        return whole

    def more(self):
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.rest += part


def http(method, path, body=b"", kind="application/json"):
    head = (f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n")
    return head.encode() + body


def post(path, body):
    return http("POST", PREFIX + path, json.dumps(body).encode())


def log_batch(plan, number, i):
    """Ten metrics at one step of the client's own run."""
    step = plan.get("first_step", 0) + i
    return post("runs/log-batch", {"run_id": plan["runs"][number], "metrics": [
        {"key": f"metric_{k}", "value": step * 0.001 + k, "timestamp": 1_700_000_000_000 + step,
         "step": step} for k in range(10)]})


def log_points(plan, number, i):
    """A thousand points in one batch: 100 steps of ten metrics, ten batches to a run."""
    run = plan["runs"][number + plan["clients"] * (i // 10)]
    first = (i % 10) * 100
    return post("runs/log-batch", {"run_id": run, "metrics": [
        {"key": f"series_{k}", "value": point(first + s, k),
         "timestamp": 1_700_000_000_000 + (first + s) * 1000, "step": first + s}
        for s in range(100) for k in range(10)]})


def point(step, k):
    """A value as training makes it, with all its digits."""
    return (k + 1) / (1 + 0.01 * step) + ((step * 7919 + k * 104729) % 1000) / 9973.0


def log_metric(plan, number, i):
    return post("runs/log-metric", {"run_id": plan["runs"][number], "key": "single", "value": i * 0.5,
                                    "timestamp": 1_700_000_000_000 + i, "step": i})


def create_run(plan, number, i):
    return post("runs/create", {"experiment_id": plan["experiment"], "start_time": 1_700_000_000_000,
                                "run_name": f"client {number} run {i}", "user_id": "bench"})


def search(plan, number, i):
    return post("runs/search", plan["body"])


def history(plan, number, i):
    return http("GET", f"{PREFIX}metrics/get-history?run_id={plan['runs'][0]}&metric_key=long")


def put_artifact(plan, number, i):
    return http("PUT", f"{plan['path']}/{i}.bin", ARTIFACT[:-4] + i.to_bytes(4, "big"),
                "application/octet-stream")


def get_artifact(plan, number, i):
    return http("GET", f"{plan['path']}/{i % plan['n_files']}.bin")


ARTIFACT = bytes((i * 2654435761 >> 13) & 255 for i in range(1 << 16)) * 16
KINDS = {make.__name__: make for make in (log_batch, log_points, log_metric, create_run, search, history,
                                          put_artifact, get_artifact)}


if __name__ == "__main__":
    main()
