"""Experiments: what to ask next depends on what was answered, so each target gets its own arrivals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.experiments.capacity import CapacitySearch
from harness.domain.experiments.cold_starts import ColdStarts
from harness.domain.experiments.from_zero import FromZeroBursts
from harness.domain.experiments.keep_alive import KeepAlive
from harness.domain.experiments.protocol import Design

DESIGNS: Mapping[str, type[Any]] = {d.kind: d for d in (ColdStarts, FromZeroBursts, KeepAlive, CapacitySearch)}

__all__ = ["CapacitySearch", "ColdStarts", "Design", "FromZeroBursts", "KeepAlive", "design_from"]


def design_from(data: Mapping[str, Any]) -> Design:
    """The inverse of ``asdict``; what an earlier version knew and this one does not is left out."""
    design = DESIGNS[data["kind"]]
    made: Design = design(**{name: value for name, value in data.items() if name in design.__dataclass_fields__})
    return made
