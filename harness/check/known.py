"""APIs that have a preset: told by the paths of an openapi.json, or by asking each at its own path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.check.contract_check import Answer, Check
from harness.check.draft import Draft
from harness.check.endpoint import NAME, Endpoint, EndpointHints, Talk, held, seen_of
from harness.check.openapi import askings, posts
from harness.check.symptoms import Symptom, judge
from harness.dialects.shapes import Unexpected, json_value
from harness.domain.field_map import value_at
from harness.domain.sample import REFUSALS, Outcome
from harness.workspace import presets

if TYPE_CHECKING:
    from harness.load.ask import Asked

# Where a server lists what a preset needs of it: method, path, body, and the place of the first in the answer.
LISTED: Mapping[str, tuple[tuple[str, str, bytes, str], ...]] = {
    "model": (("GET", "/api/tags", b"", "models.0.name"), ("GET", "/v1/models", b"", "data.0.id")),
    "api.assistant": (("POST", "/assistants/search", b"{}", "0.graph_id"),),
}
ABSENT = (404, 405, 501)


def by_paths(url: str, told: EndpointHints, talk: Talk, document: Mapping[str, Any]) -> Endpoint | None:
    """A preset whose every path the document has, below a common beginning or not; the API's own input where it differs."""
    taken = frozenset(posts(document))
    requests = {one.path: one.request for one in askings(document)}
    for preset, own in _mapped():
        for path in sorted(taken, key=len):
            prefix = path.removesuffix(own[0])
            if prefix == path or "{" in prefix or not all(prefix + one in taken for one in own):
                continue
            said = requests.get(path)
            differs = said is not None and _may_differ(preset) and said != preset.tables["mapping"]["request"]
            request = {"mapping": {"request": dict(said or {})}} if differs else {}
            found = _tried(url + prefix, told, talk, preset, request, sure=True)
            if isinstance(found, Endpoint):
                return found
    return None


def politely(url: str, told: EndpointHints, talk: Talk) -> Endpoint | None:
    """Each preset at its own path, once; what is not there is told by the first answer."""
    absent: set[str] = set()
    for preset, own in _mapped():
        if own[0] in absent:
            continue
        found = _tried(url, told, talk, preset, {})
        if isinstance(found, Endpoint):
            return found
        if found is not None and found.said.status in ABSENT:
            absent.add(own[0])
    return None


def _mapped() -> Iterator[tuple[presets.Preset, tuple[str, ...]]]:
    """Presets that a path tells from others, with their paths."""
    for name in presets.names():
        preset = presets.preset(name)
        mapping = preset.tables.get("mapping", {})
        paths = tuple(dict.fromkeys(mapping[field] for field in ("path", "stream_path") if field in mapping))
        if paths and "{" not in "".join(paths) and not paths[0].endswith("/chat/completions"):
            yield preset, paths


def _may_differ(preset: presets.Preset) -> bool:
    """Whether the request is the app's own: neither a conversation nor a model has a place in it."""
    return not {"{messages}", "{model}"} & set(_texts(preset.tables["mapping"]["request"]))


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - a JSON value
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def _tried(
    url: str, told: EndpointHints, talk: Talk, preset: presets.Preset, more: Mapping[str, Any], *, sure: bool = False
) -> Endpoint | Asked | None:
    """The endpoint where it answers as this preset says; else what it said, or None where it needs what nobody knows.

    ``sure``: its paths were seen.
    """
    needed = {field: _listed(url, told, talk, field) for field in preset.needs}
    missing = [field for field, value in needed.items() if value is None]
    if missing:
        if not sure:
            return None
        words = f"looks like {preset.title}, which needs {', '.join(f'{f} ({preset.needs[f]})' for f in missing)}"
        return Endpoint(url, None, Check(NAME, Answer.UNKNOWN, words, mend=f"say it with --dialect {preset.name}"))
    tables: dict[str, Any] = {"dialect": preset.name, **more}
    for field, value in needed.items():
        table, _, name = field.rpartition(".")
        tables |= {table: {**tables.get(table, {}), name: value}} if table else {name: value}
    target = told.target(url, tables)
    with talk.to(target) as asker:
        asked = asker.ask(stream=not (target.fields and target.fields.answers_whole))
    words = f"{preset.name} ({preset.title}) at POST {asked.sent.path}"
    if asked.sample.outcome == Outcome.OK:
        extra = {f: "the first that it lists" for f in preset.needs if f != "model"}
        extra |= {"mapping.request": "its openapi.json"} if more else {}
        draft = Draft({"base_url": url, **told.tables, **tables}, extra).text if extra else None
        return held(talk, target, words, draft=draft)
    if asked.sample.outcome in (*REFUSALS, Outcome.UNAUTHORIZED) and asked.said.status not in ABSENT:
        try:
            judge(asked)
        except Symptom as error:
            seen = seen_of(error)
            return Endpoint(
                url, target, replace(seen, answer=Answer.UNKNOWN, detail=f"probably {words}; {seen.detail}")
            )
    return asked


def _listed(url: str, told: EndpointHints, talk: Talk, field: str) -> str | None:
    """What a person said, else the first that the server lists."""
    if field == "model" and told.model is not None:
        return told.model
    for method, path, body, place in LISTED.get(field, ()):
        with talk.to(told.target(url)) as asker:
            data = asker.send(method, path, body).said.plain
        try:
            found = value_at(json_value(data, path), place)
        except Unexpected:
            continue
        if isinstance(found, str) and found:
            return found
    return None
