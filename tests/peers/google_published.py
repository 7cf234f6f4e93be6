"""Google's own discovery documents, as google-api-python-client carries them: which calls there are, and what they take and give."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

VERSIONS = {
    "run": ("v1", "v2"),
    "cloudresourcemanager": ("v1",),
    "www": ("v2",),
    **dict.fromkeys(
        ("artifactregistry", "cloudasset", "cloudbuild", "iam", "iamcredentials", "secretmanager", "serviceusage"),
        ("v1",),
    ),
    "storage": ("v1",),
    "logging": ("v2",),
    "cloudbilling": ("v1",),
}
FILES = {"www": "oauth2"}
KINDS = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list, "number": (int, float)}


def folder():
    """Of the documents; None where the package is not installed."""
    found = find_spec("googleapiclient")
    return None if found is None else Path(found.submodule_search_locations[0]) / "discovery_cache" / "documents"


class Published:
    """``calls``: those that were held, by their ids."""

    def __init__(self, where):
        self._where, self._known, self.calls = where, {}, set()

    def __call__(self, method, host, path, params, body):
        """Raises AssertionError with all that is wrong with one request."""
        document, said = self._call(method, host, path)
        query = {
            n for n, p in {**document["parameters"], **said.get("parameters", {})}.items() if p["location"] == "query"
        }
        wrong = [f"no query parameter {name}" for name in params if name not in query]
        if body is not None and not isinstance(body, bytes):
            assert "request" in said, f"{said['id']} takes no body"
            wrong += list(problems(document["schemas"], said["request"], body, sent=True))
        assert wrong == [], (said["id"], wrong)
        self.calls.add(said["id"])

    def answered(self, method, host, path, answer):
        """The same of its answer."""
        document, said = self._call(method, host, path)
        if "text" not in answer:
            wrong = list(problems(document["schemas"], said.get("response", {"type": "object"}), answer))
            assert wrong == [], (said["id"], wrong)

    def _call(self, method, host, path):
        name = host.removeprefix("https://").partition(".")[0].rpartition("-")[2]
        for version in VERSIONS[name]:
            for document, pattern, said in self._calls(name, version):
                if said["httpMethod"] == method and pattern.fullmatch(path):
                    return document, said
        raise AssertionError(f"{name} has no {method} {path}")

    def _calls(self, name, version):
        if (name, version) not in self._known:
            document = json.loads((self._where / f"{FILES.get(name, name)}.{version}.json").read_text())
            self._known[name, version] = list(_methods(document, document))
        return self._known[name, version]


def _methods(document, inside):
    for said in inside.get("methods", {}).values():
        yield document, _pattern("/" + document["servicePath"] + said.get("flatPath", said["path"])), said
        if "mediaUpload" in said:
            more = {"parameters": {**said.get("parameters", {}), "uploadType": {"location": "query"}}}
            yield document, _pattern(said["mediaUpload"]["protocols"]["simple"]["path"]), {**said, **more}
    for inner in inside.get("resources", {}).values():
        yield from _methods(document, inner)


def _pattern(path):
    parts = re.split(r"(\{[^}]+\})", path)
    return re.compile("".join("[^/:]+" if p.startswith("{") else re.escape(p) for p in parts))


def problems(schemas, schema, value, at="", *, sent=False):
    """What is wrong with a value; ``sent``: what only Google writes is wrong too."""
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    kind = schema.get("type", "any")
    if kind in KINDS and (not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{at or 'the body'} is not {kind}: {value!r}"
    elif isinstance(value, dict) and kind == "object":
        for name, inner in value.items():
            known = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if known is None:
                yield f"no field {at}.{name}"
            elif sent and known.get("readOnly"):
                yield f"{at}.{name} is Google's to write"
            else:
                yield from problems(schemas, known, inner, f"{at}.{name}", sent=sent)
    elif isinstance(value, list) and "items" in schema:
        for k, inner in enumerate(value):
            yield from problems(schemas, schema["items"], inner, f"{at}[{k}]", sent=sent)
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{at} has no value {value!r}"
