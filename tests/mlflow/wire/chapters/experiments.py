"""Experiments: create, get, search, update, delete, restore, tags."""

from script import Chapter, join, repeat

chapter = Chapter(__doc__)
c = chapter

c.part("create")
c.post("experiments/create", {"name": "first"}, save={"experiment-1": "experiment_id"})
c.get("experiments/get", {"experiment_id": "<experiment-1>"})
c.post("experiments/create", {"name": "first"}, about="the name is taken")
c.post("experiments/create", {"name": "with tags", "tags": [
    {"key": "team", "value": "moon"}, {"key": "mlflow.note.content", "value": "a *note*"}]},
    save={"experiment-2": "experiment_id"})
c.get("experiments/get", {"experiment_id": "<experiment-2>"})
c.post("experiments/create", {"name": "ünïcödé 🌙 'quoted' \"x\" / % _"},
       save={"experiment-3": "experiment_id"})
c.get("experiments/get-by-name", {"experiment_name": "ünïcödé 🌙 'quoted' \"x\" / % _"})
c.post("experiments/create", {"name": " spaces kept "}, save={"experiment-4": "experiment_id"})
c.get("experiments/get-by-name", {"experiment_name": " spaces kept "})
c.get("experiments/get-by-name", {"experiment_name": "spaces kept"})
c.post("experiments/create", {"name": "unknown fields are passed over", "colour": "red",
                              "nested": {"a": [1]}}, save={"experiment-5": "experiment_id"})
c.post("experiments/create", {"name": "same tag twice", "tags": [
    {"key": "k", "value": "1"}, {"key": "k", "value": "2"}]},
    differ=("a plain answer in place of an error of the database",
            {"status": 200}), save=None)
c.post("experiments/create", {"name": "tag without value", "tags": [{"key": "k"}]})
c.get("experiments/get-by-name", {"experiment_name": "tag without value"})

c.part("create: refused")
c.post("experiments/create", {})
c.post("experiments/create", None, about="no body")
c.post("experiments/create", {"name": ""})
c.post("experiments/create", {"name": None})
c.post("experiments/create", {"name": 123})
c.post("experiments/create", {"name": 1.5})
c.post("experiments/create", {"name": True})
c.post("experiments/create", {"name": ["a"]})
c.post("experiments/create", {"name": {"a": 1}})
c.post("experiments/create", {"name": "x", "artifact_location": 7})
c.post("experiments/create", {"name": "x", "tags": "no list"})
c.post("experiments/create", {"name": "x", "tags": {"key": "a", "value": "b"}})
c.post("experiments/create", {"name": "x", "tags": [1]}, about="a tag that is no object")
c.post("experiments/create", {"name": repeat("a", 501)})
c.post("experiments/create", {"name": repeat("a", 500)}, save={"experiment-6": "experiment_id"})
c.post("experiments/create", {"name": "x1", "artifact_location": "runs:/abc"})
c.post("experiments/create", {"name": "x2", "artifact_location": "mlflow-artifacts:/a/../b"})
c.post("experiments/create", {"name": "x3", "artifact_location": "mlflow-artifacts:/a?x=1"})
c.post("experiments/create", {"name": "x4", "artifact_location": "mlflow-artifacts:/a#x"})
c.post("experiments/create", {"name": "x5", "artifact_location": "http:///#/../../../etc"})
c.post("experiments/create", {"name": "x6", "artifact_location": "file:///tmp/../etc"},
       differ=("no location outside of the server's own store is accepted", {"status": 400}))
c.post("experiments/create", {"name": "x7", "artifact_location":
                              join("mlflow-artifacts:/", repeat("a", 2100))})
c.post("experiments/create", {"name": "x8", "artifact_location": "mlflow-artifacts:/%2e%2e/a"})
c.post("experiments/create", {"name": "x9", "tags": [{"key": repeat("k", 251), "value": "v"}]})
c.post("experiments/create", {"name": "x10", "tags": [{"key": "k", "value": repeat("v", 20001)}]})
c.post("experiments/create", {"name": "x11", "tags": [{"key": "a$b", "value": "v"}]})
c.post("experiments/create", {"name": "x12", "tags": [{"value": "no key"}]})
c.post("experiments/create", {"name": "own location",
                              "artifact_location": "mlflow-artifacts:/elsewhere"},
       save={"experiment-7": "experiment_id"})
