"""What a team runs where nothing of the control side is known."""

from __future__ import annotations

from pathlib import Path

from harness.domain.target import Runtime, Target
from harness.platforms.external.config import External
from harness.platforms.platform import Platform


def _control(target: Target, root: Path, base_url: str) -> Runtime:
    from harness.platforms.external.control import ExternalRuntime  # noqa: PLC0415 - only where it is controlled

    del root
    return ExternalRuntime(target, base_url)


PLATFORM = Platform(
    kind=External.kind, title="A URL of a team's own", verified="real peer", config=External, control=_control
)
