"""What Google publishes of its own APIs: which calls there are, and what they take and give.

``google_published.json`` has the names and types of the calls that a deployment makes, taken from the discovery documents that
google-api-python-client carries. With that package installed, ``python -m tests.peers.google_published`` writes it anew.

A type is a word (``string``), one of a schema (``$Secret``), a list (``[]string``), a map (``{}string``), or its values
(``string:DOCKER|MAVEN``); ``!`` before it: only Google writes it.
"""

import json
import re
from importlib.util import find_spec
from pathlib import Path

FILE = Path(__file__).with_suffix(".json")
KINDS = {"string": str, "integer": int, "boolean": bool, "number": (int, float), "object": dict}


class Published:
    """``held``: the calls that were seen, by their ids."""

    def __init__(self, said=None):
        said = said or json.loads(FILE.read_text(encoding="utf-8"))
        self._calls = [(_pattern(call["path"]), call) for call in said["calls"]]
        self._schemas, self.held = said["schemas"], set()

    def __call__(self, method, host, path, params, body):
        """Raises AssertionError with all that is wrong with one request."""
        call = self._call(method, host, path)
        wrong = [f"no query parameter {name}" for name in params if name not in call["query"]]
        if body is not None and not isinstance(body, bytes):
            assert call["takes"], f"{call['id']} takes no body"
            wrong += self._problems(call["api"], call["takes"], body, sent=True)
        assert wrong == [], (call["id"], wrong)
        self.held.add(call["id"])

    def answered(self, method, host, path, answer):
        """The same of its answer."""
        call = self._call(method, host, path)
        if "text" not in answer:
            wrong = list(self._problems(call["api"], call["gives"], answer))
            assert wrong == [], (call["id"], wrong)

    def _call(self, method, host, path):
        name = host.removeprefix("https://").partition(".")[0].rpartition("-")[2]
        for pattern, call in self._calls:
            if call["host"] == name and call["method"] == method and pattern.fullmatch(path):
                return call
        raise AssertionError(f"{name} has no {method} {path}")

    def _problems(self, api, kind, value, at="", *, sent=False):
        """What is wrong with a value; ``sent``: what only Google writes is wrong too."""
        if isinstance(kind, str) and sent and kind.startswith("!"):
            yield f"{at} is Google's to write"
            return
        kind = kind.removeprefix("!") if isinstance(kind, str) else kind
        if isinstance(kind, str) and kind.startswith("$"):
            kind = self._schemas[api][kind[1:]]
        if isinstance(kind, dict):
            yield from self._fields(api, kind, value, at, sent=sent)
        elif kind.startswith("[]"):
            rows = value if isinstance(value, list) else []
            yield from [] if isinstance(value, list) else [f"{at} is not a list"]
            for k, inner in enumerate(rows):
                yield from self._problems(api, kind[2:], inner, f"{at}[{k}]", sent=sent)
        elif kind.startswith("{}"):
            yield from self._fields(api, dict.fromkeys(value, kind[2:]), value, at, sent=sent)
        else:
            yield from _plain(kind, value, at)

    def _fields(self, api, kinds, value, at, *, sent):
        if not isinstance(value, dict):
            yield f"{at or 'the body'} is not an object"
            return
        for name, inner in value.items():
            if name not in kinds:
                yield f"no field {at}.{name}"
            else:
                yield from self._problems(api, kinds[name], inner, f"{at}.{name}", sent=sent)


def _plain(kind, value, at):
    word, _, values = kind.partition(":")
    alike = KINDS.get(word, object)
    if not isinstance(value, alike) or (isinstance(value, bool) and word in ("integer", "number")):
        yield f"{at} is not {word}: {value!r}"
    elif values and value not in values.split("|"):
        yield f"{at} has no value {value!r}"


def _pattern(path):
    parts = re.split(r"(\{[^}]+\})", path)
    return re.compile("".join("[^/:]+" if p.startswith("{") else re.escape(p) for p in parts))


# -- how the file is made

