"""What an OpenAPI document says of how a chat may be asked: its POST paths with a body that a question fits into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from harness.domain.bounds import MOST_PATH
from harness.domain.lines import names_in

if TYPE_CHECKING:
    from harness.load.ask import Asker

PROMPTS = names_in("question prompt query message q input text user_input user_message content user_query instruction")
MESSAGES = ("messages", "conversation", "history")
STREAMS = ("stream", "streaming", "is_stream")
LENGTHS = ("max_tokens", "max_completion_tokens", "max_new_tokens", "max_output_tokens", "limit")
PASSAGES = ("top_k", "k", "n_results", "num_documents")
SESSIONS = ("session_id", "session", "thread_id", "conversation_id", "chat_id")
FILLED = (
    (STREAMS, "{stream}", "boolean"),
    (LENGTHS, "{max_tokens}", "integer"),
    (PASSAGES, "{top_k}", "integer"),
    (SESSIONS, "{session}", "string"),
)
CHATTY = ("chat", "ask", "answer", "complet", "generat", "query", "rag", "message", "stream", "invoke", "predict")
MOST_DEEP = 4
MOST_REFERENCES = 6  # one after the other
MOST_PATHS = 1_000
MOST_SCHEMAS = 200  # that are looked at for one body
MOST_WANTED = 16  # fields that a body must have


@dataclass(frozen=True)
class Asking:
    """One way to ask: a path and a body with placeholders (empty: nobody said), and why."""

    path: str
    request: Mapping[str, Any]
    because: str = ""  # where something was guessed
    guessed: tuple[str, ...] = ("path", "request")  # unless a person said it
    more: Mapping[str, Any] = field(default_factory=dict)  # other fields of [mapping], as a person says them


def document_of(asker: Asker) -> dict[str, Any]:
    """Its openapi.json; empty where it has none."""
    asked = asker.send("GET", "/openapi.json")
    return asked.said.fields if asked.said.status == 200 and "paths" in asked.said.fields else {}


def askings(document: Mapping[str, Any]) -> list[Asking]:
    """The likeliest first; paths with a parameter of their own are left out, for nobody says its value."""
    found: list[tuple[int, Asking]] = []
    for path, methods in paths_of(document):
        post = methods.get("post")
        if "{" in path or not isinstance(post, dict):
            continue
        schema = schema_of(post, document)
        if (request := _request(schema, document, set())) is not None:
            score = sum(word in path.lower() for word in CHATTY) + ("{stream}" in str(request))
            found.append((-score, Asking(path, request, "a POST of its openapi.json with a place for a question")))
    return [asking for _, asking in sorted(found, key=lambda one: one[0])]


def posts(document: Mapping[str, Any]) -> list[str]:
    """Every path that takes a POST, of the first that it has."""
    return [path for path, methods in paths_of(document) if "post" in methods]


def two_steps(document: Mapping[str, Any]) -> tuple[str, str] | None:
    """A path that is posted to, and one below it that is asked by an id that the first gave."""
    posted = set(posts(document))
    for below, methods in paths_of(document):
        path, _, last = below.rpartition("/")
        if path in posted and last.startswith("{") and last.endswith("}") and "get" in methods:
            return path, below
    return None


def paths_of(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The first of its paths, with what each may be asked by."""
    paths = document.get("paths")
    for path, methods in islice((paths if isinstance(paths, dict) else {}).items(), MOST_PATHS):
        if isinstance(methods, dict) and len(path) <= MOST_PATH:
            yield path, methods


