"""What a team runs where nothing of the control side is known."""

from __future__ import annotations

from harness.platforms.external.config import External
from harness.platforms.platform import Platform, controlled_by

PLATFORM = Platform(
    kind=External.kind,
    title="A URL of a team's own",
    verified="real peer",
    config=External,
    control=controlled_by(f"{__name__}.control"),
)
