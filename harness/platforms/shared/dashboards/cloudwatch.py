"""CloudWatch: a dashboard body for PutDashboard, and alarms as a CloudFormation template.

Verified: spec only; the template is held to the resource schemas by cfn-lint in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from harness.domain.target import SourceConfig, Target

PERIOD_S, WIDTH, HEIGHT = 60, 12, 6


class Promised(Protocol):
    """What a chart draws as a line, and an alarm watches."""

    @property
    def p95_s(self) -> float: ...


@dataclass(frozen=True)
class Panel:
    """One chart: metrics as (namespace, name, dimensions, statistic), and a promise as a line where it has one."""

    title: str
    metrics: tuple[tuple[str, str, dict[str, str], str], ...]
    region: str
    limit: float | None = None


def dashboard(targets: Iterable[Target], slo: Promised) -> dict[str, Any]:
    """Body of one dashboard; empty of widgets where no target has a cloudwatch source."""
    widgets = []
    for number, panel in enumerate(p for t in targets for p in _panels(t, slo)):
        properties: dict[str, Any] = {
            "title": panel.title,
            "view": "timeSeries",
            "region": panel.region,
            "period": PERIOD_S,
            "metrics": [_metric(m) for m in panel.metrics],
        }
        if panel.limit is not None:
            properties["annotations"] = {"horizontal": [{"label": "promise", "value": panel.limit}]}
        at = {"x": WIDTH * (number % 2), "y": HEIGHT * (number // 2), "width": WIDTH, "height": HEIGHT}
        widgets.append({"type": "metric", **at, "properties": properties})
    return {"widgets": widgets}


def alarms(targets: Iterable[Target], slo: Promised) -> dict[str, Any]:
    """A CloudFormation template of one alarm a promise that the platform's own metrics can tell."""
    resources: dict[str, Any] = {}
    for target in targets:
        for name, metric, statistic, dimensions, limit in _watched(target, slo):
            resources[_logical(f"{target.name} {name}")] = {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "AlarmName": f"{target.name}: {name}",
                    "Namespace": metric[0],
                    "MetricName": metric[1],
                    **({"ExtendedStatistic": statistic} if statistic.startswith("p") else {"Statistic": statistic}),
                    "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
                    "Period": PERIOD_S,
                    "EvaluationPeriods": 5,
                    "DatapointsToAlarm": 3,
                    "Threshold": limit,
                    "ComparisonOperator": "GreaterThanThreshold",
                    "TreatMissingData": "missing",  # nothing measured is not fine
                    "AlarmActions": [{"Ref": "Topic"}],
                },
            }
    topic = {"Topic": {"Type": "String", "Description": "ARN of the SNS topic that alarms go to."}}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Alarms on the pilot's promises.",
        "Parameters": topic,
        "Resources": resources,
    }


def _sources(target: Target) -> Sequence[SourceConfig]:
    return [s for s in target.sources if s.kind == "cloudwatch"]


def _panels(target: Target, slo: Promised) -> Iterable[Panel]:
    for source in _sources(target):
        o, label = source.options, target.label
        if function := o.get("function"):
            of = {"FunctionName": function}
            name = "AWS/Lambda"
            yield Panel(f"{label}: duration p95", ((name, "Duration", of, "p95"),), o["region"], slo.p95_s * 1000)
            counted = tuple((name, m, of, "Sum") for m in ("Invocations", "Errors", "Throttles"))
            yield Panel(f"{label}: invocations, errors, throttles", counted, o["region"])
            yield Panel(f"{label}: concurrency", ((name, "ConcurrentExecutions", of, "Maximum"),), o["region"])
        if balancer := o.get("load_balancer"):
            of, name = {"LoadBalancer": balancer}, "AWS/ApplicationELB"
            yield Panel(
                f"{label}: p95 to the answer's head", ((name, "TargetResponseTime", of, "p95"),), o["region"], slo.p95_s
            )
            counted = tuple(
                (name, m, of, "Sum") for m in ("RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count")
            )
            yield Panel(f"{label}: requests and errors", counted, o["region"])
        if cluster := o.get("cluster"):
            of, name = {"ClusterName": cluster, "ServiceName": o["service"]}, "AWS/ECS"
            used = tuple((name, m, of, "Average") for m in ("CPUUtilization", "MemoryUtilization"))
            yield Panel(f"{label}: processor and memory", used, o["region"], 100.0)


def _watched(target: Target, slo: Promised) -> Iterable[tuple[str, tuple[str, str], str, dict[str, str], float]]:
    for source in _sources(target):
        o = source.options
        if function := o.get("function"):
            of = {"FunctionName": function}
            yield "p95 of the duration", ("AWS/Lambda", "Duration"), "p95", of, slo.p95_s * 1000
            yield "throttles", ("AWS/Lambda", "Throttles"), "Sum", of, 0
            yield "errors", ("AWS/Lambda", "Errors"), "Sum", of, 0
        if balancer := o.get("load_balancer"):
            of = {"LoadBalancer": balancer}
            yield "p95 to the answer's head", ("AWS/ApplicationELB", "TargetResponseTime"), "p95", of, slo.p95_s
            yield "errors of the load balancer", ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count"), "Sum", of, 0
            yield "rejected connections", ("AWS/ApplicationELB", "RejectedConnectionCount"), "Sum", of, 0


def _metric(metric: tuple[str, str, dict[str, str], str]) -> list[Any]:
    namespace, name, dimensions, statistic = metric
    return [namespace, name, *(part for pair in dimensions.items() for part in pair), {"stat": statistic}]


def _logical(text: str) -> str:
    return "".join(word.capitalize() for word in "".join(c if c.isalnum() else " " for c in text).split())
