"""What CloudWatch's series of a service mean."""

from __future__ import annotations

from harness.platforms.platform import Measure, Per, Signal

CW, TASKS = "cloudwatch", "ECS/ContainerInsights"
SIGNALS = (
    Signal(
        "AWS/ECS CPUUtilization Average",
        CW,
        Measure.CPU,
        "percent",
        "processors used, of what tasks have",
        telling=95.0,
    ),
    Signal("AWS/ECS MemoryUtilization Average", CW, Measure.MEMORY, "percent", "memory used, of what tasks have"),
    Signal(f"{TASKS} RunningTaskCount Average", CW, Measure.INSTANCES, "count", "tasks that run", per=Per.MOST),
    Signal(f"{TASKS} DesiredTaskCount Average", CW, Measure.INSTANCES, "count", "tasks that shall run", per=Per.MOST),
    Signal(f"{TASKS} CpuUtilized Average", CW, Measure.CPU, "CPU units", "processors used"),
    Signal(f"{TASKS} MemoryUtilized Average", CW, Measure.MEMORY, "MB", "memory used", per=Per.MOST),
    Signal(f"{TASKS} PendingTaskCount Maximum", CW, Measure.STARTS, "count", "tasks that start", per=Per.MOST),
)
