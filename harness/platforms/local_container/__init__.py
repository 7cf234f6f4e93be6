"""The embedded container platform: workers behind one queue, on OS processes of this machine."""

from __future__ import annotations

from pathlib import Path

from harness.domain.reading import MetricSource
from harness.domain.target import Runtime, RuntimeConfig, Target
from harness.platforms.front import Front
from harness.platforms.local_container.config import BOUNDED, LocalContainer
from harness.platforms.local_container.scaling import scaling
from harness.platforms.platform import Limits, Platform
from harness.platforms.shared.local_signals import EMBEDDED


def _control(target: Target, root: Path, base_url: str) -> Runtime:
    from harness.platforms.shared.embedded import LocalRuntime  # noqa: PLC0415 - only where it is controlled

    return LocalRuntime(target, root, base_url)


def _log(target: Target, logs: Path) -> list[MetricSource]:
    from harness.platforms.shared.local_logs import LocalLogs  # noqa: PLC0415 - made where it is asked

    return [LocalLogs(logs, target.name, function=False)]


def _front(config: RuntimeConfig) -> Front:
    assert isinstance(config, LocalContainer)
    queue = f"it waits for up to {config.queue_timeout_s:g} s, {config.queue} of them, then 503"
    scaled = "it waits for 3.5 mean starts or 10 s, then 429"
    no_place = queue if config.queue_rule == BOUNDED else scaled
    return Front("the embedded container platform", None, None, streams=True, no_place=no_place)


PLATFORM = Platform(
    kind=LocalContainer.kind,
    title="Embedded container",
    verified="live 2026-11-22",
    config=LocalContainer,
    control=_control,
    own_sources=_log,
    signals=EMBEDDED,
    limits=Limits(front=_front, timeout_s=lambda config, facts: getattr(config, "timeout_s", None)),  # noqa: ARG005
    scaling=scaling,
)
