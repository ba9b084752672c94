"""Plays one chapter of the wire book against a server and makes its answers comparable.

What is random or depends on the clock is replaced: values that a request saved by `<name>`, times
near now by `<time>`, ids by `<id>`, invented run names by `<run-name>`, long repeats by
`<a x 251>`. It knows HTTP and JSON, nothing of what the requests mean.
"""

import hashlib
import http.client
import json
import math
import re
import time
import urllib.parse

DAY_MS = 86_400_000
PREFIX = "/api/2.0/mlflow/"


class Player:
    """One connection to a server, and the values that earlier answers gave."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port = parts.hostname, parts.port or 80
        self.saved = {}

    def play(self, request):
        """Sends one request of the book; gives its status, headers and body."""
        request = self.filled(request)
        path = request["path"]
        if not path.startswith("/"):
            path = PREFIX + path
        if "query" in request:
            path += "?" + urllib.parse.urlencode(request["query"], doseq=True)
        body, headers = None, dict(request.get("headers", {}))
        if "json" in request:
            body = json.dumps(unfolded(request["json"])).encode()
            headers.setdefault("Content-Type", "application/json")
        elif "text" in request:
            body = unfolded(request["text"]).encode()
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(request["method"], path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), data

    def filled(self, value):
        """The value with every `<saved>` name replaced by what was saved."""
        if isinstance(value, dict):
            return {self.filled(k): self.filled(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if isinstance(value, str) and "<" in value:
            for name, known in self.saved.items():
                value = value.replace(f"<{name}>", str(known))
        return value

    def save(self, names, body):
        """Keeps parts of an answer under names: `{"run-1": "run.info.run_id"}`."""
        for name, path in names.items():
            found = at(body, path)
            if found is None:
                raise LookupError(f"the answer has no `{path}`, which the chapter saves as <{name}>")
            self.saved[name] = found

    def filled_short(self, value):
        """Like `filled`, but only with those values that `emptied` passes over."""
        short = Player.__new__(Player)
        short.saved = {n: v for n, v in self.saved.items() if not distinctive(v)}
        return short.filled(value)

    def emptied(self, value):
        """The opposite of `filled`: what was saved becomes `<name>` again, where it is long enough
        that it cannot be met by chance."""
        if isinstance(value, dict):
            return {self.emptied(k): self.emptied(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.emptied(item) for item in value]
        if isinstance(value, str):
            for name, known in self.saved.items():
                if distinctive(known):
                    value = value.replace(str(known), f"<{name}>")
        return value


def distinctive(value):
    return len(str(value)) >= 6


def at(body, path):
    """The part of a JSON value under a path such as `runs.0.info.run_id`, or nothing."""
    for step in path.split("."):
        try:
            body = body[int(step)] if isinstance(body, list) else body[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return body


def unfolded(value):
    """The value that a short form stands for: `{"$repeat": ["a", 3]}` is `"aaa"`,
    `{"$each": [2, {"key": "k{i}"}]}` is a list of two, `{"$join": [...]}` joins strings, and
    `{"$deep": 3}` is `[[[]]]`."""
    if isinstance(value, list):
        return [unfolded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$repeat" in value:
        text, n = value["$repeat"]
        return text * n
    if "$join" in value:
        return "".join(unfolded(item) for item in value["$join"])
    if "$each" in value:
        n, item = value["$each"]
        text = json.dumps(unfolded(item))
        return [json.loads(text.replace("{i}", str(i))) for i in range(n)]
    if "$deep" in value:
        return json.loads("[" * value["$deep"] + "]" * value["$deep"])
    return {key: unfolded(item) for key, item in value.items()}


def answer_of(player, status, headers, data, wanted):
    """An answer as the book holds it: status, body (JSON, else text, else a hash), and the
    headers that the request asked for."""
    found = {"status": status}
    kind = headers.get("content-type", "").split(";")[0]
    try:
        found["json"] = settled(player.emptied(json.loads(data)))
    except (ValueError, RecursionError):
        if kind == "text/html" and data.lstrip()[:1] == b"<":
            found["page"] = "html"
        elif kind == "application/x-ndjson" or kind.startswith("text/") or not data:
            found["text"] = plain(player.emptied(data.decode(errors="replace")))
        else:
            found["sha256"] = hashlib.sha256(data).hexdigest()
            found["size"] = len(data)
    if wanted:
        found["headers"] = {name: headers.get(name) for name in wanted}
    return found


def settled(value, key=None):
    """A JSON value without what is random, and with its unordered lists in one order."""
    if isinstance(value, dict):
        return {k: settled(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return in_one_order([settled(item, key) for item in value])
    if isinstance(value, str):
        if key == "next_page_token" or key == "page_token":
            return "<token>" if value else value
        return plain(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"<bare {value}>"
    if isinstance(value, (int, float)) and not isinstance(value, bool) and is_now(value):
        return "<time>"
    return value


def in_one_order(items):
    """Lists of things with distinct keys (tags, params, aliases, datasets) have no order."""
    for name in ("key", "alias"):
        keys = [item.get(name) if isinstance(item, dict) else None for item in items]
        if all(isinstance(k, str) for k in keys) and len(set(keys)) == len(keys):
            return sorted(items, key=lambda item: item[name])
    return items


def is_now(number):
    now = time.time() * 1000
    return abs(number - now) < DAY_MS or abs(number / 1e6 - now) < DAY_MS


def plain(text):
    text = re.sub(r"( Error:)? ?\((sqlite3|psycopg2?|raised as)\b.*", "", text,
                  flags=re.DOTALL) or (text and "<any>")
    text = re.sub(r"\{('[^'{}]*'(?:, '[^'{}]*')+)\}", sorted_set, text)
    text = re.sub(r"(.)\1{99,}", lambda m: f"<{m[1]} x {len(m[0])}>", text)
    text = re.sub(r"\b1\d{12}\b", lambda m: "<time>" if is_now(int(m[0])) else m[0], text)
    text = re.sub(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>", text)
    text = re.sub(r"\b0x[0-9a-f]{8,}", "<address>", text)
    text = re.sub(r"(?<![0-9a-zA-Z])m-[0-9a-f]{32}\b", "<model-id>", text)
    text = re.sub(r"(?<![0-9a-zA-Z])[0-9a-f]{32}\b", "<id>", text)
    return re.sub(r"^[a-z]+-[a-z]+-\d{1,3}$", "<run-name>", text)


def sorted_set(match):
    """Python prints the items of a set in any order."""
    return "{" + ", ".join(sorted(match[1].split(", "))) + "}"


def differences(expected, got, where=""):
    """Each place where `got` is not what was expected, as (where, expected, got). `<any>` stands
    for any text, a list of status codes for any of them. `sqlstate` and `error_class` of an error, which no client reads, may be absent."""
    if isinstance(expected, dict) and isinstance(got, dict):
        found = []
        for key in sorted({*expected, *got}):
            if key in ("sqlstate", "error_class") and key not in got:
                continue
            found += differences(expected.get(key, "(absent)"), got.get(key, "(absent)"),
                                 f"{where}.{key}" if where else key)
        return found
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        found = []
        for i, (e, g) in enumerate(zip(expected, got)):
            found += differences(e, g, f"{where}[{i}]")
        return found
    if where == "status" and isinstance(expected, list) and got in expected:
        return []
    if isinstance(expected, str) and "<any>" in expected and isinstance(got, str):
        pattern = ".*".join(re.escape(part) for part in expected.split("<any>"))
        if re.fullmatch(pattern, got, re.DOTALL):
            return []
    if expected == got and isinstance(expected, bool) == isinstance(got, bool):
        return []
    return [(where, expected, got)]