def schema_of(post: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of the JSON that it is asked with; empty where it takes none."""
    return json_of(post.get("requestBody"), document)


def json_of(holder: Any, document: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ANN401 - a JSON value
    """The schema of a body's or an answer's JSON; empty where there is none."""
    content = resolved(holder, document).get("content")
    kind = content.get("application/json") if isinstance(content, dict) else None
    return resolved(kind.get("schema") if isinstance(kind, dict) else None, document)


def _request(schema: Mapping[str, Any], document: Mapping[str, Any], seen: set[int]) -> dict[str, Any] | None:
    """A body whose question is a placeholder; None where none of its fields asks anything, or it was ``seen`` before."""
    if id(schema) in seen:
        return None
    seen.add(id(schema))
    fields = fields_of(schema, document)
    made = _question_in(fields) or _deeper(fields, document, seen)
    if not made:
        return None
    required = names_of(schema.get("required"))
    for names, placeholder, kind in FILLED:
        name = next((n for n in names if n not in made and _is(fields.get(n), kind)), None)
        if name is not None and not (placeholder == "{session}" and name in required):  # not every arrival has one
            made[name] = placeholder
    for name in required:
        if name not in made:
            made[name] = _some(fields.get(name, {}), document)
    return made


def _question_in(fields: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The field that asks, filled; empty where none does."""
    for names, kind, placeholder in ((MESSAGES, "array", "{messages}"), (PROMPTS, "string", "{prompt}")):
        if (name := next((n for n in names if _is(fields.get(n), kind)), None)) is not None:
            return {name: placeholder}
    return {}


def _deeper(fields: Mapping[str, dict[str, Any]], document: Mapping[str, Any], seen: set[int]) -> dict[str, Any]:
    """The first object in which a question fits."""
    for outer, value in fields.items():
        if _is(value, "object") and len(seen) < MOST_SCHEMAS:
            inner = _request(value, document, seen)
            if inner is not None:
                return {outer: inner}
    return {}


def fields_of(schema: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Its properties and those of its parts; a document may refer to itself, so that each schema is looked at once."""
    made: dict[str, dict[str, Any]] = {}
    todo, seen = [schema], set[int]()
    while todo and len(seen) < MOST_SCHEMAS:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        properties, parts = one.get("properties"), one.get("allOf")
        for name, value in islice((properties if isinstance(properties, dict) else {}).items(), MOST_SCHEMAS):
            made.setdefault(name, resolved(value, document))
        todo += [resolved(part, document) for part in (parts if isinstance(parts, list) else [])[:MOST_SCHEMAS][::-1]]
    return made


def names_of(value: object) -> list[str]:
    """Of a list, the texts."""
    return [one for one in value[:MOST_SCHEMAS] if isinstance(one, str)] if isinstance(value, list) else []


def _is(schema: Mapping[str, Any] | None, kind: str) -> bool:
    """Whether a value of this kind fits, among others or alone."""
    if not schema:
        return False
    choices = [schema]
    for name in ("anyOf", "oneOf"):
        among = schema.get(name)
        choices += among[:MOST_SCHEMAS] if isinstance(among, list) else []
    kinds = [choice.get("type") for choice in choices if isinstance(choice, dict)]
    return any(kind == one or (isinstance(one, list) and kind in one) for one in kinds) or (
        kind == "object" and "properties" in schema
    )


def _some(schema: Mapping[str, Any], document: Mapping[str, Any], deep: int = 0) -> Any:  # noqa: ANN401 - a JSON value
    """A value that the schema names, or the plainest of its kind."""
    for name in ("default", "example", "const"):
        if name in schema:
            return schema[name]
    for name in ("enum", "examples"):
        if isinstance(schema.get(name), list) and schema[name]:
            return schema[name][0]
    if _is(schema, "object"):
        wanted = names_of(schema.get("required"))[:MOST_WANTED] if deep < MOST_DEEP else []
        fields = fields_of(schema, document) if wanted else {}
        return {name: _some(fields.get(name, {}), document, deep + 1) for name in wanted}
    plain: tuple[tuple[str, Any], ...] = (
        ("string", "pilot"),
        ("integer", 1),
        ("number", 1.0),
        ("boolean", False),
        ("array", []),
    )
    return next((value for kind, value in plain if _is(schema, kind)), "pilot")


def resolved(schema: Any, document: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """The schema itself, where it is a reference within the document."""
    for _ in range(MOST_REFERENCES):
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        found: Any = document
        for part in reference[2:].split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        schema = found
    return {}
