"""What the embedded platforms have in common: what their own log tells of a run, and how long they let a request work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.domain.reading import MetricSource
from harness.domain.target import RuntimeConfig, Target
from harness.platforms.platform import Measure, Own, Per
from harness.platforms.shared.rows import rows

_log = rows("local-logs")
EMBEDDED = (
    _log("instances", Measure.INSTANCES, "count", "instances that live", per=Per.MOST),
    _log("in_flight", Measure.CONCURRENCY, "count", "requests that instances work on", per=Per.MOST),
    _log("queued", Measure.QUEUED, "count", "requests that wait for a place", per=Per.MOST),
    _log("rss_mb", Measure.MEMORY, "MB", "resident memory of all instances", per=Per.MOST),
    _log("cpu_s", Measure.CPU, "s", "processor time of all instances", per=Per.GROWTH),
    _log("throttle", Measure.REFUSALS, "count", "requests refused for want of concurrency", per=Per.POINTS, exact=True),
    _log("overloaded", Measure.REFUSALS, "count", "requests that the queue had no place for", per=Per.POINTS),
    _log("instance_cpu_s", Measure.INSTANCE_CPU, "s", "processor time of an instance that ended"),
    _log("init_wall_ms", Measure.INIT_TIME, "ms", "wall-clock time of an init", per=Per.SUM),
    _log("init_cpu_ms", Measure.INIT_CPU, "ms", "processor time of an init", per=Per.SUM),
    _log("billed_ms", Measure.BILLED, "ms", "billed duration of a request"),
    _log("max_memory_mb", Measure.INSTANCE_MEMORY, "MB", "most memory used by an instance", per=Per.MOST),
    _log("duration_ms", Measure.DURATION, "ms", "duration of a request, as the platform has it"),
    _log("init_ms", Measure.STARTS, "ms", "init of a request that met a new instance", per=Per.POINTS),
)


def log_of(*, function: bool) -> Own:
    """A source that is collected without being named."""

    def own(target: Target, logs: Path) -> list[MetricSource]:
        from harness.platforms.shared.local_logs import LocalLogs  # noqa: PLC0415 - made where it is asked

        return [LocalLogs(logs, target.name, function=function)]

    return own


def timeout_s(config: RuntimeConfig, facts: Mapping[str, Any]) -> float | None:
    """As the table says."""
    del facts
    return getattr(config, "timeout_s", None)


def memory_mb(config: RuntimeConfig, facts: Mapping[str, Any]) -> float | None:
    """As the table says."""
    del facts
    return getattr(config, "memory_mb", None)
