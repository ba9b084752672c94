"""The registry: models, versions, aliases, tags, stages, search, prompts."""

from script import Chapter

chapter = Chapter(__doc__)
c = chapter
M, V = "registered-models", "model-versions"
c.post("experiments/create", {"name": "registry"}, save={"experiment-1": "experiment_id"})
c.post("runs/create", {"experiment_id": "<experiment-1>", "run_name": "r", "start_time": 1},
       save={"run-1": "run.info.run_id"})
SOURCE = "mlflow-artifacts:/<experiment-1>/<run-1>/artifacts/model"

c.part("create a model")
c.post(f"{M}/create", {"name": "rim"})
c.get(f"{M}/get", {"name": "rim"})
c.post(f"{M}/create", {"name": "rim"}, about="the name is taken")
c.post(f"{M}/create", {"name": "full", "description": "what it is",
                       "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": ""}]})
c.get(f"{M}/get", {"name": "full"})
c.post(f"{M}/create", {"name": "ünï 🌙 'q' % _"})
c.get(f"{M}/get", {"name": "ünï 🌙 'q' % _"})
c.post(f"{M}/create", {"name": "two", "tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]},
       differ=("a plain answer in place of an error of the database", {"status": 200}))
for body in ({}, {"name": ""}, {"name": " "}, {"name": None}, {"name": 5}, {"name": ["a"]},
             {"name": "a/b"}, {"name": "a:b"}, {"name": "."}, {"name": ".."}, {"name": "a\\b"},
             {"name": "t1", "tags": "x"}, {"name": "t2", "tags": [{"key": "a$", "value": "v"}]},
             {"name": "t3", "tags": [{"key": "../a", "value": "v"}]}, {"name": "t4", "description": 5},
             {"name": "t5", "tags": [{"value": "no key"}]}):
    c.post(f"{M}/create", body)
c.get(f"{M}/get", {"name": "no such"})
c.get(f"{M}/get", {"name": ""})
c.get(f"{M}/get", {})
c.get(f"{M}/get", {"name": "RIM"})

c.part("update, rename")
c.patch(f"{M}/update", {"name": "rim", "description": "new"})
c.patch(f"{M}/update", {"name": "rim"})
c.patch(f"{M}/update", {"name": "rim", "description": ""})
c.patch(f"{M}/update", {"name": "rim", "description": 5})
c.patch(f"{M}/update", {"name": "no such", "description": "x"})
c.patch(f"{M}/update", {"description": "x"})
c.post(f"{M}/update", {"name": "rim", "description": "x"}, about="only PATCH")
c.post(f"{M}/rename", {"name": "rim", "new_name": "rim 2"})
c.get(f"{M}/get", {"name": "rim"})
c.post(f"{M}/rename", {"name": "rim 2", "new_name": "rim"})
c.post(f"{M}/rename", {"name": "rim", "new_name": "full"})
for body in ({"name": "rim"}, {"new_name": "x"}, {"name": "no such", "new_name": "x"},
             {"name": "rim", "new_name": ""}, {"name": "rim", "new_name": "a/b"},
             {"name": "rim", "new_name": 5}, {"name": "rim", "new_name": "rim"}):
    c.post(f"{M}/rename", body)

c.part("tags of a model")
c.post(f"{M}/set-tag", {"name": "rim", "key": "k", "value": "1"})
c.post(f"{M}/set-tag", {"name": "rim", "key": "k", "value": "2"})
for body in ({"name": "rim", "key": "k"}, {"name": "rim", "value": "v"}, {"key": "k", "value": "v"},
             {"name": "no such", "key": "k", "value": "v"}, {"name": "rim", "key": "", "value": "v"},
             {"name": "rim", "key": "../k", "value": "v"}, {"name": "rim", "key": "k$", "value": "v"},
             {"name": "rim", "key": "k", "value": 5}, {"name": "rim", "key": 5, "value": "v"}):
    c.post(f"{M}/set-tag", body)
c.get(f"{M}/get", {"name": "rim"})
c.delete(f"{M}/delete-tag", {"name": "rim", "key": "k"})
c.delete(f"{M}/delete-tag", {"name": "rim", "key": "k"}, about="once more")
c.delete(f"{M}/delete-tag", {"name": "rim"})
c.delete(f"{M}/delete-tag", {"key": "k"})
c.delete(f"{M}/delete-tag", {"name": "no such", "key": "k"})

c.part("create a version")
c.post(f"{V}/create", {"name": "rim", "source": SOURCE, "run_id": "<run-1>"})
c.get(f"{V}/get", {"name": "rim", "version": "1"})
c.get(f"{M}/get", {"name": "rim"})
c.post(f"{V}/create", {"name": "rim", "source": SOURCE, "run_id": "<run-1>", "description": "second",
                       "run_link": "http://x/y", "tags": [{"key": "a", "value": "1"}]})
c.post(f"{V}/create", {"name": "rim", "source": "mlflow-artifacts:/elsewhere/model"},
       about="without a run")
c.post(f"{V}/create", {"name": "rim", "source": "s3://bucket/model"})
c.post(f"{V}/create", {"name": "rim", "source": "runs:/<run-1>/model", "run_id": "<run-1>"})
c.post(f"{V}/create", {"name": "rim", "source": "models:/full/1"},
       about="a copy of a version that is not there")
c.post(f"{V}/create", {"name": "full", "source": "models:/rim/1"}, about="a copy")
c.get(f"{V}/get-download-uri", {"name": "full", "version": "1"})
for body in ({}, {"name": "rim"}, {"source": SOURCE}, {"name": "no such", "source": SOURCE},
             {"name": "rim", "source": ""}, {"name": "rim", "source": 5}, {"name": 5, "source": SOURCE},
             {"name": "", "source": SOURCE},
             {"name": "rim", "source": SOURCE, "run_id": "00000000000000000000000000000000"},
             {"name": "rim", "source": SOURCE, "tags": [{"key": "a$", "value": "v"}]},
             {"name": "rim", "source": SOURCE, "run_id": "<run-1>", "model_id":
              "m-00000000000000000000000000000000"}):
    c.post(f"{V}/create", body)
c.part("sources that lead elsewhere")
for source in ("/etc/passwd", "file:///etc/passwd", "file:/etc", "../../etc", "/tmp/../etc",
               "mlflow-artifacts:/<experiment-1>/../../../etc", "mlflow-artifacts:/%2e%2e/%2e%2e/etc",
               "mlflow-artifacts:/a/%252e%252e/b", "http:///#/../../../etc", "http://x/../../etc",
               "file://./etc", "file:///etc#/x", "mlflow-artifacts:/x?y=z", "mlflow-artifacts:/x#y",
               "dbfs:/x/../y", "s3://b/../c", "..", ".", "models:/../../etc", "runs:/../../etc",
               "mlflow-artifacts:/..\\..\\etc", "\\\\host\\share", "c:\\windows", "file:///%2e%2e/etc"):
    c.post(f"{V}/create", {"name": "rim", "source": source})
    c.post(f"{V}/create", {"name": "rim", "source": source, "run_id": "<run-1>"},
           loose=None if ":/" in source and not source.startswith("file") else ["json.message"])
c.post(f"{V}/create", {"name": "rim", "source": "/etc", "tags": [
    {"key": "mlflow.prompt.is_prompt", "value": "true"}]},
    about="the tag of a prompt does not switch off the check of the source")
c.delete(f"{M}/delete", {"name": "rim"}, about="start again with known versions")
c.post(f"{M}/create", {"name": "rim"})
for i in range(4):
    c.post(f"{V}/create", {"name": "rim", "source": SOURCE, "run_id": "<run-1>"})

c.part("get a version")
for query in ({"name": "rim", "version": "2"}, {"name": "rim", "version": "99"},
              {"name": "rim", "version": "0"}, {"name": "rim", "version": "-1"},
              {"name": "rim", "version": "abc"}, {"name": "rim", "version": "1.5"},
              {"name": "rim", "version": ""}, {"name": "rim"}, {"version": "1"},
              {"name": "no such", "version": "1"}, {"name": "rim", "version": "01"},
              {"name": "rim", "version": "99999999999999999999"}):
    c.get(f"{V}/get", query)
c.get(f"{V}/get-download-uri", {"name": "rim", "version": "1"})
c.get(f"{V}/get-download-uri", {"name": "rim", "version": "99"})
c.get(f"{V}/get-download-uri", {"name": "rim"})

c.part("update a version")
c.patch(f"{V}/update", {"name": "rim", "version": "1", "description": "d"})
c.patch(f"{V}/update", {"name": "rim", "version": "1"})
c.patch(f"{V}/update", {"name": "rim", "version": 1, "description": "number"})
c.patch(f"{V}/update", {"name": "rim", "version": "99", "description": "d"})
c.patch(f"{V}/update", {"name": "rim", "description": "d"})
c.patch(f"{V}/update", {"name": "rim", "version": "abc", "description": "d"})

c.part("tags of a version")
c.post(f"{V}/set-tag", {"name": "rim", "version": "1", "key": "k", "value": "1"})
c.post(f"{V}/set-tag", {"name": "rim", "version": "1", "key": "k", "value": "2"})
c.get(f"{V}/get", {"name": "rim", "version": "1"})
for body in ({"name": "rim", "version": "1", "key": "k"}, {"name": "rim", "version": "1"},
             {"name": "rim", "key": "k", "value": "v"}, {"version": "1", "key": "k", "value": "v"},
             {"name": "rim", "version": "99", "key": "k", "value": "v"},
             {"name": "no such", "version": "1", "key": "k", "value": "v"},
             {"name": "rim", "version": "abc", "key": "k", "value": "v"},
             {"name": "rim", "version": "1", "key": "../k", "value": "v"},
             {"name": "rim", "version": "1", "key": "k", "value": 5}):
    c.post(f"{V}/set-tag", body)
c.delete(f"{V}/delete-tag", {"name": "rim", "version": "1", "key": "k"})
c.delete(f"{V}/delete-tag", {"name": "rim", "version": "1", "key": "k"})
c.delete(f"{V}/delete-tag", {"name": "rim", "version": "99", "key": "k"})
c.delete(f"{V}/delete-tag", {"name": "rim", "key": "k"})
c.delete(f"{V}/delete-tag", {"name": "rim", "version": "1"})

c.part("aliases")
c.post(f"{M}/alias", {"name": "rim", "alias": "champion", "version": "1"})
c.post(f"{M}/alias", {"name": "rim", "alias": "challenger", "version": "2"})
c.post(f"{M}/alias", {"name": "rim", "alias": "other", "version": "1"})
c.get(f"{M}/alias", {"name": "rim", "alias": "champion"})
c.get(f"{M}/get", {"name": "rim"})
c.get(f"{V}/get", {"name": "rim", "version": "1"})
c.post(f"{M}/alias", {"name": "rim", "alias": "champion", "version": "3"}, about="moved")
c.get(f"{M}/alias", {"name": "rim", "alias": "champion"})
for alias in ("latest", "LATEST", "v1", "V12", "v1a", "a b", "a/b", "a.b", "é", "", "1", "a-b_c", 5):
    c.post(f"{M}/alias", {"name": "rim", "alias": alias, "version": "1"})
for body in ({"name": "rim", "alias": "x"}, {"name": "rim", "version": "1"},
             {"alias": "x", "version": "1"}, {"name": "no such", "alias": "x", "version": "1"},
             {"name": "rim", "alias": "x", "version": "99"},
             {"name": "rim", "alias": "x", "version": "abc"}, {"name": "rim", "alias": "x", "version": 1}):
    c.post(f"{M}/alias", body)
for query in ({"name": "rim", "alias": "no such"}, {"name": "no such", "alias": "x"}, {"name": "rim"},
              {"alias": "x"}, {"name": "rim", "alias": "latest"}, {"name": "rim", "alias": "v1"},
              {"name": "rim", "alias": "CHAMPION"}):
    c.get(f"{M}/alias", query)
c.delete(f"{M}/alias", {"name": "rim", "alias": "other"})
c.delete(f"{M}/alias", {"name": "rim", "alias": "other"}, about="once more")
c.delete(f"{M}/alias", {"name": "no such", "alias": "x"})
c.delete(f"{M}/alias", {"name": "rim"})
c.delete(f"{M}/alias", {"alias": "x"})

c.part("stages")
OWN_WORDS = ("MLflow says why, with the code of a failure of its own", {"status": [400, 500]})
c.post(f"{V}/transition-stage", {"name": "rim", "version": "1", "stage": "Staging",
                                 "archive_existing_versions": False})
c.post(f"{V}/transition-stage", {"name": "rim", "version": "2", "stage": "staging",
                                 "archive_existing_versions": True})
c.get(f"{V}/get", {"name": "rim", "version": "1"})
c.post(f"{V}/transition-stage", {"name": "rim", "version": "3", "stage": "PRODUCTION",
                                 "archive_existing_versions": False})
for body in ({"name": "rim", "version": "1", "stage": "Somewhere"},
             {"name": "rim", "version": "1", "stage": "None"},
             {"name": "rim", "version": "1", "stage": "none", "archive_existing_versions": True},
             {"name": "rim", "version": "1", "stage": "Archived", "archive_existing_versions": True},
             {"name": "rim", "version": "1", "stage": "Production"}, {"name": "rim", "version": "1"},
             {"name": "rim", "stage": "Staging"}, {"version": "1", "stage": "Staging"},
             {"name": "rim", "version": "99", "stage": "Staging"},
             {"name": "rim", "version": "1", "stage": "Staging", "archive_existing_versions": "x"},
             {"name": "rim", "version": "1", "stage": ""}):
    c.post(f"{V}/transition-stage", body, differ=OWN_WORDS if body.get("archive_existing_versions") is True
           else None)

c.part("latest versions")
c.get(f"{M}/get-latest-versions", {"name": "rim"})
c.post(f"{M}/get-latest-versions", {"name": "rim"})
c.get(f"{M}/get-latest-versions", {"name": "rim", "stages": ["Production"]})
c.post(f"{M}/get-latest-versions", {"name": "rim", "stages": ["production", "Staging"]})
c.post(f"{M}/get-latest-versions", {"name": "rim", "stages": ["Nowhere"]})
c.post(f"{M}/get-latest-versions", {"name": "rim", "stages": "Staging"})
c.post(f"{M}/get-latest-versions", {"name": "rim", "stages": []})
c.get(f"{M}/get-latest-versions", {"name": "no such"})
c.get(f"{M}/get-latest-versions", {})

c.part("search models")
for name in ("s-b", "s-a", "s-c", "S-A"):
    c.post(f"{M}/create", {"name": name, "tags": [{"key": "letter", "value": name[-1]}]})
mine = "name ILIKE 's-%'"
c.get(f"{M}/search", {"filter": mine})
c.get(f"{M}/search", {"filter": mine, "max_results": 2}, save={"page-1": "next_page_token"})
c.get(f"{M}/search", {"filter": mine, "max_results": 2, "page_token": "<page-1>"})
c.get(f"{M}/search", {"filter": mine, "page_token": "nonsense"})
c.get(f"{M}/search", {}, loose=["json.registered_models"])
c.post(f"{M}/search", {"filter": mine}, about="only GET")
for text in ("name = 's-a'", "name != 's-a'", "name LIKE 's-%'", "name ILIKE 'S-%'", "name = \"s-a\"",
             "`name` = 's-a'", "tags.letter = 'a'", "tag.letter = 'a'", "tags.`letter` ILIKE 'A'",
             "tags.letter != 'a'", "tags.letter LIKE '%'", "name = 's-a' AND tags.letter = 'a'",
             "name LIKE '%a' and name LIKE 's%'", "attribute.name = 's-a'", "name='s-a'", "name LIKE '%'",
             "tags.letter = 'a' AND tags.letter = 'b'"):
    c.get(f"{M}/search", {"filter": text, "order_by": ["name ASC"]},
          loose=["json.registered_models"] if text in ("name != 's-a'", "name LIKE '%'") else None)
for text in ("name", "name =", "name = s-a", "name = 5", "name > 's'", "name IN ('s-a')", "colour = 'x'",
             "tags.letter > 'a'", "tags.letter = 5", "tags.letter IS NULL", "name = 's-a' OR name = 's-b'",
             "(name = 's-a')", "run_id = 'x'", "version_number = 1", "name = 's-a';",
             "name LIKE 's' name LIKE 'b'", "creation_timestamp > 0", "metrics.x > 1", "params.x = '1'",
             "name = 's-a' AND", "'name' = 'x'", "tags. = 'x'", "tags = 'x'", "name = ''"):
    c.get(f"{M}/search", {"filter": text})
for order in (["name"], ["name DESC"], ["name asc"], ["timestamp"], ["timestamp DESC", "name"],
              ["last_updated_timestamp ASC"], ["creation_timestamp"], ["`name` DESC"], ["colour"],
              ["name UP"], [""], ["name ASC DESC"], ["tags.letter"], ["version_number"],
              ["name; DROP TABLE x"], ["name", "name"]):
    c.get(f"{M}/search", {"filter": mine, "order_by": order},
          differ=OWN_WORDS if order == ["name", "name"] else None)

c.part("search versions")
c.get(f"{V}/search", {"filter": "name = 'rim'"})
c.get(f"{V}/search", {"filter": "name = 'rim'", "max_results": 2}, save={"page-2": "next_page_token"})
c.get(f"{V}/search", {"filter": "name = 'rim'", "max_results": 2, "page_token": "<page-2>"})
c.get(f"{V}/search", {})
c.post(f"{V}/set-tag", {"name": "rim", "version": "2", "key": "letter", "value": "b"})
for text in ("name = 'rim' AND run_id = '<run-1>'", "run_id = '<run-1>'", "run_id IN ('<run-1>')",
             "run_id IN ('<run-1>', 'x')", "run_id = 'none'", "version_number = 2", "version_number > 2",
             "version_number != 1 AND name = 'rim'", "version_number <= 2 AND name LIKE 'r%'",
             "source_path = '" + SOURCE + "'", "source_path LIKE '%model'", "tags.letter = 'b'",
             "tag.letter LIKE 'b%'", "tags.`letter` ILIKE 'B'", "name ILIKE 'RIM'",
             "name = \"rim\"", "`name` = 'rim'", "name IN ('rim')", "name = 'no such'"):
    c.get(f"{V}/search", {"filter": text})
for text in ("name", "name = rim", "name > 'rim'", "colour = 'x'", "version = 1",
             "version_number = '1'", "version_number LIKE '1'", "version_number IN (1)", "run_id > 'x'",
             "run_id IN ()", "run_id IN (1)", "run_id IN ('a' 'b')", "run_id NOT IN ('x')",
             "run_id IN ('<run-1>'", "current_stage = 'Staging'", "tags.letter > 'x'", "tags.letter = 5",
             "name = 'a' OR name = 'b'", "(name = 'rim')", "name = 'rim';", "stage = 'x'",
             "status = 'READY'", "metrics.a > 1", "name = 'rim' AND", "user_id = 'x'",
             "creation_timestamp > 0", "aliases = 'x'", "tags.letter IS NULL"):
    c.get(f"{V}/search", {"filter": text})
for order in (["name"], ["version_number"], ["version_number DESC"], ["version_number asc"],
              ["creation_timestamp"], ["last_updated_timestamp DESC"], ["timestamp"], ["colour"],
              ["name UP"], [""], ["run_id"], ["tags.letter"], ["version_number ASC", "name DESC"]):
    c.get(f"{V}/search", {"filter": "name = 'rim'", "order_by": order},
          loose=["json.model_versions"] if order[0].endswith(("timestamp", "timestamp DESC", "name"))
          else None)

c.part("prompts live beside the models and are not seen in plain searches")
PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
c.post(f"{M}/create", {"name": "greeting", "tags": PROMPT})
c.get(f"{M}/get", {"name": "greeting"})
c.post(f"{V}/create", {"name": "greeting", "source": "dummy-source", "tags": PROMPT + [
    {"key": "mlflow.prompt.text", "value": "Hello {{name}}"}]})
c.post(f"{V}/create", {"name": "greeting", "source": "dummy-source", "description": "shorter",
                       "tags": PROMPT + [{"key": "mlflow.prompt.text", "value": "Hi"}]})
c.get(f"{V}/get", {"name": "greeting", "version": "1"})
c.get(f"{M}/search", {"filter": "name = 'greeting'"})
c.get(f"{M}/search", {"filter": "name LIKE 'gree%'"})
c.get(f"{M}/search", {"filter": "tags.`mlflow.prompt.is_prompt` = 'true'"})
c.get(f"{M}/search", {"filter": "name = 'greeting' AND tags.`mlflow.prompt.is_prompt` = 'true'"})
c.get(f"{M}/search", {"filter": "tags.`mlflow.prompt.is_prompt` = 'false' AND name = 's-a'"})
c.get(f"{M}/search", {"filter": "tags.`mlflow.prompt.is_prompt` != 'true' AND name LIKE 's-%'"})
c.get(f"{V}/search", {"filter": "name = 'greeting'"})
c.get(f"{V}/search", {"filter": "name = 'greeting' AND tags.`mlflow.prompt.is_prompt` = 'true'"})
c.get(f"{V}/search", {"filter": "tags.`mlflow.prompt.is_prompt` = 'true'"})
c.post(f"{M}/alias", {"name": "greeting", "alias": "production", "version": "2"})
c.get(f"{M}/alias", {"name": "greeting", "alias": "production"})
c.post(f"{M}/create", {"name": "greeting"}, about="a model with the name of a prompt")
c.post(f"{M}/create", {"name": "rim", "tags": PROMPT}, about="a prompt with the name of a model")
c.post(f"{M}/set-tag", {"name": "rim", "key": "mlflow.prompt.is_prompt", "value": "true"})
c.delete(f"{M}/delete-tag", {"name": "rim", "key": "mlflow.prompt.is_prompt"})
c.post(f"{M}/set-tag", {"name": "greeting", "key": "owner", "value": "ada"})
c.get(f"{M}/get-latest-versions", {"name": "greeting"})

c.part("delete")
c.delete(f"{V}/delete", {"name": "rim", "version": "2"})
c.get(f"{V}/get", {"name": "rim", "version": "2"})
c.get(f"{M}/alias", {"name": "rim", "alias": "challenger"}, about="its alias is gone with it")
c.get(f"{M}/get", {"name": "rim"})
c.delete(f"{V}/delete", {"name": "rim", "version": "2"}, about="once more")
c.delete(f"{V}/delete", {"name": "rim", "version": "abc"})
c.delete(f"{V}/delete", {"name": "rim"})
c.delete(f"{V}/delete", {"version": "1"})
c.post(f"{V}/create", {"name": "rim", "source": SOURCE}, about="a number is not used again")
c.delete(f"{V}/delete", {"name": "rim", "version": "5"})
c.post(f"{V}/create", {"name": "rim", "source": SOURCE}, about="the number of the deleted last one")
c.delete(f"{M}/delete", {"name": "rim"})
c.get(f"{M}/get", {"name": "rim"})
c.get(f"{V}/get", {"name": "rim", "version": "1"})
c.get(f"{M}/alias", {"name": "rim", "alias": "champion"})
c.delete(f"{M}/delete", {"name": "rim"}, about="once more")
c.delete(f"{M}/delete", {})
c.post(f"{M}/delete", {"name": "s-a"}, about="only DELETE")

c.part("webhooks are not spoken: nothing goes out")
for method in ("GET", "POST"):
    c.send(method, "/api/2.0/mlflow/webhooks", json=None if method == "GET" else {
        "name": "w", "url": "http://169.254.169.254/", "events": [
            {"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
        differ=("the server calls no URL that a user names", {"status": 404}))
