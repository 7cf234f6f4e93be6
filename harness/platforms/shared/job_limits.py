"""What the embedded platforms let a job take: the limits of its own table, ``[runtime.jobs]``, where a target has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.target import RuntimeConfig
from harness.platforms.shared.local_signals import memory_mb, timeout_s


def invoked_s(config: RuntimeConfig, facts: Mapping[str, Any]) -> float | None:
    """Of a job that is an invocation: as long as those of its own function, else as any other."""
    own = getattr(config, "jobs", None)
    return timeout_s(config, facts) if own is None else timeout_s(own, facts)


def worked_s(config: RuntimeConfig, facts: Mapping[str, Any]) -> float | None:
    """Of a worker, which finishes what it took unless its table says otherwise."""
    del facts
    return getattr(getattr(config, "jobs", None), "time_limit_s", None)


def job_memory_mb(config: RuntimeConfig, facts: Mapping[str, Any]) -> float | None:
    """Of the function or worker that does jobs, where it has its own."""
    return memory_mb(getattr(config, "jobs", None) or config, facts)
