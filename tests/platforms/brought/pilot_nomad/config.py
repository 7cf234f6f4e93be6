"""``kind = "nomad"``."""

from __future__ import annotations

from typing import ClassVar

from harness.domain.target import RuntimeConfig
from harness.tables.value import value
from harness.tables.values import Count, Line


@value
class Nomad(RuntimeConfig):
    """A job, and the most allocations that it may have."""

    kind: ClassVar[str] = "nomad"

    job: Line
    most: Count = 10
