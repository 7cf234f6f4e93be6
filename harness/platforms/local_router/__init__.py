"""The embedded router: a reverse proxy of this machine before two declared targets."""

from __future__ import annotations

from harness.platforms.front import MB, Front
from harness.platforms.local_router.config import LocalRouter
from harness.platforms.platform import Limits, Platform, controlled_by
from harness.platforms.shared.local_signals import ROUTING, log_of, timeout_s

FRONT = Front("the embedded router", None, 6 * MB, streams=True, no_place="what the side behind it answers")
PLATFORM = Platform(
    kind=LocalRouter.kind,
    title="Embedded router",
    verified="live 2026-11-27",
    config=LocalRouter,
    control=controlled_by("harness.platforms.shared.embedded"),
    own_sources=log_of(function=False),
    signals=ROUTING,
    limits=Limits(FRONT, timeout_s=timeout_s),
)
