"""``kind = "cloud-run"``."""

from __future__ import annotations

from typing import ClassVar

from harness.domain.target import RuntimeConfig
from harness.tables.value import value
from harness.tables.values import Line


@value
class CloudRun(RuntimeConfig):
    """A Cloud Run service."""

    kind: ClassVar[str] = "cloud-run"

    project: Line
    region: Line
    service: Line
