"""The words in which the chapters of the wire book are written: one call for each request.

A path is one of MLflow's REST 2.0 (`runs/create`) unless it starts with a slash. `save` keeps parts
of the answer for later requests, which write them as `<name>`. `loose` names parts of the answer
that are not compared (texts that come out of Python's own libraries). `differ` says why our answer
is another one than MLflow's, and what it is; only the parts that it names are compared.
"""


class Chapter:
    def __init__(self, about):
        self.about = about
        self.steps = []
        self.heading = None

    def part(self, heading):
        """The title of the requests that follow."""
        self.heading = heading

    def get(self, path, query=None, **more):
        return self.send("GET", path, query=query, **more)

    def post(self, path, body=None, **more):
        return self.send("POST", path, json=body, **more)

    def patch(self, path, body=None, **more):
        return self.send("PATCH", path, json=body, **more)

    def put(self, path, body=None, **more):
        return self.send("PUT", path, json=body, **more)

    def delete(self, path, body=None, **more):
        return self.send("DELETE", path, json=body, **more)

    def send(self, method, path, query=None, json=None, text=None, headers=None, save=None,
             loose=None, differ=None, want_headers=None, about=None):
        step = {"part": self.heading, "about": about, "method": method, "path": path,
                "query": query, "headers": headers, "json": json, "text": text, "save": save,
                "loose": loose, "want_headers": want_headers, "differ": differ}
        self.steps.append({key: value for key, value in step.items() if value is not None})


def repeat(text, n):
    return {"$repeat": [text, n]}


def each(n, item):
    """A list of n items; `{i}` in their strings is their number."""
    return {"$each": [n, item]}


def join(*parts):
    return {"$join": list(parts)}


def deep(n):
    return {"$deep": n}


def answer(status, code=None, message=None, **body):
    """What we answer where we differ."""
    if code:
        body = {"error_code": code, **({"message": message} if message else {})}
    return {"status": status, **({"json": body} if body else {})}
