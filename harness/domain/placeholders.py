"""Placeholders in the JSON of a mapping: a text that is one alone keeps its value's type, in a longer text it becomes text.

``{prompt}`` and its like are filled in for each question, ``{env:NAME}`` with a secret as it is sent. An object with the
only key ``$json`` is sent as a text that holds it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

PLACEHOLDERS = (
    "prompt",
    "messages",
    "system",
    "stream",
    "max_tokens",
    "top_k",
    "session",
    "model",
    "request_id",
    "tenant",
)
OF_A_MESSAGE = ("role", "content")
AS_TEXT = "$json"  # the only key of an object that is sent as JSON in a text
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_VARIABLE = re.compile(r"\{env:(\w+)\}")
MISSING = object()


def filled_path(path: str, model: str | None) -> str:
    """A path that may name the model, as Bedrock's and Azure's do: escaped, for an ARN holds slashes."""
    return path if model is None else path.replace("{model}", quote(model, safe=""))


def placeholders(value: Any) -> list[str]:  # noqa: ANN401 - a JSON value
    """Every one, in order."""
    return _in_texts(_PLACEHOLDER, value)


def _in_texts(pattern: re.Pattern[str], value: Any) -> list[str]:  # noqa: ANN401
    if isinstance(value, str):
        return pattern.findall(value)
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [name for part in inner for name in _in_texts(pattern, part)]


def unknown_placeholders(value: Any) -> list[str]:  # noqa: ANN401 - a JSON value
    """Those that stand for nothing, in order."""
    return [name for name in placeholders(value) if name not in PLACEHOLDERS]


def filled(value: Any, values: Mapping[str, Any], known: tuple[str, ...] = PLACEHOLDERS) -> Any:  # noqa: ANN401
    """A JSON value with its placeholders filled in; those that are not ``known`` stay as they are."""
    if isinstance(value, str):
        alone = _PLACEHOLDER.fullmatch(value)
        if alone and alone.group(1) in known:
            return values.get(alone.group(1), MISSING)
        return _PLACEHOLDER.sub(lambda m: str(values.get(m.group(1), m.group(0))), value)
    if isinstance(value, Mapping):
        pairs = {key: filled(inner, values, known) for key, inner in value.items()}
        if list(pairs) == [AS_TEXT] and pairs[AS_TEXT] is not MISSING:
            return json.dumps(pairs[AS_TEXT], ensure_ascii=False, separators=(",", ":"))
        return {key: inner for key, inner in pairs.items() if inner is not MISSING}
    if isinstance(value, list | tuple):
        kept = [(one, filled(one, values, known)) for one in value]
        # of an object whose every field is missing nothing is left to say
        return [made for one, made in kept if made is not MISSING and (made != {} or one == {})]
    return value


def variables(value: Any) -> list[str]:  # noqa: ANN401 - a JSON value
    """Names of ``{env:NAME}``, each once, in order."""
    return list(dict.fromkeys(_in_texts(_VARIABLE, value)))


def with_variables(value: Any, environment: Mapping[str, str]) -> Any:  # noqa: ANN401
    """The same with those variables' values in it."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda m: environment.get(m.group(1), ""), value)
    if isinstance(value, Mapping):
        return {key: with_variables(inner, environment) for key, inner in value.items()}
    return [with_variables(inner, environment) for inner in value] if isinstance(value, list | tuple) else value
