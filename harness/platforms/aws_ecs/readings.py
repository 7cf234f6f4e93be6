"""What CloudWatch's series of a service mean."""

from __future__ import annotations

from harness.platforms.platform import Figure, Per, Signal

CW, TASKS = "cloudwatch", "ECS/ContainerInsights"
SIGNALS = (
    Signal("AWS/ECS CPUUtilization Average", CW, Figure.CPU, "percent", "processors used, of what tasks have"),
    Signal("AWS/ECS MemoryUtilization Average", CW, Figure.MEMORY, "percent", "memory used, of what tasks have"),
    Signal(f"{TASKS} RunningTaskCount Average", CW, Figure.INSTANCES, "count", "tasks that run", per=Per.MOST),
    Signal(f"{TASKS} PendingTaskCount Maximum", CW, Figure.STARTS, "count", "tasks that start", per=Per.MOST),
)
