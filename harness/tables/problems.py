"""Turns what a parser or validator says into one BadFile with every problem in it."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from harness.errors import BadFile, Problem
from harness.tables.plain import MOST_PROBLEMS, impediments, shown, unimpeded
from harness.tables.said import told, words_of
from harness.tables.text import text_of

T = TypeVar("T")
HINT = "run this in a pilot's folder"  # where there is no such file


# Fields whose values may be secrets by mistake: what stands there is never printed.
_UNSHOWN = re.compile(r"(?i)(^|\.)(auth|headers|environment|fill|env|token_env)(\.|$)|secret|token(?!s)|passw|key|url")


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables of plain, bounded values; raises BadFile with every one that is not, or line and column."""
    return parse_toml(text_of(path, HINT), path)


def read_valid(model: type[T], path: Path) -> T:
    """The validated file; raises BadFile with every value that no table takes and every wrong field, at once."""
    data = _parsed(text_of(path, HINT), path)
    problems = impediments(data)
    if not problems:
        return validate(model, data, path)
    if len(problems) < MOST_PROBLEMS:
        named = {re.sub(r"\[(\d+)\]", r".\1", p.field) for p in problems}
        try:
            validate(model, unimpeded(data), path)
        except BadFile as error:
            problems += [p for p in error.problems if p.field not in named]
    raise BadFile(path, problems)


def parse_toml(text: str, path: Path | str) -> dict[str, Any]:
    """The same of a text that was read already."""
    data = _parsed(text, path)
    if problems := impediments(data):
        raise BadFile(path, problems)
    return data


def _parsed(text: str, path: Path | str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise BadFile(path, [Problem("", "is not TOML that can be read: its tables or lists lie too deep")]) from None
    except ValueError as error:  # not only TOML's own: a number of thousands of digits
        raise BadFile(path, [Problem("", f"is not TOML: {shown(str(error))}")]) from None


def validate(model: type[T], data: Mapping[str, Any], path: Path | str, at: str = "") -> T:
    """The validated file, or its table ``at`` a place; raises BadFile with every wrong field and how to mend it.

    Read as JSON, strictly: a list is a tuple and a text a kind there, but no text or
    boolean is a number and no number a text.
    """
    if problems := impediments(data):
        raise BadFile(path, problems)
    try:
        made: T = _reader(model).validate_json(json.dumps(data), strict=True)  # type: ignore[arg-type] # any class is hashable
    except ValidationError as error:
        raise BadFile(path, [_problem(item, model, at) for item in told(error.errors())]) from None
    return made


@lru_cache(maxsize=256)
def _reader(model: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - a table or a value
    return TypeAdapter(model)


def _problem(item: Any, model: type, at: str) -> Problem:  # noqa: ANN401 - pydantic's own TypedDict
    place = [str(part) for part in item["loc"]]
    where = ".".join([*([at] if at else []), *map(shown, place)])
    match item["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            return Problem(where, f"is not a known field{nearest(place[-1], _names_at(model, place[:-1]))}")
        case "missing" | "value_error" | "too_short" | "too_long":
            return Problem(where, words_of(item))
        case _:
            words = words_of(item)
            return Problem(where, words if _UNSHOWN.search(where) else f"{words}, not {repr(item['input'])[:60]}")


def _names_at(model: type, place: list[str]) -> Iterable[str]:
    here: Any = model
    for part in place:
        if get_origin(here) is dict:  # a table for each name
            here = get_args(here)[1]
            continue
        fields = fields_of(_model_of(here))
        if part in fields:
            here = fields[part].annotation
        elif not part.isdigit():  # the tag of one table out of several kinds
            here = next((m for m in _models_in(here) if part in get_args(m.model_fields["kind"].annotation)), None)
    return list(fields_of(_model_of(here)))


def fields_of(model: Any) -> Mapping[str, FieldInfo]:  # noqa: ANN401 - any type at all
    """Of a table or of a ``value``; none of what is neither."""
    found: Mapping[str, FieldInfo] = getattr(model, "__pydantic_fields__", {}) if isinstance(model, type) else {}
    return found


def _model_of(annotation: Any) -> Any:  # noqa: ANN401 - any type at all
    """The one model of an optional table."""
    models = [m for m in get_args(annotation) if fields_of(m)]
    return models[0] if len(models) == 1 else annotation


def _models_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 - any type at all
    """Models with a ``kind`` that an annotation names, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation] if "kind" in annotation.model_fields else []
    return [model for part in get_args(annotation) for model in _models_in(part)]


def nearest(name: str, known: Iterable[str]) -> str:
    """Words that name the one that was probably meant; empty where none is like it."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f": did you mean {close[0]}?" if close else ""
