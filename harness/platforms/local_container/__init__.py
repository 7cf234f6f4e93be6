"""The embedded container platform: workers behind one queue, on OS processes of this machine."""

from __future__ import annotations

from harness.domain.target import RuntimeConfig
from harness.platforms.front import Front
from harness.platforms.local_container.config import BOUNDED, LocalContainer
from harness.platforms.local_container.scaling import scaling
from harness.platforms.platform import Limits, Most, Platform, controlled_by
from harness.platforms.shared.job_limits import job_memory_mb, worked_s
from harness.platforms.shared.local_signals import EMBEDDED, log_of, memory_mb, timeout_s


def _front(config: RuntimeConfig) -> Front:
    assert isinstance(config, LocalContainer)
    queue = f"it waits for up to {config.queue_timeout_s:g} s, {config.queue} of them, then 503"
    scaled = "it waits for 3.5 mean starts or 10 s, then 429"
    no_place = queue if config.queue_rule == BOUNDED else scaled
    return Front("the embedded container platform", None, None, streams=True, no_place=no_place)


MOST = Most(source="a process of this machine: no limit but its own memory")
PLATFORM = Platform(
    kind=LocalContainer.kind,
    title="Embedded container",
    verified="live 2026-11-22",
    config=LocalContainer,
    control=controlled_by("harness.platforms.shared.embedded"),
    own_sources=log_of(function=False),
    signals=EMBEDDED,
    limits=Limits(
        _front,
        timeout_s=timeout_s,
        job_s=worked_s,
        job_memory_mb=job_memory_mb,
        memory_mb=memory_mb,
        most=MOST,
    ),
    scaling=scaling,
)
