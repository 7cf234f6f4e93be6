"""The embedded function platform: one request an instance, on OS processes of this machine."""

from __future__ import annotations

from pathlib import Path

from harness.domain.reading import MetricSource
from harness.domain.target import Runtime, RuntimeConfig, Target
from harness.platforms.front import MB, Front
from harness.platforms.local_function.config import LocalFunction
from harness.platforms.local_function.scaling import scaling
from harness.platforms.platform import Limits, Platform
from harness.platforms.shared.local_signals import EMBEDDED

FRONT = Front("the embedded function platform", None, 6 * MB, streams=True, no_place="429 at once")


def _control(target: Target, root: Path, base_url: str) -> Runtime:
    from harness.platforms.shared.embedded import LocalRuntime  # noqa: PLC0415 - only where it is controlled

    return LocalRuntime(target, root, base_url)


def _log(target: Target, logs: Path) -> list[MetricSource]:
    from harness.platforms.shared.local_logs import LocalLogs  # noqa: PLC0415 - made where it is asked

    return [LocalLogs(logs, target.name, function=True)]


def _front(config: RuntimeConfig) -> Front:
    del config
    return FRONT


PLATFORM = Platform(
    kind=LocalFunction.kind,
    title="Embedded function",
    verified="live 2026-11-22",
    config=LocalFunction,
    control=_control,
    own_sources=_log,
    signals=EMBEDDED,
    limits=Limits(front=_front, timeout_s=lambda config, facts: getattr(config, "timeout_s", None)),  # noqa: ARG005
    scaling=scaling,
)