c.get("experiments/get", {"experiment_id": "<experiment-7>"})

c.part("get")
c.get("experiments/get", {"experiment_id": "0"})
c.get("experiments/get", {"experiment_id": "99999999"})
c.get("experiments/get", {"experiment_id": "abc"})
c.get("experiments/get", {"experiment_id": ""})
c.get("experiments/get", {"experiment_id": "-1"})
c.get("experiments/get", {"experiment_id": "9223372036854775808"}, about="one above int64",
      differ=("an id that no experiment can have is one that is not there", {"status": 404, "json": {
          "error_code": "RESOURCE_DOES_NOT_EXIST"}}))
c.get("experiments/get", {})
c.get("experiments/get", {"experiment_id": "99999998", "colour": "red"})
c.get("experiments/get", {"experimentId": "0"}, about="camel case is not known in a query")
c.get("experiments/get-by-name", {"experiment_name": "Default"})
c.get("experiments/get-by-name", {"experiment_name": "default"}, about="names know their case")
c.get("experiments/get-by-name", {"experiment_name": "no such"})
c.get("experiments/get-by-name", {"experiment_name": ""})
c.get("experiments/get-by-name", {})

c.part("update")
c.post("experiments/update", {"experiment_id": "<experiment-1>", "new_name": "renamed"})
c.get("experiments/get", {"experiment_id": "<experiment-1>"})
c.post("experiments/update", {"experiment_id": "<experiment-1>", "new_name": "renamed"},
       about="to its own name")
c.post("experiments/update", {"experiment_id": "<experiment-1>", "new_name": "with tags"},
       differ=("a plain answer in place of an error of the database",
               {"status": 400, "json": {"error_code": "RESOURCE_ALREADY_EXISTS"}}))
c.post("experiments/update", {"experiment_id": "<experiment-1>"})
c.post("experiments/update", {"experiment_id": "<experiment-1>", "new_name": ""})
c.post("experiments/update", {"new_name": "y"})
c.post("experiments/update", {"experiment_id": "99999999", "new_name": "y"})
c.post("experiments/update", {"experiment_id": "abc", "new_name": "y"})
c.post("experiments/update", {"experiment_id": 5, "new_name": "y"}, about="a number as id")
c.post("experiments/update", {"experiment_id": "<experiment-1>", "new_name": repeat("n", 501)})

c.part("tags")
c.post("experiments/set-experiment-tag",
       {"experiment_id": "<experiment-1>", "key": "stage", "value": "trial"})
c.post("experiments/set-experiment-tag",
       {"experiment_id": "<experiment-1>", "key": "stage", "value": "final"})
c.post("experiments/set-experiment-tag",
       {"experiment_id": "<experiment-1>", "key": "empty", "value": ""})
c.post("experiments/set-experiment-tag", {"experiment_id": "<experiment-1>", "key": "absent"})
c.post("experiments/set-experiment-tag", {"experiment_id": "<experiment-1>", "value": "v"})
c.post("experiments/set-experiment-tag", {"experiment_id": "<experiment-1>", "key": "", "value": "v"})
c.post("experiments/set-experiment-tag", {"key": "k", "value": "v"})
c.post("experiments/set-experiment-tag", {"experiment_id": "99999999", "key": "k", "value": "v"})
c.post("experiments/set-experiment-tag", {"experiment_id": "abc", "key": "k", "value": "v"})
c.post("experiments/set-experiment-tag", {"experiment_id": "<experiment-1>", "key": "k", "value": 5})
c.post("experiments/set-experiment-tag", {"experiment_id": "<experiment-1>", "key": 5, "value": "v"})
c.post("experiments/set-experiment-tag",
       {"experiment_id": "<experiment-1>", "key": repeat("k", 250), "value": "long key"})
c.post("experiments/set-experiment-tag",
       {"experiment_id": "<experiment-1>", "key": repeat("k", 251), "value": "v"})
c.post("experiments/set-experiment-tag",
       {"experiment_id": "<experiment-1>", "key": "long", "value": repeat("v", 20000)})
c.post("experiments/set-experiment-tag",
       {"experiment_id": "<experiment-1>", "key": "long", "value": repeat("v", 20001)})
