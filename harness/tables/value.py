"""A frozen value that pydantic reads: one declaration is the table of a file and what the code works with."""

from __future__ import annotations

from typing import TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

T = TypeVar("T")
READ = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass_transform(frozen_default=True, field_specifiers=(Field,))
def value(cls: type[T]) -> type[T]:
    """Fields with their types, bounds and defaults, once; ``problems.validate`` reads it, and its constructor checks too."""
    return cast("type[T]", checked(frozen=True, config=READ)(cls))
