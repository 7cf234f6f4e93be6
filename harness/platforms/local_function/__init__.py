"""The embedded function platform: one request an instance, on OS processes of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.target import Target
from harness.platforms.front import MB, Front
from harness.platforms.local_function.config import LocalFunction
from harness.platforms.local_function.scaling import scaling
from harness.platforms.platform import Limits, Most, Platform, controlled_by
from harness.platforms.shared.job_limits import invoked_s, job_memory_mb
from harness.platforms.shared.local_signals import EMBEDDED, log_of, memory_mb, timeout_s

FRONT = Front("the embedded function platform", None, 6 * MB, streams=True, no_place="429 at once")


def _most(target: Target, facts: Mapping[str, Any]) -> Most:
    """It stands for a function whose limits are where they can be met in minutes: its table's are the platform's."""
    config = target.runtime
    assert isinstance(config, LocalFunction)
    return Most(
        config.timeout_s,
        invoked_s(config, facts),
        config.memory_mb,
        job_memory_mb(config, facts),
        artifact_mb=10_240,
        source="target.toml; an image as large as functions may have",
    )


PLATFORM = Platform(
    kind=LocalFunction.kind,
    title="Embedded function",
    verified="live 2026-11-22",
    config=LocalFunction,
    control=controlled_by("harness.platforms.shared.embedded"),
    own_sources=log_of(function=True),
    signals=EMBEDDED,
    limits=Limits(
        FRONT,
        timeout_s=timeout_s,
        job_s=invoked_s,
        memory_mb=memory_mb,
        job_memory_mb=job_memory_mb,
        most=_most,
    ),
    scaling=scaling,
)
