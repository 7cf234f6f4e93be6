"""What the embedded platforms' own log tells of a run."""

from __future__ import annotations

from harness.platforms.platform import Measure, Per, Signal

LOG = "local-logs"
EMBEDDED = (
    Signal("instances", LOG, Measure.INSTANCES, "count", "instances that live", per=Per.MOST),
    Signal("in_flight", LOG, Measure.CONCURRENCY, "count", "requests that instances work on", per=Per.MOST),
    Signal("queued", LOG, Measure.QUEUED, "count", "requests that wait for a place", per=Per.MOST),
    Signal("rss_mb", LOG, Measure.MEMORY, "MB", "resident memory of all instances", per=Per.MOST),
    Signal("cpu_s", LOG, Measure.CPU, "s", "processor time of all instances", per=Per.GROWTH),
    Signal(
        *("throttle", LOG, Measure.REFUSALS, "count", "requests refused for want of concurrency"),
        per=Per.POINTS,
        exact=True,
    ),
    Signal("overloaded", LOG, Measure.REFUSALS, "count", "requests that the queue had no place for", per=Per.POINTS),
    Signal("instance_cpu_s", LOG, Measure.INSTANCE_CPU, "s", "processor time of an instance that ended"),
    Signal("init_wall_ms", LOG, Measure.INIT_TIME, "ms", "wall-clock time of an init", per=Per.SUM),
    Signal("init_cpu_ms", LOG, Measure.INIT_CPU, "ms", "processor time of an init", per=Per.SUM),
    Signal("billed_ms", LOG, Measure.BILLED, "ms", "billed duration of a request"),
    Signal("max_memory_mb", LOG, Measure.MEMORY, "MB", "most memory used by an instance", per=Per.MOST),
    Signal("duration_ms", LOG, Measure.DURATION, "ms", "duration of a request, as the platform has it"),
    Signal("init_ms", LOG, Measure.STARTS, "ms", "init of a request that met a new instance", per=Per.POINTS),
)
