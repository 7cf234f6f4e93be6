"""Turns what a parser or validator says into one BadFile with every problem in it."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from harness.errors import BadFile, Problem
from harness.workspace.text import text_of

M = TypeVar("M", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables; raises BadFile that names line and column."""
    text = text_of(path, "run this in a pilot's folder")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadFile(path, [Problem("", f"is not TOML: {error}")]) from None


def validate(model: type[M], data: Mapping[str, Any], path: Path) -> M:
    """The validated file; raises BadFile with every wrong field and how to mend it."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise BadFile(path, [_problem(item, model) for item in error.errors()]) from None


def _problem(item: Any, model: type[BaseModel]) -> Problem:  # noqa: ANN401 - pydantic's own TypedDict
    place = [str(part) for part in item["loc"]]
    where = ".".join(place)
    match item["type"]:
        case "missing":
            return Problem(where, "is required")
        case "extra_forbidden":
            return Problem(where, f"is not a known field{_nearest(place[-1], _names_at(model, place[:-1]))}")
        case "value_error":
            return Problem(where, str(item["ctx"]["error"]))
        case _:
            value = repr(item["input"])
            return Problem(where, f"{item['msg'][:1].lower()}{item['msg'][1:]}, not {value[:60]}")


def _names_at(model: type[BaseModel], place: list[str]) -> Iterable[str]:
    here: Any = model
    for part in place:
        fields = getattr(_model_of(here), "model_fields", {})
        if part in fields:
            here = fields[part].annotation
        elif not part.isdigit():  # the tag of one table out of several kinds
            here = next((m for m in _models_in(here) if part in get_args(m.model_fields["kind"].annotation)), None)
    return list(getattr(_model_of(here), "model_fields", {}))


def _model_of(annotation: Any) -> Any:  # noqa: ANN401 - any type at all
    """The one model of an optional table."""
    models = [m for m in get_args(annotation) if isinstance(m, type) and issubclass(m, BaseModel)]
    return models[0] if len(models) == 1 else annotation


def _models_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 - any type at all
    """Models with a ``kind`` that an annotation names, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation] if "kind" in annotation.model_fields else []
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f": did you mean {close[0]}?" if close else ""