for key in ("a/b", "a b", "a.b", "a:b", "a-b", "é"):
    c.post("experiments/set-experiment-tag",
           {"experiment_id": "<experiment-1>", "key": key, "value": "v"})
for key in ("../a", "/a", "a/", "a//b", "./a", ".", "..", "a/../b", "a$b", "a\\b", "a\nb", "a;b"):
    c.post("experiments/set-experiment-tag",
           {"experiment_id": "<experiment-1>", "key": key, "value": "v"})
c.get("experiments/get", {"experiment_id": "<experiment-1>"})
c.post("experiments/delete-experiment-tag", {"experiment_id": "<experiment-1>", "key": "stage"})
c.post("experiments/delete-experiment-tag", {"experiment_id": "<experiment-1>", "key": "stage"},
       about="once more")
c.post("experiments/delete-experiment-tag", {"experiment_id": "<experiment-1>"})
c.post("experiments/delete-experiment-tag", {"key": "stage"})
c.post("experiments/delete-experiment-tag", {"experiment_id": "99999999", "key": "stage"})

c.part("delete and restore")
c.post("experiments/delete", {"experiment_id": "<experiment-2>"})
c.get("experiments/get", {"experiment_id": "<experiment-2>"})
c.get("experiments/get-by-name", {"experiment_name": "with tags"})
c.post("experiments/delete", {"experiment_id": "<experiment-2>"}, about="once more")
c.post("experiments/create", {"name": "with tags"}, about="the name of a deleted one")
c.post("experiments/update", {"experiment_id": "<experiment-2>", "new_name": "z"})
c.post("experiments/set-experiment-tag", {"experiment_id": "<experiment-2>", "key": "k", "value": "v"})
c.post("experiments/delete-experiment-tag", {"experiment_id": "<experiment-2>", "key": "team"})
c.post("runs/create", {"experiment_id": "<experiment-2>"}, about="a run in a deleted experiment")
c.post("experiments/restore", {"experiment_id": "<experiment-2>"})
c.get("experiments/get", {"experiment_id": "<experiment-2>"})
c.post("experiments/restore", {"experiment_id": "<experiment-2>"}, about="once more")
c.post("experiments/restore", {"experiment_id": "99999999"})
c.post("experiments/restore", {})
c.post("experiments/delete", {"experiment_id": "99999999"})
c.post("experiments/delete", {"experiment_id": "abc"})
c.post("experiments/delete", {})
c.post("experiments/delete", {"experiment_id": "0"}, about="the default one can be deleted")
c.post("experiments/restore", {"experiment_id": "0"})
c.post("runs/create", {"experiment_id": "<experiment-3>", "run_name": "r", "start_time": 1000},
       save={"run-1": "run.info.run_id"})
c.post("experiments/delete", {"experiment_id": "<experiment-3>"})
c.get("runs/get", {"run_id": "<run-1>"}, about="its runs are deleted with it")
c.post("experiments/restore", {"experiment_id": "<experiment-3>"})
c.get("runs/get", {"run_id": "<run-1>"}, about="and restored with it")

c.part("search")
for name in ("search-c", "search-a", "search-b"):
    c.post("experiments/create", {"name": name, "tags": [{"key": "letter", "value": name[-1]}]},
           save={f"{name}": "experiment_id"})
mine = "name LIKE 'search-%'"
c.post("experiments/search", {"max_results": 100, "filter": mine}, about="newest first")
c.get("experiments/search", {"max_results": 100, "filter": mine})
c.post("experiments/search", {"filter": mine}, about="max_results is needed")
c.post("experiments/search", {})
c.get("experiments/search", {})
c.post("experiments/search", {"max_results": 2, "filter": mine}, save={"page-1": "next_page_token"})
c.post("experiments/search", {"max_results": 2, "filter": mine, "page_token": "<page-1>"})
c.post("experiments/search", {"max_results": 3, "filter": mine}, about="exactly one page")
c.post("experiments/search", {"max_results": 0, "filter": mine})
c.post("experiments/search", {"max_results": -1, "filter": mine})
c.post("experiments/search", {"max_results": 50000, "filter": mine})
c.post("experiments/search", {"max_results": 50001, "filter": mine})
c.post("experiments/search", {"max_results": "2", "filter": mine}, about="a number in a string")
c.post("experiments/search", {"max_results": "many", "filter": mine})
c.post("experiments/search", {"max_results": 10, "page_token": "nonsense"})
c.post("experiments/search", {"max_results": 10, "page_token": "!!"})
for order in (["name"], ["name ASC"], ["name DESC"], ["name desc"], ["experiment_id"],
              ["experiment_id DESC"], ["creation_time ASC"], ["last_update_time DESC"],
              ["name ASC", "experiment_id DESC"], ["`name`"], ['"name"'], ["attribute.name"],
              ["attr.name DESC"], []):
    c.post("experiments/search", {"max_results": 10, "filter": mine, "order_by": order})
