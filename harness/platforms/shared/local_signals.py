"""What the embedded platforms' own log tells of a run."""

from __future__ import annotations

from harness.platforms.platform import Figure, Part, Per, Signal

LOG = "local-logs"
EMBEDDED = (
    Signal("instances", LOG, Figure.INSTANCES, "count", "instances that live", per=Per.MOST),
    Signal("in_flight", LOG, Figure.CONCURRENCY, "count", "requests that instances work on", per=Per.MOST),
    Signal("queued", LOG, Figure.QUEUED, "count", "requests that wait for a place", Part.FRONT, Per.MOST),
    Signal("rss_mb", LOG, Figure.MEMORY, "MB", "resident memory of all instances", per=Per.MOST),
    Signal("cpu_s", LOG, Figure.CPU, "s", "processor time of all instances", per=Per.GROWTH),
    Signal(
        *("throttle", LOG, Figure.REFUSALS, "count", "requests refused for want of concurrency"),
        *(Part.FRONT, Per.POINTS),
        exact=True,
    ),
    Signal(
        "overloaded", LOG, Figure.REFUSALS, "count", "requests that the queue had no place for", Part.FRONT, Per.POINTS
    ),
    Signal("instance_cpu_s", LOG, Figure.INSTANCE_CPU, "s", "processor time of an instance that ended"),
    Signal("init_wall_ms", LOG, Figure.INIT_TIME, "ms", "wall-clock time of an init", per=Per.SUM),
    Signal("init_cpu_ms", LOG, Figure.INIT_CPU, "ms", "processor time of an init", per=Per.SUM),
    Signal("billed_ms", LOG, Figure.BILLED, "ms", "billed duration of a request"),
    Signal("duration_ms", LOG, Figure.DURATION, "ms", "duration of a request, as the platform has it"),
    Signal("init_ms", LOG, Figure.STARTS, "ms", "init of a request that met a new instance", per=Per.POINTS),
)
