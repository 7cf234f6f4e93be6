"""``kind = "aws-ecs"``."""

from __future__ import annotations

from typing import ClassVar

from harness.domain.target import RuntimeConfig, Target
from harness.tables.value import value
from harness.tables.values import Line

AUTOSCALING = "autoscaling.amazonaws.com"


@value
class AwsEcs(RuntimeConfig):
    """An ECS service, on Fargate or on EC2."""

    kind: ClassVar[str] = "aws-ecs"

    cluster: Line
    service: Line
    region: Line


def on_own_machines(target: Target) -> bool:
    """Whether its tasks run on machines of the account, by how it is billed."""
    return target.prices is not None and target.prices.model.startswith("ec2")
