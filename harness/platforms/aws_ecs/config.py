"""``kind = "aws-ecs"``."""

from __future__ import annotations

from typing import ClassVar

from harness.domain.target import RuntimeConfig
from harness.tables.value import value
from harness.tables.values import Line


@value
class AwsEcs(RuntimeConfig):
    """An ECS service, on Fargate or on EC2."""

    kind: ClassVar[str] = "aws-ecs"

    cluster: Line
    service: Line
    region: Line