CALLS = {  # by document: the calls that a deployment makes
    "oauth2.v2": ("oauth2.userinfo.get",),
    "cloudresourcemanager.v1": ("projects.get", "projects.getIamPolicy", "projects.setIamPolicy"),
    "serviceusage.v1": ("services.batchGet", "services.batchEnable", "operations.get"),
    "iam.v1": (
        *("projects.serviceAccounts.get", "projects.serviceAccounts.create", "projects.serviceAccounts.delete"),
        *("projects.serviceAccounts.getIamPolicy", "projects.serviceAccounts.setIamPolicy"),
    ),
    "iamcredentials.v1": ("projects.serviceAccounts.generateIdToken",),
    "secretmanager.v1": (
        *(f"projects.secrets.{verb}" for verb in ("get", "list", "create", "delete", "addVersion")),
        *("projects.secrets.getIamPolicy", "projects.secrets.setIamPolicy", "projects.secrets.versions.access"),
    ),
    "artifactregistry.v1": (
        *(f"projects.locations.repositories.{verb}" for verb in ("get", "list", "create", "delete")),
        *(f"projects.locations.repositories.{verb}" for verb in ("getIamPolicy", "setIamPolicy", "packages.tags.get")),
        "projects.locations.operations.get",
    ),
    "cloudbuild.v1": tuple(f"projects.locations.builds.{verb}" for verb in ("get", "list", "create")),
    "storage.v1": (
        *(f"buckets.{verb}" for verb in ("get", "list", "insert", "delete", "getIamPolicy", "setIamPolicy")),
        *(f"objects.{verb}" for verb in ("get", "list", "insert", "delete")),
    ),
    "run.v1": (
        *(f"namespaces.services.{verb}" for verb in ("get", "create", "replaceService")),
        "namespaces.revisions.get",
    ),
    "run.v2": (
        *(f"projects.locations.services.{verb}" for verb in ("get", "list", "delete", "getIamPolicy", "setIamPolicy")),
        *("projects.locations.jobs.list", "projects.locations.workerPools.list", "projects.locations.operations.get"),
    ),
    "cloudasset.v1": ("searchAllResources",),
    "logging.v2": ("entries.list",),
}
HOSTS = {"oauth2": "www"}


def folder():
    """Of the documents; None where the package is not installed."""
    found = find_spec("googleapiclient")
    return None if found is None else Path(found.submodule_search_locations[0]) / "discovery_cache" / "documents"


def published(where):
    """What the file holds, out of the documents there."""
    calls, schemas = [], {}
    for name, wanted in CALLS.items():
        document = json.loads((where / f"{name}.json").read_text(encoding="utf-8"))
        api = name.partition(".")[0]
        known = dict(_methods(document))
        for one in wanted:
            said = known[one if one.startswith(f"{api}.") else f"{api}.{one}"]
            calls += [{"api": name, "host": HOSTS.get(api, api), **row} for row in _rows(document, said)]
        kinds = {key: _kind(schema) for key, schema in document["schemas"].items()}
        roots = [kind for call in calls if call["api"] == name for kind in (call["takes"], call["gives"])]
        schemas[name] = dict(sorted(_reached(kinds, roots).items()))
    return {"calls": calls, "schemas": schemas}


def _methods(inside):
    for said in inside.get("methods", {}).values():
        yield said["id"], said
    for inner in inside.get("resources", {}).values():
        yield from _methods(inner)


def _rows(document, said):
    own = said.get("parameters", {}).items()
    query = sorted({"alt", *(name for name, one in own if one["location"] == "query")} & _known(document, said))
    takes, gives = (f"${said[side]['$ref']}" if side in said else "" for side in ("request", "response"))
    row = {"id": said["id"], "method": said["httpMethod"], "query": query, "takes": takes, "gives": gives or "object"}
    yield {**row, "path": "/" + document["servicePath"] + said.get("flatPath", said["path"])}
    if "mediaUpload" in said:
        yield {**row, "path": said["mediaUpload"]["protocols"]["simple"]["path"], "query": [*query, "uploadType"]}


def _known(document, said):
    return set(document["parameters"]) | set(said.get("parameters", {}))


def _kind(schema):
    mark = "!" if schema.get("readOnly") else ""
    if "$ref" in schema:
        return f"{mark}${schema['$ref']}"
    word = schema.get("type", "any")
    if word == "array":
        return f"{mark}[]{_inner(schema['items'])}"
    if word == "object" and "additionalProperties" in schema:
        return f"{mark}{{}}{_inner(schema['additionalProperties'])}"
    if word == "object" and "properties" in schema:
        return {name: _kind(one) for name, one in schema["properties"].items()}
    return mark + word + (f":{'|'.join(schema['enum'])}" if "enum" in schema else "")


def _inner(schema):
    """Of a list or a map: what has fields of its own there is an object without a name."""
    kind = _kind(schema)
    return kind if isinstance(kind, str) else "object"


def _reached(kinds, roots):
    out, left = {}, [root for root in roots if root]
    while left:
        kind = left.pop()
        for name in re.findall(r"\$([A-Za-z0-9_]+)", json.dumps(kind)):
            if name not in out:
                out[name] = kinds[name]
                left.append(kinds[name])
    return out


def written(said):
    """One line a call and a schema."""
    calls = ",\n".join(json.dumps(call) for call in said["calls"])
    schemas = ",\n".join(
        f'"{api}": {{\n' + ",\n".join(f'"{name}": {json.dumps(kind)}' for name, kind in rows.items()) + "\n}"
        for api, rows in said["schemas"].items()
    )
    return f'{{"calls": [\n{calls}\n],\n"schemas": {{\n{schemas}\n}}}}\n'


if __name__ == "__main__":
    FILE.write_text(written(published(folder())), encoding="utf-8")
