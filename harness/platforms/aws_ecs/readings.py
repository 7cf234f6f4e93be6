"""What CloudWatch's series of a service mean."""

from __future__ import annotations

from harness.platforms.platform import Measure, Per, Subject
from harness.platforms.shared.rows import by_name, rows

CW = "cloudwatch"
_ecs = rows(CW, "AWS/ECS ")
_insight = rows(CW, "ECS/ContainerInsights ")
ECS = (
    _ecs("CPUUtilization Average", Measure.CPU, "percent", "processors used, of what tasks have", telling=95.0),
    _ecs("MemoryUtilization Average", Measure.MEMORY, "percent", "memory used, of what tasks have"),
)
CONTAINER_INSIGHTS = (
    _insight("RunningTaskCount Average", Measure.INSTANCES, "count", "tasks that run", per=Per.MOST),
    _insight("DesiredTaskCount Average", Measure.INSTANCES, "count", "tasks that shall run", per=Per.MOST),
    _insight("CpuUtilized Average", Measure.CPU, "CPU units", "processors used"),
    _insight("MemoryUtilized Average", Measure.MEMORY, "MB", "memory used", per=Per.MOST),
    _insight("PendingTaskCount Maximum", Measure.STARTS, "count", "tasks that start"),
)
SIGNALS = (*ECS, *CONTAINER_INSIGHTS)
SUBJECTS = (
    Subject(CW, ECS, by_name(ClusterName="cluster", ServiceName="service")),
    Subject(CW, CONTAINER_INSIGHTS, by_name("container_insights", ClusterName="cluster", ServiceName="service")),
)
