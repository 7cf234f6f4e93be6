"""``kind = "external"``: a URL, and nothing more."""

from __future__ import annotations

from typing import ClassVar

from harness.domain.target import RuntimeConfig
from harness.tables.value import value


@value
class External(RuntimeConfig):
    """Nothing of the control side is known: only what a client sees."""

    kind: ClassVar[str] = "external"
    controlled: ClassVar[bool] = False
