"""``kind = "aws-lambda"``."""

from __future__ import annotations

from typing import ClassVar

from harness.domain.target import RuntimeConfig
from harness.tables.value import value
from harness.tables.values import Line


@value
class AwsLambda(RuntimeConfig):
    """A Lambda function; ``alias`` where its URL or its provisioned concurrency belongs to one."""

    kind: ClassVar[str] = "aws-lambda"

    function: Line
    region: Line
    alias: Line | None = None