for order in (["colour"], ["name UP"], ["name ASC DESC"], [""], ["tags.letter"], ["name,"],
              ["name; DROP TABLE experiments"], [1], "name"):
    c.post("experiments/search", {"max_results": 10, "filter": mine, "order_by": order})
for text in ("name = 'search-a'", "name != 'search-a' AND name LIKE 'search-%'",
             "name ILIKE 'SEARCH-%'", "name LIKE 'SEARCH-%'", "attribute.name = 'search-a'",
             "attributes.name = 'search-a'", "attr.name = 'search-a'", "`name` = 'search-a'",
             "\"name\" = 'search-a'", "name = \"search-a\"", "name='search-a'",
             "tags.letter = 'a'", "tag.letter = 'a'", "tags.`letter` = 'a'", "tags.\"letter\" = 'a'",
             "tags.letter LIKE '%'", "tags.letter ILIKE 'A'", "tags.letter != 'a'",
             "tags.letter = 'a' AND tags.letter = 'b'", "tags.letter LIKE 'a' and name ILIKE '%A'",
             "experiment_id = '<search-a>'", "experiment_id IN ('<search-a>', '<search-b>')",
             "experiment_id NOT IN ('<search-a>') AND name LIKE 'search-%'",
             "creation_time > 0 AND name LIKE 'search-%'", "creation_time < 1000",
             "last_update_time >= 0 AND name LIKE 'search-%'", "creation_time = 5",
             "name LIKE 'search-_'", "name LIKE 'search-\\_'", ""):
    c.post("experiments/search", {"max_results": 100, "filter": text,
                                  "order_by": ["experiment_id ASC"]} if text else
           {"max_results": 1, "filter": text})
for text in ("colour = 'x'", "name", "name =", "= 'a'", "name > 'a'", "name = a", "name = 5",
             "name IN ('a')", "name = 'a' OR name = 'b'", "(name = 'a')", "name = 'a' AND",
             "AND name = 'a'", "name = 'a' name = 'b'", "name LIKE 5", "creation_time = 'x'",
             "creation_time LIKE '5'", "tags.letter > 'a'", "tags.letter = 5", "tags.letter IN ('a')",
             "tags.letter IS NULL", "tags.letter IS NOT NULL", "metrics.x > 1", "params.x = '1'",
             "name = 'a' UNION SELECT 1", "name = 'a'; DROP TABLE experiments", "name == 'a'",
             "name <> 'a'", "'name' = 'a'", "name = ''", "name = '", "name = 'it''s'", "1 = 1",
             "experiment_id = 5", "experiment_id IN ()", "experiment_id IN (5)",
             "experiment_id > '5'", "tags. = 'a'", "tags = 'a'", "name = 'a' -- comment",
             "name /* c */ = 'a'", "NOT name = 'a'", "name RLIKE 'a'", "name IS NULL",
             "name BETWEEN 'a' AND 'b'"):
    c.post("experiments/search", {"max_results": 100, "filter": text},
           loose=["json.experiments"] if text.endswith("IS NULL") else None)
c.post("experiments/search", {"max_results": 100, "filter": 5})
c.post("experiments/search", {"max_results": 100, "filter": None}, about="null is as if absent",
       differ=None, loose=["json.experiments"])
c.post("experiments/delete", {"experiment_id": "<search-b>"})
for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", 1, 2, 3, "SOME", 7):
    c.post("experiments/search", {"max_results": 100, "filter": mine, "view_type": view})
c.get("experiments/search", {"max_results": 100, "filter": mine, "view_type": "ALL"})
c.get("experiments/search", {"max_results": "abc", "filter": mine})
c.get("experiments/list", about="an endpoint of MLflow 1")
