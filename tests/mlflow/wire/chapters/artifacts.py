"""Artifacts: the proxy, lists of a run, downloads of a run and of a version, ways out of the store."""

from script import Chapter

chapter = Chapter(__doc__)
c = chapter
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
c.post("experiments/create", {"name": "artifacts"}, save={"experiment-1": "experiment_id"})
c.post("runs/create", {"experiment_id": "<experiment-1>", "run_name": "r", "start_time": 1},
       save={"run-1": "run.info.run_id"})
ROOT = f"{PROXY}/<experiment-1>/<run-1>/artifacts"
KIND = ["content-type", "content-disposition", "x-content-type-options"]


def put(path, text, kind="application/octet-stream", **more):
    c.send("PUT", path, text=text, headers={"Content-Type": kind}, **more)


c.part("nothing there yet")
c.get("artifacts/list", {"run_id": "<run-1>"})
c.get("artifacts/list", {"run_id": "<run-1>", "path": "none"})
c.get(PROXY, {"path": "<experiment-1>/<run-1>/artifacts"})
c.get(f"{ROOT}/none.txt")
c.get("/get-artifact", {"run_id": "<run-1>", "path": "none.txt"})

c.part("write and read")
put(f"{ROOT}/a.txt", "hello")
put(f"{ROOT}/dir/b.json", '{"b": 1}')
put(f"{ROOT}/dir/deep/c.csv", "x,y\n1,2\n")
put(f"{ROOT}/page.html", "<script>alert(1)</script>")
put(f"{ROOT}/picture.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
put(f"{ROOT}/empty", "")
put(f"{ROOT}/with%20space%20%C3%BC.txt", "ü")
put(f"{ROOT}/a.txt", "hello again", about="written over")
put(f"{ROOT}/no%20kind", "bytes", kind="text/plain")
c.get(f"{ROOT}/a.txt", want_headers=KIND)
c.get(f"{ROOT}/dir/deep/c.csv", want_headers=KIND)
c.get(f"{ROOT}/page.html", want_headers=KIND)
c.get(f"{ROOT}/empty")
c.get(f"{ROOT}/with%20space%20%C3%BC.txt")
c.get(f"{ROOT}/dir", about="a folder")
c.get("/ajax-api/2.0/mlflow-artifacts/artifacts/<experiment-1>/<run-1>/artifacts/a.txt")
for path in ("a.txt", "dir/b.json", "page.html", "picture.svg", "with space ü.txt"):
    c.get("/get-artifact", {"run_id": "<run-1>", "path": path}, want_headers=KIND)
c.get("/get-artifact", {"run_uuid": "<run-1>", "path": "a.txt"})
c.get("/ajax-api/2.0/mlflow/get-artifact", {"run_id": "<run-1>", "path": "a.txt"})
c.get("/api/2.0/mlflow/get-artifact", {"run_id": "<run-1>", "path": "a.txt"})
c.get("/get-artifact", {"run_id": "<run-1>", "path": "dir"})
c.get("/get-artifact", {"run_id": "<run-1>"})
c.get("/get-artifact", {"path": "a.txt"})
c.get("/get-artifact", {"run_id": "00000000000000000000000000000000", "path": "a.txt"})
c.get("/get-artifact", {"run_id": "<run-1>", "path": ""})

c.part("list")
c.get("artifacts/list", {"run_id": "<run-1>"})
c.get("artifacts/list", {"run_uuid": "<run-1>"})
c.get("artifacts/list", {"run_id": "<run-1>", "path": "dir"})
c.get("artifacts/list", {"run_id": "<run-1>", "path": "dir/"})
c.get("artifacts/list", {"run_id": "<run-1>", "path": "dir/deep"})
c.get("artifacts/list", {"run_id": "<run-1>", "path": "a.txt"}, about="a file has no files in it")
c.get("artifacts/list", {"run_id": "<run-1>", "path": "none"})
c.get("artifacts/list", {"run_id": "<run-1>", "path": ""})
c.get("artifacts/list", {})
c.get("artifacts/list", {"run_id": "00000000000000000000000000000000"})
c.get("artifacts/list", {"run_id": "<run-1>", "page_token": "x"})
c.get(PROXY, {"path": "<experiment-1>/<run-1>/artifacts"})
c.get(PROXY, {"path": "<experiment-1>/<run-1>/artifacts/dir"})
c.get(PROXY, {"path": "<experiment-1>/<run-1>/artifacts/a.txt"})
c.get(PROXY, {"path": "none"})
c.get(PROXY)

c.part("ways out")
OUT = ("../../../../etc/passwd", "..", "../", "./../x", "dir/../../../x", "/etc/passwd", "//etc/passwd",
       "~/x", "..\\..\\etc", "dir/../a.txt", "./a.txt", "file:///etc/passwd", "http://x/y", "C:\\windows",
       "a.txt\u0000", "\u0000", "%2e%2e/%2e%2e/etc/passwd", "..%2f..%2fetc", "%252e%252e%252fetc",
       "a#../../x", "a?b", "....//....//etc", "a/..", "a/../..", "", ".", "..;/x", "\\etc\\passwd",
       "dir/%2e%2e/%2e%2e/x", "\uff0e\uff0e/x")
SUSPICIOUS = ("\\", "\u0000", "%5c", "%00", "%c0", "%ff", "%2f", "./a", "%2e/a")
WHY = "a name that some system reads as a way out, or that is no text, is refused"


def wary(path, codes=(400, 404)):
    """We take no such name; MLflow on Linux takes some of them as they stand."""
    if any(part in path for part in SUSPICIOUS):
        return {"differ": (WHY, {"status": list(codes)})}
    return {"loose": ["json.message"]}


for path in OUT:
    may_be_same = (200, 400, 404) if path == "./a.txt" else (400, 404)
    c.get("artifacts/list", {"run_id": "<run-1>", "path": path}, **wary(path, may_be_same))
    c.get("/get-artifact", {"run_id": "<run-1>", "path": path}, **wary(path, may_be_same))
    c.get(PROXY, {"path": path}, **wary(path, may_be_same))
CODED = ("..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "../../../etc/passwd",
         "%252e%252e%252f%252e%252e%252fetc", "..%5c..%5cetc", "%2fetc%2fpasswd", "dir/%2e%2e/a.txt",
         "a.txt%00", "%00", "..%00/x", "./a.txt", "%2e/a.txt", "~%2fx", "file:%2f%2f%2fetc", "..;/x",
         "%c0%ae%c0%ae/x", "%ff")
# Inside the store they are names as good as others.
HARMLESS = ("./a.txt", "%2e/a.txt", "%2fetc%2fpasswd", "~%2fx", "file:%2f%2f%2fetc")
for path in CODED:
    may_be_same = (200, 400, 404) if path in HARMLESS else (400, 404)
    c.get(f"{ROOT}/{path}", **wary(path, may_be_same))
    put(f"{ROOT}/{path}", "x", **wary(path, may_be_same))
    c.delete(f"{ROOT}/{path}", **wary(path, may_be_same))
put(f"{ROOT}/a.txt", "hello again")
put(f"{PROXY}/..%2foutside.txt", "x", loose=["json.message"])
put(f"{PROXY}/", "x")
put(f"{ROOT}/dir", "x", about="over a folder", loose=["json.message"],
    differ=("a folder is not written over", {"status": 400}))
put(f"{ROOT}/a.txt/below", "x", about="below a file", loose=["json.message"],
    differ=("a file has no files in it", {"status": 400}))
c.get("artifacts/list", {"run_id": "<run-1>"}, about="nothing came of it", loose=["json.files"])

c.part("of a version")
c.post("registered-models/create", {"name": "m"})
c.post("model-versions/create", {"name": "m", "run_id": "<run-1>",
                                 "source": "mlflow-artifacts:/<experiment-1>/<run-1>/artifacts/dir"})
for prefix in ("", "/ajax-api/2.0/mlflow", "/api/2.0/mlflow"):
    c.get(f"{prefix}/model-versions/get-artifact", {"name": "m", "version": "1", "path": "b.json"})
c.get("/model-versions/get-artifact", {"name": "m", "version": "1", "path": "none"})
c.get("/model-versions/get-artifact", {"name": "m", "version": "9", "path": "b.json"})
c.get("/model-versions/get-artifact", {"name": "none", "version": "1", "path": "b.json"})
c.get("/model-versions/get-artifact", {"name": "m", "version": "1"})
c.get("/model-versions/get-artifact", {"name": "m", "path": "b.json"})
c.get("/model-versions/get-artifact", {"version": "1", "path": "b.json"})
for path in OUT:
    c.get("/model-versions/get-artifact", {"name": "m", "version": "1", "path": path}, **wary(path))

c.part("delete")
c.delete(f"{ROOT}/dir/b.json")
c.delete(f"{ROOT}/dir/b.json", about="once more", loose=["json.message"])
c.delete(f"{ROOT}/dir", about="a folder with what is in it")
c.get("artifacts/list", {"run_id": "<run-1>", "path": "dir"})
c.delete(PROXY, loose=["json.message"])
c.delete(f"{PROXY}/", differ=("the whole store is not deleted", {"status": [400, 404, 405]}))

c.part("upload in parts, presigned: not offered by a store on a local disk")
MPU = "/api/2.0/mlflow-artifacts/mpu"
c.post(f"{MPU}/create/<experiment-1>/<run-1>/artifacts", {"path": "big", "num_parts": 2})
c.post(f"{MPU}/complete/<experiment-1>/<run-1>/artifacts", {"path": "big", "upload_id": "x", "parts": []})
c.post(f"{MPU}/abort/<experiment-1>/<run-1>/artifacts", {"path": "big", "upload_id": "x"})
c.post(f"{MPU}/create/..%2f..%2fx", {"path": "../big", "num_parts": 2})
c.get("/api/2.0/mlflow-artifacts/presigned/<experiment-1>/<run-1>/artifacts/a.txt")

c.part("upload by the page")
UP = "/ajax-api/2.0/mlflow/upload-artifact"
put(f"{UP}?run_uuid=<run-1>&path=up.txt", "x")
put(f"{UP}?run_uuid=<run-1>&path=up.txt", "x")
c.send("POST", f"{UP}?run_uuid=<run-1>&path=up.txt", text="x")
c.send("POST", f"{UP}?run_uuid=<run-1>&path=../up.txt", text="x")
c.send("POST", f"{UP}?run_uuid=<run-1>", text="x")
c.send("POST", f"{UP}?path=up.txt", text="x")
