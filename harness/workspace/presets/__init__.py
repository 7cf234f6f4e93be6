"""Presets: the part of a target.toml that describes an API which others know by a name.

``dialect = "ollama"`` lays ``ollama.toml`` under the target's own tables: what the target says
wins, field by field, and the bodies of requests whole. Each file may be copied into a target.toml.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from harness.domain.placeholders import PLACEHOLDERS, filled, placeholders
from harness.domain.target import Dialect
from harness.errors import Problem
from harness.workspace.layers import laid_over

FOLDER = Path(__file__).parent
WHOLE = ("request", "stream_request", "message")  # of [mapping]: replaced, never merged
FILLED = ("mapping", "openai")  # the tables that may hold values of [api]


@dataclass(frozen=True)
class Preset:
    """One file: what it lays under a target, and what the target has to say itself."""

    name: str
    title: str
    verified: str
    needs: Mapping[str, str]  # field of target.toml, as model or api.assistant, to what it is
    tables: Mapping[str, Any]


@cache
def preset(name: str) -> Preset:
    """Raises KeyError for a name that is none."""
    if name not in names():
        raise KeyError(name)
    data = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    said = {key: data.pop(key) for key in ("title", "verified")}
    return Preset(name, **said, needs=data.pop("needs", {}), tables=data)


@cache
def names() -> tuple[str, ...]:
    """Every preset, in order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def apis() -> tuple[str, ...]:
    """What ``dialect`` may say: the dialects that are read by name, and the presets."""
    return tuple(dict.fromkeys([*(dialect.value for dialect in Dialect), *names()]))


def needs_model(api: str) -> bool:
    """Whether each request of this API has to name one."""
    return api in names() and "model" in preset(api).needs


def laid_under(data: Mapping[str, Any]) -> tuple[dict[str, Any], str | None, list[Problem]]:
    """The target's tables over its preset's, the preset's name, and what is wrong with either."""
    said = data.get("dialect", Dialect.RAG_CHAT.value)
    if said not in names():
        known = isinstance(said, str) and said in apis()
        return _with_api(data), None, _wrong_api(data) if known else [_unknown(said)]
    found = preset(said)
    own = {key: value for key, value in data.items() if key != "dialect"}
    below = dict(found.tables)
    if isinstance(mapping := own.get("mapping"), dict) and "mapping" in below:
        below["mapping"] = {k: v for k, v in below["mapping"].items() if not (k in WHOLE and k in mapping)}
    both = laid_over(below, own)
    missing = [field for field in found.needs if _at(both, field) in (None, "")]
    problems = [Problem(field, f'is required with dialect = "{said}": {found.needs[field]}') for field in missing]
    filling = dict.fromkeys((field.removeprefix("api.") for field in missing if field.startswith("api.")), "?")
    return _with_api(both, filling), said, problems + _wrong_api(both)  # what is missing is said once


def _with_api(data: Mapping[str, Any], filling: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Values of [api] where the request names them."""
    api = data.get("api")
    given = (
        {name: value for name, value in api.items() if isinstance(value, str | int)} if isinstance(api, dict) else {}
    )
    values = {**given, **filling}
    return {key: filled(value, values, tuple(values)) if key in FILLED else value for key, value in data.items()}


def _wrong_api(data: Mapping[str, Any]) -> list[Problem]:
    """Values that nothing uses, or whose name is a placeholder that each question fills."""
    api = data.get("api")
    used = sorted(set(placeholders([data.get(key, {}) for key in FILLED])) - set(PLACEHOLDERS))
    out = []
    for name in api if isinstance(api, dict) else ():
        if name in PLACEHOLDERS:
            out.append(Problem(f"api.{name}", "is filled in for each question: choose another name"))
        elif name not in used:
            close = difflib.get_close_matches(name, used, n=1)
            did = f": did you mean {close[0]}?" if close else ""
            out.append(Problem(f"api.{name}", f"nothing that is sent has {{{name}}}{did}"))
    return out


def _at(data: Mapping[str, Any], field: str) -> Any:  # noqa: ANN401 - whatever the file holds
    table, _, name = field.rpartition(".")
    inner = data.get(table, {}) if table else data
    return inner.get(name) if isinstance(inner, dict) else None


def _unknown(said: object) -> Problem:
    close = difflib.get_close_matches(str(said), apis(), n=1)
    return Problem(
        "dialect", f"no API {said!r}{f': did you mean {close[0]}?' if close else ''}; one of {', '.join(apis())}"
    )
