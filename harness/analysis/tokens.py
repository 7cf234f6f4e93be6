"""Tokens by the model that answered, as each answer says; as it was asked for where none says."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from harness.analysis.coded import among
from harness.analysis.columns import Array
from harness.platforms.shared.usage import Tokens

MOST_MODELS = 50  # a service that names a new one each time names none


def tokens_of(columns: Mapping[str, Any], chosen: Array, run: Mapping[str, Any] | None) -> tuple[Tokens, ...]:
    """Of the chosen requests; without the name of any model none, which leaves their sums."""
    asked = str(((run or {}).get("spec") or {}).get("model") or "")
    column = columns.get("model")
    names = [] if column is None else list(dict.fromkeys(column[chosen]))
    if column is None or not [name for name in names if name] or len(names) > MOST_MODELS:
        return (_of(columns, chosen, asked),) if asked else ()
    return tuple(_of(columns, chosen & among(column, (name,)), name or asked) for name in names if name or asked)


def _of(columns: Mapping[str, Any], chosen: Array, model: str) -> Tokens:
    read = columns["input_tokens"][chosen]
    cached = columns.get("cached_tokens")
    before = 0.0 if cached is None else float(np.nansum(np.minimum(cached[chosen], read)))
    return Tokens(
        model,
        Decimal(int((~np.isnan(read)).sum())),
        _sum(read),
        _sum(columns["output_tokens"][chosen]),
        Decimal(str(before)),
    )


def _sum(values: Array) -> Decimal:
    return Decimal(str(float(np.nansum(values))))
