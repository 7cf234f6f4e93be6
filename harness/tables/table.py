"""The base of every table that a person writes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table that refuses what it does not know; numbers are finite, and ``problems.validate`` reads no type as another."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
