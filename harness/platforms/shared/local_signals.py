"""What the embedded platforms' own log tells of a run."""

from __future__ import annotations

from harness.platforms.platform import Measure, Per
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
    _log("max_memory_mb", Measure.MEMORY, "MB", "most memory used by an instance", per=Per.MOST),
    _log("duration_ms", Measure.DURATION, "ms", "duration of a request, as the platform has it"),
    _log("init_ms", Measure.STARTS, "ms", "init of a request that met a new instance", per=Per.POINTS),
)
