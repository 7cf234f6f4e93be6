"""The embedded function platform: one request an instance, on OS processes of this machine."""

from __future__ import annotations

from harness.platforms.front import MB, Front
from harness.platforms.local_function.config import LocalFunction
from harness.platforms.local_function.scaling import scaling
from harness.platforms.platform import Limits, Platform, SizeLimit, controlled_by
from harness.platforms.shared.local_signals import EMBEDDED, log_of, timeout_s

FRONT = Front("the embedded function platform", None, 6 * MB, streams=True, no_place="429 at once")
SIZE = SizeLimit("container image", 10_737.0, 10_737.0, "as the function platform that it stands in for")
PLATFORM = Platform(
    kind=LocalFunction.kind,
    title="Embedded function",
    verified="live 2026-11-22",
    config=LocalFunction,
    control=controlled_by("harness.platforms.shared.embedded"),
    own_sources=log_of(function=True),
    signals=EMBEDDED,
    limits=Limits(FRONT, timeout_s=timeout_s, size=lambda _: SIZE),
    scaling=scaling,
)
